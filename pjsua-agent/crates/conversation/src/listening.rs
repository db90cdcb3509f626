//! The caller's turn: his speech and his silence.

use std::time::Duration;

use crate::barge_in::{Interjection, Moment, Recognition};
use crate::endpointing::Hearing;
use crate::machine::Core;
use crate::state::State;
use crate::{Action, Instant, Timer};

impl Core {
    /// It is the caller's turn.
    pub(crate) fn listen(&mut self) -> State {
        let patience = if self.holding { self.settings.hold_limit } else { self.settings.no_input_after };
        self.no_input_at = self.now + patience;
        self.listen_on()
    }

    /// It still is, after a noise.
    pub(crate) fn listen_on(&mut self) -> State {
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
            State::Overlap { reply, interjection } if interjection.is_settled => {
                self.sound_before_going_on(reply, &interjection)
            }
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
        self.lose(&mut hearing, None);
        self.listen_after_noise()
    }

    pub(crate) fn listen_after_noise(&mut self) -> State {
        self.timers.clear(Timer::Filler);
        if let Some(reply) = self.bridge.take() {
            return self.end_of_text(State::Speaking { reply, aside: None });
        }
        self.no_input_at = self.no_input_at.max(self.now + self.settings.no_input_after_noise);
        self.listen_on()
    }

    pub(crate) fn hear_utterance(&mut self, confirmed: bool) -> State {
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
        self.drop_bridge();
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

    pub(crate) fn recognise(&mut self, hearing: &mut Hearing) {
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
                self.await_transcript();
                if silent_since.is_none() {
                    self.recognise(&mut hearing);
                }
            }
            Recognition::Ended(text, confidence_per_mille) => {
                hearing.hear(utterance, &text, confidence_per_mille);
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
                self.judge(State::Overlap { reply, interjection }, Moment::FellSilent)
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
            self.await_transcript();
        }
        self.watch_for_filler();
        self.conclude(hearing)
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
