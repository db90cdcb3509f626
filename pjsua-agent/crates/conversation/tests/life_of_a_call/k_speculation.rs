//! The reply is prepared before it is certain that the caller has finished.

use conversation::{Act, Input, Settings, Timer};

use crate::line::{Line, NOTHING, full_settings};

/// The caller has said `text`, and the score says that he has finished: 150 ms of silence.
fn sure_of(text: &str) -> Line {
    sure_with(full_settings(), text)
}

fn sure_with(settings: Settings, text: &str) -> Line {
    let mut line = Line::greeted_with(settings);
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.partial(1, text);
    line.falls_silent();
    line.wait(50);
    line.score(1, 950);
    line
}

/// His words are known, and the draft is turn 2.
fn drafted() -> Line {
    let mut line = sure_of("when are you open");
    line.wait(20);
    line.transcript(1, "when are you open");
    line
}

#[test]
fn the_transcript_is_asked_for_as_soon_as_it_is_sure() {
    let mut line = Line::greeted_with(full_settings());
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.falls_silent();
    assert_eq!(line.score(1, 950), ["finish 1"]);
    assert_eq!(line.state(), "endpointing");
    assert_eq!(line.transcript(1, "a teapot"), ["hold 2", "reply 2"]);
    assert_eq!(line.state(), "endpointing");
}

#[test]
fn the_first_clause_is_synthesised_and_the_others_wait() {
    let mut line = drafted();
    assert_eq!(line.delta(2, "We open at nine. We close at five. On"), ["speak 2.0: We open at nine."]);
    assert_eq!(line.delta(2, " Sunday, never."), NOTHING);
}

#[test]
fn the_end_of_the_turn_releases_it() {
    let mut line = drafted();
    line.delta(2, "We open at nine. We close at five. On");
    line.ready(2, 0, 16_000);
    assert_eq!(line.wait(30), ["release 2", "speak 2.1: We close at five."]);
    assert_eq!(line.state(), "replying");
    assert_eq!(line.done(2), ["speak 2.2: On", "end 2"]);
    line.progress(2, 320);
    assert_eq!(line.state(), "speaking");
    assert_eq!(line.history()[1..], ["caller: when are you open", "agent: We open at nine. We close at five. On"]);
}

#[test]
fn a_draft_that_is_done_is_spoken_to_its_end() {
    let mut line = drafted();
    line.delta(2, "We open at nine. We close");
    assert_eq!(line.done(2), NOTHING);
    assert_eq!(line.wait(30), ["release 2", "speak 2.1: We close", "end 2"]);
}

#[test]
fn a_draft_of_one_clause_is_synthesised_whole() {
    let mut line = drafted();
    line.delta(2, "At nine");
    assert_eq!(line.done(2), ["speak 2.0: At nine"]);
    assert_eq!(line.wait(30), ["release 2", "end 2"]);
}

#[test]
fn who_goes_on_cancels_it_before_the_next_token() {
    let mut line = drafted();
    line.delta(2, "We open at nine. We");
    line.speech();
    assert_eq!(line.confirmed(), ["cancel reply 2", "flush 2", "recognise 2"]);
    assert_eq!(line.delta(2, " close"), NOTHING);
    assert_eq!(line.history()[1..], [""; 0], "as if it had never been");
    line.wait(500);
    line.falls_silent();
    line.score(2, 950);
    assert_eq!(line.transcript(2, "on sunday"), ["hold 3", "reply 3"]);
    assert_eq!(line.history()[1..], ["caller: when are you open on sunday"]);
}

#[test]
fn a_draft_without_a_word_is_cancelled_without_a_flush() {
    let mut line = drafted();
    line.speech();
    assert_eq!(line.confirmed(), ["cancel reply 2", "release 2", "recognise 2"]);
}

#[test]
fn a_noise_leaves_the_draft() {
    let mut line = drafted();
    line.delta(2, "We open at nine. We");
    assert_eq!(line.speech(), NOTHING);
    line.wait(100);
    assert_eq!(line.dismissed(), ["score 1 after 200", "release 2"]);
}

#[test]
fn nothing_a_draft_asks_for_is_done_before_it_was_spoken() {
    let mut line = sure_with(full_settings().with(|it| it.human = true), "a person please");
    line.transcript(1, "a person please");
    assert_eq!(line.give(Input::ReplyAct { turn: conversation::TurnId(2), act: Act::Transfer }), NOTHING);
    line.delta(2, "I put you through.");
    assert_eq!(line.done(2), ["speak 2.0: I put you through."]);
    assert_eq!(line.wait(50), ["release 2", "end 2"]);
    assert_eq!(line.state(), "closing");
    assert_eq!(line.play_to_end(2), ["transfer"]);
}

#[test]
fn who_goes_on_after_asking_for_a_person_is_not_put_through() {
    let mut line = sure_with(full_settings().with(|it| it.human = true), "a person please");
    line.transcript(1, "a person please");
    line.act(2, Act::HangUp);
    line.done(2);
    line.speech();
    assert_eq!(line.confirmed(), ["release 2", "recognise 2"]);
    line.wait(1_000);
    assert_eq!(line.state(), "listening");
}

#[test]
fn a_silence_that_lasts_is_prepared_for_though_the_score_is_undecided() {
    let mut line = Line::greeted_with(full_settings());
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.partial(1, "i would like a teapot");
    line.falls_silent();
    line.score(1, 500);
    assert_eq!(line.wait(249), ["score 1 after 200"]);
    assert_eq!(line.wait(1), ["finish 1"]);
}

#[test]
fn busy_workers_are_not_given_work_that_may_be_thrown_away() {
    let mut line = Line::greeted_with(full_settings());
    assert_eq!(line.give(Input::WorkersBusy { busy: true }), NOTHING);
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.falls_silent();
    line.wait(50);
    assert_eq!(line.score(1, 950), NOTHING);
    assert_eq!(line.wait(50), ["finish 1"]);
    assert_eq!(line.transcript(1, "a teapot"), ["reply 2"]);
}

#[test]
fn words_that_turn_out_unfinished_keep_the_draft_waiting() {
    let mut line = sure_of("a teapot");
    assert_eq!(line.transcript(1, "a teapot and"), ["hold 2", "reply 2"]);
    let waited = line.wait(890);
    assert!(!waited.contains(&"release 2".into()), "{waited:?}");
    assert_eq!(line.wait(10).last().unwrap(), "release 2");
}

#[test]
fn a_draft_that_fails_is_made_again_when_it_is_wanted() {
    let mut line = drafted();
    assert_eq!(line.llm_fails(2), ["cancel reply 2", "release 2"]);
    assert_eq!(line.wait(30), ["reply 3"]);
    assert_eq!(line.history()[1..], ["caller: when are you open"]);
}

#[test]
fn a_transcript_that_comes_after_the_end_is_answered_without_a_draft() {
    let mut line = sure_of("when are you open");
    assert_eq!(line.wait(50), NOTHING);
    assert_eq!(line.transcript(1, "when are you open"), ["reply 2"]);
}

#[test]
fn keys_throw_the_draft_away() {
    let mut line = drafted();
    assert_eq!(line.keys("5"), ["cancel reply 2", "release 2"]);
    assert_eq!(line.deadline(), Some((2_000, Timer::Keys)));
}
