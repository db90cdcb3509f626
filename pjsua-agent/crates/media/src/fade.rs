//! How speech begins, ends and changes its level without a click.
//!
//! A cut takes the samples that would have come next and plays the first of them
//! with a falling gain; what comes after a pause starts with those same samples
//! and the gain that was missing. So the two add up to the speech itself: nothing
//! is lost, and outside the ramp nothing is heard twice.

use crate::frame::{FRAME_SAMPLES, SILENCE, Samples};

/// A linear gain in units of 1 / 32,768, at most [`UNITY`].
pub(crate) type Gain = i32;

/// Speech as it was pushed.
pub(crate) const UNITY: Gain = 1 << 15;

/// The gain of `db`; what would amplify, or is no number, changes nothing.
pub(crate) fn gain_of(db: f32) -> Gain {
    (10f32.powf(db / 20.0) * UNITY as f32).round().min(UNITY as f32) as Gain
}

/// Shapes what the media clock hands out, frame by frame.
pub(crate) struct Fader {
    ramp_samples: usize,
    /// At the end of the last frame of speech.
    gain: Gain,
    last_sample: i16,
    is_silent: bool,
    /// What is left of the speech that was cut off, for the next frame.
    tail: Option<Samples>,
    /// The tail's samples are still to come, with the rest of their gain.
    owes_fade_in: bool,
}

impl Fader {
    /// Ramps of `ramp_samples`, at most a frame; none when it is 0.
    pub(crate) fn new(ramp_samples: usize) -> Self {
        Self {
            ramp_samples: ramp_samples.min(FRAME_SAMPLES),
            gain: UNITY,
            last_sample: 0,
            is_silent: true,
            tail: None,
            owes_fade_in: false,
        }
    }

    /// Speech stops in front of `next`, which stays to be played.
    pub(crate) fn pause_before(&mut self, next: Option<&Samples>) {
        if !self.is_silent {
            self.owes_fade_in = next.is_some();
            self.let_fade(next);
        }
    }

    /// Speech stops in front of `next`, which will never be played.
    pub(crate) fn cut_before(&mut self, next: Option<&Samples>) {
        self.owes_fade_in = false;
        self.let_fade(next);
    }

    /// Makes `out` silence, after what is left of the speech before it.
    pub(crate) fn silence(&mut self, out: &mut Samples) {
        self.let_fade(None);
        *out = self.tail.take().unwrap_or(SILENCE);
    }

    /// Gives the speech in `out` its gain, ramped if it was another or if the
    /// speech comes out of silence in mid-clause.
    pub(crate) fn speech(&mut self, out: &mut Samples, gain: Gain, starts_clause: bool) {
        let from = match self.is_silent {
            false => self.gain,
            true if starts_clause && !self.owes_fade_in => gain,
            true => 0,
        };
        if (from, gain) != (UNITY, UNITY) {
            let (ramp, rest) = out.split_at_mut(self.ramp_samples);
            scale_ramp(ramp, from, gain);
            scale(rest, gain);
        }
        if let Some(tail) = self.tail.take() {
            for (sample, tail) in out.iter_mut().zip(tail) {
                *sample = sample.saturating_add(tail);
            }
        }
        self.gain = gain;
        self.last_sample = out[FRAME_SAMPLES - 1];
        self.is_silent = false;
        self.owes_fade_in = false;
    }

    /// Without `next` there is nothing to fade but the last sample's level.
    fn let_fade(&mut self, next: Option<&Samples>) {
        if self.is_silent {
            return;
        }
        self.is_silent = true;
        if self.ramp_samples == 0 {
            return;
        }
        let (mut tail, from) = match next {
            Some(next) => (*next, self.gain),
            None if self.last_sample == 0 => return,
            None => ([self.last_sample; FRAME_SAMPLES], UNITY),
        };
        scale_ramp(&mut tail[..self.ramp_samples], from, 0);
        tail[self.ramp_samples..].fill(0);
        self.tail = Some(tail);
    }
}

/// The gain goes from `from` to `to` and is there with the last sample.
fn scale_ramp(samples: &mut [i16], from: Gain, to: Gain) {
    let steps = samples.len() as i64;
    for (step, sample) in (1i64..).zip(samples) {
        *sample = scaled(*sample, from + (i64::from(to - from) * step / steps) as Gain);
    }
}

fn scale(samples: &mut [i16], gain: Gain) {
    if gain != UNITY {
        for sample in samples {
            *sample = scaled(*sample, gain);
        }
    }
}

/// Rounded; neither product nor result can overflow, as no gain exceeds unity.
fn scaled(sample: i16, gain: Gain) -> i16 {
    (i32::from(sample).wrapping_mul(gain).wrapping_add(UNITY / 2) >> 15) as i16
}
