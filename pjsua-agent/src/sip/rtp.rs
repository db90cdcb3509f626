//! When a call's owner is told how its RTP does. Pure.

use std::time::{Duration, Instant};

use call_record::RtpStats;

/// Between two reports of a call: RTCP's own interval (RFC 3550 section 6.2), which brings nothing new sooner.
const INTERVAL: Duration = Duration::from_secs(5);

/// What is known of a call's RTP, and when its owner was told.
#[derive(Debug, Default)]
pub(super) struct RtpReports {
    latest: Option<RtpStats>,
    told: Option<Instant>,
}

impl RtpReports {
    /// Takes what is known `now`; gives it back when it is due.
    pub(super) fn note(&mut self, stats: RtpStats, now: Instant) -> Option<RtpStats> {
        self.latest = Some(stats);
        let is_due = self.told.is_none_or(|told| now.saturating_duration_since(told) >= INTERVAL);
        is_due.then(|| {
            self.told = Some(now);
            stats
        })
    }

    /// What was known at the end; nothing of a call without audio.
    pub(super) fn last(&self) -> Option<RtpStats> {
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_told_at_once_then_every_five_seconds_and_of_the_last_at_the_end() {
        let (start, mut reports) = (Instant::now(), RtpReports::default());
        assert_eq!(reports.last(), None);
        let told: Vec<u32> = (0..12)
            .filter(|second| {
                let stats = RtpStats { received: u64::from(*second) * 50, ..RtpStats::default() };
                reports.note(stats, start + *second * Duration::from_secs(1)).is_some()
            })
            .collect();
        assert_eq!(told, [0, 5, 10]);
        assert_eq!(reports.last().map(|stats| stats.received), Some(550));
    }
}
