//! One call, as it was.

mod html;
mod json;
mod summary;
mod text;

use std::time::Duration;

use call_record::TurnTimes;

use crate::course::{Course, Ending, Turn};
use crate::journal::Journal;

pub(crate) use html::html;
pub(crate) use json::json;
pub use summary::Summary;
pub(crate) use text::{heading, text};

/// A call with its turns and figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// What was decided.
    pub course: Course,
    /// Where each answer's time went, in the order of the turns.
    pub waterfalls: Vec<(u32, Waterfall)>,
    /// All of it in figures.
    pub summary: Summary,
}

/// The stages of one answer, one after the other: each begins where the one before ends, so that they add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waterfall {
    /// The caller's last voiced sample until the end of his turn was decided.
    pub endpoint: Duration,
    /// From there until the final transcript.
    pub stt: Duration,
    /// Until the model's first clause.
    pub model: Duration,
    /// Until its first audio.
    pub voice: Duration,
    /// Until the first frame was taken for sending.
    pub wire: Duration,
}

impl Waterfall {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.endpoint + self.stt + self.model + self.voice + self.wire
    }

    /// The stages by their names.
    #[must_use]
    pub fn stages(&self) -> [(&'static str, Duration); 5] {
        [("wait", self.endpoint), ("stt", self.stt), ("model", self.model), ("voice", self.voice), ("wire", self.wire)]
    }

    fn of_stations(begin: u64, end: u64, stations: [Option<u64>; 4]) -> Waterfall {
        let mut reached = begin;
        let mut stage = |station: Option<u64>| {
            let to = station.unwrap_or(reached).clamp(reached, end.max(reached));
            let span = Duration::from_micros(to - reached);
            reached = to;
            span
        };
        let [endpoint, stt, model, voice] = stations.map(&mut stage);
        Waterfall { endpoint, stt, model, voice, wire: stage(Some(end)) }
    }

    /// By the daemon's own account.
    fn of_timing(timing: &TurnTimes) -> Option<Waterfall> {
        let stations = [timing.endpoint_us, timing.transcript_us, timing.first_clause_us, timing.first_audio_us];
        timing.endpoint_us?;
        Some(Waterfall::of_stations(timing.speech_end_us?, timing.played_us?, stations))
    }

    /// From the machine's inputs and actions, for journals without an account: the voice's share counts as wire.
    fn of_turn(turn: &Turn) -> Option<Waterfall> {
        let micros = |at: conversation::Instant| at.as_micros();
        let stations = [
            turn.endpoint.map(micros),
            turn.transcript.map(|(_, came)| micros(came)),
            turn.clauses.first().map(|clause| micros(clause.at)),
            None,
        ];
        Some(Waterfall::of_stations(micros(turn.speech_end?), micros(turn.played?), stations))
    }
}

impl Inspection {
    /// Looks at the whole call.
    #[must_use]
    pub fn of(journal: &Journal) -> Inspection {
        let course = Course::of(&journal.steps, &journal.settings);
        let has_accounts = !journal.timings.is_empty();
        let waterfalls: Vec<(u32, Waterfall)> = course
            .turns
            .iter()
            .filter_map(|turn| {
                let account = journal.timings.iter().find(|timing| timing.turn == turn.turn);
                let waterfall = match account {
                    Some(account) => Waterfall::of_timing(account),
                    None if has_accounts => None,
                    None => Waterfall::of_turn(turn),
                };
                waterfall.map(|waterfall| (turn.turn, waterfall))
            })
            .collect();
        let summary = Summary::of(journal, &course, &waterfalls);
        Inspection { course, waterfalls, summary }
    }

    pub(crate) fn waterfall(&self, turn: u32) -> Option<&Waterfall> {
        self.waterfalls.iter().find(|(number, _)| *number == turn).map(|(_, waterfall)| waterfall)
    }

    /// The longest wait for an answer.
    pub(crate) fn longest(&self) -> Duration {
        self.waterfalls.iter().map(|(_, waterfall)| waterfall.total()).max().unwrap_or_default()
    }
}

/// What the reader of a report should know beforehand.
pub(crate) fn remarks(journal: &Journal) -> Vec<String> {
    let mut remarks = journal.remarks.clone();
    if journal.is_redacted {
        remarks.push(
            "The journal has no words: it was written with transcripts = false. Lengths stand in their place".into(),
        );
    }
    if journal.levels.is_empty() {
        remarks.push("The journal has no levels: it was written by an older version, or nobody spoke".into());
    }
    if journal.timings.is_empty() {
        remarks.push(
            "The journal has no timings: it was written by an older version. Latencies are taken from what the machine \
             was told; the voice's share is part of the wire's"
                .into(),
        );
    }
    remarks
}

/// What became of the turn, in a few letters, and their meaning.
pub(crate) fn flags(turn: &Turn, journal: &Journal) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if turn.is_discarded() {
        flags.push("prepared in vain");
    } else if turn.held.is_some() {
        flags.push("prepared ahead");
    }
    if turn.has_filler() {
        flags.push("filler");
    }
    if journal.timings.iter().any(|timing| timing.turn == turn.turn && timing.cached) {
        flags.push("cached");
    }
    if turn.overlaps.iter().any(|overlap| matches!(overlap.judged, Some((_, false)))) {
        flags.push("false alarm");
    }
    match turn.ending {
        Some(Ending::Interrupted(_)) => flags.push("interrupted"),
        Some(Ending::Dropped(_)) => flags.push("dropped"),
        Some(Ending::Drained(_) | Ending::Discarded(_)) | None => {}
    }
    flags
}
