//! Us → caller: the media clock's end of the playout ring.

use std::sync::Arc;

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use crate::cursor::SharedCursor;
use crate::frame::{FRAME_SAMPLES, Samples};
use crate::playout::{Slot, SlotKind};
use crate::stats::AudioStats;

/// Turn endings on their way to the audio thread. When they are not fetched the
/// clock waits in front of the next ending instead of losing it.
pub(crate) const NOTICES: usize = 16;

/// Takes frames from the ring at the rate of the clock.
pub(crate) struct PlayoutClock {
    ring: HeapCons<Slot>,
    drained: HeapProd<u32>,
    cursor: Arc<SharedCursor>,
    stats: Arc<AudioStats>,
    fade_samples: usize,
    last_sample: i16,
    /// Frames of silence since the last speech, pauses not counted.
    gap_frames: u64,
    was_silent: bool,
}

impl PlayoutClock {
    pub(crate) fn new(
        ring: HeapCons<Slot>,
        drained: HeapProd<u32>,
        cursor: Arc<SharedCursor>,
        stats: Arc<AudioStats>,
        fade_samples: usize,
    ) -> Self {
        Self {
            ring,
            drained,
            cursor,
            stats,
            fade_samples: fade_samples.min(FRAME_SAMPLES),
            last_sample: 0,
            gap_frames: 0,
            was_silent: true,
        }
    }

    /// Fills `out` with the next 20 ms.
    pub(crate) fn read(&mut self, out: &mut Samples) {
        loop {
            let Some(slot) = self.ring.try_peek() else {
                let is_paused = self.cursor.load().is_paused();
                return self.play_silence(out, is_paused);
            };
            // Loaded after the slot was seen: the flush that made a newer epoch
            // precedes every slot of it, so a slot is never newer than this.
            let cursor = self.cursor.load();
            if slot.epoch != cursor.epoch() {
                self.ring.skip(1);
                continue;
            }
            if cursor.is_paused() {
                return self.play_silence(out, true);
            }
            match slot.kind {
                SlotKind::TurnEnd => {
                    if self.drained.is_full() {
                        return self.play_silence(out, false);
                    }
                    let turn = slot.turn;
                    if self.cursor.replace(cursor, cursor.ended(turn)) {
                        let _ = self.drained.try_push(turn);
                        self.ring.skip(1);
                    }
                }
                SlotKind::Speech { starts_clause } => {
                    if self.cursor.replace(cursor, cursor.advanced(slot.turn)) {
                        out.copy_from_slice(&slot.samples);
                        self.ring.skip(1);
                        return self.play_speech(out, starts_clause);
                    }
                }
            }
        }
    }

    fn play_speech(&mut self, out: &mut Samples, starts_clause: bool) {
        self.last_sample = out[FRAME_SAMPLES - 1];
        if !starts_clause {
            self.stats.underruns.add(self.gap_frames);
            if self.was_silent {
                fade_in(&mut out[..self.fade_samples]);
            }
        }
        self.gap_frames = 0;
        self.was_silent = false;
        self.stats.played.add(1);
    }

    /// Silence, after a short ramp from where the speech was cut off. The ramp
    /// repeats the last sample; it takes nothing from the ring.
    fn play_silence(&mut self, out: &mut Samples, is_paused: bool) {
        out.fill(0);
        if self.last_sample != 0 {
            fade_out_from(self.last_sample, &mut out[..self.fade_samples]);
            self.last_sample = 0;
        }
        self.gap_frames += u64::from(!is_paused);
        self.was_silent = true;
        self.stats.silent.add(1);
    }
}

fn fade_in(samples: &mut [i16]) {
    let steps = samples.len() as i32;
    for (step, sample) in (0i32..).zip(samples) {
        *sample = (i32::from(*sample) * step / steps) as i16;
    }
}

fn fade_out_from(level: i16, samples: &mut [i16]) {
    let steps = samples.len() as i32;
    for (step, sample) in (0i32..).zip(samples) {
        *sample = (i32::from(level) * (steps - step - 1) / steps) as i16;
    }
}
