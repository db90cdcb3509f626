use conversation::{Input, Timer};

use crate::line::{Line, NOTHING, settings};

#[test]
fn before_the_answer_nothing_happens() {
    let mut line = Line::new(settings());
    assert_eq!(line.state(), "unanswered");
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.keys("1"), NOTHING);
    assert_eq!(line.deadline(), None);
}

#[test]
fn the_answered_call_is_greeted() {
    let mut line = Line::new(settings());
    assert_eq!(line.give(Input::CallAnswered), ["speak 1.0: GREETING", "end 1"]);
    assert_eq!(line.state(), "speaking");
    assert_eq!(line.history(), ["agent: GREETING"]);
    assert_eq!(line.give(Input::CallAnswered), NOTHING, "media that comes up again is no second call");
}

#[test]
fn after_the_greeting_it_is_the_callers_turn() {
    let mut line = Line::new(settings());
    line.give(Input::CallAnswered);
    assert_eq!(line.play_to_end(1), NOTHING);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.deadline(), Some((7_000, Timer::NoInput)));
    assert_eq!(line.conversation.turn(), None);
}

#[test]
fn an_agent_without_a_greeting_listens_at_once() {
    let mut line = Line::new(settings().with(|it| it.phrases.greeting = " ".into()));
    assert_eq!(line.give(Input::CallAnswered), NOTHING);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_click_at_the_answer_does_not_end_the_greeting() {
    let mut line = Line::new(settings());
    line.give(Input::CallAnswered);
    assert_eq!(line.speech(), ["pause 1", "recognise 1"]);
    line.wait(280);
    assert_eq!(line.silence(), ["finish 1"]);
    assert_eq!(line.transcript(1, ""), ["resume 1"]);
    assert_eq!(line.state(), "speaking");
}

#[test]
fn a_caller_who_talks_over_the_greeting_is_listened_to() {
    let mut line = Line::new(settings());
    line.give(Input::CallAnswered);
    line.ready(1, 0, 16_000);
    line.progress(1, 3_200);
    line.speech();
    assert_eq!(line.partial(1, "operator"), ["flush 1"]);
    assert_eq!(line.flushed(1, 3_520), ["heard 1: "]);
    assert_eq!(line.history(), NOTHING);
    assert_eq!(line.state(), "listening");
}
