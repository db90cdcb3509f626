//! What is said before the reply: a filler, or a small model's first clause. And how much is said.

use conversation::{Input, Settings};

use crate::line::{Line, NOTHING, full_settings};

/// The caller has finished, and what he said is not known yet.
fn awaiting_words(settings: Settings) -> Line {
    let mut line = Line::greeted_with(settings.with(|it| it.endpointing.speculation = false));
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.falls_silent();
    line.score(1, 950);
    assert_eq!(line.wait(100), ["finish 1"]);
    line
}

/// The caller has asked, and no reply was prepared: turn 2 is generated.
fn asked(settings: Settings, text: &str) -> Line {
    let mut line = awaiting_words(settings);
    line.transcript(1, text);
    line
}

#[test]
fn a_late_reply_is_bridged_once() {
    let mut line = asked(full_settings(), "a teapot please");
    assert_eq!(line.wait(899), NOTHING);
    assert_eq!(line.wait(1), ["speak 2.0: FILLER"]);
    line.ready(2, 0, 8_000);
    line.progress(2, 320);
    assert_eq!(line.wait(900), NOTHING);
    assert_eq!(line.delta(2, "It costs nine pounds. And"), ["speak 2.1: It costs nine pounds."]);
    assert_eq!(line.done(2), ["speak 2.2: And", "end 2"]);
}

#[test]
fn a_question_is_bridged_in_another_way() {
    let mut line = asked(full_settings(), "what does a teapot cost");
    assert_eq!(line.wait(900), ["speak 2.0: QUESTION-FILLER"]);
}

#[test]
fn a_reply_in_time_has_no_filler() {
    let mut line = asked(full_settings(), "a teapot please");
    line.wait(500);
    line.delta(2, "It costs nine pounds. And");
    assert_eq!(line.wait(900), NOTHING);
}

#[test]
fn fillers_can_be_left_out() {
    for settings in [
        full_settings().with(|it| it.replies.filler_after = std::time::Duration::ZERO),
        full_settings().with(|it| it.phrases.fillers = Vec::new()),
    ] {
        assert_eq!(asked(settings, "a teapot please").wait(2_000), NOTHING);
    }
}

#[test]
fn a_filler_alone_is_no_reply() {
    let mut line = asked(full_settings(), "a teapot please");
    line.wait(900);
    line.ready(2, 0, 8_000);
    line.progress(2, 8_000);
    assert_eq!(line.done(2), ["speak 2.1: FAILURE", "end 2"]);
}

#[test]
fn who_speaks_over_the_filler_is_listened_to() {
    let mut line = asked(full_settings(), "a teapot please");
    line.wait(900);
    line.ready(2, 0, 16_000);
    line.progress(2, 6_000);
    assert_eq!(line.speech(), ["pause 2", "recognise 2"]);
    line.confirmed();
    assert_eq!(line.partial(2, "a blue one"), ["flush 2", "cancel reply 2"]);
}

/// What the caller said is not known yet, and a filler has begun turn 2.
fn bridged(settings: Settings) -> Line {
    let mut line = awaiting_words(settings);
    assert_eq!(line.wait(899), NOTHING);
    assert_eq!(line.wait(1), ["speak 2.0: FILLER"]);
    line
}

#[test]
fn a_late_transcript_is_bridged_too() {
    let mut line = bridged(full_settings());
    assert_eq!(line.history().last().unwrap(), "agent: GREETING");
    assert_eq!(line.transcript(1, "a teapot please"), ["reply 2"]);
    assert_eq!(line.delta(2, "It costs nine pounds. And"), ["speak 2.1: It costs nine pounds."]);
    assert_eq!(line.done(2), ["speak 2.2: And", "end 2"]);
    assert_eq!(line.history()[1..], ["caller: a teapot please", "agent: FILLER It costs nine pounds. And"]);
}

#[test]
fn a_filler_for_the_transcript_is_the_only_one_of_the_turn() {
    let mut line = bridged(full_settings());
    line.ready(2, 0, 8_000);
    line.progress(2, 8_000);
    line.transcript(1, "a teapot please");
    assert_eq!(line.wait(2_000), NOTHING);
    assert_eq!(line.conversation.state_name(), "speaking");
}

#[test]
fn the_filler_comes_so_long_after_the_end_of_the_turn_whatever_was_late() {
    let mut line = awaiting_words(full_settings());
    line.wait(500);
    assert_eq!(line.transcript(1, "a teapot please"), ["reply 2"]);
    assert_eq!(line.wait(399), NOTHING);
    assert_eq!(line.wait(1), ["speak 2.0: FILLER"]);
}

#[test]
fn who_goes_on_speaking_is_not_answered_by_the_filler() {
    let mut line = bridged(full_settings());
    line.ready(2, 0, 16_000);
    line.progress(2, 3_200);
    line.speech();
    assert_eq!(line.confirmed(), ["flush 2", "recognise 2"]);
    line.flushed(2, 3_200);
    assert_eq!(line.transcript(1, "a teapot"), NOTHING);
    line.falls_silent();
    line.score(2, 950);
    line.wait(100);
    assert_eq!(line.transcript(2, "a blue one"), ["reply 3"]);
    assert_eq!(line.history().last().unwrap(), "caller: a teapot a blue one");
}

#[test]
fn what_cannot_be_understood_is_said_behind_the_filler() {
    let mut line = bridged(full_settings());
    assert_eq!(line.transcript(1, ""), ["speak 2.1: NOT-UNDERSTOOD", "end 2"]);
}

#[test]
fn a_request_that_needs_no_model_is_answered_behind_the_filler() {
    let mut line = bridged(full_settings());
    assert_eq!(line.transcript(1, "hello?"), ["speak 2.1: HELLO", "end 2"]);
    assert_eq!(line.history()[1..], ["caller: hello?", "agent: FILLER HELLO"]);
}

#[test]
fn a_filler_whose_audio_fails_is_not_missed() {
    let mut line = bridged(full_settings());
    assert_eq!(line.tts_fails(2), NOTHING);
    assert_eq!(line.transcript(1, "a teapot please"), ["reply 2"]);
}

#[test]
fn a_small_model_that_answers_after_the_voice_has_failed_is_not_heard() {
    let mut line = bridged(full_settings().with(|it| it.replies.pre_response = true));
    assert_eq!(line.transcript(1, "a teapot please"), ["open 2"]);
    assert_eq!(line.tts_fails(2), ["cancel reply 2", "speak 2.1: FAILURE", "end 2"]);
    assert_eq!(line.opening(2, "Sure."), NOTHING);
}

#[test]
fn keys_end_the_filler_and_the_wait() {
    let mut line = bridged(full_settings());
    assert_eq!(line.keys("1"), ["cancel recognition 1", "flush 2"]);
}

#[test]
fn a_transcript_is_waited_for_longer_while_the_workers_are_busy() {
    let mut line = awaiting_words(full_settings());
    assert_eq!(line.wait(2_000)[1..], ["cancel recognition 1", "speak 2.1: NOT-UNDERSTOOD", "end 2"]);
    let mut line = Line::greeted_with(full_settings().with(|it| it.endpointing.speculation = false));
    line.give(Input::WorkersBusy { busy: true });
    line.speech();
    line.confirmed();
    line.falls_silent();
    line.score(1, 950);
    assert_eq!(line.wait(100), ["finish 1"]);
    assert_eq!(line.wait(4_999), ["speak 2.0: FILLER"]);
    assert_eq!(line.wait(1), ["cancel recognition 1", "speak 2.1: NOT-UNDERSTOOD", "end 2"]);
}

fn opened(text: &str) -> Line {
    let mut line = asked(full_settings().with(|it| it.replies.pre_response = true), "what does a teapot cost");
    line.opening(2, text);
    line
}

#[test]
fn the_small_model_is_asked_first() {
    let mut line = Line::greeted_with(full_settings().with(|it| {
        it.replies.pre_response = true;
        it.endpointing.speculation = false;
    }));
    line.speech();
    line.confirmed();
    line.wait(500);
    line.falls_silent();
    line.score(1, 950);
    line.wait(100);
    assert_eq!(line.transcript(1, "what does a teapot cost"), ["open 2"]);
    assert_eq!(
        line.opening(2, "Sure, the teapot."),
        ["speak 2.0: Sure, the teapot.", "reply 2 after: Sure, the teapot."]
    );
}

#[test]
fn the_reply_joins_the_opening_without_repeating_it() {
    let mut line = opened("Sure, the teapot.");
    assert_eq!(line.delta(2, "Sure, the "), NOTHING);
    assert_eq!(line.delta(2, "teapot. It costs nine pounds. "), ["speak 2.1: It costs nine pounds."]);
    assert_eq!(line.done(2), ["end 2"]);
    assert_eq!(line.history().last().unwrap(), "agent: Sure, the teapot. It costs nine pounds.");
}

#[test]
fn a_small_model_without_an_idea_costs_nothing() {
    let mut line = opened(" ");
    assert_eq!(line.delta(2, "It costs nine pounds. And"), ["speak 2.0: It costs nine pounds."]);
}

#[test]
fn a_late_small_model_is_not_waited_for() {
    let mut line = asked(full_settings().with(|it| it.replies.pre_response = true), "a teapot please");
    assert_eq!(line.wait(400), ["reply 2"]);
    assert_eq!(line.opening(2, "Sure."), NOTHING);
}

#[test]
fn a_small_model_that_fails_is_not_told_to_the_caller() {
    let mut line = asked(full_settings().with(|it| it.replies.pre_response = true), "a teapot please");
    assert_eq!(line.llm_fails(2), ["reply 2"]);
    assert_eq!(line.llm_fails(2), ["cancel reply 2", "speak 2.0: FAILURE", "end 2"]);
}

#[test]
fn an_opening_is_prepared_in_silence_as_well() {
    let mut line = Line::greeted_with(full_settings().with(|it| it.replies.pre_response = true));
    line.speech();
    line.confirmed();
    line.wait(500);
    line.falls_silent();
    line.score(1, 950);
    assert_eq!(line.transcript(1, "a teapot"), ["hold 2", "open 2"]);
    assert_eq!(line.opening(2, "Sure."), ["speak 2.0: Sure.", "reply 2 after: Sure."]);
    assert_eq!(line.delta(2, "It costs nine pounds. And"), NOTHING);
    assert_eq!(line.wait(100), ["release 2", "speak 2.1: It costs nine pounds."]);
}

#[test]
fn nobody_has_to_listen_to_a_reply_without_end() {
    let mut line = asked(full_settings().with(|it| it.replies.longest_reply_chars = 40), "tell me a story");
    assert_eq!(
        line.delta(2, "Once there was a potter. He lived by a river. He had a"),
        ["speak 2.0: Once there was a potter.", "speak 2.1: He lived by a river.", "cancel reply 2", "end 2"]
    );
    assert_eq!(line.delta(2, " cat. And a dog. "), NOTHING);
    assert_eq!(line.done(2), NOTHING);
}
