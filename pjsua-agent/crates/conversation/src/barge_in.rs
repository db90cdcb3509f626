//! What the caller means who speaks while the agent speaks.

use std::time::Duration;

use crate::language::Language;
use crate::{Instant, Settings, UtteranceId};

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
        let phrases: Vec<_> = match settings.backchannels.as_slice() {
            [] => Language::of(&settings.language).backchannels().iter().map(|phrase| self::words(phrase)).collect(),
            own => own.iter().map(|phrase| self::words(phrase)).collect(),
        };
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
    /// The final transcript was asked for.
    Finishing,
    /// It has come, perhaps because the recogniser ended the utterance by itself.
    Ended(String),
    Lost,
}

/// The caller's speech while the agent speaks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Interjection {
    pub(crate) utterance: UtteranceId,
    pub(crate) started: Instant,
    /// It is speech for certain.
    pub(crate) confirmed: bool,
    /// The agent's turn ends by itself or may not be interrupted: what is said is the caller's next
    /// turn, and the agent goes on meanwhile.
    pub(crate) answers: bool,
    /// He has stopped.
    pub(crate) silent_since: Option<Instant>,
    /// He had stopped, and is heard again: the recognition does not hear that.
    pub(crate) resumed: bool,
    pub(crate) words: Words,
    /// The words themselves.
    pub(crate) said: String,
    pub(crate) recognition: Recognition,
}

/// When an interjection is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Words were recognised, or it is known for certain that it is speech.
    Recognised,
    /// All that is recognised is known.
    Understood,
    /// The caller fell silent after having been heard for this long.
    FellSilent(Duration),
    /// It was no speech.
    Dismissed,
    /// The agent cannot stay paused.
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
    /// The final transcript must tell.
    AskRecogniser,
    /// Too early to tell.
    Undecided,
}

impl Interjection {
    pub(crate) fn new(utterance: UtteranceId, started: Instant, confirmed: bool) -> Self {
        Self {
            utterance,
            started,
            confirmed,
            answers: false,
            silent_since: None,
            resumed: false,
            words: Words::None,
            said: String::new(),
            recognition: Recognition::Running,
        }
    }

    pub(crate) fn judge(&self, moment: Moment, settings: &Settings) -> Judgement {
        if !self.confirmed {
            return match moment {
                Moment::Recognised | Moment::Understood => Judgement::Undecided,
                Moment::Dismissed | Moment::FellSilent(_) | Moment::LimitReached | Moment::BackchannelLimitReached => {
                    Judgement::FalseAlarm
                }
            };
        }
        match (self.words, moment) {
            (Words::Speech, _) | (_, Moment::BackchannelLimitReached) => Judgement::Interruption,
            (Words::Backchannel, Moment::FellSilent(_) | Moment::LimitReached) => Judgement::FalseAlarm,
            (Words::Backchannel, Moment::Understood) if self.silent_since.is_some() => Judgement::FalseAlarm,
            (Words::None, Moment::FellSilent(_)) if self.recognition == Recognition::Running => {
                Judgement::AskRecogniser
            }
            (Words::None, Moment::FellSilent(_) | Moment::Understood | Moment::LimitReached) => {
                self.by_length(settings)
            }
            (Words::None | Words::Backchannel, Moment::Recognised | Moment::Understood | Moment::Dismissed) => {
                Judgement::Undecided
            }
        }
    }

    /// Without words the length decides: a recogniser that hears nothing in so long a sound is wrong.
    fn by_length(&self, settings: &Settings) -> Judgement {
        let enough = match self.recognition {
            Recognition::Ended(_) => settings.wordless_barge_in,
            Recognition::Running | Recognition::Finishing | Recognition::Lost => settings.barge_in_confirm,
        };
        match self.silent_since {
            None if matches!(self.recognition, Recognition::Ended(_)) => Judgement::Undecided,
            Some(since) if since - self.started < enough => Judgement::FalseAlarm,
            None | Some(_) => Judgement::Interruption,
        }
    }

    /// Nothing more is recognised of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.recognition, Recognition::Ended(_))
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

    fn sound(millis: u64, recognition: Recognition) -> Interjection {
        let silent_since = Some(Instant::from_millis(millis));
        Interjection { silent_since, recognition, ..Interjection::new(UtteranceId(1), Instant::ZERO, true) }
    }

    fn judged(interjection: &Interjection, moment: Moment) -> Judgement {
        interjection.judge(moment, &Settings::default())
    }

    #[test]
    fn a_short_sound_is_judged_by_its_final_transcript() {
        let silent = Moment::FellSilent(Duration::from_millis(250));
        assert_eq!(judged(&sound(250, Recognition::Running), silent), Judgement::AskRecogniser);
        let ended = |millis| judged(&sound(millis, Recognition::Ended(String::new())), Moment::Understood);
        assert_eq!(ended(699), Judgement::FalseAlarm);
        assert_eq!(ended(700), Judgement::Interruption);
    }

    #[test]
    fn without_a_recogniser_the_length_decides() {
        let lost = |millis| judged(&sound(millis, Recognition::Lost), Moment::LimitReached);
        assert_eq!(lost(299), Judgement::FalseAlarm);
        assert_eq!(lost(300), Judgement::Interruption);
    }

    #[test]
    fn what_is_not_confirmed_never_interrupts() {
        let mut noise = Interjection::new(UtteranceId(1), Instant::ZERO, false);
        noise.words = Words::Speech;
        assert_eq!(judged(&noise, Moment::Recognised), Judgement::Undecided);
        assert_eq!(judged(&noise, Moment::LimitReached), Judgement::FalseAlarm);
        assert_eq!(judged(&noise, Moment::Dismissed), Judgement::FalseAlarm);
        noise.confirmed = true;
        assert_eq!(judged(&noise, Moment::Recognised), Judgement::Interruption);
    }
}
