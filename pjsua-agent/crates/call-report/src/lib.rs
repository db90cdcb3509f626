//! What a call's journal tells: `pjsua-agent inspect` draws it, `pjsua-agent replay` decides it again.
//!
//! ```text
//! journal.jsonl ──► Journal ──► Course ──► inspect: a line a turn, or a page with the time line
//!                      │
//!                      └──► replay: the pure machine over the recorded inputs ──► Course ──► differences
//! ```
//!
//! A [`Journal`] is read whole. A [`Course`] is what was decided in it, turn by turn, and is made in the same way from
//! the recorded steps and from replayed ones. `replay` says how a call is decided again, and how far that can be
//! trusted.

#![forbid(unsafe_code)]

mod chart;
mod command;
mod course;
mod inspect;
mod journal;
mod page;
mod replay;
mod terminal;

pub use command::{InspectCommand, Recorded, ReplayCommand, inspect_text, replay_text, run_inspect, run_replay};
pub use course::{Clause, Course, Ending, Overlap, Phrase, Score, Sound, Turn, Utterance};
pub use inspect::{Answer, Inspection, Summary};
pub use journal::{Failure, Happening, Journal, JournalError, Level, Start, Step, What};
pub use replay::{Comparison, Replay, replay};
