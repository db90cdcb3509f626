//! Paths and their answers.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::{ApiState, CallSummary, Check};

/// The content type of the Prometheus text format.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All paths of the API.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/live", get(live))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/calls", get(calls))
        .route("/api/v1/calls/{id}", get(call))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(state)
}

async fn live(State(state): State<ApiState>) -> Response {
    let liveness = (state.live)();
    (status(liveness.alive), Json(liveness)).into_response()
}

async fn ready(State(state): State<ApiState>) -> Response {
    #[derive(Serialize)]
    struct Body {
        ready: bool,
        checks: Vec<Check>,
    }
    let readiness = (state.readiness)();
    let ready = readiness.is_ready();
    (status(ready), Json(Body { ready, checks: readiness.checks })).into_response()
}

async fn metrics(State(state): State<ApiState>) -> Response {
    (state.collect)();
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], state.metrics.render()).into_response()
}

async fn calls(State(state): State<ApiState>) -> Response {
    #[derive(Serialize)]
    struct Body {
        calls: Vec<CallSummary>,
    }
    let mut calls = (state.calls)();
    calls.sort_by_key(|call| call.id);
    Json(Body { calls }).into_response()
}

async fn call(State(state): State<ApiState>, Path(id): Path<String>) -> Response {
    let Ok(number) = id.parse::<u64>() else {
        return error(StatusCode::BAD_REQUEST, "bad_call_id", "a call id is a whole number, as /api/v1/calls lists it");
    };
    match (state.calls)().into_iter().find(|call| call.id == number) {
        Some(call) => Json(call).into_response(),
        None => error(StatusCode::NOT_FOUND, "not_found", &format!("no call {number} is up; /api/v1/calls lists them")),
    }
}

async fn no_such_path() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there are /live, /ready, /metrics, /api/v1/calls and /api/v1/calls/{id}")
}

async fn no_such_method() -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "only GET and HEAD are answered here")
}

fn status(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn error(status: StatusCode, code: &'static str, message: &str) -> Response {
    (status, Json(serde_json::json!({ "error": { "code": code, "message": message } }))).into_response()
}
