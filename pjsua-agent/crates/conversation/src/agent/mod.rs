//! The agent's turn: a reply is awaited or heard, perhaps while the caller speaks over it.

mod failing;
mod interjection;
mod overlap;
mod playing;
mod sounds;
mod speaking;

pub(crate) use interjection::{Interjection, TranscriptState};
pub use overlap::ANSWERED_INTO_A_PAUSE;

use crate::call::Call;
use crate::next::Next;
use crate::reply::Reply;

/// The agent has the floor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Agent {
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
}

impl Agent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Replying(_) => "replying",
            Self::Speaking { .. } => "speaking",
            Self::Overlap { .. } => "overlap",
        }
    }

    pub(crate) fn reply(&self) -> &Reply {
        match self {
            Self::Replying(reply) | Self::Speaking { reply, .. } | Self::Overlap { reply, .. } => reply,
        }
    }

    fn reply_mut(&mut self) -> &mut Reply {
        match self {
            Self::Replying(reply) | Self::Speaking { reply, .. } | Self::Overlap { reply, .. } => reply,
        }
    }

    /// A paused playout shows no sign of life; any other has to.
    fn watch_playout(&self, call: &mut Call) {
        match self {
            Self::Overlap { .. } => call.timers.clear(crate::Timer::Playout),
            Self::Replying(reply) | Self::Speaking { reply, .. } => call.watch_playout(reply),
        }
    }

    /// Ends what the agent says and what is heard beside it.
    pub(crate) fn leave(self, call: &mut Call) {
        match self {
            Self::Replying(reply) | Self::Speaking { reply, aside: None } => call.interrupt(reply),
            Self::Speaking { reply, aside: Some(interjection) } | Self::Overlap { reply, interjection } => {
                call.interrupt(reply);
                interjection.cancel(call);
            }
        }
    }

    /// The caller presses a key: the agent is cut off.
    pub(crate) fn key_pressed(self, call: &mut Call, key: char) -> Next {
        self.leave(call);
        call.clear_floor();
        Next::Press(key)
    }
}
