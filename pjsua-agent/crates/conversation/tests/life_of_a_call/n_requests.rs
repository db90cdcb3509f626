//! What needs no model: "hello?", "say that again", "one moment please".

use conversation::{Settings, Timer};

use crate::line::{Line, NOTHING, full_settings};

fn said(settings: Settings, text: &str) -> (Line, Vec<String>) {
    let mut line = Line::greeted_with(settings);
    line.speech();
    line.confirmed();
    line.wait(600);
    line.falls_silent();
    let mut actions = line.score(1, 950);
    actions.extend(line.transcript(1, text));
    actions.extend(line.wait(100));
    (line, actions)
}

#[test]
fn who_asks_whether_anybody_is_there_is_answered_at_once() {
    let (line, actions) = said(full_settings(), "hello");
    assert_eq!(actions, ["finish 1", "speak 2.0: HELLO", "end 2"]);
    assert_eq!(line.history()[1..], ["caller: hello", "agent: HELLO"]);
}

#[test]
fn who_asks_to_repeat_hears_the_last_turn_again() {
    let (mut line, actions) = said(full_settings(), "when are you open");
    assert_eq!(actions, ["finish 1", "hold 2", "reply 2", "release 2"]);
    line.delta(2, "At nine in the morning. Until five.");
    line.done(2);
    line.ready(2, 0, 16_000);
    line.ready(2, 1, 32_000);
    line.progress(2, 8_000);
    line.speech();
    line.confirmed();
    assert_eq!(line.partial(2, "say that again"), ["flush 2"]);
    line.flushed(2, 8_640);
    line.wait(500);
    line.falls_silent();
    line.score(2, 950);
    assert_eq!(line.transcript(2, "say that again"), NOTHING);
    assert_eq!(line.wait(100), ["speak 3.0: At nine in the morning. Until five.", "end 3"]);
}

#[test]
fn who_asks_to_wait_is_left_in_peace_for_a_while() {
    let (mut line, actions) = said(full_settings(), "one moment please");
    assert_eq!(actions, ["finish 1", "speak 2.0: HOLD", "end 2"]);
    line.play_to_end(2);
    assert_eq!(line.deadline(), Some((60_000, Timer::NoInput)));
    assert_eq!(line.wait(60_000), ["speak 3.0: PROMPT", "end 3"]);
}

#[test]
fn who_comes_back_is_prompted_as_usual() {
    let (mut line, _) = said(full_settings(), "one moment please");
    line.play_to_end(2);
    line.wait(20_000);
    line.speech();
    line.confirmed();
    line.wait(600);
    line.falls_silent();
    line.score(2, 950);
    assert_eq!(line.transcript(2, "a teapot"), ["hold 3", "reply 3"]);
    line.wait(100);
    line.delta(3, "Sure.");
    line.done(3);
    line.play_to_end(3);
    assert_eq!(line.deadline(), Some((7_000, Timer::NoInput)));
}

#[test]
fn without_a_phrase_of_its_own_the_model_is_asked() {
    let (_, actions) = said(full_settings().with(|it| it.phrases.hello_answer = "".into()), "hello");
    assert_eq!(actions, ["finish 1", "reply 2"]);
}
