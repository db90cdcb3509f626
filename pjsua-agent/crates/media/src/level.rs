//! How loud a frame is, and what is told of it.

use crate::events::AudioEvent;
use crate::frame::{FRAME_SAMPLES, Samples};

/// The level of digital silence, in dBFS; quieter there is none.
pub(crate) const SILENT_DBFS: f32 = -100.0;

/// A frame's energy: sums of squares over its samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Energy {
    /// Of the samples themselves.
    pub(crate) full: f32,
    /// Of the band that comes back through every telephone.
    pub(crate) telephone: f32,
}

impl Energy {
    /// Of a frame.
    pub(crate) fn of(frame: &Samples) -> Self {
        Self { full: square_sum(&frame.map(i32::from)), telephone: telephone_energy(frame) }
    }

    pub(crate) fn max(self, other: Self) -> Self {
        Self { full: self.full.max(other.full), telephone: self.telephone.max(other.telephone) }
    }
}

/// How loud a frame is, in dBFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Loudness {
    /// What a listener has to hear it by.
    pub(crate) full_dbfs: f32,
    /// The same in the telephone's band, 0.4 to 2.8 kHz at −6 dB. Measured of what
    /// was sent and of what came back, the ratio is a path's gain whatever sound
    /// was spoken.
    pub(crate) telephone_dbfs: f32,
}

impl Loudness {
    pub(crate) const SILENT: Self = Self { full_dbfs: SILENT_DBFS, telephone_dbfs: SILENT_DBFS };

    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            full_dbfs: self.full_dbfs.max(other.full_dbfs),
            telephone_dbfs: self.telephone_dbfs.max(other.telephone_dbfs),
        }
    }
}

impl From<Energy> for Loudness {
    fn from(energy: Energy) -> Self {
        Self { full_dbfs: dbfs_of(energy.full), telephone_dbfs: dbfs_of(energy.telephone) }
    }
}

/// Behind the filter (1 + z⁻¹)(1 + z⁻²)(1 − z⁻⁴) / 8, a band-pass without a
/// multiplication; the frame's first samples, which would need the frame before,
/// are left out.
///
/// Nothing here can overflow; but only what need not be checked becomes vector
/// instructions, which take a fourth of the time.
pub(crate) fn telephone_energy(frame: &Samples) -> f32 {
    const DIFFERENCES: usize = FRAME_SAMPLES - 4;
    const PAIRS: usize = DIFFERENCES - 1;
    const OUTPUTS: usize = PAIRS - 2;
    let mut differences = [0i32; DIFFERENCES];
    for (i, difference) in differences.iter_mut().enumerate() {
        *difference = i32::from(frame[i + 4]).wrapping_sub(i32::from(frame[i]));
    }
    let mut pairs = [0i32; PAIRS];
    for (i, pair) in pairs.iter_mut().enumerate() {
        *pair = differences[i].wrapping_add(differences[i + 1]);
    }
    let mut outputs = [0i32; FRAME_SAMPLES];
    for (i, output) in outputs[..OUTPUTS].iter_mut().enumerate() {
        *output = pairs[i].wrapping_add(pairs[i + 2]) >> 3;
    }
    square_sum(&outputs)
}

/// In eight sums, which can be made side by side.
fn square_sum(samples: &[i32; FRAME_SAMPLES]) -> f32 {
    let mut sums = [0.0f32; 8];
    for part in samples.as_chunks::<8>().0 {
        for (sum, &sample) in sums.iter_mut().zip(part) {
            *sum += (sample as f32) * (sample as f32);
        }
    }
    sums.iter().sum()
}

/// The RMS level of a frame of this energy; a full-scale square wave is 0 dBFS.
pub(crate) fn dbfs_of(energy: f32) -> f32 {
    const FULL_SCALE: f32 = 32_768.0 * 32_768.0 * FRAME_SAMPLES as f32;
    (10.0 * (energy / FULL_SCALE).log10()).max(SILENT_DBFS)
}

/// Gathers what a drawing of the call needs.
pub(crate) struct LevelMeter {
    interval_frames: usize,
    frames: usize,
    since_sample: u64,
    captured_dbfs: f32,
    played_dbfs: f32,
}

impl LevelMeter {
    /// Reports every `interval_frames`; never, when it is 0.
    pub(crate) fn new(interval_frames: usize) -> Self {
        Self { interval_frames, frames: 0, since_sample: 0, captured_dbfs: SILENT_DBFS, played_dbfs: SILENT_DBFS }
    }

    /// Takes in the frame whose first sample is `at_sample`.
    pub(crate) fn add(&mut self, at_sample: u64, captured_dbfs: f32, played_dbfs: f32) -> Option<AudioEvent> {
        if self.interval_frames == 0 {
            return None;
        }
        if self.frames == 0 {
            *self = Self { since_sample: at_sample, ..Self::new(self.interval_frames) };
        }
        self.frames += 1;
        self.captured_dbfs = self.captured_dbfs.max(captured_dbfs);
        self.played_dbfs = self.played_dbfs.max(played_dbfs);
        if self.frames < self.interval_frames {
            return None;
        }
        self.frames = 0;
        Some(AudioEvent::Levels {
            at_sample: self.since_sample,
            captured_dbfs: self.captured_dbfs.round() as i8,
            played_dbfs: self.played_dbfs.round() as i8,
        })
    }
}
