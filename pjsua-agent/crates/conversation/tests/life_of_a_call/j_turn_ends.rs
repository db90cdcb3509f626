//! Has the caller finished? The voice's score, the words, the pauses he makes.

use conversation::{Input, Timer};

use crate::line::{Line, NOTHING, full_settings};

/// No speculation, so that only the endpoint is seen.
fn scored() -> Line {
    Line::greeted_with(full_settings().with(|it| it.endpointing.speculation = false))
}

/// The caller has said `text` and fallen silent 100 ms ago.
fn said(text: &str) -> Line {
    let mut line = scored();
    said_on(&mut line, text);
    line
}

fn said_on(line: &mut Line, text: &str) {
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.partial(1, text);
    line.falls_silent();
}

#[test]
fn a_silence_is_scored_at_once() {
    let mut line = scored();
    assert_eq!(line.speech(), ["recognise 1"]);
    assert_eq!(line.confirmed(), NOTHING);
    line.wait(1_000);
    assert_eq!(line.falls_silent(), ["score 1 after 100"]);
    assert_eq!(line.state(), "endpointing");
}

#[test]
fn a_high_score_ends_the_turn_after_the_shortest_silence() {
    let mut line = said("i would like a teapot");
    line.wait(50);
    assert_eq!(line.score(1, 950), NOTHING);
    assert_eq!(line.deadline(), Some((50, Timer::Endpoint)));
    assert_eq!(line.wait(50), ["finish 1"]);
}

#[test]
fn an_undecided_score_waits_longer_and_asks_again() {
    let mut line = said("i would like a teapot");
    line.score(1, 500);
    assert_eq!(line.wait(100), ["score 1 after 200"]);
    assert_eq!(line.wait(849), NOTHING);
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn a_low_score_waits_for_more_than_a_second() {
    let mut line = said("i would like a teapot");
    line.score(1, 100);
    assert_eq!(line.wait(1_099), ["score 1 after 200"], "a longer silence tells the model nothing");
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn a_score_that_rises_while_the_silence_lasts_ends_it() {
    let mut line = said("i would like a teapot");
    line.score(1, 100);
    line.wait(290);
    assert_eq!(line.score(1, 900), NOTHING, "silence itself raises the score");
    assert_eq!(line.score(1, 960), ["finish 1"], "the silence has lasted for longer than is needed now");
}

#[test]
fn unfinished_words_outweigh_the_score() {
    let mut line = said("i would like a teapot and");
    line.score(1, 950);
    assert!(!line.wait(940).contains(&"finish 1".into()));
    assert_eq!(line.wait(10), ["finish 1"]);
}

#[test]
fn a_partial_that_comes_during_the_silence_counts() {
    let mut line = said("i would like a teapot");
    line.wait(40);
    line.score(1, 950);
    assert_eq!(line.partial(1, "i would like a teapot and the"), NOTHING);
    assert_eq!(line.deadline(), Some((60, Timer::Score)));
    let actions = line.wait(900);
    assert!(!actions.contains(&"finish 1".into()), "{actions:?}");
    assert_eq!(line.partial(1, "what are your opening hours"), ["finish 1"], "a whole question needs no more");
}

#[test]
fn dictated_digits_are_waited_for() {
    let mut line = said("my number is four five one");
    line.score(1, 950);
    let waited = line.wait(1_399);
    assert!(!waited.contains(&"finish 1".into()), "{waited:?}");
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn who_goes_on_is_heard_in_the_same_utterance() {
    let mut line = said("i would like");
    line.score(1, 100);
    line.wait(300);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.confirmed(), NOTHING);
    line.wait(500);
    line.partial(1, "i would like a teapot");
    assert_eq!(line.falls_silent(), ["score 2 after 100"]);
    line.score(2, 900);
    assert_eq!(line.wait(100), ["finish 1"]);
    assert_eq!(line.transcript(1, "i would like a teapot"), ["reply 2"]);
}

#[test]
fn a_noise_during_the_silence_does_not_prolong_it() {
    let mut line = said("i would like a teapot");
    line.wait(20);
    line.score(1, 950);
    line.speech();
    assert_eq!(line.wait(120), NOTHING, "it may be the caller who goes on");
    assert_eq!(line.dismissed(), ["score 1 after 200", "finish 1"]);
}

#[test]
fn a_sound_that_nobody_explains_does_not_stop_the_turn_for_ever() {
    let mut line = said("i would like a teapot");
    line.score(1, 950);
    line.speech();
    assert_eq!(line.wait(499), NOTHING);
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn the_score_of_a_former_silence_does_not_count() {
    let mut line = said("i would like");
    line.speech();
    line.confirmed();
    line.wait(300);
    line.falls_silent();
    assert_eq!(line.score(1, 1_000), NOTHING);
    assert_eq!(line.wait(150), ["score 2 after 200"]);
}

#[test]
fn a_model_that_does_not_answer_leaves_the_plain_silence() {
    let mut line = said("i would like a teapot");
    assert_eq!(line.wait(400), ["score 1 after 200", "finish 1"]);
}

#[test]
fn a_caller_who_pauses_is_given_his_time() {
    let mut line = said("i would like");
    line.score(1, 100);
    line.wait(1_000);
    line.speech();
    line.confirmed();
    line.wait(500);
    line.partial(1, "i would like two teapots");
    line.falls_silent();
    line.score(2, 500);
    // He paused for 1.1 s before: a third more.
    let waited = line.wait(1_100 * 130 / 100 - 100 - 1);
    assert!(!waited.contains(&"finish 1".into()), "{waited:?}");
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn an_endless_caller_is_cut_at_the_limit() {
    let mut line = scored();
    line.speech();
    line.confirmed();
    let start = line.wait(29_999);
    assert_eq!(start, NOTHING);
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn a_sound_that_is_no_speech_is_as_if_it_had_not_been() {
    let mut line = scored();
    line.wait(2_000);
    assert_eq!(line.speech(), ["recognise 1"]);
    line.wait(200);
    assert_eq!(line.dismissed(), ["cancel recognition 1"]);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.deadline(), Some((4_800, Timer::NoInput)));
    assert_eq!(line.falls_silent(), NOTHING);
}

#[test]
fn a_noise_that_turns_into_speech_is_heard() {
    let mut line = scored();
    line.speech();
    line.dismissed();
    line.wait(500);
    assert_eq!(line.confirmed(), ["recognise 2"]);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_sound_that_was_never_confirmed_is_dropped_when_it_ends() {
    let mut line = scored();
    line.speech();
    line.wait(80);
    assert_eq!(line.falls_silent(), ["cancel recognition 1"]);
}

#[test]
fn who_goes_on_after_the_end_of_the_turn_continues_his_words() {
    let mut line = said("what does it cost");
    line.score(1, 950);
    line.wait(100);
    line.transcript(1, "what does it cost");
    assert_eq!(line.state(), "replying");
    line.wait(200);
    assert_eq!(line.speech(), NOTHING, "it is not certain yet that it is he");
    assert_eq!(line.confirmed(), ["cancel reply 2", "recognise 2"]);
    line.wait(500);
    line.falls_silent();
    line.score(2, 900);
    line.wait(100);
    assert_eq!(line.transcript(2, "in blue"), ["reply 3"]);
    assert_eq!(line.history()[1..], ["caller: what does it cost in blue"]);
}

#[test]
fn a_noise_while_the_reply_is_prepared_does_not_drop_it() {
    let mut line = said("what does it cost");
    line.score(1, 950);
    line.wait(100);
    line.transcript(1, "what does it cost");
    line.speech();
    assert_eq!(line.dismissed(), NOTHING);
    assert_eq!(line.state(), "replying");
}

#[test]
fn who_speaks_while_keys_are_collected_is_heard_with_them() {
    let mut line = scored();
    line.keys("12");
    line.speech();
    assert_eq!(line.confirmed(), ["recognise 1"]);
    line.wait(400);
    line.falls_silent();
    line.score(1, 900);
    line.wait(100);
    assert_eq!(line.transcript(1, "that is my number"), ["reply 2"]);
    assert_eq!(line.history()[1..], ["caller: (pressed 12) that is my number"]);
    assert_eq!(line.give(Input::SpeechDismissed), NOTHING);
}
