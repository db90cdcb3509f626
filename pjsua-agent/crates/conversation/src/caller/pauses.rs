//! Whether what the caller said is over: his pauses, and how long one has to last.

use std::collections::VecDeque;
use std::time::Duration;

use crate::language::{Completeness, Language};
use crate::{Instant, PauseId, Settings};

/// What the end-of-turn model says of a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Score {
    /// He goes on.
    Against,
    Undecided,
    /// He has finished.
    Sure,
}

impl Score {
    /// Judges a score in thousandths by those before it of the same silence: the first one tells most,
    /// since the silence itself raises the later ones.
    pub(crate) fn of(per_mille: u16, before: Option<Self>, settings: &Settings) -> Self {
        match before {
            None if per_mille >= settings.endpointing.sure_score => Self::Sure,
            None if per_mille >= settings.endpointing.likely_score => Self::Undecided,
            None => Self::Against,
            Some(_) if per_mille >= settings.endpointing.late_score => Self::Sure,
            Some(before) => before,
        }
    }
}

/// One silence after which the caller may have finished.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pause {
    pub(crate) id: PauseId,
    /// The first silent moment.
    pub(crate) since: Instant,
    pub(crate) score: Option<Score>,
    /// Something is heard again that may be speech.
    pub(crate) sound: Option<Instant>,
}

/// The silence that ends an utterance of which `text` was understood so far; `score` is the end-of-turn
/// model's, `learnt` the longest pause that this caller made inside his utterances.
///
/// Fast when the voice says he has finished and the words do not contradict, patient when either
/// says he has not.
pub(crate) fn silence_needed(text: &str, score: Option<Score>, learnt: Duration, settings: &Settings) -> Duration {
    let completeness = Language::of(&settings.language).completeness(text);
    let needed = match (completeness, score) {
        (Completeness::Dictating { .. }, _) => settings.endpointing.dictation_silence,
        // The recogniser may have heard the last word wrong; the voice is not easily mistaken.
        (Completeness::Incomplete, Some(Score::Sure)) => settings.endpointing.likely_silence,
        (Completeness::Incomplete, Some(Score::Undecided | Score::Against) | None) => {
            settings.endpointing.unlikely_silence
        }
        (Completeness::Complete | Completeness::Open, None) => settings.endpointing.endpoint_silence,
        (Completeness::Complete | Completeness::Open, Some(Score::Sure)) => settings.endpointing.sure_silence,
        (Completeness::Complete, Some(Score::Undecided)) => settings.endpointing.sure_silence,
        (Completeness::Complete, Some(Score::Against)) | (Completeness::Open, Some(Score::Undecided)) => {
            settings.endpointing.likely_silence
        }
        (Completeness::Open, Some(Score::Against)) => settings.endpointing.unlikely_silence,
    };
    let sure = needed <= settings.endpointing.sure_silence
        || (score.is_none() && needed == settings.endpointing.endpoint_silence);
    let patient = learnt * u32::from(settings.endpointing.learnt_pause_percent) / 100;
    if sure { needed } else { needed.max(patient).min(settings.endpointing.longest_silence.max(needed)) }
}

/// The pauses a caller makes inside his utterances.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LearntPauses {
    latest: VecDeque<Duration>,
}

/// Shorter ones are between words; nothing is to be learnt of them.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);

/// So many are remembered: people who first fetch their papers speak faster afterwards.
const PAUSES_KEPT: usize = 6;

impl LearntPauses {
    pub(crate) fn learn(&mut self, pause: Duration, settings: &Settings) {
        if pause < SHORTEST_PAUSE || pause > settings.endpointing.longest_silence {
            return;
        }
        if self.latest.len() == PAUSES_KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(pause);
    }

    pub(crate) fn longest(&self) -> Duration {
        self.latest.iter().copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(per_mille: u16) -> Score {
        Score::of(per_mille, None, &Settings::default())
    }

    fn needed(text: &str, score: Option<u16>) -> u128 {
        silence_needed(text, score.map(judged), Duration::ZERO, &Settings::default()).as_millis()
    }

    #[test]
    fn the_first_score_tells_most() {
        let settings = Settings::default();
        assert_eq!([899, 900].map(judged), [Score::Undecided, Score::Sure]);
        assert_eq!([299, 300].map(judged), [Score::Against, Score::Undecided]);
        let later = |per_mille, before| Score::of(per_mille, Some(before), &settings);
        assert_eq!(later(949, Score::Against), Score::Against);
        assert_eq!(later(950, Score::Against), Score::Sure);
        assert_eq!(later(100, Score::Sure), Score::Sure);
    }

    #[test]
    fn the_score_ends_an_utterance_fast_and_the_words_can_contradict() {
        assert_eq!(needed("i would like a teapot", Some(950)), 280);
        assert_eq!(needed("i would like a teapot", Some(500)), 1_050);
        assert_eq!(needed("i would like a teapot", Some(100)), 1_200);
        assert_eq!(needed("i would like a teapot and", Some(950)), 1_050);
        assert_eq!(needed("i would like a teapot and", Some(500)), 1_200);
    }

    #[test]
    fn a_whole_question_needs_less_of_a_score() {
        assert_eq!(needed("what are your opening hours", Some(400)), 280);
        assert_eq!(needed("what are your opening hours", Some(100)), 1_050);
    }

    #[test]
    fn without_a_score_the_plain_silence_decides_and_the_words() {
        assert_eq!(needed("i would like a teapot", None), 500);
        assert_eq!(needed("", None), 500);
        assert_eq!(needed("i would like a", None), 1_200);
    }

    #[test]
    fn digits_are_waited_for_whatever_the_score() {
        assert_eq!(needed("my number is four five one", Some(990)), 1_500);
    }

    #[test]
    fn learnt_pauses_prolong_the_wait_unless_it_is_sure() {
        let settings = Settings::default();
        let mut pauses = LearntPauses::default();
        pauses.learn(Duration::from_millis(100), &settings);
        assert_eq!(pauses.longest(), Duration::ZERO);
        pauses.learn(Duration::from_millis(1_500), &settings);
        pauses.learn(Duration::from_millis(9_000), &settings);
        let needed =
            |score| silence_needed("i would like", Some(judged(score)), pauses.longest(), &settings).as_millis();
        assert_eq!((needed(950), needed(500), needed(100)), (280, 1_950, 1_950));
        for _ in 0..PAUSES_KEPT {
            pauses.learn(Duration::from_millis(300), &settings);
        }
        assert_eq!(pauses.longest(), Duration::from_millis(300), "the old ones are forgotten");
    }
}
