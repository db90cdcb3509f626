//! What the API shows, and where it gets it from.

use std::fmt;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};

/// Where the answers come from. Each closure is called once a request, on a tokio thread; it must not block.
#[derive(Clone)]
pub struct ApiState {
    /// The calls that are up.
    pub calls: Arc<dyn Fn() -> Vec<CallSummary> + Send + Sync>,
    /// Whether the next call could be answered.
    pub readiness: Arc<dyn Fn() -> Readiness + Send + Sync>,
    /// Whether the process works at all.
    pub live: Arc<dyn Fn() -> Liveness + Send + Sync>,
    /// Called before each rendering of the metrics, to refresh those that are polled (the audio thread's ticks).
    pub collect: Arc<dyn Fn() + Send + Sync>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState").finish_non_exhaustive()
    }
}

/// Which side began the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The peer called us.
    Incoming,
    /// We called the peer.
    Outgoing,
}

/// One call as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSummary {
    /// The daemon's own number of the call; never reused within a process.
    pub id: u64,
    /// The `Call-ID` header of the dialog.
    pub sip_call_id: String,
    /// The agent that speaks.
    pub agent: String,
    /// The account the call came in on; `None` for a call straight from a trusted peer.
    pub account: Option<String>,
    /// Which side began the call.
    pub direction: Direction,
    /// The RTP codec, `None` until media is up.
    pub codec: Option<String>,
    /// What the conversation does now: `listening`, `replying`, `speaking` …
    pub state: String,
    /// When the call was answered, in milliseconds since the Unix epoch.
    pub started_unix_ms: u64,
    /// How long it has been up, in milliseconds.
    pub duration_ms: u64,
    /// Replies begun so far.
    pub turns: u32,
    /// Who calls, already redacted: this type never holds a whole phone number.
    pub caller: String,
}

/// The answer of `/ready`: ready when every check holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// What was looked at, in a stable order.
    pub checks: Vec<Check>,
}

impl Readiness {
    /// Whether the next call could be answered.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// Adds a check.
    pub fn check(&mut self, name: impl Into<String>, ok: bool, detail: impl Into<String>) {
        self.checks.push(Check { name: name.into(), ok, detail: detail.into() });
    }
}

/// One condition of readiness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// A stable name: `registration`, `stt`, `llm`, `tts`, `draining` …
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// For people: the state, or what is wrong.
    pub detail: String,
}

/// The answer of `/live`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    /// Whether the process works; a supervisor restarts it otherwise.
    pub alive: bool,
    /// For people.
    pub detail: String,
}
