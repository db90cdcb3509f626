use conversation::{Act, Input, Stage, Timer};

use crate::line::{Line, NOTHING, settings, with_human};

#[test]
fn a_transcript_that_does_not_come_is_a_failure() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(300);
    assert_eq!(line.wait(2_000), ["cancel recognition 1", "speak 2.0: NOT-UNDERSTOOD", "end 2"]);
    assert_eq!(line.transcript(1, "too late"), NOTHING);
}

#[test]
fn a_recogniser_that_fails_after_the_endpoint_is_admitted_at_once() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(300);
    assert_eq!(line.stt_fails(1), ["cancel recognition 1", "speak 2.0: NOT-UNDERSTOOD", "end 2"]);
}

#[test]
fn a_caller_whose_recogniser_fails_is_let_finish() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(500);
    assert_eq!(line.stt_fails(1), ["cancel recognition 1"]);
    line.wait(500);
    assert_eq!(line.silence(), NOTHING);
    assert_eq!(line.wait(300), ["speak 2.0: NOT-UNDERSTOOD", "end 2"]);
}

#[test]
fn a_caller_whose_recogniser_fails_is_not_let_talk_for_ever() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(500);
    line.stt_fails(1);
    assert_eq!(line.deadline(), Some((1_500, Timer::Utterance)));
    assert_eq!(line.wait(1_500), ["speak 2.0: NOT-UNDERSTOOD", "end 2"]);
}

#[test]
fn a_model_that_fails_is_admitted_in_its_turn() {
    let mut line = Line::asked("are you open");
    assert_eq!(line.llm_fails(2), ["cancel reply 2", "speak 2.0: FAILURE", "end 2"]);
    assert_eq!(line.play_to_end(2), NOTHING);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_model_that_fails_in_mid_reply_leaves_no_broken_clause() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. From nine to");
    assert_eq!(line.llm_fails(2), ["cancel reply 2", "speak 2.1: FAILURE", "end 2"]);
    assert_eq!(line.history().last().unwrap(), "agent: Yes, we are. FAILURE");
}

#[test]
fn a_model_that_says_nothing_has_failed() {
    let mut line = Line::asked("are you open");
    assert_eq!(line.done(2), ["speak 2.0: FAILURE", "end 2"]);
}

#[test]
fn a_model_that_does_not_answer_has_failed() {
    let mut line = Line::asked("are you open");
    assert_eq!(line.wait(6_000), ["cancel reply 2", "speak 2.0: FAILURE", "end 2"]);
    assert_eq!(line.delta(2, "Sorry for the delay. Yes."), NOTHING);
}

#[test]
fn a_failure_report_without_a_turn_means_the_running_one() {
    let mut line = Line::asked("are you open");
    let failure = Input::WorkerFailed { stage: Stage::Llm, utterance: None, turn: None };
    assert_eq!(line.give(failure), ["cancel reply 2", "speak 2.0: FAILURE", "end 2"]);
}

#[test]
fn two_failed_turns_in_a_row_bring_the_human() {
    let mut line = Line::asked_with(with_human(), "are you open");
    line.llm_fails(2);
    line.play_to_end(2);
    line.say(2, "are you open");
    assert_eq!(line.llm_fails(3), ["cancel reply 3", "speak 3.0: ANNOUNCEMENT", "end 3"]);
    assert_eq!(line.state(), "closing");
    assert_eq!(line.play_to_end(3), ["transfer"]);
}

#[test]
fn without_a_human_two_failed_turns_in_a_row_end_the_call_politely() {
    let mut line = Line::asked("are you open");
    line.llm_fails(2);
    line.play_to_end(2);
    line.speech();
    line.stt_fails(2);
    assert_eq!(line.wait(1_500), ["speak 3.0: FAILURE-GOODBYE", "end 3"]);
    assert_eq!(line.play_to_end(3), ["hang up"]);
}

#[test]
fn an_answer_in_between_forgives_a_failure() {
    let mut line = Line::asked_with(with_human(), "are you open");
    line.llm_fails(2);
    line.play_to_end(2);
    line.say(2, "are you open");
    line.delta(3, "Yes.");
    line.done(3);
    line.play_to_end(3);
    line.say(3, "when");
    assert_eq!(line.llm_fails(4), ["cancel reply 4", "speak 4.0: FAILURE", "end 4"]);
}

#[test]
fn a_clause_that_cannot_be_spoken_while_the_reply_is_generated_ends_it() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. From nine");
    assert_eq!(line.tts_fails(2), ["cancel reply 2", "speak 2.1: FAILURE", "end 2"]);
    assert_eq!(line.history().last().unwrap(), "agent: FAILURE");
    assert_eq!(line.tts_fails(2), NOTHING, "and is apologised for once");
    assert_eq!(line.drained(2), NOTHING);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.history(), ["agent: GREETING", "caller: are you open"]);
}

#[test]
fn a_clause_that_cannot_be_spoken_in_a_complete_reply_is_skipped_and_apologised_for() {
    let mut line = Line::asked("when are you open");
    line.delta(2, "We open at nine, and we close at five.");
    line.done(2);
    line.ready(2, 0, 16_000);
    assert_eq!(line.tts_fails(2), NOTHING);
    line.progress(2, 16_000);
    assert_eq!(line.drained(2), ["speak 3.0: FAILURE", "end 3"]);
    assert_eq!(line.history()[2..], ["agent: We open at nine,", "agent: FAILURE"]);
    assert_eq!(line.tts_fails(3), NOTHING);
    assert_eq!(line.drained(3), NOTHING);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_voice_that_is_gone_for_good_ends_the_call() {
    let mut line = Line::new(settings());
    line.give(Input::CallAnswered);
    line.tts_fails(1);
    assert_eq!(line.drained(1), ["speak 2.0: FAILURE", "end 2"]);
    line.tts_fails(2);
    line.drained(2);
    assert_eq!(line.wait(7_000), ["speak 3.0: PROMPT", "end 3"]);
    line.tts_fails(3);
    assert_eq!(line.drained(3), ["speak 4.0: FAILURE-GOODBYE", "end 4"]);
    line.tts_fails(4);
    assert_eq!(line.drained(4), ["hang up"]);
}

#[test]
fn a_failure_during_the_overlap_is_told_when_the_agent_goes_on() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. From nine");
    line.ready(2, 0, 12_000);
    line.progress(2, 6_000);
    line.speech();
    assert_eq!(line.llm_fails(2), ["cancel reply 2", "speak 2.1: FAILURE", "end 2"]);
    line.wait(300);
    assert_eq!(line.silence(), ["finish 2"]);
    assert_eq!(line.transcript(2, ""), ["resume 2"]);
}

#[test]
fn a_failure_of_a_reply_that_asks_for_a_transfer_does_not_keep_it_from_happening() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.act(2, Act::Transfer);
    assert_eq!(line.llm_fails(2), ["cancel reply 2", "speak 2.0: ANNOUNCEMENT", "end 2"]);
    line.tts_fails(2);
    assert_eq!(line.drained(2), ["transfer"]);
}

#[test]
fn without_phrases_failures_are_silent_but_the_call_goes_on() {
    let quiet = settings().with(|it| it.phrases.failure = "".into());
    let mut line = Line::asked_with(quiet, "are you open");
    assert_eq!(line.llm_fails(2), ["cancel reply 2"]);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.deadline(), Some((7_000, Timer::NoInput)));
}
