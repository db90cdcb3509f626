//! Cepstra of telephone speech for an acoustic model of wideband speech.
//!
//! The en-us model was trained on filters from 130 to 6800 Hz. Of those a telephone leaves the lower two thirds; what
//! is in the others depends on the resampler and the codec and means nothing, yet spoils all 13 coefficients. So the
//! filters here end where a telephone does, with the spacing of the model's own, and a linear map gives the most
//! likely wideband cepstrum: least squares over 30 sentences in four voices of flite, each as wideband speech on one
//! side and over G.711, with and without a 300 to 3400 Hz handset, on the other; frames within 35 of the utterance's
//! loudest in c0. Deltas are linear in the cepstra, so the map holds for them as well.
//!
//! Word errors in 33 first utterances (175 words, four voices, none of the 30 sentences), with the better of two fixed
//! means for the model's own front end:
//!
//! | line                                        | model's own | this    |
//! |---------------------------------------------|-------------|---------|
//! | G.711, sharp resampler                      | 26 %        | 15 %    |
//! | G.711, cubic resampler                      | 35 %        | 15 %    |
//! | G.711 behind a handset                      | 66 %        | 15 %    |
//! | wideband                                    | 7 %         | 11 %    |
//!
//! Estimating the mean from the utterance itself instead makes it worse (22 %): a sentence is too short for that.

use super::pocketsphinx_sys::{CEPSTRUM_SIZE, Cepstrum};

/// Frames (10 ms) that the mean the utterance started with counts for when the next one's is made.
const PRIOR_FRAMES: f32 = 600.0;
/// Frames after which older speech is forgotten.
const MOST_FRAMES: f32 = 1_200.0;

/// What the model's `feat.params` must say for [`widen`] to hold.
const KNOWN_FRONT_END: [(&str, &str); 5] =
    [("-lowerf", "130"), ("-upperf", "6800"), ("-nfilt", "25"), ("-transform", "dct"), ("-lifter", "22")];

/// Whether a model's front end, asked for by option name, is the one that [`widen`] was made for.
pub fn is_known_front_end<'a>(feature: impl Fn(&str) -> Option<&'a str>) -> bool {
    KNOWN_FRONT_END.iter().all(|(name, value)| feature(name) == Some(value))
}

/// The options in which the telephone's front end differs from the model's.
pub fn telephone_front_end() -> Vec<(String, String)> {
    [("-lowerf", "130"), ("-upperf", "3600"), ("-nfilt", "18")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// The wideband cepstrum that most likely belongs to one of the telephone's front end.
pub fn widen(narrow: &Cepstrum) -> Cepstrum {
    let mut wide = BIAS;
    for (coefficient, weights) in wide.iter_mut().zip(&WEIGHTS) {
        *coefficient += narrow.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f32>();
    }
    wide
}

/// The mean cepstrum of a caller's speech, which is the sound of his telephone and is taken out of every frame.
///
/// Within an utterance it stands still; what the utterance adds is [learnt](Self::learn) for the next.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningMean {
    mean: Cepstrum,
    sum: Cepstrum,
    frames: f32,
}

impl RunningMean {
    /// Starts from the mean of many callers.
    pub fn new(mean: Cepstrum) -> Self {
        Self::weighted(mean, PRIOR_FRAMES)
    }

    fn weighted(mean: Cepstrum, frames: f32) -> Self {
        RunningMean { mean, sum: mean.map(|value| value * frames), frames }
    }

    /// Takes the mean out of `cepstrum`, and counts it.
    pub fn take_out(&mut self, cepstrum: &mut Cepstrum) {
        // Digital silence has no logarithm; the front end gives it a negative one.
        if cepstrum[0] >= 0.0 {
            self.frames += 1.0;
            for (sum, value) in self.sum.iter_mut().zip(&*cepstrum) {
                *sum += value;
            }
        }
        for (value, mean) in cepstrum.iter_mut().zip(&self.mean) {
            *value -= mean;
        }
    }

    /// Makes the mean that of all frames counted.
    pub fn learn(&mut self) {
        *self = Self::weighted(self.sum.map(|sum| sum / self.frames), self.frames.min(MOST_FRAMES));
    }

    /// For the next utterance: a version, the weight, the mean.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = std::iter::once(self.frames.min(MOST_FRAMES)).chain(self.mean);
        std::iter::once(VERSION).chain(numbers.flat_map(f32::to_le_bytes)).collect()
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&version, numbers) = bytes.split_first()?;
        if version != VERSION || numbers.len() != 4 * (1 + CEPSTRUM_SIZE) {
            return None;
        }
        let mut numbers =
            numbers.chunks_exact(4).map(|number| f32::from_le_bytes(number.try_into().expect("chunks of 4 bytes")));
        let frames = numbers.next()?;
        let mut mean = [0.0; CEPSTRUM_SIZE];
        mean.iter_mut().zip(numbers).for_each(|(value, number)| *value = number);
        // Means lie within 0..100 and ±60; anything else would deafen the recogniser for the rest of the call.
        let sane = (1.0..=MOST_FRAMES).contains(&frames) && mean.iter().all(|value| value.abs() < 200.0);
        sane.then(|| Self::weighted(mean, frames))
    }
}

/// Changes when the meaning of the adaptation's bytes does.
const VERSION: u8 = 1;

/// What [`widen`] multiplies with: a row a wideband coefficient.
#[rustfmt::skip]
const WEIGHTS: [Cepstrum; CEPSTRUM_SIZE] = [
    [0.899, -0.207, 0.019, -0.107, -0.023, -0.104, -0.013, -0.044, 0.009, -0.036, -0.022, -0.048, 0.005],
    [0.511, 1.192, -0.289, 0.203, -0.230, 0.163, -0.229, 0.071, -0.175, -0.031, -0.107, 0.116, -0.011],
    [-0.788, 0.625, 0.667, -0.325, 0.215, -0.247, 0.119, -0.152, 0.139, 0.016, -0.015, -0.167, -0.064],
    [0.514, -0.148, 1.108, 0.201, -0.329, 0.096, -0.233, 0.020, -0.291, -0.198, -0.106, 0.079, 0.084],
    [-0.356, -0.009, -0.143, 1.188, -0.113, -0.025, -0.172, 0.017, 0.047, 0.070, -0.166, -0.051, -0.237],
    [-0.162, 0.008, -0.167, 0.278, 0.747, -0.412, 0.094, -0.189, -0.057, -0.264, -0.072, -0.194, 0.194],
    [0.101, 0.044, 0.086, -0.276, 0.713, 0.548, -0.544, 0.080, -0.239, -0.034, -0.178, 0.084, -0.133],
    [-0.417, 0.065, -0.041, 0.010, -0.276, 0.926, 0.212, -0.116, 0.021, -0.064, -0.263, -0.183, -0.176],
    [0.140, -0.073, -0.083, 0.013, -0.147, -0.030, 0.730, -0.280, -0.103, -0.261, -0.004, -0.142, 0.081],
    [-0.172, 0.018, -0.011, -0.164, 0.006, -0.234, 0.414, 0.777, -0.269, 0.093, -0.387, -0.062, -0.269],
    [-0.136, 0.084, -0.018, 0.055, -0.151, 0.003, -0.3179, 0.644, 0.301, -0.274, 0.074, -0.210, -0.078],
    [0.095, -0.014, -0.019, -0.077, -0.071, -0.073, -0.042, -0.144, 0.777, -0.096, -0.245, -0.121, -0.094],
    [-0.219, 0.105, 0.033, -0.002, -0.007, -0.191, 0.004, -0.069, 0.180, 0.823, -0.350, -0.076, -0.281],
];

/// What [`widen`] adds.
const BIAS: Cepstrum =
    [13.352, -19.659, 35.321, -18.653, 15.567, 10.715, -1.486, 19.410, -2.270, 8.298, 9.704, -2.380, 11.645];

/// The mean of the speech that [`widen`] was made with, afterwards: what a caller is taken to sound like at first.
pub const COMPENSATED_MEAN: Cepstrum =
    [50.50, 3.76, 6.71, 19.99, -1.58, 1.20, 4.90, -6.78, -2.88, -2.51, 5.92, 1.63, 1.94];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_stands_still_within_an_utterance_and_moves_after_it() {
        let mut mean = RunningMean::new([10.0; CEPSTRUM_SIZE]);
        for _ in 0..600 {
            let mut cepstrum = [20.0; CEPSTRUM_SIZE];
            mean.take_out(&mut cepstrum);
            assert_eq!(cepstrum, [10.0; CEPSTRUM_SIZE]);
        }
        mean.learn();
        let mut cepstrum = [20.0; CEPSTRUM_SIZE];
        mean.take_out(&mut cepstrum);
        assert_eq!(cepstrum, [5.0; CEPSTRUM_SIZE]);
    }

    #[test]
    fn the_mean_travels_through_the_protocol() {
        let mut mean = RunningMean::new(COMPENSATED_MEAN);
        mean.take_out(&mut [60.0; CEPSTRUM_SIZE]);
        mean.learn();
        assert_eq!(RunningMean::from_bytes(&mean.to_bytes()), Some(mean));
    }

    #[test]
    fn an_adaptation_of_another_engine_or_version_is_ignored() {
        assert_eq!(RunningMean::from_bytes(&[]), None);
        assert_eq!(RunningMean::from_bytes(&[VERSION; 5]), None);
        let mut bytes = RunningMean::new(COMPENSATED_MEAN).to_bytes();
        bytes[5..9].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(RunningMean::from_bytes(&bytes), None);
    }

    #[test]
    fn widening_is_done_only_for_the_front_end_it_was_made_for() {
        let debian = |name: &str| KNOWN_FRONT_END.iter().find(|(option, _)| *option == name).map(|(_, value)| *value);
        assert!(is_known_front_end(debian));
        assert!(!is_known_front_end(|name| if name == "-upperf" { Some("4000") } else { debian(name) }));
    }
}
