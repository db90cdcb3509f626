//! The caller's audio that a later recognition may still want.

use std::collections::VecDeque;
use std::time::Duration;

use media::{FRAME_SAMPLES, Samples};

/// What is kept, in frames: 5 s, longer than it takes to be sure that somebody speaks, and a short sentence.
const KEPT_FRAMES: usize = 250;

/// The newest frames since the gate opened that no finished recognition has had.
#[derive(Debug)]
pub struct KeptAudio {
    frames: VecDeque<Samples>,
    /// Up to where the caller's audio came without a gap, in captured samples.
    ended_at: Option<u64>,
    pre_roll_samples: u64,
}

impl KeptAudio {
    /// `pre_roll` is what the gate delivers from before an opening.
    pub fn new(pre_roll: Duration) -> KeptAudio {
        let pre_roll_samples = (media::frames_in(pre_roll) * FRAME_SAMPLES) as u64;
        KeptAudio { frames: VecDeque::new(), ended_at: None, pre_roll_samples }
    }

    /// The gate opened at `at_sample`. What was kept stays when the audio goes on without a gap: then the gate had
    /// closed in the middle of a word.
    pub fn opened(&mut self, at_sample: u64) {
        let goes_on = self.ended_at.take().is_some_and(|ended| at_sample <= ended + self.pre_roll_samples);
        if !goes_on {
            self.frames.clear();
        }
    }

    /// The gate closed; the last frame ended at `at_sample`.
    pub fn closed(&mut self, at_sample: u64) {
        self.ended_at = Some(at_sample);
    }

    pub fn push(&mut self, frame: &Samples) {
        if self.frames.len() == KEPT_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(*frame);
    }

    /// A recognition has had all this and is asked for its words: nobody else may write them down again.
    pub fn clear(&mut self) {
        self.frames.clear();
    }

    pub fn frames(&self) -> impl Iterator<Item = &Samples> {
        self.frames.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: usize) -> Samples {
        [number as i16; FRAME_SAMPLES]
    }

    fn kept(audio: &KeptAudio) -> Vec<i16> {
        audio.frames().map(|frame| frame[0]).collect()
    }

    fn after_one_opening() -> KeptAudio {
        let mut audio = KeptAudio::new(Duration::from_millis(300));
        audio.opened(16_000);
        (1..=3).for_each(|number| audio.push(&frame(number)));
        audio.closed(32_000);
        audio
    }

    #[test]
    fn frames_are_kept_in_their_order() {
        assert_eq!(kept(&after_one_opening()), [1, 2, 3]);
    }

    #[test]
    fn a_new_opening_starts_afresh() {
        let mut audio = after_one_opening();
        audio.opened(32_000 + 4_801);
        audio.push(&frame(4));
        assert_eq!(kept(&audio), [4]);
    }

    #[test]
    fn an_opening_that_goes_on_without_a_gap_keeps_the_beginning_of_the_word() {
        let mut audio = after_one_opening();
        audio.opened(32_000 + 4_800);
        audio.push(&frame(4));
        assert_eq!(kept(&audio), [1, 2, 3, 4]);
    }

    #[test]
    fn only_the_newest_five_seconds_are_kept() {
        let mut audio = KeptAudio::new(Duration::ZERO);
        (0..300).for_each(|number| audio.push(&frame(number)));
        assert_eq!(kept(&audio), (50..300).collect::<Vec<i16>>());
    }

    #[test]
    fn what_was_written_down_is_kept_no_longer() {
        let mut audio = after_one_opening();
        audio.clear();
        audio.push(&frame(9));
        assert_eq!(kept(&audio), [9]);
    }
}
