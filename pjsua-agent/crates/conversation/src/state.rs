//! The states: who has the floor, each room with its own.

use crate::agent::Agent;
use crate::caller::Caller;
use crate::leaving::Leaving;
use crate::reply::Reply;

/// Who has the floor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// The call has no media yet.
    Unanswered,
    /// The caller's turn.
    Caller(Caller),
    /// The agent's turn.
    Agent(Agent),
    /// The call is coming to its end.
    Leaving(Leaving),
    /// The call is over.
    Ended,
}

impl State {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Caller(caller) => caller.name(),
            Self::Agent(agent) => agent.name(),
            Self::Leaving(_) => "closing",
            Self::Ended => "ended",
        }
    }

    /// The turn that is prepared, spoken, or perhaps to be spoken.
    pub(crate) fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Caller(caller) => caller.draft(),
            Self::Agent(agent) => Some(agent.reply()),
            Self::Leaving(leaving) => leaving.reply(),
            Self::Unanswered | Self::Ended => None,
        }
    }
}
