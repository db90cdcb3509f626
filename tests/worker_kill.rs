//! A worker dies while it works for a call: the call stays up, the caller hears something, the next turn works.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::caller::Caller;
use tests::daemon::Daemon;
use tests::rtp::{Codec, WireTime};
use tests::scene::{self, ANSWER_PAUSE, PATIENCE};
use tests::speech::{Speech, Voice};

/// The caller must not sit in silence for longer.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

const QUESTION: &str = "what are your opening hours on saturday";

fn kill_worker(daemon: &Daemon, program: &str) -> WireTime {
    let workers = daemon.workers(program);
    assert!(!workers.is_empty(), "no {program} runs");
    for pid in workers {
        kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
    }
    WireTime::now()
}

/// Asks until the answer is there; a caller repeats himself once when he was told to.
fn the_next_turn_works(caller: &Caller) {
    for attempt in 0..3 {
        let answer = scene::ask(caller, QUESTION).unwrap();
        let words = scene::understand(caller, &answer).unwrap();
        eprintln!("after the kill, attempt {attempt}: {words}");
        if words.contains("afternoon") {
            return;
        }
    }
    panic!("the agent does not recover");
}

fn finish(caller: &Caller, daemon: &mut Daemon, pid: u32) {
    let pacing = caller.rtp().heard(|heard| heard.longest_gap(WireTime::BEGINNING));
    assert!(pacing < Duration::from_millis(200), "a hole of {pacing:?} in the agent's RTP");
    scene::hang_up(caller, daemon).unwrap();
    assert!(daemon.is_running() && daemon.pid().unwrap() == pid);
    daemon.wait_ready().unwrap();
}

#[test]
fn the_recogniser_dies_while_the_caller_speaks() {
    let (mut daemon, dir) = scene::direct("worker-kill-stt", |_| {}).unwrap();
    let pid = daemon.pid().unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let id = caller.rtp().say(&Speech::new(Voice::Rms, QUESTION).unwrap());
    tests::until("the caller should speak", PATIENCE, || caller.rtp().onset(id)).unwrap();
    std::thread::sleep(Duration::from_millis(900));
    kill_worker(&daemon, "pjsua-agent-stt");
    let said = tests::until("the caller should end", PATIENCE, || caller.rtp().said(id)).unwrap();
    let heard = caller.rtp().wait_audible(said.onset, PATIENCE).unwrap();
    assert!(heard.since(said.end) <= SIGN_OF_LIFE, "silence for {:?}", heard.since(said.end));
    caller.rtp().wait_finished(said.end, ANSWER_PAUSE, PATIENCE).unwrap();
    the_next_turn_works(&caller);
    finish(&caller, &mut daemon, pid);
}

#[test]
fn the_voice_dies_while_the_agent_speaks() {
    let (mut daemon, dir) = scene::direct("worker-kill-tts", |_| {}).unwrap();
    let pid = daemon.pid().unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let story = Speech::new(Voice::Rms, "please tell me the history of your shop").unwrap();
    let asked = caller.rtp().say_and_wait(&story).unwrap();
    // In the first clause: the later ones are still to be made.
    caller.rtp().wait_audible(asked.end, PATIENCE).unwrap();
    let killed = kill_worker(&daemon, "pjsua-agent-tts");
    // Whatever was queued is played; after it there may be no more than two seconds of nothing.
    std::thread::sleep(Duration::from_secs(8));
    let packets: Vec<WireTime> = caller.rtp().heard(|heard| {
        let audible = heard.packets().iter().filter(|packet| packet.at > killed && packet.is_audible());
        audible.map(|packet| packet.at).collect()
    });
    let first = packets.first().copied().unwrap();
    assert!(first.since(killed) <= SIGN_OF_LIFE, "silence for {:?} after the kill", first.since(killed));
    let gap =
        packets.windows(2).map(|pair| pair[1].since(pair[0])).take_while(|gap| *gap < Duration::from_secs(5)).max();
    assert!(gap.unwrap_or_default() <= SIGN_OF_LIFE, "a silence of {gap:?} inside the answer");
    caller.rtp().wait_finished(killed, Duration::from_millis(1_500), Duration::from_secs(60)).unwrap();
    the_next_turn_works(&caller);
    finish(&caller, &mut daemon, pid);
}

#[test]
fn the_model_dies_before_it_can_answer() {
    let (mut daemon, dir) = scene::direct("worker-kill-llm", |_| {}).unwrap();
    let pid = daemon.pid().unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    // Rules answer within a millisecond, so the worker is stopped first and dies with the request in its hands.
    for worker in daemon.workers("pjsua-agent-llm") {
        kill(Pid::from_raw(i32::try_from(worker).unwrap()), Signal::SIGSTOP).unwrap();
    }
    let said = caller.rtp().say_and_wait(&Speech::new(Voice::Rms, QUESTION).unwrap()).unwrap();
    std::thread::sleep(Duration::from_millis(800));
    kill_worker(&daemon, "pjsua-agent-llm");
    let heard = caller.rtp().wait_audible(said.end, PATIENCE).unwrap();
    let silence = heard.since(said.end);
    assert!(silence <= SIGN_OF_LIFE + Duration::from_millis(800), "silence for {silence:?}");
    caller.rtp().wait_finished(said.end, ANSWER_PAUSE, PATIENCE).unwrap();
    the_next_turn_works(&caller);
    finish(&caller, &mut daemon, pid);
}

#[test]
fn all_workers_die_between_two_turns() {
    let (mut daemon, dir) = scene::direct("worker-kill-all", |_| {}).unwrap();
    let pid = daemon.pid().unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    for program in ["pjsua-agent-stt", "pjsua-agent-llm", "pjsua-agent-tts"] {
        kill_worker(&daemon, program);
    }
    the_next_turn_works(&caller);
    let restarts = daemon.metric("worker_restarts_total").unwrap();
    assert!(restarts >= 3.0, "{restarts} restarts counted");
    finish(&caller, &mut daemon, pid);
}
