//! The ends of one call's audio and how they are joined.

use std::sync::Arc;

use ringbuf::traits::{Consumer, Split};
use ringbuf::{HeapCons, HeapRb};

use crate::capture::{CaptureReader, CaptureWriter, capture_ring};
use crate::clock::{NOTICES, PlayoutClock};
use crate::cursor::{Cursor, SharedCursor};
use crate::events::{AudioEvent, AudioEvents, Outbox, event_queue};
use crate::frame::{FRAME_SAMPLES, Samples, frames_in, samples_in};
use crate::gate::{Gate, Passed};
use crate::level::{Energy, LevelMeter, Loudness};
use crate::playout::{Playout, SPARE_SLOTS};
use crate::settings::AudioSettings;
use crate::stats::AudioStats;

/// The ends of a call's audio, to be handed to their threads.
#[derive(Debug)]
pub struct CallAudio {
    /// For the media clock: the RTP side.
    pub clock: ClockEnd,
    /// For the audio thread.
    pub audio: AudioEnd,
    /// For the call's driver: what the agent says.
    pub playout: Playout,
    /// For the call's driver: what happens.
    pub events: AudioEvents,
    /// For metrics.
    pub stats: Arc<AudioStats>,
}

/// Makes the audio path of one call. This is the only function here that
/// allocates: about 180 KB with the default settings.
///
/// # Threads
/// Any but the real-time ones.
pub fn call_audio(settings: &AudioSettings) -> CallAudio {
    let stats = Arc::new(AudioStats::default());
    let cursor = Arc::new(SharedCursor::new());
    let (writer, reader) = capture_ring(frames_in(settings.capture_ring), Arc::clone(&stats));
    let playout_slots = frames_in(settings.playout_ring).max(1) + SPARE_SLOTS;
    let (slots_in, slots_out) = HeapRb::new(playout_slots).split();
    let (drained_in, drained_out) = HeapRb::new(NOTICES).split();
    let (outbox, events) = event_queue(settings.event_queue, Arc::clone(&stats));
    let playout_clock =
        PlayoutClock::new(slots_out, drained_in, Arc::clone(&cursor), Arc::clone(&stats), samples_in(settings.fade));
    CallAudio {
        clock: ClockEnd { capture: writer, playout: playout_clock, played: Energy::default() },
        audio: AudioEnd {
            capture: reader,
            gate: Gate::new(settings),
            levels: LevelMeter::new(frames_in(settings.levels_interval)),
            outbox,
            drained: drained_out,
            progress: Progress::new(Arc::clone(&cursor), frames_in(settings.progress_interval)),
            stats: Arc::clone(&stats),
        },
        playout: Playout::new(slots_in, cursor, Arc::clone(&stats)),
        events,
        stats,
    }
}

/// The media clock's end: one frame in and one frame out every 20 ms.
///
/// # Threads
/// Media clock: no method waits, locks, allocates or panics.
pub struct ClockEnd {
    capture: CaptureWriter,
    playout: PlayoutClock,
    /// Of the loudest frame that was played since one was captured. It goes to
    /// the audio thread with the captured frame, so that the two stay together
    /// even when that thread is late.
    played: Energy,
}

impl ClockEnd {
    /// Takes 20 ms of the caller. When nobody fetches them the oldest are lost.
    ///
    /// # Threads
    /// Media clock.
    pub fn put_frame(&mut self, samples: &Samples) {
        self.capture.write(samples, std::mem::take(&mut self.played));
    }

    /// Fills in 20 ms for the caller: speech, or silence when there is none, it
    /// is paused or was flushed.
    ///
    /// # Threads
    /// Media clock.
    pub fn get_frame(&mut self, samples: &mut Samples) {
        if self.playout.read(samples) {
            self.played = self.played.max(Energy::of(samples));
        }
    }
}

impl std::fmt::Debug for ClockEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClockEnd")
    }
}

/// The audio thread's end: listens to the caller and tells the driver.
///
/// # Threads
/// Audio: [`tick`](Self::tick) neither waits nor locks nor allocates. Dropping
/// it frees memory, so it is dropped elsewhere.
pub struct AudioEnd {
    capture: CaptureReader,
    gate: Gate,
    levels: LevelMeter,
    outbox: Outbox,
    drained: HeapCons<u32>,
    progress: Progress,
    stats: Arc<AudioStats>,
}

impl AudioEnd {
    /// Processes what was captured and played since the last time. Returns
    /// whether there was anything.
    ///
    /// # Threads
    /// Audio; to be called about once every 20 ms.
    pub fn tick(&mut self) -> bool {
        self.outbox.retry();
        let mut frames = 0;
        while let Some(frame) = self.capture.read() {
            let (outbox, stats) = (&mut self.outbox, &self.stats);
            let (at_sample, played) = (frame.at_sample(), Loudness::from(frame.played));
            let pass = |passed: Passed<'_>| pass_on(passed, outbox, stats);
            let captured_dbfs = self.gate.process(at_sample, &frame.samples, played, pass);
            if let Some(levels) = self.levels.add(at_sample, captured_dbfs, played.full_dbfs) {
                self.outbox.send_if_room(levels);
            }
            frames += 1;
        }
        // Read before the endings are fetched: then the endings of all turns
        // before the one it names are among them.
        let cursor = self.progress.cursor.load();
        let drained = self.report_drained();
        let has_progress = drained != Some(cursor.turn()) && self.progress.report(cursor, frames, &mut self.outbox);
        frames > 0 || has_progress || drained.is_some()
    }

    /// Returns the last turn reported.
    fn report_drained(&mut self) -> Option<u32> {
        let mut last = None;
        while self.outbox.can_send_drained() {
            let Some(turn) = self.drained.try_pop() else { break };
            self.outbox.send_drained(turn);
            last = Some(turn);
        }
        last
    }
}

impl std::fmt::Debug for AudioEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AudioEnd")
    }
}

fn pass_on(passed: Passed<'_>, outbox: &mut Outbox, stats: &AudioStats) {
    match passed {
        Passed::Started { at_sample } => {
            stats.utterances.add(1);
            outbox.send_speech(AudioEvent::SpeechStarted { at_sample });
        }
        Passed::Frame(samples) => outbox.send_frame(samples),
        Passed::Ended { at_sample, silence_samples } => {
            outbox.send_speech(AudioEvent::SpeechEnded { at_sample, silence_samples });
        }
    }
}

/// When to say how far the playout is.
struct Progress {
    cursor: Arc<SharedCursor>,
    interval_frames: u64,
    turn: Option<u32>,
    frames: u64,
    captured_since: u64,
}

impl Progress {
    fn new(cursor: Arc<SharedCursor>, interval_frames: usize) -> Self {
        Self { cursor, interval_frames: interval_frames as u64, turn: None, frames: 0, captured_since: 0 }
    }

    /// Reports a new turn at once; after that as far apart as the interval, in
    /// frames played or, so that a paused turn's place is told too, captured.
    fn report(&mut self, cursor: Cursor, captured: u64, outbox: &mut Outbox) -> bool {
        self.captured_since += captured;
        if cursor.is_over() || (self.turn, self.frames) == (Some(cursor.turn()), cursor.frames()) {
            return false;
        }
        let is_due = self.turn != Some(cursor.turn())
            || cursor.frames() >= self.frames + self.interval_frames
            || self.captured_since >= self.interval_frames;
        let samples = cursor.frames() * FRAME_SAMPLES as u64;
        let progress = AudioEvent::PlayoutProgress { turn: cursor.turn(), samples };
        if !is_due || !outbox.send_if_room(progress) {
            return false;
        }
        self.turn = Some(cursor.turn());
        self.frames = cursor.frames();
        self.captured_since = 0;
        true
    }
}
