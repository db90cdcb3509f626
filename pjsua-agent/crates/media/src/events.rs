//! From the audio thread to the call's driver: a bounded queue that may lose
//! audio but never the beginning or end of anything.

use std::collections::VecDeque;
use std::sync::Arc;

use thingbuf::mpsc;
use thingbuf::mpsc::errors::TrySendError;

use crate::frame::{SILENCE, Samples};
use crate::stats::AudioStats;

/// Room that frames leave to the other events.
const RESERVED: usize = 8;

/// Events that may wait for room, once even the reserve is used up.
const PENDING: usize = 32;

/// Of these, how many endings of turns may be: the rest is for the caller's
/// utterances.
const PENDING_DRAINED: usize = PENDING - 2;

/// Something that happened in a call's audio.
// A frame travels by value: a pointer to it would have to be allocated.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioEvent {
    /// 20 ms of the caller, only between `SpeechStarted` and `SpeechEnded`: first
    /// what was kept from shortly before, then live. No frame comes twice.
    Frame(Samples),
    /// The caller began to speak; at the first voiced sample since the call's start.
    SpeechStarted {
        /// Position in captured samples.
        at_sample: u64,
    },
    /// The caller stopped.
    SpeechEnded {
        /// Position of the first silent sample, in captured samples.
        at_sample: u64,
        /// How many silent samples had been captured when that was noticed.
        silence_samples: u64,
    },
    /// The caller has been sent this much of a turn. Comes with a turn's first
    /// frame and then at most every
    /// [`progress_interval`](crate::AudioSettings::progress_interval).
    PlayoutProgress {
        /// The turn.
        turn: u32,
        /// Samples of its time line.
        samples: u64,
    },
    /// The caller has been sent all of a turn that was ended.
    PlayoutDrained {
        /// The turn.
        turn: u32,
    },
    /// How loud both sides were: the RMS level of the loudest 20 ms each, in dBFS
    /// from −100, digital silence, to 0. Comes every
    /// [`levels_interval`](crate::AudioSettings::levels_interval), unless the
    /// driver is late.
    Levels {
        /// Position of the interval's first sample, in captured samples.
        at_sample: u64,
        /// The caller, above
        /// [`high_pass_hz`](crate::AudioSettings::high_pass_hz).
        captured_dbfs: i8,
        /// The agent.
        played_dbfs: i8,
    },
}

impl Default for AudioEvent {
    fn default() -> Self {
        Self::Frame(SILENCE)
    }
}

/// The driver's end: events of one call, in order.
///
/// # Threads
/// One owner, any thread or task; not tied to a runtime.
pub struct AudioEvents(mpsc::Receiver<AudioEvent>);

impl AudioEvents {
    /// The next event; `None` once the [`AudioEnd`](crate::AudioEnd) was dropped
    /// and everything it sent was received. Cancel-safe.
    pub async fn recv(&mut self) -> Option<AudioEvent> {
        self.0.recv().await
    }

    /// The next event if there is one already.
    pub fn try_recv(&mut self) -> Option<AudioEvent> {
        self.0.try_recv().ok()
    }
}

impl std::fmt::Debug for AudioEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioEvents").field("waiting", &self.0.len()).finish()
    }
}

pub(crate) fn event_queue(capacity: usize, stats: Arc<AudioStats>) -> (Outbox, AudioEvents) {
    let (sender, receiver) = mpsc::channel(capacity.max(4 * RESERVED));
    let outbox = Outbox { queue: sender, pending: VecDeque::with_capacity(PENDING), stats };
    (outbox, AudioEvents(receiver))
}

/// The audio thread's end. Nothing here waits, locks or allocates.
pub(crate) struct Outbox {
    queue: mpsc::Sender<AudioEvent>,
    pending: VecDeque<AudioEvent>,
    stats: Arc<AudioStats>,
}

impl Outbox {
    /// Sends what has been waiting for room.
    pub(crate) fn retry(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            if let Err(TrySendError::Full(event)) = self.queue.try_send(event) {
                self.pending.push_front(event);
                return;
            }
        }
    }

    pub(crate) fn send_frame(&mut self, samples: &Samples) {
        let has_room = self.pending.is_empty() && self.queue.remaining() > RESERVED;
        if !has_room || self.queue.try_send(AudioEvent::Frame(*samples)).is_err() {
            self.stats.dropped_events.add(1);
        }
    }

    /// For what is worth telling only while it is news. False if there is no room.
    pub(crate) fn send_if_room(&mut self, event: AudioEvent) -> bool {
        self.pending.is_empty() && self.queue.remaining() > RESERVED / 2 && self.queue.try_send(event).is_ok()
    }

    pub(crate) fn can_send_drained(&self) -> bool {
        self.pending.len() < PENDING_DRAINED
    }

    /// Only while [`can_send_drained`](Self::can_send_drained).
    pub(crate) fn send_drained(&mut self, turn: u32) {
        self.send_or_keep(AudioEvent::PlayoutDrained { turn });
    }

    /// `SpeechStarted` and `SpeechEnded`, alternating. When even the room for
    /// waiting is full, an utterance is joined to the one before: both its
    /// beginning and that one's end are withheld.
    pub(crate) fn send_speech(&mut self, event: AudioEvent) {
        let is_start = matches!(event, AudioEvent::SpeechStarted { .. });
        if is_start && self.pending.len() >= PENDING - 1 {
            let end = |kept: &AudioEvent| matches!(kept, AudioEvent::SpeechEnded { .. });
            if let Some(previous_end) = self.pending.iter().rposition(end) {
                self.pending.remove(previous_end);
                self.stats.merged_utterances.add(1);
                return;
            }
        }
        self.send_or_keep(event);
    }

    fn send_or_keep(&mut self, event: AudioEvent) {
        self.retry();
        if !self.pending.is_empty() {
            self.pending.push_back(event);
        } else if let Err(TrySendError::Full(event)) = self.queue.try_send(event) {
            self.pending.push_back(event);
        }
        debug_assert!(self.pending.len() <= PENDING, "the pending events are bounded");
    }
}
