//! Where the time of a turn goes, from the caller's last sound to the agent's first: one line a turn.

use std::collections::BTreeMap;
use std::time::Duration;

use call_record::{CallerTimes, Score, TurnTimes};
use conversation::{PauseId, TurnId};

/// Turns that are followed at once: the one that is heard, and one that is prepared.
const FOLLOWED: usize = 4;

/// The stations of the turns that are under way.
#[derive(Debug, Default)]
pub struct TurnTiming {
    caller: CallerTimes,
    /// The caller's stations before the gate last opened: a noise takes nothing from them.
    before: Option<CallerTimes>,
    is_noise: bool,
    /// What the caller said last has been answered.
    is_answered: bool,
    turns: BTreeMap<TurnId, TurnTimes>,
    /// The newest turn that is being heard; how it goes on is of no account.
    heard: Option<TurnId>,
}

impl TurnTiming {
    pub fn speech_started(&mut self) {
        self.is_noise = false;
        self.before = None;
    }

    /// What the gate lets through is no speech after all, or was none.
    pub fn speech_dismissed(&mut self) {
        self.is_noise = true;
        if let Some(mut before) = self.before.take() {
            let after = std::mem::take(&mut self.caller);
            before.scores.extend(after.scores);
            before.final_asked_us = after.final_asked_us.or(before.final_asked_us);
            before.transcript_us = after.transcript_us.or(before.transcript_us);
            self.caller = before;
        }
    }

    pub fn speech_confirmed(&mut self) {
        self.is_noise = false;
    }

    /// The caller's last sound was at `at`.
    pub fn speech_ended(&mut self, at: Duration) {
        if !self.is_noise {
            let ended = CallerTimes { speech_end_us: Some(micros(at)), ..CallerTimes::default() };
            self.before = Some(std::mem::replace(&mut self.caller, ended));
            self.is_answered = false;
        }
    }

    pub fn score_asked(&mut self, pause: PauseId, at: Duration) {
        let score = Score { pause: pause.0, asked_us: micros(at), answered_us: None, per_mille: None };
        self.caller.scores.push(score);
    }

    pub fn score_answered(&mut self, pause: PauseId, per_mille: u16, at: Duration) {
        let open = self.caller.scores.iter_mut().find(|score| score.pause == pause.0 && score.answered_us.is_none());
        if let Some(score) = open {
            score.answered_us = Some(micros(at));
            score.per_mille = Some(per_mille);
        }
    }

    pub fn final_asked(&mut self, at: Duration) {
        self.caller.final_asked_us = Some(micros(at));
    }

    pub fn transcribed(&mut self, at: Duration) {
        self.caller.transcript_us = Some(micros(at));
    }

    /// `turn` is prepared while it is not certain that the caller has finished.
    pub fn held(&mut self, turn: TurnId) {
        self.turn(turn).speculated = true;
    }

    /// It has become certain.
    pub fn released(&mut self, turn: TurnId, at: Duration) {
        let caller = self.caller.clone();
        if let Some(times) = self.turns.get_mut(&turn) {
            times.endpoint_us = Some(micros(at));
            times.caller = caller;
            self.is_answered = true;
        }
    }

    /// The model is asked for `turn`.
    pub fn reply_asked(&mut self, turn: TurnId, at: Duration) {
        if self.heard == Some(turn) {
            return;
        }
        let times = self.turn(turn);
        times.reply_asked_us.get_or_insert(micros(at));
        if !times.speculated {
            self.answers(turn, at);
        }
    }

    /// `turn` answers what the caller said last.
    fn answers(&mut self, turn: TurnId, at: Duration) {
        let caller = self.caller.clone();
        self.is_answered = true;
        let times = self.turn(turn);
        if times.endpoint_us.is_none() {
            // The transcript that was asked for at the end of the turn is followed by the reply at once, and the wait for it
            // bridged with a filler; one that had been asked for ahead of the end had to wait for it.
            let is_awaited = caller.transcript_us.is_none_or(|came| micros(at).saturating_sub(came) < MOMENT_US);
            times.endpoint_us = caller.final_asked_us.filter(|_| is_awaited).or(Some(micros(at)));
            times.caller = caller;
        }
    }

    pub fn text(&mut self, turn: TurnId, at: Duration) {
        if let Some(times) = self.turns.get_mut(&turn) {
            times.first_text_us.get_or_insert(micros(at));
        }
    }

    /// A clause of `turn` went to the voice.
    pub fn clause(&mut self, turn: TurnId, is_filler: bool, at: Duration) {
        if self.heard == Some(turn) {
            return;
        }
        let times = self.turn(turn);
        if times.first_clause_us.is_some() {
            return;
        }
        times.first_clause_us = Some(micros(at));
        times.filler = is_filler;
        let is_scripted = times.reply_asked_us.is_none();
        if is_scripted && !self.is_answered && self.caller.speech_end_us.is_some() {
            self.answers(turn, at);
        }
    }

    pub fn first_audio(&mut self, turn: TurnId, is_cached: bool, at: Duration) {
        if let Some(times) = self.turns.get_mut(&turn).filter(|times| times.first_audio_us.is_none()) {
            times.first_audio_us = Some(micros(at));
            times.cached = is_cached;
        }
    }

    /// The first frame of `turn` was taken at `at`: all that is to be known of it, once, with where the time went.
    pub fn played(&mut self, turn: TurnId, at: Duration) -> Option<TurnTimes> {
        let times = self.turns.remove(&turn)?;
        self.heard = Some(turn);
        Some(TurnTimes { played_us: Some(micros(at)), ..times }.with_waterfall())
    }

    /// `turn` was thrown away: the same, if it was not heard.
    pub fn dropped(&mut self, turn: TurnId) -> Option<TurnTimes> {
        let mut times = self.turns.remove(&turn)?;
        if times.speculated && times.endpoint_us.is_none() {
            times.caller = self.before.clone().unwrap_or_else(|| self.caller.clone());
        }
        Some(times)
    }

    fn turn(&mut self, turn: TurnId) -> &mut TurnTimes {
        while self.turns.len() >= FOLLOWED && !self.turns.contains_key(&turn) {
            self.turns.pop_first();
        }
        self.turns.entry(turn).or_insert_with(|| TurnTimes { turn: turn.0, ..TurnTimes::default() })
    }
}

/// Two things that happen within it are one decision of the machine's: it takes microseconds.
const MOMENT_US: u64 = 1_000;

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "timing_tests.rs"]
mod tests;
