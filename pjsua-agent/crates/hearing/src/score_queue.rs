//! Requests for a score that wait for a thread. Pure: time is an argument.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Weight of the newest waiting time. 0.3: three scores in a row of a busy machine make half the value.
const NEWEST: f64 = 0.3;
/// Waiting times are forgotten with this time constant: load of some seconds ago says nothing about a turn now.
const FORGET: Duration = Duration::from_secs(2);

/// A call's wish for a score of what it heard.
#[derive(Debug)]
pub(crate) struct Request<W> {
    pub(crate) ear: u64,
    pub(crate) asked: Instant,
    pub(crate) work: W,
}

/// What became of older requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenUp {
    pub(crate) replaced: u64,
    pub(crate) dropped: u64,
}

/// The requests in the order of their coming, one a call at most.
#[derive(Debug)]
pub(crate) struct ScoreQueue<W> {
    waiting: VecDeque<Request<W>>,
    capacity: usize,
    max_wait: Duration,
    smoothed_seconds: f64,
    smoothed_at: Option<Instant>,
}

impl<W> ScoreQueue<W> {
    pub(crate) fn new(capacity: usize, max_wait: Duration) -> Self {
        let capacity = capacity.max(1);
        let waiting = VecDeque::with_capacity(capacity);
        Self { waiting, capacity, max_wait, smoothed_seconds: 0.0, smoothed_at: None }
    }

    /// The newer request takes the place in the queue of the older one of its call.
    pub(crate) fn push(&mut self, request: Request<W>) -> GivenUp {
        if let Some(older) = self.waiting.iter_mut().find(|older| older.ear == request.ear) {
            *older = request;
            return GivenUp { replaced: 1, dropped: 0 };
        }
        let is_full = self.waiting.len() == self.capacity;
        if is_full {
            self.waiting.pop_front();
        }
        self.waiting.push_back(request);
        GivenUp { replaced: 0, dropped: u64::from(is_full) }
    }

    /// The next request that is not too late, and how many were.
    pub(crate) fn pop(&mut self, now: Instant) -> (Option<Request<W>>, GivenUp) {
        let mut given_up = GivenUp::default();
        while let Some(request) = self.waiting.pop_front() {
            let waited = now.saturating_duration_since(request.asked);
            self.learn(waited, now);
            if waited <= self.max_wait {
                return (Some(request), given_up);
            }
            given_up.dropped += 1;
        }
        (None, given_up)
    }

    /// The call is over.
    pub(crate) fn forget(&mut self, ear: u64) {
        self.waiting.retain(|request| request.ear != ear);
    }

    /// How long requests wait at present: smoothed, and no less than the one that waits now.
    pub(crate) fn delay(&self, now: Instant) -> Duration {
        let waiting = self.waiting.iter().map(|request| now.saturating_duration_since(request.asked)).max();
        Duration::from_secs_f64(self.remembered(now)).max(waiting.unwrap_or_default())
    }

    fn learn(&mut self, waited: Duration, now: Instant) {
        let before = self.remembered(now);
        self.smoothed_seconds = before + NEWEST * (waited.as_secs_f64() - before);
        self.smoothed_at = Some(now);
    }

    fn remembered(&self, now: Instant) -> f64 {
        let Some(at) = self.smoothed_at else { return 0.0 };
        self.smoothed_seconds * (-now.saturating_duration_since(at).as_secs_f64() / FORGET.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn queue() -> ScoreQueue<&'static str> {
        ScoreQueue::new(2, ms(400))
    }

    fn request(ear: u64, work: &'static str, asked: Instant) -> Request<&'static str> {
        Request { ear, asked, work }
    }

    fn next(queue: &mut ScoreQueue<&'static str>, now: Instant) -> Option<&'static str> {
        queue.pop(now).0.map(|request| request.work)
    }

    #[test]
    fn requests_are_served_in_the_order_of_their_coming() {
        let (mut queue, now) = (queue(), Instant::now());
        assert_eq!(queue.push(request(1, "a", now)), GivenUp::default());
        assert_eq!(queue.push(request(2, "b", now)), GivenUp::default());
        assert_eq!((next(&mut queue, now), next(&mut queue, now), next(&mut queue, now)), (Some("a"), Some("b"), None));
    }

    #[test]
    fn a_newer_request_of_a_call_takes_the_older_ones_place() {
        let (mut queue, now) = (queue(), Instant::now());
        queue.push(request(1, "old", now));
        queue.push(request(2, "b", now));
        assert_eq!(queue.push(request(1, "new", now)), GivenUp { replaced: 1, dropped: 0 });
        assert_eq!(
            (next(&mut queue, now), next(&mut queue, now), next(&mut queue, now)),
            (Some("new"), Some("b"), None)
        );
    }

    #[test]
    fn when_the_queue_is_full_the_oldest_gives_way() {
        let (mut queue, now) = (queue(), Instant::now());
        queue.push(request(1, "a", now));
        queue.push(request(2, "b", now));
        assert_eq!(queue.push(request(3, "c", now)), GivenUp { replaced: 0, dropped: 1 });
        assert_eq!(next(&mut queue, now), Some("b"));
    }

    #[test]
    fn what_waited_too_long_is_dropped_rather_than_answered_late() {
        let (mut queue, now) = (queue(), Instant::now());
        queue.push(request(1, "late", now));
        queue.push(request(2, "in time", now + ms(100)));
        let (served, given_up) = queue.pop(now + ms(401));
        assert_eq!((served.unwrap().work, given_up.dropped), ("in time", 1));
    }

    #[test]
    fn a_call_that_is_over_waits_no_longer() {
        let (mut queue, now) = (queue(), Instant::now());
        queue.push(request(1, "a", now));
        queue.forget(1);
        assert_eq!(next(&mut queue, now), None);
    }

    #[test]
    fn the_delay_follows_the_waiting_times_and_fades_when_nobody_asks() {
        let (mut queue, mut now) = (queue(), Instant::now());
        assert_eq!(queue.delay(now), Duration::ZERO);
        for _ in 0..30 {
            queue.push(request(1, "a", now));
            now += ms(100);
            next(&mut queue, now);
        }
        assert!(queue.delay(now) > ms(80) && queue.delay(now) <= ms(100), "{:?}", queue.delay(now));
        assert!(queue.delay(now + ms(10_000)) < ms(1));
    }

    #[test]
    fn the_delay_is_never_less_than_the_oldest_has_waited() {
        let (mut queue, now) = (queue(), Instant::now());
        queue.push(request(1, "a", now));
        assert_eq!(queue.delay(now + ms(250)), ms(250));
    }
}
