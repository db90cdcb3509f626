//! The reply that is prepared in silence while it is not certain that the caller has finished.
//!
//! It is generated as usual, and its first clause is synthesised; nothing of it is heard, and
//! nothing of what it asks for is done, before the end of the turn commits it. When the caller
//! goes on it is thrown away, and the history is as if it had never been.

use crate::endpointing::{Hearing, Pausing};
use crate::hearsay;
use crate::history::Mark;
use crate::language::{Language, Request};
use crate::machine::Core;
use crate::reply::{Reply, Source};
use crate::state::State;
use crate::{Act, Action, Timer, TurnId};

/// A reply that may be thrown away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) reply: Reply,
    /// The history without the caller's words that it answers.
    before: Mark,
    /// What it asks for; done, if at all, when it was spoken.
    act: Option<Act>,
    /// The model has finished.
    done: bool,
}

impl Core {
    /// Asks for the final transcript, from which a reply is prepared.
    pub(crate) fn speculate(&mut self, pausing: &mut Pausing) {
        self.timers.clear(Timer::Speculation);
        if !self.settings.speculation || self.busy || pausing.pause.sound.is_some() {
            return;
        }
        if let Some(utterance) = pausing.hearing.finish() {
            self.act(Action::FinishRecognition { utterance });
            self.await_transcript();
        }
        self.prepare(pausing);
    }

    /// Starts the silent reply once all the caller said is known.
    pub(crate) fn prepare(&mut self, pausing: &mut Pausing) {
        let wanted = self.settings.speculation && !self.busy && pausing.draft.is_none();
        if !wanted || !self.can_be_answered(&pausing.hearing) {
            return;
        }
        self.timers.clear(Timer::Transcript);
        self.settle_flush(None);
        let before = self.history.mark();
        let turn = self.next_turn();
        self.history.caller(&pausing.hearing.text(), turn);
        self.said_for_certain = pausing.hearing.confidence_per_mille() >= hearsay::ENOUGH_TO_HANG_UP;
        self.act(Action::HoldPlayout { turn });
        let mut reply = Reply::new(turn, Source::Generating, &self.settings);
        self.request_reply(&mut reply);
        pausing.draft = Some(Draft { reply, before, act: None, done: false });
    }

    /// Whether the model is asked for the answer, and can be.
    fn can_be_answered(&self, hearing: &Hearing) -> bool {
        let text = hearing.text();
        hearing.is_complete()
            && !hearing.is_lost()
            && !text.is_empty()
            && Language::of(&self.settings.language).request(&text) == Request::None
    }

    /// The caller goes on, or the draft failed.
    pub(crate) fn drop_draft(&mut self, pausing: &mut Pausing) {
        let Some(Draft { reply, before, done, .. }) = pausing.draft.take() else { return };
        let turn = reply.turn;
        self.timers.clear(Timer::PreResponse);
        if !done {
            self.act(Action::CancelReply { turn });
        }
        if reply.ledger.is_empty() {
            self.act(Action::ReleasePlayout { turn });
        } else {
            self.act(Action::FlushPlayout { turn });
        }
        self.history.rewind(before);
    }

    /// More text of the draft; its first clause is synthesised, the others wait.
    pub(crate) fn draft_delta(&mut self, reply: &mut Reply, text: &str) {
        reply.push(text);
        if reply.ledger.is_empty()
            && let Some(clause) = reply.clauses.next()
        {
            self.queue_clause(reply, &clause);
        }
    }

    pub(crate) fn draft_act(&mut self, mut pausing: Pausing, act: Act) -> State {
        if let Some(draft) = &mut pausing.draft {
            draft.act.get_or_insert(act);
        }
        State::Endpointing(pausing)
    }

    /// The draft's text is complete; what is left of a short one is its first clause.
    pub(crate) fn draft_done(&mut self, mut pausing: Pausing) -> State {
        if let Some(draft) = &mut pausing.draft {
            draft.done = true;
            draft.reply.close_opening();
            let reply = &mut draft.reply;
            if reply.ledger.is_empty()
                && let Some(clause) = reply.clauses.next().or_else(|| reply.clauses.finish())
            {
                self.queue_clause(reply, &clause);
            }
        }
        State::Endpointing(pausing)
    }

    /// The caller had finished: the draft is the reply.
    pub(crate) fn commit(&mut self, draft: Draft) -> State {
        let Draft { mut reply, act, done, .. } = draft;
        let turn: TurnId = reply.turn;
        self.caller_was_understood();
        self.act(Action::ReleasePlayout { turn });
        self.speak_complete_clauses(&mut reply);
        if !done {
            self.await_reply(&reply);
        }
        self.watch_playout(&reply);
        let mut state = State::Replying(reply);
        if let Some(act) = act {
            state = self.reply_act(state, turn, act);
        }
        if done { self.reply_done(state, turn) } else { state }
    }
}
