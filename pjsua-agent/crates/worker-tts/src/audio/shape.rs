//! One sentence of a neural voice, made fit for the telephone: silence at its ends goes, its level is the same as of every
//! other sentence.

use super::trim::Trimmer;

/// Active speech, in dB of full scale: what telephone lines carry without clipping (measured as in ITU-T P.56).
const SPEECH_DBFS: f32 = -20.0;
/// No sample comes nearer to full scale, so that the codec's filters have room.
const PEAK: f32 = 0.9;
/// Frames that are so far below the loudest are silence or breath.
const ACTIVE_BELOW_PEAK_DB: f32 = 30.0;
/// Kept of the silence before and behind, so that soft consonants stay whole.
const LEAD_MS: u32 = 20;
const TAIL_MS: u32 = 60;
/// The peak of a block of silence, of 32768: soft consonants reach twice that.
const SILENCE_PEAK: u16 = 150;
const FRAME_MS: usize = 10;
/// What is quieter than that is no speech, and is not made louder.
const SILENCE_DBFS: f32 = -60.0;

/// To 16 bits, levelled and trimmed. Samples that are no numbers are silence.
pub fn shape(samples: &[f32], rate_hz: u32) -> Vec<i16> {
    let samples: Vec<f32> = samples.iter().map(|s| if s.is_finite() { *s } else { 0.0 }).collect();
    let frame = (rate_hz as usize * FRAME_MS / 1000).max(1);
    let levels: Vec<f32> = samples.chunks(frame).map(level_dbfs).collect();
    let loudest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if loudest < SILENCE_DBFS {
        return Vec::new();
    }
    let gain = gain(&samples, &levels, frame, |level| *level > loudest - ACTIVE_BELOW_PEAK_DB);
    let levelled: Vec<i16> = samples.iter().map(|sample| (sample * gain * f32::from(i16::MAX)) as i16).collect();
    let mut trimmer = Trimmer::new(rate_hz, SILENCE_PEAK, LEAD_MS, TAIL_MS);
    let mut shaped = Vec::with_capacity(levelled.len());
    trimmer.push(&levelled, &mut shaped);
    trimmer.finish(&mut shaped);
    shaped
}

/// Brings the active frames together to the level of speech, as far as the peaks allow.
fn gain(samples: &[f32], levels: &[f32], frame: usize, is_active: impl Fn(&f32) -> bool) -> f32 {
    let active = samples.chunks(frame).zip(levels).filter(|(_, level)| is_active(level));
    let (energy, count) = active.fold((0.0, 0), |(energy, count), (chunk, _)| {
        (energy + chunk.iter().map(|sample| sample * sample).sum::<f32>(), count + chunk.len())
    });
    let rms = (energy / count.max(1) as f32).sqrt().max(1e-6);
    let peak = samples.iter().fold(1e-6_f32, |peak, sample| peak.max(sample.abs()));
    (10f32.powf(SPEECH_DBFS / 20.0) / rms).min(PEAK / peak)
}

fn level_dbfs(samples: &[f32]) -> f32 {
    let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
    10.0 * (energy / samples.len().max(1) as f32).max(1e-12).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_050;

    fn tone(amplitude: f32, millis: usize) -> Vec<f32> {
        (0..RATE as usize * millis / 1000).map(|n| amplitude * (n as f32 * 0.06).sin()).collect()
    }

    fn rms_dbfs(samples: &[i16]) -> f32 {
        let floats: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        level_dbfs(&floats)
    }

    #[test]
    fn silence_at_the_ends_goes_but_for_a_margin() {
        let sentence = [tone(0.0, 300), tone(0.2, 500), tone(0.0, 400)].concat();
        let shaped = shape(&sentence, RATE);
        let millis = shaped.len() * 1000 / RATE as usize;
        assert!((500..=590).contains(&millis), "{millis} ms");
        assert_eq!(shape(&tone(0.0, 300), RATE), [] as [i16; 0]);
        assert_eq!(shape(&[], RATE), [] as [i16; 0]);
        assert_eq!(shape(&[f32::NAN; 400], RATE), [] as [i16; 0]);
    }

    #[test]
    fn sentences_of_different_levels_are_equally_loud() {
        for amplitude in [0.02, 0.2, 0.9] {
            let level = rms_dbfs(&shape(&tone(amplitude, 500), RATE));
            assert!((level - SPEECH_DBFS).abs() < 1.0, "{level} dBFS of amplitude {amplitude}");
        }
    }

    #[test]
    fn a_peak_bounds_the_level() {
        let mut sentence = tone(0.02, 500);
        sentence[5_000] = 0.9;
        let shaped = shape(&sentence, RATE);
        assert!(shaped.iter().all(|sample| sample.unsigned_abs() < 29_600));
    }
}
