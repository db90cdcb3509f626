//! Who is on the line: the calls of this daemon and the way to each one's driver.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};

use super::driver::CallEvent;
use super::summary::CallSummary;
use crate::sip::CallId;

/// One call as others see it.
pub struct CallEntry {
    events: mpsc::UnboundedSender<CallEvent>,
    summary: Mutex<CallSummary>,
}

impl CallEntry {
    /// Changes what is shown of the call.
    pub fn update(&self, change: impl FnOnce(&mut CallSummary)) {
        change(&mut lock(&self.summary));
    }
}

/// All calls that have been answered or are being answered.
pub struct Registry {
    calls: Mutex<BTreeMap<u64, Arc<CallEntry>>>,
    count: watch::Sender<usize>,
}

impl Default for Registry {
    fn default() -> Self {
        Registry { calls: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Registry {
    /// Adds a call; its events arrive at the returned receiver.
    pub fn add(&self, call: CallId, summary: CallSummary) -> (Arc<CallEntry>, mpsc::UnboundedReceiver<CallEvent>) {
        let (events, receiver) = mpsc::unbounded_channel();
        let entry = Arc::new(CallEntry { events, summary: Mutex::new(summary) });
        let mut calls = lock(&self.calls);
        calls.insert(call.0, Arc::clone(&entry));
        self.count.send_replace(calls.len());
        (entry, receiver)
    }

    pub fn remove(&self, call: CallId) {
        let mut calls = lock(&self.calls);
        calls.remove(&call.0);
        self.count.send_replace(calls.len());
    }

    /// Hands an event to the call's driver; an event for a call that is gone is dropped.
    pub fn deliver(&self, call: CallId, event: CallEvent) {
        let entry = lock(&self.calls).get(&call.0).cloned();
        if let Some(entry) = entry {
            let _ = entry.events.send(event);
        }
    }

    /// The same event to every call.
    pub fn deliver_to_all(&self, event: impl Fn() -> CallEvent) {
        for entry in lock(&self.calls).values() {
            let _ = entry.events.send(event());
        }
    }

    pub fn len(&self) -> usize {
        lock(&self.calls).len()
    }

    /// Returns once no call is left.
    pub async fn idle(&self) {
        let mut count = self.count.subscribe();
        // Fails only when the sender is gone, and `self` holds it.
        let _ = count.wait_for(|&count| count == 0).await;
    }

    /// What the API shows, oldest call first.
    pub fn summaries(&self) -> Vec<CallSummary> {
        let now = unix_ms(SystemTime::now());
        let calls = lock(&self.calls);
        calls
            .values()
            .map(|entry| {
                let summary = lock(&entry.summary).clone();
                CallSummary { duration_ms: now.saturating_sub(summary.started_unix_ms), ..summary }
            })
            .collect()
    }
}

/// Milliseconds since the Unix epoch.
pub fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Every critical section here is a plain assignment, so a poisoned lock still guards whole data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
