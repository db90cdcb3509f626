//! One sentence of a neural voice, made fit for the telephone: silence at its ends goes, and it comes to the level of
//! speech, by itself or with the voice.

use super::trim::Trimmer;

/// Active speech, in dB of full scale: what telephone lines carry without clipping (measured as in ITU-T P.56).
const SPEECH_DBFS: f32 = -20.0;
/// No sample comes nearer to full scale, so that the codec's filters have room.
const PEAK: f32 = 0.9;
/// From where on samples are bent towards the peak: 17 dB above the level of speech, where few get.
const KNEE: f32 = 0.7;
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
/// So many frames does the voice's usual level weigh against a sentence's own: half a second of speech.
const USUAL_FRAMES: f32 = 50.0;

/// Brings samples to 16 bits and the level of speech, and trims the silence round them, while they are still being made.
pub struct Shaper {
    gain: f32,
    heard: Option<Heard>,
    trimmer: Trimmer,
    levelled: Vec<i16>,
}

impl Shaper {
    /// At one gain.
    pub fn steady(gain: f32, rate_hz: u32) -> Self {
        let trimmer = Trimmer::new(rate_hz, SILENCE_PEAK, LEAD_MS, TAIL_MS);
        Self { gain, heard: None, trimmer, levelled: Vec::new() }
    }

    /// At the gain of the voice first, and towards that of the sentence with each piece that is known of it.
    pub fn following(gain: f32, rate_hz: u32) -> Self {
        let heard =
            Heard { frame: frame(rate_hz), usual: 10f32.powf(SPEECH_DBFS / 10.0) / gain.powi(2), energies: vec![] };
        Self { heard: Some(heard), ..Self::steady(gain, rate_hz) }
    }

    /// Appends to `out` what is to be heard of `samples`. Those that are no numbers are silence.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<i16>) {
        let from = self.gain;
        self.gain = self.heard.as_mut().map_or(from, |heard| heard.gain(samples));
        let step = (self.gain - from) / samples.len().max(1) as f32;
        let gains = (1..).map(|at: u32| from + step * at as f32);
        self.levelled.clear();
        self.levelled.extend(
            samples
                .iter()
                .zip(gains)
                .map(|(sample, gain)| (limited(number(*sample) * gain) * f32::from(i16::MAX)) as i16),
        );
        self.trimmer.push(&self.levelled, out);
    }

    /// The end of the sentence. The shaper is then as new.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        self.trimmer.finish(out);
    }
}

/// What is known of a sentence's level.
struct Heard {
    frame: usize,
    /// The mean square of the voice's active frames.
    usual: f32,
    /// Mean squares of the sentence's frames.
    energies: Vec<f32>,
}

impl Heard {
    /// The gain with `samples` in the reckoning.
    fn gain(&mut self, samples: &[f32]) -> f32 {
        self.energies.extend(samples.chunks(self.frame).map(energy));
        let (sum, count) = active(&self.energies);
        let expected = (self.usual * USUAL_FRAMES + sum) / (USUAL_FRAMES + count);
        (10f32.powf(SPEECH_DBFS / 10.0) / expected.max(1e-12)).sqrt()
    }
}

/// What brings the active frames of `samples` together to the level of speech, as far as the peaks allow; nothing when
/// there is no speech.
pub fn speech_gain(samples: &[f32], rate_hz: u32) -> Option<f32> {
    let energies: Vec<f32> = samples.chunks(frame(rate_hz)).map(energy).collect();
    let (sum, count) = active(&energies);
    let rms = (sum / count.max(1.0)).sqrt().max(1e-6);
    let peak = samples.iter().fold(1e-6_f32, |peak, sample| peak.max(number(*sample).abs()));
    (count > 0.0).then(|| (10f32.powf(SPEECH_DBFS / 20.0) / rms).min(PEAK / peak))
}

/// The sum of the energies of active frames and their number; of none when there is no speech.
fn active(energies: &[f32]) -> (f32, f32) {
    let loudest = energies.iter().copied().fold(0.0, f32::max);
    let least = (loudest * 10f32.powf(-ACTIVE_BELOW_PEAK_DB / 10.0)).max(1e-12);
    let is_speech = loudest >= 10f32.powf(SILENCE_DBFS / 10.0);
    let active = energies.iter().filter(|energy| is_speech && **energy > least);
    active.fold((0.0, 0.0), |(sum, count), energy| (sum + energy, count + 1.0))
}

fn frame(rate_hz: u32) -> usize {
    (rate_hz as usize * FRAME_MS / 1000).max(1)
}

/// The mean square.
fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| number(*sample).powi(2)).sum::<f32>() / samples.len().max(1) as f32
}

fn number(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// Bends what is above the knee so that nothing comes above the peak. It has no memory, so that it is the same at every
/// cut between two pieces.
fn limited(sample: f32) -> f32 {
    let room = PEAK - KNEE;
    let above = sample.abs() - KNEE;
    if above <= 0.0 { sample } else { sample.signum() * (KNEE + room * (above / room).tanh()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_050;

    fn tone(amplitude: f32, millis: usize) -> Vec<f32> {
        (0..RATE as usize * millis / 1000).map(|n| amplitude * (n as f32 * 0.06).sin()).collect()
    }

    /// A whole sentence at its own gain.
    fn shape(samples: &[f32], rate_hz: u32) -> Vec<i16> {
        shape_in_pieces(samples, rate_hz, usize::MAX)
    }

    fn shape_in_pieces(samples: &[f32], rate_hz: u32, piece: usize) -> Vec<i16> {
        let mut shaped = Vec::new();
        let mut shaper = Shaper::steady(speech_gain(samples, rate_hz).unwrap_or_default(), rate_hz);
        samples.chunks(piece).for_each(|piece| shaper.push(piece, &mut shaped));
        shaper.finish(&mut shaped);
        shaped
    }

    fn rms_dbfs(samples: &[i16]) -> f32 {
        let floats: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        10.0 * energy(&floats).max(1e-12).log10()
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
    fn the_size_of_the_pieces_changes_nothing() {
        let sentence = [tone(0.0, 300), tone(0.2, 500), tone(0.0, 200), tone(0.5, 300), tone(0.0, 400)].concat();
        for piece in [1, 256, 3_584, 10_000] {
            assert_eq!(shape_in_pieces(&sentence, RATE, piece), shape(&sentence, RATE));
        }
    }

    #[test]
    fn a_sentence_louder_than_the_voice_glides_to_the_level_of_speech_without_a_step() {
        let mut shaper = Shaper::following(1.0, RATE);
        let mut shaped = Vec::new();
        // The voice is at -20 dBFS, the sentence 4 dB above.
        let sentence = tone(0.2241, 3_000);
        sentence.chunks(4_410).for_each(|piece| shaper.push(piece, &mut shaped));
        let levels: Vec<f32> = shaped.chunks_exact(4_410).map(rms_dbfs).collect();
        assert!((-17.0..-16.0).contains(&levels[0]), "{levels:?}");
        assert!(levels.windows(2).all(|pair| pair[1] < pair[0] && pair[0] - pair[1] < 1.25), "{levels:?}");
        assert!(levels.last().is_some_and(|last| (-20.0..-18.5).contains(last)), "{levels:?}");
        let steepest = 0.2241 * 0.06 * 32_768.0;
        assert!(shaped.windows(2).all(|pair| f32::from(pair[0].abs_diff(pair[1])) < steepest + 2.0));
    }

    #[test]
    fn what_is_louder_than_the_voice_usually_is_bends_and_never_clips() {
        let mut shaped = Vec::new();
        Shaper::steady(4.0, RATE).push(&tone(0.5, 500), &mut shaped);
        let loudest = shaped.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!((29_000..29_500).contains(&loudest), "{loudest}");
        assert!(shaped.windows(2).all(|pair| pair[0].abs_diff(pair[1]) < 4_000));
        assert_eq!((limited(0.7), limited(-0.5)), (0.7, -0.5));
    }

    #[test]
    fn a_peak_bounds_the_level() {
        let mut sentence = tone(0.02, 500);
        sentence[5_000] = 0.9;
        let shaped = shape(&sentence, RATE);
        assert!(shaped.iter().all(|sample| sample.unsigned_abs() < 29_600));
    }
}
