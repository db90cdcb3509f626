//! Start, death, hanging, end.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use pjsua_agent::speech::{Speech, SpeechConfig, SpeechError, Timing, WorkerSource, WorkerState};

use super::kit::*;

#[tokio::test]
async fn a_missing_program_is_named_with_the_places_looked_at_and_the_remedy() {
    let folder = Folder::new();
    let program = folder.path().join("pjsua-agent-tts");
    let tts = stage([WorkerSource::Command { program: program.clone(), args: vec![] }]);
    let error = Speech::start(SpeechConfig { tts, ..config(&folder) }).await.unwrap_err();
    assert!(matches!(error, SpeechError::ProgramNotFound { .. }));
    let text = error.to_string();
    assert!(text.starts_with("[tts] ") && text.contains(program.to_str().unwrap()), "{text}");
    assert!(text.contains("cargo build --release -p pjsua-agent-tts"), "{text}");
}

#[tokio::test]
async fn a_worker_that_ends_before_it_serves_is_reported_early_with_its_last_line_and_its_command() {
    let folder = Folder::new();
    let stt = stage([command(&["--fail", "there is no model at /models/x"])]);
    let starting = Speech::start_with(SpeechConfig { stt, ..config(&folder) }, timing());
    let text = within(Duration::from_secs(10), starting).await.unwrap_err().to_string();
    assert!(text.contains("speech worker stt-0") && text.contains("exited with code 1"), "{text}");
    assert!(text.contains("there is no model at /models/x"), "{text}");
    assert!(text.contains(&format!("{} --fail", test_worker().display())), "{text}");
    assert!(folder.path().join("run").read_dir().unwrap().next().is_none(), "a socket was left");
}

#[tokio::test]
async fn a_worker_that_never_serves_is_reported_when_the_time_is_over() {
    let folder = Folder::new();
    let llm = stage([command(&["--load-ms", "60000"])]);
    let timing = Timing { start_timeout: Duration::from_millis(700), ..timing() };
    let error = Speech::start_with(SpeechConfig { llm, ..config(&folder) }, timing).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("speech worker llm-0 is not serving after 0.7 s"), "{text}");
    assert!(text.contains("NOT_SERVING") || text.contains("not SERVING"), "{text}");
}

#[tokio::test]
async fn after_start_every_stage_answers_and_after_shutdown_no_process_and_no_socket_is_left() {
    let folder = Folder::new();
    let speech = start(config(&folder)).await;
    assert!(speech.readiness().is_ready());
    let names: Vec<_> = speech.readiness().checks.into_iter().map(|check| check.name).collect();
    assert_eq!(names, ["stt", "llm", "tts"]);
    assert_eq!(transcript(&speech).await.unwrap(), worker(&speech, "stt-0").pid.unwrap().to_string());
    assert_eq!(reply(&speech, "a").await.unwrap(), worker(&speech, "llm-0").pid.unwrap().to_string());
    assert_eq!(clause(&speech, "hello").await.unwrap(), 50 * 320);
    let pids: Vec<u32> = speech.workers().iter().filter_map(|worker| worker.pid).collect();
    assert_eq!((pids.len(), worker(&speech, "tts-0").engine.as_deref()), (3, Some("test")));

    within(Duration::from_secs(5), speech.shutdown()).await;
    assert!(pids.into_iter().all(|pid| !exists(pid)));
    assert!(speech.workers().iter().all(|worker| worker.state == WorkerState::Stopped));
    assert!(folder.path().join("run").read_dir().unwrap().next().is_none(), "a socket was left");
}

#[tokio::test]
async fn sockets_of_a_daemon_that_was_killed_are_removed_at_the_next_start() {
    let folder = Folder::new();
    let gone = {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    };
    let run = folder.path().join("run");
    std::fs::create_dir(&run).unwrap();
    let (stale, foreign) = (run.join(format!("{gone}-stt-0.sock")), run.join("notes.sock"));
    std::fs::write(&stale, "").unwrap();
    std::fs::write(&foreign, "").unwrap();
    let speech = start(config(&folder)).await;
    assert!(!stale.exists() && foreign.exists());
    speech.shutdown().await;
}

#[tokio::test]
async fn a_killed_worker_is_started_again_and_serves_the_next_request() {
    let folder = Folder::new();
    let speech = start(config(&folder)).await;
    for (name, restarts) in [("stt-0", 1), ("tts-0", 1), ("tts-0", 2)] {
        let old = worker(&speech, name).pid.unwrap();
        signal(old, Signal::SIGKILL);
        let took = until_replaced(&speech, name, old, Duration::from_secs(5)).await;
        println!("{name} serves again after {took:?}");
        let now = worker(&speech, name);
        assert_eq!(now.restarts, restarts);
        assert!(now.last_error.unwrap().contains("killed by SIGKILL"));
    }
    assert_eq!(clause(&speech, "hello").await.unwrap(), 50 * 320);
    speech.shutdown().await;
}

#[tokio::test]
async fn a_worker_whose_health_is_not_answered_is_killed_and_replaced() {
    let folder = Folder::new();
    let timing =
        Timing { hung_after: Duration::from_millis(500), health_period: Duration::from_millis(100), ..timing() };
    let speech = start_with(config(&folder), timing).await;
    let old = worker(&speech, "stt-0").pid.unwrap();
    stop(old).await;
    until_replaced(&speech, "stt-0", old, Duration::from_secs(5)).await;
    assert!(!exists(old));
    assert!(worker(&speech, "stt-0").last_error.unwrap().contains("health was not answered within 500ms"));
    speech.shutdown().await;
}

#[tokio::test]
async fn a_worker_that_lets_two_requests_pass_their_deadlines_is_replaced_before_its_health_times_out() {
    let folder = Folder::new();
    let speech = start(config(&folder)).await;
    let old = worker(&speech, "stt-0").pid.unwrap();
    stop(old).await;
    let (first, second) = tokio::join!(transcript(&speech), transcript(&speech));
    let successor = worker(&speech, "stt-0");
    assert!(successor.last_error.unwrap().contains("passed their deadlines"));
    let successor = successor.pid.filter(|pid| *pid != old).unwrap().to_string();
    assert_eq!((first, second), (Ok(successor.clone()), Ok(successor)));
    speech.shutdown().await;
}

#[tokio::test]
async fn a_worker_that_is_only_overloaded_is_left_alone() {
    let folder = Folder::new();
    let speech = start(SpeechConfig { stt: stage([command(&["--overloaded"])]), ..config(&folder) }).await;
    let old = worker(&speech, "stt-0").pid.unwrap();
    let (first, second) = tokio::join!(transcript(&speech), transcript(&speech));
    assert!(first.unwrap_err().contains("no answer within"));
    assert!(second.unwrap_err().contains("no answer within"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let now = worker(&speech, "stt-0");
    assert_eq!((now.pid, now.restarts), (Some(old), 0));
    speech.shutdown().await;
}

#[tokio::test]
async fn a_worker_that_ignores_sigterm_is_killed_at_shutdown() {
    let folder = Folder::new();
    let timing = Timing { terminate_grace: Duration::from_millis(300), ..timing() };
    let speech = start_with(config(&folder), timing).await;
    let pid = worker(&speech, "tts-0").pid.unwrap();
    // A stopped process takes no SIGTERM until it is continued.
    stop(pid).await;
    within(Duration::from_secs(3), speech.shutdown()).await;
    assert!(!exists(pid));
}

/// A worker that somebody else runs.
struct Remote {
    child: Child,
}

impl Remote {
    fn start(port: u16) -> Self {
        let child = Command::new(test_worker())
            .args(["--listen", &format!("http://127.0.0.1:{port}")])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_remote_worker_is_used_missed_and_found_again_but_never_started() {
    let folder = Folder::new();
    let port = loopback_ports::one().unwrap();
    let remote = Remote::start(port);
    let stt = stage([WorkerSource::Address(format!("http://127.0.0.1:{port}"))]);
    let speech = start(SpeechConfig { stt, ..config(&folder) }).await;
    assert_eq!(transcript(&speech).await.unwrap(), remote.child.id().to_string());
    assert_eq!(worker(&speech, "stt-0").pid, None);

    drop(remote);
    until(Duration::from_secs(3), || !speech.readiness().is_ready()).await;
    let missed = speech.readiness().checks.into_iter().find(|check| check.name == "stt").unwrap();
    assert!(!missed.ok && missed.detail.contains("stt-0"), "{missed:?}");
    assert!(transcript(&speech).await.unwrap_err().contains("no stt worker is serving"));

    let remote = Remote::start(port);
    until(Duration::from_secs(5), || speech.readiness().is_ready()).await;
    assert_eq!(transcript(&speech).await.unwrap(), remote.child.id().to_string());
    assert_eq!(worker(&speech, "stt-0").restarts, 0);
    speech.shutdown().await;
    let mut remote = remote;
    assert!(remote.child.try_wait().unwrap().is_none(), "a remote worker is not ours to end");
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_refused_before_anything_is_started() {
    let folder = Folder::new();
    let stt = stage([WorkerSource::Address("10.0.0.7:7001".into())]);
    let text = Speech::start(SpeechConfig { stt, ..config(&folder) }).await.unwrap_err().to_string();
    assert!(text.starts_with("[stt] ") && text.contains("http://host:port"), "{text}");
    assert!(folder.files().iter().all(|file| file.ends_with("run")));
}
