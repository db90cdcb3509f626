//! How far a call's playout is: the one word that the driver and the media
//! clock agree on.
//!
//! Both sides change it only by compare-and-exchange. A frame is *heard* exactly
//! when the clock's exchange that counts it succeeds; a flush is *done* exactly
//! when the driver's exchange succeeds. One of the two is first, so the position
//! that a flush returns can neither miss a frame that the caller hears nor count
//! one that he does not, however the threads interleave.

//!
//! The gain is a word of its own, since no position depends on it: a clock that
//! reads it a moment too early plays one more frame at the old level, as it would
//! have anyway had the driver been that moment later. Only its order against the
//! other word matters:
//!
//! - A gain that goes with a resumption is stored before the pause is lifted, and
//!   the clock reads it after it has seen the pause lifted.
//! - The gain that a flush restores is stored after the epoch was changed, so that
//!   the turn which is cut off does not become louder before it ends; and before
//!   the next turn can be pushed, so that no frame of that one is attenuated.
//! - The clock reads it before the exchange that counts the frame. An exchange
//!   that succeeds was not overtaken by a flush, so neither was the gain by that of
//!   the turn after it.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use crate::fade::{Gain, UNITY};

const FRAMES: u64 = (1 << 24) - 1;
const TURN_SHIFT: u32 = 24;
const TURN: u64 = (1 << 24) - 1;
const EPOCH_SHIFT: u32 = 48;
const EPOCH: u64 = (1 << 14) - 1;
const OVER: u64 = 1 << 62;
const PAUSED: u64 = 1 << 63;

/// The highest turn number that playout can count, 16,777,215.
pub const MAX_TURN: u32 = TURN as u32;

/// One reading of [`SharedCursor`]: frames heard of a turn, that turn, the
/// epoch, whether nothing more of that turn can come, whether it is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(u64);

impl Cursor {
    pub(crate) fn frames(self) -> u64 {
        self.0 & FRAMES
    }

    pub(crate) fn turn(self) -> u32 {
        ((self.0 >> TURN_SHIFT) & TURN) as u32
    }

    pub(crate) fn epoch(self) -> u16 {
        ((self.0 >> EPOCH_SHIFT) & EPOCH) as u16
    }

    /// The turn was played to its end, was flushed, or there was none yet.
    pub(crate) fn is_over(self) -> bool {
        self.0 & OVER != 0
    }

    pub(crate) fn is_paused(self) -> bool {
        self.0 & PAUSED != 0
    }

    /// One more frame of `turn` was heard.
    pub(crate) fn advanced(self, turn: u32) -> Self {
        let frames = if turn == self.turn() { (self.frames() + 1).min(FRAMES) } else { 1 };
        Self(self.control() | place(turn, frames))
    }

    /// `turn` was played to its end.
    pub(crate) fn ended(self, turn: u32) -> Self {
        let frames = if turn == self.turn() { self.frames() } else { 0 };
        Self(self.control() | place(turn, frames) | OVER)
    }

    /// What was queued is void; not paused.
    pub(crate) fn flushed(self, epoch: u16) -> Self {
        let place = place(self.turn(), self.frames());
        Self(place | OVER | (u64::from(epoch) & EPOCH) << EPOCH_SHIFT)
    }

    fn control(self) -> u64 {
        self.0 & (PAUSED | EPOCH << EPOCH_SHIFT)
    }
}

fn place(turn: u32, frames: u64) -> u64 {
    (u64::from(turn) & TURN) << TURN_SHIFT | frames
}

/// The epoch after `epoch`.
pub(crate) fn next_epoch(epoch: u16) -> u16 {
    epoch.wrapping_add(1) & EPOCH as u16
}

/// The shared words.
#[derive(Debug)]
pub(crate) struct SharedCursor {
    word: AtomicU64,
    gain: AtomicI32,
}

impl SharedCursor {
    pub(crate) fn new() -> Self {
        Self { word: AtomicU64::new(OVER), gain: AtomicI32::new(UNITY) }
    }

    pub(crate) fn load(&self) -> Cursor {
        Cursor(self.word.load(Ordering::Acquire))
    }

    /// Replaces `from` by `to`; false if somebody else changed it meanwhile.
    pub(crate) fn replace(&self, from: Cursor, to: Cursor) -> bool {
        self.word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(crate) fn pause(&self) {
        self.word.fetch_or(PAUSED, Ordering::AcqRel);
    }

    /// Ends a pause, if there is one, and goes on with `gain`.
    pub(crate) fn go_on(&self, gain: Gain) {
        self.set_gain(gain);
        self.word.fetch_and(!PAUSED, Ordering::AcqRel);
    }

    pub(crate) fn set_gain(&self, gain: Gain) {
        self.gain.store(gain, Ordering::Release);
    }

    /// To be read between [`load`](Self::load) and [`replace`](Self::replace).
    pub(crate) fn gain(&self) -> Gain {
        self.gain.load(Ordering::Acquire)
    }
}
