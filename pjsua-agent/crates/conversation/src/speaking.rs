//! The agent's turn: its words, its audio, its end.

use crate::barge_in::Interjection;
use crate::machine::{Core, TransferRecord};
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
        let mut reply = Reply::new(self.next_turn(), Source::Script, &self.settings);
        self.speak(&mut reply, phrase);
        reply
    }

    /// Asks the model for a reply to the history with `said` added.
    pub(crate) fn ask_model(&mut self, said: &str) -> State {
        self.settle_flush(None);
        let turn = self.next_turn();
        self.history.caller(said, turn);
        let mut reply = Reply::new(turn, Source::Generating, &self.settings);
        self.request_reply(&mut reply);
        self.await_reply(&reply);
        State::Replying(reply)
    }

    /// The caller waits for the model.
    pub(crate) fn await_reply(&mut self, reply: &Reply) {
        self.await_reply_text();
        if reply.ledger.is_empty() && !self.settings.filler_after.is_zero() {
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
        while let Some(clause) = reply.clauses.next() {
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
        let (settled, human) = (state.act().is_some(), self.settings.human);
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
        if let Some(rest) = reply.clauses.finish() {
            self.speak(reply, &rest);
        }
        match (act, reply.afterword.take()) {
            (Some(act), _) if reply.is_silent() => {
                let phrase = self.closing_phrase(act);
                self.speak(reply, &phrase);
            }
            (None, Some(Afterword::NoHuman)) => {
                let phrase = self.settings.transfer_failed.clone();
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

    pub(crate) fn clause_ready(&mut self, mut state: State, turn: TurnId, clause: ClauseId, end: u64) -> State {
        if let Some(reply) = self.flushing.as_mut().filter(|reply| reply.turn == turn) {
            reply.ledger.ready(clause, end);
        }
        if let Some(reply) = state.reply_of(turn) {
            reply.ledger.ready(clause, end);
            self.watch_playout_of(&state);
        }
        state
    }

    pub(crate) fn playout_progress(&mut self, mut state: State, turn: TurnId, sample: u64) -> State {
        if let Some(reply) = self.flushing.as_mut().filter(|reply| reply.turn == turn) {
            reply.ledger.advance(sample);
        }
        let Some(reply) = state.reply_of(turn) else { return state };
        if reply.ledger.is_empty() || !reply.ledger.advance(sample) {
            return state;
        }
        self.watch_playout_of(&state);
        let State::Replying(reply) = state else { return state };
        self.timers.clear(Timer::Filler);
        State::Speaking { reply, aside: None }
    }

    pub(crate) fn playout_drained(&mut self, mut state: State, turn: TurnId) -> State {
        match state.reply_of(turn) {
            Some(reply) if reply.ended => self.turn_over(state),
            Some(_) | None => state,
        }
    }

    /// All of the running turn was heard.
    fn turn_over(&mut self, state: State) -> State {
        match state {
            State::Replying(reply) | State::Speaking { reply, aside: None } => {
                self.complete(&reply);
                self.follow(&reply)
            }
            State::Speaking { reply, aside: Some(interjection) } => {
                self.complete(&reply);
                self.hear_after(&reply, interjection)
            }
            State::Overlap { reply, interjection } => {
                self.act(Action::ResumePlayout { turn: reply.turn });
                self.complete(&reply);
                self.hear_after(&reply, interjection)
            }
            State::Closing { reply, act } => {
                self.complete(&reply);
                self.perform(act)
            }
            State::Unanswered
            | State::Listening
            | State::Hearing(_)
            | State::Endpointing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    /// The turn is over while something is heard of the caller.
    fn hear_after(&mut self, reply: &Reply, interjection: Interjection) -> State {
        if interjection.confirmed {
            return self.hear_interjection(interjection, false);
        }
        self.cancel_interjection(&interjection);
        self.follow(reply)
    }

    fn complete(&mut self, reply: &Reply) {
        self.clear_turn_timers();
        self.remember(reply);
        self.history.agent(reply.turn, reply.ledger.text());
        if reply.is_sound_answer() {
            self.failed_turns = 0;
        }
    }

    fn clear_turn_timers(&mut self) {
        for timer in [Timer::Reply, Timer::PreResponse, Timer::Filler, Timer::Overlap, Timer::Playout] {
            self.timers.clear(timer);
        }
    }

    /// What the agent does after a turn that was played.
    fn follow(&mut self, reply: &Reply) -> State {
        match reply.afterword {
            Some(Afterword::Failure) if self.keeps_failing() => self.give_up(),
            Some(Afterword::Failure) => self.apologise(),
            Some(Afterword::HangUp) => self.perform(Act::HangUp),
            Some(Afterword::NoHuman) | None => self.listen(),
        }
    }

    /// What a caller hears again who asks for it.
    fn remember(&mut self, reply: &Reply) {
        if !reply.ledger.is_empty() {
            self.last_said = reply.ledger.text();
        }
    }

    /// The turn is over where it is. What was heard of it so far is known from its progress; the
    /// answer to the flush corrects that.
    pub(crate) fn interrupt(&mut self, mut reply: Reply) {
        self.clear_turn_timers();
        self.remember(&reply);
        let turn = reply.turn;
        if !reply.ledger.is_empty() {
            self.act(Action::FlushPlayout { turn });
        }
        self.cancel_generation(&mut reply);
        if !reply.ledger.is_empty() {
            self.history.agent(turn, reply.ledger.heard(reply.ledger.position()));
            self.flushing = Some(reply);
        }
    }

    pub(crate) fn cancel_generation(&mut self, reply: &mut Reply) {
        for timer in [Timer::Reply, Timer::PreResponse, Timer::Filler] {
            self.timers.clear(timer);
        }
        reply.clauses.clear();
        if reply.is_generating() {
            reply.source = Source::Generated;
            self.act(Action::CancelReply { turn: reply.turn });
        }
    }

    pub(crate) fn playout_flushed(&mut self, state: State, turn: TurnId, sample: u64) -> State {
        if self.flushing.as_ref().is_some_and(|reply| reply.turn == turn) {
            self.settle_flush(Some(sample));
        }
        state
    }

    /// Cuts the history of the turn that was flushed: at `sample`, or at the last progress if the
    /// answer did not come before the next turn.
    pub(crate) fn settle_flush(&mut self, sample: Option<u64>) {
        let Some(reply) = self.flushing.take() else { return };
        let heard = reply.ledger.heard(sample.unwrap_or(reply.ledger.position()));
        if reply.is_sound_answer() && !heard.is_empty() {
            self.failed_turns = 0;
        }
        self.history.agent(reply.turn, heard.clone());
        self.act(Action::TruncateHistory { turn: reply.turn, heard });
    }

    /// The playout of the running turn died, or its end was lost on the way.
    pub(crate) fn playout_stalled(&mut self, state: State) -> State {
        match state {
            State::Replying(mut reply) | State::Speaking { mut reply, aside: None } => {
                if reply.ledger.position() == 0 && !reply.failed {
                    reply.failed = true;
                    reply.afterword = Some(Afterword::Failure);
                    self.failed_turns += 1;
                }
                self.interrupt(reply.clone());
                self.follow(&reply)
            }
            State::Speaking { reply, aside: Some(interjection) } => {
                self.interrupt(reply.clone());
                self.hear_after(&reply, interjection)
            }
            State::Closing { reply, act } => {
                self.interrupt(reply);
                self.perform(act)
            }
            State::Unanswered
            | State::Listening
            | State::Hearing(_)
            | State::Endpointing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Overlap { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    pub(crate) fn keeps_failing(&self) -> bool {
        self.failed_turns >= self.settings.max_failed_turns
    }

    /// How to end a call on which workers keep failing.
    pub(crate) fn way_out(&self) -> Act {
        let untried = self.transfer == TransferRecord::Untried;
        if self.settings.human && untried { Act::Transfer } else { Act::HangUp }
    }

    fn closing_phrase(&self, act: Act) -> String {
        match act {
            Act::Transfer => self.settings.transfer_announcement.clone(),
            Act::HangUp => self.settings.goodbye.clone(),
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
