//! Which worker a request goes to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::WorkerKind;
use super::delay::StageDelay;
use super::retry::Attempts;
use super::worker::{Lease, Worker};
use crate::metrics;

/// Calls whose worker is remembered, before those that have been quiet for [`FORGOTTEN_AFTER`] are forgotten.
const REMEMBERED_CALLS: usize = 1_024;
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// No worker took a request within the time that a caller can be kept waiting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {stage} worker is serving: {reasons}")]
pub struct Unavailable {
    /// The stage.
    pub stage: WorkerKind,
    /// Each worker and what is wrong with it.
    pub reasons: String,
}

/// The workers of one stage that are equal to each other.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) stage: WorkerKind,
    pub(super) workers: Vec<Arc<Worker>>,
    /// The worker that holds a call's cache, and when it was last asked for.
    kept: Mutex<HashMap<String, (usize, Instant)>>,
}

impl Pool {
    pub(super) fn new(stage: WorkerKind, workers: Vec<Arc<Worker>>) -> Self {
        Self { stage, workers, kept: Mutex::default() }
    }

    pub(super) fn is_serving(&self) -> bool {
        self.workers.iter().any(|worker| worker.is_serving())
    }

    /// A place at the worker that has this call's cache, else at the one with the least to do; none while no worker
    /// but `avoid` serves.
    pub(super) fn lease(&self, call_id: Option<&str>, avoid: Option<&Arc<Worker>>) -> Option<Lease> {
        let wanted = |worker: &Arc<Worker>| avoid.is_none_or(|avoid| !Arc::ptr_eq(worker, avoid));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((index, used)) = call_id.and_then(|call_id| kept.get_mut(call_id))
            && let Some(lease) = self.workers.get(*index).filter(|worker| wanted(worker)).and_then(Worker::lease)
        {
            *used = now;
            return Some(lease);
        }
        let mut candidates: Vec<_> = self.workers.iter().enumerate().filter(|(_, worker)| wanted(worker)).collect();
        candidates.sort_by_key(|(_, worker)| worker.in_flight());
        let (index, lease) = candidates.into_iter().find_map(|(index, worker)| Some((index, worker.lease()?)))?;
        if let Some(call_id) = call_id.filter(|_| self.workers.len() > 1) {
            if kept.len() >= REMEMBERED_CALLS {
                kept.retain(|_, (_, used)| now - *used < FORGOTTEN_AFTER);
            }
            kept.insert(call_id.to_owned(), (index, now));
        }
        Some(lease)
    }

    /// Each worker that does not serve, and why.
    pub(super) fn reasons(&self) -> String {
        let reasons: Vec<String> = self
            .workers
            .iter()
            .map(|worker| worker.status())
            .filter(|status| status.state != super::WorkerState::Serving)
            .map(|status| {
                let reason = status.last_error.as_deref().unwrap_or("it has not answered yet");
                format!("{} {:?}: {reason}", status.name, status.state)
            })
            .collect();
        reasons.join("; ")
    }
}

/// The pools that may answer a request, in order of preference.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) main: Pool,
    pub(super) fallback: Option<Pool>,
    /// Some worker's state changed.
    changed: watch::Receiver<()>,
    /// What each request has at its beginning.
    pub(super) attempts: Attempts,
    /// The fallback answers; said once an outage.
    degraded: AtomicBool,
    pub(super) queue_delay: Arc<StageDelay>,
}

impl Route {
    pub(super) fn new(main: Pool, fallback: Option<Pool>, changed: watch::Receiver<()>, attempts: Attempts) -> Self {
        let degraded = AtomicBool::new(false);
        Self { main, fallback, changed, attempts, degraded, queue_delay: Arc::default() }
    }

    /// A place at a worker, waited for until `deadline` while none serves. One that has `failed` this request is asked
    /// again only when no other is there.
    pub(super) async fn lease(
        &self,
        call_id: Option<&str>,
        failed: Option<&Arc<Worker>>,
        deadline: Instant,
    ) -> Result<Lease, Unavailable> {
        let mut changed = self.changed.clone();
        loop {
            changed.borrow_and_update();
            if let Some(lease) = self.main.lease(call_id, failed) {
                return Ok(lease);
            }
            if let Some(lease) = self.fallback.as_ref().and_then(|fallback| fallback.lease(call_id, failed)) {
                self.note_fallback(failed);
                return Ok(lease);
            }
            if let Some(lease) = self.main.lease(call_id, None) {
                return Ok(lease);
            }
            match timeout_at(deadline, changed.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(self.unavailable()),
            }
        }
    }

    fn note_fallback(&self, failed: Option<&Arc<Worker>>) {
        metrics::llm_fallback();
        if !self.degraded.swap(true, Ordering::Relaxed) {
            let reason = failed.map_or_else(|| self.main.reasons(), |worker| format!("{} failed", worker.name));
            warn!(stage = %self.main.stage, reason, "the language model does not answer; the fallback does");
        }
    }

    fn unavailable(&self) -> Unavailable {
        let pools = std::iter::once(&self.main).chain(&self.fallback);
        let reasons: Vec<String> = pools.map(Pool::reasons).filter(|reasons| !reasons.is_empty()).collect();
        Unavailable { stage: self.main.stage, reasons: reasons.join("; ") }
    }

    /// `worker` delivered something.
    pub(super) fn delivered(&self, worker: &Worker) {
        if worker.stage == self.main.stage && self.degraded.swap(false, Ordering::Relaxed) {
            info!(stage = %self.main.stage, "the language model answers again");
        }
    }
}
