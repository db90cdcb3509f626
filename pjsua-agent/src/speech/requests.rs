//! Replies and clauses: requests whose answer comes in pieces. What is recognised is asked for in
//! [`super::recognition`].

use std::future::Future;
use std::sync::Arc;

use inference::proto::{GenerateRequest, SynthesiseRequest};
use inference::{GenerationEvent, InferenceError, WorkerClient};
use tokio::time::Instant;

use super::delay::Wait;
use super::place::{RequestError, Search};
use super::pool::Route;
use super::worker::Lease;

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

/// The answer to a request, from whichever worker gives it.
pub struct Answer<R: Request> {
    request: R,
    search: Search,
    lease: Lease,
    answer: R::Answer,
    progress: Progress,
    wait: Wait,
}

/// How far the present attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing has been delivered: a failure is made good elsewhere.
    Open,
    /// The worker failed; a second place is looked for.
    Reopening,
    /// Something was delivered, or nothing more will be tried unasked.
    Begun,
}

impl<R: Request> std::fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("worker", &self.lease.worker().name).finish_non_exhaustive()
    }
}

impl<R: Request> Answer<R> {
    pub(super) async fn open(route: Arc<Route>, request: R) -> Result<Self, RequestError> {
        let asked = Instant::now();
        let delay = Arc::clone(&route.queue_delay);
        let mut search = Search::new(route, request.call_id().map(str::to_owned));
        let lease = search.place().await?;
        let answer = request.ask(lease.client());
        let wait = Wait::since(asked, &delay);
        Ok(Self { request, search, lease, answer, progress: Progress::Open, wait })
    }

    /// The next piece; `None` after the last or an error. Dropping the future loses nothing.
    ///
    /// A worker that fails before it has delivered anything is replaced once, without the caller of this noticing.
    ///
    /// # Errors
    /// The failure, once; then `None`, unless [`Answer::begin_again`] says that the answer comes anew.
    pub async fn next(&mut self) -> Result<Option<R::Item>, RequestError> {
        loop {
            self.reopen_if_failed().await?;
            match R::next(&mut self.answer).await {
                Ok(item) => {
                    self.search.delivered(&self.lease);
                    self.wait.answered();
                    self.progress = Progress::Begun;
                    return Ok(item);
                }
                Err(error) => {
                    self.lease.failed(&error);
                    if std::mem::replace(&mut self.progress, Progress::Begun) == Progress::Begun {
                        return Err(error.into());
                    }
                    self.begin_again(error.into())?;
                }
            }
        }
    }

    /// After the failure of an answer that had begun, for whoever can do without what was delivered of it: from now on
    /// [`Answer::next`] gives it from its beginning, from another worker where there is one.
    ///
    /// # Errors
    /// `error`, when the request has had its attempts.
    pub fn begin_again(&mut self, error: RequestError) -> Result<(), RequestError> {
        let RequestError::Worker(error) = error else { return Err(error) };
        self.search.begin_again(&self.lease, error)?;
        self.progress = Progress::Reopening;
        Ok(())
    }

    /// Waits for a second place if the first one failed.
    async fn reopen_if_failed(&mut self) -> Result<(), RequestError> {
        if self.progress != Progress::Reopening {
            return Ok(());
        }
        let placed = self.search.place().await;
        self.progress = Progress::Begun;
        self.lease = placed?;
        self.answer = self.request.ask(self.lease.client());
        self.progress = Progress::Open;
        Ok(())
    }
}

/// A running synthesis of one clause. Dropping it cancels the work at the worker.
#[derive(Debug)]
pub struct Synthesis {
    answer: Answer<SynthesiseRequest>,
    /// What the present attempt has given.
    whole: Vec<i16>,
    /// How many samples were handed on, by all attempts.
    handed_on: usize,
}

impl Synthesis {
    pub(super) async fn open(route: Arc<Route>, request: SynthesiseRequest) -> Result<Self, RequestError> {
        Ok(Self { answer: Answer::open(route, request).await?, whole: Vec::new(), handed_on: 0 })
    }

    /// The next samples; `None` after the last or an error. Dropping the future loses nothing.
    ///
    /// A worker that breaks off is replaced once: another one speaks the clause again, and what was handed on of it is
    /// not handed on again.
    ///
    /// # Errors
    /// The failure, once; then `None`.
    pub async fn next(&mut self) -> Result<Option<Vec<i16>>, RequestError> {
        loop {
            match self.answer.next().await {
                Ok(None) => return Ok(None),
                Ok(Some(samples)) => {
                    self.whole.extend_from_slice(&samples);
                    let fresh = &self.whole[self.whole.len().min(self.handed_on)..];
                    if !fresh.is_empty() {
                        let fresh = fresh.to_vec();
                        self.handed_on = self.whole.len();
                        return Ok(Some(fresh));
                    }
                }
                Err(error) => {
                    self.answer.begin_again(error)?;
                    self.whole.clear();
                }
            }
        }
    }

    /// After the end: all samples of the attempt that came to it, in one voice from the first to the last.
    pub fn into_whole(self) -> Vec<i16> {
        self.whole
    }
}
