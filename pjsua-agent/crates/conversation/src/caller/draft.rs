//! The reply that is prepared in silence while it is not certain that the caller has finished.
//!
//! It is generated as usual, and its first clause is synthesised; nothing of it is heard, and
//! nothing of what it asks for is done, before the end of the turn commits it. When the caller
//! goes on it is thrown away, and the history is as if it had never been.

use super::listening::finish_recognition;
use super::pausing::Pausing;
use super::{Caller, Said};
use crate::call::Call;
use crate::history::Mark;
use crate::language::{Language, Request};
use crate::next::Next;
use crate::reply::{Reply, Source, ToolCall};
use crate::{Act, Action, ClauseId, Timer, ToolCallId, TurnId};

/// A reply that may be thrown away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(super) reply: Reply,
    /// The history without the caller's words that it answers.
    before: Mark,
    /// What it asks for; done, if at all, when it was spoken.
    act: Option<Act>,
    /// The tools it asks for; called when it is committed.
    tools: Vec<ToolCall>,
    /// The model has finished.
    done: bool,
}

/// What the models and the voice say of the draft.
impl Caller {
    pub(crate) fn pre_response(self, call: &mut Call, turn: TurnId, text: &str) -> Self {
        self.while_drafting(|draft| {
            if draft.reply.turn == turn && draft.reply.awaits_opening {
                call.open(&mut draft.reply, text);
            }
        })
    }

    /// The small model is late or has failed: the main one is asked without it.
    pub(crate) fn without_opening(self, call: &mut Call) -> Self {
        self.while_drafting(|draft| {
            if draft.reply.awaits_opening {
                call.open(&mut draft.reply, "");
            }
        })
    }

    pub(crate) fn reply_delta(self, call: &mut Call, turn: TurnId, text: &str) -> Self {
        self.while_drafting(|draft| {
            if draft.takes_text_of(turn) {
                draft.take_text(call, text);
            }
        })
    }

    pub(crate) fn reply_act(self, turn: TurnId, act: Act) -> Self {
        self.while_drafting(|draft| {
            if draft.takes_text_of(turn) {
                draft.act.get_or_insert(act);
            }
        })
    }

    pub(crate) fn reply_done(self, call: &mut Call, turn: TurnId) -> Self {
        self.while_drafting(|draft| {
            if draft.takes_text_of(turn) {
                draft.finish(call);
            }
        })
    }

    pub(crate) fn tool_called(self, turn: TurnId, tool: ToolCall) -> Self {
        self.while_drafting(|draft| {
            if !draft.done && draft.reply.takes_text_of(turn) {
                draft.tools.push(tool);
            }
        })
    }

    /// A tool of a former turn has answered: a draft that does not know of it is not wanted any more.
    pub(crate) fn tool_answered(self, call: &mut Call, tool: ToolCallId, outcome: &str, failed: bool) -> Self {
        if !call.has_left(tool) {
            return self;
        }
        let caller = self.without_draft(call);
        call.left_tool_answered(tool, outcome, failed);
        caller
    }

    pub(crate) fn clause_ready(self, call: &mut Call, turn: TurnId, clause: ClauseId, end_sample: u64) -> Self {
        self.while_drafting(|draft| {
            if draft.reply.turn == turn {
                draft.reply.ledger.ready(clause, end_sample);
                call.timers.clear(Timer::Playout);
            }
        })
    }

    pub(crate) fn playout_progress(self, call: &mut Call, turn: TurnId, sample: u64) -> Self {
        self.while_drafting(|draft| {
            if draft.reply.advance(turn, sample) {
                call.timers.clear(Timer::Playout);
            }
        })
    }

    pub(crate) fn model_failed(self, call: &mut Call, turn: Option<TurnId>) -> Self {
        self.draft_failed(call, |draft| draft.is_generating() && draft.is_meant_by(turn))
    }

    pub(crate) fn voice_failed(self, call: &mut Call, turn: Option<TurnId>) -> Self {
        if let Some(filler) = call.turns.bridge.as_mut().filter(|reply| reply.is_meant_by(turn)) {
            // The reply is still to come; its filler is not missed.
            filler.ledger.skip_next();
        }
        self.draft_failed(call, |draft| draft.is_meant_by(turn))
    }

    fn draft_failed(self, call: &mut Call, which: impl FnOnce(&Reply) -> bool) -> Self {
        if self.draft().is_some_and(which) { self.without_draft(call) } else { self }
    }

    fn while_drafting(self, change: impl FnOnce(&mut Draft)) -> Self {
        self.while_pausing(|pausing| {
            if let Some(draft) = &mut pausing.draft {
                change(draft);
            }
        })
    }
}

impl Pausing {
    /// Asks for the final transcript, from which a reply is prepared.
    pub(super) fn speculate(&mut self, call: &mut Call) {
        call.timers.clear(Timer::Speculation);
        if !call.settings.endpointing.speculation || call.busy || self.pause.sound.is_some() {
            return;
        }
        finish_recognition(call, &mut self.hearing);
        self.prepare(call);
    }

    /// Starts the silent reply once all the caller said is known.
    pub(super) fn prepare(&mut self, call: &mut Call) {
        let wanted = call.settings.endpointing.speculation && !call.busy && self.draft.is_none();
        if !wanted || !can_be_answered(&self.hearing, &call.settings.language) {
            return;
        }
        call.timers.clear(Timer::Transcript);
        call.settle_flush(None);
        let before = call.history.mark();
        let turn = call.turns.next();
        call.history.caller(&self.hearing.text(), turn);
        call.caller.said_with(self.hearing.confidence_per_mille());
        call.act(Action::HoldPlayout { turn });
        let mut reply = Reply::new(turn, Source::Generating, &call.settings);
        call.request_reply(&mut reply);
        self.draft = Some(Draft { reply, before, act: None, tools: Vec::new(), done: false });
    }

    /// The caller goes on, or the draft failed.
    pub(super) fn drop_draft(&mut self, call: &mut Call) {
        let Some(Draft { reply, before, done, .. }) = self.draft.take() else { return };
        let turn = reply.turn;
        call.timers.clear(Timer::PreResponse);
        if !done {
            call.act(Action::CancelReply { turn });
        }
        if reply.ledger.is_empty() {
            call.act(Action::ReleasePlayout { turn });
        } else {
            call.act(Action::FlushPlayout { turn });
        }
        call.history.rewind(before);
    }
}

/// Whether the model is asked for the answer, and can be.
fn can_be_answered(hearing: &Said, language: &str) -> bool {
    let text = hearing.text();
    hearing.is_complete()
        && !hearing.is_lost()
        && !text.is_empty()
        && Language::of(language).request(&text) == Request::None
}

impl Draft {
    /// The model is at it; one that has asked for a tool waits for its outcome.
    fn takes_text_of(&self, turn: TurnId) -> bool {
        self.tools.is_empty() && self.reply.takes_text_of(turn)
    }

    /// More text; the first clause is synthesised, the others wait.
    fn take_text(&mut self, call: &mut Call, text: &str) {
        self.reply.push(text);
        if self.reply.ledger.is_empty()
            && let Some(clause) = self.reply.clauses.next()
        {
            call.queue_clause(&mut self.reply, &clause);
        }
    }

    /// The text is complete; what is left of a short one is its first clause.
    fn finish(&mut self, call: &mut Call) {
        self.done = true;
        let reply = &mut self.reply;
        reply.close_opening();
        if reply.ledger.is_empty()
            && let Some(clause) = reply.clauses.next().or_else(|| reply.clauses.finish())
        {
            call.queue_clause(reply, &clause);
        }
    }

    /// The caller had finished: the draft is the reply.
    pub(super) fn commit(self, call: &mut Call) -> Next {
        let Self { reply, act, tools, done, .. } = self;
        call.caller.was_understood();
        call.act(Action::ReleasePlayout { turn: reply.turn });
        Next::Release { reply, act, tools, done }
    }
}
