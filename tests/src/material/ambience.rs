//! Noises that go on and on.

use std::f64::consts::TAU;
use std::time::Duration;

use rand::{SeedableRng, rngs::StdRng};

use super::filter::{low_pass, samples, to_samples, white};

/// A mains hum: 50 Hz and its harmonics up to 650 Hz, the odd ones stronger, as a rectifier makes them.
pub fn hum(duration: Duration) -> Vec<i16> {
    let harmonics: Vec<(f64, f64)> = (1..=13)
        .map(|order| (f64::from(order) * 50.0, if order % 2 == 1 { 1.0 } else { 0.4 } / f64::from(order)))
        .collect();
    let signal: Vec<f64> = (0..samples(duration.as_secs_f64()))
        .map(|i| {
            let t = i as f64 / samples(1.0) as f64;
            harmonics.iter().map(|(hz, strength)| strength * (TAU * hz * t + hz).sin()).sum()
        })
        .collect();
    to_samples(&signal)
}

/// What a silent line sounds like: noise that falls by 6 dB an octave from 1 kHz on, as of a quiet room.
pub fn comfort_noise(seed: u64, duration: Duration) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0xc0f0);
    to_samples(&low_pass(&white(&mut rng, samples(duration.as_secs_f64())), 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::level::level_dbfs;

    /// The share of a tone in a signal's power (Goertzel).
    fn share(signal: &[i16], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, &sample) in signal.iter().enumerate() {
            let phase = TAU * hz * i as f64 / 16_000.0;
            re += f64::from(sample) * phase.cos();
            im += f64::from(sample) * phase.sin();
        }
        let power: f64 = signal.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        2.0 * (re * re + im * im) / (power * signal.len() as f64)
    }

    #[test]
    fn hum_is_50_hz_and_its_harmonics_and_nothing_between() {
        let hum = hum(Duration::from_secs(1));
        let harmonics: f64 = (1..=13).map(|order| share(&hum, f64::from(order) * 50.0)).sum();
        assert!(harmonics > 0.99, "{harmonics}");
        assert!(share(&hum, 50.0) > 0.5 && share(&hum, 75.0) < 0.001);
    }

    #[test]
    fn comfort_noise_is_steady() {
        let noise = comfort_noise(1, Duration::from_secs(2));
        assert_eq!(noise.len(), 32_000);
        let levels: Vec<f64> = noise.chunks(1_600).map(level_dbfs).collect();
        let range = levels.iter().copied().fold(f64::MIN, f64::max) - levels.iter().copied().fold(f64::MAX, f64::min);
        assert!(range < 3.0, "{range} dB");
        assert!(share(&noise, 300.0) < 0.01);
    }
}
