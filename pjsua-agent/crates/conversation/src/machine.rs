//! The machine's outside.

use crate::call::Call;
use crate::next::Next;
use crate::state::State;
use crate::{Action, Entry, Input, Instant, Settings, Timer, TurnId, dispatch, floor};

/// The turn-taking of one call.
///
/// Mutate it with [`handle_input`](Self::handle_input) or [`handle_timeout`](Self::handle_timeout),
/// then carry out what [`poll_action`](Self::poll_action) gives until it gives nothing, then wait
/// for the next input or until [`poll_timeout`](Self::poll_timeout). The same inputs at the same
/// times give the same actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    state: State,
    call: Call,
}

impl Conversation {
    /// A call that has not been answered yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { state: State::Unanswered, call: Call::new(settings) }
    }

    /// Tells the machine what happened at `now`; deadlines that have passed by then count after it.
    ///
    /// Time does not run backwards: an earlier `now` than the last one is taken for the last one.
    pub fn handle_input(&mut self, input: Input, now: Instant) {
        self.call.now = self.call.now.max(now);
        self.step(|state, call| dispatch::take_input(state, call, input));
        self.handle_timeout(now);
    }

    /// Tells the machine that it is `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.call.now = self.call.now.max(now);
        while let Some(timer) = self.call.timers.take_due(self.call.now) {
            self.step(|state, call| dispatch::expire(state, call, timer));
        }
    }

    fn step(&mut self, step: impl FnOnce(State, &mut Call) -> Next) {
        let state = std::mem::replace(&mut self.state, State::Ended);
        let next = step(state, &mut self.call);
        self.state = floor::settle(next, &mut self.call);
    }

    /// The next thing to do; `None` when everything was given out.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.call.actions.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called, and why; `None` while only
    /// an input can change anything.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.call.timers.next()
    }

    /// What was said so far, in order. The agent's text is what the caller heard and, for the
    /// running turn, what he is going to hear if nothing comes between.
    #[must_use]
    pub fn history(&self) -> &[Entry] {
        self.call.history.entries()
    }

    /// `unanswered`, `listening`, `endpointing`, `replying`, `speaking`, `overlap`, `closing` or
    /// `ended`.
    #[must_use]
    pub fn state_name(&self) -> &'static str {
        self.state.name()
    }

    /// What the caller has been understood to say while he still speaks; empty when he does not.
    #[must_use]
    pub fn said_so_far(&self) -> String {
        match &self.state {
            State::Caller(caller) => caller.said_so_far(),
            State::Unanswered | State::Agent(_) | State::Leaving(_) | State::Ended => String::new(),
        }
    }

    /// The agent's turn that is being prepared or spoken.
    #[must_use]
    pub fn turn(&self) -> Option<TurnId> {
        self.state.reply().map(|reply| reply.turn)
    }

    /// What the call was begun with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.call.settings
    }
}
