//! Us → caller: the driver's end of the playout ring.
//!
//! A producer cannot clear a ring. So every queued frame carries an *epoch*, and
//! a flush only makes the epoch that counts a newer one: the media clock throws
//! away what is older before it plays anything ([`crate::clock`]).
//!
//! A turn's *time line* counts the samples queued for it, the silence that fills
//! the last frame of a clause included, from zero. Turns follow each other in
//! rising order. A turn is *closed* when it is ended or flushed; whatever still
//! arrives for a closed or overtaken turn is thrown away, so a late piece of
//! synthesis cannot be heard after the barge-in that cancelled it.

use std::sync::Arc;

use ringbuf::HeapProd;
use ringbuf::traits::{Observer, Producer};

use crate::cursor::{Cursor, SharedCursor, next_epoch};
use crate::fade::{UNITY, gain_of};
use crate::frame::{FRAME_SAMPLES, SILENCE, Samples};
use crate::stats::AudioStats;

/// Slots beyond the audio, so that the end of a turn finds room in a full ring.
pub(crate) const SPARE_SLOTS: usize = 4;

/// What one slot of the playout ring says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// 20 ms of the turn's speech.
    Speech { starts_clause: bool },
    /// Nothing more of the turn follows.
    TurnEnd,
}

pub(crate) struct Slot {
    pub(crate) kind: SlotKind,
    pub(crate) epoch: u16,
    pub(crate) turn: u32,
    pub(crate) samples: Samples,
}

/// How much of which turn the caller has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// The turn that is being played; when none is, the newest one.
    pub turn: u32,
    /// Samples of it that the media clock has taken, on the turn's time line.
    pub samples: u64,
}

/// The call driver's end of playout.
///
/// # Threads
/// One owner, any thread; no method waits, locks or (in steady state) allocates.
pub struct Playout {
    ring: HeapProd<Slot>,
    cursor: Arc<SharedCursor>,
    stats: Arc<AudioStats>,
    turn: Option<u32>,
    is_closed: bool,
    queued_frames: u64,
    partial: Samples,
    partial_len: usize,
    starts_clause: bool,
    epoch: u16,
    /// Something was queued under the current epoch. While nothing was, a flush
    /// need not change it; so epochs cannot wrap round to that of a queued slot.
    epoch_is_used: bool,
}

impl Playout {
    pub(crate) fn new(ring: HeapProd<Slot>, cursor: Arc<SharedCursor>, stats: Arc<AudioStats>) -> Self {
        Self {
            ring,
            cursor,
            stats,
            turn: None,
            is_closed: false,
            queued_frames: 0,
            partial: SILENCE,
            partial_len: 0,
            starts_clause: true,
            epoch: 0,
            epoch_is_used: false,
        }
    }

    /// Queues speech of `turn` and returns how many samples were taken; the rest
    /// has to be offered again later. Less than a frame waits for more, or for
    /// [`end_clause`](Self::end_clause). Samples for a closed or overtaken turn
    /// are thrown away and reported as taken.
    ///
    /// # Panics
    /// If `turn` exceeds [`MAX_TURN`](crate::MAX_TURN).
    pub fn push(&mut self, turn: u32, samples: &[i16]) -> usize {
        if !self.admit(turn) {
            self.stats.stale_samples.add(samples.len() as u64);
            return samples.len();
        }
        let accepted = samples.len().min(self.free_samples());
        let mut rest = &samples[..accepted];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(FRAME_SAMPLES - self.partial_len));
            self.partial[self.partial_len..][..now.len()].copy_from_slice(now);
            self.partial_len += now.len();
            rest = later;
            if self.partial_len == FRAME_SAMPLES {
                self.queue_partial();
            }
        }
        accepted
    }

    /// Ends the clause: fills its last frame with silence and queues it. Returns
    /// the clause's end on the turn's time line, in samples; 0 for an overtaken
    /// turn. Never fails: the frame's room was kept when its samples were taken.
    pub fn end_clause(&mut self, turn: u32) -> u64 {
        if self.admit(turn) {
            self.pad();
        } else if self.turn != Some(turn) {
            return 0;
        }
        self.queued_frames * FRAME_SAMPLES as u64
    }

    /// Ends the turn (and its last clause). When the clock reaches this point,
    /// [`AudioEvent::PlayoutDrained`](crate::AudioEvent::PlayoutDrained) follows.
    /// False if there was no room for it, which takes several turns ended
    /// without any of them being played: try again. True for a closed turn.
    pub fn end_turn(&mut self, turn: u32) -> bool {
        if !self.admit(turn) {
            return true;
        }
        self.pad();
        self.is_closed = self.queue(SlotKind::TurnEnd, SILENCE);
        self.is_closed
    }

    /// Samples that [`push`](Self::push) would take now.
    pub fn free_samples(&self) -> usize {
        let slots = self.ring.vacant_len().saturating_sub(SPARE_SLOTS);
        (slots * FRAME_SAMPLES).saturating_sub(self.partial_len)
    }

    /// Silence from the next frame on; the ring keeps its place. That frame
    /// still carries the first samples of what would have come, fading out over
    /// [`fade`](crate::AudioSettings::fade); they are not counted as heard. Holds
    /// until [`resume`](Self::resume), [`duck`](Self::duck) or
    /// [`flush`](Self::flush), also for what is pushed meanwhile.
    pub fn pause(&self) {
        self.cursor.pause();
    }

    /// Goes on, with `gain_db` from the next frame on; positive gains count as 0.
    /// The turn's positions go on counting. Holds until [`resume`](Self::resume)
    /// or [`flush`](Self::flush), also for what is pushed meanwhile; ends a pause.
    pub fn duck(&self, gain_db: f32) {
        self.cursor.go_on(gain_of(gain_db));
    }

    /// Goes on at the exact sample where the pause began, and at full level. The
    /// samples that faded out are played again fading in, so that both together
    /// are the speech as it was pushed.
    pub fn resume(&self) {
        self.cursor.go_on(UNITY);
    }

    /// Voids everything queued, closes the turn, and ends a pause or a ducking.
    /// Nothing that the returned position does not count will be heard, save the
    /// [`fade`](crate::AudioSettings::fade) that follows it in the next frame.
    pub fn flush(&mut self) -> Position {
        self.partial_len = 0;
        self.is_closed = true;
        if self.epoch_is_used {
            self.epoch = next_epoch(self.epoch);
            self.epoch_is_used = false;
        }
        self.stats.flushes.add(1);
        loop {
            let before = self.cursor.load();
            if self.cursor.replace(before, before.flushed(self.epoch)) {
                self.cursor.set_gain(UNITY);
                return self.position_at(before);
            }
        }
    }

    /// How far the caller has been sent, at this moment.
    pub fn position(&self) -> Position {
        self.position_at(self.cursor.load())
    }

    fn position_at(&self, cursor: Cursor) -> Position {
        match self.turn {
            Some(newest) if cursor.is_over() && newest != cursor.turn() => Position { turn: newest, samples: 0 },
            _ => Position { turn: cursor.turn(), samples: cursor.frames() * FRAME_SAMPLES as u64 },
        }
    }

    /// Whether `turn` may be added to; makes it the newest if it is newer.
    fn admit(&mut self, turn: u32) -> bool {
        assert!(turn <= crate::MAX_TURN, "turn {turn} is out of range");
        match self.turn {
            Some(newest) if turn < newest => false,
            Some(newest) if turn == newest => !self.is_closed,
            _ => {
                self.pad();
                self.turn = Some(turn);
                self.is_closed = false;
                self.queued_frames = 0;
                self.starts_clause = true;
                true
            }
        }
    }

    fn pad(&mut self) {
        if self.partial_len > 0 {
            self.partial[self.partial_len..].fill(0);
            self.queue_partial();
        }
        self.starts_clause = true;
    }

    fn queue_partial(&mut self) {
        let kind = SlotKind::Speech { starts_clause: self.starts_clause };
        let queued = self.queue(kind, self.partial);
        debug_assert!(queued, "a partial frame's slot is kept free");
        self.partial_len = 0;
        self.queued_frames += 1;
        self.starts_clause = false;
    }

    fn queue(&mut self, kind: SlotKind, samples: Samples) -> bool {
        let Some(turn) = self.turn else { return false };
        self.epoch_is_used = true;
        self.ring.try_push(Slot { kind, epoch: self.epoch, turn, samples }).is_ok()
    }
}

impl std::fmt::Debug for Playout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playout")
            .field("position", &self.position())
            .field("free_samples", &self.free_samples())
            .finish_non_exhaustive()
    }
}
