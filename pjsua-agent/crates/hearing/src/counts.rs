//! What hearing did and could not do.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// What a [`Models`](crate::Models) did since it was started, for all its ears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HearingCounts {
    /// Windows of 32 ms judged by Silero.
    pub windows: u64,
    /// Runs of Silero; one may judge windows of several calls.
    pub vad_runs: u64,
    /// Time spent in them.
    pub vad_time: Duration,
    /// Runs of Silero that failed; the onsets they were to judge are taken for speech.
    pub vad_failures: u64,
    /// Frames that found the queue full, and beginnings that found no thread.
    pub frames_dropped: u64,
    /// Scores given.
    pub scores: u64,
    /// Time spent on them: the log-mel spectrum …
    pub features_time: Duration,
    /// … and the model.
    pub score_time: Duration,
    /// Runs of smart-turn that failed.
    pub score_failures: u64,
    /// Requests for a score that were replaced by a newer one of their call.
    pub scores_replaced: u64,
    /// Requests for a score dropped because they waited too long or the queue was full.
    pub scores_dropped: u64,
    /// Reports of ours at which the receiver panicked.
    pub report_panics: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) windows: AtomicU64,
    pub(crate) vad_runs: AtomicU64,
    pub(crate) vad_nanoseconds: AtomicU64,
    pub(crate) vad_failures: AtomicU64,
    pub(crate) frames_dropped: AtomicU64,
    pub(crate) scores: AtomicU64,
    pub(crate) features_nanoseconds: AtomicU64,
    pub(crate) score_nanoseconds: AtomicU64,
    pub(crate) score_failures: AtomicU64,
    pub(crate) scores_replaced: AtomicU64,
    pub(crate) scores_dropped: AtomicU64,
    pub(crate) report_panics: AtomicU64,
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Relaxed) + 1
}

pub(crate) fn spend(counter: &AtomicU64, time: Duration) {
    counter.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
}

impl Counts {
    pub(crate) fn read(&self) -> HearingCounts {
        let time = |counter: &AtomicU64| Duration::from_nanos(counter.load(Relaxed));
        HearingCounts {
            windows: self.windows.load(Relaxed),
            vad_runs: self.vad_runs.load(Relaxed),
            vad_time: time(&self.vad_nanoseconds),
            vad_failures: self.vad_failures.load(Relaxed),
            frames_dropped: self.frames_dropped.load(Relaxed),
            scores: self.scores.load(Relaxed),
            features_time: time(&self.features_nanoseconds),
            score_time: time(&self.score_nanoseconds),
            score_failures: self.score_failures.load(Relaxed),
            scores_replaced: self.scores_replaced.load(Relaxed),
            scores_dropped: self.scores_dropped.load(Relaxed),
            report_panics: self.report_panics.load(Relaxed),
        }
    }
}
