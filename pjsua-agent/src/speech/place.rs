//! The way of a request to a worker: its first place, and the next one after a failure, as [`super::retry`] decides.

use std::sync::Arc;

use inference::InferenceError;
use tokio::time::{Instant, sleep_until};

use super::pool::{Route, Unavailable};
use super::retry::{Attempts, Next};
use super::worker::{Lease, Worker};

/// Why a request failed for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No worker had a place for it.
    #[error(transparent)]
    NoWorker(#[from] Unavailable),
    /// A worker failed, and the request is not made again.
    #[error(transparent)]
    Worker(#[from] InferenceError),
    /// A worker failed, and no worker was there for the second attempt.
    #[error("{failed}; nobody was there to do it again: {unavailable}")]
    NotAgain {
        /// How the first attempt ended.
        failed: InferenceError,
        /// Why there was no other.
        unavailable: Unavailable,
    },
}

/// A request's search for a worker that answers it. Everything that has to outlive a dropped future is kept here.
#[derive(Debug)]
pub(super) struct Search {
    route: Arc<Route>,
    /// The call whose cache a worker may hold.
    call_id: Option<String>,
    attempts: Attempts,
    /// When the present search, or the present attempt, began.
    since: Instant,
    /// Until then a full worker is left alone.
    not_before: Instant,
    failed: Option<(Arc<Worker>, InferenceError)>,
}

impl Search {
    pub(super) fn new(route: Arc<Route>, call_id: Option<String>) -> Self {
        let now = Instant::now();
        Self { attempts: route.attempts, route, call_id, since: now, not_before: now, failed: None }
    }

    /// A place at a worker. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When none was found within the request's patience; asked once more, it finds at most one that is there.
    pub(super) async fn place(&mut self) -> Result<Lease, RequestError> {
        let deadline = self.since + self.attempts.patience();
        sleep_until(self.not_before).await;
        let failed = self.failed.as_ref().map(|(worker, _)| worker);
        match self.route.lease(self.call_id.as_deref(), failed, deadline).await {
            Ok(lease) => {
                if let Some((from, error)) = self.failed.take() {
                    tracing::info!(from = from.name, to = lease.worker().name, %error, "request made again");
                }
                let began = std::mem::replace(&mut self.since, Instant::now());
                self.attempts.waited(self.since.saturating_duration_since(began));
                Ok(lease)
            }
            Err(unavailable) => Err(match self.failed.take() {
                Some((_, failed)) => RequestError::NotAgain { failed, unavailable },
                None => RequestError::NoWorker(unavailable),
            }),
        }
    }

    /// The worker of `lease` delivered something.
    pub(super) fn delivered(&self, lease: &Lease) {
        lease.progressed();
        self.route.delivered(lease.worker());
    }

    /// The attempt at the worker of `lease` failed.
    ///
    /// # Errors
    /// The failure, when the request is not to be made again; else [`Search::place`] finds where.
    pub(super) fn begin_again(&mut self, lease: &Lease, error: InferenceError) -> Result<(), RequestError> {
        let now = Instant::now();
        match self.attempts.after(&error.failure, now.saturating_duration_since(self.since)) {
            Next::GiveUp => Err(error.into()),
            Next::Again(pause) => {
                (self.since, self.not_before) = (now, now + pause);
                self.failed = Some((Arc::clone(lease.worker()), error));
                Ok(())
            }
        }
    }
}
