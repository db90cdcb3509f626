//! The HTTP face, asked over real connections.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use pjsua_agent::api::{ApiError, ApiServer, ApiState, CallSummary, Direction, Liveness, Readiness};
use pjsua_agent::metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        assert!(self.head.contains("content-type: application/json"), "{}", self.head);
        serde_json::from_str(&self.body).expect("the body is JSON")
    }
}

async fn ask(address: SocketAddr, method: &str, path: &str) -> Answer {
    let mut connection = TcpStream::connect(address).await.expect("the API listens");
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("the request is taken");
    let mut text = String::new();
    connection.read_to_string(&mut text).await.expect("an answer comes");
    let (head, body) = text.split_once("\r\n\r\n").expect("the head ends");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn call(id: u64) -> CallSummary {
    CallSummary {
        id,
        sip_call_id: format!("call-{id}@127.0.0.1"),
        agent: "demo".into(),
        account: Some("front-desk".into()),
        direction: Direction::Incoming,
        codec: Some("PCMU".into()),
        rtp: None,
        state: "listening".into(),
        started_unix_ms: 1_700_000_000_000,
        duration_ms: 1_250,
        turns: 2,
        caller: "sip:…67@pbx".into(),
    }
}

fn state() -> ApiState {
    ApiState {
        calls: Arc::new(|| vec![call(9), call(7)]),
        readiness: Arc::new(Readiness::default),
        live: Arc::new(|| Liveness { alive: true, detail: "well".into() }),
        collect: Arc::new(|| {}),
        metrics: metrics::recorder().handle(),
    }
}

#[tokio::test]
async fn a_process_that_works_is_live_and_one_that_does_not_is_503() {
    let alive = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&alive);
    let live = Arc::new(move || Liveness { alive: seen.load(Ordering::Relaxed), detail: "told".into() });
    let api = ApiServer::start(ANY_PORT, ApiState { live, ..state() }).await.unwrap();
    assert_eq!(ask(api.local_addr(), "GET", "/live").await.status, 200);
    alive.store(false, Ordering::Relaxed);
    let answer = ask(api.local_addr(), "GET", "/live").await;
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (503, Some("told")));
}

#[tokio::test]
async fn readiness_names_each_reason() {
    let readiness = Arc::new(|| {
        let mut readiness = Readiness::default();
        readiness.check("stt", true, "serving");
        readiness.check("tts", false, "tts-0 Restarting: killed by SIGKILL");
        readiness
    });
    let api = ApiServer::start(ANY_PORT, ApiState { readiness, ..state() }).await.unwrap();
    let answer = ask(api.local_addr(), "GET", "/ready").await;
    assert_eq!(answer.status, 503);
    let body = answer.json();
    assert_eq!(body["ready"], false);
    assert_eq!(body["checks"][1]["name"], "tts");
    assert_eq!(body["checks"][1]["detail"], "tts-0 Restarting: killed by SIGKILL");
}

#[tokio::test]
async fn metrics_are_refreshed_and_rendered_as_prometheus_text() {
    let recorder = metrics::recorder();
    let metrics = recorder.handle();
    let asked = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&asked);
    let collect = Arc::new(move || {
        counts.fetch_add(1, Ordering::Relaxed);
    });
    let api = ApiServer::start(ANY_PORT, ApiState { collect, metrics, ..state() }).await.unwrap();
    let answer = ask(api.local_addr(), "GET", "/metrics").await;
    assert_eq!((answer.status, asked.load(Ordering::Relaxed)), (200, 1));
    assert!(answer.head.contains("text/plain; version=0.0.4"), "{}", answer.head);
    assert!(answer.body.contains("# TYPE pjsua_agent_calls_active gauge"), "{}", answer.body);
}

#[tokio::test]
async fn calls_are_listed_in_their_order_and_found_by_their_number() {
    let api = ApiServer::start(ANY_PORT, state()).await.unwrap();
    let listed = ask(api.local_addr(), "GET", "/api/v1/calls").await.json();
    let ids: Vec<_> = listed["calls"].as_array().unwrap().iter().map(|call| call["id"].as_u64()).collect();
    assert_eq!(ids, [Some(7), Some(9)]);
    let one = ask(api.local_addr(), "GET", "/api/v1/calls/9").await;
    assert_eq!(serde_json::from_str::<CallSummary>(&one.body).unwrap(), call(9));
}

#[tokio::test]
async fn every_error_is_json_with_a_code_and_a_message() {
    let api = ApiServer::start(ANY_PORT, state()).await.unwrap();
    for (method, path, status, code) in [
        ("GET", "/api/v1/calls/8", 404, "not_found"),
        ("GET", "/api/v1/calls/seven", 400, "bad_call_id"),
        ("GET", "/nothing", 404, "not_found"),
        ("POST", "/api/v1/calls", 405, "method_not_allowed"),
    ] {
        let answer = ask(api.local_addr(), method, path).await;
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, error["code"].as_str()), (status, Some(code)), "{method} {path}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let error = ApiServer::start("0.0.0.0:8088".parse().unwrap(), state()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotLoopback { .. }));
    let text = error.to_string();
    assert!(text.contains("[api] listen = \"0.0.0.0:8088\"") && text.contains("127.0.0.1:8088"), "{text}");
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let first = ApiServer::start(ANY_PORT, state()).await.unwrap();
    let text = ApiServer::start(first.local_addr(), state()).await.unwrap_err().to_string();
    assert!(text.contains(&first.local_addr().to_string()) && text.contains("choose another port"), "{text}");
}

#[tokio::test]
async fn after_shutdown_nobody_listens_although_a_connection_was_idle() {
    let api = ApiServer::start(ANY_PORT, state()).await.unwrap();
    let address = api.local_addr();
    let _idle = TcpStream::connect(address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(4), api.shutdown()).await.expect("shutdown is bounded");
    assert!(TcpStream::connect(address).await.is_err());
}
