//! 16 kHz to 48 kHz and back, by one linear-phase low-pass in three phases.
//!
//! The low-pass is a sinc under a Kaiser window: level to 7.1 kHz, which is more
//! than any telephone codec passes, 6 dB down at 8 kHz, and 60 dB down from
//! 8.9 kHz on (J. F. Kaiser's formulae; A. V. Oppenheim, R. W. Schafer,
//! "Discrete-Time Signal Processing", 3rd ed., §7.6).

use std::f64::consts::PI;

/// Samples that are resampled at once: 10 ms at 16 kHz.
pub(crate) const BLOCK: usize = 160;
/// The same at 48 kHz.
pub(crate) const BLOCK_48K: usize = BLOCK * PHASES;
/// What both resamplers together delay, in samples at 16 kHz: 2 ms.
pub(crate) const DELAY_SAMPLES: usize = (TAPS - 1) / PHASES;

const PHASES: usize = 3;
/// Odd, and one more than a multiple of the phases: then the delay of both
/// directions together is whole at either rate.
const TAPS: usize = 97;
const PHASE_TAPS: usize = TAPS.div_ceil(PHASES);
/// Kaiser's β for 60 dB.
const BETA: f64 = 5.653;
/// What a phase needs of the blocks before.
const HISTORY: usize = PHASE_TAPS;

type Phases = [[f32; PHASE_TAPS]; PHASES];
/// A signal at 16 kHz: what is left of the blocks before, then the block.
type Signal = [f32; HISTORY + BLOCK];

/// The taps of the low-pass, every third in one phase, with a sum of `gain`.
fn low_pass(gain: f64) -> Phases {
    let centre = (TAPS - 1) as f64 / 2.0;
    let tap = |index: usize| {
        let offset = index as f64 - centre;
        let sinc = if offset == 0.0 { 1.0 } else { (PI * offset / 3.0).sin() / (PI * offset / 3.0) };
        let window = bessel_i0(BETA * (1.0 - (offset / centre).powi(2)).sqrt()) / bessel_i0(BETA);
        sinc * window
    };
    let sum: f64 = (0..TAPS).map(tap).sum();
    let mut phases = [[0.0; PHASE_TAPS]; PHASES];
    for index in 0..TAPS {
        phases[index % PHASES][index / PHASES] = (tap(index) * gain / sum) as f32;
    }
    phases
}

/// The modified Bessel function of order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

/// Adds the convolution of one phase. Tap by tap over the whole block, so that
/// the compiler can make vector instructions of it without reordering a sum.
fn convolve(taps: &[f32; PHASE_TAPS], signal: &Signal, late: usize, sum: &mut [f32; BLOCK]) {
    for (k, tap) in taps.iter().enumerate() {
        let from = HISTORY - k - late;
        for (sum, sample) in sum.iter_mut().zip(&signal[from..from + BLOCK]) {
            *sum += tap * sample;
        }
    }
}

fn keep_history(signal: &mut Signal) {
    signal.copy_within(BLOCK.., 0);
}

/// To 48 kHz.
pub(crate) struct Upsampler {
    taps: Phases,
    signal: Signal,
}

impl Upsampler {
    pub(crate) fn new() -> Self {
        Self { taps: low_pass(PHASES as f64), signal: [0.0; HISTORY + BLOCK] }
    }

    pub(crate) fn process(&mut self, block: &[i16; BLOCK], out: &mut [f32; BLOCK_48K]) {
        keep_history(&mut self.signal);
        for (sample, &input) in self.signal[HISTORY..].iter_mut().zip(block) {
            *sample = f32::from(input);
        }
        for (phase, taps) in self.taps.iter().enumerate() {
            let mut sum = [0.0; BLOCK];
            convolve(taps, &self.signal, 0, &mut sum);
            for (out, sum) in out.iter_mut().skip(phase).step_by(PHASES).zip(sum) {
                *out = sum;
            }
        }
    }
}

/// To 16 kHz.
pub(crate) struct Downsampler {
    taps: Phases,
    /// Every third sample each.
    signals: [Signal; PHASES],
}

impl Downsampler {
    pub(crate) fn new() -> Self {
        Self { taps: low_pass(1.0), signals: [[0.0; HISTORY + BLOCK]; PHASES] }
    }

    pub(crate) fn process(&mut self, block: &[f32; BLOCK_48K], out: &mut [i16; BLOCK]) {
        for (phase, signal) in self.signals.iter_mut().enumerate() {
            keep_history(signal);
            for (sample, &input) in signal[HISTORY..].iter_mut().zip(block.iter().skip(phase).step_by(PHASES)) {
                *sample = input;
            }
        }
        // The sample 3(n − k) − p is in phase −p modulo 3, one earlier unless p is 0.
        let mut sum = [0.0; BLOCK];
        let [zeroth, first, second] = &self.taps;
        convolve(zeroth, &self.signals[0], 0, &mut sum);
        convolve(first, &self.signals[2], 1, &mut sum);
        convolve(second, &self.signals[1], 1, &mut sum);
        for (out, sum) in out.iter_mut().zip(sum) {
            *out = sum.round() as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both resamplers make of a tone, from the second block on.
    fn there_and_back(hz: f64) -> (Vec<f64>, Vec<f64>) {
        let (mut up, mut down) = (Upsampler::new(), Downsampler::new());
        let sine = |i: usize| 10_000.0 * (2.0 * PI * hz * i as f64 / 16_000.0).sin();
        let input: Vec<f64> = (0..10 * BLOCK).map(sine).collect();
        let mut output = Vec::new();
        for block in input.chunks_exact(BLOCK) {
            let block: Vec<i16> = block.iter().map(|&sample| sample.round() as i16).collect();
            let (mut wide, mut narrow) = ([0.0; BLOCK_48K], [0; BLOCK]);
            up.process(block.as_slice().try_into().expect("a block"), &mut wide);
            down.process(&wide, &mut narrow);
            output.extend(narrow.map(f64::from));
        }
        (input, output)
    }

    #[test]
    fn what_a_telephone_passes_comes_back_unchanged_and_two_milliseconds_late() {
        assert_eq!(DELAY_SAMPLES, 32);
        for hz in [50.0, 300.0, 1_000.0, 3_400.0, 7_000.0] {
            let (input, output) = there_and_back(hz);
            for (late, early) in output.iter().skip(BLOCK).zip(&input[BLOCK - DELAY_SAMPLES..]) {
                assert!((late - early).abs() < 30.0, "{hz} Hz: {late} for {early}");
            }
        }
    }

    #[test]
    fn nothing_is_added_above_the_band() {
        let mut up = Upsampler::new();
        for (number, hz) in [1_000.0, 3_400.0, 7_000.0].into_iter().enumerate() {
            let sine = |i: usize| (10_000.0 * (2.0 * PI * hz * i as f64 / 16_000.0).sin()).round() as i16;
            let mut wide = [0.0; BLOCK_48K];
            for block in 0..4 {
                up.process(&std::array::from_fn(|i| sine(block * BLOCK + i)), &mut wide);
            }
            let image = power_at(&wide, 16_000.0 - hz) / power_at(&wide, hz);
            assert!(10.0 * image.log10() < -55.0, "{number}: {} dB", 10.0 * image.log10());
        }
    }

    fn power_at(signal: &[f32; BLOCK_48K], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, &sample) in signal.iter().enumerate() {
            let angle = 2.0 * PI * hz * i as f64 / 48_000.0;
            re += f64::from(sample) * angle.cos();
            im += f64::from(sample) * angle.sin();
        }
        re * re + im * im
    }
}
