//! The thread that judges every call's onsets with Silero.

use std::{
    collections::BTreeMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Instant,
};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::{
    FRAME_SAMPLES,
    counts::{Counts, count, spend},
    ear::{EarEvent, Listener},
    judgement::Judgement,
    settings::VadSettings,
    silero::{Memory, Silero},
    windows::Windows,
};

/// Places of the queue that frames leave free: a beginning or an end must not be lost.
const RESERVED: usize = 256;

/// What an ear tells the thread.
#[expect(clippy::large_enum_variant, reason = "a frame lies in the queue itself: sending it allocates nothing")]
pub(crate) enum Message {
    Begin { ear: u64, utterance: u32, listener: Weak<Listener> },
    Frame(u64, [i16; FRAME_SAMPLES]),
    End(u64),
    Wake,
}

/// The ears' end of the queue.
#[derive(Clone)]
pub(crate) struct Inbox {
    sender: Sender<Message>,
    is_stopping: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

/// The thread's end of it.
pub(crate) struct Outbox {
    receiver: Receiver<Message>,
    is_stopping: Arc<AtomicBool>,
}

impl Inbox {
    pub(crate) fn new(settings: &VadSettings, counts: Arc<Counts>) -> (Self, Outbox) {
        let (sender, receiver) = crossbeam_channel::bounded(settings.queue.max(1) + RESERVED);
        let is_stopping = Arc::new(AtomicBool::new(false));
        (Self { sender, is_stopping: is_stopping.clone(), counts }, Outbox { receiver, is_stopping })
    }

    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Relaxed);
        // Where there is no place the thread is awake anyway.
        self.send(Message::Wake);
    }

    /// Without waiting; false when there is no place or no thread.
    pub(crate) fn send(&self, message: Message) -> bool {
        let places = self.sender.capacity().unwrap_or(usize::MAX) - self.sender.len();
        let sent = match message {
            Message::Frame(..) if places <= RESERVED => false,
            message => match self.sender.try_send(message) {
                Ok(()) => true,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
            },
        };
        if !sent {
            count(&self.counts.frames_dropped);
        }
        sent
    }
}

/// One call's utterance.
struct Utterance {
    number: u32,
    listener: Weak<Listener>,
    windows: Windows,
    memory: Memory,
    judgement: Judgement,
    is_over: bool,
}

/// The thread's own.
pub(crate) struct VadThread {
    settings: VadSettings,
    model: Silero,
    inbox: Outbox,
    counts: Arc<Counts>,
    utterances: BTreeMap<u64, Utterance>,
}

impl VadThread {
    pub(crate) fn start(
        settings: VadSettings,
        model: Silero,
        inbox: Outbox,
        counts: Arc<Counts>,
    ) -> io::Result<JoinHandle<()>> {
        let thread = Self { settings, model, inbox, counts, utterances: BTreeMap::new() };
        std::thread::Builder::new().name("hear-vad".to_owned()).spawn(move || thread.run())
    }

    fn run(mut self) {
        while let Ok(message) = self.inbox.receiver.recv() {
            self.take(message);
            loop {
                while let Ok(message) = self.inbox.receiver.try_recv() {
                    self.take(message);
                }
                if self.inbox.is_stopping.load(Relaxed) {
                    return;
                }
                if !self.judge_round() {
                    break;
                }
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Begin { ear, utterance: number, listener } => {
                self.finish(ear);
                let utterance = Utterance {
                    number,
                    listener,
                    windows: Windows::new(),
                    memory: Memory::new(),
                    judgement: Judgement::new(&self.settings),
                    is_over: false,
                };
                self.utterances.insert(ear, utterance);
            }
            Message::Frame(ear, frame) => {
                if let Some(utterance) = self.utterances.get_mut(&ear)
                    && !utterance.is_confirmed()
                {
                    utterance.windows.push(&frame);
                }
            }
            Message::End(ear) => {
                if let Some(utterance) = self.utterances.get_mut(&ear) {
                    utterance.is_over = true;
                }
            }
            Message::Wake => {}
        }
    }

    /// Judges what is left of a call's utterance before its next one.
    fn finish(&mut self, ear: u64) {
        if let Some(utterance) = self.utterances.get_mut(&ear) {
            utterance.is_over = true;
            while self.judge(&[ear]) {}
            self.bury();
        }
    }

    /// One window of each call that has one; false when none has.
    fn judge_round(&mut self) -> bool {
        let every_frame = self.settings.judge_every_frame;
        let waiting: Vec<u64> = self
            .utterances
            .iter()
            .filter(|(_, utterance)| utterance.windows.next(utterance.wants_newest(every_frame)).is_some())
            .map(|(&ear, _)| ear)
            .collect();
        for batch in waiting.chunks(self.settings.max_batch.max(1)) {
            self.judge(batch);
        }
        self.bury();
        !waiting.is_empty()
    }

    /// One window of each of these calls, in one run; false when none had one.
    fn judge(&mut self, ears: &[u64]) -> bool {
        let every_frame = self.settings.judge_every_frame;
        let mut batch = Vec::with_capacity(ears.len());
        self.model.clear();
        for &ear in ears {
            let Some(utterance) = self.utterances.get(&ear) else { continue };
            if let Some(window) = utterance.windows.next(utterance.wants_newest(every_frame)) {
                self.model.add(window.samples, window.gain, &utterance.memory);
                batch.push((ear, window.end_sample, window.is_whole));
            }
        }
        if batch.is_empty() {
            return false;
        }
        let begun = Instant::now();
        let mut judged = Vec::with_capacity(batch.len());
        let ran = catch_unwind(AssertUnwindSafe(|| {
            self.model.run(|nth, probability, memory| judged.push((batch[nth], probability, memory)))
        }));
        spend(&self.counts.vad_nanoseconds, begun.elapsed());
        count(&self.counts.vad_runs);
        match ran.unwrap_or_else(|_| Err("it panicked".to_owned())) {
            Ok(()) => {
                judged.into_iter().for_each(|(window, probability, memory)| self.heard(window, probability, memory))
            }
            Err(reason) => self.failed(&batch, &reason),
        }
        true
    }

    fn heard(&mut self, (ear, end_sample, is_whole): (u64, usize, bool), probability: f32, memory: Memory) {
        count(&self.counts.windows);
        let Some(utterance) = self.utterances.get_mut(&ear) else { return };
        utterance.windows.judged(is_whole);
        if is_whole {
            utterance.memory = memory;
        }
        let verdict = utterance.judgement.heard(probability, end_sample);
        utterance.report(verdict);
    }

    fn failed(&mut self, batch: &[(u64, usize, bool)], reason: &str) {
        let failures = count(&self.counts.vad_failures);
        if failures.is_power_of_two() {
            tracing::warn!(
                failures,
                "speech cannot be confirmed: {reason}; whatever sounds like a voice counts as one"
            );
        }
        for &(ear, _, is_whole) in batch {
            let Some(utterance) = self.utterances.get_mut(&ear) else { continue };
            utterance.windows.judged(is_whole);
            let verdict = utterance.judgement.unjudged();
            utterance.report(verdict);
        }
    }

    /// Forgets utterances that are over, and those of calls that are.
    fn bury(&mut self) {
        let every_frame = self.settings.judge_every_frame;
        self.utterances.retain(|_, utterance| {
            let is_judged = utterance.windows.next(utterance.wants_newest(every_frame)).is_none();
            if utterance.is_over && is_judged {
                let verdict = utterance.judgement.ended();
                utterance.report(verdict);
                return false;
            }
            utterance.listener.strong_count() > 0
        });
    }
}

impl Utterance {
    fn is_confirmed(&self) -> bool {
        self.judgement.is_confirmed()
    }

    /// Only the first verdict is urgent.
    fn wants_newest(&self, every_frame: bool) -> bool {
        every_frame && !self.judgement.is_decided()
    }

    fn report(&mut self, verdict: Option<crate::judgement::Verdict>) {
        if self.is_confirmed() {
            self.windows = Windows::new();
        }
        if let (Some(verdict), Some(listener)) = (verdict, self.listener.upgrade()) {
            listener.report(EarEvent::of(verdict, self.number));
        }
    }
}

impl Drop for VadThread {
    /// Nobody judges any more: what is undecided counts as speech.
    fn drop(&mut self) {
        for utterance in self.utterances.values_mut() {
            if !utterance.judgement.is_decided() {
                let verdict = utterance.judgement.unjudged();
                utterance.report(verdict);
            }
        }
        tracing::debug!(windows = self.counts.windows.load(Relaxed), "the judge of onsets has stopped");
    }
}
