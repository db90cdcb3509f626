//! The speech-synthesis engines, one file an engine, behind one small seam.

pub mod espeak;
mod espeak_sys;
pub mod flite;
mod flite_sys;
pub mod piper;

use std::ops::ControlFlow;

use crate::audio::resample::ResampleError;

/// One clause to be spoken.
#[derive(Clone, Debug, PartialEq)]
pub struct Speech {
    /// Cleaned by [`crate::text::clean`]; holds at least one letter or digit.
    pub text: String,
    /// Empty: the worker's default.
    pub voice: String,
    /// BCP 47; empty: the voice's own.
    pub language: String,
    /// 1.0 is normal; 0.5 to 2.0.
    pub rate: f32,
}

/// Where an engine puts what it has synthesised.
pub trait Audio {
    /// Names the engine's sample rate, in Hz, before the first samples.
    ///
    /// # Errors
    ///
    /// When no resampling from it is possible.
    fn begin(&mut self, sample_rate_hz: u32) -> Result<(), ResampleError>;

    /// Appends mono samples; `Break` when nobody wants more.
    fn push(&mut self, samples: &[i16]) -> ControlFlow<()>;

    /// Whether somebody still waits for audio; for engines that work long without producing any.
    fn is_wanted(&self) -> bool;
}

/// Why a clause was not spoken.
#[derive(Debug, thiserror::Error)]
pub enum SpeakError {
    /// The request itself is wrong for this worker.
    #[error("{0}")]
    Invalid(String),
    /// All places are taken.
    #[error("{0}")]
    Busy(String),
    /// The engine failed.
    #[error("{0}")]
    Engine(String),
}

impl From<ResampleError> for SpeakError {
    fn from(error: ResampleError) -> Self {
        Self::Engine(error.to_string())
    }
}

/// One engine of this worker.
pub trait Engine: Send + Sync + 'static {
    /// `flite`, `espeak` or `piper`.
    fn name(&self) -> &'static str;
    /// The default voice, in words for people.
    fn model(&self) -> String;
    /// Clauses worked at together.
    fn capacity(&self) -> u32;
    /// Speaks, and blocks until all is synthesised, `audio` is no longer wanted, or the engine fails.
    ///
    /// # Errors
    ///
    /// See [`SpeakError`].
    fn speak(&self, speech: &Speech, audio: &mut dyn Audio) -> Result<(), SpeakError>;
}
