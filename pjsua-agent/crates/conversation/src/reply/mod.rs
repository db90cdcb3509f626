//! One turn of the agent, from its first words to its last sample.

mod clauses;
mod joint;
mod ledger;
mod tools;
mod turns;
mod voice;

pub(crate) use clauses::spoken;
pub(crate) use tools::ToolCall;
pub(crate) use turns::Turns;

use crate::{ClauseId, Settings, TurnId};
use clauses::{ClauseCutter, ClauseLengths};
use joint::Joint;
use ledger::Ledger;

/// Where a turn's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A phrase of the settings.
    Script,
    /// The model, which is still at it.
    Generating,
    /// The model, which is done, has failed or was cancelled.
    Generated,
}

/// What has to be said once the turn was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterword {
    /// That a part of it could not be spoken.
    Failure,
    /// That there is nobody to transfer to.
    NoHuman,
    /// Nothing: the call is ended, unless the caller speaks after all.
    HangUp,
}

/// A turn of the agent that is being prepared or spoken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) turn: TurnId,
    pub(crate) source: Source,
    pub(crate) clauses: ClauseCutter,
    pub(crate) ledger: Ledger,
    /// `EndOfSpeech` was asked for.
    pub(crate) ended: bool,
    /// A worker failed it, or it is itself the apology for that.
    pub(crate) failed: bool,
    pub(crate) afterword: Option<Afterword>,
    /// The small model's clause is waited for before the main model is asked.
    pub(crate) awaits_opening: bool,
    /// The clause that fills the wait for the reply.
    pub(crate) filler: Option<ClauseId>,
    /// Tools that the model has asked for and waits for.
    tools: Vec<tools::Running>,
    joint: Joint,
}

impl Reply {
    pub(crate) fn new(turn: TurnId, source: Source, settings: &Settings) -> Self {
        let lengths = ClauseLengths {
            first: settings.replies.first_clause_chars,
            later: settings.replies.clause_chars,
            longest: settings.replies.longest_clause_chars,
        };
        Self {
            turn,
            source,
            clauses: ClauseCutter::new(lengths),
            ledger: Ledger::default(),
            ended: false,
            failed: false,
            afterword: None,
            awaits_opening: false,
            filler: None,
            tools: Vec::new(),
            joint: Joint::default(),
        }
    }

    /// The reply begins with `text`, which is spoken already.
    pub(crate) fn open_with(&mut self, text: &str) {
        self.awaits_opening = false;
        self.joint = Joint::new(text);
    }

    /// Takes text of the model, without the opening if it repeats that.
    pub(crate) fn push(&mut self, text: &str) {
        let text = self.joint.push(text);
        self.clauses.push(&text);
    }

    /// No text of the model comes any more.
    pub(crate) fn close_opening(&mut self) {
        let text = self.joint.finish();
        self.clauses.push(&text);
    }

    /// Nothing of the reply proper can be heard.
    pub(crate) fn is_silent(&self) -> bool {
        self.ledger.is_silent_but_for(self.filler)
    }

    pub(crate) fn is_generating(&self) -> bool {
        self.source == Source::Generating
    }

    /// The main model is at it, and what it says of `turn` is this turn's.
    pub(crate) fn takes_text_of(&self, turn: TurnId) -> bool {
        self.turn == turn && self.is_generating() && !self.awaits_opening
    }

    /// A failure of `turn`, or of whichever turn is running, is one of this turn.
    pub(crate) fn is_meant_by(&self, turn: Option<TurnId>) -> bool {
        turn.is_none_or(|turn| turn == self.turn)
    }

    /// Takes how much of `turn` was played. Returns whether that is more of this turn than was known.
    pub(crate) fn advance(&mut self, turn: TurnId, sample: u64) -> bool {
        self.turn == turn && !self.ledger.is_empty() && self.ledger.advance(sample)
    }

    /// An answer of the model that no worker failed.
    pub(crate) fn is_sound_answer(&self) -> bool {
        self.source != Source::Script && !self.failed
    }

    /// The playout owes us a sign of life.
    pub(crate) fn is_playout_due(&self) -> bool {
        self.ended || self.ledger.is_outstanding()
    }
}
