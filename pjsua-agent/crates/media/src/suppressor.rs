//! Takes the noise out of a caller's audio, 20 ms at a time.
//!
//! A [`Suppressor`] is RNNoise (J.-M. Valin, "A Hybrid DSP/Deep Learning Approach
//! to Real-Time Full-Band Speech Enhancement", IEEE MMSP 2018) in its Rust port
//! `nnnoiseless`, with its own model and no file beside it, between two resamplers:
//! RNNoise works at 48 kHz in frames of 10 ms, the daemon at 16 kHz in frames of 20.
//!
//! It is meant for the path to the recogniser only. The voice detector measures
//! the noise and must hear it.
//!
//! ```
//! let mut suppressor = media::Suppressor::new();
//! let mut frame = media::SILENCE;
//! suppressor.process(&mut frame);
//! assert_eq!(frame, media::SILENCE);
//! ```

mod resample;

use std::time::Duration;

use nnnoiseless::DenoiseState;

use self::resample::{BLOCK, BLOCK_48K, DELAY_SAMPLES, Downsampler, Upsampler};
use crate::frame::{SAMPLE_RATE_HZ, Samples};

/// RNNoise synthesises by overlapping windows: its output is one of its frames,
/// 10 ms, behind.
const MODEL_DELAY_SAMPLES: usize = BLOCK;

/// Suppresses the noise of one call; about 40 KB.
///
/// # Threads
/// One owner, any thread. After the first frame on a thread, which fetches that
/// thread's tables of the Fourier transform, no method allocates; none waits.
pub struct Suppressor {
    up: Upsampler,
    model: Box<DenoiseState<'static>>,
    down: Downsampler,
}

impl Suppressor {
    /// One that has heard nothing yet.
    pub fn new() -> Self {
        Self { up: Upsampler::new(), model: DenoiseState::new(), down: Downsampler::new() }
    }

    /// Replaces the frame by what the suppressor makes of it, [`delay`](Self::delay)
    /// later: the first samples are from the frame before.
    pub fn process(&mut self, frame: &mut Samples) {
        let (mut noisy, mut clean) = ([0.0; BLOCK_48K], [0.0; BLOCK_48K]);
        let (blocks, _) = frame.as_chunks_mut::<BLOCK>();
        for block in blocks {
            self.up.process(block, &mut noisy);
            self.model.process_frame(&mut clean, &noisy);
            self.down.process(&clean, block);
        }
    }

    /// How far what comes out is behind what goes in: 12 ms, of which the
    /// resamplers take 2.
    pub fn delay(&self) -> Duration {
        let samples = (MODEL_DELAY_SAMPLES + DELAY_SAMPLES) as u32;
        Duration::from_secs(1) * samples / SAMPLE_RATE_HZ
    }
}

impl Default for Suppressor {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Suppressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Suppressor")
    }
}
