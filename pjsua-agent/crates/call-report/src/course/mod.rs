//! What was decided in a call, turn by turn: made from steps, be they recorded or replayed.

mod reader;

use std::time::Duration;

use conversation::{Instant, Settings};

use crate::journal::Step;

/// One opening of the voice detector's gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Something was heard that may be speech.
    pub started: Instant,
    /// The second detector was sure that it was.
    pub confirmed: Option<Instant>,
    /// It was sure that it was none.
    pub dismissed: Option<Instant>,
    /// The last voiced sample; the detector's hang-over is subtracted.
    pub ended: Option<Instant>,
}

impl Sound {
    /// It was no speech.
    pub(crate) fn is_noise(&self) -> bool {
        self.confirmed.is_none() && self.dismissed.is_some()
    }
}

/// One recognition of the caller's speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Its number.
    pub utterance: u32,
    /// When it was started.
    pub started: Instant,
    /// What was understood meanwhile.
    pub partials: Vec<(Instant, String)>,
    /// When its final transcript was asked for.
    pub finish_asked: Option<Instant>,
    /// The final transcript.
    pub transcript: Option<(Instant, String)>,
    /// When its result was not wanted any more.
    pub cancelled: Option<Instant>,
}

/// An end-of-turn score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The silence that is judged.
    pub pause: u32,
    /// When it was asked for.
    pub asked: Instant,
    /// When it came, and how probable it is that the caller has finished, in thousandths.
    pub answered: Option<(Instant, u16)>,
}

/// What a turn of the agent's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// The model's words.
    Reply,
    /// One of the machine's own phrases, by the name of its setting.
    Scripted(&'static str),
}

/// One clause of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// When it went to the voice.
    pub at: Instant,
    /// Its words.
    pub text: String,
    /// It bridges the wait for the reply.
    pub is_filler: bool,
    /// Where it ends on the turn's time line, in samples at 16 kHz.
    pub end_sample: Option<u64>,
}

/// Both spoke.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// The agent made room.
    pub at: Instant,
    /// It went on more quietly instead of pausing.
    pub is_ducked: bool,
    /// When it was judged, and whether the caller interrupted.
    pub judged: Option<(Instant, bool)>,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It was played to its end.
    Drained(Instant),
    /// It was cut short after some of it had been heard.
    Interrupted(Instant),
    /// It was given up before any of it was heard.
    Dropped(Instant),
    /// It was prepared ahead, and thrown away.
    Discarded(Instant),
}

/// One turn of the agent's.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Its number.
    pub turn: u32,
    /// What it is.
    pub phrase: Phrase,
    /// How often the caller had fallen silent before it.
    pub after_sounds: usize,
    /// The caller's last voiced sample before it; nothing when it answers nothing.
    pub speech_end: Option<Instant>,
    /// The caller's words that it answers.
    pub answers: String,
    /// When its final transcript was asked for, and came.
    pub transcript: Option<(Instant, Instant)>,
    /// It was decided that the caller had finished.
    pub endpoint: Option<Instant>,
    /// The model was asked.
    pub asked: Option<Instant>,
    /// It was prepared before that was certain.
    pub held: Option<Instant>,
    /// Its words.
    pub clauses: Vec<Clause>,
    /// Its first sample was heard.
    pub played: Option<Instant>,
    /// The caller spoke over it.
    pub overlaps: Vec<Overlap>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// What was heard of it, when it was cut short.
    pub heard: Option<String>,
    cancelled: bool,
}

impl Turn {
    /// `reply`, or the name of the machine's own phrase.
    pub(crate) fn kind(&self) -> &'static str {
        match self.phrase {
            Phrase::Reply => "reply",
            Phrase::Scripted(name) => name,
        }
    }

    /// All its words.
    #[must_use]
    pub fn text(&self) -> String {
        self.clauses.iter().map(|clause| clause.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// It bridged the wait for its words.
    #[must_use]
    pub fn has_filler(&self) -> bool {
        self.clauses.iter().any(|clause| clause.is_filler)
    }

    /// It was prepared ahead and thrown away.
    #[must_use]
    pub fn is_discarded(&self) -> bool {
        matches!(self.ending, Some(Ending::Discarded(_)))
    }

    /// When it ended.
    #[must_use]
    pub fn ended(&self) -> Option<Instant> {
        match self.ending {
            Some(Ending::Drained(at) | Ending::Interrupted(at) | Ending::Dropped(at) | Ending::Discarded(at)) => {
                Some(at)
            }
            None => None,
        }
    }

    /// The caller's last voiced sample until the endpoint.
    #[must_use]
    pub fn endpoint_wait(&self) -> Option<Duration> {
        Some(self.endpoint? - self.speech_end?)
    }

    /// The caller's last voiced sample until the agent's first.
    #[must_use]
    pub fn voice_to_voice(&self) -> Option<Duration> {
        Some(self.played? - self.speech_end?)
    }
}

/// What was decided in a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The voice detector's gate.
    pub sounds: Vec<Sound>,
    /// The recognitions.
    pub recognitions: Vec<Utterance>,
    /// The end-of-turn scores.
    pub scores: Vec<Score>,
    /// The agent's turns, with those that were thrown away.
    pub turns: Vec<Turn>,
    /// Keys that were pressed.
    pub keys: Vec<(Instant, char)>,
    /// When the call was to be transferred.
    pub transfers: Vec<Instant>,
    /// When the agent hung up.
    pub hung_up: Option<Instant>,
    /// When the call ended.
    pub ended: Option<Instant>,
}

impl Course {
    /// What the steps of a call with these settings decided.
    #[must_use]
    pub fn of(steps: &[Step], settings: &Settings) -> Course {
        reader::read(steps, settings)
    }
}

/// 16 kHz.
const MICROS_PER_1000_SAMPLES: u64 = 62_500;

pub(crate) fn samples_to_duration(samples: u64) -> Duration {
    Duration::from_micros(samples.saturating_mul(MICROS_PER_1000_SAMPLES) / 1_000)
}
