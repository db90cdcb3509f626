//! How busy the machine is: the longest wait of all stages, looked at four times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hearing::Models;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics;
use crate::speech::Speech;

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(250);

/// How much of their time the real-time threads may work before no further call is answered. A tick that takes longer than
/// its 20 ms is heard in every call; a fifth is left for what the next call costs, and for bursts.
pub const FULLEST_THREAD: f64 = 0.8;

/// Looks over which a thread's load is smoothed: two seconds of them.
const SMOOTHING: f64 = 8.0;

/// Reads how long a thread has worked since the start.
pub type BusyTime = Box<dyn Fn() -> Duration + Send>;

/// The wait, shared by all who look at it.
pub struct Load {
    busy_from: Duration,
    busy: watch::Sender<bool>,
    delay_us: AtomicU64,
    /// Of the fullest real-time thread, in thousandths.
    thread_per_mille: AtomicU64,
}

/// How much of its time a thread works.
struct ThreadLoad {
    thread: &'static str,
    busy: BusyTime,
    seen: Duration,
    /// From 0 to 1.
    smoothed: f64,
}

impl ThreadLoad {
    fn new(thread: &'static str, busy: BusyTime) -> ThreadLoad {
        let seen = busy();
        ThreadLoad { thread, busy, seen, smoothed: 0.0 }
    }

    /// `passed` since the last look.
    fn look(&mut self, passed: Duration) -> f64 {
        let busy = (self.busy)();
        let worked = busy.saturating_sub(std::mem::replace(&mut self.seen, busy));
        let load = (worked.as_secs_f64() / passed.as_secs_f64().max(0.001)).min(1.0);
        self.smoothed += (load - self.smoothed) / SMOOTHING;
        self.smoothed
    }
}

impl Load {
    /// Starts to look; ends with the runtime. From a wait of `busy_from` (150 ms: what a reply may be late without being
    /// noticed, ITU-T G.114) until one of half of it, so that it does not flutter, the machine is busy: work that may be
    /// thrown away is not begun, since it would make callers wait whose turn is over.
    ///
    /// `threads` are the real-time ones, by their names.
    pub fn watch(
        busy_from: Duration,
        speech: Arc<Speech>,
        hearing: Option<Arc<Models>>,
        threads: [(&'static str, BusyTime); 2],
    ) -> Arc<Load> {
        let load = Arc::new(Load::new(busy_from));
        let threads = threads.map(|(thread, busy)| ThreadLoad::new(thread, busy));
        tokio::spawn(look(Arc::clone(&load), speech, hearing, threads));
        load
    }

    fn new(busy_from: Duration) -> Load {
        Load {
            busy_from,
            busy: watch::Sender::new(false),
            delay_us: AtomicU64::new(0),
            thread_per_mille: AtomicU64::new(0),
        }
    }

    /// Whether the machine is busy, and when that changes.
    pub fn busy(&self) -> watch::Receiver<bool> {
        self.busy.subscribe()
    }

    /// The longest wait of all stages.
    pub fn queue_delay(&self) -> Duration {
        Duration::from_micros(self.delay_us.load(Ordering::Relaxed))
    }

    /// How much of its time the fullest real-time thread works, from 0 to 1.
    pub fn fullest_thread(&self) -> f64 {
        self.thread_per_mille.load(Ordering::Relaxed) as f64 / 1_000.0
    }

    fn note_threads(&self, fullest: f64) {
        self.thread_per_mille.store((fullest * 1_000.0) as u64, Ordering::Relaxed);
    }

    fn note(&self, delay: Duration) {
        self.delay_us.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let changed = self.busy.send_if_modified(|busy| {
            let bound = if *busy { self.busy_from / 2 } else { self.busy_from };
            let was = std::mem::replace(busy, delay > bound);
            was != *busy
        });
        if changed {
            tracing::info!(busy = *self.busy.borrow(), delay_ms = delay.as_millis(), "the workers' queue");
        }
    }
}

async fn look(load: Arc<Load>, speech: Arc<Speech>, hearing: Option<Arc<Models>>, mut threads: [ThreadLoad; 2]) {
    let mut looked = Instant::now();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let due = ticks.tick().await;
        // The runtime's own lateness: where it cannot run a timer in time, it cannot serve a call in time.
        let late = Instant::now().saturating_duration_since(due);
        let heard = hearing.as_ref().map_or(Duration::ZERO, |hearing| hearing.queue_delay());
        let stages = speech.queue_delays().map(|(stage, delay)| (stage.as_str(), delay));
        let mut longest = Duration::ZERO;
        for (stage, delay) in stages.into_iter().chain([("hearing", heard), ("daemon", late)]) {
            metrics::queue_delay(stage, delay);
            longest = longest.max(delay);
        }
        load.note(longest);
        let passed = std::mem::replace(&mut looked, Instant::now()).elapsed();
        let fullest = threads.iter_mut().map(|thread| {
            let share = thread.look(passed);
            metrics::thread_load(thread.thread, share);
            share
        });
        load.note_threads(fullest.fold(0.0, f64::max));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_between_the_two_bounds_changes_nothing() {
        let load = Load::new(Duration::from_millis(150));
        let busy = load.busy();
        let states = [100, 151, 100, 80, 75, 100, 150].map(|delay_ms| {
            load.note(Duration::from_millis(delay_ms));
            *busy.borrow()
        });
        assert_eq!(states, [false, true, true, true, false, false, false]);
    }

    #[test]
    fn a_threads_load_is_the_share_of_its_time_that_it_works_smoothed_over_two_seconds() {
        let worked = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&worked);
        let mut load = ThreadLoad::new("audio", Box::new(move || Duration::from_millis(seen.load(Ordering::Relaxed))));
        let mut after = |looks: usize, worked_ms: u64| {
            (0..looks).for_each(|_| {
                worked.fetch_add(worked_ms, Ordering::Relaxed);
                load.look(PERIOD);
            });
            load.smoothed
        };
        assert!(after(1, 250) < 0.2, "a burst is no load");
        assert!(after(24, 250) > 0.9);
        assert!((after(60, 100) - 0.4).abs() < 0.01);
    }

    #[test]
    fn those_who_watch_are_told_of_changes_only() {
        let load = Load::new(Duration::from_millis(150));
        let mut busy = load.busy();
        load.note(Duration::from_millis(100));
        assert!(!busy.has_changed().unwrap());
        load.note(Duration::from_millis(500));
        assert!(busy.has_changed().unwrap() && *busy.borrow_and_update());
        load.note(Duration::from_millis(300));
        assert!(!busy.has_changed().unwrap());
        assert_eq!(load.queue_delay(), Duration::from_millis(300));
    }
}
