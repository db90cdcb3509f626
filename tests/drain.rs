//! The end of the daemon: in good order at SIGTERM, and no harm done at SIGKILL.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tests::caller::{Caller, Dial};
use tests::scene::{self, PATIENCE, Scene};

#[test]
fn at_sigterm_calls_may_end_new_ones_are_refused_and_the_last_is_ended_in_time() {
    let drain = Duration::from_secs(12);
    let Some(mut scene) = Scene::open("drain", |setup| setup.drain_timeout = drain) else { return };
    let dial = Dial::new(scene.daemon.sip(), "agent");
    let callers: Vec<Caller> =
        (0..5).map(|number| Caller::dial(&dial, &scene.dir.join(format!("caller-{number}"))).unwrap()).collect();
    for caller in &callers {
        caller.answered(PATIENCE).unwrap();
    }
    for caller in &callers {
        scene::hear_greeting(caller).unwrap();
    }
    scene.daemon.wait_calls(5, PATIENCE).unwrap();

    let told = Instant::now();
    scene.daemon.signal(Signal::SIGTERM);
    scene.asterisk.wait_unregistered("agent", Duration::from_secs(5)).unwrap();
    let (code, retry_after) = Caller::dial_refused(&dial, &scene.dir.join("late")).unwrap();
    assert_eq!(code, 503);
    assert!(retry_after.is_some_and(|seconds| seconds > 0), "{retry_after:?}");

    // Calls go on: one caller still gets his answer.
    let answer = scene::ask(&callers[0], "what are your opening hours on saturday").unwrap();
    for caller in &callers[..4] {
        caller.hang_up().unwrap();
    }
    assert!(scene.daemon.is_running(), "a call is still up");
    callers[4].peer_hangs_up(drain + Duration::from_secs(5)).unwrap();
    let lasted = told.elapsed();
    assert!(lasted >= drain - Duration::from_secs(1), "the last call was ended after {lasted:?}");
    let status = scene.daemon.wait_end(Duration::from_secs(10)).unwrap();
    assert_eq!(status.code(), Some(0));
    // Judged when nothing waits for it any more: that takes as long as the machine takes.
    let words = scene::understand(&callers[0], &answer).unwrap();
    assert!(words.contains("afternoon"), "{words}");
    for caller in &callers {
        caller.finish().unwrap();
    }
    assert!(scene.daemon.workers("pjsua-agent-stt").is_empty());
}

#[test]
fn an_idle_daemon_ends_at_once() {
    let (mut daemon, _dir) = scene::direct("drain-idle", |_| {}).unwrap();
    let told = Instant::now();
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait_end(Duration::from_secs(6)).unwrap().code(), Some(0));
    eprintln!("ended after {:?}", told.elapsed());
}

#[test]
fn after_sigkill_no_worker_is_left_and_a_new_daemon_registers_again() {
    let Some(mut scene) = Scene::open("drain-kill", |_| {}) else { return };
    let workers: Vec<u32> = ["pjsua-agent-stt", "pjsua-agent-llm", "pjsua-agent-tts"]
        .iter()
        .flat_map(|name| scene.daemon.workers(name))
        .collect();
    assert!(workers.len() >= 3, "{workers:?}");
    scene.daemon.signal(Signal::SIGKILL);
    scene.daemon.wait_end(PATIENCE).unwrap();
    tests::until("the workers should end with the daemon", Duration::from_secs(5), || {
        let alive =
            |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        (!workers.iter().any(alive)).then_some(())
    })
    .unwrap();
    let old = scene.asterisk.contact("agent");
    scene.daemon.start_again().unwrap();
    scene.daemon.wait_ready().unwrap();
    scene.asterisk.wait_registered("agent", Duration::from_secs(10)).unwrap();
    eprintln!("contact before {old:?}, now {:?}", scene.asterisk.contact("agent"));
    let caller = scene.call("700", tests::rtp::Codec::Pcmu).unwrap();
    scene::hear_greeting(&caller).unwrap();
    scene::hang_up(&caller, &scene.daemon).unwrap();
}
