//! Whisper's log-mel spectrum of 8 s of audio, as smart-turn was trained on it.
//!
//! The order is that of Hugging Face's `WhisperFeatureExtractor(chunk_length=8)` with `do_normalize=True`, applied to
//! audio that is padded with zeros on the left: the whole 8 s are brought to zero mean and unit variance, padding
//! included; windows of 25 ms (periodic Hann) every 10 ms, centred, the ends mirrored; power; 80 triangular filters on
//! Slaney's mel scale with Slaney's normalisation; log10, no more than 80 dB below the loudest; (x + 4) / 4.

use std::{ops::Range, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};

use crate::{SAMPLE_RATE_HZ, smart_turn::SAMPLES};

/// Filters.
pub(crate) const BANDS: usize = 80;
/// Spectra.
pub(crate) const FRAMES: usize = SAMPLES / HOP;
const WINDOW: usize = 400;
const HOP: usize = 160;
const BINS: usize = WINDOW / 2 + 1;
/// Added to the variance, as the reference does.
const EPSILON: f64 = 1e-7;
/// Least energy of a band.
const FLOOR: f32 = 1e-10;
/// What lies further below the loudest is cut, in decades.
const RANGE: f32 = 8.0;

/// Computes the spectrum; holds what does not depend on the audio.
pub(crate) struct Mel {
    fft: Arc<dyn RealToComplex<f32>>,
    scratch: Vec<Complex<f32>>,
    spectrum: Vec<Complex<f32>>,
    windowed: Vec<f32>,
    window: Vec<f32>,
    filters: Vec<Filter>,
    /// The normalised audio with its mirrored ends.
    audio: Vec<f32>,
}

/// The bins that a band hears, with their weights.
struct Filter {
    bins: Range<usize>,
    weights: Vec<f32>,
}

impl Mel {
    pub(crate) fn new() -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(WINDOW);
        Self {
            scratch: fft.make_scratch_vec(),
            spectrum: fft.make_output_vec(),
            windowed: fft.make_input_vec(),
            window: (0..WINDOW).map(hann).collect(),
            filters: filters(),
            audio: vec![0.0; SAMPLES + WINDOW],
            fft,
        }
    }

    /// The features of `heard`, at most 8 s, padded on the left: `BANDS` rows of `FRAMES`.
    pub(crate) fn features(&mut self, heard: &[i16], features: &mut Vec<f32>) {
        self.normalise(&heard[heard.len().saturating_sub(SAMPLES)..]);
        features.clear();
        features.resize(BANDS * FRAMES, 0.0);
        let mut loudest = f32::MIN;
        for frame in 0..FRAMES {
            self.power(frame * HOP);
            for (band, filter) in self.filters.iter().enumerate() {
                let power = self.windowed[filter.bins.clone()].iter().zip(&filter.weights);
                let energy: f32 = power.map(|(power, weight)| power * weight).sum();
                let value = energy.max(FLOOR).log10();
                loudest = loudest.max(value);
                features[band * FRAMES + frame] = value;
            }
        }
        for value in features.iter_mut() {
            *value = (value.max(loudest - RANGE) + 4.0) / 4.0;
        }
    }

    fn normalise(&mut self, heard: &[i16]) {
        let sum: f64 = heard.iter().map(|&sample| f64::from(sample)).sum();
        let squares: f64 = heard.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        let mean = sum / SAMPLES as f64 / 32_768.0;
        let variance = squares / SAMPLES as f64 / 32_768.0_f64.powi(2) - mean * mean;
        let gain = 1.0 / (variance.max(0.0) + EPSILON).sqrt();
        let (offset, factor) = ((-mean * gain) as f32, (gain / 32_768.0) as f32);
        let side = WINDOW / 2;
        let padding = side + SAMPLES - heard.len();
        self.audio[..padding].fill(offset);
        for (to, &sample) in self.audio[padding..].iter_mut().zip(heard) {
            *to = f32::from(sample) * factor + offset;
        }
        for nth in 1..=side {
            self.audio[side - nth] = self.audio[side + nth];
            self.audio[side + SAMPLES - 1 + nth] = self.audio[side + SAMPLES - 1 - nth];
        }
    }

    /// Leaves the power of each bin of the window that begins at `from` in `windowed`.
    fn power(&mut self, from: usize) {
        let audio = self.audio[from..from + WINDOW].iter().zip(&self.window);
        for (to, (sample, weight)) in self.windowed.iter_mut().zip(audio) {
            *to = sample * weight;
        }
        self.fft
            .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers are those that the plan made");
        for (power, bin) in self.windowed.iter_mut().zip(&self.spectrum) {
            *power = bin.norm_sqr();
        }
    }
}

fn hann(nth: usize) -> f32 {
    (0.5 - 0.5 * (std::f64::consts::TAU * nth as f64 / WINDOW as f64).cos()) as f32
}

/// Triangles between neighbouring points of the mel scale, each of area 1 (Slaney's Auditory Toolbox, 1998).
fn filters() -> Vec<Filter> {
    let nyquist = SAMPLE_RATE_HZ as f64 / 2.0;
    let top = mel(nyquist);
    let corner = |nth: usize| hertz(top * nth as f64 / (BANDS + 1) as f64);
    let bin_hz = nyquist / (BINS - 1) as f64;
    let filter = |band: usize| {
        let (low, centre, high) = (corner(band), corner(band + 1), corner(band + 2));
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let slope = ((hz - low) / (centre - low)).min((high - hz) / (high - centre));
            (slope.max(0.0) * 2.0 / (high - low)) as f32
        };
        let first = (0..BINS).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
        let end = (0..BINS).rfind(|&bin| weight(bin) > 0.0).map_or(first, |last| last + 1);
        Filter { bins: first..end, weights: (first..end).map(weight).collect() }
    };
    (0..BANDS).map(filter).collect()
}

/// Slaney's scale: linear below 1 kHz (15 mel), then 27 mel for each factor of 6.4.
fn mel(hz: f64) -> f64 {
    if hz < 1_000.0 { 3.0 * hz / 200.0 } else { 15.0 + (hz / 1_000.0).ln() * 27.0 / 6.4_f64.ln() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { 200.0 * mel / 3.0 } else { 1_000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp() }
}

#[cfg(test)]
mod tests;
