//! The neural models of listening, run for all calls of a process off their audio threads.
//!
//! A call has an [`Ear`]. What the first stage of voice activity detection takes for speech is brought to it frame by
//! frame, and two questions are answered by [`EarEvent`]s:
//!
//! - **Is it speech?** Silero VAD judges windows of 32 ms until it has found speech ([`EarEvent::Confirmed`]) or enough
//!   audio without any ([`EarEvent::Dismissed`]). Confirmed speech is not judged further: it costs nothing.
//! - **Has the caller finished?** smart-turn v3 judges the last 8 s heard, when asked ([`EarEvent::Score`]).
//!
//! ```text
//! call ── Ear::frame ──► bounded queue ──► hear-vad      one thread, every call's windows, in batches
//!      ── Ear::score ──► newest a call ──► hear-score-N  log-mel, model; what waited too long is dropped
//! ```
//!
//! Whatever fails here, the call goes on: an onset that cannot be judged is taken for speech, and a score that cannot be
//! computed does not come.

#![forbid(unsafe_code)]

mod counts;
mod ear;
mod error;
mod heard;
mod judgement;
mod mel;
mod models;
mod runtime;
mod score_queue;
mod score_thread;
mod settings;
mod silero;
mod smart_turn;
mod vad_thread;
mod windows;

#[cfg(test)]
extern crate self as hearing;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

pub use counts::HearingCounts;
pub use ear::{Ear, EarEvent};
pub use error::HearingError;
pub use models::Models;
pub use settings::{EndOfTurnSettings, HearingConfig, VadSettings};

/// Samples a second, everywhere.
pub(crate) const SAMPLE_RATE_HZ: usize = 16_000;

/// Samples of the frame that an ear is fed: 20 ms. The frame is that of `media`, which the compiler sees to.
pub const FRAME_SAMPLES: usize = SAMPLE_RATE_HZ / 50;

/// Samples of a duration.
pub(crate) fn samples_in(duration: std::time::Duration) -> usize {
    usize::try_from(duration.as_micros() * SAMPLE_RATE_HZ as u128 / 1_000_000).unwrap_or(usize::MAX)
}
