use conversation::Timer;

use crate::line::{Line, NOTHING};

#[test]
fn speech_starts_a_recognition() {
    let mut line = Line::greeted();
    assert_eq!(line.speech(), ["recognise 1"]);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.state(), "listening");
}

#[test]
fn the_silence_that_has_passed_counts_towards_the_endpoint() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    assert_eq!(line.silence(), NOTHING);
    assert_eq!(line.state(), "endpointing");
    assert_eq!(line.deadline(), Some((300, Timer::Endpoint)));
    assert_eq!(line.wait(299), NOTHING);
    assert_eq!(line.wait(1), ["finish 1"]);
    assert_eq!(line.deadline(), Some((2_000, Timer::Transcript)));
}

#[test]
fn a_short_pause_does_not_end_the_utterance() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(299);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.wait(1_000), NOTHING);
    line.silence();
    assert_eq!(line.wait(300), ["finish 1"]);
}

#[test]
fn a_late_event_is_taken_before_the_deadline_that_it_beats() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    // The shell was held up: the deadline passed, but speech goes on.
    let late = conversation::Instant::from_millis(10_000);
    line.conversation.handle_input(conversation::Input::SpeechStarted, late);
    assert_eq!(line.conversation.poll_action(), None);
    assert_eq!(line.state(), "listening");
}

#[test]
fn the_transcript_is_answered() {
    let mut line = Line::greeted();
    assert_eq!(line.say(1, " when are you open "), ["recognise 1", "finish 1", "reply 2"]);
    assert_eq!(line.state(), "replying");
    assert_eq!(line.history(), ["agent: GREETING", "caller: when are you open"]);
    assert_eq!(line.conversation.turn(), Some(conversation::TurnId(2)));
}

#[test]
fn transcripts_of_other_utterances_are_ignored() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(7, "not mine"), NOTHING);
    assert_eq!(line.transcript(1, "mine"), ["reply 2"]);
    assert_eq!(line.transcript(1, "mine again"), NOTHING);
    assert_eq!(line.history()[1..], ["caller: mine"]);
}

#[test]
fn a_caller_who_goes_on_before_the_transcript_came_is_answered_once() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    assert_eq!(line.wait(300), ["finish 1"]);
    assert_eq!(line.speech(), ["recognise 2"]);
    assert_eq!(line.transcript(1, "are you open"), NOTHING);
    line.wait(1_000);
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
    assert_eq!(line.transcript(2, "on saturday"), ["reply 2"]);
    assert_eq!(line.history()[1..], ["caller: are you open on saturday"]);
}

#[test]
fn transcripts_that_come_in_the_wrong_order_are_put_in_the_right_one() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    line.wait(300);
    line.speech();
    line.wait(800);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(2, "on saturday"), NOTHING);
    assert_eq!(line.transcript(1, "are you open"), ["reply 2"]);
    assert_eq!(line.history()[1..], ["caller: are you open on saturday"]);
}

#[test]
fn a_recogniser_that_ends_the_utterance_itself_is_started_again() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    assert_eq!(line.transcript(1, "are you open"), ["cancel recognition 1", "recognise 2"]);
    line.wait(1_000);
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
    assert_eq!(line.transcript(2, ""), ["reply 2"]);
    assert_eq!(line.history()[1..], ["caller: are you open"]);
}

#[test]
fn a_final_transcript_in_the_pause_is_answered_at_the_endpoint() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_000);
    line.silence();
    assert_eq!(line.transcript(1, "are you open"), ["cancel recognition 1"]);
    assert_eq!(line.wait(300), ["reply 2"]);
}

#[test]
fn an_endless_utterance_is_answered_where_it_is() {
    let mut line = Line::greeted();
    line.speech();
    assert_eq!(line.wait(29_999), NOTHING);
    assert_eq!(line.wait(1), ["finish 1"]);
    assert_eq!(line.transcript(1, "and then he said"), ["reply 2"]);
    assert_eq!(line.silence(), NOTHING);
}
