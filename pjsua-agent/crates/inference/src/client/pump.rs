//! The task behind a request whose answer is a stream. It owns the call, so that `next` may be dropped at any time
//! and the deadlines run whether or not anybody is waiting.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::timeout};
use tonic::{Response, Status, Streaming};

use crate::{Awaited, Failure, InferenceError};

/// Events that may lie unread before the worker is made to wait.
const EVENTS_AHEAD: usize = 64;

/// What to wait for, and how long.
pub(super) struct Plan {
    pub worker: Arc<str>,
    pub connect: Duration,
    pub first: (Awaited, Duration),
    pub next: (Awaited, Duration),
}

impl Plan {
    fn error(&self, stage: Awaited, failure: Failure) -> InferenceError {
        InferenceError { worker: self.worker.to_string(), stage, failure }
    }
}

/// The unread answer of a worker. Dropping it cancels the request.
#[derive(Debug)]
pub(super) struct Answer<T> {
    events: mpsc::Receiver<Result<T, InferenceError>>,
    ended: bool,
}

impl<T> Answer<T> {
    pub(super) fn new(events: mpsc::Receiver<Result<T, InferenceError>>) -> Self {
        Answer { events, ended: false }
    }

    /// The next event; `None` after the last or after an error. Safe to drop and call again.
    pub(super) async fn next(&mut self) -> Result<Option<T>, InferenceError> {
        if self.ended {
            return Ok(None);
        }
        let event = self.events.recv().await.transpose();
        self.ended = !matches!(event, Ok(Some(_)));
        event
    }
}

/// Runs `call` to the message that `is_last` names, passing each message on.
pub(super) fn start<T: Send + 'static>(
    plan: Plan,
    call: impl Future<Output = Result<Response<Streaming<T>>, Status>> + Send + 'static,
    is_last: fn(&T) -> bool,
) -> Answer<T> {
    let (sender, receiver) = mpsc::channel(EVENTS_AHEAD);
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = sender.closed() => {}
            error = run(&plan, call, is_last, &sender) => if let Err(error) = error {
                // A receiver that has gone wants no error.
                let _ = sender.send(Err(error)).await;
            }
        }
    });
    Answer::new(receiver)
}

async fn run<T>(
    plan: &Plan,
    call: impl Future<Output = Result<Response<Streaming<T>>, Status>>,
    is_last: fn(&T) -> bool,
    sender: &mpsc::Sender<Result<T, InferenceError>>,
) -> Result<(), InferenceError> {
    let started = tokio::time::Instant::now();
    let mut stream = accepted(&plan.worker, plan.connect, call).await?;
    let (mut stage, allowed) = plan.first;
    let mut allowed = allowed.saturating_sub(started.elapsed());
    loop {
        let message = match timeout(allowed, stream.message()).await {
            Ok(Ok(Some(message))) => message,
            Ok(Ok(None)) => return Err(plan.error(stage, Failure::Incomplete)),
            Ok(Err(status)) => return Err(plan.error(stage, Failure::from_status(&status, stage))),
            Err(_) => {
                let deadline = if stage == plan.first.0 { plan.first.1 } else { plan.next.1 };
                return Err(plan.error(stage, Failure::Timeout(deadline)));
            }
        };
        (stage, allowed) = plan.next;
        let last = is_last(&message);
        if sender.send(Ok(message)).await.is_err() || last {
            return Ok(());
        }
    }
}

/// Waits for the worker's acceptance of `call`.
pub(super) async fn accepted<T>(
    worker: &str,
    deadline: Duration,
    call: impl Future<Output = Result<Response<Streaming<T>>, Status>>,
) -> Result<Streaming<T>, InferenceError> {
    let failure = match timeout(deadline, call).await {
        Ok(Ok(response)) => return Ok(response.into_inner()),
        Ok(Err(status)) => Failure::from_status(&status, Awaited::Connect),
        Err(_) => Failure::Timeout(deadline),
    };
    Err(InferenceError { worker: worker.to_owned(), stage: Awaited::Connect, failure })
}
