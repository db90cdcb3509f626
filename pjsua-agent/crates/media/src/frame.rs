//! The one audio format inside the daemon.

use std::time::Duration;

/// Samples a second, mono.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// Samples in a frame: 20 ms.
pub const FRAME_SAMPLES: usize = 320;

/// What a frame lasts.
pub const FRAME_DURATION: Duration = Duration::from_millis(20);

/// One frame: 20 ms of 16 kHz mono, signed 16 bit.
pub type Samples = [i16; FRAME_SAMPLES];

/// A frame of digital silence.
pub const SILENCE: Samples = [0; FRAME_SAMPLES];

/// The whole frames that cover `duration`.
pub fn frames_in(duration: Duration) -> usize {
    let frames = duration.as_micros().div_ceil(FRAME_DURATION.as_micros());
    usize::try_from(frames).unwrap_or(usize::MAX)
}

/// The samples in `duration`, rounded down.
pub(crate) fn samples_in(duration: Duration) -> usize {
    let samples = duration.as_micros() * u128::from(SAMPLE_RATE_HZ) / 1_000_000;
    usize::try_from(samples).unwrap_or(usize::MAX)
}
