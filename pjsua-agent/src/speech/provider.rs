//! Requests as the conversation makes them: a place at a worker, and a second one when the first fails to open.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use inference::proto::{GenerateRequest, SynthesiseRequest};
use inference::{Failure, GenerationEvent, InferenceError, RecognitionEvent, RecognitionSender, WorkerClient};
use tokio::time::{Instant, sleep};

use super::Unavailable;
use super::pool::Route;
use super::worker::{Lease, Worker};

/// Before a worker whose places were all taken is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// A request that can be made a second time.
pub trait Request: Send + Sync {
    /// What comes back, in pieces.
    type Answer: Send;
    /// A piece.
    type Item;

    /// Makes the request; returns at once.
    fn ask(&self, client: &WorkerClient) -> Self::Answer;
    /// The next piece. May be dropped and called again.
    fn next(answer: &mut Self::Answer) -> impl Future<Output = Result<Option<Self::Item>, InferenceError>> + Send;
    /// The call whose cache a worker may hold.
    fn call_id(&self) -> Option<&str>;
}

impl Request for GenerateRequest {
    type Answer = inference::Generation;
    type Item = GenerationEvent;

    fn ask(&self, client: &WorkerClient) -> inference::Generation {
        client.generate(self.clone())
    }

    async fn next(answer: &mut inference::Generation) -> Result<Option<GenerationEvent>, InferenceError> {
        answer.next().await
    }

    fn call_id(&self) -> Option<&str> {
        Some(&self.call_id).filter(|call_id| !call_id.is_empty()).map(String::as_str)
    }
}

impl Request for SynthesiseRequest {
    type Answer = inference::Synthesis;
    type Item = Vec<i16>;

    fn ask(&self, client: &WorkerClient) -> inference::Synthesis {
        client.synthesise(self.clone())
    }

    async fn next(answer: &mut inference::Synthesis) -> Result<Option<Vec<i16>>, InferenceError> {
        answer.next().await
    }

    fn call_id(&self) -> Option<&str> {
        None
    }
}

/// A running reply. Dropping it cancels the work at the worker.
pub type Generation = Answer<GenerateRequest>;
/// A running synthesis. Dropping it cancels the work at the worker.
pub type Synthesis = Answer<SynthesiseRequest>;

/// The answer to a request, from whichever worker gives it.
pub struct Answer<R: Request> {
    request: R,
    route: Arc<Route>,
    lease: Lease,
    answer: R::Answer,
    opening: Opening,
    asked: Instant,
}

/// How far the opening of a request has come. It is kept outside the future of [`Answer::next`], so that dropping
/// that loses nothing.
enum Opening {
    /// Nothing has been delivered; until the deadline a failure is made good elsewhere.
    Open { deadline: Instant, retried: bool },
    /// It failed; a second place is looked for.
    Reopen { deadline: Instant, retried: bool, error: InferenceError },
    /// Something was delivered, or nothing more will be tried.
    Done,
}

impl<R: Request> std::fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("worker", &self.lease.worker().name).finish_non_exhaustive()
    }
}

impl<R: Request> Answer<R> {
    pub(super) async fn open(route: Arc<Route>, request: R) -> Result<Self, Unavailable> {
        let asked = Instant::now();
        let deadline = route.deadline();
        let lease = route.lease(request.call_id(), None, deadline).await?;
        let answer = request.ask(lease.client());
        Ok(Self { request, route, lease, answer, opening: Opening::Open { deadline, retried: false }, asked })
    }

    /// The next piece; `None` after the last or an error. Dropping the future loses nothing.
    ///
    /// A worker that fails before it has delivered anything is replaced once, without the caller of this noticing.
    ///
    /// # Errors
    /// The worker's failure, once; then `None`.
    pub async fn next(&mut self) -> Result<Option<R::Item>, InferenceError> {
        loop {
            self.reopen_if_failed().await?;
            match R::next(&mut self.answer).await {
                Ok(item) => {
                    self.lease.progressed();
                    self.route.delivered(self.lease.worker());
                    if !matches!(self.opening, Opening::Done) {
                        self.opening = Opening::Done;
                        self.route.answered(self.asked.elapsed());
                    }
                    return Ok(item);
                }
                Err(error) => {
                    self.lease.failed(&error);
                    match std::mem::replace(&mut self.opening, Opening::Done) {
                        Opening::Open { deadline, retried } if may_retry(&error, retried) => {
                            let deadline = deadline.max(Instant::now());
                            self.opening = Opening::Reopen { deadline, retried, error };
                        }
                        _ => return Err(error),
                    }
                }
            }
        }
    }

    /// Waits for a second place if the first one failed.
    async fn reopen_if_failed(&mut self) -> Result<(), InferenceError> {
        let Opening::Reopen { deadline, retried, error } = &self.opening else {
            return Ok(());
        };
        let (deadline, retried, error) = (*deadline, *retried, error.clone());
        let busy = matches!(error.failure, Failure::Busy(_));
        let failed: Arc<Worker> = Arc::clone(self.lease.worker());
        if busy && Instant::now() + BUSY_PAUSE < deadline {
            sleep(BUSY_PAUSE).await;
        }
        match self.route.lease(self.request.call_id(), Some(&failed), deadline).await {
            Ok(lease) => {
                tracing::info!(from = failed.name, to = lease.worker().name, %error, "request made again");
                self.answer = self.request.ask(lease.client());
                self.lease = lease;
                // A full worker is asked as long as there is time; a failing one is replaced once.
                let retried = retried || !busy || Instant::now() >= deadline;
                self.opening = Opening::Open { deadline, retried };
                Ok(())
            }
            Err(_) => {
                self.opening = Opening::Done;
                Err(error)
            }
        }
    }
}

fn may_retry(error: &InferenceError, retried: bool) -> bool {
    !retried && error.failure.is_worth_a_retry()
}

/// One utterance on its way to a worker and back. Dropping it cancels.
#[derive(Debug)]
pub struct Recognition {
    inner: inference::Recognition,
    lease: Lease,
}

impl Recognition {
    pub(super) async fn open(
        route: Arc<Route>,
        options: inference::proto::RecogniseOptions,
    ) -> Result<Self, Unavailable> {
        let lease = route.lease(None, None, route.deadline()).await?;
        Ok(Self { inner: lease.client().recognise(options), lease })
    }

    /// Separates sending from receiving. Dropping either half cancels, save the sender after `finish`.
    pub fn split(self) -> (RecognitionSender, RecognitionEvents) {
        let (sender, events) = self.inner.split();
        (sender, RecognitionEvents { events, lease: self.lease })
    }
}

/// The end that gives the transcripts. Dropping it cancels the recognition.
#[derive(Debug)]
pub struct RecognitionEvents {
    events: inference::RecognitionEvents,
    lease: Lease,
}

impl RecognitionEvents {
    /// The next event; `None` after the final one or an error. Dropping the future loses nothing.
    ///
    /// The audio has gone to the worker that failed, so it is for the caller of this, who may have kept it, to try
    /// again; the next recognition goes to another worker, or waits for the restarted one.
    ///
    /// # Errors
    /// The worker's failure, once; then `None`.
    pub async fn next(&mut self) -> Result<Option<RecognitionEvent>, InferenceError> {
        let event = self.events.next().await;
        match &event {
            Ok(_) => self.lease.progressed(),
            Err(error) => self.lease.failed(error),
        }
        event
    }
}
