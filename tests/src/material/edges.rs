//! Where speech begins and ends.

use super::level::{active_level_dbfs, amplitude, level_dbfs};

/// 10 ms: one period of a low voice, so that a loud vowel has no quiet windows.
const WINDOW: usize = 160;
/// Windows overlap by half.
pub(super) const HOP: usize = WINDOW / 2;

/// Final consonants are down to 35 dB below the vowels (French and Steinberg, JASA 19, 1947: the range of English sounds is
/// about 28 dB; the rest is for their decay).
const BELOW_SPEECH_DB: f64 = 35.0;
/// A recording's own noise is not speech …
const ABOVE_FLOOR_DB: f64 = 8.0;
/// (whose peaks are further above it) …
const PEAKS_ABOVE_FLOOR_DB: f64 = 12.0;
/// … but a recording without silence has no floor to go by.
const LEAST_BELOW_SPEECH_DB: f64 = 22.0;
/// A word begins no weaker: what stands alone before it and is, as the rumble that kal16 puts before a "w", is none of it.
const BEGINS_BELOW_SPEECH_DB: f64 = 22.0;
/// Shorter than the release of a stop consonant: a click of lips or switches.
const LEAST_WINDOWS: usize = 3;
/// A short sound so far from all others is not part of the utterance.
const CLICK_WINDOWS: usize = 12;
const CLICK_DISTANCE: usize = 250 * 16;

/// The first and the last sample of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edges {
    /// Index of the first speech sample.
    pub first: usize,
    /// Index of the last speech sample, inclusive.
    pub last: usize,
}

/// Finds the edges of the speech in a recording. `None` when there is none.
///
/// Speech is what stays above a threshold for 20 ms: 35 dB below the active level, or 8 dB above the recording's noise. Sounds
/// of less than 65 ms that are further than 250 ms from everything else are clicks, and a sound before the first that comes
/// within 22 dB of the active level is none of the speech. The edges are then the outermost samples
/// in the outermost windows that exceed the threshold and the peaks of the noise.
pub fn speech_edges(samples: &[i16]) -> Option<Edges> {
    let levels = window_levels(samples);
    let active_db = active_level_dbfs(samples);
    if !active_db.is_finite() {
        return None;
    }
    let floor_db = floor(&levels);
    let cap_db = active_db - LEAST_BELOW_SPEECH_DB;
    let threshold_db = (active_db - BELOW_SPEECH_DB).max(floor_db + ABOVE_FLOOR_DB).min(cap_db);
    let peak_db = threshold_db.max(floor_db + PEAKS_ABOVE_FLOOR_DB).min(cap_db);
    let runs = without_clicks(runs_above(&levels, threshold_db));
    let begins = |run: &&std::ops::Range<usize>| {
        levels[run.start / HOP..(run.end - WINDOW) / HOP + 1]
            .iter()
            .any(|&level| level >= active_db - BEGINS_BELOW_SPEECH_DB)
    };
    let (first, last) = (runs.iter().find(begins)?.start, runs.last()?.end);
    let peak = amplitude(peak_db) * 32_768.0;
    let is_speech = |&index: &usize| f64::from(samples[index]).abs() >= peak;
    let first = (first..(first + WINDOW).min(samples.len())).find(is_speech).unwrap_or(first);
    let last = (last - WINDOW..last).rev().find(is_speech).unwrap_or(last - 1);
    (first < last).then_some(Edges { first, last })
}

/// Levels of overlapping windows; window `n` begins at sample `n × 80`.
pub(super) fn window_levels(samples: &[i16]) -> Vec<f64> {
    samples.windows(WINDOW).step_by(HOP).map(level_dbfs).collect()
}

/// Sample ranges of at least `LEAST_WINDOWS` successive windows above the threshold.
fn runs_above(levels: &[f64], threshold_db: f64) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (index, &level) in levels.iter().chain(std::iter::once(&f64::NEG_INFINITY)).enumerate() {
        match start {
            None if level >= threshold_db => start = Some(index),
            Some(first) if level < threshold_db => {
                if index - first >= LEAST_WINDOWS {
                    runs.push(first * HOP..(index - 1) * HOP + WINDOW);
                }
                start = None;
            }
            _ => {}
        }
    }
    runs
}

fn without_clicks(runs: Vec<std::ops::Range<usize>>) -> Vec<std::ops::Range<usize>> {
    let is_near = |index: usize| {
        let before = index.checked_sub(1).and_then(|before| runs.get(before));
        let gap_before = before.map_or(usize::MAX, |before| runs[index].start.saturating_sub(before.end));
        let gap_after = runs.get(index + 1).map_or(usize::MAX, |after| after.start.saturating_sub(runs[index].end));
        gap_before.min(gap_after) <= CLICK_DISTANCE
    };
    let kept = (0..runs.len()).filter(|&index| runs[index].len() > CLICK_WINDOWS * HOP || is_near(index));
    kept.map(|index| runs[index].clone()).collect()
}

/// The level that a tenth of the windows do not exceed, those of digital silence left out.
fn floor(levels: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = levels.iter().copied().filter(|level| level.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 10).copied().unwrap_or(f64::NEG_INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::{at_level, comfort_noise, mix};
    use std::time::Duration;

    fn tone(samples: usize, level_dbfs: f64) -> Vec<i16> {
        let wave: Vec<i16> = (0..samples).map(|i| ((i as f64 * 0.25).sin() * 9_000.0) as i16).collect();
        at_level(&wave, level_dbfs)
    }

    /// A second of line noise with sounds in it: position and samples.
    fn line(noise_dbfs: f64, length: usize, sounds: &[(usize, Vec<i16>)]) -> Vec<i16> {
        let noise = comfort_noise(3, Duration::from_secs_f64(length as f64 / 16_000.0));
        let mut line = at_level(&noise, noise_dbfs);
        for (at, sound) in sounds {
            mix(&mut line, sound, *at);
        }
        line
    }

    #[test]
    fn the_last_speech_sample_is_found_to_half_a_millisecond() {
        for noise_dbfs in [-90.0, -70.0, -60.0] {
            let edges = speech_edges(&line(noise_dbfs, 48_000, &[(9_001, tone(20_003, -20.0))])).unwrap();
            assert!(edges.first.abs_diff(9_001) <= 8, "{noise_dbfs} dBFS: {edges:?}");
            assert!(edges.last.abs_diff(29_003) <= 8, "{noise_dbfs} dBFS: {edges:?}");
        }
    }

    #[test]
    fn a_weak_consonant_after_a_short_closure_belongs_to_the_word() {
        // As the t of "not": 30 ms, 25 dB below the vowel, 80 ms after it.
        let edges =
            speech_edges(&line(-75.0, 48_000, &[(8_000, tone(16_000, -20.0)), (25_280, tone(480, -45.0))])).unwrap();
        assert!(edges.last.abs_diff(25_759) <= 8, "{edges:?}");
    }

    #[test]
    fn a_click_long_after_the_last_word_does_not() {
        let sounds = [(2_000, tone(320, -25.0)), (16_000, tone(16_000, -20.0)), (40_000, tone(480, -30.0))];
        let edges = speech_edges(&line(-75.0, 48_000, &sounds)).unwrap();
        assert!(edges.first.abs_diff(16_000) <= 8 && edges.last.abs_diff(31_999) <= 8, "{edges:?}");
    }

    #[test]
    fn a_rumble_before_the_first_word_does_not() {
        let sounds = [(8_000, tone(960, -45.0)), (11_200, tone(16_000, -20.0))];
        let edges = speech_edges(&line(-75.0, 48_000, &sounds)).unwrap();
        assert!(edges.first.abs_diff(11_200) <= 8, "{edges:?}");
    }

    #[test]
    fn a_spike_of_few_samples_is_no_speech_however_loud() {
        let edges = speech_edges(&line(-75.0, 48_000, &[(8_000, tone(16_000, -20.0)), (25_000, vec![9_000; 12])]));
        assert!(edges.unwrap().last.abs_diff(23_999) <= 8, "{edges:?}");
    }

    #[test]
    fn a_recording_without_silence_is_kept_whole() {
        let edges = speech_edges(&tone(16_000, -20.0)).unwrap();
        assert!(edges.first <= 8 && edges.last >= 15_990, "{edges:?}");
    }

    #[test]
    fn silence_has_no_edges() {
        assert_eq!(speech_edges(&[0; 16_000]), None);
        assert_eq!(speech_edges(&[]), None);
        assert_eq!(speech_edges(&[1; 100]), None);
    }
}
