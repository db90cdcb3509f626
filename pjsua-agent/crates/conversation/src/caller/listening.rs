//! The caller's speech and his silence, as the detectors report them.

use std::time::Duration;

use super::{Caller, Said};
use crate::agent::{Interjection, TranscriptState};
use crate::call::Call;
use crate::next::Next;
use crate::{Action, Instant, Timer};

/// The caller gets the floor.
impl Caller {
    /// Nothing is heard of him.
    pub(crate) fn listen(call: &mut Call) -> Self {
        let settings = &call.settings;
        let patience =
            if call.caller.holding { settings.prompting.hold_limit } else { settings.prompting.no_input_after };
        call.caller.no_input_at = call.now + patience;
        Self::listen_on(call)
    }

    /// Nothing is heard of him still, after a noise.
    fn listen_on(call: &mut Call) -> Self {
        call.timers.set(Timer::NoInput, call.caller.no_input_at);
        Self::Listening
    }

    pub(super) fn listen_after_noise(call: &mut Call) -> Next {
        call.timers.clear(Timer::Filler);
        if let Some(reply) = call.turns.bridge.take() {
            return Next::Conclude(reply);
        }
        let after_noise = call.now + call.settings.prompting.no_input_after_noise;
        call.caller.no_input_at = call.caller.no_input_at.max(after_noise);
        Self::listen_on(call).into()
    }

    /// He begins to speak.
    pub(crate) fn hear(call: &mut Call, confirmed: bool) -> Self {
        call.timers.clear(Timer::NoInput);
        hear_first(call, Said::new(call.now), confirmed)
    }

    /// His words over the agent become his turn.
    pub(crate) fn hear_out(call: &mut Call, interjection: Interjection, interrupts: bool) -> Self {
        let Interjection { utterance, started, recognition, said, silent_since, .. } = interjection;
        call.caller.no_input_at = call.now + call.settings.prompting.no_input_after;
        let mut hearing = Said::new(started);
        hearing.interrupts = interrupts;
        hearing.confirmed = true;
        hearing.recognise(utterance);
        hearing.hear_partial(utterance, &said);
        let mut limit = started + call.settings.bounds.max_utterance;
        let goes_on_unheard = match recognition {
            TranscriptState::Running => false,
            TranscriptState::Finishing => {
                hearing.finish();
                await_transcript(call);
                silent_since.is_none()
            }
            TranscriptState::Ended(text, confidence_per_mille) => {
                hearing.hear(utterance, &text, confidence_per_mille);
                silent_since.is_none()
            }
            TranscriptState::Lost => {
                hearing.lose(Some(utterance));
                limit = call.now + call.settings.bounds.lost_utterance_limit;
                false
            }
        };
        if goes_on_unheard {
            recognise(call, &mut hearing);
        }
        call.timers.set(Timer::Utterance, limit);
        match silent_since {
            Some(since) => Self::pause(call, hearing, call.now - since),
            None => Self::Hearing(hearing),
        }
    }
}

/// The detectors.
impl Caller {
    /// Something is heard that may be speech.
    pub(crate) fn speech_started(self, call: &mut Call) -> Self {
        let confirmed = !call.settings.confirmed_speech;
        match self {
            Self::Listening => Self::hear(call, confirmed),
            Self::Endpointing(pausing) => pausing.sound(call),
            Self::Transcribing(_) if confirmed => self.speech_confirmed(call),
            Self::Hearing(_) | Self::Transcribing(_) | Self::Keying(_) => self,
        }
    }

    /// The sound is speech.
    pub(crate) fn speech_confirmed(self, call: &mut Call) -> Self {
        match self {
            Self::Listening => Self::hear(call, true),
            Self::Hearing(mut hearing) => {
                hearing.confirmed = true;
                Self::Hearing(hearing)
            }
            Self::Endpointing(pausing) => {
                let since = pausing.pause.sound.unwrap_or(call.now);
                pausing.go_on(call, since)
            }
            Self::Transcribing(hearing) => {
                call.caller.goes_on_after(call.now, &call.settings);
                Self::hear_on(call, hearing, call.now)
            }
            Self::Keying(keys) => {
                let hearing = keys.begin_hearing(call);
                hear_first(call, hearing, true)
            }
        }
    }

    /// The sound is no speech.
    pub(crate) fn speech_dismissed(self, call: &mut Call) -> Next {
        match self {
            Self::Hearing(hearing) if !hearing.confirmed => drop_noise(call, hearing),
            Self::Endpointing(pausing) => pausing.sound_over(call).into(),
            Self::Listening | Self::Hearing(_) | Self::Transcribing(_) | Self::Keying(_) => self.into(),
        }
    }

    pub(crate) fn speech_ended(self, call: &mut Call, silence: Duration) -> Next {
        match self {
            Self::Hearing(hearing) if hearing.confirmed || !call.settings.confirmed_speech => {
                Self::pause(call, hearing, silence).into()
            }
            Self::Hearing(hearing) => drop_noise(call, hearing),
            Self::Endpointing(pausing) => pausing.sound_over(call).into(),
            Self::Listening | Self::Transcribing(_) | Self::Keying(_) => self.into(),
        }
    }

    /// He goes on, since `sounding_since`.
    pub(super) fn hear_on(call: &mut Call, mut hearing: Said, sounding_since: Instant) -> Self {
        call.drop_bridge();
        hearing.sound(sounding_since);
        hearing.confirmed = true;
        if hearing.open().is_none() && !hearing.is_lost() {
            recognise(call, &mut hearing);
        }
        let limit = call.now + call.settings.bounds.max_utterance;
        let limit = call.timers.get(Timer::Utterance).unwrap_or(limit);
        call.timers.set(Timer::Utterance, limit);
        Self::Hearing(hearing)
    }
}

/// The deadlines.
impl Caller {
    /// He has been silent for long enough, or has been speaking for too long.
    pub(crate) fn utterance_over(self, call: &mut Call) -> Next {
        match self {
            Self::Endpointing(pausing) => pausing.end_of_turn(call),
            Self::Hearing(mut hearing) => {
                hearing.fall_silent(call.now);
                call.caller.silent_since = call.now;
                call.timers.clear(Timer::Utterance);
                Self::finish_hearing(call, hearing)
            }
            Self::Listening | Self::Transcribing(_) | Self::Keying(_) => self.into(),
        }
    }

    /// Nothing is added to what he said.
    pub(super) fn finish_hearing(call: &mut Call, mut hearing: Said) -> Next {
        finish_recognition(call, &mut hearing);
        call.watch_for_filler();
        Self::conclude(call, hearing)
    }

    /// He has been silent since the agent's turn: he is prompted, or left.
    pub(crate) fn stays_silent(self, call: &mut Call) -> Next {
        match self {
            Self::Listening if call.caller.prompts_said >= call.settings.prompting.no_input_prompts => {
                Next::SayBeforeHangingUp(call.settings.phrases.no_input_goodbye.clone())
            }
            Self::Listening => {
                call.caller.prompts_said += 1;
                Next::Say(call.settings.phrases.no_input_prompt.clone())
            }
            Self::Hearing(_) | Self::Endpointing(_) | Self::Transcribing(_) | Self::Keying(_) => self.into(),
        }
    }
}

fn hear_first(call: &mut Call, mut hearing: Said, confirmed: bool) -> Caller {
    hearing.confirmed = confirmed;
    recognise(call, &mut hearing);
    call.timers.set(Timer::Utterance, call.now + call.settings.bounds.max_utterance);
    Caller::Hearing(hearing)
}

/// What was heard was no speech: as if nothing had been, except that it may have been the
/// caller getting ready to speak.
fn drop_noise(call: &mut Call, mut hearing: Said) -> Next {
    call.timers.clear(Timer::Utterance);
    hearing.give_up(call, None);
    Caller::listen_after_noise(call)
}

/// A new recognition takes down what follows.
pub(super) fn recognise(call: &mut Call, hearing: &mut Said) {
    let utterance = call.caller.next_utterance();
    hearing.recognise(utterance);
    call.act(Action::StartRecognition { utterance });
}

/// Asks for the final transcript, if one is still running.
pub(super) fn finish_recognition(call: &mut Call, hearing: &mut Said) {
    if let Some(utterance) = hearing.finish() {
        call.act(Action::FinishRecognition { utterance });
        await_transcript(call);
    }
}

/// The final transcript was asked for.
fn await_transcript(call: &mut Call) {
    let settings = &call.settings;
    let patience = settings.bounds.transcript_timeout;
    let patience = if call.busy { patience.max(settings.bounds.busy_transcript_timeout) } else { patience };
    call.timers.set(Timer::Transcript, call.now + patience);
}

impl Said {
    /// Gives up `utterance`, or all that are awaited.
    pub(super) fn give_up(&mut self, call: &mut Call, utterance: Option<crate::UtteranceId>) {
        for utterance in self.lose(utterance) {
            call.act(Action::CancelRecognition { utterance });
        }
    }

    /// Gives up the transcripts that were asked for.
    pub(super) fn give_up_finishing(&mut self, call: &mut Call) {
        for utterance in self.lose_finishing() {
            call.act(Action::CancelRecognition { utterance });
        }
    }
}
