//! What is to be done: everything the machine asks for.

use crate::{ClauseId, TurnId, UtteranceId};

/// One thing the shell has to do, in the order in which actions are polled.
///
/// Cancellations are idempotent: they may name a recognition or a reply that has just ended by
/// itself. Serialised as an object with the variant's name under `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "type", rename_all = "snake_case")
)]
pub enum Action {
    /// Start to recognise, from the audio kept since the pre-roll of the last `SpeechStarted`.
    StartRecognition {
        /// The new recognition.
        utterance: UtteranceId,
    },
    /// No more audio; the final transcript is wanted now.
    FinishRecognition {
        /// The recognition to finish.
        utterance: UtteranceId,
    },
    /// The recognition's result is not wanted any more.
    CancelRecognition {
        /// The recognition to drop.
        utterance: UtteranceId,
    },
    /// Generate a reply to [`Conversation::history`](crate::Conversation::history).
    StartReply {
        /// The new turn.
        turn: TurnId,
    },
    /// Stop generating the reply. Its clauses that were spoken are not affected.
    CancelReply {
        /// The turn whose generation stops.
        turn: TurnId,
    },
    /// Synthesise a clause and queue it behind the clauses before it.
    Speak {
        /// The turn it belongs to.
        turn: TurnId,
        /// The clause.
        clause: ClauseId,
        /// What to say; never blank.
        text: String,
    },
    /// No clause of this turn follows; the playout drains when the last one has been played, also
    /// when one of them failed.
    EndOfSpeech {
        /// The turn that is complete.
        turn: TurnId,
    },
    /// Silence from the next frame on; the playout keeps its place.
    PausePlayout {
        /// The turn that is playing.
        turn: TurnId,
    },
    /// Go on at the exact sample of the pause.
    ResumePlayout {
        /// The turn that was paused.
        turn: TurnId,
    },
    /// Throw away what is queued or still being synthesised of this turn, and un-pause. Answered
    /// by [`Input::PlayoutFlushed`](crate::Input::PlayoutFlushed).
    FlushPlayout {
        /// The turn that is over.
        turn: TurnId,
    },
    /// The turn was cut short; the history has been cut already.
    TruncateHistory {
        /// The turn that was cut.
        turn: TurnId,
        /// What the caller heard of it, to the last whole word; may be empty.
        heard: String,
    },
    /// Transfer the call, blind, to the agent's human.
    Transfer,
    /// End the call.
    HangUp,
}
