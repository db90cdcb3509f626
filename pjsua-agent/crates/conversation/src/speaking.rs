//! The agent's turn: its words.

use crate::machine::Core;
use crate::reply::{Afterword, Reply, Source};
use crate::state::State;
use crate::{Act, Action, ClauseId, Timer, TurnId, clauses};

impl Core {
    pub(crate) fn call_answered(&mut self, state: State) -> State {
        let State::Unanswered = state else { return state };
        self.timers.set(Timer::CallLimit, self.now + self.settings.max_call_duration);
        let mut reply = self.scripted(&self.settings.notice.clone());
        if !reply.ledger.is_empty() {
            reply.ledger.protect(ClauseId(0));
        }
        self.speak(&mut reply, &self.settings.greeting.clone());
        self.end_of_text(State::Speaking { reply, aside: None })
    }

    /// A scripted turn after which it is the caller's.
    pub(crate) fn say(&mut self, phrase: String) -> State {
        let reply = self.scripted(&phrase);
        self.end_of_text(State::Speaking { reply, aside: None })
    }

    /// A scripted turn that the caller cannot keep from ending the way it does.
    pub(crate) fn say_and(&mut self, phrase: String, act: Act) -> State {
        let reply = self.scripted(&phrase);
        self.end_of_text(State::Closing { reply, act })
    }

    /// A scripted turn after which the call ends, unless the caller speaks after all.
    pub(crate) fn say_before_hanging_up(&mut self, phrase: String) -> State {
        let mut reply = self.scripted(&phrase);
        reply.afterword = Some(Afterword::HangUp);
        self.end_of_text(State::Speaking { reply, aside: None })
    }

    /// A scripted turn about a failure, which must not cause another one.
    pub(crate) fn apologise(&mut self) -> State {
        let mut reply = self.scripted(&self.settings.failure.clone());
        reply.failed = true;
        self.end_of_text(State::Speaking { reply, aside: None })
    }

    fn scripted(&mut self, phrase: &str) -> Reply {
        self.settle_flush(None);
        let mut reply = self.begin_turn(Source::Script);
        self.speak(&mut reply, phrase);
        reply
    }

    /// Asks the model for a reply to the history with `said` added.
    pub(crate) fn ask_model(&mut self, said: &str) -> State {
        self.caller_said(said);
        let mut reply = self.begin_turn(Source::Generating);
        self.request_reply(&mut reply);
        self.await_reply(&reply);
        self.watch_playout(&reply);
        match reply.ledger.position() {
            0 => State::Replying(reply),
            _ => State::Speaking { reply, aside: None },
        }
    }

    /// The next turn, or the one that a filler has begun.
    fn begin_turn(&mut self, source: Source) -> Reply {
        match self.bridge.take() {
            Some(mut reply) => {
                reply.source = source;
                reply
            }
            None => Reply::new(self.next_turn(), source, &self.settings),
        }
    }

    /// Notes what the coming turn answers.
    pub(crate) fn caller_said(&mut self, text: &str) {
        self.settle_flush(None);
        match &self.bridge {
            Some(reply) => {
                self.history.caller(text, reply.turn);
                self.history.agent(reply.turn, reply.ledger.text());
            }
            None => self.history.caller(text, TurnId(self.turns + 1)),
        }
    }

    /// The caller waits for the model.
    pub(crate) fn await_reply(&mut self, reply: &Reply) {
        self.await_reply_text();
        if reply.ledger.is_empty() && self.timers.get(Timer::Filler).is_none() {
            self.watch_for_filler();
        }
    }

    /// The caller waits from now on.
    pub(crate) fn watch_for_filler(&mut self) {
        if !self.settings.filler_after.is_zero() {
            self.timers.set(Timer::Filler, self.now + self.settings.filler_after);
        }
    }

    pub(crate) fn await_reply_text(&mut self) {
        self.timers.set(Timer::Reply, self.now + self.settings.reply_timeout);
    }

    pub(crate) fn speak(&mut self, reply: &mut Reply, text: &str) {
        if self.queue_clause(reply, text).is_some() {
            self.watch_playout(reply);
        }
    }

    /// Adds a clause to the turn, if there is a word in it.
    pub(crate) fn queue_clause(&mut self, reply: &mut Reply, text: &str) -> Option<ClauseId> {
        let text = clauses::spoken(text)?;
        let clause = reply.ledger.add(&text);
        self.history.agent(reply.turn, reply.ledger.text());
        self.act(Action::Speak { turn: reply.turn, clause, text });
        Some(clause)
    }

    /// Speaks what the model has said so far, to the end of its last clause.
    pub(crate) fn speak_complete_clauses(&mut self, reply: &mut Reply) {
        while reply.ledger.chars() < self.settings.longest_reply_chars
            && let Some(clause) = reply.clauses.next()
        {
            self.queue_clause(reply, &clause);
        }
    }

    pub(crate) fn watch_playout(&mut self, reply: &Reply) {
        if reply.is_playout_due() {
            self.timers.set(Timer::Playout, self.now + self.settings.playout_timeout);
        } else {
            self.timers.clear(Timer::Playout);
        }
    }

    /// A paused playout shows no sign of life.
    pub(crate) fn watch_playout_of(&mut self, state: &State) {
        match (state, state.reply()) {
            (State::Overlap { .. } | State::Endpointing(_), _) | (_, None) => self.timers.clear(Timer::Playout),
            (_, Some(reply)) => self.watch_playout(reply),
        }
    }

    pub(crate) fn reply_delta(&mut self, mut state: State, turn: TurnId, text: &str) -> State {
        let held = matches!(state, State::Endpointing(_));
        let Some(reply) = state.generating(turn) else { return state };
        if held {
            self.draft_delta(reply, text);
            return state;
        }
        self.await_reply_text();
        reply.push(text);
        self.speak_complete_clauses(reply);
        if reply.ledger.chars() >= self.settings.longest_reply_chars {
            return self.enough_said(state);
        }
        self.watch_playout_of(&state);
        state
    }

    /// Nobody listens to a longer reply: the rest is not generated.
    fn enough_said(&mut self, mut state: State) -> State {
        if let Some(reply) = state.reply_mut() {
            self.cancel_generation(reply);
        }
        self.end_of_text(state)
    }

    pub(crate) fn reply_act(&mut self, mut state: State, turn: TurnId, act: Act) -> State {
        let (settled, human, certain) = (state.act().is_some(), self.settings.human, self.said_for_certain);
        if state.generating(turn).is_none() {
            return state;
        }
        if let State::Endpointing(pausing) = state {
            return self.draft_act(pausing, act);
        }
        let Some(reply) = state.generating(turn) else { return state };
        match act {
            _ if settled => state,
            Act::Transfer if !human => {
                reply.afterword = Some(Afterword::NoHuman);
                state
            }
            // The caller may have said something else: he can speak before it ends.
            Act::HangUp if !certain => {
                reply.afterword = Some(Afterword::HangUp);
                state
            }
            Act::Transfer | Act::HangUp => self.close(state, act),
        }
    }

    pub(crate) fn reply_done(&mut self, mut state: State, turn: TurnId) -> State {
        let act = state.act();
        if state.generating(turn).is_none() {
            return state;
        }
        if let State::Endpointing(pausing) = state {
            return self.draft_done(pausing);
        }
        let Some(reply) = state.generating(turn) else { return state };
        reply.source = Source::Generated;
        self.timers.clear(Timer::Reply);
        self.timers.clear(Timer::Filler);
        reply.close_opening();
        self.speak_complete_clauses(reply);
        if let Some(rest) = reply.clauses.finish()
            && reply.ledger.chars() < self.settings.longest_reply_chars
        {
            self.speak(reply, &rest);
        }
        let afterword = reply.afterword.take_if(|afterword| *afterword == Afterword::NoHuman);
        match (act, afterword) {
            (Some(act), _) if reply.is_silent() => {
                let phrase = self.closing_phrase(act);
                self.speak(reply, &phrase);
            }
            (None, Some(Afterword::NoHuman)) => {
                let phrase = self.settings.transfer_failed.clone();
                self.speak(reply, &phrase);
            }
            (None, None) if reply.is_silent() && reply.afterword == Some(Afterword::HangUp) => {
                let phrase = self.closing_phrase(Act::HangUp);
                self.speak(reply, &phrase);
            }
            (None, None) if reply.is_silent() => return self.reply_failed(state),
            (Some(_) | None, _) => {}
        }
        self.end_of_text(state)
    }

    /// Nothing is added to the running turn; one that says nothing at all is over.
    pub(crate) fn end_of_text(&mut self, mut state: State) -> State {
        match state.reply_mut() {
            Some(reply) if reply.ledger.is_empty() => self.turn_over(state),
            Some(reply) if !reply.ended => {
                reply.ended = true;
                let turn = reply.turn;
                self.act(Action::EndOfSpeech { turn });
                self.watch_playout_of(&state);
                state
            }
            Some(_) | None => state,
        }
    }

    /// The running turn becomes the last one before `act`; the caller cannot interrupt it.
    pub(crate) fn close(&mut self, state: State, act: Act) -> State {
        let state = self.drop_aside(state);
        match state {
            State::Overlap { reply, interjection } => {
                self.act(Action::ResumePlayout { turn: reply.turn });
                self.cancel_interjection(&interjection);
                self.timers.clear(Timer::Overlap);
                self.watch_playout(&reply);
                State::Closing { reply, act }
            }
            State::Replying(reply) | State::Speaking { reply, .. } => State::Closing { reply, act },
            State::Unanswered
            | State::Listening
            | State::Hearing(_)
            | State::Endpointing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }
}
