use conversation::{Act, Input};

use crate::line::{Line, NOTHING, settings, with_human};

#[test]
fn a_transfer_happens_when_its_announcement_was_heard() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.delta(2, "I'll put you through.");
    assert_eq!(line.act(2, Act::Transfer), NOTHING);
    assert_eq!(line.state(), "closing");
    assert_eq!(line.done(2), ["speak 2.0: I'll put you through.", "end 2"]);
    assert_eq!(line.play_to_end(2), ["transfer"]);
    assert_eq!(line.give(Input::TransferSucceeded), ["hang up"]);
    assert_eq!(line.give(Input::CallEnded), NOTHING);
    assert_eq!(line.state(), "ended");
}

#[test]
fn a_wordless_transfer_is_announced() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.act(2, Act::Transfer);
    assert_eq!(line.done(2), ["speak 2.0: ANNOUNCEMENT", "end 2"]);
    assert_eq!(line.play_to_end(2), ["transfer"]);
}

#[test]
fn a_wordless_hang_up_says_goodbye() {
    let mut line = Line::asked("bye");
    line.act(2, Act::HangUp);
    assert_eq!(line.done(2), ["speak 2.0: GOODBYE", "end 2"]);
    assert_eq!(line.play_to_end(2), ["hang up"]);
}

#[test]
fn talking_over_the_announcement_does_not_stop_the_transfer() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.delta(2, "I'll put you through.");
    line.act(2, Act::Transfer);
    line.done(2);
    line.ready(2, 0, 16_000);
    line.progress(2, 4_000);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.silence(), NOTHING);
    assert_eq!(line.keys("1"), NOTHING);
    assert_eq!(line.drained(2), ["transfer"]);
}

#[test]
fn an_act_that_comes_while_the_caller_talks_over_the_reply_still_happens() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.delta(2, "I'll put you through. One");
    line.ready(2, 0, 16_000);
    line.progress(2, 4_000);
    assert_eq!(line.speech(), ["pause 2", "recognise 2"]);
    assert_eq!(line.act(2, Act::Transfer), ["resume 2", "cancel recognition 2"]);
    assert_eq!(line.state(), "closing");
}

#[test]
fn the_first_of_two_acts_counts() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.act(2, Act::Transfer);
    line.act(2, Act::HangUp);
    line.done(2);
    assert_eq!(line.play_to_end(2), ["transfer"]);
}

#[test]
fn without_a_human_a_transfer_is_declined_and_the_call_goes_on() {
    let mut line = Line::asked("a person please");
    line.delta(2, "I'll put you through.");
    line.act(2, Act::Transfer);
    assert_eq!(line.done(2), ["speak 2.0: I'll put you through.", "speak 2.1: TRANSFER-FAILED", "end 2"]);
    line.ready(2, 0, 8_000);
    line.play_to_end(2);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_failed_transfer_is_told_and_the_call_goes_on() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.act(2, Act::Transfer);
    line.done(2);
    line.play_to_end(2);
    assert_eq!(line.give(Input::TransferFailed { code: 486 }), ["speak 3.0: TRANSFER-FAILED", "end 3"]);
    assert_eq!(line.give(Input::TransferFailed { code: 486 }), NOTHING);
    line.play_to_end(3);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.say(2, "then tell me"), ["recognise 2", "finish 2", "reply 4"]);
}

#[test]
fn a_transfer_of_which_nothing_is_heard_has_failed() {
    let mut line = Line::asked_with(with_human(), "a person please");
    line.act(2, Act::Transfer);
    line.done(2);
    line.play_to_end(2);
    assert_eq!(line.wait(40_000), ["speak 3.0: TRANSFER-FAILED", "end 3"]);
    assert_eq!(line.give(Input::TransferSucceeded), ["flush 3", "heard 3: ", "hang up"], "it came late");
}

#[test]
fn a_call_cannot_be_transferred_by_nobody() {
    let mut line = Line::greeted();
    assert_eq!(line.give(Input::TransferSucceeded), NOTHING);
    assert_eq!(line.give(Input::TransferFailed { code: 500 }), NOTHING);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_call_that_lasts_too_long_is_ended_politely() {
    let brief = settings().with(|it| it.bounds.max_call_duration = std::time::Duration::from_secs(4));
    let mut line = Line::asked_with(brief, "when are you open");
    line.delta(2, "We open at nine. And");
    line.ready(2, 0, 16_000);
    line.progress(2, 8_000);
    assert_eq!(
        line.wait_until(4_000),
        ["flush 2", "cancel reply 2", "heard 2: We open", "speak 3.0: TIME-LIMIT", "end 3"]
    );
    assert_eq!(line.play_to_end(3), ["hang up"]);
}

#[test]
fn a_playout_that_dies_on_the_goodbye_does_not_keep_the_call() {
    let mut line = Line::asked("bye");
    line.act(2, Act::HangUp);
    line.done(2);
    assert_eq!(line.wait(5_000), ["flush 2", "heard 2: ", "hang up"]);
}

#[test]
fn after_the_hang_up_nothing_more_is_done() {
    let mut line = Line::asked("bye");
    line.act(2, Act::HangUp);
    line.done(2);
    line.play_to_end(2);
    assert_eq!(line.deadline(), None);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.keys("1"), NOTHING);
    assert_eq!(line.drained(2), NOTHING);
    assert_eq!(line.give(Input::TransferSucceeded), NOTHING);
    assert_eq!(line.wait(100_000), NOTHING);
}

#[test]
fn the_end_of_the_call_only_cancels() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. From nine");
    line.ready(2, 0, 12_000);
    line.progress(2, 6_000);
    line.speech();
    assert_eq!(line.give(Input::CallEnded), ["cancel reply 2", "cancel recognition 2"]);
    assert_eq!(line.deadline(), None);
    assert_eq!(line.state(), "ended");
    assert_eq!(line.history().last().unwrap(), "agent: Yes,");
    assert_eq!(line.give(Input::CallAnswered), NOTHING);
    assert_eq!(line.speech(), NOTHING);
}

#[test]
fn a_transcript_still_awaited_at_the_end_is_cancelled() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(300);
    assert_eq!(line.give(Input::CallEnded), ["cancel recognition 1"]);
}
