//! The audio of one call: frames, rings, voice activity and playout, without
//! PJSIP, without an async runtime, without `unsafe`.
//!
//! [`call_audio`] makes the five ends of a call's audio path, one for each
//! thread class that touches it:
//!
//! ```text
//!   caller ──► ClockEnd::put_frame ──ring──► AudioEnd::tick ──queue──► AudioEvents::recv
//!              (media clock)                 (audio, VAD, gate)        (the call's driver)
//!   caller ◄── ClockEnd::get_frame ◄──ring── Playout::push
//!              (media clock)                 (the call's driver)
//! ```
//!
//! A call's life here: the clock starts and both directions carry silence; the
//! driver pushes a turn, its progress comes back as events, and its end as
//! [`AudioEvent::PlayoutDrained`]; the caller speaks, which is
//! [`AudioEvent::SpeechStarted`], the audio since shortly before, and
//! [`AudioEvent::SpeechEnded`]; the caller talks over the agent, and the driver
//! [ducks](Playout::duck) or [pauses](Playout::pause) the turn and then
//! [resumes](Playout::resume) it at the exact sample, or
//! [flushes](Playout::flush) it and learns the exact sample that was heard; [`AudioEnd`] is dropped, and [`AudioEvents::recv`] ends.
//!
//! Everything is 16 kHz mono s16 in frames of 20 ms ([`Samples`]).

#![forbid(unsafe_code)]

mod call_audio;
mod capture;
mod clock;
mod cursor;
mod echo;
mod echo_path;
mod events;
mod fade;
mod frame;
mod gate;
mod level;
mod playout;
mod settings;
mod stats;
mod suppressor;
mod vad;

pub use call_audio::{AudioEnd, CallAudio, ClockEnd, call_audio};
pub use cursor::MAX_TURN;
pub use events::{AudioEvent, AudioEvents};
pub use frame::{FRAME_DURATION, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE, Samples, frames_in};
pub use playout::{Playout, Position};
pub use sendable_vad::Aggressiveness;
pub use settings::AudioSettings;
pub use stats::AudioStats;
pub use suppressor::Suppressor;
