//! What the caller said since the agent's turn, as far as it was taken down.

use std::time::Duration;

use crate::hearsay::CERTAIN;
use crate::{Instant, Settings, UtteranceId};

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

/// What the caller says before the agent answers: mostly one recognition, more when he goes on
/// after the first one's transcript was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    parts: Vec<Part>,
    sounding_since: Instant,
    voiced: Duration,
    /// The agent was cut off by it.
    pub(crate) interrupts: bool,
    /// It is speech for certain.
    pub(crate) confirmed: bool,
}

impl Said {
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

/// Whether the agent says that it understood nothing, the `in_a_row`-th time (from 0).
///
/// Noise is passed over in silence, and a line that stays noisy does not make the agent say the
/// same over and over: the no-input prompts take over. An agent that has let itself be interrupted
/// speaks up in any case, since it left a sentence unfinished.
pub(crate) fn admits_not_understanding(heard: &Said, in_a_row: u32, settings: &Settings) -> bool {
    match in_a_row {
        0 => heard.interrupts || heard.voiced() >= settings.prompting.not_understood_min_speech,
        1 => heard.interrupts || heard.voiced() >= settings.prompting.not_understood_again_min_speech,
        2.. => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: UtteranceId = UtteranceId(1);
    const TWO: UtteranceId = UtteranceId(2);

    fn heard_for(millis: u64) -> Said {
        let mut hearing = Said::new(Instant::ZERO);
        hearing.recognise(ONE);
        hearing.fall_silent(Instant::from_millis(millis));
        hearing
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
