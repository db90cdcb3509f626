//! The real-time thread that listens to all calls.
//!
//! The media clock wakes it once a tick; it then lets every call's [`AudioEnd`]
//! process what was captured and played. Calls come and go through bounded
//! queues, so that nothing is allocated or freed on the thread; what leaves is
//! dropped by a second thread that sleeps otherwise.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use media::AudioEnd;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// SCHED_FIFO priority (1 to 99): above everything that is not real-time, below
/// the media clock, which must not wait for it.
const PRIORITY: u8 = 40;

/// How long the thread sleeps when nobody wakes it: it must notice calls that
/// end, and keep its heartbeat, while the media clock stands still.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// Calls the thread has room for without allocating; more than PJSUA can hold.
const CALLS: usize = 4_096;

/// Additions and removals that may wait for the thread's next tick.
const COMMANDS: usize = 1_024;

enum Command {
    Add(Call),
    Remove(u64),
}

struct Call {
    id: u64,
    end: Box<AudioEnd>,
}

#[derive(Default)]
struct Shared {
    is_stopping: AtomicBool,
    ticks: AtomicU64,
    busy_nanoseconds: AtomicU64,
    next_id: AtomicU64,
}

/// Owns the thread. Dropping it without [`stop`](Self::stop) stops it as well.
pub struct AudioThread {
    shared: Arc<Shared>,
    commands: Sender<Command>,
    thread: Thread,
    threads: Option<(JoinHandle<Vec<Call>>, JoinHandle<()>)>,
}

impl AudioThread {
    /// Starts the thread `audio`, under SCHED_FIFO if the process may.
    pub fn spawn() -> io::Result<AudioThread> {
        let shared = Arc::new(Shared::default());
        let (commands, incoming) = bounded(COMMANDS);
        let (leaving, retired) = bounded::<Call>(COMMANDS);
        let reaper = thread::Builder::new().name("audio-reaper".into()).spawn(move || retired.iter().for_each(drop))?;
        let audio = thread::Builder::new().name("audio".into()).spawn({
            let shared = Arc::clone(&shared);
            let mut worker = Worker { calls: Vec::with_capacity(CALLS), incoming, leaving };
            move || {
                raise_priority();
                worker.run(&shared);
                worker.calls
            }
        })?;
        Ok(AudioThread { shared, commands, thread: audio.thread().clone(), threads: Some((audio, reaper)) })
    }

    /// What the media clock calls once a tick, after the last call's frames.
    ///
    /// # Threads
    /// Media clock: one `futex` at most, no lock, no allocation.
    pub fn waker(&self) -> impl Fn() + Send + Sync + Clone + 'static + use<> {
        let thread = self.thread.clone();
        move || thread.unpark()
    }

    /// Hands a call's audio to the thread, until the returned slot is dropped.
    ///
    /// # Threads
    /// Any but the real-time ones. Waits only while more than a thousand
    /// additions and removals are outstanding, for a tick.
    pub fn add(&self, end: AudioEnd) -> CallSlot {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let slot = CallSlot { id, commands: self.commands.clone(), thread: self.thread.clone() };
        slot.command(Command::Add(Call { id, end: Box::new(end) }));
        slot
    }

    /// Rounds the thread has made: rises ten times a second at least while it
    /// lives. Feeds the watchdog.
    pub fn heartbeat(&self) -> u64 {
        self.shared.ticks.load(Ordering::Relaxed)
    }

    /// Time the thread has spent working, wall clock, since it started. Its rise
    /// over an interval is the thread's load.
    pub fn busy(&self) -> Duration {
        Duration::from_nanos(self.shared.busy_nanoseconds.load(Ordering::Relaxed))
    }

    /// Stops the thread and drops the calls it still had.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        let Some((audio, reaper)) = self.threads.take() else { return };
        self.shared.is_stopping.store(true, Ordering::Release);
        self.thread.unpark();
        if audio.join().is_err() {
            tracing::error!("the audio thread panicked");
        }
        let _ = reaper.join();
    }
}

impl Drop for AudioThread {
    fn drop(&mut self) {
        self.join();
    }
}

/// A call's place on the audio thread; dropping it takes the call off.
///
/// The [`AudioEnd`] itself is dropped soon after, on neither this nor the audio
/// thread; then the call's [`AudioEvents`](media::AudioEvents) end.
#[must_use = "dropping the slot takes the call off the audio thread"]
pub struct CallSlot {
    id: u64,
    commands: Sender<Command>,
    thread: Thread,
}

impl CallSlot {
    fn command(&self, command: Command) {
        // Fails only when the thread has stopped; then it has no calls either.
        if self.commands.send(command).is_ok() {
            self.thread.unpark();
        }
    }
}

impl Drop for CallSlot {
    fn drop(&mut self) {
        self.command(Command::Remove(self.id));
    }
}

struct Worker {
    calls: Vec<Call>,
    incoming: Receiver<Command>,
    leaving: Sender<Call>,
}

impl Worker {
    fn run(&mut self, shared: &Shared) {
        while !shared.is_stopping.load(Ordering::Acquire) {
            let began = Instant::now();
            self.round();
            let busy = began.elapsed().as_nanos() as u64;
            shared.busy_nanoseconds.fetch_add(busy, Ordering::Relaxed);
            shared.ticks.fetch_add(1, Ordering::Relaxed);
            thread::park_timeout(LONGEST_SLEEP);
        }
        // Calls that were added too late for a round must not stay in the queue,
        // which lives as long as the last slot.
        self.obey();
    }

    fn round(&mut self) {
        self.obey();
        let mut index = 0;
        while index < self.calls.len() {
            let end = &mut self.calls[index].end;
            if catch_unwind(AssertUnwindSafe(|| end.tick())).is_ok() {
                index += 1;
            } else {
                // The driver sees its events end; the other calls go on.
                tracing::error!("a call's audio panicked and was taken off the audio thread");
                let failed = self.calls.swap_remove(index);
                let _ = self.leaving.try_send(failed);
            }
        }
    }

    /// Stops when the reaper has no room for what a command may send it: the
    /// rest is for the next round.
    fn obey(&mut self) {
        while !self.leaving.is_full() {
            match self.incoming.try_recv() {
                Ok(Command::Add(call)) => self.calls.push(call),
                Ok(Command::Remove(id)) => {
                    if let Some(index) = self.calls.iter().position(|call| call.id == id) {
                        let _ = self.leaving.try_send(self.calls.swap_remove(index));
                    }
                }
                Err(_) => return,
            }
        }
    }
}

fn raise_priority() {
    let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let priority =
        ThreadPriorityValue::try_from(PRIORITY).expect("the priority is within the crate's range of 0 to 99");
    let priority = ThreadPriority::Crossplatform(priority);
    match set_thread_priority_and_policy(thread_native_id(), priority, fifo) {
        Ok(()) => tracing::debug!(priority = PRIORITY, "the audio thread runs under SCHED_FIFO"),
        Err(error) => tracing::info!(
            ?error,
            "the audio thread runs without real-time priority (grant CAP_SYS_NICE or LimitRTPRIO={PRIORITY})"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Context, Poll, Wake, Waker};

    use assert_no_alloc::{AllocDisabler, assert_no_alloc};
    use media::{AudioEvent, AudioEvents, AudioSettings, CallAudio, ClockEnd, SILENCE, call_audio};

    use super::*;

    /// Ends the test process when a guarded section allocates.
    #[global_allocator]
    static GUARD: AllocDisabler = AllocDisabler;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_true() {
            assert!(Instant::now() < deadline, "waited in vain for: {what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn run_clock(clock: &mut ClockEnd) -> bool {
        let mut frame = SILENCE;
        clock.put_frame(&frame);
        clock.get_frame(&mut frame);
        frame != SILENCE
    }

    fn has_drained(events: &mut AudioEvents) -> bool {
        std::iter::from_fn(|| events.try_recv()).any(|event| event == AudioEvent::PlayoutDrained { turn: 7 })
    }

    #[test]
    fn an_idle_thread_keeps_its_heartbeat_without_a_clock() {
        let audio = AudioThread::spawn().unwrap();
        let before = audio.heartbeat();
        wait_until("two rounds", || audio.heartbeat() >= before + 2);
        audio.stop();
    }

    #[test]
    fn thirty_calls_are_listened_to_and_hear_their_turn() {
        let audio = AudioThread::spawn().unwrap();
        let wake = audio.waker();
        let mut calls: Vec<CallAudioParts> = (0..30).map(|_| on_the_air(&audio)).collect();
        for call in &mut calls {
            assert_eq!(call.playout.push(7, &[1_000; 3_200]), 3_200);
            assert!(call.playout.end_turn(7));
        }
        for tick in 1..=50u64 {
            let speaking = calls.iter_mut().filter_map(|call| run_clock(&mut call.clock).then_some(())).count();
            assert_eq!(speaking, if tick <= 10 { 30 } else { 0 }, "at tick {tick}");
            wake();
            wait_until("each call's frame is fetched", || {
                calls.iter().all(|call| call.stats.captured_frames() == tick)
            });
        }
        for call in &mut calls {
            assert_eq!(call.stats.capture_overruns(), 0);
            assert_eq!(call.stats.playout_underruns(), 0);
            assert!(has_drained(&mut call.events));
        }
        assert!(audio.busy() > Duration::ZERO);
        audio.stop();
    }

    struct CallAudioParts {
        clock: ClockEnd,
        playout: media::Playout,
        events: AudioEvents,
        stats: Arc<media::AudioStats>,
        _slot: CallSlot,
    }

    fn on_the_air(audio: &AudioThread) -> CallAudioParts {
        let settings = AudioSettings { fade: Duration::ZERO, ..AudioSettings::default() };
        let CallAudio { clock, audio: end, playout, events, stats } = call_audio(&settings);
        CallAudioParts { clock, playout, events, stats, _slot: audio.add(end) }
    }

    /// Notes the thread on which it is woken.
    #[derive(Default)]
    struct Witness(Mutex<Option<String>>);

    impl Wake for Witness {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() = thread::current().name().map(str::to_owned);
        }
    }

    #[test]
    fn a_call_that_leaves_is_dropped_off_the_audio_thread_and_its_events_end() {
        let audio = AudioThread::spawn().unwrap();
        let CallAudioParts { mut events, _slot: slot, .. } = on_the_air(&audio);
        let witness = Arc::new(Witness::default());
        let waker = Waker::from(Arc::clone(&witness));
        let mut received = Box::pin(events.recv());
        let mut poll = || received.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(poll(), Poll::Pending);

        drop(slot);
        wait_until("the end of the events", || poll() == Poll::Ready(None));
        assert_eq!(witness.0.lock().unwrap().as_deref(), Some("audio-reaper"));
        audio.stop();
    }

    #[test]
    fn a_thread_that_stops_ends_the_events_of_its_calls() {
        let audio = AudioThread::spawn().unwrap();
        let CallAudioParts { mut events, _slot: slot, .. } = on_the_air(&audio);
        audio.stop();
        let mut context = Context::from_waker(Waker::noop());
        let mut received = Box::pin(events.recv());
        assert_eq!(received.as_mut().poll(&mut context), Poll::Ready(None));
        drop(slot);
    }

    #[test]
    fn calls_come_and_go_and_tick_without_an_allocation_on_the_thread() {
        let (commands, incoming) = bounded(COMMANDS);
        let (leaving, retired) = bounded(COMMANDS);
        let mut worker = Worker { calls: Vec::with_capacity(CALLS), incoming, leaving };
        let mut clocks = Vec::new();
        for id in 0..100 {
            let CallAudio { clock, audio, .. } = call_audio(&AudioSettings::default());
            clocks.push(clock);
            commands.send(Command::Add(Call { id, end: Box::new(audio) })).unwrap();
        }
        for round in 0..100 {
            for clock in &mut clocks {
                run_clock(clock);
            }
            commands.send(Command::Remove(round)).unwrap();
            assert_no_alloc(|| worker.round());
        }
        assert_eq!((worker.calls.len(), retired.len()), (0, 100));
    }
}
