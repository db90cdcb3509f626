//! Probabilities of speech become one verdict on an onset. Pure.

use crate::{samples_in, settings::VadSettings};

/// What becomes of an onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is speech.
    Confirmed,
    /// No speech came in time; it may still be confirmed.
    Dismissed,
}

/// One utterance under judgement.
#[derive(Debug)]
pub(crate) struct Judgement {
    confirm_probability: f32,
    confirm_windows: u32,
    /// Samples of the utterance, pre-roll included, after which it is dismissed.
    dismiss_at: usize,
    /// Windows in a row that are speech.
    speech: u32,
    verdict: Option<Verdict>,
}

impl Judgement {
    pub(crate) fn new(settings: &VadSettings) -> Self {
        let dismiss_at = samples_in(settings.pre_roll.saturating_add(settings.dismiss_after));
        Self {
            confirm_probability: settings.confirm_probability,
            confirm_windows: settings.confirm_windows.max(1),
            dismiss_at,
            speech: 0,
            verdict: None,
        }
    }

    pub(crate) fn is_decided(&self) -> bool {
        self.verdict.is_some()
    }

    /// Nothing more is to be said about this utterance.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.verdict == Some(Verdict::Confirmed)
    }

    /// A window that ends `end_sample` samples into the utterance was judged; the verdict if this gives one.
    pub(crate) fn heard(&mut self, probability: f32, end_sample: usize) -> Option<Verdict> {
        self.speech = if probability >= self.confirm_probability { self.speech.saturating_add(1) } else { 0 };
        match self.verdict {
            None | Some(Verdict::Dismissed) if self.speech >= self.confirm_windows => self.give(Verdict::Confirmed),
            None if end_sample >= self.dismiss_at => self.give(Verdict::Dismissed),
            None | Some(Verdict::Confirmed | Verdict::Dismissed) => None,
        }
    }

    /// The utterance is over; the verdict if there was none.
    pub(crate) fn ended(&mut self) -> Option<Verdict> {
        if self.verdict.is_some() { None } else { self.give(Verdict::Dismissed) }
    }

    /// Nobody can judge: whatever stage 1 took for speech is speech.
    pub(crate) fn unjudged(&mut self) -> Option<Verdict> {
        if self.is_confirmed() { None } else { self.give(Verdict::Confirmed) }
    }

    fn give(&mut self, verdict: Verdict) -> Option<Verdict> {
        self.verdict = Some(verdict);
        Some(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Confirmed, Dismissed};

    fn judgement() -> Judgement {
        Judgement::new(&VadSettings::default())
    }

    /// Windows of the pre-roll, all silent.
    fn pre_roll(judgement: &mut Judgement) {
        for end in (512..=4_800).step_by(512) {
            assert_eq!(judgement.heard(0.0, end), None);
        }
    }

    #[test]
    fn the_first_window_of_speech_confirms_and_nothing_follows() {
        let mut judgement = judgement();
        pre_roll(&mut judgement);
        assert_eq!(judgement.heard(0.5, 5_120), Some(Confirmed));
        assert_eq!(judgement.heard(0.0, 100_000), None);
        assert_eq!(judgement.heard(0.9, 100_512), None);
        assert_eq!(judgement.ended(), None);
    }

    #[test]
    fn an_onset_without_speech_is_dismissed_in_time_not_earlier() {
        let mut judgement = judgement();
        pre_roll(&mut judgement);
        assert_eq!(judgement.heard(0.49, 8_639), None);
        assert_eq!(judgement.heard(0.49, 8_640), Some(Dismissed));
        assert_eq!(judgement.heard(0.49, 9_000), None);
        assert_eq!(judgement.ended(), None);
    }

    #[test]
    fn an_onset_that_ends_without_speech_is_dismissed_then() {
        let mut judgement = judgement();
        pre_roll(&mut judgement);
        assert_eq!(judgement.ended(), Some(Dismissed));
        assert_eq!(judgement.ended(), None);
    }

    #[test]
    fn speech_after_a_dismissal_still_confirms_once() {
        let mut judgement = judgement();
        assert_eq!(judgement.heard(0.1, 8_640), Some(Dismissed));
        assert_eq!(judgement.heard(0.9, 9_152), Some(Confirmed));
        assert_eq!(judgement.heard(0.9, 9_664), None);
        assert_eq!(judgement.ended(), None);
    }

    #[test]
    fn windows_of_speech_must_follow_each_other_when_several_are_wanted() {
        let mut judgement = Judgement::new(&VadSettings { confirm_windows: 2, ..VadSettings::default() });
        assert_eq!(judgement.heard(0.9, 512), None);
        assert_eq!(judgement.heard(0.1, 1_024), None);
        assert_eq!(judgement.heard(0.9, 1_536), None);
        assert_eq!(judgement.heard(0.9, 2_048), Some(Confirmed));
    }

    #[test]
    fn what_cannot_be_judged_is_speech() {
        let mut undecided = judgement();
        assert_eq!(undecided.unjudged(), Some(Confirmed));
        assert_eq!(undecided.unjudged(), None);
        let mut dismissed = judgement();
        assert_eq!(dismissed.ended(), Some(Dismissed));
        assert_eq!(dismissed.unjudged(), Some(Confirmed));
    }

    #[test]
    fn a_probability_that_is_no_number_is_no_speech() {
        assert_eq!(judgement().heard(f32::NAN, 512), None);
    }
}
