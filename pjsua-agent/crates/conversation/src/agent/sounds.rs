//! What the detectors and the recogniser say of the caller in the agent's turn.

use std::time::Duration;

use super::interjection::{Moment, TranscriptState};
use super::{Agent, Interjection, overlap};
use crate::call::Call;
use crate::language::{Language, Words};
use crate::next::Next;
use crate::{Action, UtteranceId, hearsay};

/// The detectors.
impl Agent {
    /// Something is heard over the agent that may be speech.
    pub(crate) fn speech_started(self, call: &mut Call) -> Next {
        let confirmed = !call.settings.confirmed_speech;
        match self {
            Self::Replying(_) if confirmed => self.speech_confirmed(call),
            Self::Replying(_) => self.into(),
            Self::Speaking { reply, aside } => overlap::sound_over_agent(call, reply, aside).into(),
            Self::Overlap { reply, interjection } if interjection.is_settled => {
                overlap::sound_before_going_on(call, reply, &interjection).into()
            }
            Self::Overlap { reply, mut interjection } => {
                interjection.resumed |= interjection.silent_since.take().is_some();
                Self::Overlap { reply, interjection }.into()
            }
        }
    }

    /// The caller speaks over the agent, or goes on before anything was heard of it.
    pub(crate) fn speech_confirmed(self, call: &mut Call) -> Next {
        match self {
            Self::Replying(reply) => {
                call.caller.goes_on_after(call.now, &call.settings);
                call.interrupt(reply);
                Next::Hear
            }
            Self::Speaking { reply, aside } => overlap::speech_over_agent(call, reply, aside),
            Self::Overlap { reply, mut interjection } => {
                interjection.confirmed = true;
                Self::Overlap { reply, interjection }.judge(call, Moment::Recognised)
            }
        }
    }

    pub(crate) fn speech_dismissed(self, call: &mut Call) -> Next {
        match self {
            Self::Overlap { .. } => self.judge(call, Moment::Dismissed),
            Self::Speaking { reply, aside: Some(aside) } if !aside.confirmed => {
                Self::without_aside(call, reply, &aside).into()
            }
            Self::Replying(_) | Self::Speaking { .. } => self.into(),
        }
    }

    pub(crate) fn speech_ended(self, call: &mut Call, silence: Duration) -> Next {
        let since = call.now - silence;
        match self {
            Self::Speaking { reply, aside: Some(mut aside) } if aside.answers => {
                aside.silent_since = Some(since);
                Self::Speaking { reply, aside: Some(aside) }.into()
            }
            Self::Speaking { reply, aside: Some(aside) } => Self::without_aside(call, reply, &aside).into(),
            Self::Overlap { reply, mut interjection } => {
                interjection.silent_since = Some(since);
                Self::Overlap { reply, interjection }.judge(call, Moment::FellSilent)
            }
            Self::Replying(_) | Self::Speaking { aside: None, .. } => self.into(),
        }
    }
}

/// The recogniser.
impl Agent {
    pub(crate) fn partial_transcript(mut self, call: &mut Call, utterance: UtteranceId, text: &str) -> Next {
        let text = hearsay::without_remarks(text);
        match self.interjection_by(utterance) {
            Some(interjection) => {
                note_words(interjection, call, &text, hearsay::CERTAIN);
                self.judge(call, Moment::Recognised)
            }
            None => self.into(),
        }
    }

    pub(crate) fn final_transcript(
        mut self,
        call: &mut Call,
        utterance: UtteranceId,
        text: &str,
        confidence_per_mille: u16,
    ) -> Next {
        let Some(interjection) = self.interjection_by(utterance) else { return self.into() };
        let text = hearsay::said(text, confidence_per_mille, interjection.voiced(call.now));
        if interjection.recognition == TranscriptState::Running {
            call.act(Action::CancelRecognition { utterance });
        }
        note_words(interjection, call, &text, confidence_per_mille);
        interjection.recognition = TranscriptState::Ended(text, confidence_per_mille);
        self.judge(call, Moment::Understood)
    }

    /// `utterance`, or whichever runs, was lost.
    pub(crate) fn recogniser_failed(mut self, call: &mut Call, utterance: Option<UtteranceId>) -> Self {
        let interjection = self.interjection_mut();
        if let Some(interjection) = interjection.filter(|one| utterance.is_none_or(|lost| one.is_recognised_by(lost))) {
            interjection.cancel(call);
            interjection.recognition = TranscriptState::Lost;
        }
        self
    }

    /// What the caller says over the agent's voice, if `utterance` takes it down.
    fn interjection_by(&mut self, utterance: UtteranceId) -> Option<&mut Interjection> {
        self.interjection_mut().filter(|interjection| interjection.is_recognised_by(utterance))
    }

    fn interjection_mut(&mut self) -> Option<&mut Interjection> {
        match self {
            Self::Overlap { interjection, .. } => Some(interjection),
            Self::Speaking { aside, .. } => aside.as_mut(),
            Self::Replying(_) => None,
        }
    }
}

/// A later partial may be empty; what was recognised once was said.
fn note_words(interjection: &mut Interjection, call: &Call, text: &str, confidence_per_mille: u16) {
    if text.trim().is_empty() {
        return;
    }
    let words = Language::of(&call.settings.language).words_over_agent(text, &call.settings.overlap.backchannels);
    let is_doubtful = confidence_per_mille < call.settings.overlap.doubtful_words;
    interjection.words = if is_doubtful && words != Words::Backchannel { Words::None } else { words };
    interjection.said = text.to_owned();
}
