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
//!  Listening ────────────► Hearing ─────────► Endpointing ────────────► Replying
//!      ▲                      ▲                                            │ first sample heard
//!      │ drained              │ interruption          speech               ▼
//!      └──────────────────────┼──────────── Overlap ◄────────────────── Speaking
//!                             └──────────────┘  └───── false alarm ───────►┘
//! ```
//!
//! 1. `CallAnswered`: the greeting is a turn like any other, and can be talked over.
//! 2. `SpeechStarted` starts a recognition. `SpeechEnded` starts to count silence; speech that
//!    begins again in time goes on with the same recognition, else its final transcript is asked for.
//! 3. The transcript goes into the [history](Conversation::history) and a reply is started. If the
//!    caller goes on before he heard any of it, the reply is dropped and the one that follows
//!    answers all he said.
//! 4. The reply is spoken clause by clause while it is generated.
//! 5. Speech over the agent pauses it at once. Words that ask for the floor, or speech that lasts,
//!    flush it, and the history ends with the last word heard. A cough or an "uh-huh" resumes it at
//!    the same sample; an "uh-huh" that goes on is still listened to beside the agent's voice, and
//!    the first real word interrupts.
//! 6. A reply may ask for a transfer or the end of the call: it is done when the turn was played,
//!    whatever the caller says meanwhile.
//!
//! # What else happens on a call
//!
//! - **Silence**: the caller is prompted [`Settings::no_input_prompts`] times, then left. Noise does
//!   not put that off for long.
//! - **Nothing understood**: said at most twice in a row, and not about a short noise. When the
//!   noise had made the agent drop a reply, that reply is made again.
//! - **Keys** cut the agent off and are collected until a pause or `#`; then they are answered like
//!   words, as `(pressed 12)`.
//! - **A worker fails**: the caller is told, once a turn; when turns keep failing, he is
//!   transferred to the human or the call ends politely.
//! - **Lost events**: every wait has a [`Timer`].
//!
//! Results carry the turn or utterance they answer; those of former ones are ignored.

#![forbid(unsafe_code)]

mod action;
mod barge_in;
mod clauses;
mod closing;
mod endpointing;
mod failing;
mod history;
mod ids;
mod input;
mod ledger;
mod listening;
mod machine;
mod overlap;
mod reply;
mod settings;
mod speaking;
mod state;
mod timers;

pub use action::Action;
pub use history::{Entry, Speaker};
pub use ids::{ClauseId, Instant, TurnId, UtteranceId};
pub use input::{Act, Input, Stage};
pub use machine::Conversation;
pub use settings::Settings;
pub use timers::Timer;
