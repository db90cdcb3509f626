//! What the caller means who speaks while the agent speaks.

use std::time::Duration;

use crate::{Instant, Settings, UtteranceId};

/// What English listeners say to show that they listen.
pub(crate) const ENGLISH_BACKCHANNELS: [&str; 33] = [
    "aha",
    "ah",
    "all right",
    "alright",
    "fine",
    "go ahead",
    "go on",
    "good",
    "got it",
    "great",
    "hm",
    "hmm",
    "huh",
    "i see",
    "i understand",
    "mhm",
    "mm",
    "mm hm",
    "mmhm",
    "mm hmm",
    "oh",
    "ok",
    "okay",
    "right",
    "sure",
    "uh",
    "uhhuh",
    "uh huh",
    "um",
    "yeah",
    "yep",
    "yes",
    "yup",
];

/// What the words recognised so far say about the speaker's intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Nothing was recognised.
    None,
    /// Only words that ask for no answer.
    Backchannel,
    /// Something else.
    Speech,
}

impl Words {
    pub(crate) fn of(text: &str, settings: &Settings) -> Self {
        let words = words(text);
        if words.is_empty() {
            return Self::None;
        }
        let phrases: Vec<_> = settings.backchannels.iter().map(|phrase| self::words(phrase)).collect();
        let mut rest = words.as_slice();
        while !rest.is_empty() {
            let matching = phrases.iter().filter(|phrase| !phrase.is_empty() && rest.starts_with(phrase));
            match matching.map(Vec::len).max() {
                Some(longest) => rest = &rest[longest..],
                None => return Self::Speech,
            }
        }
        Self::Backchannel
    }
}

/// Lower-case words; everything but letters, digits and apostrophes separates them.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recognition {
    Running,
    /// The recogniser ended the utterance by itself.
    Ended(String),
    Lost,
}

/// The caller's speech while the agent speaks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Interjection {
    pub(crate) utterance: UtteranceId,
    pub(crate) started: Instant,
    pub(crate) words: Words,
    pub(crate) recognition: Recognition,
}

/// When an interjection is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Words were recognised.
    Recognised,
    /// The caller fell silent after having been heard for this long.
    FellSilent(Duration),
    /// He is still heard and the agent cannot stay paused.
    LimitReached,
    /// He is still heard, and has been for longer than any backchannel lasts.
    BackchannelLimitReached,
}

/// What to do about an interjection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// The caller takes the floor.
    Interruption,
    /// Noise or a sign of listening; the agent goes on.
    FalseAlarm,
    /// Too early to tell.
    Undecided,
}

impl Interjection {
    pub(crate) fn new(utterance: UtteranceId, started: Instant) -> Self {
        Self { utterance, started, words: Words::None, recognition: Recognition::Running }
    }

    pub(crate) fn judge(&self, moment: Moment, settings: &Settings) -> Judgement {
        match (self.words, moment) {
            (Words::Speech, _) | (Words::Backchannel | Words::None, Moment::BackchannelLimitReached) => {
                Judgement::Interruption
            }
            (Words::Backchannel | Words::None, Moment::Recognised) => Judgement::Undecided,
            (Words::Backchannel, Moment::FellSilent(_) | Moment::LimitReached) => Judgement::FalseAlarm,
            (Words::None, Moment::LimitReached) => Judgement::Interruption,
            (Words::None, Moment::FellSilent(voiced)) if voiced < settings.barge_in_confirm => Judgement::FalseAlarm,
            (Words::None, Moment::FellSilent(_)) => Judgement::Interruption,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Words {
        Words::of(text, &Settings::default())
    }

    #[test]
    fn backchannels_are_told_from_speech() {
        for text in ["uh huh", "Uh-huh.", "okay", "Yes, yes!", "mm hmm okay I see", "all right"] {
            assert_eq!(words_of(text), Words::Backchannel, "{text}");
        }
        for text in ["stop", "okay but", "yes I have a question", "no", "see", "all"] {
            assert_eq!(words_of(text), Words::Speech, "{text}");
        }
        for text in ["", "  ", "...", "--"] {
            assert_eq!(words_of(text), Words::None, "{text}");
        }
    }

    #[test]
    fn the_list_of_backchannels_can_be_replaced() {
        let settings = Settings { backchannels: vec!["ach so".into(), String::new()], ..Settings::default() };
        assert_eq!(Words::of("Ach so, ach so", &settings), Words::Backchannel);
        assert_eq!(Words::of("ach", &settings), Words::Speech);
        assert_eq!(Words::of("okay", &settings), Words::Speech);
    }

    #[test]
    fn without_words_the_length_decides() {
        let settings = Settings::default();
        let cough = Interjection::new(UtteranceId(1), Instant::ZERO);
        let after = |millis| cough.judge(Moment::FellSilent(Duration::from_millis(millis)), &settings);
        assert_eq!(after(299), Judgement::FalseAlarm);
        assert_eq!(after(300), Judgement::Interruption);
        assert_eq!(cough.judge(Moment::LimitReached, &settings), Judgement::Interruption);
    }
}
