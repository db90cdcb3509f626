//! [`webrtc_vad::Vad`] holds a raw pointer and is therefore not `Send`, but a
//! call's detector is created on one thread, works on the audio thread and is
//! freed on a third. This crate argues once that this is sound, so that `media`
//! can stay `forbid(unsafe_code)`.

#[cfg(miri)]
mod stand_in;

#[cfg(miri)]
use stand_in::Vad;
#[cfg(not(miri))]
use webrtc_vad::Vad;
use webrtc_vad::{SampleRate, VadMode};

/// How readily a frame is called speech; WebRTC's four operating points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggressiveness {
    /// Misses least, mistakes most noise for speech.
    Quality,
    /// For low bit rates.
    LowBitrate,
    /// Rejects most noise; a little late on soft onsets.
    Aggressive,
    /// Rejects nearly all noise; misses quiet speech.
    VeryAggressive,
}

/// WebRTC's Gaussian-mixture voice activity detector at 16 kHz.
///
/// # Threads
/// One owner at a time, any thread. Only [`new`](Self::new) and dropping touch
/// the allocator.
pub struct SendableVad(Vad);

// SAFETY: `Vad` exclusively owns a malloc'd `Fvad` and never hands the pointer
// out; libfvad as bundled by webrtc-vad 0.4.0 keeps all its state in
// that struct, its only statics are `const` tables, it uses no thread-local
// storage, and malloc'd memory may be freed by another thread. `SendableVad` is
// not `Sync` and takes `&mut self`, so two threads never use it at once.
unsafe impl Send for SendableVad {}

impl SendableVad {
    /// Allocates a detector.
    pub fn new(aggressiveness: Aggressiveness) -> Self {
        let mode = match aggressiveness {
            Aggressiveness::Quality => VadMode::Quality,
            Aggressiveness::LowBitrate => VadMode::LowBitrate,
            Aggressiveness::Aggressive => VadMode::Aggressive,
            Aggressiveness::VeryAggressive => VadMode::VeryAggressive,
        };
        Self(Vad::new_with_rate_and_mode(SampleRate::Rate16kHz, mode))
    }

    /// Whether these 20 ms (320 samples at 16 kHz) look like speech.
    pub fn is_voice(&mut self, frame: &[i16; 320]) -> bool {
        self.0.is_voice_segment(frame).expect("320 samples are 20 ms at 16 kHz, a length WebRTC accepts")
    }
}

impl std::fmt::Debug for SendableVad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SendableVad")
    }
}
