//! Miri runs no C: there, what is loud is speech.

use webrtc_vad::{SampleRate, VadMode};

pub struct Vad;

impl Vad {
    pub fn new_with_rate_and_mode(_: SampleRate, _: VadMode) -> Vad {
        Vad
    }

    pub fn is_voice_segment(&mut self, frame: &[i16]) -> Result<bool, ()> {
        Ok(frame.iter().any(|sample| sample.unsigned_abs() > 1_000))
    }
}
