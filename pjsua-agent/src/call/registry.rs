//! Who is on the line: the calls of this daemon and the way to each one's driver.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};

use super::driver::CallMessage;
use super::summary::CallSummary;
use crate::leg::{LegEvent, LegId};

/// One call as others see it.
pub struct CallEntry {
    /// Not bounded, since the end of a leg must not be lost and nobody may wait here. Each message stems from a SIP message
    /// of the call's own peer or from an operator, and a driver takes it within microseconds.
    messages: mpsc::UnboundedSender<CallMessage>,
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
    calls: Mutex<BTreeMap<LegId, Arc<CallEntry>>>,
    count: watch::Sender<usize>,
}

impl Default for Registry {
    fn default() -> Self {
        Registry { calls: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Registry {
    /// Adds a call by its first leg; what its driver is to know arrives at the returned receiver.
    pub fn add(&self, leg: LegId, summary: CallSummary) -> (Arc<CallEntry>, mpsc::UnboundedReceiver<CallMessage>) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let entry = Arc::new(CallEntry { messages, summary: Mutex::new(summary) });
        let mut calls = lock(&self.calls);
        calls.insert(leg, Arc::clone(&entry));
        self.count.send_replace(calls.len());
        (entry, receiver)
    }

    pub fn remove(&self, leg: LegId) {
        let mut calls = lock(&self.calls);
        calls.remove(&leg);
        self.count.send_replace(calls.len());
    }

    /// Hands an event to the driver of the leg's call; one for a call that is gone is dropped.
    pub fn deliver(&self, leg: LegId, event: LegEvent) {
        if let Some(entry) = lock(&self.calls).get(&leg) {
            // The driver may have ended just now.
            let _ = entry.messages.send(CallMessage::Leg(event));
        }
    }

    /// Tells every call to end.
    pub fn hang_up_all(&self) {
        for entry in lock(&self.calls).values() {
            let _ = entry.messages.send(CallMessage::HangUp);
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
