//! One call: the driver round the pure conversation machine, and what it needs.

mod actions;
mod answerers;
mod driver;
#[cfg(test)]
mod driver_tests;
mod ear;
mod inputs;
mod journal;
mod kept;
mod phrase_audio;
mod pre_response;
mod recogniser;
mod recognition;
mod registry;
mod reply;
mod summary;
mod task;
mod timing;
mod voice;
#[cfg(test)]
mod voice_tests;

pub use answerers::{Answerer, Answerers};
pub use driver::{CallSetup, ReplyBounds, drive};
pub use journal::Journal;
pub use phrase_audio::PhraseAudio;
pub use registry::{Registry, unix_ms};
pub use reply::Reply;
pub use summary::{CallSummary, Direction};
pub use voice::VoiceSettings;
