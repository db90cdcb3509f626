//! Between 16 kHz and 8 kHz: one half-band filter for both ways.

/// A 47-tap half-band low-pass (windowed sinc, Blackman): flat to 3.4 kHz, −60 dB from 4.6 kHz.
#[derive(Debug, Clone)]
pub struct HalfBand {
    taps: Vec<f32>,
    history: Vec<f32>,
}

impl HalfBand {
    const TAPS: usize = 47;

    /// A filter with empty history.
    pub fn new() -> Self {
        let centre = (Self::TAPS / 2) as f32;
        let mut taps: Vec<f32> = (0..Self::TAPS)
            .map(|index| {
                let x = index as f32 - centre;
                let sinc =
                    if x == 0.0 { 0.5 } else { (std::f32::consts::PI * x / 2.0).sin() / (std::f32::consts::PI * x) };
                let phase = 2.0 * std::f32::consts::PI * index as f32 / (Self::TAPS - 1) as f32;
                sinc * (0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos())
            })
            .collect();
        let gain: f32 = taps.iter().sum();
        taps.iter_mut().for_each(|tap| *tap /= gain);
        Self { taps, history: vec![0.0; Self::TAPS - 1] }
    }

    /// 16 kHz to 8 kHz; an even number of samples each time.
    pub fn down(&mut self, input: &[i16]) -> Vec<i16> {
        self.history.extend(input.iter().map(|&sample| f32::from(sample)));
        let output = (0..input.len() / 2).map(|index| clip(self.convolve(index * 2))).collect();
        self.history.drain(..input.len());
        output
    }

    /// 8 kHz to 16 kHz.
    pub fn up(&mut self, input: &[i16]) -> Vec<i16> {
        // A zero between any two samples halves the level.
        self.history.extend(input.iter().flat_map(|&sample| [f32::from(sample) * 2.0, 0.0]));
        let output = (0..input.len() * 2).map(|index| clip(self.convolve(index))).collect();
        self.history.drain(..input.len() * 2);
        output
    }

    fn convolve(&self, start: usize) -> f32 {
        self.history[start..start + Self::TAPS].iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum()
    }
}

impl Default for HalfBand {
    fn default() -> Self {
        Self::new()
    }
}

fn clip(sample: f32) -> i16 {
    sample.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::rms;

    fn tone(hz: f32, rate: f32, samples: usize) -> Vec<i16> {
        (0..samples).map(|i| ((i as f32 * hz / rate * std::f32::consts::TAU).sin() * 8000.0) as i16).collect()
    }

    #[test]
    fn a_tone_in_the_telephone_band_keeps_its_level_both_ways() {
        let input = tone(1000.0, 16_000.0, 3200);
        let narrow = HalfBand::new().down(&input);
        let wide = HalfBand::new().up(&narrow);
        assert_eq!((narrow.len(), wide.len()), (1600, 3200));
        let level = rms(&input[400..]);
        assert!((rms(&narrow[200..]) / level - 1.0).abs() < 0.02);
        assert!((rms(&wide[400..]) / level - 1.0).abs() < 0.02);
    }

    #[test]
    fn what_8_khz_cannot_carry_is_gone_instead_of_folded() {
        let narrow = HalfBand::new().down(&tone(6000.0, 16_000.0, 3200));
        assert!(rms(&narrow[200..]) < 20.0);
    }
}
