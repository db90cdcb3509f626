//! The daemon's parts. `main.rs` reads as the daemon's life; [`app`] says who owns what.
//!
//! Dependencies point one way, as `tests/architecture.rs` checks: `app` knows everything; `api` shows what `call` and
//! `health` know, and nothing but `app` imports it; `call` joins the pure machine (`conversation`), the audio (`media`),
//! the workers (`speech`) and the party on the line (`leg`) through their public types; `sip` makes legs, and nobody but
//! `app` and `setup` sees it.

#![deny(unsafe_code)]

pub mod api;
pub mod app;
pub mod ask;
pub mod audio_thread;
pub mod config;
pub mod drain;
pub mod leg;
pub mod logging;
pub mod metrics;
pub mod redact;
pub mod sip;
pub mod speech;

mod agent;
mod call;
mod ears;
mod health;
mod live;
mod load;
mod reload;
mod setup;
