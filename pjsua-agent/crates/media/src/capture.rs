//! Caller → us: a ring that loses its oldest frames when nobody reads it.
//!
//! The producer of an SPSC ring cannot remove what is in it. So when the ring is
//! full the writer keeps the newest frames in a backlog of its own, of the same
//! length, and the reader throws away what has meanwhile become too old. Frames
//! carry their number, so that what was lost is counted exactly, in one place,
//! and sample positions stay true across a gap.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::frame::{FRAME_SAMPLES, Samples};
use crate::level::Energy;
use crate::stats::AudioStats;

/// 20 ms of the caller.
#[derive(Clone, Copy)]
pub(crate) struct Captured {
    number: u64,
    /// Of the loudest frame played since the frame before.
    pub(crate) played: Energy,
    pub(crate) samples: Samples,
}

impl Captured {
    /// The position of its first sample since the call's start.
    pub(crate) fn at_sample(&self) -> u64 {
        self.number * FRAME_SAMPLES as u64
    }
}

pub(crate) fn capture_ring(frames: usize, stats: Arc<AudioStats>) -> (CaptureWriter, CaptureReader) {
    let frames = frames.max(1);
    let written = Arc::new(AtomicU64::new(0));
    // One more than the backlog: then the frame that empties it finds room too.
    let (producer, consumer) = HeapRb::new(frames + 1).split();
    let writer = CaptureWriter {
        ring: producer,
        backlog: VecDeque::with_capacity(frames),
        depth: frames,
        written: Arc::clone(&written),
        next_number: 0,
    };
    let reader = CaptureReader { ring: consumer, depth: frames as u64, written, next_number: 0, stats };
    (writer, reader)
}

/// The media clock's end.
pub(crate) struct CaptureWriter {
    ring: HeapProd<Captured>,
    backlog: VecDeque<Captured>,
    depth: usize,
    written: Arc<AtomicU64>,
    next_number: u64,
}

impl CaptureWriter {
    pub(crate) fn write(&mut self, samples: &Samples, played: Energy) {
        while !self.backlog.is_empty() && !self.ring.is_full() {
            if let Some(oldest) = self.backlog.pop_front() {
                let _ = self.ring.try_push(oldest);
            }
        }
        let frame = Captured { number: self.next_number, played, samples: *samples };
        if !self.backlog.is_empty() || self.ring.try_push(frame).is_err() {
            if self.backlog.len() == self.depth {
                self.backlog.pop_front();
            }
            self.backlog.push_back(frame);
        }
        self.next_number += 1;
        self.written.store(self.next_number, Ordering::Release);
    }
}

/// The audio thread's end.
pub(crate) struct CaptureReader {
    ring: HeapCons<Captured>,
    depth: u64,
    written: Arc<AtomicU64>,
    next_number: u64,
    stats: Arc<AudioStats>,
}

impl CaptureReader {
    /// The next frame that is not older than the ring is long.
    pub(crate) fn read(&mut self) -> Option<Captured> {
        loop {
            let frame = self.ring.try_pop()?;
            if frame.number + self.depth < self.written.load(Ordering::Acquire) {
                continue;
            }
            self.stats.overruns.add(frame.number - self.next_number);
            self.stats.captured.add(1);
            self.next_number = frame.number + 1;
            return Some(frame);
        }
    }
}
