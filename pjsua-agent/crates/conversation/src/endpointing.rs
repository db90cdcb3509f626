//! The caller's part of the conversation: what he said since the agent's turn, and whether it
//! is over.

use std::time::Duration;

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
}

/// What the caller says before the agent answers: mostly one recognition, more when he goes on
/// after the first one's transcript was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hearing {
    parts: Vec<Part>,
    sounding_since: Instant,
    voiced: Duration,
    /// The agent was cut off by it.
    pub(crate) interrupts: bool,
}

impl Hearing {
    pub(crate) fn new(sounding_since: Instant) -> Self {
        Self { parts: Vec::new(), sounding_since, voiced: Duration::ZERO, interrupts: false }
    }

    /// A new recognition takes down what follows.
    pub(crate) fn recognise(&mut self, utterance: UtteranceId) {
        self.parts.push(Part { utterance, progress: Progress::Open });
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
    pub(crate) fn hear(&mut self, utterance: UtteranceId, text: &str) -> bool {
        let part = self.parts.iter_mut().find(|part| part.utterance == utterance && part.is_awaited());
        part.map(|part| part.progress = Progress::Heard(text.trim().to_owned())).is_some()
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

/// When an utterance that has been silent for `silence` is over.
pub(crate) fn endpoint(now: Instant, silence: Duration, settings: &Settings) -> Instant {
    now + settings.endpoint_silence.saturating_sub(silence)
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

    #[test]
    fn silence_that_has_passed_counts() {
        let settings = Settings::default();
        let now = Instant::from_millis(1_000);
        assert_eq!(endpoint(now, Duration::from_millis(200), &settings), Instant::from_millis(1_300));
        assert_eq!(endpoint(now, Duration::from_secs(9), &settings), now);
    }

    #[test]
    fn transcripts_are_joined_in_spoken_order() {
        let mut hearing = heard_for(400);
        assert_eq!(hearing.finish(), Some(ONE));
        hearing.recognise(TWO);
        assert!(hearing.hear(TWO, " on saturday "));
        assert!(!hearing.is_complete());
        assert!(hearing.hear(ONE, "are you open"));
        assert!(hearing.is_complete());
        assert_eq!(hearing.text(), "are you open on saturday");
        assert!(!hearing.hear(ONE, "again"));
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
