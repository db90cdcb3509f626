//! What any room does with a turn of the agent: asks the models for it, speaks it, ends it, cuts it.

use super::{Reply, Source, spoken};
use crate::call::Call;
use crate::language::Language;
use crate::{Action, ClauseId, Spoken, Timer, TurnId};

/// A turn begins.
impl Call {
    /// A turn that says `phrase`.
    pub(crate) fn scripted(&mut self, phrase: &str) -> Reply {
        self.settle_flush(None);
        let mut reply = self.begin_turn(Source::Script);
        self.speak(&mut reply, phrase);
        reply
    }

    /// The next turn, or the one that a filler has begun.
    pub(crate) fn begin_turn(&mut self, source: Source) -> Reply {
        match self.turns.bridge.take() {
            Some(mut reply) => {
                reply.source = source;
                reply
            }
            None => Reply::new(self.turns.next(), source, &self.settings),
        }
    }

    /// Notes what the coming turn answers.
    pub(crate) fn caller_said(&mut self, text: &str) {
        self.settle_flush(None);
        match &self.turns.bridge {
            Some(reply) => {
                self.history.caller(text, reply.turn);
                self.history.agent(reply.turn, reply.ledger.text());
            }
            None => self.history.caller(text, self.turns.coming()),
        }
    }

    /// Asks the models for `reply`: the small one first, if there is one.
    pub(crate) fn request_reply(&mut self, reply: &mut Reply) {
        let turn = reply.turn;
        if self.settings.replies.pre_response {
            reply.awaits_opening = true;
            self.act(Action::StartPreResponse { turn });
            self.timers.set(Timer::PreResponse, self.now + self.settings.replies.pre_response_timeout);
        } else {
            self.act(Action::StartReply { turn, opening: Spoken::default() });
        }
    }

    /// The small model's clause is spoken, and the main model goes on from there.
    pub(crate) fn open(&mut self, reply: &mut Reply, text: &str) {
        self.timers.clear(Timer::PreResponse);
        reply.open_with(text);
        let opening = text.trim().to_owned();
        self.queue_clause(reply, &opening);
        self.act(Action::StartReply { turn: reply.turn, opening: opening.into() });
    }
}

/// The caller waits for a turn.
impl Call {
    /// The caller waits for the model.
    pub(crate) fn await_reply(&mut self, reply: &Reply) {
        self.await_reply_text();
        if reply.ledger.is_empty() && self.timers.get(Timer::Filler).is_none() {
            self.watch_for_filler();
        }
    }

    pub(crate) fn await_reply_text(&mut self) {
        self.timers.set(Timer::Reply, self.now + self.settings.bounds.reply_timeout);
    }

    /// The caller waits from now on.
    pub(crate) fn watch_for_filler(&mut self) {
        if !self.settings.replies.filler_after.is_zero() {
            self.timers.set(Timer::Filler, self.now + self.settings.replies.filler_after);
        }
    }

    /// The agent has fallen silent while a tool runs, or will: something is said, once.
    pub(crate) fn fill_silence(&mut self, reply: &mut Reply) {
        if reply.ledger.is_outstanding() {
            self.watch_for_filler();
        } else if reply.filler.is_none() {
            let said = self.history.last_caller().unwrap_or_default().to_owned();
            self.fill(reply, &said);
            self.watch_playout(reply);
        }
    }

    /// Begins `reply` with an acknowledgement of what the caller `said`.
    pub(crate) fn fill(&mut self, reply: &mut Reply, said: &str) {
        let fillers = match Language::of(&self.settings.language).is_question(said) {
            true => &self.settings.phrases.question_fillers,
            false => &self.settings.phrases.fillers,
        };
        if let Some(filler) = fillers.get(reply.turn.0 as usize % fillers.len().max(1)).cloned() {
            reply.filler = self.queue_clause(reply, &filler);
        }
    }
}

/// A turn is spoken.
impl Call {
    pub(crate) fn speak(&mut self, reply: &mut Reply, text: &str) {
        if self.queue_clause(reply, text).is_some() {
            self.watch_playout(reply);
        }
    }

    /// Adds a clause to the turn, if there is a word in it.
    pub(crate) fn queue_clause(&mut self, reply: &mut Reply, text: &str) -> Option<ClauseId> {
        let text = spoken(text)?;
        let clause = reply.ledger.add(&text);
        self.history.agent(reply.turn, reply.ledger.text());
        self.act(Action::Speak { turn: reply.turn, clause, text: text.into() });
        Some(clause)
    }

    /// Speaks what the model has said so far, to the end of its last clause.
    pub(crate) fn speak_complete_clauses(&mut self, reply: &mut Reply) {
        while !self.is_long_enough(reply)
            && let Some(clause) = reply.clauses.next()
        {
            self.queue_clause(reply, &clause);
        }
    }

    /// Takes text of the model. Nobody listens to a longer reply than one may be: the rest is not generated. Returns
    /// whether the text is complete for that.
    pub(crate) fn take_text(&mut self, reply: &mut Reply, text: &str) -> bool {
        self.await_reply_text();
        reply.push(text);
        self.speak_complete_clauses(reply);
        let is_enough = self.is_long_enough(reply);
        if is_enough {
            self.cancel_generation(reply);
        }
        is_enough
    }

    /// No text of the model comes any more: the rest of it is spoken.
    pub(crate) fn finish_text(&mut self, reply: &mut Reply) {
        reply.source = Source::Generated;
        self.timers.clear(Timer::Reply);
        self.timers.clear(Timer::Filler);
        self.speak_rest(reply);
    }

    /// Speaks what the model has said so far, to its last word.
    pub(super) fn speak_rest(&mut self, reply: &mut Reply) {
        reply.close_opening();
        self.speak_complete_clauses(reply);
        if let Some(rest) = reply.clauses.finish()
            && !self.is_long_enough(reply)
        {
            self.speak(reply, &rest);
        }
    }

    fn is_long_enough(&self, reply: &Reply) -> bool {
        reply.ledger.chars() >= self.settings.replies.longest_reply_chars
    }

    /// Nothing is added to the turn. Returns whether that is new.
    pub(crate) fn end_speech(&mut self, reply: &mut Reply) -> bool {
        let is_new = !std::mem::replace(&mut reply.ended, true);
        if is_new {
            self.act(Action::EndOfSpeech { turn: reply.turn });
        }
        is_new
    }

    pub(crate) fn watch_playout(&mut self, reply: &Reply) {
        if reply.is_playout_due() {
            self.timers.set(Timer::Playout, self.now + self.settings.bounds.playout_timeout);
        } else {
            self.timers.clear(Timer::Playout);
        }
    }

    /// The clause that is being synthesised will not be heard. Returns whether there was one.
    pub(crate) fn skip_clause(&mut self, reply: &mut Reply) -> bool {
        let skipped = reply.ledger.skip_next();
        if skipped {
            self.history.agent(reply.turn, reply.ledger.text());
        }
        skipped
    }
}

/// A turn is over.
impl Call {
    /// All of it was heard.
    pub(crate) fn complete(&mut self, reply: &Reply) {
        self.clear_turn_timers();
        self.turns.remember(reply);
        self.history.agent(reply.turn, reply.ledger.text());
        if reply.is_sound_answer() {
            self.turns.failed = 0;
        }
    }

    /// The turn is over where it is. What was heard of it so far is known from its progress; the
    /// answer to the flush corrects that.
    pub(crate) fn interrupt(&mut self, mut reply: Reply) {
        self.clear_turn_timers();
        self.turns.remember(&reply);
        let turn = reply.turn;
        if !reply.ledger.is_empty() {
            self.act(Action::FlushPlayout { turn });
        }
        self.cancel_generation(&mut reply);
        if !reply.ledger.is_empty() {
            self.history.agent(turn, reply.ledger.heard(reply.ledger.position()));
            self.turns.flushing = Some(reply);
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
        self.leave_tools(reply);
    }

    fn clear_turn_timers(&mut self) {
        for timer in [Timer::Reply, Timer::PreResponse, Timer::Filler, Timer::Overlap, Timer::Playout] {
            self.timers.clear(timer);
        }
    }

    /// The filler that has begun the coming turn answers nothing: the caller goes on.
    pub(crate) fn drop_bridge(&mut self) {
        self.timers.clear(Timer::Filler);
        if let Some(reply) = self.turns.bridge.take() {
            self.interrupt(reply);
        }
    }

    /// `turn` was flushed at `sample`.
    pub(crate) fn flushed(&mut self, turn: TurnId, sample: u64) {
        if self.turns.flushing.as_ref().is_some_and(|reply| reply.turn == turn) {
            self.settle_flush(Some(sample));
        }
    }

    /// Cuts the history of the turn that was flushed: at `sample`, or at the last progress if the
    /// answer did not come before the next turn.
    pub(crate) fn settle_flush(&mut self, sample: Option<u64>) {
        let Some(reply) = self.turns.flushing.take() else { return };
        let heard = reply.ledger.heard(sample.unwrap_or(reply.ledger.position()));
        if reply.is_sound_answer() && !heard.is_empty() {
            self.turns.failed = 0;
        }
        self.history.agent(reply.turn, heard.clone());
        self.act(Action::TruncateHistory { turn: reply.turn, heard: heard.into() });
    }
}
