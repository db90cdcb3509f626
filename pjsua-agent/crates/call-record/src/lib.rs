//! What is recorded of a call: the lines of its journal, as types.
//!
//! A [`Line`] is one JSON object of the journal: when, of which call, and a [`Record`]. `docs/journal.md` tells of each kind
//! and its fields; what the daemon writes and what the reports read are these types.
//!
//! A [`Recorder`] hands the records of one call to all who want them, and never waits for one.
//!
//! [`Line::to_json`] with [`Words::Withheld`] replaces everything that was said, or that names a person, by its length: each
//! [`Spoken`], [`Personal`] and [`Key`](redaction::Key), wherever it stands.

#![forbid(unsafe_code)]

mod recorder;
mod timing;

use std::collections::BTreeMap;

use conversation::{Action, Entry, Input, Settings, Stage, Timer};
use redaction::{Personal, Spoken};
use serde::{Deserialize, Serialize};

pub use recorder::{Recorder, Subscriber};
pub use timing::{CallerTimes, Score, TurnTimes, Waits, Waterfall};

/// The format that is written. A later one may have kinds, events and fields that this one does not know; one in which
/// something is named or measured otherwise has a greater number.
pub const FORMAT: u32 = 1;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Microseconds since the call was answered; 0 before that.
    pub t: u64,
    /// The daemon's number of the call.
    pub call: u64,
    /// What happened.
    #[serde(flatten)]
    pub record: Record,
}

/// Whether words are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// As they were said.
    Written,
    /// Their length stands in their place.
    Withheld,
}

impl Line {
    /// The line as it is written, without the line break.
    #[must_use]
    pub fn to_json(&self, words: Words) -> String {
        // Neither a key that is no text nor a value that has no JSON is in these types.
        let json = || serde_json::to_string(self).unwrap_or_default();
        match words {
            Words::Written => json(),
            Words::Withheld => redaction::withheld(json),
        }
    }
}

/// What happened. Fields that came with later versions have the value that stands for their absence when they are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// From the INVITE to the BYE.
    Call(CallEvent),
    /// The conversation machine was told this.
    Input {
        /// What.
        input: Input,
    },
    /// The conversation machine asked for this.
    Action {
        /// What.
        action: Action,
    },
    /// A timer of the conversation machine expired.
    Timeout {
        /// Which.
        timer: Timer,
    },
    /// How loud both sides were in a tenth of a second.
    Levels(Levels),
    /// Where the time of one turn of the agent's went.
    Timing(Box<TurnTimes>),
    /// What the model was told before the conversation.
    Prompt {
        /// All of it.
        prompt: Spoken,
    },
    /// A worker failed.
    Failure {
        /// Of which stage.
        stage: Stage,
        /// In its own words.
        reason: String,
    },
    /// The conversation as the caller heard it.
    History {
        /// In their order.
        entries: Vec<Entry>,
    },
    /// How the RTP does: every five seconds, and at the end.
    Rtp(RtpStats),
    /// Counters of the audio path.
    Audio(AudioCounters),
    /// Records are missing here: whoever keeps this was slower than the call.
    Gap {
        /// How many.
        lost: u64,
    },
}

/// What became of the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum CallEvent {
    /// The call is being answered.
    Started(Box<Started>),
    /// Audio flows.
    Answered {
        /// The RTP codec.
        #[serde(default)]
        codec: String,
    },
    /// Media was negotiated anew.
    Media {
        /// The RTP codec.
        codec: String,
    },
    /// The call to whoever the caller was sent to makes progress.
    Transfer {
        /// Its SIP status.
        code: u16,
        /// No more progress will come.
        done: bool,
    },
    /// Another agent has taken the call over.
    Agent {
        /// Its name.
        agent: String,
        /// The language that the caller speaks.
        language: String,
    },
    /// The call is over.
    Ended {
        /// The SIP status.
        #[serde(default)]
        code: u16,
        /// In words.
        #[serde(default)]
        reason: String,
        /// The other side ended it.
        #[serde(default)]
        by_peer: bool,
        /// What it waited too long for, so that it was ended.
        #[serde(default)]
        overdue: Option<String>,
    },
}

/// Who called whom, and by which constants the call was held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// [`FORMAT`] when it was written; 1 where it is missing.
    #[serde(default = "first_format")]
    pub format: u32,
    /// Of the program.
    pub version: String,
    /// The SIP `Call-ID`.
    pub sip_call_id: String,
    /// The account it came for; none for a call straight from a trusted peer.
    pub account: Option<String>,
    /// The agent that answers.
    pub agent: String,
    /// The caller's SIP URI.
    pub from: Personal,
    /// The caller's name.
    pub from_name: Personal,
    /// The SIP URI that was called.
    pub to: Personal,
    /// The headers that reach the prompt, by their names in lower case.
    pub context: BTreeMap<String, Personal>,
    /// Of the conversation machine.
    pub settings: Settings,
}

fn first_format() -> u32 {
    1
}

/// RMS levels of the loudest 20 ms, in dBFS, from -100 (digital silence) to 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// The interval's first captured sample, 16,000 a second.
    #[serde(default)]
    pub at_sample: u64,
    /// The caller.
    #[serde(default = "silence")]
    pub captured_dbfs: i8,
    /// The agent.
    #[serde(default = "silence")]
    pub played_dbfs: i8,
}

fn silence() -> i8 {
    -100
}

/// How a call's RTP does, since its audio began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RtpStats {
    /// Packets from the party.
    pub received: u64,
    /// Packets from the party that did not come.
    pub lost: u64,
    /// Packets to the party.
    pub sent: u64,
    /// Interarrival jitter as it stands (RFC 3550 section 6.4.1), in microseconds.
    pub jitter_us: u32,
    /// Round trip as the peer's RTCP tells, in microseconds; none until it does.
    pub round_trip_us: Option<u32>,
    /// What the jitter buffer holds on average, in milliseconds.
    pub jitter_buffer_ms: u32,
}

/// What the audio path counted in the whole call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioCounters {
    /// Frames of 20 ms from the caller.
    pub captured_frames: u64,
    /// Frames from the caller that were lost.
    pub capture_overruns: u64,
    /// Frames of 20 ms to the caller.
    pub played_frames: u64,
    /// Frames of silence in the middle of a clause.
    pub playout_underruns: u64,
    /// Times that the caller was heard to begin.
    pub utterances: u64,
    /// Events of the audio that found no place.
    pub dropped_events: u64,
}

#[cfg(test)]
mod tests;
