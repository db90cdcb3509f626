//! The daemon's HTTP face on loopback: liveness, readiness, metrics, and the calls that are up.
//!
//! It only reads. What it shows comes from the closures of [`ApiState`], so it knows neither SIP nor speech.
//!
//! | path | answer |
//! |---|---|
//! | `GET /live` | 200, or 503 when the audio thread stands still under a call: restart the process |
//! | `GET /ready` | 200, or 503 while the next call could not be answered: send it elsewhere |
//! | `GET /metrics` | Prometheus text, see `docs/metrics.md` |
//! | `GET /api/v1/calls` | `{"calls": [CallSummary…]}` |
//! | `GET /api/v1/calls/{id}` | one [`CallSummary`], or 404 |
//!
//! Every error is JSON: `{"error": {"code": "not_found", "message": "…"}}`.

mod routes;
mod server;
mod state;

pub use crate::call::{CallSummary, Direction};
pub use crate::health::{Check, Liveness, Readiness};
pub use routes::router;
pub use server::{ApiError, ApiServer};
pub use state::ApiState;
