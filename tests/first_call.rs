//! A caller dials an IVR, is transferred to the agent, asks aloud, and hears a spoken answer to it.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tests::caller::{Caller, Dial};
use tests::daemon::Daemon;
use tests::journal::Journal;
use tests::paths::run_dir;
use tests::rtp::{Codec, WireTime};
use tests::scene::{self, PATIENCE, Scene};

const QUESTION: &str = "what are your opening hours on saturday";

/// Hears the greeting, asks, understands the hours, hangs up.
fn ask_for_the_hours(caller: &Caller, daemon: &Daemon, dir: &Path) -> Journal {
    scene::hear_greeting(caller).unwrap();
    let answer = scene::ask(caller, QUESTION).unwrap();
    caller.rtp().recording().write(&dir.join("call.wav")).unwrap();
    let words = scene::understand(caller, &answer).unwrap();
    eprintln!("{:?}: answered after {} ms: {words}", caller.rtp().codec(), answer.latency().as_millis());
    for word in ["nine", "morning", "afternoon"] {
        assert!(words.contains(word), "no “{word}” in what the caller heard: {words}");
    }
    let journal = scene::hang_up(caller, daemon).unwrap();
    let transcripts = journal.transcripts().join(" ");
    assert!(transcripts.contains("opening hours") && transcripts.contains("saturday"), "{transcripts}");
    assert_eq!(caller.rtp().failure(), None);
    journal
}

/// Through the IVR by `key`, as far as the agent's greeting.
fn through_the_ivr(scene: &Scene, key: char, codec: Codec) -> Caller {
    let caller = scene.call("100", codec).unwrap();
    caller.rtp().wait_audible(WireTime::BEGINNING, PATIENCE).unwrap();
    caller.rtp().press(key);
    caller
}

/// The IVR dials the agent on its registration; nobody is trusted beside it.
fn dialled_through(name: &str, codec: Codec, codec_name: &str) {
    let Some(scene) = Scene::open(name, |setup| setup.trusted.clear()) else { return };
    let caller = through_the_ivr(&scene, '1', codec);
    scene.daemon.wait_calls(1, PATIENCE).unwrap();
    let journal = ask_for_the_hours(&caller, &scene.daemon, &scene.dir);
    assert!(journal.codec().contains(codec_name), "{}", journal.codec());
    assert_eq!(journal.context("X-Customer-Number"), Some("4711"));
    assert!(journal.prompt().contains("4711"), "{}", journal.prompt());
    scene.asterisk.wait_channels(0, PATIENCE).unwrap();
}

#[test]
fn a_caller_dialled_through_by_the_ivr_is_answered_over_g711() {
    dialled_through("first-call-dial", Codec::Pcmu, "pcmu");
}

#[test]
fn the_same_over_a_law() {
    dialled_through("first-call-alaw", Codec::Pcma, "pcma");
}

#[test]
fn the_same_over_g722() {
    dialled_through("first-call-g722", Codec::G722, "g722");
}

#[test]
fn the_same_over_opus() {
    dialled_through("first-call-opus", Codec::Opus, "opus");
}

#[test]
fn a_caller_referred_by_the_ivr_is_answered_and_brings_his_headers() {
    let Some(scene) = Scene::open("first-call-refer", |_| {}) else { return };
    let first = through_the_ivr(&scene, '2', Codec::Pcmu);
    let referral = first.referral(PATIENCE).unwrap();
    assert_eq!(referral.header_value("X-Customer-Number"), Some("4711"));
    first.peer_hangs_up(PATIENCE).unwrap();
    let since = WireTime::now();
    let caller = first.dial_referred(&referral, &scene.dir.join("referred")).unwrap();
    caller.answered(PATIENCE).unwrap();
    // The PBX is out of the call now.
    scene.asterisk.wait_channels(0, PATIENCE).unwrap();

    caller.rtp().wait_finished(since, scene::ANSWER_PAUSE, Duration::from_secs(30)).unwrap();
    let answer = scene::ask(&caller, QUESTION).unwrap();
    let words = scene::understand(&caller, &answer).unwrap();
    assert!(words.contains("nine") && words.contains("afternoon"), "{words}");
    scene::ask(&caller, "what is my customer number").unwrap();
    let journal = scene::hang_up(&caller, &scene.daemon).unwrap();
    assert_eq!(journal.context("X-Customer-Number"), Some("4711"));
    assert_eq!(journal.context("X-IVR-Choice"), Some("2"));
    assert!(journal.spoken().join(" ").contains("4711"), "{:?}", journal.spoken());
}

#[test]
fn a_caller_from_freepbx_brings_the_number_he_dialled() {
    let Some(scene) = Scene::open("first-call-freepbx", |setup| setup.trusted.clear()) else { return };
    let caller = scene.call("7000", Codec::Pcmu).unwrap();
    let journal = ask_for_the_hours(&caller, &scene.daemon, &scene.dir);
    assert_eq!(journal.context("X-DID"), Some("5550100"));
}

#[test]
fn a_trusted_peer_calls_without_a_registration() {
    let (daemon, dir) = scene::direct("first-call-direct", |_| {}).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    let journal = ask_for_the_hours(&caller, &daemon, &dir);
    assert_eq!(journal.transfer_code(), None);
}

#[test]
fn a_trusted_peer_calls_over_tcp() {
    let (daemon, dir) = scene::direct("first-call-tcp", |_| {}).unwrap();
    let dial = Dial { tcp: true, ..Dial::new(daemon.sip(), "agent") };
    let caller = Caller::dial(&dial, &dir.join("caller")).unwrap();
    caller.answered(PATIENCE).unwrap();
    scene::hear_greeting(&caller).unwrap();
    // He cannot be told by datagram to hang up; the agent hangs up on request.
    scene::ask(&caller, "goodbye").unwrap();
    caller.peer_hangs_up(PATIENCE).unwrap();
    daemon.wait_calls(0, PATIENCE).unwrap();
}

#[test]
fn a_stranger_is_refused_with_403() {
    let (daemon, dir) = scene::direct("first-call-stranger", |_| {}).unwrap();
    let dial = Dial { local: Ipv4Addr::new(127, 0, 0, 2), ..Dial::new(daemon.sip(), "agent") };
    let (code, _) = Caller::dial_refused(&dial, &dir.join("stranger")).unwrap();
    assert_eq!(code, 403);
    assert!(daemon.calls().unwrap().is_empty());
    assert!(daemon.journals().unwrap().is_empty());
}

#[test]
fn three_questions_in_one_call_each_get_their_own_answer() {
    let (daemon, dir) = scene::direct("first-call-three", |_| {}).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    for (question, expected) in
        [(QUESTION, "afternoon"), ("how much is the blue teapot", "dollars"), ("where is your shop", "station")]
    {
        let answer = scene::ask(&caller, question).unwrap();
        let words = scene::understand(&caller, &answer).unwrap();
        assert!(words.contains(expected), "{question}: {words}");
    }
    caller.rtp().recording().write(&dir.join("call.wav")).unwrap();
    let journal = scene::hang_up(&caller, &daemon).unwrap();
    assert_eq!(journal.audio().map(|audio| audio.playout_underruns), Some(0));
}

#[test]
fn a_caller_who_says_goodbye_is_answered_and_the_agent_hangs_up() {
    let (daemon, dir) = scene::direct("first-call-goodbye", |_| {}).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let answer = scene::ask(&caller, "goodbye").unwrap();
    let words = scene::understand(&caller, &answer).unwrap();
    assert!(words.contains("thank you"), "{words}");
    caller.peer_hangs_up(PATIENCE).unwrap();
    caller.finish().unwrap();
    daemon.wait_calls(0, PATIENCE).unwrap();
}

#[test]
fn a_caller_who_says_nothing_is_asked_and_then_politely_left() {
    let dir = run_dir("first-call-silence").unwrap();
    let daemon = Daemon::start(tests::daemon::Setup::new().unwrap(), &dir.join("daemon")).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    let (_, greeted) = scene::hear_greeting(&caller).unwrap();
    let prompted = caller.rtp().wait_audible(greeted, Duration::from_secs(15)).unwrap();
    assert!(prompted.since(greeted) > Duration::from_secs(4), "prompted after {:?}", prompted.since(greeted));
    caller.peer_hangs_up(Duration::from_secs(60)).unwrap();
    let journal = daemon.newest_journal().unwrap();
    assert!(journal.history().iter().all(|entry| !entry.by_caller), "{:?}", journal.history());
}
