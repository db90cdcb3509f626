use conversation::Timer;

use crate::line::{Line, NOTHING, settings};

#[test]
fn keys_are_a_message_after_a_pause() {
    let mut line = Line::greeted();
    assert_eq!(line.keys("12"), NOTHING);
    line.wait(1_500);
    assert_eq!(line.keys("3"), NOTHING);
    assert_eq!(line.deadline(), Some((2_000, Timer::Keys)));
    assert_eq!(line.wait(2_000), ["reply 2"]);
    assert_eq!(line.history(), ["agent: GREETING", "caller: (pressed 123)"]);
}

#[test]
fn the_hash_key_ends_the_message() {
    let mut line = Line::greeted();
    assert_eq!(line.keys("12#"), ["reply 2"]);
    assert_eq!(line.history().last().unwrap(), "caller: (pressed 12)");
}

#[test]
fn the_hash_key_alone_is_a_message() {
    let mut line = Line::greeted();
    assert_eq!(line.keys("#"), ["reply 2"]);
    assert_eq!(line.history().last().unwrap(), "caller: (pressed #)");
}

#[test]
fn what_is_no_key_is_ignored() {
    let mut line = Line::greeted();
    assert_eq!(line.keys("x!7d"), NOTHING);
    assert_eq!(line.wait(2_000), ["reply 2"]);
    assert_eq!(line.history().last().unwrap(), "caller: (pressed 7D)");
}

#[test]
fn a_key_cuts_the_agent_off() {
    let mut line = Line::answered();
    assert_eq!(line.keys("1"), ["flush 2"]);
    assert_eq!(line.flushed(2, 10_000), ["heard 2: We open at"]);
    assert_eq!(line.wait(2_000), ["reply 3"]);
    assert_eq!(line.history()[2..], ["agent: We open at", "caller: (pressed 1)"]);
}

#[test]
fn a_key_during_the_overlap_cancels_everything() {
    let mut line = Line::answered();
    line.speech();
    assert_eq!(line.keys("1"), ["flush 2", "cancel recognition 2"]);
}

#[test]
fn a_key_before_the_reply_adds_to_the_question() {
    let mut line = Line::asked("where is my order");
    assert_eq!(line.keys("7"), ["cancel reply 2"]);
    assert_eq!(line.wait(2_000), ["reply 3"]);
    assert_eq!(line.history()[1..], ["caller: where is my order (pressed 7)"]);
}

#[test]
fn the_sound_of_keys_is_not_recognised() {
    let mut line = Line::greeted();
    line.speech();
    assert_eq!(line.keys("7"), ["cancel recognition 1"]);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.silence(), NOTHING);
    assert_eq!(line.wait(2_000), ["reply 2"]);
}

#[test]
fn words_understood_before_the_keys_are_kept() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(300);
    line.speech();
    line.transcript(1, "my number is");
    assert_eq!(line.keys("42#"), ["cancel recognition 2", "reply 2"]);
    assert_eq!(line.history().last().unwrap(), "caller: my number is (pressed 42)");
}

#[test]
fn a_key_that_is_held_down_does_not_last_for_ever() {
    let mut line = Line::greeted_with(settings().with(|it| it.bounds.dtmf_max_digits = 4));
    assert_eq!(line.keys("1111"), ["reply 2"]);
}
