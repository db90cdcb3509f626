//! The model asks for a tool within its reply.

use std::time::Duration;

use conversation::{Act, Input, OnBargeIn, Timer, ToolCallId};

use crate::line::{Line, NOTHING, full_settings, settings};

const CALLED: &str = "call 1 for 2: weather {}";

/// Turn 2 has said nothing and waits for the tool.
fn waiting(on_barge_in: OnBargeIn) -> Line {
    let mut line = Line::asked("is it warm");
    line.asks_tool(2, 1, on_barge_in);
    line
}

/// Turn 2 waits for the tool, and half of "Let me look." was heard.
fn waiting_aloud(on_barge_in: OnBargeIn) -> Line {
    let mut line = Line::asked("is it warm");
    line.delta(2, "Let me look.");
    line.asks_tool(2, 1, on_barge_in);
    line.ready(2, 0, 16_000);
    line.progress(2, 8_000);
    line
}

#[test]
fn the_model_is_asked_again_with_the_outcome() {
    let mut line = Line::asked("is it warm");
    assert_eq!(line.asks_tool(2, 1, OnBargeIn::Cancel), [CALLED]);
    assert_eq!(line.state(), "replying");
    assert_eq!(line.tool_says(1, "12 degrees"), ["continue 2"]);
    assert_eq!(line.history()[1..], ["caller: is it warm", "tool: weather: 12 degrees"]);
    assert_eq!(line.delta(2, "It is not. Take"), ["speak 2.0: It is not."]);
    assert_eq!(line.done(2), ["speak 2.1: Take", "end 2"]);
    let history = ["caller: is it warm", "tool: weather: 12 degrees", "agent: It is not. Take"];
    assert_eq!(line.history()[1..], history);
}

#[test]
fn what_was_said_before_is_spoken_while_the_tool_runs() {
    let mut line = Line::asked("is it warm");
    line.delta(2, "Let me look");
    assert_eq!(line.asks_tool(2, 1, OnBargeIn::Cancel), ["speak 2.0: Let me look", CALLED]);
    line.play_to_end(2);
    assert_eq!(line.state(), "speaking", "the turn goes on");
    assert_eq!(line.tool_says(1, "12 degrees"), ["continue 2"]);
    line.delta(2, "It is not.");
    assert_eq!(line.done(2), ["speak 2.1: It is not.", "end 2"]);
    assert_eq!(line.history().last().unwrap(), "agent: Let me look It is not.");
}

#[test]
fn the_model_goes_on_when_the_last_of_several_tools_has_answered() {
    let mut line = waiting(OnBargeIn::Cancel);
    assert_eq!(line.asks_tool(2, 2, OnBargeIn::Cancel), ["call 2 for 2: weather {}"]);
    assert_eq!(line.tool_says(2, "no wind"), NOTHING);
    assert_eq!(line.tool_says(1, "12 degrees"), ["continue 2"]);
    assert_eq!(line.tool_says(1, "13 degrees"), NOTHING, "it has answered");
}

#[test]
fn a_tool_that_fails_is_told_to_the_model() {
    let mut line = waiting(OnBargeIn::Cancel);
    let failed = Input::ToolResult { call: ToolCallId(1), outcome: "no such tool".into(), failed: true };
    assert_eq!(line.give(failed), ["continue 2"]);
    assert_eq!(line.history().last().unwrap(), "tool: weather failed: no such tool");
}

#[test]
fn a_tool_that_does_not_answer_is_given_up() {
    let mut line = waiting(OnBargeIn::Await);
    assert_eq!(line.deadline(), Some((20_000, Timer::Tool)));
    assert_eq!(line.wait(20_000), ["cancel call 1", "continue 2"]);
    assert_eq!(line.history().last().unwrap(), "tool: weather failed: no answer in time");
    assert_eq!(line.deadline(), Some((6_000, Timer::Reply)));
}

#[test]
fn a_filler_bridges_the_wait_for_a_tool() {
    let mut line =
        Line::asked_with(settings().with(|it| it.replies.filler_after = Duration::from_millis(900)), "a teapot");
    line.asks_tool(2, 1, OnBargeIn::Cancel);
    assert_eq!(line.wait(900), ["speak 2.0: FILLER"]);
}

#[test]
fn a_filler_bridges_the_silence_after_the_words_before_the_tool() {
    let mut line =
        Line::asked_with(settings().with(|it| it.replies.filler_after = Duration::from_millis(900)), "a teapot");
    line.delta(2, "Let me look.");
    line.asks_tool(2, 1, OnBargeIn::Cancel);
    let actions = line.play_to_end(2);
    assert_eq!(actions, NOTHING);
    assert_eq!(line.wait(1_800), ["speak 2.1: FILLER"]);
    line.ready(2, 1, 24_000);
    line.progress(2, 24_000);
    assert_eq!(line.wait(4_000), NOTHING, "once");
}

#[test]
fn who_interrupts_ends_a_tool_that_only_looks_up() {
    let mut line = waiting(OnBargeIn::Cancel);
    assert_eq!(line.speech(), ["cancel call 1", "recognise 2"]);
    assert_eq!(line.tool_says(1, "12 degrees"), NOTHING);
    assert_eq!(line.history()[1..], ["caller: is it warm"]);
}

#[test]
fn who_interrupts_does_not_end_a_tool_that_changes_something() {
    let mut line = waiting_aloud(OnBargeIn::Await);
    line.speech();
    assert_eq!(line.partial(2, "stop"), ["flush 2"]);
    line.flushed(2, 8_000);
    assert_eq!(line.tool_says(1, "done"), NOTHING);
    line.wait(1_000);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(2, "stop the kettle"), ["reply 3"]);
    let history = ["caller: is it warm", "tool: weather: done", "agent: Let me", "caller: stop the kettle"];
    assert_eq!(line.history()[1..], history);
}

#[test]
fn a_false_alarm_leaves_the_tool() {
    let mut line = waiting_aloud(OnBargeIn::Cancel);
    line.speech();
    line.wait(100);
    line.silence();
    line.transcript(2, "");
    assert_eq!(line.state(), "speaking");
    assert_eq!(line.tool_says(1, "12 degrees"), ["continue 2"]);
}

#[test]
fn the_end_of_the_call_cancels_every_tool() {
    let mut line = waiting(OnBargeIn::Await);
    line.speech();
    assert_eq!(line.give(Input::CallEnded), ["cancel recognition 2", "cancel call 1"]);
    assert_eq!(line.tool_says(1, "12 degrees"), NOTHING);
}

#[test]
fn a_tool_in_the_last_words_is_awaited() {
    let mut line = Line::asked("goodbye then");
    line.act(2, Act::HangUp);
    line.asks_tool(2, 1, OnBargeIn::Cancel);
    assert_eq!(line.state(), "closing");
    assert_eq!(line.tool_says(1, "noted"), ["continue 2"]);
    assert_eq!(line.done(2), ["speak 2.0: GOODBYE", "end 2"]);
}

#[test]
fn a_reply_that_may_be_thrown_away_calls_no_tool() {
    let mut line = Line::greeted_with(full_settings());
    line.speech();
    line.confirmed();
    line.wait(1_000);
    line.partial(1, "is it warm");
    line.falls_silent();
    line.wait(50);
    line.score(1, 950);
    assert_eq!(line.transcript(1, "is it warm"), ["hold 2", "reply 2"]);
    assert_eq!(line.asks_tool(2, 1, OnBargeIn::Cancel), NOTHING);
    assert_eq!(line.wait(50), ["release 2", CALLED]);
}

#[test]
fn tools_of_former_turns_are_not_called() {
    let mut line = Line::asked("is it warm");
    assert_eq!(line.asks_tool(1, 1, OnBargeIn::Cancel), NOTHING);
    assert_eq!(line.tool_says(1, "12 degrees"), NOTHING);
    assert_eq!(line.state(), "replying");
}
