//! Workers fail in the agent's turn; the call goes on, is handed to a human, or ends politely.

use super::Agent;
use crate::TurnId;
use crate::call::Call;
use crate::next::Next;
use crate::reply::Afterword;

impl Agent {
    /// The model failed or is overdue.
    pub(crate) fn model_failed(self, call: &mut Call, turn: Option<TurnId>) -> Next {
        let reply = self.reply();
        if !reply.is_generating() || !reply.is_meant_by(turn) {
            return self.into();
        }
        if reply.awaits_opening { self.without_opening(call).into() } else { self.reply_failed(call) }
    }

    /// The clause that is being synthesised is lost. The first time in a turn the agent says so:
    /// at once while the reply is still being generated, else after what is queued already.
    pub(crate) fn voice_failed(mut self, call: &mut Call, turn: Option<TurnId>) -> Next {
        let reply = self.reply_mut();
        if !reply.is_meant_by(turn) || !call.skip_clause(reply) || reply.failed {
            return self.into();
        }
        if !reply.ended {
            return self.reply_failed(call);
        }
        reply.failed = true;
        reply.afterword = Some(Afterword::Failure);
        call.turns.failed += 1;
        self.into()
    }

    /// Speaks in a running turn of which the model or the voice failed a part, and ends it.
    pub(super) fn reply_failed(mut self, call: &mut Call) -> Next {
        let reply = self.reply_mut();
        call.cancel_generation(reply);
        reply.failed = true;
        reply.afterword = None;
        call.turns.failed += 1;
        let phrase = if call.keeps_failing() { call.last_phrase() } else { call.settings.phrases.failure.clone() };
        call.speak(reply, &phrase);
        if !call.keeps_failing() {
            return self.end_of_text(call);
        }
        let reply = self.take_room(call);
        Next::Close { reply, act: call.way_out(), is_complete: true }
    }
}
