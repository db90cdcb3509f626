//! The shell round the pure conversation machine: feeds it, carries out its actions, records what happens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call_record::{AudioCounters, CallEvent, FORMAT, Record, Recorder, RtpStats, Started};
use conversation::{Conversation, Input, Settings};
use hearing::Models;
use media::{AudioEvents, AudioStats, Playout};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::answerers::{Answerer, Answerers};
use super::ear::CallEar;
use super::inputs::{Results, TaskResult};
use super::recogniser::Recogniser;
use super::registry::CallEntry;
use super::reply::{Reading, Reply};
use super::timing::TurnTiming;
use super::voice::Voice;
use crate::agent::CallContext;
use crate::audio_thread::CallSlot;
use crate::config::Agent;
use crate::leg::{Incoming, Leg, LegEvent, Wait};
use crate::metrics::{self, CallOutcome};

use crate::speech::Speech;

/// How long a call that was told to end may take before it is forgotten: the longest non-INVITE transaction (RFC 3261
/// timer F, 32 s) is not worth keeping a driver for, since PJSIP finishes it alone.
const HANG_UP_GRACE: Duration = Duration::from_secs(5);

/// What a call is told from outside.
#[derive(Debug)]
pub enum CallMessage {
    /// Something happened to its leg.
    Leg(LegEvent),
    /// The daemon ends: say nothing more, hang up.
    HangUp,
}

/// How a model writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplyBounds {
    pub max_tokens: u32,
    /// 0 is greedy.
    pub temperature: f32,
}

/// All that one call is made of.
pub struct CallSetup {
    pub leg: Arc<dyn Leg>,
    pub speech: Arc<Speech>,
    pub answerers: Answerers,
    pub context: CallContext,
    pub bounds: ReplyBounds,
    /// Of the small model's first clause.
    pub pre_response_bounds: ReplyBounds,
    /// The neural models; none where they are switched off.
    pub hearing: Option<Arc<Models>>,
    /// What the gate delivers from before an opening.
    pub pre_roll: Duration,
    /// Whether the recogniser gets the caller's audio without its noise.
    pub suppress_noise: bool,
    /// Whether the workers have no room for what may be thrown away.
    pub busy: watch::Receiver<bool>,
    pub playout: Playout,
    pub audio_events: AudioEvents,
    pub audio_stats: Arc<AudioStats>,
    pub slot: CallSlot,
    /// All who want to know what happens.
    pub recorder: Recorder,
    pub entry: Arc<CallEntry>,
    pub messages: mpsc::UnboundedReceiver<CallMessage>,
}

impl CallSetup {
    /// Records who called whom.
    pub fn record_start(&mut self, incoming: &Incoming) {
        let Answerer { agent, settings, .. } = self.answerers.current();
        let started = Started {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            sip_call_id: incoming.call_id.clone(),
            account: incoming.account.clone(),
            agent: agent.name.clone(),
            from: incoming.from_uri.as_str().into(),
            from_name: incoming.from_name.as_str().into(),
            to: incoming.to_uri.as_str().into(),
            context: self.context.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect(),
            settings: settings.clone(),
        };
        self.recorder.record(0, Record::Call(CallEvent::Started(Box::new(started))));
    }
}

/// Runs a call from its answer to its end.
pub async fn drive(setup: CallSetup) -> CallOutcome {
    let (results, incoming) = Results::channel();
    let CallSetup { answerers, playout, audio_events, messages, .. } = setup;
    let Answerer { agent, phrases, voice, settings } = answerers.current();
    let ears = results.clone();
    let ear = CallEar::new(setup.hearing.as_deref(), move |event| {
        ears.report(TaskResult::Ear(event));
    });
    let mut recogniser = Recogniser::new(Arc::clone(&setup.speech), setup.pre_roll, setup.suppress_noise);
    recogniser.hear_callers_of(agent, answerers.other_languages());
    let driver = Driver {
        conversation: Conversation::new(settings.clone()),
        ear,
        recogniser,
        voice: Voice::new(playout, Arc::clone(&setup.speech), Arc::clone(phrases), voice.clone()),
        leg: setup.leg,
        speech: setup.speech,
        answerers,
        context: setup.context,
        bounds: setup.bounds,
        pre_response_bounds: setup.pre_response_bounds,
        audio_stats: setup.audio_stats,
        recorder: setup.recorder,
        entry: setup.entry,
        _slot: setup.slot,
        results,
        reply: None,
        reading: None,
        timing: TurnTiming::default(),
        rtp: RtpStats::default(),
        prompt_written: false,
        is_busy: false,
        answered: None,
        hung_up: None,
        outcome: CallOutcome::Failed,
        ended: false,
    };
    driver.run(audio_events, messages, incoming, setup.busy).await
}

pub(super) struct Driver {
    pub(super) leg: Arc<dyn Leg>,
    pub(super) speech: Arc<Speech>,
    pub(super) answerers: Answerers,
    pub(super) context: CallContext,
    pub(super) bounds: ReplyBounds,
    pub(super) pre_response_bounds: ReplyBounds,
    pub(super) audio_stats: Arc<AudioStats>,
    pub(super) recorder: Recorder,
    pub(super) entry: Arc<CallEntry>,
    pub(super) _slot: CallSlot,
    pub(super) conversation: Conversation,
    pub(super) voice: Voice,
    pub(super) results: Results,
    pub(super) ear: CallEar,
    pub(super) recogniser: Recogniser,
    pub(super) reply: Option<Reply>,
    /// What the model reads while the caller speaks.
    pub(super) reading: Option<Reading>,
    pub(super) timing: TurnTiming,
    /// As it was told last.
    rtp: RtpStats,
    pub(super) prompt_written: bool,
    /// What the machine was told last of the workers' queue.
    pub(super) is_busy: bool,
    pub(super) answered: Option<Instant>,
    pub(super) hung_up: Option<Instant>,
    pub(super) outcome: CallOutcome,
    pub(super) ended: bool,
}

impl Driver {
    async fn run(
        mut self,
        mut audio: AudioEvents,
        mut messages: mpsc::UnboundedReceiver<CallMessage>,
        mut results: mpsc::Receiver<TaskResult>,
        mut busy: watch::Receiver<bool>,
    ) -> CallOutcome {
        // Told with the first change, or here once the call is answered.
        busy.mark_changed();
        while !self.ended {
            let deadline = self.deadline();
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Some(CallMessage::Leg(event)) => self.on_leg(event),
                    Some(CallMessage::HangUp) => self.hang_up(),
                    None => self.ended = true,
                },
                event = audio.recv() => match event {
                    Some(event) => self.on_audio(event),
                    None => self.ended = true,
                },
                Some(result) = results.recv() => self.on_result(result),
                event = self.voice.next() => self.on_voice(event),
                Ok(()) = busy.changed(), if self.answered.is_some() => {
                    let busy = *busy.borrow_and_update();
                    self.on_busy(busy);
                }
                () = sleep_until(deadline) => self.on_deadline(),
            }
        }
        self.close()
    }

    /// Who speaks at present.
    pub(super) fn agent(&self) -> &Agent {
        &self.answerers.current().agent
    }

    /// The settings of the agent who speaks at present.
    pub(super) fn settings(&self) -> &Settings {
        &self.answerers.current().settings
    }

    /// Time since the answer.
    pub(super) fn now(&self) -> Duration {
        self.answered.map_or(Duration::ZERO, |answered| answered.elapsed())
    }

    pub(super) fn record(&mut self, record: Record) {
        self.recorder.record(self.micros(), record);
    }

    fn deadline(&self) -> Option<Instant> {
        let machine = self
            .answered
            .zip(self.conversation.poll_timeout())
            .map(|(answered, (at, _))| answered + Duration::from_micros(at.as_micros()));
        let grace = self.hung_up.map(|at| at + HANG_UP_GRACE);
        [machine, grace].into_iter().flatten().min()
    }

    fn on_deadline(&mut self) {
        if self.hung_up.is_some_and(|at| at.elapsed() >= HANG_UP_GRACE) {
            warn!("the call did not end when it was told to; it is forgotten");
            self.ended = true;
            return;
        }
        let micros = self.micros();
        let now = conversation::Instant::from_micros(micros);
        if let Some((at, timer)) = self.conversation.poll_timeout()
            && at <= now
        {
            self.recorder.record(micros, Record::Timeout { timer });
            self.conversation.handle_timeout(now);
            self.carry_out();
        }
    }

    pub(super) fn micros(&self) -> u64 {
        u64::try_from(self.now().as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) fn feed(&mut self, input: Input) {
        // One reading for both: a replay gives the machine the journal's time.
        let micros = self.micros();
        self.recorder.record(micros, Record::Input { input: input.clone() });
        self.conversation.handle_input(input, conversation::Instant::from_micros(micros));
        self.carry_out();
    }

    fn on_busy(&mut self, busy: bool) {
        if busy != self.is_busy {
            self.is_busy = busy;
            self.feed(Input::WorkersBusy { busy });
        }
    }

    fn on_leg(&mut self, event: LegEvent) {
        match event {
            LegEvent::Media { codec } => self.media_active(codec),
            LegEvent::Rtp(stats) => self.rtp_reported(stats),
            LegEvent::Dtmf(digit) => self.feed(Input::Dtmf { digit: digit.into() }),
            LegEvent::Transfer { code, done } => self.transfer_reported(code, done),
            LegEvent::Ended { code, reason, by_peer, overdue } => self.leg_ended(code, reason, by_peer, overdue),
        }
    }

    fn media_active(&mut self, codec: String) {
        if self.answered.is_some() {
            return self.record(Record::Call(CallEvent::Media { codec }));
        }
        self.answered = Some(Instant::now());
        info!(codec, "answered");
        self.record(Record::Call(CallEvent::Answered { codec: codec.clone() }));
        self.entry.update(|summary| summary.codec = Some(codec));
        self.feed(Input::CallAnswered);
    }

    fn rtp_reported(&mut self, stats: RtpStats) {
        let before = std::mem::replace(&mut self.rtp, stats);
        metrics::rtp_packets(
            stats.received.saturating_sub(before.received),
            stats.lost.saturating_sub(before.lost),
            stats.sent.saturating_sub(before.sent),
        );
        let micros = |span: u32| Duration::from_micros(span.into());
        metrics::rtp_delays(micros(stats.jitter_us), stats.round_trip_us.map(micros));
        self.record(Record::Rtp(stats));
        self.entry.update(|summary| summary.rtp = Some(stats));
    }

    fn transfer_reported(&mut self, code: u16, done: bool) {
        self.record(Record::Call(CallEvent::Transfer { code, done }));
        match code {
            200..300 if done => {
                info!("transferred");
                self.outcome = CallOutcome::Transferred;
                self.feed(Input::TransferSucceeded);
            }
            300.. => {
                warn!(code, "the transfer failed");
                self.feed(Input::TransferFailed { code });
            }
            _ => {}
        }
    }

    fn leg_ended(&mut self, code: u16, reason: String, by_peer: bool, overdue: Option<Wait>) {
        let overdue = overdue.map(Wait::as_str);
        info!(code, reason, by_peer, overdue, "call ended");
        self.feed(Input::CallEnded);
        self.record(Record::Call(CallEvent::Ended { code, reason, by_peer, overdue: overdue.map(str::to_owned) }));
        if by_peer && self.outcome == CallOutcome::Failed {
            self.outcome = CallOutcome::CallerHungUp;
        }
        self.ended = true;
    }

    fn close(mut self) -> CallOutcome {
        self.record(Record::History { entries: self.conversation.history().to_vec() });
        let stats = Arc::clone(&self.audio_stats);
        metrics::capture_overruns(stats.capture_overruns());
        metrics::playout_underruns(stats.playout_underruns());
        self.record(Record::Audio(AudioCounters {
            captured_frames: stats.captured_frames(),
            capture_overruns: stats.capture_overruns(),
            played_frames: stats.played_frames(),
            playout_underruns: stats.playout_underruns(),
            utterances: stats.utterances(),
            dropped_events: stats.dropped_events(),
        }));
        self.outcome
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
