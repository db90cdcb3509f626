//! The agent's words: where they come from, and what of the model's text is spoken.

use super::Agent;
use crate::call::Call;
use crate::next::Next;
use crate::reply::{Afterword, Reply, Source, ToolCall};
use crate::{Act, ClauseId, ToolCallId, TurnId};

/// The agent takes the floor.
impl Agent {
    /// The call was answered: a notice that must be heard, if there is one, and the greeting.
    pub(crate) fn greet(call: &mut Call) -> Next {
        let mut reply = call.scripted(&call.settings.phrases.notice.clone());
        if !reply.ledger.is_empty() {
            reply.ledger.protect(ClauseId(0));
        }
        call.speak(&mut reply, &call.settings.phrases.greeting.clone());
        Self::conclude(call, reply)
    }

    /// A scripted turn after which it is the caller's.
    pub(crate) fn say(call: &mut Call, phrase: &str) -> Next {
        let reply = call.scripted(phrase);
        Self::conclude(call, reply)
    }

    /// A scripted turn after which the call ends, unless the caller speaks after all.
    pub(crate) fn say_before_hanging_up(call: &mut Call, phrase: &str) -> Next {
        let mut reply = call.scripted(phrase);
        reply.afterword = Some(Afterword::HangUp);
        Self::conclude(call, reply)
    }

    /// A scripted turn about a failure, which must not cause another one.
    pub(crate) fn apologise(call: &mut Call) -> Next {
        let mut reply = call.scripted(&call.settings.phrases.failure.clone());
        reply.failed = true;
        Self::conclude(call, reply)
    }

    /// A turn whose words are all known.
    pub(crate) fn conclude(call: &mut Call, reply: Reply) -> Next {
        Self::Speaking { reply, aside: None }.end_of_text(call)
    }

    /// Asks the model for a reply to the history with `said` added.
    pub(crate) fn ask(call: &mut Call, said: &str) -> Self {
        call.caller_said(said);
        let mut reply = call.begin_turn(Source::Generating);
        call.request_reply(&mut reply);
        call.await_reply(&reply);
        call.watch_playout(&reply);
        match reply.ledger.position() {
            0 => Self::Replying(reply),
            _ => Self::Speaking { reply, aside: None },
        }
    }

    /// The reply that was prepared in silence is spoken, and what it asks for is done.
    pub(crate) fn release(call: &mut Call, mut reply: Reply, act: Option<Act>, done: bool) -> Next {
        let turn = reply.turn;
        call.speak_complete_clauses(&mut reply);
        if !done {
            call.await_reply(&reply);
        }
        call.watch_playout(&reply);
        let agent = Self::Replying(reply);
        match act {
            Some(act) => agent.reply_act(call, turn, act),
            None => agent.into(),
        }
    }
}

/// The models speak.
impl Agent {
    /// The small model's clause.
    pub(crate) fn pre_response(mut self, call: &mut Call, turn: TurnId, text: &str) -> Self {
        let reply = self.reply_mut();
        if reply.turn == turn && reply.awaits_opening {
            call.open(reply, text);
            call.await_reply_text();
            self.watch_playout(call);
        }
        self
    }

    /// The small model is late or has failed: the main one is asked without it.
    pub(crate) fn without_opening(self, call: &mut Call) -> Self {
        let turn = self.reply().turn;
        self.pre_response(call, turn, "")
    }

    /// Something is said while the reply is not known yet.
    pub(crate) fn reply_is_late(mut self, call: &mut Call) -> Self {
        match &mut self {
            Self::Replying(reply) if reply.ledger.is_empty() => {
                let said = call.history.last_caller().unwrap_or_default().to_owned();
                call.fill(reply, &said);
                call.watch_playout(reply);
            }
            Self::Replying(reply) | Self::Speaking { reply, .. } if reply.awaits_tools() => call.fill_silence(reply),
            Self::Replying(_) | Self::Speaking { .. } | Self::Overlap { .. } => {}
        }
        self
    }

    pub(crate) fn reply_delta(mut self, call: &mut Call, turn: TurnId, text: &str) -> Next {
        let reply = self.reply_mut();
        if !reply.takes_text_of(turn) {
            return self.into();
        }
        if call.take_text(reply, text) {
            return self.end_of_text(call);
        }
        self.watch_playout(call);
        self.into()
    }

    pub(crate) fn reply_act(mut self, call: &mut Call, turn: TurnId, act: Act) -> Next {
        let reply = self.reply_mut();
        if !reply.takes_text_of(turn) {
            return self.into();
        }
        match act {
            Act::Transfer if !call.settings.human => reply.afterword = Some(Afterword::NoHuman),
            // The caller may have said something else: he can speak before it ends.
            Act::HangUp if !call.caller.said_for_certain => reply.afterword = Some(Afterword::HangUp),
            Act::Transfer | Act::HangUp => {
                let reply = self.take_room(call);
                return Next::Close { reply, act, is_complete: false };
            }
        }
        self.into()
    }

    /// The model asks for a tool: what it has said is spoken meanwhile.
    pub(crate) fn tool_called(mut self, call: &mut Call, turn: TurnId, tool: ToolCall) -> Self {
        let reply = self.reply_mut();
        if reply.takes_tool_call_of(turn) {
            call.call_tool(reply, tool);
            self.watch_playout(call);
        }
        self
    }

    pub(crate) fn tool_answered(mut self, call: &mut Call, tool: ToolCallId, outcome: &str, failed: bool) -> Self {
        if !call.tool_answered(self.reply_mut(), tool, outcome, failed) {
            call.left_tool_answered(tool, outcome, failed);
        }
        self
    }

    pub(crate) fn tools_overdue(mut self, call: &mut Call) -> Self {
        call.tools_overdue(self.reply_mut());
        self
    }

    pub(crate) fn reply_done(mut self, call: &mut Call, turn: TurnId) -> Next {
        let reply = self.reply_mut();
        if !reply.takes_text_of(turn) {
            return self.into();
        }
        call.finish_text(reply);
        match reply.afterword {
            Some(Afterword::NoHuman) => {
                reply.afterword = None;
                let phrase = call.settings.phrases.transfer_failed.clone();
                call.speak(reply, &phrase);
            }
            Some(Afterword::HangUp) if reply.is_silent() => {
                let phrase = call.closing_phrase(Act::HangUp);
                call.speak(reply, &phrase);
            }
            Some(Afterword::Failure) | None if reply.is_silent() => return self.reply_failed(call),
            Some(Afterword::Failure | Afterword::HangUp) | None => {}
        }
        self.end_of_text(call)
    }

    /// Nothing is added to the running turn; one that says nothing at all is over.
    pub(super) fn end_of_text(mut self, call: &mut Call) -> Next {
        let reply = self.reply_mut();
        if reply.ledger.is_empty() {
            return self.turn_over(call);
        }
        if call.end_speech(reply) {
            self.watch_playout(call);
        }
        self.into()
    }
}
