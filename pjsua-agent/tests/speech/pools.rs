//! Which worker answers, and what a caller notices when one dies.

use std::time::Duration;

use inference::proto::SynthesiseRequest;
use metrics_exporter_prometheus::PrometheusHandle;
use nix::sys::signal::Signal;
use pjsua_agent::metrics;
use pjsua_agent::speech::{SpeechConfig, Timing, WorkerState};

use super::kit::*;

fn fallbacks(handle: &PrometheusHandle) -> u64 {
    let text = handle.render();
    let line = text.lines().find(|line| line.starts_with("pjsua_agent_llm_fallback_total ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_call_stays_with_its_worker_and_the_next_call_goes_to_the_idle_one() {
    let folder = Folder::new();
    let llm = stage([command(&[]), command(&[])]);
    let speech = start(SpeechConfig { llm, ..config(&folder) }).await;
    until(Duration::from_secs(5), || worker(&speech, "llm-1").engine.is_some()).await;
    let running =
        speech.generate(inference::proto::GenerateRequest { call_id: "a".into(), ..Default::default() }).await.unwrap();
    let other = reply(&speech, "b").await.unwrap();
    drop(running);
    let own = reply(&speech, "a").await.unwrap();
    assert_ne!(own, other);
    for _ in 0..3 {
        assert_eq!(reply(&speech, "b").await.unwrap(), other);
        assert_eq!(reply(&speech, "a").await.unwrap(), own);
    }

    signal(other.parse().unwrap(), Signal::SIGKILL);
    assert_eq!(reply(&speech, "b").await.unwrap(), own, "the other worker takes over");
    assert!(speech.readiness().is_ready());
    speech.shutdown().await;
}

#[tokio::test]
async fn a_request_right_after_the_only_worker_died_is_answered_by_its_successor() {
    let folder = Folder::new();
    let speech = start(config(&folder)).await;
    let old = worker(&speech, "tts-0").pid.unwrap();
    signal(old, Signal::SIGKILL);
    assert_eq!(clause(&speech, "sorry").await.unwrap(), 50 * 320);
    let successor = worker(&speech, "tts-0");
    assert!(successor.pid.is_some_and(|pid| pid != old) && successor.restarts == 1, "{successor:?}");
    speech.shutdown().await;
}

#[tokio::test]
async fn a_worker_that_dies_of_a_request_before_it_answered_is_replaced_unnoticed() {
    let folder = Folder::new();
    let died = folder.path().join("died");
    let tts = stage([command(&["--die-once", died.to_str().unwrap()])]);
    let speech = start(SpeechConfig { tts, ..config(&folder) }).await;
    assert_eq!(clause(&speech, "hello").await.unwrap(), 50 * 320);
    assert!(died.exists());
    assert_eq!(worker(&speech, "tts-0").restarts, 1);
    speech.shutdown().await;
}

#[tokio::test]
async fn a_worker_whose_places_are_all_taken_is_asked_again_while_there_is_time() {
    let folder = Folder::new();
    let tts = stage([command(&["--busy", "3"])]);
    let speech = start(SpeechConfig { tts, ..config(&folder) }).await;
    assert_eq!(clause(&speech, "hello").await.unwrap(), 50 * 320);
    assert_eq!(worker(&speech, "tts-0").restarts, 0);
    speech.shutdown().await;
}

#[tokio::test]
async fn a_clause_whose_worker_is_killed_in_the_middle_is_ended_by_its_successor() {
    let folder = Folder::new();
    let tts = stage([command(&["--chunk-ms", "20"])]);
    let speech = start(SpeechConfig { tts, ..config(&folder) }).await;
    let mut synthesis = speech.synthesise(SynthesiseRequest::default()).await.unwrap();
    let mut samples = synthesis.next().await.unwrap().expect("a clause has samples").len();
    let old = worker(&speech, "tts-0").pid.unwrap();
    signal(old, Signal::SIGKILL);
    while let Some(more) = within(Duration::from_secs(5), synthesis.next()).await.unwrap() {
        samples += more.len();
    }
    assert_eq!(samples, 50 * 320, "none is lost, and none comes twice");
    assert!(worker(&speech, "tts-0").pid.is_some_and(|pid| pid != old));
    assert_eq!(worker(&speech, "tts-0").in_flight, 1, "a request holds its place until it is dropped");
    drop(synthesis);
    assert_eq!(worker(&speech, "tts-0").in_flight, 0);
    speech.shutdown().await;
}

#[tokio::test]
async fn while_the_language_model_is_away_the_fallback_answers_and_is_counted() {
    // The runtime of this test has one thread, so that the recorder sees this test and no other.
    let recorder = metrics::recorder();
    let handle = recorder.handle();
    let _recording = ::metrics::set_default_local_recorder(&recorder);
    let folder = Folder::new();
    let fallback = stage([command(&[])]);
    // The language model comes back late enough to be missed.
    let timing = Timing { restart_first: Duration::from_secs(3), ..timing() };
    let speech = start_with(SpeechConfig { llm_fallback: Some(fallback), ..config(&folder) }, timing).await;
    let (model, rules) = (worker(&speech, "llm-0").pid.unwrap(), worker(&speech, "llm-fallback-0").pid.unwrap());
    assert_eq!(reply(&speech, "a").await.unwrap(), model.to_string());
    assert_eq!(fallbacks(&handle), 0);

    signal(model, Signal::SIGKILL);
    assert_eq!(reply(&speech, "a").await.unwrap(), rules.to_string());
    assert_ne!(worker(&speech, "llm-0").state, WorkerState::Serving, "nobody waited until it was back");
    assert_eq!(fallbacks(&handle), 1);
    let check = speech.readiness().checks.into_iter().find(|check| check.name == "llm").unwrap();
    assert!(check.ok && check.detail.contains("the fallback answers"), "{check:?}");

    until_replaced(&speech, "llm-0", model, Duration::from_secs(10)).await;
    assert_ne!(reply(&speech, "a").await.unwrap(), rules.to_string());
    assert_eq!(fallbacks(&handle), 1);
    let text = handle.render();
    assert!(text.contains("pjsua_agent_worker_up{stage=\"llm\",worker=\"llm-0\"} 1"), "{text}");
    assert!(text.contains("pjsua_agent_worker_restarts_total{stage=\"llm\"} 1"), "{text}");
    assert!(text.contains("pjsua_agent_worker_restarts_total{stage=\"stt\"} 0"), "{text}");
    speech.shutdown().await;
}

#[tokio::test]
async fn while_a_language_model_hangs_the_fallback_answers_before_it_is_replaced() {
    let folder = Folder::new();
    let fallback = stage([command(&[])]);
    let speech = start(SpeechConfig { llm_fallback: Some(fallback), ..config(&folder) }).await;
    let (model, rules) = (worker(&speech, "llm-0").pid.unwrap(), worker(&speech, "llm-fallback-0").pid.unwrap());
    stop(model).await;
    assert_eq!(reply(&speech, "a").await.unwrap(), rules.to_string());
    let hanging = worker(&speech, "llm-0");
    assert_eq!((hanging.pid, hanging.restarts), (Some(model), 0), "{hanging:?}");
    speech.shutdown().await;
    assert!(!exists(model));
}

#[tokio::test]
async fn the_small_model_has_workers_of_its_own_and_calls_can_do_without_it() {
    let folder = Folder::new();
    let small = stage([command(&[])]);
    let speech = start(SpeechConfig { llm_small: Some(small), ..config(&folder) }).await;
    let pid = worker(&speech, "llm-small-0").pid.unwrap();
    assert_eq!(first_words(&speech).await.unwrap(), pid.to_string());
    assert_ne!(reply(&speech, "a").await.unwrap(), pid.to_string());
    stop(pid).await;
    assert!(speech.readiness().is_ready(), "{:?}", speech.readiness());
    speech.shutdown().await;

    let without = start(config(&Folder::new())).await;
    assert!(first_words(&without).await.unwrap_err().contains("none is configured"));
    without.shutdown().await;
}
