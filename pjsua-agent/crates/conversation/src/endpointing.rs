//! The caller's part of the conversation: what he said since the agent's turn, and whether it
//! is over.

use std::collections::VecDeque;
use std::time::Duration;

use crate::draft::Draft;
use crate::language::{Completeness, Language};
use crate::{Instant, PauseId, Settings, UtteranceId};

#[derive(Clone, Debug, PartialEq)]
enum Progress {
    Open,
    Finishing,
    Heard(String),
    Lost,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    utterance: UtteranceId,
    progress: Progress,
    /// What was understood before the final transcript.
    partial: String,
    /// How certain the final transcript is, in thousandths.
    confidence_per_mille: u16,
}

/// Of a transcript that is taken as it is, in thousandths.
pub(crate) const CERTAIN: u16 = 1_000;

/// What the caller says before the agent answers: mostly one recognition, more when he goes on
/// after the first one's transcript was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hearing {
    parts: Vec<Part>,
    sounding_since: Instant,
    voiced: Duration,
    /// The agent was cut off by it.
    pub(crate) interrupts: bool,
    /// It is speech for certain.
    pub(crate) confirmed: bool,
}

impl Hearing {
    pub(crate) fn new(sounding_since: Instant) -> Self {
        Self { parts: Vec::new(), sounding_since, voiced: Duration::ZERO, interrupts: false, confirmed: false }
    }

    /// A new recognition takes down what follows.
    pub(crate) fn recognise(&mut self, utterance: UtteranceId) {
        let (progress, partial) = (Progress::Open, String::new());
        self.parts.push(Part { utterance, progress, partial, confidence_per_mille: CERTAIN });
    }

    /// What the caller had told before in another way goes in front.
    pub(crate) fn begin_with(&mut self, text: String) {
        let progress = Progress::Heard(text);
        let (utterance, partial) = (UtteranceId::default(), String::new());
        self.parts.insert(0, Part { utterance, progress, partial, confidence_per_mille: CERTAIN });
    }

    /// Takes what was understood so far. A later partial may be empty; what was recognised once was said.
    pub(crate) fn hear_partial(&mut self, utterance: UtteranceId, text: &str) -> bool {
        let part = self.parts.iter_mut().find(|part| part.utterance == utterance && part.is_awaited());
        match part {
            Some(part) if !text.trim().is_empty() => {
                part.partial = text.trim().to_owned();
                true
            }
            Some(_) | None => false,
        }
    }

    /// The recognition that takes down what the caller says now.
    pub(crate) fn open(&self) -> Option<UtteranceId> {
        let open = self.parts.iter().find(|part| part.progress == Progress::Open);
        open.map(|part| part.utterance)
    }

    /// Asks for no more than was said so far; returns the recognition to finish.
    pub(crate) fn finish(&mut self) -> Option<UtteranceId> {
        let open = self.parts.iter_mut().find(|part| part.progress == Progress::Open)?;
        open.progress = Progress::Finishing;
        Some(open.utterance)
    }

    /// Takes a final transcript. Returns whether it was awaited.
    pub(crate) fn hear(&mut self, utterance: UtteranceId, text: &str, confidence_per_mille: u16) -> bool {
        let part = self.parts.iter_mut().find(|part| part.utterance == utterance && part.is_awaited());
        let Some(part) = part else { return false };
        part.progress = Progress::Heard(text.trim().to_owned());
        part.confidence_per_mille = confidence_per_mille;
        true
    }

    /// How certain the least certain of the words are, in thousandths.
    pub(crate) fn confidence_per_mille(&self) -> u16 {
        let with_words =
            self.parts.iter().filter(|part| matches!(&part.progress, Progress::Heard(text) if !text.is_empty()));
        with_words.map(|part| part.confidence_per_mille).min().unwrap_or(CERTAIN)
    }

    /// Gives up `utterance`, or all that are awaited; returns those given up.
    pub(crate) fn lose(&mut self, utterance: Option<UtteranceId>) -> Vec<UtteranceId> {
        self.lose_those(|part| part.is_awaited() && utterance.is_none_or(|one| one == part.utterance))
    }

    /// Gives up the transcripts that were asked for; returns their recognitions.
    pub(crate) fn lose_finishing(&mut self) -> Vec<UtteranceId> {
        self.lose_those(|part| part.progress == Progress::Finishing)
    }

    fn lose_those(&mut self, which: impl Fn(&Part) -> bool) -> Vec<UtteranceId> {
        let lost = self.parts.iter_mut().filter(|part| which(part));
        lost.map(|part| {
            part.progress = Progress::Lost;
            part.utterance
        })
        .collect()
    }

    /// The caller is heard again.
    pub(crate) fn sound(&mut self, now: Instant) {
        self.sounding_since = now;
    }

    /// The caller fell silent at `since`.
    pub(crate) fn fall_silent(&mut self, since: Instant) {
        self.voiced += since - self.sounding_since;
        self.sounding_since = self.sounding_since.max(since);
    }

    /// How long he was heard until `now`, if he is heard still.
    pub(crate) fn voiced_until(&self, now: Instant) -> Duration {
        self.voiced + (now - self.sounding_since)
    }

    /// How long the caller was heard.
    pub(crate) fn voiced(&self) -> Duration {
        self.voiced
    }

    /// No transcript is awaited.
    pub(crate) fn is_complete(&self) -> bool {
        !self.parts.iter().any(Part::is_awaited)
    }

    /// Something the caller said was not taken down.
    pub(crate) fn is_lost(&self) -> bool {
        self.parts.iter().any(|part| part.progress == Progress::Lost)
    }

    /// All that was understood so far, partial transcripts included.
    pub(crate) fn text_so_far(&self) -> String {
        let texts = self.parts.iter().map(|part| match &part.progress {
            Progress::Heard(text) => text.as_str(),
            Progress::Open | Progress::Finishing => part.partial.as_str(),
            Progress::Lost => "",
        });
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// All that was understood, in the order in which it was said.
    pub(crate) fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match &part.progress {
            Progress::Heard(text) if !text.is_empty() => Some(text.as_str()),
            Progress::Heard(_) | Progress::Open | Progress::Finishing | Progress::Lost => None,
        });
        texts.collect::<Vec<_>>().join(" ")
    }
}

impl Part {
    fn is_awaited(&self) -> bool {
        match self.progress {
            Progress::Open | Progress::Finishing => true,
            Progress::Heard(_) | Progress::Lost => false,
        }
    }
}

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
            None if per_mille >= settings.sure_score => Self::Sure,
            None if per_mille >= settings.likely_score => Self::Undecided,
            None => Self::Against,
            Some(_) if per_mille >= settings.late_score => Self::Sure,
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

/// The caller pauses or has finished.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pausing {
    pub(crate) hearing: Hearing,
    pub(crate) pause: Pause,
    /// The reply that is prepared in case he has finished.
    pub(crate) draft: Option<Draft>,
}

/// The silence that ends an utterance of which `text` was understood so far; `score` is the end-of-turn
/// model's, `learnt` the longest pause that this caller made inside his utterances.
///
/// Fast when the voice says he has finished and the words do not contradict, patient when either
/// says he has not.
pub(crate) fn silence_needed(text: &str, score: Option<Score>, learnt: Duration, settings: &Settings) -> Duration {
    let completeness = Language::of(&settings.language).completeness(text);
    let needed = match (completeness, score) {
        (Completeness::Dictating { .. }, _) => settings.dictation_silence,
        // The recogniser may have heard the last word wrong; the voice is not easily mistaken.
        (Completeness::Incomplete, Some(Score::Sure)) => settings.likely_silence,
        (Completeness::Incomplete, Some(Score::Undecided | Score::Against) | None) => settings.unlikely_silence,
        (Completeness::Complete | Completeness::Open, None) => settings.endpoint_silence,
        (Completeness::Complete | Completeness::Open, Some(Score::Sure)) => settings.sure_silence,
        (Completeness::Complete, Some(Score::Undecided)) => settings.sure_silence,
        (Completeness::Complete, Some(Score::Against)) | (Completeness::Open, Some(Score::Undecided)) => {
            settings.likely_silence
        }
        (Completeness::Open, Some(Score::Against)) => settings.unlikely_silence,
    };
    let sure = needed <= settings.sure_silence || (score.is_none() && needed == settings.endpoint_silence);
    let patient = learnt * u32::from(settings.learnt_pause_percent) / 100;
    if sure { needed } else { needed.max(patient).min(settings.longest_silence.max(needed)) }
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
        if pause < SHORTEST_PAUSE || pause > settings.longest_silence {
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

/// Whether the agent says that it understood nothing, the `in_a_row`-th time (from 0).
///
/// Noise is passed over in silence, and a line that stays noisy does not make the agent say the
/// same over and over: the no-input prompts take over. An agent that has let itself be interrupted
/// speaks up in any case, since it left a sentence unfinished.
pub(crate) fn admits_not_understanding(heard: &Hearing, in_a_row: u32, settings: &Settings) -> bool {
    match in_a_row {
        0 => heard.interrupts || heard.voiced() >= settings.not_understood_min_speech,
        1 => heard.interrupts || heard.voiced() >= settings.not_understood_again_min_speech,
        2.. => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: UtteranceId = UtteranceId(1);
    const TWO: UtteranceId = UtteranceId(2);

    fn heard_for(millis: u64) -> Hearing {
        let mut hearing = Hearing::new(Instant::ZERO);
        hearing.recognise(ONE);
        hearing.fall_silent(Instant::from_millis(millis));
        hearing
    }

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

    #[test]
    fn transcripts_are_joined_in_spoken_order() {
        let mut hearing = heard_for(400);
        assert_eq!(hearing.finish(), Some(ONE));
        hearing.recognise(TWO);
        assert!(hearing.hear(TWO, " on saturday ", 900));
        assert!(!hearing.is_complete());
        assert!(hearing.hear(ONE, "are you open", 300));
        assert!(hearing.is_complete());
        assert_eq!(hearing.text(), "are you open on saturday");
        assert_eq!(hearing.confidence_per_mille(), 300);
        assert!(!hearing.hear(ONE, "again", 900));
    }

    #[test]
    fn pauses_are_not_voiced() {
        let mut hearing = heard_for(400);
        hearing.sound(Instant::from_millis(700));
        hearing.fall_silent(Instant::from_millis(900));
        assert_eq!(hearing.voiced(), Duration::from_millis(600));
    }

    #[test]
    fn not_understanding_is_admitted_twice_at_most() {
        let settings = Settings::default();
        let admits = |millis, in_a_row| admits_not_understanding(&heard_for(millis), in_a_row, &settings);
        assert!(!admits(200, 0));
        assert!(admits(300, 0));
        assert!(!admits(999, 1));
        assert!(admits(1_000, 1));
        assert!(!admits(9_000, 2));
    }
}
