//! The caller's turn: his speech, its transcripts, his silence.

use std::time::Duration;

use crate::barge_in::{Interjection, Moment, Recognition, Words};
use crate::endpointing::{Hearing, Pausing, admits_not_understanding};
use crate::machine::Core;
use crate::state::State;
use crate::{Action, Instant, Timer, UtteranceId};

impl Core {
    /// It is the caller's turn.
    pub(crate) fn listen(&mut self) -> State {
        let patience = if self.holding { self.settings.hold_limit } else { self.settings.no_input_after };
        self.no_input_at = self.now + patience;
        self.listen_on()
    }

    /// It still is, after a noise.
    fn listen_on(&mut self) -> State {
        self.timers.set(Timer::NoInput, self.no_input_at);
        State::Listening
    }

    /// Something is heard that may be speech.
    pub(crate) fn speech_started(&mut self, state: State) -> State {
        let confirmed = !self.settings.confirmed_speech;
        match state {
            State::Listening => self.hear_utterance(confirmed),
            State::Endpointing(pausing) => self.sound_in_pause(pausing),
            State::Speaking { reply, aside } => self.sound_over_agent(reply, aside),
            State::Transcribing(_) | State::Replying(_) if confirmed => self.speech_confirmed(state),
            State::Overlap { reply, mut interjection } => {
                interjection.resumed |= interjection.silent_since.take().is_some();
                State::Overlap { reply, interjection }
            }
            State::Unanswered
            | State::Hearing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Replying(_)
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    /// It is speech.
    pub(crate) fn speech_confirmed(&mut self, state: State) -> State {
        match state {
            State::Listening => self.hear_utterance(true),
            State::Hearing(mut hearing) => {
                hearing.confirmed = true;
                State::Hearing(hearing)
            }
            State::Endpointing(pausing) => {
                let since = pausing.pause.sound.unwrap_or(self.now);
                self.go_on_hearing(pausing, since)
            }
            State::Transcribing(hearing) => {
                self.pauses.learn(self.now - self.silent_since, &self.settings);
                self.hear_on(hearing, self.now)
            }
            State::Keying(keys) => {
                self.timers.clear(Timer::Keys);
                let mut hearing = Hearing::new(self.now);
                hearing.begin_with(keys.message());
                self.hear_first(hearing, true)
            }
            State::Replying(reply) => {
                self.pauses.learn(self.now - self.silent_since, &self.settings);
                self.interrupt(reply);
                self.hear_utterance(true)
            }
            State::Speaking { reply, aside } => self.speech_over_agent(reply, aside),
            State::Overlap { reply, mut interjection } => {
                interjection.confirmed = true;
                self.judge(State::Overlap { reply, interjection }, Moment::Recognised)
            }
            State::Unanswered | State::Closing { .. } | State::Transferring | State::HungUp | State::Ended => state,
        }
    }

    /// It is none.
    pub(crate) fn speech_dismissed(&mut self, state: State) -> State {
        match state {
            State::Hearing(hearing) if !hearing.confirmed => self.drop_noise(hearing),
            State::Endpointing(pausing) => self.sound_over(pausing),
            State::Overlap { .. } => self.judge(state, Moment::Dismissed),
            State::Speaking { aside: Some(ref aside), .. } if !aside.confirmed => self.drop_aside(state),
            State::Unanswered
            | State::Listening
            | State::Hearing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Replying(_)
            | State::Speaking { .. }
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    /// What was heard was no speech: as if nothing had been, except that it may have been the
    /// caller getting ready to speak.
    fn drop_noise(&mut self, mut hearing: Hearing) -> State {
        self.timers.clear(Timer::Utterance);
        for utterance in hearing.lose(None) {
            self.act(Action::CancelRecognition { utterance });
        }
        self.listen_after_noise()
    }

    fn listen_after_noise(&mut self) -> State {
        self.no_input_at = self.no_input_at.max(self.now + self.settings.no_input_after_noise);
        self.listen_on()
    }

    fn hear_utterance(&mut self, confirmed: bool) -> State {
        self.timers.clear(Timer::NoInput);
        self.hear_first(Hearing::new(self.now), confirmed)
    }

    fn hear_first(&mut self, mut hearing: Hearing, confirmed: bool) -> State {
        hearing.confirmed = confirmed;
        self.recognise(&mut hearing);
        self.timers.set(Timer::Utterance, self.now + self.settings.max_utterance);
        State::Hearing(hearing)
    }

    /// The caller goes on, since `sounding_since`.
    pub(crate) fn hear_on(&mut self, mut hearing: Hearing, sounding_since: Instant) -> State {
        hearing.sound(sounding_since);
        hearing.confirmed = true;
        if hearing.open().is_none() && !hearing.is_lost() {
            self.recognise(&mut hearing);
        }
        let limit = self.now + self.settings.max_utterance;
        let limit = self.timers.get(Timer::Utterance).unwrap_or(limit);
        self.timers.set(Timer::Utterance, limit);
        State::Hearing(hearing)
    }

    fn recognise(&mut self, hearing: &mut Hearing) {
        let utterance = self.next_utterance();
        hearing.recognise(utterance);
        self.act(Action::StartRecognition { utterance });
    }

    /// The caller's words over the agent become his turn.
    pub(crate) fn hear_interjection(&mut self, interjection: Interjection, interrupts: bool) -> State {
        let Interjection { utterance, started, recognition, said, silent_since, .. } = interjection;
        self.no_input_at = self.now + self.settings.no_input_after;
        let mut hearing = Hearing::new(started);
        hearing.interrupts = interrupts;
        hearing.confirmed = true;
        hearing.recognise(utterance);
        hearing.hear_partial(utterance, &said);
        let mut limit = started + self.settings.max_utterance;
        match recognition {
            Recognition::Running => {}
            Recognition::Finishing => {
                hearing.finish();
                self.timers.set(Timer::Transcript, self.now + self.settings.transcript_timeout);
                if silent_since.is_none() {
                    self.recognise(&mut hearing);
                }
            }
            Recognition::Ended(text) => {
                hearing.hear(utterance, &text);
                if silent_since.is_none() {
                    self.recognise(&mut hearing);
                }
            }
            Recognition::Lost => {
                hearing.lose(Some(utterance));
                limit = self.now + self.settings.lost_utterance_limit;
            }
        }
        self.timers.set(Timer::Utterance, limit);
        match silent_since {
            Some(since) => self.pause(hearing, self.now - since),
            None => State::Hearing(hearing),
        }
    }

    pub(crate) fn speech_ended(&mut self, state: State, silence: Duration) -> State {
        let since = self.now - silence;
        match state {
            State::Hearing(hearing) if hearing.confirmed || !self.settings.confirmed_speech => {
                self.pause(hearing, silence)
            }
            State::Hearing(hearing) => self.drop_noise(hearing),
            State::Endpointing(pausing) => self.sound_over(pausing),
            State::Speaking { reply, aside: Some(mut aside) } if aside.answers => {
                aside.silent_since = Some(since);
                State::Speaking { reply, aside: Some(aside) }
            }
            State::Speaking { .. } => self.drop_aside(state),
            State::Overlap { reply, mut interjection } => {
                interjection.silent_since = Some(since);
                let voiced = since - interjection.started;
                self.judge(State::Overlap { reply, interjection }, Moment::FellSilent(voiced))
            }
            State::Unanswered
            | State::Listening
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Replying(_)
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    /// The caller has been silent for long enough, or has been speaking for too long.
    pub(crate) fn utterance_over(&mut self, state: State) -> State {
        match state {
            State::Endpointing(pausing) => self.end_of_turn(pausing),
            State::Hearing(mut hearing) => {
                hearing.fall_silent(self.now);
                self.silent_since = self.now;
                self.timers.clear(Timer::Utterance);
                self.finish_hearing(hearing)
            }
            State::Unanswered
            | State::Listening
            | State::Transcribing(_)
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

    /// Nothing is added to what the caller said.
    pub(crate) fn finish_hearing(&mut self, mut hearing: Hearing) -> State {
        if let Some(utterance) = hearing.finish() {
            self.act(Action::FinishRecognition { utterance });
            self.timers.set(Timer::Transcript, self.now + self.settings.transcript_timeout);
        }
        self.conclude(hearing)
    }

    pub(crate) fn partial_transcript(&mut self, mut state: State, utterance: UtteranceId, text: &str) -> State {
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
                Some(interjection) if interjection.is_recognised_by(utterance) => self.words_over_agent(state, text),
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

    fn words_over_agent(&mut self, mut state: State, text: &str) -> State {
        let words = Words::of(text, &self.settings);
        // A later partial may be empty; what was recognised once was said.
        if let Some(interjection) = state.interjection_mut().filter(|_| words != Words::None) {
            interjection.words = words;
            interjection.said = text.to_owned();
        }
        let is_final = state.interjection_mut().is_some_and(|interjection| interjection.is_over());
        self.judge(state, if is_final { Moment::Understood } else { Moment::Recognised })
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
            State::Endpointing(mut pausing) => {
                if pausing.hearing.open() == Some(utterance) {
                    self.act(Action::CancelRecognition { utterance });
                }
                if pausing.hearing.hear(utterance, text) {
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
                interjection.recognition = Recognition::Ended(text.to_owned());
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

    fn lose(&mut self, hearing: &mut Hearing, utterance: Option<UtteranceId>) {
        for utterance in hearing.lose(utterance) {
            self.act(Action::CancelRecognition { utterance });
        }
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

    /// The caller pauses without end.
    pub(crate) fn caller_is_silent(&mut self, state: State) -> State {
        let State::Listening = state else { return state };
        if self.prompts_said >= self.settings.no_input_prompts {
            return self.say_before_hanging_up(self.settings.no_input_goodbye.clone());
        }
        self.prompts_said += 1;
        self.say(self.settings.no_input_prompt.clone())
    }
}
