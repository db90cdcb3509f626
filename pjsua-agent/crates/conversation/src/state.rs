//! The states, each with its own data.

use crate::barge_in::Interjection;
use crate::endpointing::{Hearing, Pausing};
use crate::reply::Reply;
use crate::{Act, TurnId};

/// Who has the floor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// The call has no media yet.
    Unanswered,
    /// Nobody speaks; it is the caller's turn.
    Listening,
    /// The caller speaks.
    Hearing(Hearing),
    /// The caller pauses or has ended.
    Endpointing(Pausing),
    /// The caller has ended; transcripts are awaited.
    Transcribing(Hearing),
    /// The caller presses keys.
    Keying(Keys),
    /// The model is asked; nothing of its reply has been heard.
    Replying(Reply),
    /// The agent is heard.
    Speaking {
        /// What it says.
        reply: Reply,
        /// The caller's "okay, I see" that still goes on beside it.
        aside: Option<Interjection>,
    },
    /// The caller began to speak while the agent was heard; the agent is paused.
    Overlap {
        /// What the agent was saying.
        reply: Reply,
        /// What the caller is saying.
        interjection: Interjection,
    },
    /// The agent says its last words before the act.
    Closing {
        /// What it says.
        reply: Reply,
        /// What follows.
        act: Act,
    },
    /// The outcome of the transfer is awaited.
    Transferring,
    /// We hung up; the end of the call is awaited.
    HungUp,
    /// The call is over.
    Ended,
}

/// What the caller has pressed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keys {
    /// What he said just before.
    pub(crate) said: String,
    pub(crate) digits: String,
}

impl State {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Listening | Self::Hearing(_) | Self::Keying(_) => "listening",
            Self::Endpointing(_) | Self::Transcribing(_) => "endpointing",
            Self::Replying(_) => "replying",
            Self::Speaking { .. } => "speaking",
            Self::Overlap { .. } => "overlap",
            Self::Closing { .. } | Self::Transferring | Self::HungUp => "closing",
            Self::Ended => "ended",
        }
    }

    /// The turn that is prepared, spoken, or perhaps to be spoken.
    pub(crate) fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Endpointing(pausing) => pausing.draft.as_ref().map(|draft| &draft.reply),
            Self::Replying(reply)
            | Self::Speaking { reply, .. }
            | Self::Overlap { reply, .. }
            | Self::Closing { reply, .. } => Some(reply),
            Self::Unanswered
            | Self::Listening
            | Self::Hearing(_)
            | Self::Transcribing(_)
            | Self::Keying(_)
            | Self::Transferring
            | Self::HungUp
            | Self::Ended => None,
        }
    }

    pub(crate) fn reply_mut(&mut self) -> Option<&mut Reply> {
        match self {
            Self::Endpointing(pausing) => pausing.draft.as_mut().map(|draft| &mut draft.reply),
            Self::Replying(reply)
            | Self::Speaking { reply, .. }
            | Self::Overlap { reply, .. }
            | Self::Closing { reply, .. } => Some(reply),
            Self::Unanswered
            | Self::Listening
            | Self::Hearing(_)
            | Self::Transcribing(_)
            | Self::Keying(_)
            | Self::Transferring
            | Self::HungUp
            | Self::Ended => None,
        }
    }

    /// The running turn, if it is `turn`.
    pub(crate) fn reply_of(&mut self, turn: TurnId) -> Option<&mut Reply> {
        self.reply_mut().filter(|reply| reply.turn == turn)
    }

    /// The running turn, if it is `turn` and the main model is at it.
    pub(crate) fn generating(&mut self, turn: TurnId) -> Option<&mut Reply> {
        self.reply_of(turn).filter(|reply| reply.is_generating() && !reply.awaits_opening)
    }

    /// What the caller says over the agent's voice.
    pub(crate) fn interjection_mut(&mut self) -> Option<&mut Interjection> {
        match self {
            Self::Overlap { interjection, .. } | Self::Speaking { aside: Some(interjection), .. } => Some(interjection),
            Self::Unanswered
            | Self::Listening
            | Self::Hearing(_)
            | Self::Endpointing(_)
            | Self::Transcribing(_)
            | Self::Keying(_)
            | Self::Replying(_)
            | Self::Speaking { aside: None, .. }
            | Self::Closing { .. }
            | Self::Transferring
            | Self::HungUp
            | Self::Ended => None,
        }
    }

    /// What follows the running turn.
    pub(crate) fn act(&self) -> Option<Act> {
        match self {
            Self::Closing { act, .. } => Some(*act),
            Self::Unanswered
            | Self::Listening
            | Self::Hearing(_)
            | Self::Endpointing(_)
            | Self::Transcribing(_)
            | Self::Keying(_)
            | Self::Replying(_)
            | Self::Speaking { .. }
            | Self::Overlap { .. }
            | Self::Transferring
            | Self::HungUp
            | Self::Ended => None,
        }
    }
}

impl Keys {
    /// What the keys are answered as.
    pub(crate) fn message(&self) -> String {
        format!("{} (pressed {})", self.said, self.digits).trim().to_owned()
    }
}
