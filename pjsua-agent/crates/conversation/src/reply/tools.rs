//! The tools that a reply asks for: called within the turn, awaited, cancelled or left behind.

use std::time::Duration;

use super::{Reply, Source};
use crate::Spoken;
use crate::call::Call;
use crate::{Action, OnBargeIn, Timer, ToolCallId, TurnId};

/// How long the tools of a turn may take before the model goes on without them. 20 s: nobody waits longer on the telephone
/// for an answer that only a filler has announced.
const TOOL_TIMEOUT: Duration = Duration::from_secs(20);

/// What the model is told of a tool that has not answered by then.
const OVERDUE: &str = "no answer in time";

/// A call of a tool as the model asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolCall {
    pub(crate) call: ToolCallId,
    pub(crate) name: String,
    pub(crate) arguments: Spoken,
    pub(crate) on_barge_in: OnBargeIn,
}

/// A tool that runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Running {
    turn: TurnId,
    call: ToolCallId,
    name: String,
    on_barge_in: OnBargeIn,
}

impl Running {
    fn told(&self, outcome: &str, failed: bool) -> String {
        let verb = if failed { " failed" } else { "" };
        format!("{}{verb}: {}", self.name, outcome.trim())
    }
}

impl Reply {
    /// Outcomes of tools are awaited; the model says nothing meanwhile.
    pub(crate) fn awaits_tools(&self) -> bool {
        !self.tools.is_empty()
    }

    /// The model may ask `turn` for a tool: it is at it, or waits for other tools that it has asked for.
    pub(crate) fn takes_tool_call_of(&self, turn: TurnId) -> bool {
        self.takes_text_of(turn) || (self.turn == turn && self.awaits_tools())
    }

    fn take_tool(&mut self, call: ToolCallId) -> Option<Running> {
        let at = self.tools.iter().position(|tool| tool.call == call)?;
        Some(self.tools.remove(at))
    }
}

impl Call {
    /// The model asks for a tool. What it has said so far is spoken, to its last word.
    pub(crate) fn call_tool(&mut self, reply: &mut Reply, tool: ToolCall) {
        if reply.tools.iter().chain(&self.turns.left).any(|running| running.call == tool.call) {
            return;
        }
        if !reply.awaits_tools() {
            self.speak_rest(reply);
            reply.source = Source::Generated;
            self.timers.clear(Timer::Reply);
            self.timers.set(Timer::Tool, self.now + TOOL_TIMEOUT);
            if reply.filler.is_none() && self.timers.get(Timer::Filler).is_none() {
                self.watch_for_filler();
            }
        }
        let ToolCall { call, name, arguments, on_barge_in } = tool;
        let turn = reply.turn;
        reply.tools.push(Running { turn, call, name: name.clone(), on_barge_in });
        self.act(Action::CallTool { turn, call, name, arguments });
    }

    /// A tool has answered. When it was the last one that was awaited, the model goes on. Returns whether it was this
    /// turn's.
    pub(crate) fn tool_answered(&mut self, reply: &mut Reply, call: ToolCallId, outcome: &str, failed: bool) -> bool {
        let Some(tool) = reply.take_tool(call) else { return false };
        self.history.tool(reply.turn, tool.told(outcome, failed));
        if !reply.awaits_tools() {
            self.timers.clear(Timer::Tool);
            reply.source = Source::Generating;
            self.act(Action::ContinueReply { turn: reply.turn });
            self.await_reply_text();
        }
        true
    }

    /// The tools of the turn have taken as long as they may: the model goes on without them.
    pub(crate) fn tools_overdue(&mut self, reply: &mut Reply) {
        while let Some(call) = reply.tools.first().map(|tool| tool.call) {
            self.act(Action::CancelTool { call });
            self.tool_answered(reply, call, OVERDUE, true);
        }
    }

    /// The tool belongs to a former turn and is to finish.
    pub(crate) fn has_left(&self, call: ToolCallId) -> bool {
        self.turns.left.iter().any(|tool| tool.call == call)
    }

    /// A tool of a former turn, which was to finish, has answered: the next reply knows of it.
    pub(crate) fn left_tool_answered(&mut self, call: ToolCallId, outcome: &str, failed: bool) {
        if let Some(at) = self.turns.left.iter().position(|tool| tool.call == call) {
            let tool = self.turns.left.remove(at);
            self.history.tool(tool.turn, tool.told(outcome, failed));
        }
    }

    /// The turn is over or goes on without the model: each tool ends or finishes as it was declared.
    pub(super) fn leave_tools(&mut self, reply: &mut Reply) {
        self.timers.clear(Timer::Tool);
        for tool in std::mem::take(&mut reply.tools) {
            match tool.on_barge_in {
                OnBargeIn::Cancel => self.act(Action::CancelTool { call: tool.call }),
                OnBargeIn::Await => self.turns.left.push(tool),
            }
        }
    }

    /// The call is over: no outcome is wanted any more.
    pub(crate) fn cancel_left_tools(&mut self) {
        for tool in std::mem::take(&mut self.turns.left) {
            self.act(Action::CancelTool { call: tool.call });
        }
    }
}
