//! How long the workers of a stage keep requests waiting, from how long their answers take.
//!
//! What a worker's answer takes is its work, which no load shortens, and the wait for a place, a core, a turn in the
//! batch. The least that was seen lately stands for the work; what is beyond it was waiting. The same idea measures
//! queues in networks: RFC 6817 (LEDBAT), §2.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Answers among which the fastest stands for one without a wait: several of a call, so that one idle moment counts.
const REMEMBERED: usize = 48;

/// Share of a new wait in the smoothed one, as a divisor: a single slow answer of 600 ms does not yet count as busy.
const SMOOTHING: u32 = 5;

/// Without answers the wait halves in this time: nobody waits where nobody asks.
const HALF_LIFE: Duration = Duration::from_secs(2);

/// A longer wait counts as this long, so that a worker that hung once is forgiven within seconds.
const LONGEST: Duration = Duration::from_secs(5);

/// How long requests to one stage wait, shared by all of them.
#[derive(Debug, Default)]
pub(super) struct StageDelay(Mutex<QueueDelay>);

impl StageDelay {
    /// At present, smoothed.
    pub(super) fn at_present(&self) -> Duration {
        self.lock().at(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, QueueDelay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request's wait for its result, noted once: when the result begins to arrive, or when this is dropped since nobody
/// waits any longer.
#[derive(Debug)]
pub(super) struct Wait {
    since: Option<Instant>,
    delay: Arc<StageDelay>,
}

impl Wait {
    pub(super) fn since(asked: Instant, delay: &Arc<StageDelay>) -> Self {
        Self { since: Some(asked), delay: Arc::clone(delay) }
    }

    /// The result begins to arrive; what arrives later is not waited for.
    pub(super) fn answered(&mut self) {
        if let Some(since) = self.since.take() {
            let now = Instant::now();
            self.delay.lock().note(now.saturating_duration_since(since), now);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(since) = self.since {
            let now = Instant::now();
            self.delay.lock().note_given_up(now.saturating_duration_since(since), now);
        }
    }
}

/// The smoothed wait of one stage.
#[derive(Debug, Default)]
struct QueueDelay {
    took: VecDeque<Duration>,
    smoothed: Duration,
    noted: Option<Instant>,
}

impl QueueDelay {
    /// An answer `took` so long, and began to arrive `now`.
    fn note(&mut self, took: Duration, now: Instant) {
        if self.took.len() == REMEMBERED {
            self.took.pop_front();
        }
        self.took.push_back(took);
        self.smooth(self.waited(took), now);
    }

    /// An answer was given up after `took`: it would have taken longer, so that this can only raise the wait.
    fn note_given_up(&mut self, took: Duration, now: Instant) {
        let waited = self.waited(took);
        if waited > self.at(now) {
            self.smooth(waited, now);
        }
    }

    fn waited(&self, took: Duration) -> Duration {
        let least = self.took.iter().copied().min().unwrap_or_default();
        took.saturating_sub(least).min(LONGEST)
    }

    fn smooth(&mut self, waited: Duration, now: Instant) {
        let before = self.at(now);
        self.smoothed = before - before / SMOOTHING + waited / SMOOTHING;
        self.noted = Some(now);
    }

    /// The wait as it is `now`.
    fn at(&self, now: Instant) -> Duration {
        let idle = self.noted.map_or(Duration::ZERO, |noted| now.saturating_duration_since(noted));
        self.smoothed.mul_f64(0.5f64.powf(idle.as_secs_f64() / HALF_LIFE.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn after(answers_ms: &[u64]) -> (QueueDelay, Instant) {
        let (mut delay, now) = (QueueDelay::default(), Instant::now());
        answers_ms.iter().for_each(|took| delay.note(MS(*took), now));
        (delay, now)
    }

    #[test]
    fn work_that_always_takes_as_long_is_no_wait() {
        let (delay, now) = after(&[300; 10]);
        assert_eq!(delay.at(now), Duration::ZERO);
    }

    #[test]
    fn what_takes_longer_than_the_fastest_was_waiting() {
        let (delay, now) = after(&[&[100; 1][..], &[400; 40]].concat());
        assert!(delay.at(now) > MS(290) && delay.at(now) <= MS(300), "{:?}", delay.at(now));
    }

    #[test]
    fn one_slow_answer_is_smoothed() {
        let (delay, now) = after(&[50, 650]);
        assert_eq!(delay.at(now), MS(120));
    }

    #[test]
    fn what_was_given_up_raises_the_wait_and_never_lowers_it() {
        let (mut delay, now) = after(&[&[50; 1][..], &[1_050; 40]].concat());
        let before = delay.at(now);
        delay.note_given_up(MS(100), now);
        assert_eq!(delay.at(now), before);
        delay.note_given_up(MS(3_050), now);
        assert_eq!(delay.at(now), before - before / SMOOTHING + MS(3_000) / SMOOTHING);
    }

    #[test]
    fn a_stage_that_nobody_asks_is_free_again() {
        let (delay, now) = after(&[&[100; 1][..], &[400; 40]].concat());
        assert!(delay.at(now + MS(10_000)) < MS(10));
    }

    #[test]
    fn an_old_fast_answer_is_forgotten() {
        let (delay, now) = after(&[&[10; 1][..], &[200; REMEMBERED]].concat());
        let later = after(&[&[10; 1][..], &[200; REMEMBERED], &[200; 60]].concat());
        assert!(later.0.at(later.1) < delay.at(now));
    }

    #[test]
    fn a_wait_is_noted_once_when_it_is_answered_and_when_it_is_given_up() {
        let stage = Arc::new(StageDelay::default());
        let after = |waited| Wait::since(Instant::now() - waited, &stage);
        let noted = || stage.lock().took.len();
        let mut quick = after(MS(100));
        quick.answered();
        quick.answered();
        drop(quick);
        assert_eq!((noted(), stage.at_present()), (1, Duration::ZERO));
        drop(after(MS(5_000)));
        assert!(stage.at_present() > Duration::ZERO);
        assert_eq!(noted(), 1, "how long the work takes is not known of what was given up");
    }
}
