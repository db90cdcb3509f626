//! How long to wait before a worker is started again.

use std::time::Duration;

use super::Timing;

/// Exponential backoff with jitter, so that workers that died together do not start together.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    reset_after: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            first: timing.restart_first,
            longest: timing.restart_longest,
            reset_after: timing.restart_reset,
            failures: 0,
        }
    }

    /// The wait after a worker that had been serving for `served`. `jitter` is in 0..1; the wait lies between half of
    /// its bound and the bound, which doubles from failure to failure.
    pub(super) fn next(&mut self, served: Duration, jitter: f64) -> Duration {
        if served >= self.reset_after {
            self.failures = 0;
        }
        // Far beyond any bound, and no overflow of the factor.
        let doublings = self.failures.min(20);
        self.failures = self.failures.saturating_add(1);
        let bound = self.first.saturating_mul(1 << doublings).min(self.longest);
        bound.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Duration = Duration::ZERO;

    fn backoff() -> Backoff {
        Backoff::new(&Timing::default())
    }

    #[test]
    fn the_first_restart_comes_within_100_ms_and_further_ones_double() {
        let mut backoff = backoff();
        let waits: Vec<_> = (0..9).map(|_| backoff.next(NEVER, 1.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn jitter_takes_away_at_most_half() {
        assert_eq!(backoff().next(NEVER, 0.0), Duration::from_millis(50));
        assert_eq!(backoff().next(NEVER, 0.5), Duration::from_millis(75));
    }

    #[test]
    fn a_worker_that_served_for_30_s_starts_over() {
        let mut backoff = backoff();
        for _ in 0..100 {
            backoff.next(Duration::from_secs(29), 1.0);
        }
        assert_eq!(backoff.next(Duration::from_secs(30), 1.0), Duration::from_millis(100));
    }
}
