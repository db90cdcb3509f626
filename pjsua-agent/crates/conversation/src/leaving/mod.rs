//! The call comes to its end: the agent's last words, a transfer, the hang-up.

mod departure;

pub(crate) use departure::{Departure, TransferRecord};

use crate::call::Call;
use crate::next::Next;
use crate::reply::{Reply, ToolCall};
use crate::{Act, Action, ClauseId, Timer, ToolCallId, TurnId};

/// Nobody has the floor any more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaving {
    /// The agent says its last words before the act.
    Closing {
        /// What it says.
        reply: Reply,
        /// What follows.
        act: Act,
    },
    /// The outcome of the transfer is awaited.
    Transferring,
    /// We hung up; the end of the call is awaited.
    HungUp,
}

/// The way out.
impl Leaving {
    /// A scripted turn that the caller cannot keep from ending the way it does.
    pub(crate) fn say_and(call: &mut Call, phrase: &str, act: Act) -> Self {
        let reply = call.scripted(phrase);
        Self::Closing { reply, act }.end_of_text(call)
    }

    /// Does what the last turn announced.
    pub(crate) fn perform(call: &mut Call, act: Act) -> Self {
        call.settle_flush(None);
        match act {
            Act::Transfer => {
                call.departure.transfer = TransferRecord::Asked;
                call.act(Action::Transfer);
                call.timers.set(Timer::Transfer, call.now + call.settings.bounds.transfer_timeout);
                Self::Transferring
            }
            Act::HangUp => {
                call.timers.clear_all();
                call.act(Action::HangUp);
                Self::HungUp
            }
        }
    }

    /// The transfer failed or nothing was heard of it: the caller is told, and has the floor again.
    pub(crate) fn transfer_failed(self, call: &mut Call) -> Next {
        match self {
            Self::Transferring => {
                call.timers.clear(Timer::Transfer);
                call.departure.transfer = TransferRecord::Failed;
                call.turns.failed = 0;
                if call.departure.overdue {
                    return Next::SayAnd(call.settings.phrases.time_limit_goodbye.clone(), Act::HangUp);
                }
                Next::Say(call.settings.phrases.transfer_failed.clone())
            }
            Self::Closing { .. } | Self::HungUp => self.into(),
        }
    }

    /// The call has lasted as long as one may; no reply is waited for.
    pub(crate) fn time_is_up(self, call: &mut Call) -> Self {
        call.departure.overdue = true;
        match self {
            Self::Closing { reply, act } if reply.is_generating() || reply.awaits_tools() => {
                Self::reply_failed(call, reply, act)
            }
            Self::Closing { .. } | Self::Transferring | Self::HungUp => self,
        }
    }

    /// Ends what the agent says.
    pub(crate) fn leave(self, call: &mut Call) {
        match self {
            Self::Closing { reply, .. } => call.interrupt(reply),
            Self::Transferring | Self::HungUp => {}
        }
    }
}

/// The last words.
impl Leaving {
    pub(crate) fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Closing { reply, .. } => Some(reply),
            Self::Transferring | Self::HungUp => None,
        }
    }

    fn reply_mut(&mut self) -> Option<&mut Reply> {
        match self {
            Self::Closing { reply, .. } => Some(reply),
            Self::Transferring | Self::HungUp => None,
        }
    }

    pub(crate) fn reply_delta(mut self, call: &mut Call, turn: TurnId, text: &str) -> Self {
        let Some(reply) = self.reply_mut().filter(|reply| reply.takes_text_of(turn)) else { return self };
        if call.take_text(reply, text) {
            return self.end_of_text(call);
        }
        call.watch_playout(reply);
        self
    }

    pub(crate) fn tool_called(mut self, call: &mut Call, turn: TurnId, tool: ToolCall) -> Self {
        if let Some(reply) = self.reply_mut().filter(|reply| reply.takes_tool_call_of(turn)) {
            call.call_tool(reply, tool);
            call.watch_playout(reply);
        }
        self
    }

    pub(crate) fn tool_answered(mut self, call: &mut Call, tool: ToolCallId, outcome: &str, failed: bool) -> Self {
        let is_own = self.reply_mut().is_some_and(|reply| call.tool_answered(reply, tool, outcome, failed));
        if !is_own {
            call.left_tool_answered(tool, outcome, failed);
        }
        self
    }

    pub(crate) fn tools_overdue(mut self, call: &mut Call) -> Self {
        if let Some(reply) = self.reply_mut() {
            call.tools_overdue(reply);
        }
        self
    }

    pub(crate) fn reply_done(self, call: &mut Call, turn: TurnId) -> Self {
        match self {
            Self::Closing { mut reply, act } if reply.takes_text_of(turn) => {
                call.finish_text(&mut reply);
                if reply.is_silent() {
                    let phrase = call.closing_phrase(act);
                    call.speak(&mut reply, &phrase);
                }
                Self::Closing { reply, act }.end_of_text(call)
            }
            Self::Closing { .. } | Self::Transferring | Self::HungUp => self,
        }
    }

    /// The model failed or is overdue.
    pub(crate) fn model_failed(self, call: &mut Call, turn: Option<TurnId>) -> Self {
        match self {
            Self::Closing { reply, act } if reply.is_generating() && reply.is_meant_by(turn) => {
                Self::reply_failed(call, reply, act)
            }
            Self::Closing { .. } | Self::Transferring | Self::HungUp => self,
        }
    }

    /// What is left to say is that the call ends, if even that was not said.
    fn reply_failed(call: &mut Call, mut reply: Reply, act: Act) -> Self {
        call.cancel_generation(&mut reply);
        reply.failed = true;
        if reply.is_silent() {
            let phrase = call.closing_phrase(act);
            call.speak(&mut reply, &phrase);
        }
        Self::Closing { reply, act }.end_of_text(call)
    }

    /// A clause of the last words is lost; nothing is said about it.
    pub(crate) fn voice_failed(mut self, call: &mut Call, turn: Option<TurnId>) -> Self {
        if let Some(reply) = self.reply_mut().filter(|reply| reply.is_meant_by(turn)) {
            reply.failed |= call.skip_clause(reply);
        }
        self
    }

    /// Nothing is added to the last words; without any the act follows at once.
    pub(crate) fn end_of_text(mut self, call: &mut Call) -> Self {
        let Some(reply) = self.reply_mut() else { return self };
        if reply.ledger.is_empty() {
            return self.turn_over(call);
        }
        if call.end_speech(reply) {
            call.watch_playout(reply);
        }
        self
    }

    pub(crate) fn clause_ready(mut self, call: &mut Call, turn: TurnId, clause: ClauseId, end_sample: u64) -> Self {
        if let Some(reply) = self.reply_mut().filter(|reply| reply.turn == turn) {
            reply.ledger.ready(clause, end_sample);
            call.watch_playout(reply);
        }
        self
    }

    pub(crate) fn playout_progress(mut self, call: &mut Call, turn: TurnId, sample: u64) -> Self {
        if let Some(reply) = self.reply_mut()
            && reply.advance(turn, sample)
        {
            call.watch_playout(reply);
        }
        self
    }

    pub(crate) fn playout_drained(self, call: &mut Call, turn: TurnId) -> Self {
        let is_over = self.reply().is_some_and(|reply| reply.turn == turn && reply.ended);
        if is_over { self.turn_over(call) } else { self }
    }

    /// All of the last words was heard.
    fn turn_over(self, call: &mut Call) -> Self {
        match self {
            Self::Closing { reply, act } => {
                call.complete(&reply);
                Self::perform(call, act)
            }
            Self::Transferring | Self::HungUp => self,
        }
    }

    /// The playout of the last words died, or its end was lost on the way.
    pub(crate) fn playout_stalled(self, call: &mut Call) -> Self {
        match self {
            Self::Closing { reply, act } => {
                call.interrupt(reply);
                Self::perform(call, act)
            }
            Self::Transferring | Self::HungUp => self,
        }
    }
}
