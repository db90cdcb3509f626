//! How loud samples are, and how to make them so loud. 0 dBFS is a root mean square of full scale.

use crate::rtp::FRAME;

/// The active level of every prompt: −26 dBov is the nominal level of telephony's own tests (ITU-T P.56, G.191).
pub const SPEECH_LEVEL_DBFS: f64 = -26.0;

/// ITU-T P.56: speech is active where its envelope is less than this below the active level.
const ACTIVITY_MARGIN_DB: f64 = 15.9;

const FULL_SCALE: f64 = 32_768.0;

/// The level while somebody speaks: of the 20 ms frames that are at most 15.9 dB below it, after ITU-T P.56 (whose envelope and
/// hangover are left out: within 0.5 dB for phrases without long rests). For a steady noise it is the plain level.
/// −∞ for digital silence.
pub fn active_level_dbfs(samples: &[i16]) -> f64 {
    let powers: Vec<f64> = samples.chunks(FRAME).map(power).collect();
    let mut level = mean_db(&powers, f64::NEG_INFINITY);
    // It only rises, over finitely many frames; a few rounds are enough.
    for _ in 0..50 {
        let next = mean_db(&powers, level - ACTIVITY_MARGIN_DB);
        if (next - level).abs() < 0.001 {
            return next;
        }
        level = next;
    }
    level
}

/// The samples with an active level of `level_dbfs`; what exceeds full scale is clipped. Digital silence stays.
#[must_use]
pub fn at_level(samples: &[i16], level_dbfs: f64) -> Vec<i16> {
    let now = active_level_dbfs(samples);
    if now == f64::NEG_INFINITY {
        return samples.to_vec();
    }
    let gain = amplitude(level_dbfs - now);
    samples.iter().map(|&sample| clip(f64::from(sample) * gain)).collect()
}

/// `noise` as loud as a signal-to-noise ratio wants it beside speech of `speech_level_dbfs`.
#[must_use]
pub fn at_snr(noise: &[i16], speech_level_dbfs: f64, snr_db: f64) -> Vec<i16> {
    at_level(noise, speech_level_dbfs - snr_db)
}

/// Adds `more` to `base` from sample `at` on; what lies beyond the end of `base` is left out.
pub fn mix(base: &mut [i16], more: &[i16], at: usize) {
    for (sample, &added) in base.iter_mut().skip(at).zip(more) {
        *sample = sample.saturating_add(added);
    }
}

/// A ratio of amplitudes.
pub(super) fn amplitude(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

/// The level of samples as they are.
pub(super) fn level_dbfs(samples: &[i16]) -> f64 {
    10.0 * power(samples).log10()
}

pub(super) fn clip(sample: f64) -> i16 {
    sample.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

/// Mean square, full scale being 1.
fn power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&sample| (f64::from(sample) / FULL_SCALE).powi(2)).sum();
    sum / samples.len().max(1) as f64
}

/// The mean of those powers that are above a level, as a level.
fn mean_db(powers: &[f64], above_db: f64) -> f64 {
    let least = 10_f64.powf(above_db / 10.0);
    let (mut sum, mut count) = (0.0, 0_u32);
    for &power in powers.iter().filter(|&&power| power > least) {
        sum += power;
        count += 1;
    }
    10.0 * (sum / f64::from(count.max(1))).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    fn tone(samples: usize, peak: f64) -> Vec<i16> {
        (0..samples).map(|i| clip((i as f64 * 440.0 / 16_000.0 * std::f64::consts::TAU).sin() * peak)).collect()
    }

    #[test]
    fn a_sine_of_half_amplitude_is_9_db_below_full_scale() {
        assert!((active_level_dbfs(&tone(16_000, 16_384.0)) - -9.03).abs() < 0.05);
    }

    #[test]
    fn pauses_do_not_lower_the_active_level() {
        let speech = tone(16_000, 8_000.0);
        let alone = active_level_dbfs(&speech);
        let with_pauses = [speech.clone(), vec![0; 32_000], speech, vec![3; 16_000]].concat();
        assert!((active_level_dbfs(&with_pauses) - alone).abs() < 0.05);
    }

    #[test]
    fn silence_has_no_level_and_stays_silence() {
        assert_eq!(active_level_dbfs(&[0; 3_200]), f64::NEG_INFINITY);
        assert_eq!(active_level_dbfs(&[]), f64::NEG_INFINITY);
        assert_eq!(at_level(&[0; 640], -20.0), [0; 640]);
    }

    #[test]
    fn noise_at_10_and_20_db_is_that_much_below_the_speech() {
        let mut rng = StdRng::seed_from_u64(1);
        let noise: Vec<i16> = (0..48_000).map(|_| rng.random_range(-9_000..9_000)).collect();
        for snr_db in [10.0, 20.0] {
            let scaled = at_snr(&noise, SPEECH_LEVEL_DBFS, snr_db);
            assert!((SPEECH_LEVEL_DBFS - level_dbfs(&scaled) - snr_db).abs() < 0.1);
        }
    }

    #[test]
    fn a_burst_is_measured_where_it_is_and_not_over_the_silence_around_it() {
        let burst = [vec![0; 8_000], tone(4_000, 20_000.0), vec![0; 8_000]].concat();
        let scaled = at_snr(&burst, SPEECH_LEVEL_DBFS, 10.0);
        assert!((level_dbfs(&scaled[8_000..12_000]) - (SPEECH_LEVEL_DBFS - 10.0)).abs() < 0.3);
    }

    #[test]
    fn mixing_adds_where_it_should_and_saturates() {
        let mut base = vec![100, 200, 30_000, 7];
        mix(&mut base, &[1, 10_000, 1, 1], 1);
        assert_eq!(base, [100, 201, i16::MAX, 8]);
    }
}
