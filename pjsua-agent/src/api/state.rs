//! What the API shows, and where it gets it from.

use std::fmt;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use super::{CallSummary, Liveness, Readiness};

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
