//! The kit itself, proved against Asterisk's own applications: what it says about packets must be true before it may judge
//! the daemon.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::Duration;

use tests::asterisk::{Asterisk, Pbx};
use tests::caller::{Caller, Dial, Person};
use tests::paths::run_dir;
use tests::rtp::{Codec, WireTime};
use tests::speech::{Speech, Voice};

const SOON: Duration = Duration::from_secs(10);

/// A caller of Asterisk's dialplan, answered.
fn call(asterisk: &Asterisk, extension: &str, codec: Codec, dir: &std::path::Path) -> Caller {
    let caller = Caller::dial(&Dial::new(asterisk.sip(), extension).codec(codec), &dir.join("sipp")).unwrap();
    caller.answered(SOON).unwrap();
    caller
}

#[test]
fn asterisk_boots_stops_and_boots_again_on_its_port() {
    let dir = run_dir("kit-boot").unwrap();
    let Some(mut asterisk) = Asterisk::for_suite(&Pbx::default(), &dir) else { return };
    assert!(asterisk.command("core show version").unwrap().starts_with("Asterisk 22."));
    assert!(asterisk.command("dialplan show agent-ivr").unwrap().contains("IVR_CHOICE"));
    assert!(asterisk.command("pjsip show endpoint agent").unwrap().contains("agent-auth"));
    assert_eq!((asterisk.contact("agent"), asterisk.channel_count().unwrap()), (None, 0));
    let complaints = asterisk.log_tail(1000);
    let complaints: Vec<&str> =
        complaints.lines().filter(|line| line.contains("ERROR[") || line.contains("WARNING[")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");

    asterisk.stop().unwrap();
    assert!(asterisk.command("core show version").is_err());
    asterisk.start_again().unwrap();
    assert_eq!(asterisk.channel_count().unwrap(), 0);
}

#[test]
fn a_callers_words_come_back_from_echo_in_every_codec() {
    let dir = run_dir("kit-echo").unwrap();
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir) else { return };
    let question = Speech::new(Voice::Rms, "what are your opening hours on saturday").unwrap();
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        let dir = dir.join(format!("{codec:?}"));
        let caller = call(&asterisk, "echo", codec, &dir);
        let said = caller.rtp().say_and_wait(&question).unwrap();
        let first = caller.rtp().wait_audible(said.onset, SOON).unwrap();
        let last = caller.rtp().wait_finished(said.onset, Duration::from_millis(500), SOON).unwrap();
        let delay = first.millis_since(said.onset);
        assert!((0.0..60.0).contains(&delay), "{codec:?}: echo after {delay} ms");
        let (out, back) = (said.end.since(said.onset), last.since(first));
        assert!(out.abs_diff(back) < Duration::from_millis(60), "{codec:?}: {out:?} went, {back:?} came");

        let recording = caller.rtp().recording();
        recording.write(&dir.join("call.wav")).unwrap();
        let level = |samples: &[i16]| tests::rtp::rms(samples);
        let echo = level(recording.agent_between(first, last));
        let own = level(&question.samples());
        assert!((0.7..1.3).contains(&(echo / own)), "{codec:?}: level {echo} of {own}");
        let pacing = caller.rtp().heard(|heard| heard.pacing(said.onset, last));
        assert!(pacing.count > 50 && pacing.lost == 0, "{codec:?}: {pacing:?}");
        caller.hang_up().unwrap();
        caller.finish().unwrap();
        assert_eq!(caller.rtp().failure(), None);
    }
    asterisk.wait_channels(0, SOON).unwrap();
}

#[test]
fn the_judge_understands_what_came_back_in_every_codec() {
    let dir = run_dir("kit-judge").unwrap();
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir) else { return };
    let question = Speech::new(Voice::Rms, "what are your opening hours on saturday").unwrap();
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let caller = call(&asterisk, "echo", codec, &dir.join(format!("{codec:?}")));
        let said = caller.rtp().say_and_wait(&question).unwrap();
        let last = caller.rtp().wait_finished(said.onset, Duration::from_millis(500), SOON).unwrap();
        let words = tests::recognise::words(
            caller.rtp().recording().agent_between(said.onset, last + Duration::from_millis(200)),
        );
        let words = words.unwrap();
        assert!(words.contains("opening hours") && words.contains("saturday"), "{codec:?}: {words}");
        caller.hang_up().unwrap();
    }
}

#[test]
fn an_announcement_has_a_beginning_and_an_end_on_the_wire() {
    let dir = run_dir("kit-announcement").unwrap();
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir) else { return };
    let caller = call(&asterisk, "announcement", Codec::Pcmu, &dir);
    let start = WireTime::BEGINNING;
    let first = caller.rtp().wait_audible(start, SOON).unwrap();
    caller.rtp().wait_audible_for(Duration::from_secs(1), first, SOON).unwrap();
    assert!(WireTime::now().since(first) >= Duration::from_millis(950));
    caller.peer_hangs_up(Duration::from_secs(60)).unwrap();
    caller.finish().unwrap();
    let heard = caller.rtp().heard(|heard| heard.audible_since(start));
    assert!(heard > Duration::from_secs(3), "{heard:?}");
}

#[test]
fn a_key_leads_through_the_ivr_to_a_person_and_both_hear_each_other() {
    let dir = run_dir("kit-ivr").unwrap();
    let person = Person::at_desk(Codec::Pcmu, &dir.join("person")).unwrap();
    let pbx = Pbx { human: Some(person.address()), ..Pbx::default() };
    let Some(asterisk) = Asterisk::for_suite(&pbx, &dir) else { return };
    let caller = call(&asterisk, "100", Codec::Pcmu, &dir);
    caller.rtp().wait_audible(WireTime::BEGINNING, SOON).unwrap();
    // The agent is not registered, so the dialplan of the snippet hands the caller to the person.
    caller.rtp().press('1');
    person.answered(SOON).unwrap();

    let hello = Speech::new(Voice::Awb, "good morning how can i help").unwrap();
    let said = person.rtp().say_and_wait(&hello).unwrap();
    caller.rtp().wait_audible(said.onset, SOON).unwrap();
    let answer = Speech::new(Voice::Rms, "a blue teapot please").unwrap();
    let said = caller.rtp().say_and_wait(&answer).unwrap();
    person.rtp().wait_audible(said.onset, SOON).unwrap();
    assert_eq!(asterisk.channel_count().unwrap(), 2);

    person.hang_up().unwrap();
    caller.peer_hangs_up(SOON).unwrap();
    caller.finish().unwrap();
    asterisk.wait_channels(0, SOON).unwrap();
}

#[test]
fn the_ivr_refers_a_caller_with_its_headers_to_another_address() {
    let dir = run_dir("kit-refer").unwrap();
    let person = Person::at_desk(Codec::Pcmu, &dir.join("person")).unwrap();
    let pbx = Pbx { agent: Some(person.address()), ..Pbx::default() };
    let Some(asterisk) = Asterisk::for_suite(&pbx, &dir) else { return };
    let caller = call(&asterisk, "100", Codec::Pcmu, &dir);
    caller.rtp().press('2');
    let referral = caller.referral(SOON).unwrap();
    assert_eq!(referral.peer, person.address());
    assert_eq!(referral.header_value("X-Customer-Number"), Some("4711"));
    assert_eq!(referral.header_value("X-IVR-Choice"), Some("2"));

    caller.peer_hangs_up(SOON).unwrap();
    caller.finish().unwrap();
    let again = caller.dial_referred(&referral, &dir.join("referred")).unwrap();
    again.answered(SOON).unwrap();
    person.answered(SOON).unwrap();
    let said = again.rtp().say_and_wait(&Speech::new(Voice::Rms, "hello").unwrap()).unwrap();
    person.rtp().wait_audible(said.onset, SOON).unwrap();
    again.hang_up().unwrap();
    person.peer_hangs_up(SOON).unwrap();
}

#[test]
fn a_wrong_door_is_a_refusal_with_its_code() {
    let dir = run_dir("kit-refusal").unwrap();
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir) else { return };
    let dial = Dial::new(asterisk.sip(), "no-such-extension");
    assert_eq!(Caller::dial_refused(&dial, &dir.join("sipp")).unwrap(), (404, None));
}

#[test]
fn many_callers_of_one_sipp_are_told_apart() {
    let dir = run_dir("kit-many").unwrap();
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir) else { return };
    let callers = Caller::dial_many(&Dial::new(asterisk.sip(), "echo"), 10, 10, &dir.join("sipp")).unwrap();
    let word = Speech::new(Voice::Awb, "hello").unwrap();
    for caller in &callers {
        caller.answered(SOON).unwrap();
    }
    for (index, caller) in callers.iter().enumerate() {
        let said = caller.rtp().say_and_wait(&word).unwrap();
        caller.rtp().wait_audible(said.onset, SOON).unwrap();
        let heard_by_others =
            callers.iter().skip(index + 1).any(|other| other.rtp().heard(|heard| heard.last_audible()).is_some());
        assert!(!heard_by_others);
    }
    for caller in &callers {
        caller.hang_up().unwrap();
    }
    callers[0].finish().unwrap();
}
