//! What faces hostile SIP: whether a message is well formed, who may call, and what a body may hold. Pure: bytes and
//! facts in, a verdict out; no PJSIP, no socket, no clock.
//!
//! Two parsers read each message: PJSIP's, which acts on it, and ours, which is strict and hands on headers and bodies.
//! Every decision about *who may do what* is taken on PJSIP's reading ([`Parsed`]) and on what PJSIP has a transaction or
//! a dialog for; a message that the two read differently is refused. The way of a message:
//!
//! ```text
//!  bytes ─► guard::check (form, sizes, single headers, body) ─► Reading::agrees ─► Gate::judge ─► Verdict
//!                                                    PJSIP's reading and state ─┘
//! ```

#![forbid(unsafe_code)]

pub mod dtmf;
mod gate;
mod guard;
mod message;
mod network;
mod reading;
mod scanner;
pub mod sdp;
mod transport;

pub use gate::{Challenge, Dialog, Direct, Gate, Origin, Owner, Parsed, Realm, Verdict};
pub use guard::{Checked, Packet, Refusal, check};
pub use message::{Malformed, Message, uri_user};
pub use network::{BadNetwork, Network};
pub use reading::{Address, Reading, Via};
pub use sdp::SdpError;
pub use transport::Transport;
