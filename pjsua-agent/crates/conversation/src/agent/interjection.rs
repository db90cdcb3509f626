//! What the caller means who speaks while the agent speaks.

use std::time::Duration;

use crate::call::Call;
use crate::language::Words;
use crate::{Action, Instant, Settings, UtteranceId};

/// Fewer words may be the first guess at what turns out to be "all right": a recogniser's first partial ends inside a word.
const CERTAIN_WORDS: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TranscriptState {
    Running,
    /// The final transcript was asked for.
    Finishing,
    /// It has come, perhaps because the recogniser ended the utterance by itself.
    Ended(String, u16),
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
    /// The agent has made room since then.
    pub(crate) room_since: Instant,
    /// It was speech and no interruption; the agent goes on in a moment, if nothing is heard again.
    pub(crate) is_settled: bool,
    /// He has stopped.
    pub(crate) silent_since: Option<Instant>,
    /// He had stopped, and is heard again: the recognition does not hear that.
    pub(crate) resumed: bool,
    pub(crate) words: Words,
    /// The words themselves.
    pub(crate) said: String,
    pub(crate) recognition: TranscriptState,
}

/// When an interjection is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Words were recognised, or it is known for certain that it is speech.
    Recognised,
    /// All that is recognised is known.
    Understood,
    /// The caller fell silent.
    FellSilent,
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
            room_since: started,
            is_settled: false,
            silent_since: None,
            resumed: false,
            words: Words::None,
            said: String::new(),
            recognition: TranscriptState::Running,
        }
    }

    pub(crate) fn judge(&self, moment: Moment, now: Instant, settings: &Settings) -> Judgement {
        if !self.confirmed {
            return match moment {
                Moment::Recognised | Moment::Understood => Judgement::Undecided,
                Moment::Dismissed | Moment::FellSilent | Moment::LimitReached | Moment::BackchannelLimitReached => {
                    Judgement::FalseAlarm
                }
            };
        }
        match (self.words, moment) {
            (Words::Claim, _) | (_, Moment::BackchannelLimitReached) => Judgement::Interruption,
            (Words::Speech(count), Moment::Recognised)
                if count < CERTAIN_WORDS && now - self.started < settings.overlap.overlap_limit =>
            {
                Judgement::Undecided
            }
            (Words::Speech(_), Moment::FellSilent) if self.recognition == TranscriptState::Running => {
                Judgement::AskRecogniser
            }
            (Words::Speech(_), _) => Judgement::Interruption,
            (Words::Backchannel, Moment::FellSilent | Moment::LimitReached) => Judgement::FalseAlarm,
            (Words::Backchannel, Moment::Understood) if self.silent_since.is_some() => Judgement::FalseAlarm,
            (Words::None, Moment::FellSilent) if self.recognition == TranscriptState::Running => {
                Judgement::AskRecogniser
            }
            (Words::None, Moment::FellSilent | Moment::Understood | Moment::LimitReached) => self.by_length(settings),
            (Words::None | Words::Backchannel, Moment::Recognised | Moment::Understood | Moment::Dismissed) => {
                Judgement::Undecided
            }
        }
    }

    /// Without words the length decides: a recogniser that hears nothing in so long a sound is wrong.
    fn by_length(&self, settings: &Settings) -> Judgement {
        let enough = match self.recognition {
            TranscriptState::Ended(..) => settings.overlap.wordless_barge_in,
            TranscriptState::Running | TranscriptState::Finishing | TranscriptState::Lost => {
                settings.overlap.barge_in_confirm
            }
        };
        match self.silent_since {
            None if matches!(self.recognition, TranscriptState::Ended(..)) => Judgement::Undecided,
            Some(since) if since - self.started < enough => Judgement::FalseAlarm,
            None | Some(_) => Judgement::Interruption,
        }
    }

    /// Nothing more is recognised of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.recognition, TranscriptState::Ended(..))
    }

    pub(crate) fn is_recognised_by(&self, utterance: UtteranceId) -> bool {
        self.utterance == utterance && self.is_recognised()
    }

    fn is_recognised(&self) -> bool {
        match self.recognition {
            TranscriptState::Running | TranscriptState::Finishing => true,
            TranscriptState::Ended(..) | TranscriptState::Lost => false,
        }
    }

    /// How long the caller was heard.
    pub(crate) fn voiced(&self, now: Instant) -> Duration {
        self.silent_since.unwrap_or(now) - self.started
    }

    /// A new recognition takes down what is said over the agent from now on.
    pub(crate) fn begin(call: &mut Call, confirmed: bool) -> Self {
        let utterance = call.caller.next_utterance();
        call.act(Action::StartRecognition { utterance });
        Self::new(utterance, call.now, confirmed)
    }

    /// What is recognised of it is not wanted any more.
    pub(crate) fn cancel(&self, call: &mut Call) {
        if self.is_recognised() {
            call.act(Action::CancelRecognition { utterance: self.utterance });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(millis: u64, recognition: TranscriptState) -> Interjection {
        let silent_since = Some(Instant::from_millis(millis));
        Interjection { silent_since, recognition, ..Interjection::new(UtteranceId(1), Instant::ZERO, true) }
    }

    fn judged(interjection: &Interjection, moment: Moment) -> Judgement {
        interjection.judge(moment, interjection.started, &Settings::default())
    }

    #[test]
    fn a_short_sound_is_judged_by_its_final_transcript() {
        assert_eq!(judged(&sound(250, TranscriptState::Running), Moment::FellSilent), Judgement::AskRecogniser);
        let ended = |millis| judged(&sound(millis, TranscriptState::Ended(String::new(), 1_000)), Moment::Understood);
        assert_eq!(ended(699), Judgement::FalseAlarm);
        assert_eq!(ended(700), Judgement::Interruption);
    }

    #[test]
    fn without_a_recogniser_the_length_decides() {
        let lost = |millis| judged(&sound(millis, TranscriptState::Lost), Moment::LimitReached);
        assert_eq!(lost(299), Judgement::FalseAlarm);
        assert_eq!(lost(300), Judgement::Interruption);
    }

    #[test]
    fn what_is_not_confirmed_never_interrupts() {
        let mut noise = Interjection::new(UtteranceId(1), Instant::ZERO, false);
        noise.words = Words::Claim;
        assert_eq!(judged(&noise, Moment::Recognised), Judgement::Undecided);
        assert_eq!(judged(&noise, Moment::LimitReached), Judgement::FalseAlarm);
        assert_eq!(judged(&noise, Moment::Dismissed), Judgement::FalseAlarm);
        noise.confirmed = true;
        assert_eq!(judged(&noise, Moment::Recognised), Judgement::Interruption);
    }
}
