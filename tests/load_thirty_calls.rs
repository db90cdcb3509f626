//! Thirty calls at once, RTP both ways in each of them all the time.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::Duration;

use tests::caller::{Caller, Dial};
use tests::rtp::WireTime;
use tests::scene::{self, PATIENCE};
use tests::speech::{Speech, Voice};

const CALLS: u32 = 30;

/// Callers ask in turn: this long after one another. The recogniser needs a fifth of real time, so two cores follow.
const APART: Duration = Duration::from_millis(1_500);

#[test]
fn thirty_callers_each_get_an_answer_and_no_frame_is_missing() {
    let (daemon, dir) = scene::direct("load", |setup| {
        setup.recognisers = 2;
        // The last caller waits three quarters of a minute for his turn.
        setup.agent_more = "[turns]\nno_input_after = \"60s\"\n".into();
    })
    .unwrap();
    let callers = Caller::dial_many(&Dial::new(daemon.sip(), "agent"), CALLS, 10, &dir.join("callers")).unwrap();
    for caller in &callers {
        caller.answered(PATIENCE).unwrap();
    }
    assert_eq!(daemon.calls().unwrap().len(), CALLS as usize);
    for caller in &callers {
        scene::hear_greeting(caller).unwrap();
    }

    let asking = WireTime::now();
    let questions = [
        ("what are your opening hours on saturday", "nine in the morning"),
        ("how much is the blue teapot", "twenty five dollars"),
        ("where is your shop", "market street"),
    ];
    std::thread::scope(|scope| {
        let conversations: Vec<_> = callers
            .iter()
            .enumerate()
            .map(|(number, caller)| {
                let conversation = scope.spawn(move || {
                    let (question, _) = questions[number % 3];
                    scene::ask_speech(caller, &Speech::new(Voice::Rms, question)?)
                });
                std::thread::sleep(APART);
                conversation
            })
            .collect();
        let answers: Vec<_> = conversations.into_iter().map(|conversation| conversation.join().unwrap()).collect();
        let failed: Vec<String> = answers
            .iter()
            .enumerate()
            .filter_map(|(number, answer)| answer.as_ref().err().map(|error| format!("call {number}: {error:#}")))
            .collect();
        assert!(failed.is_empty(), "{failed:#?}");
        let mut latencies: Vec<u128> = answers.iter().flatten().map(|answer| answer.latency().as_millis()).collect();
        latencies.sort_unstable();
        eprintln!("answered after {} to {} ms, median {}", latencies[0], latencies[29], latencies[15]);
    });

    for caller in &callers {
        let gap = caller.rtp().heard(|heard| heard.longest_gap(asking));
        assert!(gap < Duration::from_millis(200), "a hole of {gap:?} in the agent's RTP");
        assert_eq!(caller.rtp().heard(|heard| heard.pacing(asking, WireTime::now())).lost, 0);
        caller.hang_up().unwrap();
    }
    callers[0].finish().unwrap();
    daemon.wait_calls(0, PATIENCE).unwrap();

    let journals = tests::until("30 complete journals", PATIENCE, || {
        let journals = daemon.journals().ok()?;
        (journals.iter().filter(|journal| journal.is_complete()).count() == CALLS as usize).then_some(journals)
    })
    .unwrap();
    let underruns: u64 =
        journals.iter().filter_map(|journal| journal.audio()).map(|audio| audio.playout_underruns).sum();
    let overruns: u64 = journals.iter().filter_map(|journal| journal.audio()).map(|audio| audio.capture_overruns).sum();
    assert_eq!((underruns, overruns), (0, 0));
    // Each got the answer to his own question: SIPp numbers its calls, the questions followed the numbers.
    for journal in &journals {
        let number: usize = journal.started().sip_call_id.split('-').next().unwrap().parse().unwrap();
        let (question, expected) = questions[(number - 1) % 3];
        let said = journal.spoken().join(" ").to_lowercase();
        assert!(said.contains(expected), "{question}: heard {:?}, said {said}", journal.transcripts());
    }
}
