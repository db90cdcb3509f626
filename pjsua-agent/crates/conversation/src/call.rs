//! The call itself, whoever has the floor: what the rooms share, and what each of them keeps between its states.

use std::collections::VecDeque;

use crate::Spoken;
use crate::caller::KnownCaller;
use crate::history::History;
use crate::leaving::{Departure, TransferRecord};
use crate::reply::Turns;
use crate::timers::Timers;
use crate::{Act, Action, Instant, Settings, Timer};

/// What outlives a state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) settings: Settings,
    pub(crate) now: Instant,
    pub(crate) timers: Timers,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) history: History,
    /// The workers have no room for what may be thrown away.
    pub(crate) busy: bool,
    pub(crate) caller: KnownCaller,
    pub(crate) turns: Turns,
    pub(crate) departure: Departure,
}

impl Call {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            now: Instant::ZERO,
            timers: Timers::default(),
            actions: VecDeque::new(),
            history: History::default(),
            busy: false,
            caller: KnownCaller::default(),
            turns: Turns::default(),
            departure: Departure::default(),
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Nothing goes on any more; only the call's limit keeps running.
    pub(crate) fn clear_floor(&mut self) {
        self.drop_bridge();
        let limit = self.timers.get(Timer::CallLimit);
        self.timers.clear_all();
        if let Some(limit) = limit {
            self.timers.set(Timer::CallLimit, limit);
        }
    }

    pub(crate) fn keeps_failing(&self) -> bool {
        self.turns.failed >= self.settings.bounds.max_failed_turns
    }

    /// How to end a call on which workers keep failing.
    pub(crate) fn way_out(&self) -> Act {
        let untried = self.departure.transfer == TransferRecord::Untried;
        if self.settings.human && untried { Act::Transfer } else { Act::HangUp }
    }

    /// What is said when workers keep failing.
    pub(crate) fn last_phrase(&self) -> Spoken {
        match self.way_out() {
            Act::Transfer => self.settings.phrases.transfer_announcement.clone(),
            Act::HangUp => self.settings.phrases.failure_goodbye.clone(),
        }
    }

    pub(crate) fn closing_phrase(&self, act: Act) -> Spoken {
        match act {
            Act::Transfer => self.settings.phrases.transfer_announcement.clone(),
            Act::HangUp => self.settings.phrases.goodbye.clone(),
        }
    }
}
