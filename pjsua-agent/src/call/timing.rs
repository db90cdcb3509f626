//! Where the time of a turn goes, from the caller's last sound to the agent's first: one line a turn.

use std::collections::BTreeMap;
use std::time::Duration;

use call_record::{Score, TurnTimes};
use conversation::{PauseId, TurnId};

/// Turns that are followed at once: the one that is heard, and one that is prepared.
const FOLLOWED: usize = 4;

/// What is known of the caller's last words, as times since the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallerStations {
    /// His last voiced sample.
    pub speech_end: Option<Duration>,
    pub scores: Vec<Score>,
    pub final_asked: Option<Duration>,
    pub transcript: Option<Duration>,
}

/// What is known of one turn of the agent's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TurnStations {
    pub caller: CallerStations,
    /// It was decided that the caller has finished.
    pub endpoint: Option<Duration>,
    pub reply_asked: Option<Duration>,
    pub first_text: Option<Duration>,
    /// The first clause went to the voice.
    pub first_clause: Option<Duration>,
    /// Its first samples were queued for playout.
    pub first_audio: Option<Duration>,
    /// The first frame was taken for sending.
    pub played: Option<Duration>,
    pub is_speculated: bool,
    pub is_cached: bool,
    pub is_filler: bool,
}

/// The stations of the turns that are under way.
#[derive(Debug, Default)]
pub struct TurnTiming {
    caller: CallerStations,
    /// The caller's stations before the gate last opened: a noise takes nothing from them.
    before: Option<CallerStations>,
    is_noise: bool,
    /// What the caller said last has been answered.
    is_answered: bool,
    turns: BTreeMap<TurnId, TurnStations>,
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
            before.final_asked = after.final_asked.or(before.final_asked);
            before.transcript = after.transcript.or(before.transcript);
            self.caller = before;
        }
    }

    pub fn speech_confirmed(&mut self) {
        self.is_noise = false;
    }

    /// The caller's last sound was at `at`.
    pub fn speech_ended(&mut self, at: Duration) {
        if !self.is_noise {
            let ended = CallerStations { speech_end: Some(at), ..CallerStations::default() };
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
        self.caller.final_asked = Some(at);
    }

    pub fn transcribed(&mut self, at: Duration) {
        self.caller.transcript = Some(at);
    }

    /// `turn` is prepared while it is not certain that the caller has finished.
    pub fn held(&mut self, turn: TurnId) {
        self.turn(turn).is_speculated = true;
    }

    /// It has become certain.
    pub fn released(&mut self, turn: TurnId, at: Duration) {
        let caller = self.caller.clone();
        if let Some(stations) = self.turns.get_mut(&turn) {
            stations.endpoint = Some(at);
            stations.caller = caller;
            self.is_answered = true;
        }
    }

    /// The model is asked for `turn`.
    pub fn reply_asked(&mut self, turn: TurnId, at: Duration) {
        if self.heard == Some(turn) {
            return;
        }
        let stations = self.turn(turn);
        stations.reply_asked.get_or_insert(at);
        if !stations.is_speculated {
            self.answers(turn, at);
        }
    }

    /// `turn` answers what the caller said last.
    fn answers(&mut self, turn: TurnId, at: Duration) {
        let caller = self.caller.clone();
        self.is_answered = true;
        let stations = self.turn(turn);
        if stations.endpoint.is_none() {
            // The transcript that was asked for at the end of the turn is followed by the reply at once, and the wait for it
            // bridged with a filler; one that had been asked for ahead of the end had to wait for it.
            let is_awaited = caller.transcript.is_none_or(|transcript| at.saturating_sub(transcript) < MOMENT);
            stations.endpoint = caller.final_asked.filter(|_| is_awaited).or(Some(at));
            stations.caller = caller;
        }
    }

    pub fn text(&mut self, turn: TurnId, at: Duration) {
        if let Some(stations) = self.turns.get_mut(&turn) {
            stations.first_text.get_or_insert(at);
        }
    }

    /// A clause of `turn` went to the voice.
    pub fn clause(&mut self, turn: TurnId, is_filler: bool, at: Duration) {
        if self.heard == Some(turn) {
            return;
        }
        let stations = self.turn(turn);
        if stations.first_clause.is_some() {
            return;
        }
        stations.first_clause = Some(at);
        stations.is_filler = is_filler;
        let is_scripted = stations.reply_asked.is_none();
        if is_scripted && !self.is_answered && self.caller.speech_end.is_some() {
            self.answers(turn, at);
        }
    }

    pub fn first_audio(&mut self, turn: TurnId, is_cached: bool, at: Duration) {
        if let Some(stations) = self.turns.get_mut(&turn).filter(|stations| stations.first_audio.is_none()) {
            stations.first_audio = Some(at);
            stations.is_cached = is_cached;
        }
    }

    /// The first frame of `turn` was taken at `at`: all that is to be known of it, once.
    pub fn played(&mut self, turn: TurnId, at: Duration) -> Option<TurnLine> {
        let stations = self.turns.remove(&turn)?;
        self.heard = Some(turn);
        Some(TurnLine { turn, stations: TurnStations { played: Some(at), ..stations } })
    }

    /// `turn` was thrown away: the same, if it was not heard.
    pub fn dropped(&mut self, turn: TurnId) -> Option<TurnLine> {
        let mut stations = self.turns.remove(&turn)?;
        if stations.is_speculated && stations.endpoint.is_none() {
            stations.caller = self.before.clone().unwrap_or_else(|| self.caller.clone());
        }
        Some(TurnLine { turn, stations })
    }

    fn turn(&mut self, turn: TurnId) -> &mut TurnStations {
        while self.turns.len() >= FOLLOWED && !self.turns.contains_key(&turn) {
            self.turns.pop_first();
        }
        self.turns.entry(turn).or_default()
    }
}

/// Two things that happen within it are one decision of the machine's: it takes microseconds.
const MOMENT: Duration = Duration::from_millis(1);

/// All that is known of one turn.
#[derive(Debug, PartialEq)]
pub struct TurnLine {
    pub turn: TurnId,
    pub stations: TurnStations,
}

impl TurnLine {
    /// For the record: stations in microseconds since the answer, and where the time went, if the turn was heard and
    /// answers something that the caller said.
    pub fn times(&self) -> TurnTimes {
        let at = |station: Option<Duration>| station.map(micros);
        let TurnStations { caller, .. } = &self.stations;
        let times = TurnTimes {
            turn: self.turn.0,
            speech_end_us: at(caller.speech_end),
            scores: caller.scores.clone(),
            final_asked_us: at(caller.final_asked),
            transcript_us: at(caller.transcript),
            endpoint_us: at(self.stations.endpoint),
            reply_asked_us: at(self.stations.reply_asked),
            first_text_us: at(self.stations.first_text),
            first_clause_us: at(self.stations.first_clause),
            first_audio_us: at(self.stations.first_audio),
            played_us: at(self.stations.played),
            speculated: self.stations.is_speculated,
            cached: self.stations.is_cached,
            filler: self.stations.is_filler,
            waterfall: None,
        };
        times.with_waterfall()
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "timing_tests.rs"]
mod tests;
