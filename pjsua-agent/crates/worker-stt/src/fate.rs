//! What has become of an utterance while its engine works.

use std::sync::atomic::{AtomicBool, Ordering};

/// For engines that work long.
#[derive(Debug, Default)]
pub struct Fate {
    silent: AtomicBool,
    finishing: AtomicBool,
    cancelled: AtomicBool,
}

impl Fate {
    /// The caller is silent in the audio that has arrived, if perhaps not yet at the engine.
    pub fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    /// The end of the audio has arrived, if perhaps not yet at the engine: a partial transcript is wanted no more.
    pub fn is_finishing(&self) -> bool {
        self.finishing.load(Ordering::Relaxed)
    }

    /// Nobody waits for the transcript any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// See [`is_silent`](Self::is_silent).
    pub fn set_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    /// See [`is_finishing`](Self::is_finishing).
    pub fn finish(&self) {
        self.finishing.store(true, Ordering::Relaxed);
    }

    /// See [`is_cancelled`](Self::is_cancelled).
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}
