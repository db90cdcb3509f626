//! When the caller's audio goes further: utterances out of voiced frames.
//!
//! Closed, the gate keeps the last frames back. When enough of the last few are
//! voiced an utterance has begun: its beginning is reported, then what was kept
//! (no frame twice), then each frame as it comes, until it has been silent for
//! the hang-over. That is shorter than many a pause between words, so for a while
//! after it the gate opens as readily as it would have stayed open.

use std::collections::VecDeque;

use crate::frame::{FRAME_SAMPLES, Samples, frames_in};
use crate::level::Loudness;
use crate::settings::AudioSettings;
use crate::vad::Vad;

/// What leaves the gate, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Passed<'a> {
    Started { at_sample: u64 },
    Frame(&'a Samples),
    Ended { at_sample: u64, silence_samples: u64 },
}

/// Decides for one call's captured frames.
pub(crate) struct Gate {
    vad: Vad,
    kept: VecDeque<(u64, Samples)>,
    keep_frames: usize,
    pre_roll_frames: usize,
    onset_window: u32,
    onset_frames: u32,
    sure_frames: u32,
    hang_over_samples: u64,
    state: State,
}

enum State {
    /// One bit for each of the last frames, the newest lowest: is it a voice, is
    /// it a hiss? For so many more frames, what would have prolonged the last
    /// utterance begins the next.
    Closed { voiced: u32, hissed: u32, was_voiced: bool, reopens_for: usize },
    /// Silent from `silent_from` on. A single voiced frame does not change that:
    /// a click must not prolong the utterance.
    Open { silent_from: u64, was_voiced: bool },
}

impl State {
    fn closed(reopens_for: usize) -> State {
        State::Closed { voiced: 0, hissed: 0, was_voiced: false, reopens_for }
    }
}

const FRAME: u64 = FRAME_SAMPLES as u64;

impl Gate {
    pub(crate) fn new(settings: &AudioSettings) -> Self {
        let onset_window = settings.onset_window.clamp(1, 32);
        let onset_frames = settings.onset_frames.clamp(1, onset_window) as u32;
        let pre_roll_frames = frames_in(settings.pre_roll);
        let keep_frames = pre_roll_frames + onset_window;
        Self {
            vad: Vad::new(settings),
            kept: VecDeque::with_capacity(keep_frames),
            keep_frames,
            pre_roll_frames,
            onset_window: onset_window as u32,
            onset_frames,
            sure_frames: (2 * onset_frames).div_ceil(3),
            hang_over_samples: frames_in(settings.hang_over).max(1) as u64 * FRAME,
            state: State::closed(0),
        }
    }

    /// Takes the frame whose first sample is `at_sample`, captured when what the
    /// agent said was as loud as `played`; passes on what is due and returns the
    /// frame's level, in dBFS.
    pub(crate) fn process(
        &mut self,
        at_sample: u64,
        frame: &Samples,
        played: Loudness,
        mut pass: impl FnMut(Passed<'_>),
    ) -> f32 {
        let verdict = self.vad.judge(frame, played);
        match self.state {
            State::Closed { voiced, hissed, was_voiced, reopens_for } => {
                self.keep(at_sample, frame);
                let voiced = voiced << 1 | u32::from(verdict.may_begin);
                let hissed = hissed << 1 | u32::from(verdict.may_lead);
                let is_voiced = verdict.may_continue;
                let reopens = reopens_for > 0 && is_voiced && was_voiced;
                self.state =
                    State::Closed { voiced, hissed, was_voiced: is_voiced, reopens_for: reopens_for.saturating_sub(1) };
                if self.is_onset(voiced, hissed, verdict.is_sure) {
                    self.open(at_sample, (voiced & Self::last(self.onset_window)).ilog2() as usize, pass);
                } else if reopens {
                    self.open(at_sample, 1, pass);
                }
            }
            State::Open { silent_from, was_voiced } => {
                pass(Passed::Frame(frame));
                let frame_end = at_sample + FRAME;
                let is_voiced = verdict.may_continue;
                let silent_from = if is_voiced && was_voiced { frame_end } else { silent_from };
                self.state = State::Open { silent_from, was_voiced: is_voiced };
                let silence_samples = frame_end.saturating_sub(silent_from);
                if silence_samples >= self.hang_over_samples {
                    pass(Passed::Ended { at_sample: silent_from, silence_samples });
                    self.state = State::closed(self.pre_roll_frames);
                }
            }
        }
        verdict.level_dbfs
    }

    /// The first voiced frame was `frames_ago` before the newest.
    fn open(&mut self, at_sample: u64, frames_ago: usize, mut pass: impl FnMut(Passed<'_>)) {
        let newest = self.kept.len() - 1;
        let first_voiced = newest.saturating_sub(frames_ago);
        pass(Passed::Started { at_sample: self.kept[first_voiced].0 });
        let from = first_voiced.saturating_sub(self.pre_roll_frames);
        for (_, frame) in self.kept.range(from..) {
            pass(Passed::Frame(frame));
        }
        self.kept.clear();
        self.state = State::Open { silent_from: at_sample + FRAME, was_voiced: true };
    }

    fn keep(&mut self, at_sample: u64, frame: &Samples) {
        if self.kept.len() == self.keep_frames {
            self.kept.pop_front();
        }
        self.kept.push_back((at_sample, *frame));
    }

    /// Enough voiced frames; or fewer, of which the newest leaves no doubt; or the
    /// first one after as long a hiss, as in "sorry": the "s" alone lasts longer
    /// than a barge-in may go unnoticed.
    fn is_onset(&self, voiced: u32, hissed: u32, is_sure: bool) -> bool {
        let is_voiced = voiced & 1 == 1;
        let hisses = (hissed & Self::last(2 * self.onset_window)).count_ones();
        let voices = (voiced & Self::last(self.onset_window)).count_ones();
        let sure = Self::last(self.sure_frames);
        voices >= self.onset_frames || (is_sure && voiced & sure == sure) || (is_voiced && hisses >= self.onset_frames)
    }

    /// The bits of the last `frames` frames.
    fn last(frames: u32) -> u32 {
        u32::MAX >> (32 - frames.min(32))
    }
}
