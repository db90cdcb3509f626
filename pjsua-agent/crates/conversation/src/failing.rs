//! Workers fail; the call goes on, is handed to a human, or ends politely.

use crate::TurnId;
use crate::machine::Core;
use crate::reply::Afterword;
use crate::state::State;

impl Core {
    /// The model failed or is overdue.
    pub(crate) fn model_failed(&mut self, state: State, turn: Option<TurnId>) -> State {
        match state.reply() {
            Some(reply) if reply.is_generating() && turn.is_none_or(|turn| turn == reply.turn) => match state {
                State::Endpointing(pausing) => self.draft_failed(pausing),
                _ if reply.awaits_opening => self.without_opening(state),
                _ => self.reply_failed(state),
            },
            Some(_) | None => state,
        }
    }

    /// The clause that is being synthesised is lost. The first time in a turn the agent says so:
    /// at once while the reply is still being generated, else after what is queued already.
    pub(crate) fn voice_failed(&mut self, mut state: State, turn: Option<TurnId>) -> State {
        if let State::Endpointing(pausing) = state {
            let is_drafts =
                pausing.draft.as_ref().is_some_and(|draft| turn.is_none_or(|turn| turn == draft.reply.turn));
            return if is_drafts { self.draft_failed(pausing) } else { State::Endpointing(pausing) };
        }
        let closing = state.act().is_some();
        let reply = state.reply_mut().filter(|reply| turn.is_none_or(|turn| turn == reply.turn));
        let Some(reply) = reply else { return state };
        if !reply.ledger.skip_next() {
            return state;
        }
        self.history.agent(reply.turn, reply.ledger.text());
        if closing || reply.failed {
            reply.failed = true;
            return state;
        }
        if !reply.ended {
            return self.reply_failed(state);
        }
        reply.failed = true;
        reply.afterword = Some(Afterword::Failure);
        self.failed_turns += 1;
        state
    }

    /// What the caller said cannot be recovered; `text` is what is left of it.
    pub(crate) fn speech_was_lost(&mut self, text: &str) -> State {
        self.failed_turns += 1;
        self.prompts_said = 0;
        self.settle_flush(None);
        self.history.caller(text, TurnId(self.turns + 1));
        if self.keeps_failing() {
            return self.give_up();
        }
        self.say(self.settings.not_understood.clone())
    }

    /// Workers keep failing: to the human, or goodbye.
    pub(crate) fn give_up(&mut self) -> State {
        self.say_and(self.last_phrase(), self.way_out())
    }
}
