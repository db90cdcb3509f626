//! A call in figures.

use std::time::Duration;

use serde::Serialize;

use super::Answer;
use crate::course::{Course, Ending, Turn};
use crate::journal::Journal;

/// The figures of one call.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// From the answer to the last line, in seconds.
    pub duration_s: f64,
    /// Turns of the agent's that were heard.
    pub turns: usize,
    /// Of them, how many answer something the caller said.
    pub answers: usize,
    /// Half of the answers came sooner than this after the caller's last sound, in milliseconds.
    pub voice_to_voice_p50_ms: Option<f64>,
    /// 95 of 100 did.
    pub voice_to_voice_p95_ms: Option<f64>,
    /// The caller cut the agent short.
    pub interruptions: usize,
    /// The agent made room for nothing, and went on.
    pub false_alarms: usize,
    /// Openings of the gate that were no speech.
    pub noises: usize,
    /// Turns with a filler.
    pub fillers: usize,
    /// Replies that were prepared ahead, and those of them that were thrown away.
    pub prepared: usize,
    /// Replies prepared in vain.
    pub discarded: usize,
    /// What workers failed at.
    pub failures: usize,
    /// Wishes to be transferred.
    pub transfers: usize,
}

impl Summary {
    pub(super) fn of(journal: &Journal, course: &Course, answers: &[Answer]) -> Summary {
        let turns = |is_it: &dyn Fn(&Turn) -> bool| course.turns.iter().filter(|turn| is_it(turn)).count();
        let mut totals: Vec<Duration> = answers.iter().map(|answer| answer.waterfall.total).collect();
        totals.sort_unstable();
        let overlaps = course.turns.iter().flat_map(|turn| &turn.overlaps);
        Summary {
            duration_s: journal.duration().as_secs_f64(),
            turns: turns(&|turn| turn.played.is_some()),
            answers: totals.len(),
            voice_to_voice_p50_ms: percentile(&totals, 50),
            voice_to_voice_p95_ms: percentile(&totals, 95),
            interruptions: turns(&|turn| matches!(turn.ending, Some(Ending::Interrupted(_)))),
            false_alarms: overlaps.filter(|overlap| matches!(overlap.judged, Some((_, false)))).count(),
            noises: course.sounds.iter().filter(|sound| sound.is_noise()).count(),
            fillers: turns(&Turn::has_filler),
            prepared: turns(&|turn| turn.held.is_some()),
            discarded: turns(&Turn::is_discarded),
            failures: journal.failures.len(),
            transfers: course.transfers.len(),
        }
    }
}

/// By the nearest rank; `sorted` must be.
fn percentile(sorted: &[Duration], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|span| (span.as_secs_f64() * 10_000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_values_that_were_measured() {
        let spans: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        assert_eq!((percentile(&spans, 50), percentile(&spans, 95)), (Some(10.0), Some(19.0)));
        assert_eq!(percentile(&spans[..1], 50), Some(1.0));
        assert_eq!(percentile(&[], 95), None);
    }
}
