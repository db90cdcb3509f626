//! "Let me speak to a person": the agent transfers the caller and is out of the call.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::Duration;

use tests::rtp::{Codec, WireTime};
use tests::scene::{self, PATIENCE, Scene};
use tests::speech::{Speech, Voice};

#[test]
fn a_caller_who_wants_a_person_is_connected_by_asterisk() {
    let Some(scene) = Scene::open("handover", |setup| setup.trusted.clear()) else { return };
    let caller = scene.call("700", Codec::Pcmu).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let said = caller.rtp().say_and_wait(&Speech::new(Voice::Rms, "let me speak to a person").unwrap()).unwrap();
    caller.rtp().wait_audible(said.end, PATIENCE).unwrap();
    scene.person.answered(Duration::from_secs(20)).unwrap();

    // The agent's leg ends, the daemon is idle, the caller's call goes on.
    scene.daemon.wait_calls(0, PATIENCE).unwrap();
    scene.asterisk.wait_channels(2, PATIENCE).unwrap();
    let hello = scene.person.rtp().say_and_wait(&Speech::new(Voice::Awb, "reception how can i help").unwrap()).unwrap();
    let arrived = caller.rtp().wait_audible(hello.onset, PATIENCE).unwrap();
    assert!(arrived.since(hello.onset) < Duration::from_millis(200));
    let answer = caller.rtp().say_and_wait(&Speech::new(Voice::Rms, "thank you that is all").unwrap()).unwrap();
    scene.person.rtp().wait_audible(answer.onset, PATIENCE).unwrap();

    let journal = scene.daemon.newest_journal().unwrap();
    assert_eq!(journal.transfer_code(), Some(200));
    assert!(journal.transcripts().join(" ").contains("person"), "{:?}", journal.transcripts());
    scene.person.hang_up().unwrap();
    caller.peer_hangs_up(PATIENCE).unwrap();
    scene.asterisk.wait_channels(0, PATIENCE).unwrap();
}

#[test]
fn after_a_transfer_that_nobody_takes_the_agent_is_still_there() {
    let Some(scene) = Scene::open("handover-refused", |setup| {
        let human = setup.human.take().unwrap_or_default();
        setup.human = Some(human.replace("human@", "nobody@"));
    }) else {
        return;
    };
    let caller = scene.call("700", Codec::Pcmu).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let said = caller.rtp().say_and_wait(&Speech::new(Voice::Rms, "let me speak to a person").unwrap()).unwrap();
    // "One moment please", and then that nobody is available.
    caller.rtp().wait_finished(said.end, Duration::from_millis(2_500), Duration::from_secs(40)).unwrap();
    let answer = scene::ask(&caller, "what are your opening hours on saturday").unwrap();
    let words = scene::understand(&caller, &answer).unwrap();
    assert!(words.contains("afternoon"), "{words}");
    let journal = scene::hang_up(&caller, &scene.daemon).unwrap();
    assert!(journal.transfer_code().is_some_and(|code| code >= 300), "{:?}", journal.transfer_code());
}

#[test]
fn a_direct_caller_is_told_whom_to_call() {
    let (daemon, dir) =
        scene::direct("handover-direct", |setup| setup.human = Some("sip:desk@127.0.0.1:5999".into())).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    caller.rtp().say_and_wait(&Speech::new(Voice::Rms, "let me speak to a person").unwrap()).unwrap();
    let referral = caller.referral(Duration::from_secs(20)).unwrap();
    assert_eq!((referral.user.as_str(), referral.peer.port()), ("desk", 5999));
    caller.peer_hangs_up(PATIENCE).unwrap();
    let ended = WireTime::now();
    daemon.wait_calls(0, PATIENCE).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let late = caller
        .rtp()
        .heard(|heard| heard.packets().last().is_some_and(|packet| packet.at > ended + Duration::from_millis(100)));
    assert!(!late, "the agent sends RTP after its BYE");
}
