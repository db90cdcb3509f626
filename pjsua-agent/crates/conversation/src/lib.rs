//! The pure turn-taking machine of one call: what happened and when goes in, what to do comes out.
//!
//! It has no clock, does no I/O and fails in no way: `now` is an argument, a failure of a worker is
//! an [`Input`]. Feed one input, poll the [`Action`]s until there are none, sleep until
//! [`Conversation::poll_timeout`] at the latest. The same inputs at the same times give the same
//! actions, so a journal of inputs is a replay.
//!
//! # The life of a call
//!
//! ```text
//!            SpeechStarted          silence            final transcript
//!  Listening ────────────► Hearing ──────► Endpointing ────────────► Replying
//!      ▲                      ▲                                            │ first sample heard
//!      │ drained              │ interruption          speech               ▼
//!      └──────────────────────┼──────────── Overlap ◄────────────────── Speaking
//!                             └──────────────┘  └───── false alarm ───────►┘
//! ```
//!
//! 1. `CallAnswered`: a notice that cannot be interrupted, if there is one; then the greeting, which
//!    is a turn like any other and can be talked over.
//! 2. `SpeechStarted` starts a recognition. Two detectors hear the caller: the first one is quick,
//!    the second one is right. What it dismisses leaves no trace.
//! 3. `SpeechEnded` begins a *pause*. How long it has to last to end the turn follows from the
//!    end-of-turn score, the words so far and the pauses that this caller makes
//!    (`caller::pauses::silence_needed`). Speech that is confirmed meanwhile goes on with the turn.
//! 4. When the end is likely, the final transcript is asked for and a *draft* is prepared in
//!    silence. The end of the turn releases it; a caller who goes on throws it away, and the history
//!    is as if it had never been.
//! 5. The reply is spoken clause by clause while it is generated. If the caller goes on before he
//!    heard any of it, it is dropped and the one that follows answers all he said.
//! 6. Speech over the agent pauses or ducks it at once. Words that ask for the floor, or speech that
//!    lasts, flush it, and the history ends with the last word heard. A noise, a cough or an
//!    "uh-huh" resumes it at the same sample; an "uh-huh" that goes on is still listened to beside
//!    the agent's voice, and the first real word interrupts. Speech at the very end of a turn is no
//!    interruption but the answer to it.
//! 7. A reply may ask for a transfer or the end of the call: it is done when the turn was played,
//!    whatever the caller says meanwhile.
//!
//! # Three rooms
//!
//! Who has the floor decides what an input means. `caller` has the states of the caller's turn, `agent` those of the
//! agent's, `leaving` those of the call's end; each folder has the data of its states, what is known between them, and
//! the handlers. `dispatch` gives an input to the room that has the floor. Rooms do not call one another: a handler
//! answers with its next state or with whom it hands the floor to (`next`), and `floor` alone carries that out.
//! Below the rooms stand `call`, what they share, and `reply`, what any of them does with a turn of the agent.
//!
//! # What else happens on a call
//!
//! - **Requests**: "hello?", "say that again" and "one moment please" need no model.
//! - **A late reply** is bridged with a filler, once, and so is a late transcript: the reply then goes
//!   on from the filler. Or a small model's first clause is spoken while the main one prepares the
//!   rest.
//! - **A tool**: the reply asks for it ([`Input::ToolCall`]), what the model has said until then is
//!   spoken, and a filler bridges the silence. With the outcome in the history the model is asked to go
//!   on with the turn. A caller who goes on meanwhile ends the turn; the tool is cancelled with it, or
//!   finishes and the next reply knows of it, as it was declared ([`OnBargeIn`]). A reply that may yet be
//!   thrown away calls no tool.
//! - **Silence**: the caller is prompted [`Settings::no_input_prompts`] times, then left. Noise does
//!   not put that off for long; who speaks during the goodbye is listened to.
//! - **Nothing understood**: said at most twice in a row, and not about a short noise. When the
//!   noise had made the agent drop a reply, that reply is made again.
//! - **Keys** cut the agent off and are collected until a pause or `#`; then they are answered like
//!   words, as `(pressed 12)`, together with what the caller says after them.
//! - **A worker fails**: the caller is told, once a turn; when turns keep failing, he is
//!   transferred to the human or the call ends politely.
//! - **Lost events**: every wait has a [`Timer`].
//!
//! Results carry the turn or utterance they answer; those of former ones are ignored.

#![forbid(unsafe_code)]

mod action;
mod agent;
mod call;
mod caller;
mod dispatch;
mod floor;
mod hearsay;
mod history;
mod ids;
mod input;
mod language;
mod leaving;
mod machine;
mod next;
mod reply;
mod settings;
mod state;
mod timers;

pub use action::Action;
pub use agent::ANSWERED_INTO_A_PAUSE;
pub use history::{Entry, Speaker};
pub use ids::{ClauseId, Instant, PauseId, ToolCallId, TurnId, UtteranceId};
pub use input::{Act, Input, OnBargeIn, Stage};
pub use machine::Conversation;
pub use redaction::{Key, Spoken};
pub use settings::{Bounds, Endpointing, OnOverlap, Overlap, Phrases, Prompting, Replies, Settings, Wording};
pub use timers::Timer;
