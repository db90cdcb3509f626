//! Why a request to a worker failed.

use std::{error::Error as _, fmt, time::Duration};

/// What a request was waiting for when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Awaited {
    /// The worker's acceptance of the request.
    Connect,
    /// The answer to a health check.
    Health,
    /// The worker's description of itself.
    Describe,
    /// Partial transcripts, while the caller speaks.
    Recognition,
    /// The final transcript, after the end of the audio.
    FinalTranscript,
    /// The first piece of a reply.
    FirstToken,
    /// A further piece of a reply, or its end.
    NextToken,
    /// The first audio of a clause.
    FirstAudio,
    /// Further audio of a clause, or its end.
    NextAudio,
}

impl Awaited {
    /// A short name for metrics labels: `connect`, `final_transcript` …
    pub fn name(self) -> &'static str {
        match self {
            Awaited::Connect => "connect",
            Awaited::Health => "health",
            Awaited::Describe => "describe",
            Awaited::Recognition => "recognition",
            Awaited::FinalTranscript => "final_transcript",
            Awaited::FirstToken => "first_token",
            Awaited::NextToken => "next_token",
            Awaited::FirstAudio => "first_audio",
            Awaited::NextAudio => "next_audio",
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody accepts the connection.
    #[error("not reachable ({0})")]
    Unreachable(String),
    /// The worker runs, but its engine is not loaded yet, or it is ending.
    #[error("not ready ({0})")]
    NotReady(String),
    /// The worker did not answer within the deadline.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// All places are taken; another worker, or the same one later, may do it.
    #[error("overloaded ({0})")]
    Busy(String),
    /// The request itself is wrong for this worker; repeating it is of no use.
    #[error("refused ({0})")]
    Refused(String),
    /// The connection broke while the worker was at it: it crashed, or the network did.
    #[error("connection lost ({0})")]
    Lost(String),
    /// The worker ended its answer before it was complete.
    #[error("the answer ended too early")]
    Incomplete,
    /// The worker's engine failed.
    #[error("failed ({0})")]
    Failed(String),
    /// The request was cancelled at this end.
    #[error("cancelled")]
    Cancelled,
}

impl Failure {
    /// A short name for metrics labels: `unreachable`, `timeout` …
    pub fn name(&self) -> &'static str {
        match self {
            Failure::Unreachable(_) => "unreachable",
            Failure::NotReady(_) => "not_ready",
            Failure::Timeout(_) => "timeout",
            Failure::Busy(_) => "busy",
            Failure::Refused(_) => "refused",
            Failure::Lost(_) => "lost",
            Failure::Incomplete => "incomplete",
            Failure::Failed(_) => "failed",
            Failure::Cancelled => "cancelled",
        }
    }

    pub(crate) fn from_status(status: &tonic::Status, stage: Awaited) -> Self {
        // Only a status that was made at this end, of a transport error, has a source.
        if let Some(source) = status.source() {
            let mut reason = source.to_string();
            let mut next = source.source();
            while let Some(cause) = next {
                reason = cause.to_string();
                next = cause.source();
            }
            return match stage {
                Awaited::Connect | Awaited::Health | Awaited::Describe => Failure::Unreachable(reason),
                _ => Failure::Lost(reason),
            };
        }
        let message = status.message().to_owned();
        match status.code() {
            tonic::Code::Unavailable => Failure::NotReady(message),
            tonic::Code::ResourceExhausted => Failure::Busy(message),
            tonic::Code::InvalidArgument
            | tonic::Code::Unimplemented
            | tonic::Code::FailedPrecondition
            | tonic::Code::NotFound
            | tonic::Code::OutOfRange => Failure::Refused(message),
            _ if message.is_empty() => Failure::Failed(status.code().to_string()),
            _ => Failure::Failed(message),
        }
    }
}

/// A failed request: which worker, while waiting for what, and how.
///
/// Its text holds nothing of what a caller said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("worker {worker}, {stage}: {failure}")]
pub struct InferenceError {
    /// The worker's address.
    pub worker: String,
    /// What was waited for.
    pub stage: Awaited,
    /// What happened instead.
    pub failure: Failure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_the_worker_the_stage_and_the_failure() {
        let error = InferenceError {
            worker: "unix:/run/stt-0.sock".into(),
            stage: Awaited::FinalTranscript,
            failure: Failure::Timeout(Duration::from_secs(3)),
        };
        assert_eq!(error.to_string(), "worker unix:/run/stt-0.sock, final_transcript: no answer within 3s");
    }

    #[test]
    fn a_refusal_is_told_from_an_overload() {
        let busy = Failure::from_status(&tonic::Status::resource_exhausted("4 of 4"), Awaited::Recognition);
        assert!(matches!(&busy, Failure::Busy(reason) if reason == "4 of 4"));
        let refused = Failure::from_status(&tonic::Status::invalid_argument("8000 Hz"), Awaited::Recognition);
        assert!(matches!(refused, Failure::Refused(_)));
    }
}
