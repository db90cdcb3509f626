//! What shapes noise: resonances and one-pole filters at 16 kHz.

use std::f64::consts::PI;

use rand::{Rng, rngs::StdRng};

use super::level::clip;

const RATE_HZ: f64 = crate::rtp::RATE_HZ as f64;

/// White noise between −1 and 1.
pub(super) fn white(rng: &mut StdRng, count: usize) -> Vec<f64> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// A two-pole resonance with gain 1 at its centre (roughly: two zeros at 0 Hz and half the rate keep it from booming).
pub(super) fn resonate(input: &[f64], centre_hz: f64, bandwidth_hz: f64) -> Vec<f64> {
    let radius = (-PI * bandwidth_hz / RATE_HZ).exp();
    let a1 = 2.0 * radius * (2.0 * PI * centre_hz / RATE_HZ).cos();
    let a2 = -radius * radius;
    let gain = (1.0 - radius * radius) / 2.0;
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    let step = |&x: &f64| {
        let y = gain * (x - x2) + a1 * y1 + a2 * y2;
        (x2, x1) = (x1, x);
        (y2, y1) = (y1, y);
        y
    };
    input.iter().map(step).collect()
}

/// A one-pole low-pass, 6 dB an octave.
pub(super) fn low_pass(input: &[f64], corner_hz: f64) -> Vec<f64> {
    let share = 1.0 - (-2.0 * PI * corner_hz / RATE_HZ).exp();
    let mut state = 0.0;
    let step = |&x: &f64| {
        state += share * (x - state);
        state
    };
    input.iter().map(step).collect()
}

/// What [`low_pass`] leaves out.
pub(super) fn high_pass(input: &[f64], corner_hz: f64) -> Vec<f64> {
    input.iter().zip(low_pass(input, corner_hz)).map(|(&x, low)| x - low).collect()
}

/// To samples, the highest peak at −6 dBFS.
pub(super) fn to_samples(signal: &[f64]) -> Vec<i16> {
    let peak = signal.iter().fold(0.0_f64, |peak, &x| peak.max(x.abs()));
    let gain = if peak > 0.0 { 16_384.0 / peak } else { 0.0 };
    signal.iter().map(|&x| clip(x * gain)).collect()
}

/// How many samples a time is.
pub(super) fn samples(seconds: f64) -> usize {
    (seconds * RATE_HZ).round() as usize
}
