//! What a room decides: to keep the floor, or whom it hands it to.

use redaction::Spoken;

use crate::Act;
use crate::agent::{Agent, Interjection};
use crate::caller::Caller;
use crate::leaving::Leaving;
use crate::reply::{Reply, ToolCall};
use crate::state::State;

/// Who has the floor next. Rooms know one another by these only; `floor` carries them out.
#[derive(Debug)]
pub(crate) enum Next {
    /// A state that is known already.
    State(State),

    /// The caller, of whom nothing is heard.
    Listen,
    /// The caller, who has begun to speak.
    Hear,
    /// The caller, with what he says over the agent.
    HearOut {
        /// His words so far.
        interjection: Interjection,
        /// The agent was cut off by them.
        interrupts: bool,
    },
    /// The caller, who presses keys, this one first.
    Press(char),

    /// The agent, with a phrase.
    Say(Spoken),
    /// The agent, with a phrase after which the call ends, unless the caller speaks after all.
    SayBeforeHangingUp(Spoken),
    /// The agent, about a failure.
    Apologise,
    /// The agent, with the model's reply to what the caller said besides what is in the history.
    Ask(Spoken),
    /// The agent, with the filler it has begun with and no more.
    Conclude(Reply),
    /// The agent, with a reply that was prepared in silence.
    Release {
        /// The reply so far.
        reply: Reply,
        /// What it asks for.
        act: Option<Act>,
        /// The tools it asks for.
        tools: Vec<ToolCall>,
        /// The model has finished.
        done: bool,
    },

    /// Both leave: the running turn becomes the last one.
    Close {
        /// What the agent says.
        reply: Reply,
        /// What follows.
        act: Act,
        /// Nothing is added to the turn.
        is_complete: bool,
    },
    /// Both leave, after a phrase.
    SayAnd(Spoken, Act),
    /// Both leave, at once.
    Perform(Act),
}

impl From<State> for Next {
    fn from(state: State) -> Self {
        Self::State(state)
    }
}

impl From<Caller> for Next {
    fn from(caller: Caller) -> Self {
        Self::State(State::Caller(caller))
    }
}

impl From<Agent> for Next {
    fn from(agent: Agent) -> Self {
        Self::State(State::Agent(agent))
    }
}

impl From<Leaving> for Next {
    fn from(leaving: Leaving) -> Self {
        Self::State(State::Leaving(leaving))
    }
}
