//! A recorded call decided again.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use call_report::{Ending, Phrase, Replay, replay};
use common::{Says, call, call_told, conversation, journal, says, settings, without_words};
use conversation::{Input, OnOverlap, Settings};

const ENDS_MS: u64 = 24_000;

fn with(other: Settings) -> Replay {
    replay(&journal(&call(&settings(), &conversation(), ENDS_MS)), Some(&other))
}

fn differences(replay: &Replay) -> Vec<String> {
    replay.turns.iter().flat_map(|turn| turn.differences.clone()).collect()
}

#[test]
fn the_recorded_actions_come_again_exactly() {
    let replay = replay(&journal(&call(&settings(), &conversation(), ENDS_MS)), None);
    assert!(replay.is_exact(), "{:?}", replay.lockstep);
    assert_eq!(replay.day, replay.now);
    assert!(differences(&replay).is_empty());
    assert!(replay.lockstep.unwrap().0 > 30);
}

#[test]
fn the_recorded_call_has_what_the_tests_are_about() {
    let replay = replay(&journal(&call(&settings(), &conversation(), ENDS_MS)), None);
    let heard: Vec<_> = replay.day.turns.iter().filter(|turn| !turn.is_discarded()).collect();
    assert_eq!(heard[0].phrase, Phrase::Scripted("greeting"));
    assert_eq!(heard[1].answers, "what are your opening hours");
    assert!(heard.iter().any(|turn| matches!(turn.ending, Some(Ending::Interrupted(_)))), "{heard:#?}");
}

#[test]
fn an_action_that_does_not_come_again_is_found() {
    let text = call(&settings(), &conversation(), ENDS_MS);
    let text = text.replacen("Hello, how can I help you?\",\"turn\":1", "Good day.\",\"turn\":1", 1);
    let replay = replay(&journal(&text), None);
    let (count, mismatch) = replay.lockstep.clone().unwrap();
    assert_eq!(count, 0);
    assert!(mismatch.is_some());
    assert!(!replay.is_exact());
}

#[test]
fn settings_that_do_not_matter_change_nothing() {
    let replay = with(settings().with(|it| it.prompting.hold_limit = Duration::from_secs(5)));
    assert_eq!(replay.parted, None);
    assert_eq!(replay.changed.len(), 1);
    assert!(differences(&replay).is_empty(), "{:?}", differences(&replay));
}

#[test]
fn a_more_patient_agent_ends_the_turns_later_and_answers_the_same() {
    let replay = with(settings().with(|it| {
        it.endpointing.sure_silence = Duration::from_millis(500);
        it.endpointing.speculation = false;
    }));
    let first = &replay.turns[1];
    let (then, now) = (first.then.clone().unwrap(), first.now.clone().unwrap());
    assert_eq!(then.answers, now.answers);
    assert_eq!(then.text(), now.text());
    assert_eq!(now.endpoint_wait(), Some(Duration::from_millis(500)));
    let later = now.voice_to_voice().unwrap() - then.voice_to_voice().unwrap();
    assert!(later >= Duration::from_millis(200), "{later:?}");
    assert!(first.differences[0].starts_with("end of the caller's turn"), "{:?}", first.differences);
    assert!(replay.parted.is_some());
}

#[test]
fn other_settings_stay_when_another_agent_takes_the_call_over() {
    let german = settings().with(|it| it.language = "de".into());
    let told = vec![(2_500, Input::SettingsChanged { settings: Box::new(german) })];
    let recorded = journal(&call_told(&settings(), &conversation(), ENDS_MS, told));
    assert!(replay(&recorded, None).is_exact());
    let patient = settings().with(|it| {
        it.endpointing.sure_silence = Duration::from_millis(500);
        it.endpointing.speculation = false;
    });
    let first = &replay(&recorded, Some(&patient)).turns[1];
    assert_eq!(first.now.as_ref().unwrap().endpoint_wait(), Some(Duration::from_millis(500)));
}

#[test]
fn tools_answer_as_on_the_day() {
    let asks = [says(3_000, 4_500, "how is the weather"), says(10_000, 11_000, "thanks a lot")];
    let recorded = journal(&call(&settings(), &asks, 18_000));
    assert!(replay(&recorded, None).is_exact());
    let patient = replay(
        &recorded,
        Some(&settings().with(|it| {
            it.endpointing.sure_silence = Duration::from_millis(500);
            it.endpointing.speculation = false;
        })),
    );
    assert!(patient.parted.is_some());
    let answer = patient.turns.iter().find(|turn| turn.then.as_ref().is_some_and(|turn| turn.turn == 2)).unwrap();
    assert_eq!(answer.then.as_ref().unwrap().text(), "Let me look. We have 12 degrees.");
    assert_eq!(answer.now.as_ref().unwrap().text(), "Let me look. We have 12 degrees.");
    let silent = replay(&journal(&without_words(&call(&settings(), &asks, 18_000))), None);
    let answer = silent.now.turns.iter().find(|turn| turn.turn == 2).unwrap();
    assert_eq!(answer.clauses.len(), 2, "the tool answers without its words as well");
}

#[test]
fn later_answers_move_the_caller_and_do_not_make_him_interrupt() {
    let quick = [says(3_000, 4_500, "what are your opening hours"), says(9_000, 10_000, "thanks a lot")];
    let recorded = journal(&call(&settings(), &quick, 15_000));
    let replay =
        replay(&recorded, Some(&settings().with(|it| it.endpointing.sure_silence = Duration::from_millis(1_200))));
    let is_whole = |turn: &call_report::Turn| matches!(turn.ending, Some(Ending::Drained(_)));
    let answer = replay.turns.iter().find(|turn| turn.then.as_ref().is_some_and(|turn| turn.turn == 2)).unwrap();
    assert!(is_whole(answer.then.as_ref().unwrap()), "{answer:#?}");
    assert!(is_whole(answer.now.as_ref().unwrap()), "{answer:#?}");
    assert!(answer.now.as_ref().unwrap().overlaps.is_empty());
}

#[test]
fn an_agent_that_ducks_is_told_from_one_that_pauses() {
    let replay = with(settings().with(|it| it.overlap.on_overlap = OnOverlap::Duck));
    assert!(differences(&replay).iter().any(|text| text.contains("ducked")), "{:?}", differences(&replay));
}

#[test]
fn another_greeting_is_another_phrase_with_the_same_conversation() {
    let replay = with(settings().with(|it| it.phrases.greeting = "Good day, this is the shop speaking.".into()));
    assert!(replay.turns[0].differences.iter().any(|text| text.contains("Good day")));
    let answers = |turns: &[call_report::Turn]| -> Vec<String> {
        turns.iter().map(|turn| turn.answers.clone()).filter(|answers| !answers.is_empty()).collect()
    };
    assert_eq!(answers(&replay.day.turns), answers(&replay.now.turns));
}

#[test]
fn an_early_endpoint_in_a_pause_is_seen_as_one_turn_more() {
    let halting = [
        Says { score: 400, ..says(3_000, 4_000, "i would like to know") },
        says(4_500, 5_500, "what the blue teapot costs"),
    ];
    let recorded = journal(&call(&settings(), &halting, 12_000));
    let hasty = settings().with(|it| {
        it.endpointing.likely_silence = Duration::from_millis(200);
        it.endpointing.unlikely_silence = Duration::from_millis(200);
        it.endpointing.sure_silence = Duration::from_millis(150);
    });
    let replay = replay(&recorded, Some(&hasty));
    assert!(replay.turns.iter().any(|turn| !turn.differences.is_empty()));
    assert!(replay.parted.is_some());
}

#[test]
fn a_journal_without_words_is_replayed_with_stand_ins() {
    let text = without_words(&call(&settings(), &conversation(), ENDS_MS));
    let journal = journal(&text);
    assert!(journal.is_redacted);
    let replay = replay(&journal, None);
    assert_eq!(replay.lockstep, None);
    assert!(replay.limits.iter().any(|limit| limit.contains("transcripts = false")));
    assert!(!differences(&replay).iter().any(|text| text.contains("lorem")));
    assert_eq!(replay.now.turns.first().unwrap().turn, 1);
}

#[test]
fn the_greeting_of_a_journal_without_words_is_withheld_and_no_change_of_settings() {
    let text = without_words(&call(&settings(), &conversation(), ENDS_MS));
    assert!(!text.contains(settings().phrases.greeting.as_str()));
    let journal = journal(&text);
    let replayed = replay(&journal, Some(&settings()));
    assert_eq!(replayed.changed, []);
    assert_eq!(replayed.now.turns[0].clauses.len(), replayed.day.turns[0].clauses.len());
    let other = settings().with(|it| it.endpointing.sure_silence = Duration::from_millis(500));
    let names: Vec<String> = replay(&journal, Some(&other)).changed.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["sure_silence"]);
}

#[test]
fn nothing_is_made_up_after_the_end_of_a_cut_record() {
    let text = call(&settings(), &conversation(), ENDS_MS);
    let cut: String =
        text.lines().filter(|line| !line.contains("call_ended")).map(|line| format!("{line}\n")).collect();
    let replay =
        replay(&journal(&cut), Some(&settings().with(|it| it.endpointing.sure_silence = Duration::from_millis(500))));
    let is_prompt = |turn: &call_report::Turn| turn.phrase == Phrase::Scripted("no_input_prompt");
    assert_eq!(replay.now.turns.iter().filter(|turn| is_prompt(turn)).count(), 0);
}

#[test]
fn the_replay_of_a_replay_is_the_same() {
    let other = settings().with(|it| it.endpointing.sure_silence = Duration::from_millis(500));
    assert_eq!(with(other.clone()), with(other));
}

/// Journals of real calls: `CALL_REPORT_JOURNALS=DIR cargo test -p call-report -- --ignored`.
#[test]
#[ignore = "needs recorded calls of this version"]
fn recorded_calls_come_again_exactly() {
    let folder = std::env::var("CALL_REPORT_JOURNALS").expect("CALL_REPORT_JOURNALS names a folder of journals");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let replay = replay(&call_report::Journal::read(&path).unwrap(), None);
            assert!(replay.is_exact(), "{}: {:?}", path.display(), replay.lockstep);
            count += 1;
        }
    }
    assert!(count > 0);
}
