//! From an engine's sample rate to the one asked for.

use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
    audioadapter_buffers::direct::InterleavedSlice,
};

/// Taps of the filter: enough for 80 dB of rejection in speech, and a delay of 1.5 ms at 22,050 Hz.
const TAPS: usize = 64;
/// Blocks per second; a block is the longest wait for the resampler's input.
const BLOCKS_PER_SECOND: u32 = 200;

/// Resamples a stream of mono samples. The filter's delay is compensated: sample *n* of the output is the
/// input at *n* divided by the rate, and the output is as long as the input.
pub struct Resampler {
    filter: Async<f32>,
    ratio: f64,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples of the filter's delay still to be dropped.
    delay: usize,
    taken: u64,
    given: u64,
}

/// The rates cannot be converted.
#[derive(Debug, thiserror::Error)]
#[error("cannot resample {from} Hz to {to} Hz: {reason}")]
pub struct ResampleError {
    from: u32,
    to: u32,
    reason: String,
}

impl Resampler {
    /// From and to sample rates in Hz.
    ///
    /// # Errors
    ///
    /// When a rate is zero or absurd.
    pub fn new(from: u32, to: u32) -> Result<Self, ResampleError> {
        let ratio = f64::from(to) / f64::from(from);
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2)
            .oversampling_factor(128)
            .interpolation(SincInterpolationType::Quadratic);
        let block = (from / BLOCKS_PER_SECOND).max(1) as usize;
        let filter = Async::new_sinc(ratio, 1.0, &parameters, block, 1, FixedAsync::Input)
            .map_err(|error| ResampleError { from, to, reason: error.to_string() })?;
        Ok(Self {
            ratio,
            input: Vec::with_capacity(2 * block),
            output: vec![0.0; filter.output_frames_max()],
            delay: filter.output_delay(),
            filter,
            taken: 0,
            given: 0,
        })
    }

    /// Appends to `out` what `samples` make available.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        self.taken += samples.len() as u64;
        self.input.extend(samples.iter().map(|sample| f32::from(*sample)));
        self.drain(out, u64::MAX);
    }

    /// Appends the rest.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        // The product of a sample count and a ratio near 1 is far from the bounds of both types.
        let length = (self.taken as f64 * self.ratio).round() as u64;
        while self.given < length {
            let block = self.filter.input_frames_next();
            self.input.resize(self.input.len().max(1).next_multiple_of(block), 0.0);
            self.drain(out, length);
        }
    }

    fn drain(&mut self, out: &mut Vec<i16>, length: u64) {
        let mut used = 0;
        loop {
            let block = self.filter.input_frames_next();
            if self.input.len() - used < block {
                break;
            }
            let produced = self.block(used, block);
            used += block;
            let skipped = self.delay.min(produced);
            self.delay -= skipped;
            let wanted = usize::try_from(length - self.given).unwrap_or(usize::MAX).min(produced - skipped);
            self.given += wanted as u64;
            out.extend(
                self.output[skipped..skipped + wanted]
                    .iter()
                    .map(|sample| sample.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16),
            );
        }
        self.input.drain(..used);
    }

    fn block(&mut self, from: usize, block: usize) -> usize {
        let room = self.output.len();
        let input =
            InterleavedSlice::new(&self.input[from..from + block], 1, block).expect("the block is in the buffer");
        let mut output = InterleavedSlice::new_mut(&mut self.output, 1, room).expect("the buffer is its own length");
        let (_, produced) = self
            .filter
            .process_into_buffer(&input, &mut output, Some(&Indexing::new()))
            .expect("the buffers have the sizes that the filter asks for");
        produced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hz: f64, seconds: f64) -> Vec<i16> {
        (0..(f64::from(rate) * seconds) as usize)
            .map(|at| ((at as f64 / f64::from(rate) * hz * std::f64::consts::TAU).sin() * 10_000.0) as i16)
            .collect()
    }

    fn resampled(samples: &[i16], from: u32, to: u32, chunk: usize) -> Vec<i16> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = Vec::new();
        samples.chunks(chunk).for_each(|chunk| resampler.push(chunk, &mut out));
        resampler.finish(&mut out);
        out
    }

    fn level(samples: &[i16]) -> f64 {
        (samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn a_tone_keeps_its_phase_so_the_delay_is_compensated() {
        for (from, to) in [(22_050, 16_000), (16_000, 8_000), (16_000, 48_000), (24_000, 16_000)] {
            let out = resampled(&sine(from, 440.0, 0.5), from, to, 333);
            let ideal = sine(to, 440.0, 0.5);
            assert!(out.len().abs_diff(ideal.len()) <= 1, "{from} to {to}: {} and {}", out.len(), ideal.len());
            let middle = ideal.len() / 4..ideal.len() * 3 / 4;
            let error: Vec<i16> = middle.map(|at| out[at] - ideal[at]).collect();
            let shift_by_one = 10_000.0 / f64::sqrt(2.0) * 440.0 * std::f64::consts::TAU / f64::from(to);
            let shift = level(&error) / shift_by_one;
            assert!(shift < 1.5, "{from} to {to}: late or early by {shift} samples");
        }
    }

    #[test]
    fn what_the_new_rate_cannot_carry_is_filtered_out() {
        let out = resampled(&sine(22_050, 9_500.0, 0.5), 22_050, 16_000, 441);
        assert!(level(&out[800..7200]) < 10.0, "{}", level(&out[800..7200]));
    }

    #[test]
    fn the_size_of_the_pieces_changes_nothing() {
        let tone = sine(22_050, 1_000.0, 0.1);
        let whole = resampled(&tone, 22_050, 16_000, usize::MAX);
        assert_eq!(resampled(&tone, 22_050, 16_000, 1), whole);
        assert_eq!(resampled(&tone, 22_050, 16_000, 500), whole);
        assert!(resampled(&[], 22_050, 16_000, 1).is_empty());
    }

    #[test]
    fn samples_come_out_within_eight_milliseconds_of_going_in() {
        let mut resampler = Resampler::new(22_050, 16_000).unwrap();
        let mut out = Vec::new();
        let mut fed = 0;
        while out.is_empty() {
            resampler.push(&[1000], &mut out);
            fed += 1;
        }
        assert!(fed <= 22_050 * 8 / 1000, "{fed} samples");
    }
}
