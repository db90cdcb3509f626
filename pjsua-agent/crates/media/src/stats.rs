//! What the real-time code counts instead of reporting.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter that only rises; one writer or several, any reader.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of one call's audio, all since the call's start.
///
/// # Threads
/// Any; reading never disturbs the real-time threads.
#[derive(Debug, Default)]
pub struct AudioStats {
    pub(crate) captured: Counter,
    pub(crate) overruns: Counter,
    pub(crate) played: Counter,
    pub(crate) silent: Counter,
    pub(crate) underruns: Counter,
    pub(crate) flushes: Counter,
    pub(crate) stale_samples: Counter,
    pub(crate) utterances: Counter,
    pub(crate) dropped_events: Counter,
    pub(crate) merged_utterances: Counter,
}

impl AudioStats {
    /// Frames of the caller that the gate has seen.
    pub fn captured_frames(&self) -> u64 {
        self.captured.get()
    }

    /// Frames of the caller that were lost because the audio thread was late by
    /// more than the capture ring holds; always the oldest ones.
    pub fn capture_overruns(&self) -> u64 {
        self.overruns.get()
    }

    /// Frames of the agent's speech handed to the media clock.
    pub fn played_frames(&self) -> u64 {
        self.played.get()
    }

    /// Frames of silence handed to the media clock: nothing to say, or paused.
    pub fn silent_frames(&self) -> u64 {
        self.silent.get()
    }

    /// Frames of silence in the middle of a clause because the next part of it
    /// was not there in time. Silence between clauses and pauses do not count.
    pub fn playout_underruns(&self) -> u64 {
        self.underruns.get()
    }

    /// Calls of [`Playout::flush`](crate::Playout::flush).
    pub fn flushes(&self) -> u64 {
        self.flushes.get()
    }

    /// Samples that were pushed for a turn that had been flushed, ended or
    /// overtaken, and were therefore thrown away.
    pub fn stale_samples(&self) -> u64 {
        self.stale_samples.get()
    }

    /// Utterances of the caller that began.
    pub fn utterances(&self) -> u64 {
        self.utterances.get()
    }

    /// `Frame` events that the driver was too slow to take.
    pub fn dropped_events(&self) -> u64 {
        self.dropped_events.get()
    }

    /// Utterances reported as one with the one before, because the driver had
    /// taken no event for so long that there was no room for two.
    pub fn merged_utterances(&self) -> u64 {
        self.merged_utterances.get()
    }
}
