//! Whether a caller is silent, as far as his loudness tells.

use inference::SAMPLE_RATE_HZ;

/// A frame of 20 ms.
const FRAME_SAMPLES: usize = SAMPLE_RATE_HZ as usize / 50;
/// Below the loudest frame of the utterance by so much is silence: the last syllable is 20 dB below the first.
const SILENCE_BELOW_PEAK_DB: f32 = 32.0;
/// Silence whatever came before, in dB of full scale: telephone lines are quieter when nobody speaks.
const SILENCE_DBFS: f32 = -62.0;
/// The loudest frame is forgotten by so much a frame, 10 dB a second: behind a knock a soft voice is heard again.
const PEAK_FALL_DB: f32 = 0.2;
/// So much silence is a rest. The closure of a plosive takes up to 60 ms in the middle of a word.
const REST_FRAMES: usize = 3;

/// Follows an utterance's loudness, frame by frame.
#[derive(Debug, Default)]
pub struct Loudness {
    pending: Vec<i16>,
    samples: usize,
    peak_db: f32,
    silent_frames: usize,
    /// The end of the last frame with sound.
    last_sound: usize,
}

impl Loudness {
    pub fn accept(&mut self, samples: &[i16]) {
        self.pending.extend_from_slice(samples);
        let whole = self.pending.len() / FRAME_SAMPLES * FRAME_SAMPLES;
        let frames: Vec<i16> = self.pending.drain(..whole).collect();
        frames.chunks_exact(FRAME_SAMPLES).for_each(|frame| self.frame(frame));
    }

    fn frame(&mut self, frame: &[i16]) {
        let level_db = level_dbfs(frame);
        self.samples += frame.len();
        self.peak_db -= PEAK_FALL_DB;
        if self.last_sound == 0 || level_db > self.peak_db {
            self.peak_db = level_db;
        }
        if level_db > SILENCE_DBFS && level_db > self.peak_db - SILENCE_BELOW_PEAK_DB {
            self.silent_frames = 0;
            self.last_sound = self.samples;
        } else {
            self.silent_frames += 1;
        }
    }

    /// He has spoken, and is silent.
    pub fn is_at_rest(&self) -> bool {
        self.last_sound > 0 && self.silent_frames >= REST_FRAMES
    }

    /// The sample behind the last sound; 0 when there was none.
    pub fn last_sound(&self) -> usize {
        if self.pending.is_empty() || self.silent_frames > 0 {
            self.last_sound
        } else {
            self.samples + self.pending.len()
        }
    }
}

fn level_dbfs(frame: &[i16]) -> f32 {
    let energy: f32 = frame.iter().map(|&sample| (f32::from(sample) / 32_768.0).powi(2)).sum();
    10.0 * (energy / frame.len() as f32).max(1e-10).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(amplitude: i16, frames: usize) -> Vec<i16> {
        (0..frames * FRAME_SAMPLES).map(|n| if n % 32 < 16 { amplitude } else { -amplitude }).collect()
    }

    #[test]
    fn sixty_milliseconds_without_sound_are_a_rest_and_sound_ends_it() {
        let mut loudness = Loudness::default();
        loudness.accept(&tone(0, 10));
        assert!(!loudness.is_at_rest(), "he has not spoken yet");
        loudness.accept(&tone(3_000, 10));
        assert_eq!((loudness.is_at_rest(), loudness.last_sound()), (false, 20 * FRAME_SAMPLES));
        loudness.accept(&tone(10, 2));
        assert!(!loudness.is_at_rest());
        loudness.accept(&tone(10, 1));
        assert_eq!((loudness.is_at_rest(), loudness.last_sound()), (true, 20 * FRAME_SAMPLES));
        loudness.accept(&tone(1_000, 1));
        assert!(!loudness.is_at_rest());
    }

    #[test]
    fn behind_a_knock_a_soft_voice_is_heard_again() {
        let mut loudness = Loudness::default();
        loudness.accept(&tone(24_000, 3));
        loudness.accept(&tone(300, 100));
        assert_eq!(loudness.last_sound(), 103 * FRAME_SAMPLES);
    }

    #[test]
    fn a_quiet_caller_is_heard_and_a_loud_ones_noise_is_not() {
        let mut quiet = Loudness::default();
        quiet.accept(&tone(120, 10));
        assert_eq!(quiet.last_sound(), 10 * FRAME_SAMPLES, "-49 dBFS");
        let mut loud = Loudness::default();
        loud.accept(&tone(20_000, 10));
        loud.accept(&tone(200, 5));
        assert!(loud.is_at_rest(), "40 dB below");
    }
}
