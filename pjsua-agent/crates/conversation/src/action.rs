//! What is to be done: everything the machine asks for.

use std::time::Duration;

use redaction::Spoken;

use crate::{ClauseId, PauseId, ToolCallId, TurnId, UtteranceId};

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
    /// Score the end of what the caller has said up to now; answered by
    /// [`Input::EndOfTurnScore`](crate::Input::EndOfTurnScore). A newer one replaces it.
    ScoreEndOfTurn {
        /// The silence to judge.
        pause: PauseId,
        /// How long it has lasted.
        #[cfg_attr(feature = "serde", serde(rename = "silence_us", with = "crate::ids::micros"))]
        silence: Duration,
    },
    /// Ask the small model for the first clause of a reply to
    /// [`Conversation::history`](crate::Conversation::history); answered by
    /// [`Input::PreResponse`](crate::Input::PreResponse).
    StartPreResponse {
        /// The new turn.
        turn: TurnId,
    },
    /// Generate a reply to [`Conversation::history`](crate::Conversation::history).
    StartReply {
        /// The new turn.
        turn: TurnId,
        /// How the reply begins already; the model goes on from there. Empty as a rule.
        opening: Spoken,
    },
    /// Call a tool; answered by [`Input::ToolResult`](crate::Input::ToolResult), unless it is cancelled.
    CallTool {
        /// The turn that asks for it.
        turn: TurnId,
        /// The number of this call.
        call: ToolCallId,
        /// The tool's name.
        name: String,
        /// Its arguments, a JSON object.
        arguments: Spoken,
    },
    /// The tool's outcome is not wanted any more.
    CancelTool {
        /// The call to stop.
        call: ToolCallId,
    },
    /// Go on with the reply, now that the outcomes of the tools it asked for are in
    /// [`Conversation::history`](crate::Conversation::history). What comes is spoken behind what was said of the turn.
    ContinueReply {
        /// The turn that goes on.
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
        text: Spoken,
    },
    /// No clause of this turn follows; the playout drains when the last one has been played, also
    /// when one of them failed.
    EndOfSpeech {
        /// The turn that is complete.
        turn: TurnId,
    },
    /// What is synthesised for this turn is queued and not played until it is released: the turn
    /// may yet be thrown away. Comes before the turn's first `Speak`.
    HoldPlayout {
        /// The turn that waits.
        turn: TurnId,
    },
    /// The held turn is played.
    ReleasePlayout {
        /// The turn that waited.
        turn: TurnId,
    },
    /// The turn goes on more quietly.
    DuckPlayout {
        /// The turn that is playing.
        turn: TurnId,
    },
    /// Silence from the next frame on; the playout keeps its place.
    PausePlayout {
        /// The turn that is playing.
        turn: TurnId,
    },
    /// Go on at the exact sample of the pause, or at full level again.
    ResumePlayout {
        /// The turn that was paused or ducked.
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
        heard: Spoken,
    },
    /// Transfer the call, blind, to the agent's human.
    Transfer,
    /// End the call.
    HangUp,
}

impl Action {
    /// Whether it stops a worker: such actions are carried out even when the call is over.
    pub(crate) fn is_cancellation(&self) -> bool {
        match self {
            Self::CancelRecognition { .. } | Self::CancelReply { .. } | Self::CancelTool { .. } => true,
            Self::StartRecognition { .. }
            | Self::FinishRecognition { .. }
            | Self::ScoreEndOfTurn { .. }
            | Self::StartPreResponse { .. }
            | Self::StartReply { .. }
            | Self::CallTool { .. }
            | Self::ContinueReply { .. }
            | Self::Speak { .. }
            | Self::EndOfSpeech { .. }
            | Self::HoldPlayout { .. }
            | Self::ReleasePlayout { .. }
            | Self::DuckPlayout { .. }
            | Self::PausePlayout { .. }
            | Self::ResumePlayout { .. }
            | Self::FlushPlayout { .. }
            | Self::TruncateHistory { .. }
            | Self::Transfer
            | Self::HangUp => false,
        }
    }
}
