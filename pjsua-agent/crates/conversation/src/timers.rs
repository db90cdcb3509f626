//! Deadlines, each with the name of its reason.

use crate::Instant;

/// Why the machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Timer {
    /// The caller has been silent long enough for his utterance to be over.
    Endpoint,
    /// The score is to be asked for again.
    Score,
    /// A reply is to be prepared although it is not sure that the caller has finished.
    Speculation,
    /// The utterance has lasted as long as one may.
    Utterance,
    /// The final transcript is overdue.
    Transcript,
    /// The reply, or its next piece, is overdue.
    Reply,
    /// The tools that a reply asked for are overdue.
    Tool,
    /// The small model is late.
    PreResponse,
    /// The reply is late and something is said meanwhile.
    Filler,
    /// What to make of the caller's talking over the agent must be decided.
    Overlap,
    /// The caller has stopped pressing keys.
    Keys,
    /// The playout has shown no sign of life.
    Playout,
    /// Nothing has been heard of the caller.
    NoInput,
    /// Nothing has been heard of the transfer.
    Transfer,
    /// The call has lasted as long as one may.
    CallLimit,
}

impl Timer {
    const ALL: [Self; 15] = [
        Self::Endpoint,
        Self::Score,
        Self::Speculation,
        Self::Utterance,
        Self::Transcript,
        Self::Reply,
        Self::Tool,
        Self::PreResponse,
        Self::Filler,
        Self::Overlap,
        Self::Keys,
        Self::Playout,
        Self::NoInput,
        Self::Transfer,
        Self::CallLimit,
    ];
}

/// At most one deadline for each [`Timer`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timers {
    deadlines: [Option<Instant>; Timer::ALL.len()],
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.deadlines[timer as usize] = Some(deadline);
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    pub(crate) fn clear_all(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        self.deadlines[timer as usize]
    }

    /// The earliest deadline; of equal ones that of the timer named first in [`Timer`].
    pub(crate) fn next(&self) -> Option<(Instant, Timer)> {
        Timer::ALL.into_iter().filter_map(|timer| Some((self.get(timer)?, timer))).min()
    }

    /// Removes and returns the earliest timer whose deadline has been reached.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let (_, timer) = self.next().filter(|(deadline, _)| *deadline <= now)?;
        self.clear(timer);
        Some(timer)
    }
}
