//! One call, as it was.

mod html;
mod json;
mod summary;
mod text;

use std::time::Duration;

use call_record::{CallerTimes, RtpStats, TurnTimes, Waits, Waterfall};

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
    pub answers: Vec<Answer>,
    /// All of it in figures.
    pub summary: Summary,
}

/// One turn of the agent's that answers the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its number.
    pub turn: u32,
    /// What each stage took.
    pub waterfall: Waterfall,
    /// Whom the caller waited for.
    pub waits: Waits,
}

impl Answer {
    fn of(times: TurnTimes) -> Option<Answer> {
        let (turn, waits) = (times.turn, times.waits()?);
        Some(Answer { turn, waits, waterfall: times.with_waterfall().waterfall? })
    }

    /// From what the machine was told and asked for, for journals without timings: the voice's share is the daemon's.
    fn of_turn(turn: &Turn) -> Option<Answer> {
        let micros = |at: Option<conversation::Instant>| at.map(conversation::Instant::as_micros);
        Answer::of(TurnTimes {
            turn: turn.turn,
            caller: CallerTimes {
                speech_end_us: micros(turn.speech_end),
                final_asked_us: micros(turn.transcript.map(|(asked, _)| asked)),
                transcript_us: micros(turn.transcript.map(|(_, came)| came)),
                ..CallerTimes::default()
            },
            endpoint_us: micros(turn.endpoint),
            reply_asked_us: micros(turn.asked),
            first_clause_us: micros(turn.clauses.first().map(|clause| clause.at)),
            played_us: micros(turn.played),
            ..TurnTimes::default()
        })
    }

    /// What each stage took, in the order of the reports' columns.
    pub(crate) fn figures(&self) -> [Duration; 6] {
        let Waterfall { endpoint, stt, llm, tts, daemon, total } = self.waterfall;
        [endpoint, stt, llm, tts, daemon, total]
    }
}

impl Inspection {
    /// Looks at the whole call.
    #[must_use]
    pub fn of(journal: &Journal) -> Inspection {
        let course = Course::of(&journal.steps, &journal.settings);
        let has_accounts = !journal.timings.is_empty();
        let answer = |turn: &Turn| match journal.timings.iter().find(|times| times.turn == turn.turn) {
            Some(times) => Answer::of(times.clone()),
            None if has_accounts => None,
            None => Answer::of_turn(turn),
        };
        let answers: Vec<Answer> = course.turns.iter().filter_map(answer).collect();
        let summary = Summary::of(journal, &course, &answers);
        Inspection { course, answers, summary }
    }

    pub(crate) fn answer(&self, turn: u32) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.turn == turn)
    }

    /// The longest wait for an answer.
    pub(crate) fn longest(&self) -> Duration {
        self.answers.iter().map(|answer| answer.waterfall.total).max().unwrap_or_default()
    }
}

/// How the RTP did, in words; empty where the journal does not tell.
pub(crate) fn rtp(journal: &Journal) -> String {
    let Some(RtpStats { received, lost, jitter_us, round_trip_us, .. }) = journal.rtp else { return String::new() };
    let ms = |micros: u32| f64::from(micros) / 1_000.0;
    let round_trip = round_trip_us.map_or_else(String::new, |span| format!(", round trip {:.1} ms", ms(span)));
    format!("{received} packets from the caller, {lost} lost, jitter {:.1} ms{round_trip}", ms(jitter_us))
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
             was told; the voice's share is part of the daemon's"
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
