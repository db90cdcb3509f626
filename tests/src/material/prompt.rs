//! One utterance.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::StdRng};

use super::edges::speech_edges;
use super::level::{self, SPEECH_LEVEL_DBFS};
use crate::rtp::RATE_HZ;
use crate::speech::Speech;

/// An utterance of a caller: begins with its first speech sample, at an active level of [`SPEECH_LEVEL_DBFS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is called: the recording's file, or voice and text.
    pub name: String,
    /// Its language: `en`, `es`, `fr`, …
    pub language: String,
    /// Who speaks.
    pub speaker: String,
    /// 16 kHz mono.
    pub samples_16k: Vec<i16>,
    /// The index of the last sample that is speech: what latency is measured from. It is the last sample of all unless noise was
    /// added.
    pub last_speech_sample: usize,
    /// The words, where they are known.
    pub text: Option<String>,
}

impl Prompt {
    /// Trims silence at both ends, and sets the level. `None` when there is no speech in it.
    pub fn trimmed(name: &str, language: &str, speaker: &str, samples: &[i16], text: Option<String>) -> Option<Self> {
        let edges = speech_edges(samples)?;
        let samples_16k = level::at_level(&samples[edges.first..=edges.last], SPEECH_LEVEL_DBFS);
        Some(Self {
            name: name.to_owned(),
            language: language.to_owned(),
            speaker: speaker.to_owned(),
            last_speech_sample: samples_16k.len() - 1,
            samples_16k,
            text,
        })
    }

    /// From its first to its last sample.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples_16k.len() as f64 / f64::from(RATE_HZ))
    }

    /// For [`Endpoint::say`](crate::rtp::Endpoint::say); [`Said::last`](crate::rtp::Said::last) is then when the packet with
    /// [`last_speech_sample`](Self::last_speech_sample) was sent.
    pub fn speech(&self) -> Speech {
        Speech::from_samples(&self.samples_16k, self.last_speech_sample)
    }

    /// The same with noise under it, which also goes on for `around` before and after; `noise` is repeated as often as needed.
    #[must_use]
    pub fn with_noise(&self, noise: &[i16], around: Duration) -> Self {
        let margin = (around.as_secs_f64() * f64::from(RATE_HZ)) as usize;
        let mut samples: Vec<i16> = vec![0; self.samples_16k.len() + 2 * margin];
        let count = samples.len();
        let endless: Vec<i16> = noise.iter().copied().cycle().take(count).collect();
        level::mix(&mut samples, &endless, 0);
        level::mix(&mut samples, &self.samples_16k, margin);
        Self { samples_16k: samples, last_speech_sample: self.last_speech_sample + margin, ..self.clone() }
    }
}

/// `count` of them in an order that the seed decides; from the start again when there are fewer.
pub fn choose(prompts: &[Prompt], count: usize, seed: u64) -> Vec<&Prompt> {
    let mut order: Vec<&Prompt> = prompts.iter().collect();
    order.shuffle(&mut StdRng::seed_from_u64(seed));
    order.iter().copied().cycle().take(if prompts.is_empty() { 0 } else { count }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::{active_level_dbfs, at_snr, comfort_noise};

    fn prompt(name: &str) -> Prompt {
        let tone = |i: usize| ((i as f64 * 0.3).sin() * 9_000.0) as i16;
        let raw: Vec<i16> = (0..40_000).map(|i| if (8_000..24_000).contains(&i) { tone(i) } else { 0 }).collect();
        Prompt::trimmed(name, "en", "nobody", &raw, None).unwrap()
    }

    #[test]
    fn a_prompt_is_its_speech_and_nothing_else_at_the_nominal_level() {
        let prompt = prompt("tone");
        assert!(prompt.samples_16k.len().abs_diff(16_000) <= 20, "{}", prompt.samples_16k.len());
        assert_eq!(prompt.last_speech_sample + 1, prompt.samples_16k.len());
        assert!((active_level_dbfs(&prompt.samples_16k) - SPEECH_LEVEL_DBFS).abs() < 0.1);
        assert!(Prompt::trimmed("silence", "en", "nobody", &[0; 16_000], None).is_none());
    }

    #[test]
    fn noise_goes_on_after_the_last_speech_sample_which_is_still_known() {
        let clean = prompt("tone");
        let noise = at_snr(&comfort_noise(1, Duration::from_millis(300)), SPEECH_LEVEL_DBFS, 20.0);
        let noisy = clean.with_noise(&noise, Duration::from_millis(500));
        assert_eq!(noisy.last_speech_sample, clean.last_speech_sample + 8_000);
        assert_eq!(noisy.samples_16k.len(), clean.samples_16k.len() + 16_000);
        let tail = &noisy.samples_16k[noisy.last_speech_sample + 1..];
        assert!((active_level_dbfs(tail) - (SPEECH_LEVEL_DBFS - 20.0)).abs() < 1.0);
    }

    #[test]
    fn a_choice_is_the_same_for_the_same_seed_and_uses_all_before_repeating() {
        let all: Vec<Prompt> = ["a", "b", "c", "d", "e"].map(prompt).into();
        let names = |seed: u64, count: usize| -> Vec<&str> {
            choose(&all, count, seed).iter().map(|prompt| prompt.name.as_str()).collect()
        };
        assert_eq!(names(7, 5), names(7, 5));
        assert_ne!(names(7, 5), names(8, 5));
        let mut first = names(7, 5);
        first.sort_unstable();
        assert_eq!(first, ["a", "b", "c", "d", "e"]);
        assert_eq!(names(7, 7)[5..], names(7, 7)[..2]);
        assert!(choose(&[], 3, 1).is_empty());
    }
}
