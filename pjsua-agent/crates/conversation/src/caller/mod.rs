//! The caller's turn: he is silent, speaks, pauses, is understood, or presses keys.

mod draft;
mod keys;
mod known;
mod listening;
mod pauses;
mod pausing;
mod requests;
mod said;
mod transcripts;

pub(crate) use keys::key;
pub(crate) use known::KnownCaller;

use crate::reply::Reply;
use keys::Keys;
use pausing::Pausing;
use said::Said;

/// The caller has the floor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Caller {
    /// Nobody speaks.
    Listening,
    /// He speaks.
    Hearing(Said),
    /// He pauses or has ended.
    Endpointing(Box<Pausing>),
    /// He has ended; transcripts are awaited.
    Transcribing(Said),
    /// He presses keys.
    Keying(Keys),
}

impl Caller {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Listening | Self::Hearing(_) | Self::Keying(_) => "listening",
            Self::Endpointing(_) | Self::Transcribing(_) => "endpointing",
        }
    }

    /// The reply that is prepared in case he has finished.
    pub(crate) fn draft(&self) -> Option<&Reply> {
        match self {
            Self::Endpointing(pausing) => pausing.draft.as_ref().map(|draft| &draft.reply),
            Self::Listening | Self::Hearing(_) | Self::Transcribing(_) | Self::Keying(_) => None,
        }
    }

    /// What he has been understood to say while he still speaks; empty when he does not.
    pub(crate) fn said_so_far(&self) -> String {
        match self {
            Self::Hearing(hearing) => hearing.text_so_far(),
            Self::Listening | Self::Endpointing(_) | Self::Transcribing(_) | Self::Keying(_) => String::new(),
        }
    }
}
