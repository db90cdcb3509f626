//! Us → caller: the media clock's end of the playout ring.

use std::sync::Arc;

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use crate::cursor::SharedCursor;
use crate::fade::{Fader, Gain};
use crate::frame::Samples;
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
    fader: Fader,
    /// Frames of silence since the last speech, pauses not counted.
    gap_frames: u64,
}

impl PlayoutClock {
    pub(crate) fn new(
        ring: HeapCons<Slot>,
        drained: HeapProd<u32>,
        cursor: Arc<SharedCursor>,
        stats: Arc<AudioStats>,
        fade_samples: usize,
    ) -> Self {
        Self { ring, drained, cursor, stats, fader: Fader::new(fade_samples), gap_frames: 0 }
    }

    /// Fills `out` with the next 20 ms; says whether they are speech.
    pub(crate) fn read(&mut self, out: &mut Samples) -> bool {
        loop {
            let Some(slot) = self.ring.try_peek() else {
                let is_paused = self.cursor.load().is_paused();
                return self.play_silence(out, is_paused);
            };
            // Loaded after the slot was seen: the flush that made a newer epoch
            // precedes every slot of it, so a slot is never newer than this.
            let cursor = self.cursor.load();
            let speech = matches!(slot.kind, SlotKind::Speech { .. }).then_some(&slot.samples);
            if slot.epoch != cursor.epoch() {
                self.fader.cut_before(speech);
                self.ring.skip(1);
                continue;
            }
            if cursor.is_paused() {
                self.fader.pause_before(speech);
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
                    let gain = self.cursor.gain();
                    if self.cursor.replace(cursor, cursor.advanced(slot.turn)) {
                        *out = slot.samples;
                        self.ring.skip(1);
                        return self.play_speech(out, gain, starts_clause);
                    }
                }
            }
        }
    }

    fn play_speech(&mut self, out: &mut Samples, gain: Gain, starts_clause: bool) -> bool {
        self.fader.speech(out, gain, starts_clause);
        if !starts_clause {
            self.stats.underruns.add(self.gap_frames);
        }
        self.gap_frames = 0;
        self.stats.played.add(1);
        true
    }

    fn play_silence(&mut self, out: &mut Samples, is_paused: bool) -> bool {
        self.fader.silence(out);
        self.gap_frames += u64::from(!is_paused);
        self.stats.silent.add(1);
        false
    }
}
