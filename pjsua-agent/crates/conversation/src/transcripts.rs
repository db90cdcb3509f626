//! What the recogniser says, and fails to say, of the caller's words.

use std::time::Duration;

use crate::barge_in::{Moment, Recognition};
use crate::endpointing::{CERTAIN, Hearing, Pausing, admits_not_understanding};
use crate::hearsay;
use crate::language::{Language, Words};
use crate::machine::Core;
use crate::state::State;
use crate::{Action, Settings, Timer, UtteranceId};

impl Core {
    pub(crate) fn partial_transcript(&mut self, mut state: State, utterance: UtteranceId, text: &str) -> State {
        let text = &*hearsay::without_remarks(text);
        match state {
            State::Hearing(ref mut hearing) | State::Transcribing(ref mut hearing) => {
                hearing.hear_partial(utterance, text);
                state
            }
            State::Endpointing(mut pausing) => {
                if pausing.hearing.hear_partial(utterance, text) {
                    return self.pause_with_words(pausing);
                }
                State::Endpointing(pausing)
            }
            State::Overlap { .. } | State::Speaking { .. } => match state.interjection_mut() {
                Some(interjection) if interjection.is_recognised_by(utterance) => {
                    self.words_over_agent(state, text, CERTAIN, Moment::Recognised)
                }
                Some(_) | None => state,
            },
            State::Unanswered
            | State::Listening
            | State::Keying(_)
            | State::Replying(_)
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    fn words_over_agent(&mut self, mut state: State, text: &str, confidence_per_mille: u16, moment: Moment) -> State {
        let words = Language::of(&self.settings.language).words_over_agent(text, &self.settings.backchannels);
        let is_doubtful = confidence_per_mille < self.settings.doubtful_words;
        // A later partial may be empty; what was recognised once was said.
        if let Some(interjection) = state.interjection_mut()
            && !text.trim().is_empty()
        {
            interjection.words = if is_doubtful && words != Words::Backchannel { Words::None } else { words };
            interjection.said = text.to_owned();
        }
        self.judge(state, moment)
    }

    pub(crate) fn final_transcript(
        &mut self,
        mut state: State,
        utterance: UtteranceId,
        text: &str,
        confidence_per_mille: u16,
    ) -> State {
        let text = &*hearsay::said(text, confidence_per_mille, self.voiced(&state));
        match state {
            State::Transcribing(mut hearing) => {
                hearing.hear(utterance, text, confidence_per_mille);
                self.conclude(hearing)
            }
            State::Hearing(ref mut hearing) => {
                let early = hearing.open() == Some(utterance);
                hearing.hear(utterance, text, confidence_per_mille);
                if early {
                    self.act(Action::CancelRecognition { utterance });
                    // A recogniser that heard nothing is not asked again and again.
                    if !text.trim().is_empty() {
                        self.recognise(hearing);
                    }
                }
                state
            }
            State::Endpointing(mut pausing) => {
                if pausing.hearing.open() == Some(utterance) {
                    self.act(Action::CancelRecognition { utterance });
                }
                if pausing.hearing.hear(utterance, text, confidence_per_mille) {
                    self.prepare(&mut pausing);
                    return self.pause_with_words(pausing);
                }
                State::Endpointing(pausing)
            }
            State::Overlap { ref mut interjection, .. } | State::Speaking { aside: Some(ref mut interjection), .. }
                if interjection.is_recognised_by(utterance) =>
            {
                if interjection.recognition == Recognition::Running {
                    self.act(Action::CancelRecognition { utterance });
                }
                interjection.recognition = Recognition::Ended(text.to_owned(), confidence_per_mille);
                self.words_over_agent(state, text, confidence_per_mille, Moment::Understood)
            }
            State::Unanswered
            | State::Listening
            | State::Keying(_)
            | State::Replying(_)
            | State::Speaking { .. }
            | State::Overlap { .. }
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    /// How long the caller was heard of whose words a transcript tells.
    fn voiced(&self, state: &State) -> Duration {
        match state {
            State::Hearing(hearing) => hearing.voiced_until(self.now),
            State::Transcribing(hearing) | State::Endpointing(Pausing { hearing, .. }) => hearing.voiced(),
            State::Overlap { interjection, .. } | State::Speaking { aside: Some(interjection), .. } => {
                interjection.silent_since.unwrap_or(self.now) - interjection.started
            }
            _ => Duration::ZERO,
        }
    }

    pub(crate) fn recogniser_failed(&mut self, mut state: State, utterance: Option<UtteranceId>) -> State {
        match state {
            State::Hearing(ref mut hearing) => {
                let had_open = hearing.open();
                self.lose(hearing, utterance);
                if had_open != hearing.open() {
                    let limit = self.now + self.settings.lost_utterance_limit;
                    let limit = self.timers.get(Timer::Utterance).map_or(limit, |earlier| earlier.min(limit));
                    self.timers.set(Timer::Utterance, limit);
                }
                state
            }
            State::Endpointing(ref mut pausing) => {
                self.lose(&mut pausing.hearing, utterance);
                state
            }
            State::Transcribing(mut hearing) => {
                self.lose(&mut hearing, utterance);
                self.conclude(hearing)
            }
            State::Overlap { ref mut interjection, .. } | State::Speaking { aside: Some(ref mut interjection), .. }
                if utterance.is_none_or(|one| interjection.is_recognised_by(one)) =>
            {
                self.cancel_interjection(interjection);
                interjection.recognition = Recognition::Lost;
                state
            }
            State::Unanswered
            | State::Listening
            | State::Keying(_)
            | State::Replying(_)
            | State::Speaking { .. }
            | State::Overlap { .. }
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    /// Gives up `utterance`, or all that are awaited.
    pub(crate) fn lose(&mut self, hearing: &mut Hearing, utterance: Option<UtteranceId>) {
        for utterance in hearing.lose(utterance) {
            self.act(Action::CancelRecognition { utterance });
        }
    }

    /// The final transcript was asked for.
    pub(crate) fn await_transcript(&mut self) {
        let Settings { transcript_timeout, busy_transcript_timeout, .. } = self.settings;
        let patience = if self.busy { transcript_timeout.max(busy_transcript_timeout) } else { transcript_timeout };
        self.timers.set(Timer::Transcript, self.now + patience);
    }

    pub(crate) fn transcript_overdue(&mut self, mut state: State) -> State {
        if let State::Hearing(hearing) | State::Endpointing(Pausing { hearing, .. }) = &mut state {
            self.lose_finishing(hearing);
        }
        let State::Transcribing(mut hearing) = state else { return state };
        self.lose_finishing(&mut hearing);
        self.conclude(hearing)
    }

    fn lose_finishing(&mut self, hearing: &mut Hearing) {
        for utterance in hearing.lose_finishing() {
            self.act(Action::CancelRecognition { utterance });
        }
    }

    /// Answers the caller once all he said is known.
    pub(crate) fn conclude(&mut self, hearing: Hearing) -> State {
        if !hearing.is_complete() {
            return State::Transcribing(hearing);
        }
        self.timers.clear(Timer::Transcript);
        let text = hearing.text();
        if hearing.is_lost() {
            return self.speech_was_lost(&text);
        }
        if text.is_empty() {
            return self.nothing_understood(&hearing);
        }
        self.caller_was_understood();
        self.said_for_certain = hearing.confidence_per_mille() >= hearsay::ENOUGH_TO_HANG_UP;
        self.answer(&text)
    }

    pub(crate) fn caller_was_understood(&mut self) {
        self.misheard = 0;
        self.prompts_said = 0;
        self.holding = false;
    }

    fn nothing_understood(&mut self, hearing: &Hearing) -> State {
        // A noise made us drop the reply to what he had said before.
        if self.history.is_unanswered() {
            return self.ask_model("");
        }
        if !admits_not_understanding(hearing, self.misheard, &self.settings) {
            return self.listen_after_noise();
        }
        self.misheard += 1;
        self.say(self.settings.not_understood.clone())
    }
}
