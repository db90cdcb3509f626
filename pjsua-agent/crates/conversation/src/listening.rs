//! The caller's turn: his speech, its transcripts, his silence.

use std::time::Duration;

use crate::barge_in::{Interjection, Moment, Recognition, Words};
use crate::endpointing::{Hearing, admits_not_understanding, endpoint};
use crate::machine::Core;
use crate::state::State;
use crate::{Act, Action, Timer, UtteranceId};

impl Core {
    /// It is the caller's turn.
    pub(crate) fn listen(&mut self) -> State {
        self.no_input_at = self.now + self.settings.no_input_after;
        self.listen_on()
    }

    /// It still is, after a noise.
    fn listen_on(&mut self) -> State {
        self.timers.set(Timer::NoInput, self.no_input_at);
        State::Listening
    }

    pub(crate) fn speech_started(&mut self, state: State) -> State {
        match state {
            State::Listening => {
                self.timers.clear(Timer::NoInput);
                self.hear_utterance()
            }
            State::Endpointing(mut hearing) => {
                self.timers.clear(Timer::Endpoint);
                hearing.sound(self.now);
                if hearing.open().is_none() && !hearing.is_lost() {
                    self.recognise(&mut hearing);
                }
                State::Hearing(hearing)
            }
            State::Transcribing(mut hearing) => {
                hearing.sound(self.now);
                self.recognise(&mut hearing);
                self.timers.set(Timer::Utterance, self.now + self.settings.max_utterance);
                State::Hearing(hearing)
            }
            State::Replying(reply) => {
                self.interrupt(reply);
                self.hear_utterance()
            }
            State::Speaking { reply, aside } => self.pause_for(reply, aside),
            State::Unanswered
            | State::Hearing(_)
            | State::Keying(_)
            | State::Overlap { .. }
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    fn hear_utterance(&mut self) -> State {
        let mut hearing = Hearing::new(self.now);
        self.recognise(&mut hearing);
        self.timers.set(Timer::Utterance, self.now + self.settings.max_utterance);
        State::Hearing(hearing)
    }

    fn recognise(&mut self, hearing: &mut Hearing) {
        let utterance = self.next_utterance();
        hearing.recognise(utterance);
        self.act(Action::StartRecognition { utterance });
    }

    /// The caller's words over the agent become his turn.
    pub(crate) fn hear_interjection(&mut self, interjection: Interjection, interrupts: bool) -> Hearing {
        let Interjection { utterance, started, recognition, .. } = interjection;
        self.no_input_at = self.now + self.settings.no_input_after;
        let mut hearing = Hearing::new(started);
        hearing.interrupts = interrupts;
        hearing.recognise(utterance);
        let mut limit = started + self.settings.max_utterance;
        match recognition {
            Recognition::Running => {}
            Recognition::Ended(text) => {
                hearing.hear(utterance, &text);
                self.recognise(&mut hearing);
            }
            Recognition::Lost => {
                hearing.lose(Some(utterance));
                limit = self.now + self.settings.lost_utterance_limit;
            }
        }
        self.timers.set(Timer::Utterance, limit);
        hearing
    }

    pub(crate) fn speech_ended(&mut self, state: State, silence: Duration) -> State {
        let since = self.now - silence;
        match state {
            State::Hearing(hearing) => self.await_endpoint(hearing, silence),
            State::Speaking { .. } => self.drop_aside(state),
            State::Overlap { ref interjection, .. } => {
                let voiced = since - interjection.started;
                let state = self.judge(state, Moment::FellSilent(voiced));
                let State::Hearing(hearing) = state else { return state };
                self.await_endpoint(hearing, silence)
            }
            State::Unanswered
            | State::Listening
            | State::Endpointing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Replying(_)
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    fn await_endpoint(&mut self, mut hearing: Hearing, silence: Duration) -> State {
        hearing.fall_silent(self.now - silence);
        self.timers.set(Timer::Endpoint, endpoint(self.now, silence, &self.settings));
        State::Endpointing(hearing)
    }

    /// The caller has been silent for long enough, or has been speaking for too long.
    pub(crate) fn utterance_over(&mut self, state: State) -> State {
        let still_heard = matches!(state, State::Hearing(_));
        let (State::Hearing(mut hearing) | State::Endpointing(mut hearing)) = state else { return state };
        if still_heard {
            hearing.fall_silent(self.now);
        }
        self.timers.clear(Timer::Endpoint);
        self.timers.clear(Timer::Utterance);
        if let Some(utterance) = hearing.finish() {
            self.act(Action::FinishRecognition { utterance });
            self.timers.set(Timer::Transcript, self.now + self.settings.transcript_timeout);
        }
        self.conclude(hearing)
    }

    /// Only words over the agent's are looked at before they are final.
    pub(crate) fn partial_transcript(&mut self, mut state: State, utterance: UtteranceId, text: &str) -> State {
        match state.interjection_mut() {
            Some(interjection) if interjection.is_recognised_by(utterance) => self.words_over_agent(state, text),
            Some(_) | None => state,
        }
    }

    fn words_over_agent(&mut self, mut state: State, text: &str) -> State {
        let words = Words::of(text, &self.settings);
        // A later partial may be empty; what was recognised once was said.
        if let Some(interjection) = state.interjection_mut().filter(|_| words != Words::None) {
            interjection.words = words;
        }
        self.judge(state, Moment::Recognised)
    }

    pub(crate) fn final_transcript(&mut self, mut state: State, utterance: UtteranceId, text: &str) -> State {
        match state {
            State::Transcribing(mut hearing) => {
                hearing.hear(utterance, text);
                self.conclude(hearing)
            }
            State::Hearing(ref mut hearing) => {
                let early = hearing.open() == Some(utterance);
                hearing.hear(utterance, text);
                if early {
                    self.act(Action::CancelRecognition { utterance });
                    // A recogniser that heard nothing is not asked again and again.
                    if !text.trim().is_empty() {
                        self.recognise(hearing);
                    }
                }
                state
            }
            State::Endpointing(ref mut hearing) => {
                if hearing.open() == Some(utterance) {
                    self.act(Action::CancelRecognition { utterance });
                }
                hearing.hear(utterance, text);
                state
            }
            State::Overlap { ref mut interjection, .. } | State::Speaking { aside: Some(ref mut interjection), .. }
                if interjection.is_recognised_by(utterance) =>
            {
                interjection.recognition = Recognition::Ended(text.to_owned());
                self.act(Action::CancelRecognition { utterance });
                self.words_over_agent(state, text)
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
            State::Endpointing(ref mut hearing) => {
                self.lose(hearing, utterance);
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

    fn lose(&mut self, hearing: &mut Hearing, utterance: Option<UtteranceId>) {
        for utterance in hearing.lose(utterance) {
            self.act(Action::CancelRecognition { utterance });
        }
    }

    pub(crate) fn transcript_overdue(&mut self, mut state: State) -> State {
        if let State::Hearing(hearing) | State::Endpointing(hearing) = &mut state {
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
    fn conclude(&mut self, hearing: Hearing) -> State {
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
        self.ask_model(&text)
    }

    pub(crate) fn caller_was_understood(&mut self) {
        self.misheard = 0;
        self.prompts_said = 0;
    }

    fn nothing_understood(&mut self, hearing: &Hearing) -> State {
        // A noise made us drop the reply to what he had said before.
        if self.history.is_unanswered() {
            return self.ask_model("");
        }
        if !admits_not_understanding(hearing, self.misheard, &self.settings) {
            self.no_input_at = self.no_input_at.max(self.now + self.settings.no_input_after_noise);
            return self.listen_on();
        }
        self.misheard += 1;
        self.say(self.settings.not_understood.clone())
    }

    /// The caller pauses without end.
    pub(crate) fn caller_is_silent(&mut self, state: State) -> State {
        let State::Listening = state else { return state };
        if self.prompts_said >= self.settings.no_input_prompts {
            return self.say_and(self.settings.no_input_goodbye.clone(), Act::HangUp);
        }
        self.prompts_said += 1;
        self.say(self.settings.no_input_prompt.clone())
    }
}
