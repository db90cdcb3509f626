//! When a request that failed is made again: the same for recognition, generation and synthesis.
//!
//! A request has two attempts, the second at another worker where there is one, and may wait for a place at a worker.
//! Full workers are asked again as long as it may: that a worker has no place is no attempt. What an answer itself may
//! take, piece by piece, is bounded by [`inference::Deadlines`].

use std::time::Duration;

use inference::Failure;

/// The first attempt, and one more: whatever fails twice is told to the conversation, which has something to say.
const ATTEMPTS: u32 = 2;

/// Before a worker whose places were all taken is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// What a request may still try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempts {
    left: u32,
    patience: Duration,
}

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The request has failed.
    GiveUp,
    /// The request is made again after the pause.
    Again(Duration),
}

impl Attempts {
    /// Of a request that a call cannot go on without: `patience` to find a place, for each attempt.
    pub(super) fn needed(patience: Duration) -> Self {
        Self { left: ATTEMPTS, patience: patience * ATTEMPTS }
    }

    /// Of a request whose place something else takes when it fails: `patience` for all attempts together.
    pub(super) fn optional(patience: Duration) -> Self {
        Self { left: ATTEMPTS, patience }
    }

    /// How long the request may still wait for a place. At zero it takes one that is there.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// A place was found after `took`.
    pub(super) fn waited(&mut self, took: Duration) {
        self.patience = self.patience.saturating_sub(took);
    }

    /// An attempt failed after `took`.
    pub(super) fn after(&mut self, failure: &Failure, took: Duration) -> Next {
        match failure {
            // The same request would be refused again; nobody wants what was cancelled.
            Failure::Refused(_) | Failure::Cancelled => Next::GiveUp,
            Failure::Busy(_) => {
                self.waited(took);
                match self.patience.min(BUSY_PAUSE) {
                    Duration::ZERO => Next::GiveUp,
                    pause => Next::Again(pause),
                }
            }
            Failure::Unreachable(_)
            | Failure::NotReady(_)
            | Failure::Timeout(_)
            | Failure::Lost(_)
            | Failure::Incomplete
            | Failure::Failed(_) => {
                self.left = self.left.saturating_sub(1);
                if self.left == 0 { Next::GiveUp } else { Next::Again(Duration::ZERO) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;
    const AT_ONCE: Next = Next::Again(Duration::ZERO);

    fn busy() -> Failure {
        Failure::Busy("4 of 4".into())
    }

    fn lost() -> Failure {
        Failure::Lost("reset".into())
    }

    #[test]
    fn each_failure_has_its_two_answers() {
        let pause = Next::Again(BUSY_PAUSE);
        let table = [
            (Failure::Unreachable("no such file".into()), [AT_ONCE, Next::GiveUp]),
            (Failure::NotReady("loading".into()), [AT_ONCE, Next::GiveUp]),
            (Failure::Timeout(MS(5_000)), [AT_ONCE, Next::GiveUp]),
            (lost(), [AT_ONCE, Next::GiveUp]),
            (Failure::Incomplete, [AT_ONCE, Next::GiveUp]),
            (Failure::Failed("the engine broke".into()), [AT_ONCE, Next::GiveUp]),
            (busy(), [pause, pause]),
            (Failure::Refused("8000 Hz".into()), [Next::GiveUp, Next::GiveUp]),
            (Failure::Cancelled, [Next::GiveUp, Next::GiveUp]),
        ];
        for (failure, expected) in table {
            let mut attempts = Attempts::needed(MS(1_500));
            let answers = [MS(10), MS(10)].map(|took| attempts.after(&failure, took));
            assert_eq!(answers, expected, "{failure}");
        }
    }

    #[test]
    fn a_full_worker_is_asked_until_the_patience_is_over_and_costs_no_attempt() {
        let mut attempts = Attempts::optional(MS(250));
        assert_eq!(attempts.after(&busy(), MS(20)), Next::Again(MS(100)));
        attempts.waited(MS(100));
        assert_eq!(attempts.after(&busy(), MS(50)), Next::Again(MS(80)), "no longer than the patience");
        attempts.waited(MS(80));
        assert_eq!(attempts.after(&busy(), MS(0)), Next::GiveUp);
        assert_eq!(attempts.after(&lost(), MS(0)), AT_ONCE, "both attempts were left");
    }

    #[test]
    fn a_full_worker_after_a_failure_is_asked_again_and_a_second_failure_is_the_last() {
        let mut attempts = Attempts::needed(MS(1_500));
        assert_eq!(attempts.after(&lost(), MS(10)), AT_ONCE);
        assert_eq!(attempts.after(&busy(), MS(10)), Next::Again(BUSY_PAUSE));
        assert_eq!(attempts.after(&lost(), MS(10)), Next::GiveUp);
    }

    #[test]
    fn what_a_call_needs_may_wait_for_each_attempt_and_what_it_can_do_without_only_once() {
        assert_eq!(Attempts::needed(MS(1_500)).patience(), MS(3_000));
        assert_eq!(Attempts::optional(MS(1_500)).patience(), MS(1_500));
    }

    #[test]
    fn an_answer_that_took_long_and_then_failed_leaves_the_patience_as_it_was() {
        let mut attempts = Attempts::needed(MS(1_500));
        attempts.waited(MS(500));
        attempts.after(&Failure::Timeout(MS(5_000)), MS(5_000));
        assert_eq!(attempts.patience(), MS(2_500));
        attempts.waited(MS(9_000));
        assert_eq!(attempts.patience(), Duration::ZERO);
    }
}
