//! One call's ear.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    FRAME_SAMPLES,
    counts::{Counts, count},
    heard::Heard,
    judgement::Verdict,
    score_queue::Request,
    score_thread::{Scores, Work},
    vad_thread::{Inbox, Message},
};

/// What an [`Ear`] reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EarEvent {
    /// What began is speech, or cannot be judged.
    Confirmed {
        /// The one that [`Ear::speech_started`] was told.
        utterance: u32,
    },
    /// What began is no speech so far.
    Dismissed {
        /// The one that [`Ear::speech_started`] was told.
        utterance: u32,
    },
    /// The answer to [`Ear::score_end_of_turn`].
    Score {
        /// The one asked with.
        pause: u32,
        /// That the caller has finished, 0 to 1.
        probability: f32,
    },
}

impl EarEvent {
    pub(crate) fn of(verdict: Verdict, utterance: u32) -> Self {
        match verdict {
            Verdict::Confirmed => Self::Confirmed { utterance },
            Verdict::Dismissed => Self::Dismissed { utterance },
        }
    }
}

/// Where a call's events go. The threads hold it weakly: a dropped ear reports nothing.
pub(crate) struct Listener {
    report: Box<dyn Fn(EarEvent) + Send + Sync>,
    counts: Arc<Counts>,
}

impl Listener {
    pub(crate) fn report(&self, event: EarEvent) {
        if catch_unwind(AssertUnwindSafe(|| (self.report)(event))).is_err() {
            count(&self.counts.report_panics);
        }
    }
}

/// Listens to one call; dropping it forgets the call.
///
/// An utterance is [`speech_started`](Self::speech_started), its frames with the pre-roll first,
/// [`speech_ended`](Self::speech_ended). For each, exactly one of [`EarEvent::Confirmed`] and [`EarEvent::Dismissed`] is
/// reported, and after `Dismissed` a `Confirmed` may follow; either perhaps when the next utterance has begun.
///
/// # Threads
///
/// Any but the media clock; the audio thread may call all but `score_end_of_turn`, which allocates. No method waits for
/// a model. Events are reported on threads of [`Models`](crate::Models), and must be taken without delay: other calls
/// wait for them. Where nothing can be judged `Confirmed` is reported inside `speech_started`.
pub struct Ear {
    number: u64,
    listener: Arc<Listener>,
    vad: Option<Inbox>,
    scores: Option<Arc<Scores>>,
    heard: Mutex<Heard>,
}

impl Ear {
    pub(crate) fn new(
        number: u64,
        report: Box<dyn Fn(EarEvent) + Send + Sync>,
        counts: Arc<Counts>,
        vad: Option<Inbox>,
        scores: Option<Arc<Scores>>,
        heard: Heard,
    ) -> Self {
        let listener = Arc::new(Listener { report, counts });
        Self { number, listener, vad, scores, heard: Mutex::new(heard) }
    }

    /// Stage 1 hears something that may be speech. The verdict on it comes with the number `utterance`.
    pub fn speech_started(&self, utterance: u32) {
        self.remember(|heard| heard.begin(Instant::now()));
        let begin = || Message::Begin { ear: self.number, utterance, listener: Arc::downgrade(&self.listener) };
        if !self.vad.as_ref().is_some_and(|vad| vad.send(begin())) {
            self.listener.report(EarEvent::Confirmed { utterance });
        }
    }

    /// 20 ms of the utterance at 16 kHz.
    pub fn frame(&self, frame: &[i16; FRAME_SAMPLES]) {
        self.remember(|heard| heard.push(frame, Instant::now()));
        if let Some(vad) = &self.vad {
            vad.send(Message::Frame(self.number, *frame));
        }
    }

    /// Stage 1 has heard nothing for its hang-over.
    pub fn speech_ended(&self) {
        self.remember(Heard::end);
        if let Some(vad) = &self.vad {
            vad.send(Message::End(self.number));
        }
    }

    /// The caller's turn is over: from the next utterance on, what he said in it no longer counts for the score. Does
    /// nothing while an utterance is under way.
    pub fn turn_over(&self) {
        self.remember(Heard::turn_over);
    }

    /// Asks whether the caller has finished, `silence` after the last sound of the utterance. The answer is a
    /// [`EarEvent::Score`] with the same `pause`. It does not come without a model, when it fails, when it would be late,
    /// or when this is called again first.
    ///
    /// The score is worth most with 100 to 200 ms of silence; the model takes more for a sign of the end, whatever was
    /// said (docs/benchmarks/hearing.md).
    pub fn score_end_of_turn(&self, pause: u32, silence: Duration) {
        let Some(scores) = &self.scores else { return };
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).last(silence);
        let work = Work { listener: Arc::downgrade(&self.listener), pause, heard };
        scores.ask(Request { ear: self.number, asked: Instant::now(), work });
    }

    fn remember(&self, change: impl FnOnce(&mut Heard)) {
        if self.scores.is_some() {
            change(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if let Some(scores) = &self.scores {
            scores.forget(self.number);
        }
    }
}
