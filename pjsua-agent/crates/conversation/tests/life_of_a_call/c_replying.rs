use conversation::Timer;

use crate::line::{Line, NOTHING};

#[test]
fn clauses_are_spoken_as_they_come() {
    let mut line = Line::asked("when are you open");
    assert_eq!(line.delta(2, "We open at"), NOTHING);
    assert_eq!(line.delta(2, " 9.30,"), NOTHING);
    assert_eq!(line.delta(2, " and"), ["speak 2.0: We open at 9.30,"]);
    assert_eq!(line.delta(2, " close at five. Any"), ["speak 2.1: and close at five."]);
    assert_eq!(line.delta(2, "thing else?"), NOTHING);
    assert_eq!(line.done(2), ["speak 2.2: Anything else?", "end 2"]);
    assert_eq!(line.state(), "replying");
    assert_eq!(line.history().last().unwrap(), "agent: We open at 9.30, and close at five. Anything else?");
}

#[test]
fn the_first_sample_heard_makes_it_the_agents_turn() {
    let mut line = Line::asked("when are you open");
    line.delta(2, "At nine.");
    line.done(2);
    line.ready(2, 0, 16_000);
    assert_eq!(line.state(), "replying");
    line.progress(2, 320);
    assert_eq!(line.state(), "speaking");
    assert_eq!(line.drained(2), NOTHING);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.history(), ["agent: GREETING", "caller: when are you open", "agent: At nine."]);
}

#[test]
fn a_caller_who_goes_on_before_any_text_came_is_answered_as_a_whole() {
    let mut line = Line::asked("are you open");
    assert_eq!(line.speech(), ["cancel reply 2", "recognise 2"]);
    assert_eq!(line.delta(2, "Yes, we are. "), NOTHING, "the old reply is stale");
    line.wait(800);
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
    assert_eq!(line.transcript(2, "on saturday"), ["reply 3"]);
    assert_eq!(line.history(), ["agent: GREETING", "caller: are you open on saturday"]);
}

#[test]
fn a_caller_who_goes_on_before_any_sound_came_is_answered_as_a_whole() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. At");
    assert_eq!(line.speech(), ["flush 2", "cancel reply 2", "recognise 2"]);
    assert_eq!(line.flushed(2, 0), ["heard 2: "]);
    line.wait(800);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(2, "on saturday"), ["reply 3"]);
    assert_eq!(line.history(), ["agent: GREETING", "caller: are you open on saturday"]);
}

#[test]
fn words_that_were_heard_after_all_stand_between() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. At");
    line.ready(2, 0, 12_000);
    line.speech();
    assert_eq!(line.flushed(2, 6_000), ["heard 2: Yes,"]);
    line.wait(800);
    line.silence();
    line.wait(300);
    line.transcript(2, "on saturday");
    assert_eq!(line.history()[1..], ["caller: are you open", "agent: Yes,", "caller: on saturday"]);
}

#[test]
fn a_noise_before_the_reply_only_delays_it() {
    let mut line = Line::asked("are you open");
    line.speech();
    line.wait(250);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(2, ""), ["reply 3"]);
    assert_eq!(line.history()[1..], ["caller: are you open"]);
}

#[test]
fn every_piece_of_the_reply_has_its_deadline() {
    let mut line = Line::asked("are you open");
    assert_eq!(line.deadline(), Some((6_000, Timer::Reply)));
    line.wait(4_000);
    line.delta(2, "Well");
    assert_eq!(line.deadline(), Some((6_000, Timer::Reply)));
}

#[test]
fn results_of_former_turns_are_ignored() {
    let mut line = Line::asked("are you open");
    assert_eq!(line.delta(1, "Old. Very old. "), NOTHING);
    assert_eq!(line.done(1), NOTHING);
    assert_eq!(line.drained(1), NOTHING);
    assert_eq!(line.progress(1, 99_999), NOTHING);
    assert_eq!(line.flushed(1, 0), NOTHING);
    assert_eq!(line.llm_fails(1), NOTHING);
    assert_eq!(line.tts_fails(1), NOTHING);
    assert_eq!(line.state(), "replying");
    assert_eq!(line.history(), ["agent: GREETING", "caller: are you open"]);
}
