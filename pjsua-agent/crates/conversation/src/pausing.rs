//! The caller pauses: has he finished, and what is done meanwhile.

use std::time::Duration;

use crate::endpointing::{Hearing, Pause, Pausing, Score, silence_needed};
use crate::machine::Core;
use crate::state::State;
use crate::{Action, Instant, PauseId, Timer};

/// How long a sound that may be speech keeps the utterance from being over when nobody says what it
/// is. 500 ms: the second detector answers within 300.
const UNKNOWN_SOUND_LIMIT: Duration = Duration::from_millis(500);

impl Core {
    /// The caller has been silent since `silence` ago.
    pub(crate) fn pause(&mut self, mut hearing: Hearing, silence: Duration) -> State {
        let since = self.now - silence;
        hearing.fall_silent(since);
        self.silent_since = since;
        self.pause_count += 1;
        let pause = Pause { id: PauseId(self.pause_count), since, score: None, sound: None };
        let pausing = Pausing { hearing, pause, draft: None };
        self.watch_pause(&pausing);
        State::Endpointing(pausing)
    }

    /// Sets all deadlines of a silence anew.
    fn watch_pause(&mut self, pausing: &Pausing) {
        self.await_end(pausing);
        if self.settings.scored_endpoints {
            self.score_end_of_turn(&pausing.pause);
        }
        if self.settings.speculation && pausing.draft.is_none() {
            self.timers.set(Timer::Speculation, self.deadline(&pausing.pause, self.settings.speculate_silence));
        }
    }

    fn score_end_of_turn(&mut self, pause: &Pause) {
        let silence = self.now - pause.since;
        let shown = silence.min(self.settings.scored_silence);
        self.act(Action::ScoreEndOfTurn { pause: pause.id, silence: shown });
        if silence < self.settings.scored_silence {
            self.timers.set(Timer::Score, self.now + self.settings.score_interval);
        }
    }

    fn await_end(&mut self, pausing: &Pausing) {
        let text = pausing.hearing.text_so_far();
        let needed = silence_needed(&text, pausing.pause.score, self.pauses.longest(), &self.settings);
        self.timers.set(Timer::Endpoint, self.deadline(&pausing.pause, needed));
    }

    fn deadline(&self, pause: &Pause, silence: Duration) -> Instant {
        self.now.max(pause.since + silence)
    }

    fn clear_pause_timers(&mut self) {
        for timer in [Timer::Endpoint, Timer::Score, Timer::Speculation] {
            self.timers.clear(timer);
        }
    }

    pub(crate) fn end_of_turn_score(&mut self, state: State, pause: PauseId, per_mille: u16) -> State {
        let State::Endpointing(mut pausing) = state else { return state };
        if pausing.pause.id != pause {
            return State::Endpointing(pausing);
        }
        let score = Score::of(per_mille, pausing.pause.score, &self.settings);
        pausing.pause.score = Some(score);
        if pausing.pause.sound.is_none() {
            self.await_end(&pausing);
            if score == Score::Sure {
                self.speculate(&mut pausing);
            }
        }
        State::Endpointing(pausing)
    }

    pub(crate) fn score_again(&mut self, state: State) -> State {
        if let State::Endpointing(Pausing { pause, .. }) = &state {
            self.score_end_of_turn(pause);
        }
        state
    }

    pub(crate) fn speculation_due(&mut self, state: State) -> State {
        let State::Endpointing(mut pausing) = state else { return state };
        self.speculate(&mut pausing);
        State::Endpointing(pausing)
    }

    /// The words of the utterance have changed: it may need more or less of a silence.
    pub(crate) fn pause_with_words(&mut self, pausing: Pausing) -> State {
        if pausing.pause.sound.is_none() {
            self.await_end(&pausing);
        }
        State::Endpointing(pausing)
    }

    /// Something is heard again: for the time being the utterance is not over.
    pub(crate) fn sound_in_pause(&mut self, mut pausing: Pausing) -> State {
        if !self.settings.confirmed_speech {
            return self.go_on_hearing(pausing, self.now);
        }
        self.clear_pause_timers();
        pausing.pause.sound = Some(self.now);
        self.timers.set(Timer::Endpoint, self.now + UNKNOWN_SOUND_LIMIT);
        State::Endpointing(pausing)
    }

    /// It was none of the caller's words.
    pub(crate) fn sound_over(&mut self, mut pausing: Pausing) -> State {
        if pausing.pause.sound.take().is_some() {
            self.watch_pause(&pausing);
        }
        State::Endpointing(pausing)
    }

    /// The caller goes on, since `sounding_since`.
    pub(crate) fn go_on_hearing(&mut self, mut pausing: Pausing, sounding_since: Instant) -> State {
        self.clear_pause_timers();
        self.pauses.learn(sounding_since - pausing.pause.since, &self.settings);
        self.drop_draft(&mut pausing);
        self.hear_on(pausing.hearing, sounding_since)
    }

    /// The silence has lasted long enough.
    pub(crate) fn end_of_turn(&mut self, mut pausing: Pausing) -> State {
        self.clear_pause_timers();
        self.timers.clear(Timer::Utterance);
        match pausing.draft.take() {
            Some(draft) => self.commit(draft),
            None => self.finish_hearing(pausing.hearing),
        }
    }

    /// The worker that prepares the draft failed; the reply is asked for again when it is wanted.
    pub(crate) fn draft_failed(&mut self, mut pausing: Pausing) -> State {
        self.drop_draft(&mut pausing);
        State::Endpointing(pausing)
    }

    /// The reply that was prepared is not wanted any more, though the caller may have finished.
    pub(crate) fn without_draft(&mut self, state: State) -> State {
        match state {
            State::Endpointing(pausing) => self.draft_failed(pausing),
            other => other,
        }
    }

    pub(crate) fn drop_pausing(&mut self, mut pausing: Pausing) {
        self.drop_draft(&mut pausing);
        self.lose(&mut pausing.hearing, None);
    }
}
