//! The models that people install: Whisper hears, the agent's rules answer, Piper speaks.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::thread;
use std::time::Duration;

use conversation::Input;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::caller::Caller;
use tests::daemon::{Daemon, Engines};
use tests::material::{self, SPEECH_LEVEL_DBFS, at_level};
use tests::rtp::Codec;
use tests::scene::{self, PATIENCE};
use tests::setup::Setup;
use tests::speech::{Speech, Voice};

/// A call in which the greeting was heard.
fn call(name: &str, engines: Engines) -> (Daemon, Caller) {
    call_with(name, |setup| setup.engines = engines)
}

fn call_with(name: &str, change: impl FnOnce(&mut Setup)) -> (Daemon, Caller) {
    let (daemon, dir) = scene::direct(name, change).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    (daemon, caller)
}

fn last_clause(daemon: &Daemon) -> String {
    daemon.running_journal().unwrap().unwrap().spoken().last().cloned().unwrap_or_default()
}

#[test]
fn callers_are_understood_and_answered() {
    let (daemon, caller) = call("real-models-questions", Engines::Real);
    for (question, answer) in [
        ("what are your opening hours on saturday", "until one in the afternoon."),
        ("how much is the blue teapot", "The blue teapot costs twenty five dollars."),
        ("can you tell me your address please", "opposite the old station."),
    ] {
        let heard = scene::ask(&caller, question).unwrap();
        eprintln!("{question}: answered after {} ms", heard.latency().as_millis());
        let spoken = last_clause(&daemon);
        assert!(spoken.ends_with(answer), "{question}: {spoken}");
    }
    assert_eq!(caller.rtp().failure(), None);
    let journal = scene::hang_up(&caller, &daemon).unwrap();
    assert_eq!(journal.transcripts().len(), 3, "{:?}", journal.transcripts());
}

#[test]
fn words_of_the_agents_vocabulary_are_heard() {
    let (daemon, caller) = call_with("real-models-vocabulary", |setup| {
        setup.engines = Engines::Real;
        setup.agent_more = "vocabulary = [\"blue teapot\", \"green vase\", \"large bowl\"]\n".into();
    });
    // "The green base", unless it is known what is sold.
    scene::ask(&caller, "how much is the green vase").unwrap();
    let heard = scene::hang_up(&caller, &daemon).unwrap().transcripts();
    assert!(heard.len() == 1 && heard[0].starts_with("how much is the green vase"), "{heard:?}");
}

#[test]
fn a_cough_and_a_hum_are_no_words() {
    let (daemon, caller) = call("real-models-noises", Engines::Real);
    for noise in [material::cough(1), material::hum(Duration::from_millis(900)), material::door_slam(2)] {
        let noise = at_level(&noise, SPEECH_LEVEL_DBFS);
        caller.rtp().say_and_wait(&Speech::whole(noise)).unwrap();
        thread::sleep(Duration::from_secs(1));
    }
    // "Sorry, I missed that" may be said once; an answer to words that nobody said may not.
    let transcripts = daemon.running_journal().unwrap().unwrap().transcripts().join(" ");
    assert_eq!(transcripts.trim(), "");
    scene::hang_up(&caller, &daemon).unwrap();
}

#[test]
fn recogniser_and_voice_may_die_in_a_call() {
    let (daemon, caller) = call("real-models-deaths", Engines::Real);
    for program in ["pjsua-agent-stt", "pjsua-agent-tts"] {
        for worker in daemon.workers(program) {
            kill(Pid::from_raw(worker.try_into().unwrap()), Signal::SIGKILL).unwrap();
        }
        tests::until("the worker should be there again", PATIENCE, || {
            let (code, body) = daemon.get("/ready").ok()?;
            (code == 200 && !body.contains("Restarting") && !daemon.workers(program).is_empty()).then_some(())
        })
        .unwrap();
        scene::ask(&caller, "what are your opening hours on saturday").unwrap();
        assert!(last_clause(&daemon).ends_with("until one in the afternoon."), "{program}: {}", last_clause(&daemon));
    }
    scene::hang_up(&caller, &daemon).unwrap();
}

#[test]
fn rules_answer_first_and_a_model_that_invents_is_not_heard() {
    let (daemon, caller) = call("real-models-hybrid", Engines::RealWithModel);
    let heard = scene::ask(&caller, "what are your opening hours on saturday").unwrap();
    eprintln!("by the rules: answered after {} ms", heard.latency().as_millis());
    assert!(last_clause(&daemon).ends_with("until one in the afternoon."), "{}", last_clause(&daemon));
    // No rule knows it, and nothing that the model was told.
    for question in ["how many people work for you", "what does the green vase cost"] {
        let before = daemon.running_journal().unwrap().unwrap().spoken().len();
        let heard = scene::ask(&caller, question).unwrap();
        let spoken = daemon.running_journal().unwrap().unwrap().spoken()[before..].join(" ").to_lowercase();
        eprintln!("{question}: after {} ms: {spoken}", heard.latency().as_millis());
        assert!(!spoken.trim().is_empty());
        // Not told; whatever else the model claims, it claims in words.
        let numbers =
            ["three", "four", "six", "eight", "ten", "eleven", "twelve", "thirty", "forty", "fifty", "hundred"];
        let words: Vec<&str> = spoken.split(|c: char| !c.is_alphanumeric()).collect();
        let invented = words.iter().find(|word| numbers.contains(*word) || word.parse::<u32>().is_ok_and(|n| n > 9));
        assert_eq!(invented, None, "{spoken}");
    }
    scene::hang_up(&caller, &daemon).unwrap();
}

#[test]
fn a_model_that_stalls_within_its_reply_is_not_waited_for() {
    let (daemon, caller) = call("real-models-stall", Engines::RealWithModel);
    let question =
        Speech::new(Voice::Rms, "please explain to me how people in other countries grow their tea").unwrap();
    let greeted = daemon.running_journal().unwrap().unwrap();
    let (before, fillers) = (greeted.spoken().len(), greeted.fillers().collect::<Vec<_>>());
    caller.rtp().say_and_wait(&question).unwrap();
    let model = model_worker(&daemon);
    tests::until("the model should begin to answer", PATIENCE, || {
        let spoken = daemon.running_journal().ok()??.spoken();
        spoken[before..].iter().any(|clause| !fillers.contains(&clause.as_str())).then_some(())
    })
    .unwrap();
    kill(model, Signal::SIGSTOP).unwrap();
    let journal = tests::until("the reply should be ended", PATIENCE, || {
        let journal = daemon.running_journal().ok()??;
        let is_done = journal.inputs().any(|input| matches!(input, Input::ReplyDone { .. }));
        is_done.then_some(journal)
    })
    .unwrap();
    let spoken = journal.spoken()[before..].join(" ");
    eprintln!("said: {spoken}");
    assert!(!spoken.contains("technical problem"), "{spoken}");
    // The worker was killed as one that hangs, or goes on; either way the next question is answered.
    let _ = kill(model, Signal::SIGCONT);
    scene::ask(&caller, "what are your opening hours on saturday").unwrap();
    assert!(last_clause(&daemon).ends_with("until one in the afternoon."), "{}", last_clause(&daemon));
    scene::hang_up(&caller, &daemon).unwrap();
}

/// The worker that runs the model; the rules have one of the same program.
fn model_worker(daemon: &Daemon) -> Pid {
    let is_llama = |pid: &u32| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.windows(5).any(|word| word == b"llama"))
    };
    let worker = daemon.workers("pjsua-agent-llm").into_iter().find(is_llama).unwrap();
    Pid::from_raw(worker.try_into().unwrap())
}
