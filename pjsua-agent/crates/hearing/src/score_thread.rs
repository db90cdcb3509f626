//! The threads that score end-of-turn.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::{
    counts::{Counts, count, spend},
    ear::{EarEvent, Listener},
    score_queue::{GivenUp, Request, ScoreQueue},
    settings::EndOfTurnSettings,
    smart_turn::SmartTurn,
};

/// What is to be scored, and for whom.
pub(crate) struct Work {
    pub(crate) listener: Weak<Listener>,
    pub(crate) pause: u32,
    pub(crate) heard: Vec<i16>,
}

struct State {
    queue: ScoreQueue<Work>,
    is_stopping: bool,
}

/// The queue that the threads share.
pub(crate) struct Scores {
    state: Mutex<State>,
    changed: Condvar,
    counts: Arc<Counts>,
}

impl Scores {
    pub(crate) fn new(settings: &EndOfTurnSettings, counts: Arc<Counts>) -> Arc<Self> {
        let queue = ScoreQueue::new(settings.queue, settings.max_wait);
        let state = Mutex::new(State { queue, is_stopping: false });
        Arc::new(Self { state, changed: Condvar::new(), counts })
    }

    pub(crate) fn ask(&self, request: Request<Work>) {
        let given_up = self.state().queue.push(request);
        self.count(&given_up);
        self.changed.notify_one();
    }

    pub(crate) fn forget(&self, ear: u64) {
        self.state().queue.forget(ear);
    }

    pub(crate) fn delay(&self) -> Duration {
        self.state().queue.delay(Instant::now())
    }

    pub(crate) fn stop(&self) {
        self.state().is_stopping = true;
        self.changed.notify_all();
    }

    /// The next request, waited for; none when all is over.
    fn next(&self) -> Option<Request<Work>> {
        let mut state = self.state();
        loop {
            if state.is_stopping {
                return None;
            }
            let (request, given_up) = state.queue.pop(Instant::now());
            self.count(&given_up);
            if request.is_some() {
                return request;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn count(&self, given_up: &GivenUp) {
        let add = |counter: &AtomicU64, number: u64| counter.fetch_add(number, Relaxed);
        add(&self.counts.scores_replaced, given_up.replaced);
        add(&self.counts.scores_dropped, given_up.dropped);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts one thread with its own copy of the model.
pub(crate) fn start(number: usize, model: SmartTurn, scores: Arc<Scores>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(format!("hear-score-{number}")).spawn(move || run(model, &scores))
}

fn run(mut model: SmartTurn, scores: &Scores) {
    while let Some(Request { work, .. }) = scores.next() {
        let Some(listener) = work.listener.upgrade() else { continue };
        let counts = &scores.counts;
        let scored = catch_unwind(AssertUnwindSafe(|| model.score(&work.heard)));
        match scored.unwrap_or_else(|_| Err("it panicked".to_owned())) {
            Ok(score) => {
                count(&counts.scores);
                spend(&counts.features_nanoseconds, score.features_time);
                spend(&counts.score_nanoseconds, score.model_time);
                listener.report(EarEvent::Score { pause: work.pause, probability: score.probability });
            }
            Err(reason) => {
                let failures = count(&counts.score_failures);
                if failures.is_power_of_two() {
                    tracing::warn!(failures, "end-of-turn cannot be scored: {reason}; silence alone decides");
                }
            }
        }
    }
}
