//! How busy the machine is: the longest wait of all stages, looked at four times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hearing::Hearing;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics;
use crate::speech::Speech;

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(250);

/// The wait, shared by all who look at it.
pub struct Load {
    busy_from: Duration,
    busy: watch::Sender<bool>,
    delay_us: AtomicU64,
}

impl Load {
    /// Starts to look; ends with the runtime. From a wait of `busy_from` (150 ms: what a reply may be late without being
    /// noticed, ITU-T G.114) until one of half of it, so that it does not flutter, the machine is busy: work that may be
    /// thrown away is not begun, since it would make callers wait whose turn is over.
    pub fn watch(busy_from: Duration, speech: Arc<Speech>, hearing: Option<Arc<Hearing>>) -> Arc<Load> {
        let load = Arc::new(Load::new(busy_from));
        tokio::spawn(look(Arc::clone(&load), speech, hearing));
        load
    }

    fn new(busy_from: Duration) -> Load {
        Load { busy_from, busy: watch::Sender::new(false), delay_us: AtomicU64::new(0) }
    }

    /// Whether the machine is busy, and when that changes.
    pub fn busy(&self) -> watch::Receiver<bool> {
        self.busy.subscribe()
    }

    /// The longest wait of all stages.
    pub fn queue_delay(&self) -> Duration {
        Duration::from_micros(self.delay_us.load(Ordering::Relaxed))
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

async fn look(load: Arc<Load>, speech: Arc<Speech>, hearing: Option<Arc<Hearing>>) {
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
