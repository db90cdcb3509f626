//! What is known of the agent's turns but for the running one.

use super::Reply;
use super::tools::Running;
use crate::{ClauseId, TurnId};

/// The agent's turns so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turns {
    count: u32,
    /// The one that was cut short, until it is known where.
    pub(crate) flushing: Option<Reply>,
    /// The coming one, which has begun with a filler while the caller's words are awaited.
    pub(crate) bridge: Option<Reply>,
    /// All that the last one said or was going to say.
    pub(crate) last_said: String,
    /// Tools of turns that are over, which finish nevertheless.
    pub(super) left: Vec<Running>,
    /// How many in a row a worker failed.
    pub(crate) failed: u32,
}

impl Turns {
    /// What the next turn is going to be numbered.
    pub(crate) fn coming(&self) -> TurnId {
        TurnId(self.count + 1)
    }

    pub(crate) fn next(&mut self) -> TurnId {
        self.count += 1;
        TurnId(self.count)
    }

    /// A clause of a turn that is no state's is synthesised.
    pub(crate) fn note_ready(&mut self, turn: TurnId, clause: ClauseId, end_sample: u64) {
        for reply in self.beside_state(turn) {
            reply.ledger.ready(clause, end_sample);
        }
    }

    /// So much of a turn that is no state's was played.
    pub(crate) fn note_progress(&mut self, turn: TurnId, sample: u64) {
        for reply in self.beside_state(turn) {
            reply.ledger.advance(sample);
        }
    }

    /// `turn`, if it is no state's: it was cut short, or a filler has begun it.
    fn beside_state(&mut self, turn: TurnId) -> impl Iterator<Item = &mut Reply> {
        self.flushing.iter_mut().chain(&mut self.bridge).filter(move |reply| reply.turn == turn)
    }

    /// What a caller hears again who asks for it.
    pub(crate) fn remember(&mut self, reply: &Reply) {
        if !reply.ledger.is_empty() {
            self.last_said = reply.ledger.text();
        }
    }
}
