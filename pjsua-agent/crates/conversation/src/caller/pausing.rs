//! The caller pauses: has he finished, and what is done meanwhile.

use std::time::Duration;

use super::draft::Draft;
use super::pauses::{Pause, Score, silence_needed};
use super::{Caller, Said};
use crate::call::Call;
use crate::next::Next;
use crate::{Action, Instant, PauseId, Timer};

/// How long a sound that may be speech keeps the utterance from being over when nobody says what it
/// is. 500 ms: the second detector answers within 300.
const UNKNOWN_SOUND_LIMIT: Duration = Duration::from_millis(500);

/// The caller pauses or has finished.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pausing {
    pub(super) hearing: Said,
    pub(super) pause: Pause,
    /// The reply that is prepared in case he has finished.
    pub(super) draft: Option<Draft>,
}

impl Caller {
    /// He has been silent since `silence` ago.
    pub(super) fn pause(call: &mut Call, mut hearing: Said, silence: Duration) -> Self {
        let since = call.now - silence;
        hearing.fall_silent(since);
        call.caller.silent_since = since;
        let pause = Pause { id: call.caller.next_pause(), since, score: None, sound: None };
        let pausing = Box::new(Pausing { hearing, pause, draft: None });
        pausing.watch(call);
        Self::Endpointing(pausing)
    }

    /// What the end-of-turn model says of `pause`, in thousandths.
    pub(crate) fn end_of_turn_score(self, call: &mut Call, pause: PauseId, per_mille: u16) -> Self {
        self.while_pausing(|pausing| {
            if pausing.pause.id == pause {
                pausing.score(call, per_mille);
            }
        })
    }

    /// The score is to be asked for again.
    pub(crate) fn score_again(self, call: &mut Call) -> Self {
        self.while_pausing(|pausing| pausing.ask_for_score(call))
    }

    /// A reply is to be prepared although it is not sure that he has finished.
    pub(crate) fn speculation_due(self, call: &mut Call) -> Self {
        self.while_pausing(|pausing| pausing.speculate(call))
    }

    /// The reply that was prepared is not wanted any more, though he may have finished; it is asked for again when it is
    /// wanted.
    pub(crate) fn without_draft(self, call: &mut Call) -> Self {
        self.while_pausing(|pausing| pausing.drop_draft(call))
    }

    pub(super) fn while_pausing(mut self, change: impl FnOnce(&mut Pausing)) -> Self {
        match &mut self {
            Self::Endpointing(pausing) => change(pausing),
            Self::Listening | Self::Hearing(_) | Self::Transcribing(_) | Self::Keying(_) => {}
        }
        self
    }
}

impl Pausing {
    /// Sets all deadlines of a silence anew.
    fn watch(&self, call: &mut Call) {
        self.await_end(call);
        if call.settings.endpointing.scored_endpoints {
            self.ask_for_score(call);
        }
        if call.settings.endpointing.speculation && self.draft.is_none() {
            call.timers.set(Timer::Speculation, self.deadline(call, call.settings.endpointing.speculate_silence));
        }
    }

    fn ask_for_score(&self, call: &mut Call) {
        let silence = call.now - self.pause.since;
        let shown = silence.min(call.settings.endpointing.scored_silence);
        call.act(Action::ScoreEndOfTurn { pause: self.pause.id, silence: shown });
        if silence < call.settings.endpointing.scored_silence {
            call.timers.set(Timer::Score, call.now + call.settings.endpointing.score_interval);
        }
    }

    fn await_end(&self, call: &mut Call) {
        let text = self.hearing.text_so_far();
        let needed = silence_needed(&text, self.pause.score, call.caller.pauses.longest(), &call.settings);
        call.timers.set(Timer::Endpoint, self.deadline(call, needed));
    }

    fn deadline(&self, call: &Call, silence: Duration) -> Instant {
        call.now.max(self.pause.since + silence)
    }

    fn score(&mut self, call: &mut Call, per_mille: u16) {
        let score = Score::of(per_mille, self.pause.score, &call.settings);
        self.pause.score = Some(score);
        if self.pause.sound.is_none() {
            self.await_end(call);
            if score == Score::Sure {
                self.speculate(call);
            }
        }
    }

    /// The words of the utterance have changed: it may need more or less of a silence.
    pub(super) fn words_changed(&self, call: &mut Call) {
        if self.pause.sound.is_none() {
            self.await_end(call);
        }
    }

    /// Something is heard again: for the time being the utterance is not over.
    pub(super) fn sound(mut self: Box<Self>, call: &mut Call) -> Caller {
        if !call.settings.confirmed_speech {
            return self.go_on(call, call.now);
        }
        clear_pause_timers(call);
        self.pause.sound = Some(call.now);
        call.timers.set(Timer::Endpoint, call.now + UNKNOWN_SOUND_LIMIT);
        Caller::Endpointing(self)
    }

    /// The sound was none of the caller's words.
    pub(super) fn sound_over(mut self: Box<Self>, call: &mut Call) -> Caller {
        if self.pause.sound.take().is_some() {
            self.watch(call);
        }
        Caller::Endpointing(self)
    }

    /// The caller goes on, since `sounding_since`.
    pub(super) fn go_on(mut self, call: &mut Call, sounding_since: Instant) -> Caller {
        clear_pause_timers(call);
        call.caller.pauses.learn(sounding_since - self.pause.since, &call.settings);
        self.drop_draft(call);
        Caller::hear_on(call, self.hearing, sounding_since)
    }

    /// The silence has lasted long enough.
    pub(super) fn end_of_turn(mut self, call: &mut Call) -> Next {
        clear_pause_timers(call);
        call.timers.clear(Timer::Utterance);
        match self.draft.take() {
            Some(draft) => draft.commit(call),
            None => Caller::finish_hearing(call, self.hearing),
        }
    }
}

fn clear_pause_timers(call: &mut Call) {
    for timer in [Timer::Endpoint, Timer::Score, Timer::Speculation] {
        call.timers.clear(timer);
    }
}
