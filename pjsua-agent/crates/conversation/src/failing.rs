//! Workers fail; the call goes on, is handed to a human, or ends politely.

use crate::machine::{Core, TransferRecord};
use crate::reply::Afterword;
use crate::state::State;
use crate::{Act, TurnId};

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
        if let Some(reply) = self.bridge.as_mut().filter(|reply| turn.is_none_or(|turn| turn == reply.turn)) {
            // The reply is still to come; its filler is not missed.
            reply.ledger.skip_next();
            return state;
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
        self.caller_said(text);
        if self.keeps_failing() {
            return self.give_up();
        }
        self.say(self.settings.not_understood.clone())
    }

    /// Workers keep failing: to the human, or goodbye.
    pub(crate) fn give_up(&mut self) -> State {
        self.say_and(self.last_phrase(), self.way_out())
    }

    pub(crate) fn keeps_failing(&self) -> bool {
        self.failed_turns >= self.settings.max_failed_turns
    }

    /// How to end a call on which workers keep failing.
    pub(crate) fn way_out(&self) -> Act {
        let untried = self.transfer == TransferRecord::Untried;
        if self.settings.human && untried { Act::Transfer } else { Act::HangUp }
    }

    pub(crate) fn closing_phrase(&self, act: Act) -> String {
        match act {
            Act::Transfer => self.settings.transfer_announcement.clone(),
            Act::HangUp => self.settings.goodbye.clone(),
        }
    }

    /// Speaks in a running turn of which the model or the voice failed a part, and ends it.
    pub(crate) fn reply_failed(&mut self, mut state: State) -> State {
        let act = state.act();
        let Some(reply) = state.reply_mut() else { return state };
        self.cancel_generation(reply);
        reply.failed = true;
        reply.afterword = None;
        let phrase = match act {
            Some(act) if reply.is_silent() => self.closing_phrase(act),
            Some(_) => String::new(),
            None => {
                self.failed_turns += 1;
                if self.keeps_failing() { self.last_phrase() } else { self.settings.failure.clone() }
            }
        };
        self.speak(reply, &phrase);
        if act.is_none() && self.keeps_failing() {
            state = self.close(state, self.way_out());
        }
        self.end_of_text(state)
    }

    /// What is said when workers keep failing.
    pub(crate) fn last_phrase(&self) -> String {
        match self.way_out() {
            Act::Transfer => self.settings.transfer_announcement.clone(),
            Act::HangUp => self.settings.failure_goodbye.clone(),
        }
    }
}
