//! One call: the driver round the pure conversation machine, and what it needs.

mod actions;
mod clock_port;
mod driver;
mod hearing;
mod journal;
mod phrases;
mod registry;
mod reply;
mod timing;
mod voice;

pub use clock_port::ClockPort;
pub use driver::{CallEvent, CallSetup, drive};
pub use journal::Journal;
pub use phrases::Phrases;
pub use registry::{Registry, unix_ms};
pub use voice::{VoiceSettings, synthesise_whole};
