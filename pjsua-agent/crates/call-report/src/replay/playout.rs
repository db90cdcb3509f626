//! The playout of the what-if, on a clock that never drifts.

use std::time::Duration;

use conversation::{Input, Instant, TurnId};

use crate::course::samples_to_duration;

/// The first frame's samples; from there on progress is told every tenth of a second.
const FIRST_FRAME: u64 = 320;
const PROGRESS_STEP: u64 = 1_600;

/// What is being played to the caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Playout {
    turn: Option<TurnId>,
    /// Samples sent by `since`.
    position: u64,
    since: Instant,
    /// Samples there are.
    available: u64,
    reported: u64,
    is_stopped: bool,
    is_complete: bool,
    missing_clauses: usize,
}

impl Playout {
    /// A clause is on its way.
    pub(super) fn expect(&mut self, turn: TurnId) {
        if self.turn != Some(turn) {
            let is_stopped = self.is_stopped && self.turn.is_none();
            *self = Playout { turn: Some(turn), is_stopped, ..Playout::default() };
        }
        self.missing_clauses += 1;
    }

    /// A clause is there; where it ends.
    pub(super) fn add(&mut self, turn: TurnId, samples: u64, at: Instant) -> Option<u64> {
        if self.turn != Some(turn) {
            return None;
        }
        self.settle(at);
        self.missing_clauses = self.missing_clauses.saturating_sub(1);
        self.available += samples;
        Some(self.available)
    }

    pub(super) fn complete(&mut self, turn: TurnId, at: Instant) {
        if self.turn == Some(turn) {
            self.settle(at);
            self.is_complete = true;
        }
    }

    pub(super) fn stop(&mut self, at: Instant) {
        self.settle(at);
        self.is_stopped = true;
    }

    pub(super) fn go_on(&mut self, at: Instant) {
        self.settle(at);
        self.is_stopped = false;
    }

    /// Throws the turn away; how many samples of it were sent.
    pub(super) fn flush(&mut self, turn: TurnId, at: Instant) -> u64 {
        self.settle(at);
        self.is_stopped = false;
        if self.turn != Some(turn) {
            return 0;
        }
        let sent = self.position;
        *self = Playout::default();
        sent
    }

    /// The record says where the playout is.
    pub(super) fn observe(&mut self, turn: TurnId, sample: u64, at: Instant) {
        if self.turn == Some(turn) {
            self.available = self.available.max(sample);
            (self.position, self.reported, self.since) = (sample, sample, at);
        }
    }

    /// The record says that it was played to its end.
    pub(super) fn observe_end(&mut self, turn: TurnId) {
        if self.turn == Some(turn) {
            *self = Playout::default();
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.turn.is_none()
    }

    /// When there is something to tell.
    pub(super) fn next(&self) -> Option<Instant> {
        let target = self.next_report()?;
        (!self.is_stopped).then(|| self.since + samples_to_duration(target.saturating_sub(self.position)))
    }

    /// What there is to tell at that time.
    pub(super) fn report(&mut self, at: Instant) -> Option<Input> {
        let (turn, target) = (self.turn?, self.next_report()?);
        (self.position, self.since) = (target, at);
        if target == self.reported {
            *self = Playout::default();
            return Some(Input::PlayoutDrained { turn });
        }
        self.reported = target;
        Some(Input::PlayoutProgress { turn, sample: target })
    }

    fn next_report(&self) -> Option<u64> {
        self.turn?;
        let step = if self.reported == 0 { FIRST_FRAME } else { self.reported + PROGRESS_STEP };
        let is_over = self.is_complete && self.missing_clauses == 0;
        if step <= self.available {
            Some(step)
        } else if is_over && self.available > 0 {
            Some(self.available)
        } else {
            None
        }
    }

    fn settle(&mut self, at: Instant) {
        if !self.is_stopped {
            let elapsed: Duration = at - self.since;
            let samples = u64::try_from(elapsed.as_micros() * 16 / 1_000).unwrap_or(u64::MAX);
            self.position = self.position.saturating_add(samples).min(self.available);
        }
        self.since = at;
    }
}
