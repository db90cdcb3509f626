//! The daemon's end: one client a worker, with a deadline on every wait.

mod generation;
mod pump;
mod recognition;
mod synthesis;

pub use generation::{Generation, GenerationAct, GenerationEvent};
pub use recognition::{RecognitionEvent, RecognitionEvents, RecognitionSender, RecognitionStream, SendError};
pub use synthesis::Synthesis;

use std::{future::Future, sync::Arc, time::Duration};

use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{Address, Awaited, Failure, InferenceError, proto};

/// How long each wait for a worker may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// From the request to its acceptance: the response headers of the stream. 1 s.
    pub connect: Duration,
    /// For a health check or a description. 1 s.
    pub health: Duration,
    /// From `finish` to the final transcript. Partial transcripts have no deadline. 6 s: a second more than callers are
    /// let wait while the workers are busy.
    pub final_transcript: Duration,
    /// From the request to the first piece of a reply. 5 s.
    pub first_token: Duration,
    /// Between two pieces of a reply. 3 s.
    pub next_token: Duration,
    /// From the request to the first audio. 2 s.
    pub first_audio: Duration,
    /// Between two chunks of audio. 1 s.
    pub next_audio: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            connect: Duration::from_secs(1),
            health: Duration::from_secs(1),
            final_transcript: Duration::from_secs(6),
            first_token: Duration::from_secs(5),
            next_token: Duration::from_secs(3),
            first_audio: Duration::from_secs(2),
            next_audio: Duration::from_secs(1),
        }
    }
}

/// A connection to one worker, made at the first request and again after each loss. Clones share it.
///
/// # Threads
///
/// tokio: `connect_lazy` and the methods that start a request must be called within a runtime.
#[derive(Debug, Clone)]
pub struct WorkerClient {
    worker: Arc<str>,
    channel: Channel,
    deadlines: Deadlines,
}

impl WorkerClient {
    /// A client of the worker at `address`, which need not listen yet. Connects to nothing.
    pub fn connect_lazy(address: &Address) -> Self {
        let deadlines = Deadlines::default();
        // A lost host never closes its connection: over TCP its silence must be noticed by pings. They are slow
        // enough for a worker whose machine is overloaded.
        let endpoint = Endpoint::from_shared(address.to_string())
            .expect("the text of an Address is a URI")
            .connect_timeout(deadlines.connect)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(5))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true);
        WorkerClient { worker: address.to_string().into(), channel: endpoint.connect_lazy(), deadlines }
    }

    /// The same connection with other deadlines.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// The worker's address, as it stands in errors.
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// Whether the worker says that its engine is loaded and warm.
    ///
    /// # Errors
    ///
    /// `Unreachable` when nothing listens, `Timeout` when the worker hangs.
    pub async fn is_serving(&self) -> Result<bool, InferenceError> {
        let mut health = HealthClient::new(self.channel.clone());
        let check = health.check(HealthCheckRequest { service: String::new() });
        let reply = self.within(Awaited::Health, check).await?;
        Ok(reply.into_inner().status() == ServingStatus::Serving)
    }

    /// What the worker is: engine, model, version, capacity.
    ///
    /// # Errors
    ///
    /// Those of [`is_serving`](Self::is_serving), and `NotReady` until the engine is loaded.
    pub async fn describe(&self) -> Result<proto::DescribeReply, InferenceError> {
        let mut worker = proto::worker_client::WorkerClient::new(self.channel.clone());
        let describe = worker.describe(proto::DescribeRequest {});
        Ok(self.within(Awaited::Describe, describe).await?.into_inner())
    }

    /// Starts the recognition of one utterance. Returns at once; audio may be sent before the worker has accepted.
    ///
    /// A `sample_rate_hz` of 0 means 16000.
    pub fn recognise(&self, options: proto::RecogniseOptions) -> RecognitionStream {
        recognition::start(self.channel.clone(), self.worker.clone(), self.deadlines, options)
    }

    /// Starts a reply. Returns at once.
    pub fn generate(&self, request: proto::GenerateRequest) -> Generation {
        generation::start(self.channel.clone(), self.worker.clone(), self.deadlines, request)
    }

    /// Starts the synthesis of one clause. Returns at once. A `sample_rate_hz` of 0 means 16000.
    pub fn synthesise(&self, request: proto::SynthesiseRequest) -> Synthesis {
        synthesis::start(self.channel.clone(), self.worker.clone(), self.deadlines, request)
    }

    async fn within<T>(
        &self,
        stage: Awaited,
        call: impl Future<Output = Result<T, tonic::Status>>,
    ) -> Result<T, InferenceError> {
        let failure = match tokio::time::timeout(self.deadlines.health, call).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(status)) => Failure::from_status(&status, stage),
            Err(_) => Failure::Timeout(self.deadlines.health),
        };
        Err(InferenceError { worker: self.worker.to_string(), stage, failure })
    }
}
