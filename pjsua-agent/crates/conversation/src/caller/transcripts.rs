//! What the recogniser says, and fails to say, of the caller's words.

use std::time::Duration;

use super::listening::recognise;
use super::said::{Said, admits_not_understanding};
use super::{Caller, requests};
use crate::Spoken;
use crate::call::Call;
use crate::next::Next;
use crate::reply::{Reply, Source};
use crate::{Action, Timer, UtteranceId, hearsay};

impl Caller {
    pub(crate) fn partial_transcript(mut self, call: &mut Call, utterance: UtteranceId, text: &str) -> Self {
        let text = hearsay::without_remarks(text);
        match &mut self {
            Self::Hearing(hearing) | Self::Transcribing(hearing) => {
                hearing.hear_partial(utterance, &text);
            }
            Self::Endpointing(pausing) => {
                if pausing.hearing.hear_partial(utterance, &text) {
                    pausing.words_changed(call);
                }
            }
            Self::Listening | Self::Keying(_) => {}
        }
        self
    }

    pub(crate) fn final_transcript(
        self,
        call: &mut Call,
        utterance: UtteranceId,
        text: &str,
        confidence_per_mille: u16,
    ) -> Next {
        let said = |voiced: Duration| hearsay::said(text, confidence_per_mille, voiced);
        match self {
            Self::Transcribing(mut hearing) => {
                hearing.hear(utterance, &said(hearing.voiced()), confidence_per_mille);
                Self::conclude(call, hearing)
            }
            Self::Hearing(mut hearing) => {
                let text = said(hearing.voiced_until(call.now));
                let early = hearing.open() == Some(utterance);
                hearing.hear(utterance, &text, confidence_per_mille);
                if early {
                    call.act(Action::CancelRecognition { utterance });
                    // A recogniser that heard nothing is not asked again and again.
                    if !text.trim().is_empty() {
                        recognise(call, &mut hearing);
                    }
                }
                Self::Hearing(hearing).into()
            }
            Self::Endpointing(mut pausing) => {
                let text = said(pausing.hearing.voiced());
                if pausing.hearing.open() == Some(utterance) {
                    call.act(Action::CancelRecognition { utterance });
                }
                if pausing.hearing.hear(utterance, &text, confidence_per_mille) {
                    pausing.prepare(call);
                    pausing.words_changed(call);
                }
                Self::Endpointing(pausing).into()
            }
            Self::Listening | Self::Keying(_) => self.into(),
        }
    }

    pub(crate) fn recogniser_failed(mut self, call: &mut Call, utterance: Option<UtteranceId>) -> Next {
        match self {
            Self::Hearing(ref mut hearing) => {
                let had_open = hearing.open();
                hearing.give_up(call, utterance);
                if had_open != hearing.open() {
                    let limit = call.now + call.settings.bounds.lost_utterance_limit;
                    let limit = call.timers.get(Timer::Utterance).map_or(limit, |earlier| earlier.min(limit));
                    call.timers.set(Timer::Utterance, limit);
                }
                self.into()
            }
            Self::Endpointing(ref mut pausing) => {
                pausing.hearing.give_up(call, utterance);
                self.into()
            }
            Self::Transcribing(mut hearing) => {
                hearing.give_up(call, utterance);
                Self::conclude(call, hearing)
            }
            Self::Listening | Self::Keying(_) => self.into(),
        }
    }

    pub(crate) fn transcript_overdue(mut self, call: &mut Call) -> Next {
        match self {
            Self::Hearing(ref mut hearing) => hearing.give_up_finishing(call),
            Self::Endpointing(ref mut pausing) => pausing.hearing.give_up_finishing(call),
            Self::Transcribing(mut hearing) => {
                hearing.give_up_finishing(call);
                return Self::conclude(call, hearing);
            }
            Self::Listening | Self::Keying(_) => {}
        }
        self.into()
    }

    /// Something is said while it is not known what is to be answered: the coming turn begins with a filler.
    pub(crate) fn reply_is_late(self, call: &mut Call) -> Self {
        match &self {
            Self::Transcribing(hearing) if call.turns.bridge.is_none() => begin_bridge(call, &hearing.text()),
            Self::Listening | Self::Hearing(_) | Self::Endpointing(_) | Self::Transcribing(_) | Self::Keying(_) => {}
        }
        self
    }

    /// Answers the caller once all he said is known.
    pub(super) fn conclude(call: &mut Call, hearing: Said) -> Next {
        if !hearing.is_complete() {
            return Self::Transcribing(hearing).into();
        }
        call.timers.clear(Timer::Transcript);
        let text = hearing.text();
        if hearing.is_lost() {
            return speech_was_lost(call, &text);
        }
        if text.is_empty() {
            return nothing_understood(call, &hearing);
        }
        call.caller.was_understood();
        call.caller.said_with(hearing.confidence_per_mille());
        requests::answer(call, &text)
    }
}

fn begin_bridge(call: &mut Call, said: &str) {
    call.settle_flush(None);
    let mut reply = Reply::new(call.turns.coming(), Source::Script, &call.settings);
    call.fill(&mut reply, said);
    if reply.filler.is_some() {
        call.turns.next();
        // The filler comes behind the caller's words, once they are known.
        call.history.agent(reply.turn, String::new());
        call.turns.bridge = Some(reply);
    }
}

fn nothing_understood(call: &mut Call, hearing: &Said) -> Next {
    // A noise made us drop the reply to what he had said before.
    if call.history.is_unanswered() {
        return Next::Ask(Spoken::default());
    }
    if !admits_not_understanding(hearing, call.caller.misheard, &call.settings) {
        return Caller::listen_after_noise(call);
    }
    call.caller.misheard += 1;
    Next::Say(call.settings.phrases.not_understood.clone())
}

/// What the caller said cannot be recovered; `text` is what is left of it.
fn speech_was_lost(call: &mut Call, text: &str) -> Next {
    call.turns.failed += 1;
    call.caller.prompts_said = 0;
    call.caller_said(text);
    if call.keeps_failing() {
        return Next::SayAnd(call.last_phrase(), call.way_out());
    }
    Next::Say(call.settings.phrases.not_understood.clone())
}
