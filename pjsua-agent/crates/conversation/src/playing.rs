//! The agent's turn is heard: how far it is, where it ends, where it is cut.

use crate::barge_in::Interjection;
use crate::machine::Core;
use crate::reply::{Afterword, Reply, Source};
use crate::state::State;
use crate::{Act, Action, ClauseId, Timer, TurnId};

impl Core {
    pub(crate) fn clause_ready(&mut self, mut state: State, turn: TurnId, clause: ClauseId, end: u64) -> State {
        for reply in self.beside_state(turn) {
            reply.ledger.ready(clause, end);
        }
        if let Some(reply) = state.reply_of(turn) {
            reply.ledger.ready(clause, end);
            self.watch_playout_of(&state);
        }
        state
    }

    /// `turn`, if it is no state's: it was cut short, or a filler has begun it.
    fn beside_state(&mut self, turn: TurnId) -> impl Iterator<Item = &mut Reply> {
        self.flushing.iter_mut().chain(&mut self.bridge).filter(move |reply| reply.turn == turn)
    }

    pub(crate) fn playout_progress(&mut self, mut state: State, turn: TurnId, sample: u64) -> State {
        for reply in self.beside_state(turn) {
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
    pub(crate) fn turn_over(&mut self, state: State) -> State {
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
    pub(crate) fn hear_after(&mut self, reply: &Reply, interjection: Interjection) -> State {
        if interjection.confirmed && !interjection.is_settled {
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

    pub(crate) fn clear_turn_timers(&mut self) {
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
        reply.awaits_opening = false;
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
}
