//! Both speak, and a second detector says whether it is speech.

use conversation::{Input, OnOverlap, Settings, Timer};

use crate::line::{Line, NOTHING, full_settings};

/// Turn 2 has two clauses of a second each, of which the first half second was heard.
fn answered() -> Line {
    answered_with(full_settings())
}

fn answered_with(settings: Settings) -> Line {
    let mut line = Line::greeted_with(settings);
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.falls_silent();
    line.score(1, 950);
    line.transcript(1, "when are you open");
    line.delta(2, "We open at nine, and we close at five.");
    line.done(2);
    line.wait(100);
    line.ready(2, 0, 16_000);
    line.ready(2, 1, 32_000);
    line.progress(2, 8_000);
    line
}

#[test]
fn a_sound_pauses_the_agent_before_it_is_known_what_it_is() {
    assert_eq!(answered().speech(), ["pause 2", "recognise 2"]);
}

#[test]
fn an_agent_may_go_on_more_quietly() {
    let mut line = answered_with(full_settings().with(|it| it.overlap.on_overlap = OnOverlap::Duck));
    assert_eq!(line.speech(), ["duck 2", "recognise 2"]);
    line.confirmed();
    line.progress(2, 9_600);
    assert_eq!(line.partial(2, "stop"), ["flush 2"]);
    assert_eq!(line.flushed(2, 10_000), ["heard 2: We open at"]);
}

#[test]
fn a_ducked_turn_that_ends_meanwhile_is_over() {
    let mut line = answered_with(full_settings().with(|it| it.overlap.on_overlap = OnOverlap::Duck));
    line.speech();
    line.confirmed();
    assert_eq!(line.drained(2), ["resume 2"]);
    assert_eq!(line.state(), "listening");
    line.wait(400);
    assert_eq!(line.falls_silent(), ["score 2 after 100"]);
}

#[test]
fn a_door_resumes_as_soon_as_it_is_dismissed() {
    let mut line = answered();
    line.speech();
    line.wait(90);
    assert_eq!(line.dismissed(), ["resume 2", "cancel recognition 2"]);
    assert_eq!(line.state(), "speaking");
    assert_eq!(line.falls_silent(), NOTHING);
}

#[test]
fn words_in_a_noise_do_not_interrupt() {
    let mut line = answered();
    line.speech();
    assert_eq!(line.partial(2, "the"), NOTHING);
    assert_eq!(line.wait(500), ["resume 2", "cancel recognition 2"]);
    assert_eq!(line.falls_silent(), NOTHING);
}

#[test]
fn words_known_before_it_is_certain_interrupt_when_it_is() {
    let mut line = answered();
    line.speech();
    line.partial(2, "stop");
    assert_eq!(line.confirmed(), ["flush 2"]);
}

#[test]
fn speech_without_words_interrupts_at_the_limit() {
    let mut line = answered();
    line.speech();
    line.confirmed();
    assert_eq!(line.wait(499), NOTHING);
    assert_eq!(line.wait(1), ["flush 2"]);
}

#[test]
fn a_noise_that_turns_into_speech_pauses_again() {
    let mut line = answered();
    line.speech();
    line.dismissed();
    assert_eq!(line.confirmed(), ["pause 2", "recognise 3"]);
}

#[test]
fn a_cough_confirmed_as_a_voice_resumes_when_no_word_was_in_it() {
    let mut line = answered();
    line.speech();
    line.confirmed();
    line.wait(400);
    assert_eq!(line.falls_silent(), ["finish 2"]);
    assert_eq!(line.transcript(2, ""), NOTHING);
    assert_eq!(line.wait(79), NOTHING, "more may come");
    assert_eq!(line.wait(1), ["resume 2"]);
    line.progress(2, 32_000);
    line.drained(2);
    assert_eq!(line.history().last().unwrap(), "agent: We open at nine, and we close at five.");
}

#[test]
fn a_long_sound_without_words_was_speech() {
    let mut line =
        answered_with(full_settings().with(|it| it.overlap.overlap_limit = std::time::Duration::from_secs(2)));
    line.speech();
    line.confirmed();
    line.wait(800);
    line.falls_silent();
    assert_eq!(line.transcript(2, ""), ["flush 2", "score 2 after 100"]);
}

#[test]
fn both_begin_at_once_and_the_caller_has_the_floor() {
    let mut line = answered();
    line.progress(2, 8_000);
    let mut fresh =
        answered_with(full_settings().with(|it| it.overlap.barge_in_guard = std::time::Duration::from_secs(1)));
    assert_eq!(fresh.speech(), NOTHING, "it may be his own last sound");
    assert_eq!(fresh.confirmed(), ["pause 2", "recognise 2"]);
    assert_eq!(fresh.partial(2, "and on sunday"), ["flush 2"]);
    assert_eq!(line.speech(), ["pause 2", "recognise 2"], "later there is no doubt");
}

/// The caller is heard, and it is speech.
fn spoken_over() -> Line {
    let mut line = answered();
    line.speech();
    line.confirmed();
    line
}

#[test]
fn a_first_guess_at_a_word_does_not_interrupt() {
    let mut line = spoken_over();
    line.wait(150);
    assert_eq!(line.partial(2, "all raw"), NOTHING, "it may become \"all right\"");
    line.wait(200);
    assert_eq!(line.falls_silent(), ["finish 2"]);
    assert_eq!(line.transcript(2, "all right"), NOTHING);
    assert_eq!(line.wait(80), ["resume 2"]);
}

/// What was said was no interruption; the agent is about to go on.
fn settled() -> Line {
    let mut line = spoken_over();
    line.wait(160);
    line.falls_silent();
    assert_eq!(line.transcript(2, ""), NOTHING);
    line
}

#[test]
fn an_uh_huh_in_two_pieces_pauses_the_agent_once() {
    let mut line = settled();
    line.wait(40);
    assert_eq!(line.speech(), ["recognise 3"], "it is paused already");
    line.confirmed();
    line.wait(160);
    line.falls_silent();
    assert_eq!(line.transcript(3, "uh huh"), NOTHING);
    assert_eq!(line.wait(80), ["resume 2"]);
}

#[test]
fn an_interruption_whose_first_syllable_stood_alone_is_one() {
    let mut line = settled();
    line.wait(60);
    line.speech();
    line.confirmed();
    assert_eq!(line.partial(3, "excuse me"), ["flush 2"]);
}

#[test]
fn a_noise_before_the_agent_goes_on_does_not_hold_it_up() {
    let mut line = settled();
    line.wait(60);
    assert_eq!(line.speech(), ["recognise 3"]);
    line.wait(90);
    assert_eq!(line.dismissed(), ["resume 2", "cancel recognition 3"]);
}

#[test]
fn pieces_without_end_pause_the_agent_no_longer_than_a_backchannel_may() {
    let mut line = spoken_over();
    for (utterance, resumes) in [(2, false), (3, false), (4, false), (5, false), (6, true)] {
        line.wait(300);
        line.falls_silent();
        assert_eq!(!line.transcript(utterance, "").is_empty(), resumes, "after {} pieces", utterance - 1);
        line.wait(20);
        line.speech();
        line.confirmed();
    }
}

#[test]
fn a_turn_that_ends_before_the_agent_went_on_is_over() {
    let mut line = settled();
    assert_eq!(line.drained(2), ["resume 2"]);
    assert_eq!(line.state(), "listening");
}

#[test]
fn three_words_interrupt_and_so_does_one_that_asks_for_the_floor() {
    assert_eq!(spoken_over().partial(2, "let me speak"), ["flush 2"]);
    for claim in ["stop", "excuse", "excuse me", "okay wait", "oh no no", "what are"] {
        let flushed = !spoken_over().partial(2, claim).is_empty();
        assert_eq!(flushed, claim != "excuse", "{claim}");
    }
}

#[test]
fn words_that_still_come_at_the_limit_interrupt() {
    let mut line = spoken_over();
    line.wait(150);
    line.partial(2, "let me");
    assert_eq!(line.wait(349), NOTHING);
    assert_eq!(line.wait(1), ["flush 2"]);
}

#[test]
fn short_words_the_recogniser_doubts_do_not_interrupt() {
    for (text, confidence_per_mille, does) in [
        ("about", 24, false),
        ("no", 34, false),
        ("saturday", 199, false),
        ("saturday", 200, true),
        ("stop", 420, true),
    ] {
        let mut line = spoken_over();
        line.wait(300);
        line.falls_silent();
        let interrupted = line.understood(2, text, confidence_per_mille).first().is_some_and(|act| act == "flush 2");
        assert_eq!(interrupted, does, "{text} {confidence_per_mille}");
    }
}

#[test]
fn doubtful_words_in_a_long_sound_interrupt() {
    let mut line =
        answered_with(full_settings().with(|it| it.overlap.overlap_limit = std::time::Duration::from_secs(2)));
    line.speech();
    line.confirmed();
    line.wait(800);
    line.falls_silent();
    assert_eq!(line.understood(2, "the raleigh", 131), ["flush 2", "score 2 after 100"]);
}

#[test]
fn a_transcript_asked_for_just_before_the_limit_is_waited_for() {
    let mut line = spoken_over();
    line.wait(480);
    assert_eq!(line.falls_silent(), ["finish 2"]);
    assert_eq!(line.wait(149), NOTHING);
    assert_eq!(line.transcript(2, "i see"), ["resume 2"]);
    let mut line = spoken_over();
    line.wait(480);
    line.falls_silent();
    assert_eq!(line.wait(150)[0], "flush 2", "a worker that hangs does not hold the agent up");
}

#[test]
fn who_speaks_just_after_the_agent_began_had_only_paused() {
    let mut line = Line::greeted_with(full_settings().with(|it| it.endpointing.speculation = false));
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.falls_silent();
    line.score(1, 950);
    line.wait(100);
    line.transcript(1, "i would like");
    line.delta(2, "A teapot? We have green ones.");
    line.done(2);
    line.ready(2, 0, 16_000);
    line.progress(2, 6_400);
    line.wait(800);
    line.speech();
    line.confirmed();
    assert_eq!(line.partial(2, "a blue one"), ["flush 2"]);
    line.flushed(2, 6_400);
    line.wait(500);
    line.falls_silent();
    line.score(2, 100);
    // He paused for a second, and is now given a third more.
    let waited = line.wait(1_290 - 100);
    assert!(!waited.contains(&"finish 2".into()), "{waited:?}");
    assert!(line.wait(30).contains(&"finish 2".into()));
}

#[test]
fn the_last_moment_of_a_turn_is_not_taken_from_it() {
    let mut line = answered();
    line.progress(2, 32_000 - 4_800);
    assert_eq!(line.speech(), ["recognise 2"]);
    assert_eq!(line.confirmed(), NOTHING);
    assert_eq!(line.partial(2, "and on sunday"), NOTHING);
    assert_eq!(line.drained(2), NOTHING);
    assert_eq!(line.state(), "listening");
    line.wait(600);
    line.falls_silent();
    line.score(2, 950);
    assert_eq!(line.transcript(2, "and on sunday"), ["hold 3", "reply 3"]);
    let history = line.history();
    assert_eq!(history[2..], ["agent: We open at nine, and we close at five.", "caller: and on sunday"]);
}

#[test]
fn an_answer_that_ends_before_the_question_is_not_lost() {
    let mut line = Line::greeted_with(full_settings());
    line.speech();
    line.confirmed();
    line.wait(500);
    line.falls_silent();
    line.score(1, 950);
    line.transcript(1, "a teapot");
    line.delta(2, "Would you like the blue one?");
    line.done(2);
    line.wait(100);
    line.ready(2, 0, 32_000);
    line.progress(2, 17_000);
    // A second before the end of a question everybody knows what it is.
    assert_eq!(line.speech(), ["recognise 2"]);
    line.confirmed();
    line.wait(500);
    assert_eq!(line.partial(2, "yes"), NOTHING);
    assert_eq!(line.falls_silent(), NOTHING);
    line.wait(400);
    assert_eq!(line.drained(2), ["score 2 after 200", "finish 2"]);
    assert_eq!(line.transcript(2, "yes"), ["reply 3"]);
}

#[test]
fn a_noise_at_the_end_of_the_turn_is_not_an_answer() {
    let mut line = answered();
    line.progress(2, 31_000);
    assert_eq!(line.speech(), ["recognise 2"]);
    assert_eq!(line.drained(2), ["cancel recognition 2"]);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.deadline(), Some((7_000, Timer::NoInput)));
}

/// The greeting follows a notice of two seconds.
fn with_notice() -> Line {
    let mut line = Line::new(full_settings().with(|it| it.phrases.notice = "This call is recorded.".into()));
    assert_eq!(line.give(Input::CallAnswered), ["speak 1.0: This call is recorded.", "speak 1.1: GREETING", "end 1"]);
    line.ready(1, 0, 32_000);
    line.ready(1, 1, 64_000);
    line.progress(1, 8_000);
    line
}

#[test]
fn a_notice_is_not_interrupted() {
    let mut line = with_notice();
    assert_eq!(line.speech(), ["recognise 1"]);
    assert_eq!(line.confirmed(), NOTHING);
    assert_eq!(line.partial(1, "yes yes i know"), NOTHING);
    line.progress(1, 31_000);
    assert_eq!(line.partial(1, "yes yes i know that"), NOTHING);
    assert_eq!(line.state(), "speaking");
}

#[test]
fn what_follows_the_notice_can_be_interrupted() {
    let mut line = with_notice();
    line.speech();
    line.confirmed();
    line.progress(1, 33_000);
    assert_eq!(line.partial(1, "i want a teapot"), ["flush 1"]);
    assert_eq!(line.flushed(1, 33_280), ["heard 1: This call is recorded."]);
}

#[test]
fn speech_during_the_notice_is_answered_after_the_greeting() {
    let mut line = with_notice();
    line.speech();
    line.confirmed();
    line.wait(600);
    line.partial(1, "a teapot please");
    line.falls_silent();
    line.wait(200);
    line.progress(1, 64_000);
    assert_eq!(line.drained(1), ["score 1 after 200"]);
    assert_eq!(line.score(1, 950), ["finish 1"]);
    assert_eq!(line.transcript(1, "a teapot please"), ["reply 2"]);
}

#[test]
fn keys_during_the_agents_turn_end_it() {
    let mut line = answered();
    line.speech();
    assert_eq!(line.keys("0"), ["flush 2", "cancel recognition 2"]);
    assert_eq!(line.flushed(2, 9_000), ["heard 2: We open"]);
    assert_eq!(line.wait(2_000), ["reply 3"]);
}
