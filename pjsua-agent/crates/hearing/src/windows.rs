//! Frames of 20 ms become the windows of 32 ms that Silero was trained on. Pure.

use crate::silero::INPUT;

/// New samples of a window.
pub(crate) const WINDOW: usize = 512;
/// Samples of the window before that the model sees again.
pub(crate) const CONTEXT: usize = 64;

/// An utterance is judged as if its loudest frame so far had this RMS level, in dBFS, if it is quieter. Silero goes by
/// the level as well: of 97 onsets within sentences it dismissed 1 first at an active speech level of −23 dBFS and 14 at
/// −50; at this level, which −23 dBFS speech reaches by itself, 1 and 0. −15 dismisses more at −23.
const JUDGED_DBFS: f32 = -20.0;
/// No utterance is judged as louder by more than this, in dB: the quietest caller who is heard is at −50 dBFS.
const MAX_GAIN_DB: f32 = 30.0;

/// A window to be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window<'a> {
    pub(crate) samples: &'a [f32; INPUT],
    /// Samples of the utterance up to its end.
    pub(crate) end_sample: usize,
    /// What its samples are to be multiplied by before they are judged, at least 1.
    pub(crate) gain: f32,
    /// It follows the one before without overlap, and the model's memory goes on from it.
    pub(crate) is_whole: bool,
}

/// One utterance's audio that is not judged yet, and the little before it that the model needs.
#[derive(Debug)]
pub(crate) struct Windows {
    /// The last `INPUT` samples judged, zeros before the utterance; then what waits.
    samples: Vec<f32>,
    /// All samples of the utterance so far.
    heard: usize,
    /// `heard` when the newest window was judged.
    judged: usize,
    /// Greatest mean square of a frame so far, full scale = 1.
    loudest: f32,
}

impl Windows {
    pub(crate) fn new() -> Self {
        Self { samples: vec![0.0; INPUT], heard: 0, judged: 0, loudest: 0.0 }
    }

    pub(crate) fn push(&mut self, frame: &[i16]) {
        let from = self.samples.len();
        self.samples.extend(frame.iter().map(|&sample| f32::from(sample) / 32_768.0));
        let energy: f32 = self.samples[from..].iter().map(|sample| sample * sample).sum();
        self.loudest = self.loudest.max(energy / frame.len() as f32);
        self.heard += frame.len();
    }

    /// The next window: a whole one, or, when none waits and `newest` is wanted, the newest samples, which overlap with
    /// what was judged.
    pub(crate) fn next(&self, newest: bool) -> Option<Window<'_>> {
        let waiting = self.samples.len() - INPUT;
        let (from, end_sample, is_whole) = if waiting >= WINDOW {
            (INPUT - CONTEXT, self.heard - waiting + WINDOW, true)
        } else if newest && self.heard > self.judged && self.heard >= INPUT {
            (waiting, self.heard, false)
        } else {
            return None;
        };
        let samples = self.samples[from..from + INPUT].try_into().expect("a slice of INPUT samples");
        Some(Window { samples, end_sample, gain: self.gain(), is_whole })
    }

    /// What brings the loudest frame so far to [`JUDGED_DBFS`].
    fn gain(&self) -> f32 {
        let dbfs = 10.0 * self.loudest.max(f32::MIN_POSITIVE).log10();
        10.0_f32.powf((JUDGED_DBFS - dbfs).clamp(0.0, MAX_GAIN_DB) / 20.0)
    }

    /// That window was judged.
    pub(crate) fn judged(&mut self, is_whole: bool) {
        if is_whole {
            self.judged = self.heard - (self.samples.len() - INPUT) + WINDOW;
            self.samples.drain(..WINDOW);
        } else {
            self.judged = self.heard;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(from: usize) -> [i16; 320] {
        std::array::from_fn(|i| i16::try_from(from + i).unwrap())
    }

    fn first(window: &Window<'_>) -> f32 {
        window.samples[0] * 32_768.0
    }

    #[test]
    fn whole_windows_follow_each_other_with_the_context_of_the_one_before() {
        let mut windows = Windows::new();
        windows.push(&frame(1));
        assert_eq!(windows.next(false), None);
        windows.push(&frame(321));
        let window = windows.next(false).unwrap();
        assert_eq!((window.end_sample, window.is_whole), (512, true));
        assert!(window.samples[..CONTEXT].iter().all(|&sample| sample == 0.0));
        assert_eq!(window.samples[CONTEXT] * 32_768.0, 1.0);
        windows.judged(true);
        assert_eq!(windows.next(false), None);
        windows.push(&frame(641));
        windows.push(&frame(961));
        let window = windows.next(false).unwrap();
        assert_eq!((first(&window), window.end_sample), (1.0 + (WINDOW - CONTEXT) as f32, 1_024));
    }

    #[test]
    fn the_newest_samples_are_judged_once_after_the_whole_windows() {
        let mut windows = Windows::new();
        (0..3).for_each(|nth| windows.push(&frame(1 + 320 * nth)));
        assert!(windows.next(true).unwrap().is_whole);
        windows.judged(true);
        let window = windows.next(true).unwrap();
        assert_eq!((window.end_sample, window.is_whole, first(&window)), (960, false, 1.0 + (960 - INPUT) as f32));
        windows.judged(false);
        assert_eq!(windows.next(true), None);
        windows.push(&frame(961));
        assert_eq!(windows.next(true).unwrap().end_sample, 1_024);
    }

    #[test]
    fn a_window_that_would_begin_before_the_utterance_is_not_judged_early() {
        let mut windows = Windows::new();
        windows.push(&frame(1));
        assert_eq!(windows.next(true), None);
    }

    #[test]
    fn the_whole_windows_do_not_depend_on_the_newest_ones() {
        let run = |newest: bool| {
            let (mut windows, mut ends) = (Windows::new(), Vec::new());
            for nth in 0..20 {
                windows.push(&frame(1 + 320 * nth));
                while let Some(window) = windows.next(newest) {
                    let (is_whole, end, first) = (window.is_whole, window.end_sample, first(&window));
                    if is_whole {
                        ends.push((end, first));
                    }
                    windows.judged(is_whole);
                }
            }
            ends
        };
        assert_eq!(run(true), run(false));
        assert_eq!(run(true).len(), 20 * 320 / WINDOW);
    }
}
