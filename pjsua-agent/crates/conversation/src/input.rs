//! What happened: everything the machine is told.

use std::time::Duration;

use redaction::{Key, Spoken};

use crate::{ClauseId, PauseId, Settings, ToolCallId, TurnId, UtteranceId};

/// A stage of the speech pipeline that runs in a worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Stage {
    /// Speech to text.
    Stt,
    /// The language model or the rules.
    Llm,
    /// Text to speech.
    Tts,
}

/// What a reply does to the call once it has been spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Act {
    /// Hand the caller to the agent's human.
    Transfer,
    /// End the call.
    HangUp,
}

/// What becomes of a tool that runs when the turn that asked for it is cut short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum OnBargeIn {
    /// The tool is cancelled: it only looks something up.
    #[default]
    Cancel,
    /// The tool finishes, and the next reply knows its outcome: it changes something.
    Await,
}

/// One thing that happened on the call or in a worker.
///
/// Results carry the turn or the utterance they answer; the machine drops those of turns and
/// utterances that are over. Sample positions count at 16 kHz on the turn's own playout time line,
/// which starts at 0 with the turn's first sample.
///
/// Serialised as an object with the variant's name under `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "type", rename_all = "snake_case")
)]
pub enum Input {
    /// The call was answered and its media is up.
    CallAnswered,
    /// The first voice detector hears what may be speech.
    SpeechStarted,
    /// The second one is sure that it is. Follows `SpeechStarted`.
    SpeechConfirmed,
    /// The second one is sure that it is none: a noise, music, a cough. Follows `SpeechStarted`; a
    /// `SpeechConfirmed` may still follow before `SpeechEnded`.
    SpeechDismissed,
    /// The voice detector hears the caller no more.
    SpeechEnded {
        /// How long it has been silent already (the detector's hang-over).
        #[cfg_attr(feature = "serde", serde(rename = "silence_us", with = "crate::ids::micros"))]
        silence: Duration,
    },
    /// Answer to [`Action::ScoreEndOfTurn`](crate::Action::ScoreEndOfTurn).
    EndOfTurnScore {
        /// The silence it judges.
        pause: PauseId,
        /// How probable it is that the caller has finished, in thousandths.
        per_mille: u16,
    },
    /// What the recogniser has understood so far; replaces the partial before it.
    PartialTranscript {
        /// The recognition it comes from.
        utterance: UtteranceId,
        /// The words so far.
        text: Spoken,
    },
    /// What the recogniser has understood in the end.
    FinalTranscript {
        /// The recognition it comes from.
        utterance: UtteranceId,
        /// The words; empty when nothing was recognised.
        text: Spoken,
        /// How certain the recogniser is of them, in thousandths; 1,000 when it does not say.
        #[cfg_attr(feature = "serde", serde(default = "certain"))]
        confidence_per_mille: u16,
    },
    /// Answer to [`Action::StartPreResponse`](crate::Action::StartPreResponse).
    PreResponse {
        /// The turn it opens.
        turn: TurnId,
        /// One clause; blank when the small model has none.
        text: Spoken,
    },
    /// More text of a reply.
    ReplyDelta {
        /// The turn it belongs to.
        turn: TurnId,
        /// Text that follows the text before it, blanks included.
        text: Spoken,
    },
    /// The reply asks for something to be done after it was spoken. Comes before `ReplyDone`.
    ReplyAct {
        /// The turn that asks.
        turn: TurnId,
        /// What is asked for.
        act: Act,
    },
    /// The reply asks for a tool. Nothing of the reply but more such calls follows, no `ReplyDone` either, until
    /// [`Action::ContinueReply`](crate::Action::ContinueReply).
    ToolCall {
        /// The turn that asks.
        turn: TurnId,
        /// The number of this call, new within the telephone call.
        call: ToolCallId,
        /// The tool's name.
        name: String,
        /// Its arguments, a JSON object.
        arguments: Spoken,
        /// What becomes of it when the caller cuts the turn short.
        #[cfg_attr(feature = "serde", serde(default))]
        on_barge_in: OnBargeIn,
    },
    /// Answer to [`Action::CallTool`](crate::Action::CallTool).
    ToolResult {
        /// The call it answers.
        call: ToolCallId,
        /// What the model is told: what came of it, or why it failed.
        outcome: Spoken,
        /// The tool could not do what was asked.
        failed: bool,
    },
    /// The reply is complete.
    ReplyDone {
        /// The turn it belongs to.
        turn: TurnId,
    },
    /// A clause is wholly synthesised and queued for playout. Clauses become ready in their order.
    ClauseReady {
        /// The turn it belongs to.
        turn: TurnId,
        /// The clause.
        clause: ClauseId,
        /// Where the clause ends on the turn's time line, in samples.
        end_sample: u64,
    },
    /// How far the turn's audio has been sent to the caller.
    PlayoutProgress {
        /// The turn that is playing.
        turn: TurnId,
        /// Samples of the turn sent so far.
        sample: u64,
    },
    /// All clauses and the end of the turn have been played.
    PlayoutDrained {
        /// The turn that was playing.
        turn: TurnId,
    },
    /// Answer to [`Action::FlushPlayout`](crate::Action::FlushPlayout).
    PlayoutFlushed {
        /// The turn that was flushed.
        turn: TurnId,
        /// Samples of the turn that were sent before the flush took effect, exactly.
        sample: u64,
    },
    /// The caller pressed a key.
    Dtmf {
        /// `0`–`9`, `A`–`D`, `*` or `#`.
        digit: Key,
    },
    /// A worker crashed, refused, or missed its deadline.
    WorkerFailed {
        /// Which kind of worker.
        stage: Stage,
        /// The recognition it was working on; `None` means whichever is running.
        utterance: Option<UtteranceId>,
        /// The turn it was working on; `None` means whichever is running.
        turn: Option<TurnId>,
    },
    /// The workers' queue delay has risen above what leaves room for work that may be thrown away,
    /// or has fallen below it.
    WorkersBusy {
        /// Whether it is above.
        busy: bool,
    },
    /// The call goes on by other settings: an agent who speaks the caller's language has taken it over.
    SettingsChanged {
        /// All of them.
        settings: Box<Settings>,
    },
    /// The human has taken the call.
    TransferSucceeded,
    /// The transfer was refused or nobody answered.
    TransferFailed {
        /// The SIP status that said so.
        code: u16,
    },
    /// The call is over.
    CallEnded,
}

/// Recognitions of which no confidence is known, as in older journals.
#[cfg(feature = "serde")]
fn certain() -> u16 {
    1_000
}
