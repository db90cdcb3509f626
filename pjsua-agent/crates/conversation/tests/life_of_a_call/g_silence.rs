use conversation::Timer;

use crate::line::{Line, NOTHING};

#[test]
fn a_silent_caller_is_prompted_twice_and_then_left() {
    let mut line = Line::greeted();
    assert_eq!(line.wait(7_000), ["speak 2.0: PROMPT", "end 2"]);
    line.play_to_end(2);
    assert_eq!(line.wait(7_000), ["speak 3.0: PROMPT", "end 3"]);
    line.play_to_end(3);
    assert_eq!(line.wait(7_000), ["speak 4.0: NO-INPUT-GOODBYE", "end 4"]);
    assert_eq!(line.play_to_end(4), ["hang up"]);
}

#[test]
fn who_speaks_up_during_the_goodbye_is_listened_to() {
    let mut line = Line::greeted();
    for turn in [2, 3] {
        line.wait(7_000);
        line.play_to_end(turn);
    }
    line.wait(7_000);
    line.ready(4, 0, 16_000);
    line.progress(4, 6_000);
    assert_eq!(line.speech(), ["pause 4", "recognise 1"]);
    assert_eq!(line.partial(1, "i am here"), ["flush 4"]);
    line.flushed(4, 6_000);
    line.wait(700);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(1, "i am here"), ["reply 5"]);
}

#[test]
fn an_answer_gives_the_caller_all_prompts_again() {
    let mut line = Line::greeted();
    for (turn, utterance) in [(2, 1), (4, 2), (6, 3)] {
        line.wait(7_000);
        line.play_to_end(turn);
        line.say(utterance, "a teapot");
        line.delta(turn + 1, "Sure.");
        line.done(turn + 1);
        line.play_to_end(turn + 1);
    }
    assert_eq!(line.wait(7_000), ["speak 8.0: PROMPT", "end 8"]);
}

#[test]
fn a_short_noise_is_passed_over_in_silence() {
    let mut line = Line::greeted();
    line.wait(1_000);
    assert_eq!(line.speech(), ["recognise 1"]);
    line.wait(400);
    line.silence();
    assert_eq!(line.wait(300), ["finish 1"]);
    assert_eq!(line.transcript(1, ""), NOTHING);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.deadline(), Some((5_300, Timer::NoInput)), "noise does not put the prompt off");
}

#[test]
fn after_a_noise_the_caller_has_a_moment_before_the_prompt() {
    let mut line = Line::greeted();
    line.wait(6_800);
    line.speech();
    line.wait(400);
    line.silence();
    line.wait(300);
    line.transcript(1, "");
    assert_eq!(line.deadline(), Some((2_000, Timer::NoInput)));
}

#[test]
fn speech_that_was_not_understood_is_asked_about_twice_at_most() {
    let mut line = Line::greeted();
    assert_eq!(line.say(1, ""), ["recognise 1", "finish 1", "speak 2.0: NOT-UNDERSTOOD", "end 2"]);
    line.play_to_end(2);
    assert_eq!(line.say(2, "")[2..], ["speak 3.0: NOT-UNDERSTOOD", "end 3"]);
    line.play_to_end(3);
    assert_eq!(line.say(3, "")[2..], NOTHING);
    assert_eq!(line.state(), "listening");
}

#[test]
fn the_second_question_is_only_for_speech_that_was_long_enough() {
    let mut line = Line::greeted();
    line.say(1, "");
    line.play_to_end(2);
    line.speech();
    line.wait(1_100);
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
    assert_eq!(line.transcript(2, ""), NOTHING, "900 ms of speech");
}

#[test]
fn what_is_understood_in_between_allows_the_question_again() {
    let mut line = Line::greeted();
    line.say(1, "");
    line.play_to_end(2);
    line.say(2, "hello");
    line.delta(3, "Hello.");
    line.done(3);
    line.play_to_end(3);
    line.speech();
    line.wait(600);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(3, ""), ["speak 4.0: NOT-UNDERSTOOD", "end 4"]);
}
