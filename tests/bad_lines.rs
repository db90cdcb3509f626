//! Lines that bring along more, or less, than a caller's words: music on hold, the agent's own echo, a caller who is hardly
//! heard. With the models that people install.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tests::caller::Caller;
use tests::daemon::{Daemon, Engines};
use tests::journal::Journal;
use tests::material::{self, SPEECH_LEVEL_DBFS, Talker, at_level, spoken};
use tests::rtp::Codec;
use tests::scene;
use tests::speech::Speech;

fn answered(name: &str) -> (Daemon, Caller, PathBuf) {
    let (daemon, dir) = scene::direct(name, |setup| setup.engines = Engines::Real).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    (daemon, caller, dir)
}

fn journal(daemon: &Daemon) -> Journal {
    daemon.running_journal().unwrap().unwrap()
}

#[test]
fn music_on_hold_says_nothing_and_is_not_answered_for_ever() {
    let (daemon, caller, _dir) = answered("bad-lines-music");
    scene::hear_greeting(&caller).unwrap();
    let music = at_level(&material::music(1, Duration::from_secs(40)).unwrap(), SPEECH_LEVEL_DBFS);
    caller.rtp().say_and_wait(&Speech::whole(music)).unwrap();
    let journal = journal(&daemon);
    assert_eq!(journal.transcripts().join(" ").trim(), "");
    // Twice "I missed that", twice "are you still there", and good-bye.
    let said = journal.spoken();
    assert!(said.len() <= 6, "{said:?}");
}

#[test]
fn an_agent_does_not_hear_itself() {
    for delay_ms in [60, 200, 450] {
        let (daemon, caller, _dir) = answered(&format!("bad-lines-echo-{delay_ms}"));
        caller.rtp().echo(-12.0, Duration::from_millis(delay_ms));
        scene::hear_greeting(&caller).unwrap();
        let questions = ["what are your opening hours on saturday", "can you tell me your address please"];
        for question in questions {
            scene::ask(&caller, question).unwrap();
        }
        // Behind the last echo.
        thread::sleep(Duration::from_secs(2));
        let heard = journal(&daemon).transcripts();
        assert_eq!(heard.len(), questions.len(), "after {delay_ms} ms: {heard:?}");
        scene::hang_up(&caller, &daemon).unwrap();
    }
}

#[test]
fn who_talks_over_an_agent_with_a_loud_echo_stops_it() {
    let (daemon, caller, _dir) = answered("bad-lines-echo-interrupted");
    caller.rtp().echo(-12.0, Duration::from_millis(200));
    scene::hear_greeting(&caller).unwrap();
    let asked = Speech::new(tests::speech::Voice::Rms, "what are your opening hours on saturday").unwrap();
    let asked = caller.rtp().say_and_wait(&asked).unwrap();
    let speaks = caller.rtp().wait_audible(asked.end, scene::PATIENCE).unwrap();
    caller.rtp().wait_audible_for(Duration::from_secs(1), speaks, scene::PATIENCE).unwrap();
    // Under his first words lies the echo of what is still being said.
    scene::ask(&caller, "excuse me please how much is the blue teapot").unwrap();
    let journal = journal(&daemon);
    let (spoken, heard) = (journal.spoken(), journal.transcripts());
    assert!(spoken.last().unwrap().ends_with("twenty five dollars."), "{spoken:?}, heard {heard:?}");
    scene::hang_up(&caller, &daemon).unwrap();
}

#[test]
fn a_faint_caller_is_understood() {
    let (daemon, caller, _dir) = answered("bad-lines-faint");
    scene::hear_greeting(&caller).unwrap();
    for (question, answer) in [
        ("What are your opening hours on Saturday?", "until one in the afternoon."),
        ("Can you tell me your address please?", "opposite the old station."),
    ] {
        let asked = at_level(&spoken(Talker::Rms, question).unwrap().samples_16k, -47.0);
        scene::ask_speech(&caller, &Speech::whole(asked)).unwrap();
        let spoken = journal(&daemon).spoken();
        assert!(spoken.last().unwrap().ends_with(answer), "{spoken:?}, heard {:?}", journal(&daemon).transcripts());
    }
    scene::hang_up(&caller, &daemon).unwrap();
}
