//! A caller who thinks in the middle of a sentence.

use std::ops::Range;
use std::time::Duration;

use rand::Rng;

use super::edges::{HOP, window_levels};
use super::level::{active_level_dbfs, amplitude, at_level, clip};
use super::{Prompt, comfort_noise};
use crate::rtp::RATE_HZ;

/// Between two words the voice falls at least that much below its active level.
const REST_BELOW_SPEECH_DB: f64 = 20.0;
/// Shorter rests are the closures of p, t and k inside words.
const SHORTEST_REST: usize = 25 * 16;
/// Longer ones end a sentence or a clause.
const LONGEST_REST: usize = 220 * 16;
/// How much of the rest's own sound fades into the pause at each end: the ring of the last word, the breath before the next.
const FADE: usize = 20 * 16;
/// What a quiet room leaves on a telephone line.
const LINE_NOISE_DBFS: f64 = -66.0;

/// The utterance with a pause of exactly `pause` where there was a short rest between two words, and the samples of that pause;
/// `None` when there is no such rest.
///
/// The place lies in the middle half of the speech, and is one of the three longest rests of 25–220 ms there, chosen by `rng`:
/// longer rests end sentences. In fluent speech some rests are closures of p, t or k at a word's edge or inside it; the pause
/// then sounds like hesitation. The pause is comfort noise at −66 dBFS, into which the rest's own sound fades.
pub fn with_inner_pause(prompt: &Prompt, pause: Duration, rng: &mut impl Rng) -> Option<(Prompt, Range<usize>)> {
    let rests = inner_rests(prompt);
    let rest = rests.get(rng.random_range(0..rests.len().clamp(1, 3)))?;
    let length = (pause.as_secs_f64() * f64::from(RATE_HZ)).round() as usize;
    let samples = &prompt.samples_16k;
    let mut silence = at_level(&comfort_noise(rng.random(), pause), LINE_NOISE_DBFS);
    silence.resize(length, 0);
    let fade = FADE.min(rest.len() / 2).min(length / 2);
    for index in 0..fade {
        let gain = 1.0 - (index + 1) as f64 / (fade + 1) as f64;
        let mut blend = |at: usize, sample: i16| {
            silence[at] = clip(f64::from(silence[at]) * (1.0 - gain) + f64::from(sample) * gain);
        };
        blend(index, samples[rest.start + index]);
        blend(length - 1 - index, samples[rest.end - 1 - index]);
    }
    let paused = Prompt {
        name: format!("{} with {} ms inside", prompt.name, pause.as_millis()),
        samples_16k: [&samples[..rest.start], &silence, &samples[rest.end..]].concat(),
        last_speech_sample: prompt.last_speech_sample + length - rest.len(),
        ..prompt.clone()
    };
    Some((paused, rest.start..rest.start + length))
}

/// The longest stretch of silence inside an utterance.
pub(super) fn longest_rest(samples: &[i16]) -> Duration {
    let longest = rests(samples).iter().map(Range::len).max().unwrap_or(0);
    Duration::from_secs_f64(longest as f64 / f64::from(RATE_HZ))
}

/// How long an utterance is 20 dB below its level before its end.
pub(super) fn fade(samples: &[i16]) -> Duration {
    let threshold_db = active_level_dbfs(samples) - REST_BELOW_SPEECH_DB;
    let levels = window_levels(samples);
    let soft = levels.iter().rev().take_while(|&&level| level < threshold_db).count();
    Duration::from_secs_f64((soft * HOP) as f64 / f64::from(RATE_HZ))
}

/// The rests that a pause may take the place of, the longest first.
fn inner_rests(prompt: &Prompt) -> Vec<Range<usize>> {
    let quarter = prompt.last_speech_sample / 4;
    let middle = quarter..prompt.last_speech_sample - quarter;
    let mut rests = rests(&prompt.samples_16k[..=prompt.last_speech_sample]);
    rests.retain(|rest| {
        (SHORTEST_REST..=LONGEST_REST).contains(&rest.len())
            && middle.contains(&rest.start)
            && middle.contains(&rest.end)
    });
    rests.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
    // Among much longer ones a short one is the closure of a consonant.
    let longest = rests.first().map_or(0, Range::len);
    rests.retain(|rest| rest.len() * 5 >= longest * 3);
    rests
}

/// Where the level stays 20 dB below that of the speech.
fn rests(samples: &[i16]) -> Vec<Range<usize>> {
    let threshold_db = active_level_dbfs(samples) - REST_BELOW_SPEECH_DB;
    let peak = amplitude(threshold_db) * 32_768.0;
    let levels = window_levels(samples);
    let mut rests = Vec::new();
    let mut start = None;
    for (index, &level) in levels.iter().chain(std::iter::once(&f64::INFINITY)).enumerate() {
        match start {
            None if level < threshold_db => start = Some(index * HOP),
            Some(first) if level >= threshold_db => {
                rests.push(shrink(samples, first..(index + 1) * HOP, peak));
                start = None;
            }
            _ => {}
        }
    }
    rests
}

/// Without what is loud at the ends.
fn shrink(samples: &[i16], rest: Range<usize>, peak: f64) -> Range<usize> {
    let is_loud = |&index: &usize| f64::from(samples[index]).abs() >= peak;
    let middle = rest.start + rest.len() / 2;
    let start = (rest.start..middle).rev().find(is_loud).map_or(rest.start, |index| index + 1);
    let end = (middle..rest.end).find(is_loud).unwrap_or(rest.end);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::level::level_dbfs;
    use rand::{SeedableRng, rngs::StdRng};

    /// Words of a tone: milliseconds of word, rest, word, …
    fn sentence(milliseconds: &[usize]) -> Prompt {
        let mut samples = Vec::new();
        for (index, length) in milliseconds.iter().enumerate() {
            let gain = if index % 2 == 0 { 9_000.0 } else { 20.0 };
            samples.extend((0..length * 16).map(|i| ((i as f64 * 0.3).sin() * gain) as i16));
        }
        Prompt::trimmed("words", "en", "nobody", &samples, None).unwrap()
    }

    #[test]
    fn the_pause_takes_the_place_of_a_rest_in_the_middle_half_and_is_as_long_as_asked() {
        // Rests begin at 200, 800, 1240 and 1860 ms of 2120.
        let prompt = sentence(&[200, 100, 500, 60, 380, 80, 540, 110, 150]);
        for (seed, pause_ms) in [(1, 500), (2, 1_000), (3, 1_500), (4, 500), (5, 1_000)] {
            let pause = Duration::from_millis(pause_ms);
            let (paused, at) = with_inner_pause(&prompt, pause, &mut StdRng::seed_from_u64(seed)).unwrap();
            assert_eq!(at.len(), pause_ms as usize * 16);
            let start_ms = at.start as f64 / 16.0;
            assert!([800.0, 1_240.0].iter().any(|begin| (start_ms - begin).abs() < 6.0), "{start_ms}");
            let rest = if (start_ms - 800.0).abs() < 6.0 { 60.0 } else { 80.0 };
            let grown_ms = (paused.samples_16k.len() - prompt.samples_16k.len()) as f64 / 16.0;
            assert!((grown_ms - (pause_ms as f64 - rest)).abs() < 10.0, "{grown_ms}");
            assert_eq!(paused.last_speech_sample + 1, paused.samples_16k.len());
            assert_eq!(paused.samples_16k[..at.start], prompt.samples_16k[..at.start]);
            let rest_of_it = &paused.samples_16k[at.end..];
            assert!(prompt.samples_16k.ends_with(rest_of_it));
        }
    }

    #[test]
    fn the_pause_is_quiet_but_no_digital_silence() {
        let prompt = sentence(&[500, 60, 500]);
        let (paused, at) = with_inner_pause(&prompt, Duration::from_secs(1), &mut StdRng::seed_from_u64(1)).unwrap();
        for part in paused.samples_16k[at.start + FADE..at.end - FADE].chunks(1_600) {
            assert!((level_dbfs(part) - LINE_NOISE_DBFS).abs() < 3.0, "{}", level_dbfs(part));
        }
        assert!(level_dbfs(&paused.samples_16k[at]) < active_level_dbfs(&prompt.samples_16k) - 25.0);
    }

    #[test]
    fn a_sentence_end_or_an_utterance_without_rests_offers_no_place() {
        let mut rng = StdRng::seed_from_u64(1);
        assert!(with_inner_pause(&sentence(&[500, 400, 500]), Duration::from_secs(1), &mut rng).is_none());
        assert!(with_inner_pause(&sentence(&[1_000]), Duration::from_secs(1), &mut rng).is_none());
        // Near its ends only.
        let edges = sentence(&[100, 80, 1_500, 80, 100]);
        assert!(with_inner_pause(&edges, Duration::from_secs(1), &mut rng).is_none());
    }

    #[test]
    fn a_fade_is_what_is_soft_at_the_end_only() {
        assert!(fade(&sentence(&[500, 60, 500]).samples_16k) < Duration::from_millis(10));
        let tone = |gain: f64| (0..3_200).map(move |i| ((f64::from(i) * 0.3).sin() * gain) as i16);
        let fading: Vec<i16> = tone(9_000.0).chain(tone(500.0)).collect();
        assert!(fade(&fading).abs_diff(Duration::from_millis(200)) < Duration::from_millis(12), "{:?}", fade(&fading));
    }

    #[test]
    fn the_longest_rest_is_that_of_the_speech() {
        let rest = longest_rest(&sentence(&[500, 60, 300, 350, 500]).samples_16k);
        assert!(rest.abs_diff(Duration::from_millis(350)) < Duration::from_millis(8), "{rest:?}");
    }
}
