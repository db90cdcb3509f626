//! The shell round the pure conversation machine: feeds it, carries out its actions, writes the journal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conversation::{Conversation, Input, Settings, Stage, TurnId, UtteranceId};
use media::{AudioEvent, AudioEvents, AudioStats, Playout};
use serde_json::json;
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use super::hearing::{Heard, Recognition};
use super::journal::CallJournal;
use super::phrases::Phrases;
use super::registry::CallEntry;
use super::reply::Reply;
use super::timing::{TurnStages, TurnTiming};
use super::voice::{Voice, VoiceEvent, VoiceSettings};
use crate::agent::CallContext;
use crate::audio_thread::CallSlot;
use crate::config::Agent;
use crate::metrics::{self, CallOutcome};
use crate::sip::{CallId, IncomingCall, SipHandle};
use crate::speech::Speech;

/// How long a call that was told to end may take before it is forgotten: the longest non-INVITE transaction (RFC 3261
/// timer F, 32 s) is not worth keeping a driver for, since PJSIP finishes it alone.
const HANG_UP_GRACE: Duration = Duration::from_secs(5);

/// What SIP or the daemon tell a call.
#[derive(Debug)]
pub enum CallEvent {
    MediaActive {
        codec: String,
    },
    Dtmf(char),
    TransferProgress {
        code: u16,
        done: bool,
    },
    Ended {
        code: u16,
        by_peer: bool,
    },
    /// The daemon ends: say nothing more, hang up.
    HangUp,
}

/// All that one call is made of.
pub struct CallSetup {
    pub call: CallId,
    pub sip: SipHandle,
    pub speech: Arc<Speech>,
    pub phrases: Arc<Phrases>,
    pub agent: Arc<Agent>,
    pub context: CallContext,
    pub settings: Settings,
    pub voice: VoiceSettings,
    pub max_tokens: u32,
    pub temperature: f32,
    pub playout: Playout,
    pub audio_events: AudioEvents,
    pub audio_stats: Arc<AudioStats>,
    pub slot: CallSlot,
    pub journal: Option<CallJournal>,
    pub entry: Arc<CallEntry>,
    pub events: mpsc::UnboundedReceiver<CallEvent>,
}

impl CallSetup {
    /// Writes who called whom to the journal.
    pub fn write_start(&self, incoming: &IncomingCall) {
        let Some(journal) = &self.journal else { return };
        let fields = json!({
            "event": "started", "sip_call_id": incoming.sip_call_id, "account": incoming.account,
            "agent": self.agent.name, "from": incoming.from_uri, "from_name": incoming.from_name,
            "to": incoming.to_uri, "context": self.context.headers, "settings": self.settings,
        });
        journal.line(0, "call", fields);
    }
}

/// Runs a call from its answer to its end.
pub async fn drive(setup: CallSetup) -> CallOutcome {
    let (results_in, results) = mpsc::unbounded_channel();
    let CallSetup { settings, playout, audio_events, events, voice, .. } = setup;
    let driver = Driver {
        conversation: Conversation::new(settings),
        voice: Voice::new(playout, Arc::clone(&setup.speech), Arc::clone(&setup.phrases), voice),
        call: setup.call,
        sip: setup.sip,
        speech: setup.speech,
        agent: setup.agent,
        context: setup.context,
        max_tokens: setup.max_tokens,
        temperature: setup.temperature,
        audio_stats: setup.audio_stats,
        journal: setup.journal,
        entry: setup.entry,
        _slot: setup.slot,
        results_in,
        recognitions: BTreeMap::new(),
        adaptation: Vec::new(),
        reply: None,
        timing: TurnTiming::default(),
        prompt_written: false,
        answered: None,
        hung_up: None,
        outcome: CallOutcome::Failed,
        ended: false,
    };
    driver.run(audio_events, events, results).await
}

/// What the tasks of a call report to its driver.
pub(super) enum TaskResult {
    Machine(Input),
    Heard { utterance: UtteranceId, heard: Heard },
}

pub(super) struct Driver {
    pub(super) call: CallId,
    pub(super) sip: SipHandle,
    pub(super) speech: Arc<Speech>,
    pub(super) agent: Arc<Agent>,
    pub(super) context: CallContext,
    pub(super) max_tokens: u32,
    pub(super) temperature: f32,
    pub(super) audio_stats: Arc<AudioStats>,
    pub(super) journal: Option<CallJournal>,
    pub(super) entry: Arc<CallEntry>,
    pub(super) _slot: CallSlot,
    pub(super) conversation: Conversation,
    pub(super) voice: Voice,
    pub(super) results_in: mpsc::UnboundedSender<TaskResult>,
    /// Utterances under recognition: the newest is fed, older ones wait for their final transcript.
    pub(super) recognitions: BTreeMap<UtteranceId, Recognition>,
    /// What the recogniser learnt of this caller's voice and line.
    pub(super) adaptation: Vec<u8>,
    pub(super) reply: Option<Reply>,
    pub(super) timing: TurnTiming,
    pub(super) prompt_written: bool,
    pub(super) answered: Option<Instant>,
    pub(super) hung_up: Option<Instant>,
    pub(super) outcome: CallOutcome,
    pub(super) ended: bool,
}

impl Driver {
    async fn run(
        mut self,
        mut audio: AudioEvents,
        mut events: mpsc::UnboundedReceiver<CallEvent>,
        mut results: mpsc::UnboundedReceiver<TaskResult>,
    ) -> CallOutcome {
        while !self.ended {
            let deadline = self.deadline();
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(event) => self.on_call_event(event),
                    None => self.ended = true,
                },
                event = audio.recv() => match event {
                    Some(event) => self.on_audio(event),
                    None => self.ended = true,
                },
                Some(result) = results.recv() => self.on_result(result),
                event = self.voice.next() => self.on_voice(event),
                () = sleep_until(deadline) => self.on_deadline(),
            }
        }
        self.close()
    }

    /// Time since the answer.
    pub(super) fn now(&self) -> Duration {
        self.answered.map_or(Duration::ZERO, |answered| answered.elapsed())
    }

    pub(super) fn line(&self, kind: &str, fields: serde_json::Value) {
        if let Some(journal) = &self.journal {
            journal.line(self.micros(), kind, fields);
        }
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
        let now = conversation::Instant::from_micros(self.micros());
        if let Some((at, timer)) = self.conversation.poll_timeout()
            && at <= now
        {
            self.line("timeout", json!({ "timer": timer }));
            self.conversation.handle_timeout(now);
            self.carry_out();
        }
    }

    pub(super) fn micros(&self) -> u64 {
        u64::try_from(self.now().as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) fn feed(&mut self, input: Input) {
        self.line("input", json!({ "input": input }));
        let now = conversation::Instant::from_micros(self.micros());
        self.conversation.handle_input(input, now);
        self.carry_out();
    }

    fn on_call_event(&mut self, event: CallEvent) {
        match event {
            CallEvent::MediaActive { codec } => {
                if self.answered.is_none() {
                    self.answered = Some(Instant::now());
                    info!(codec, "answered");
                    self.line("call", json!({ "event": "answered", "codec": codec }));
                    self.entry.update(|summary| summary.codec = Some(codec));
                    self.feed(Input::CallAnswered);
                } else {
                    self.line("call", json!({ "event": "media", "codec": codec }));
                }
            }
            CallEvent::Dtmf(digit) => self.feed(Input::Dtmf { digit }),
            CallEvent::TransferProgress { code, done } => {
                self.line("call", json!({ "event": "transfer", "code": code, "done": done }));
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
            CallEvent::Ended { code, by_peer } => {
                info!(code, by_peer, "call ended");
                self.feed(Input::CallEnded);
                self.line("call", json!({ "event": "ended", "code": code, "by_peer": by_peer }));
                if by_peer && self.outcome == CallOutcome::Failed {
                    self.outcome = CallOutcome::CallerHungUp;
                }
                self.ended = true;
            }
            CallEvent::HangUp => self.hang_up(),
        }
    }

    fn on_audio(&mut self, event: AudioEvent) {
        match event {
            AudioEvent::Frame(frame) => {
                if let Some((_, recognition)) = self.recognitions.last_key_value() {
                    recognition.audio(frame);
                }
            }
            _ if self.answered.is_none() => {}
            AudioEvent::SpeechStarted { .. } => self.feed(Input::SpeechStarted),
            AudioEvent::SpeechEnded { silence_samples, .. } => {
                let silence = samples_to_duration(silence_samples);
                self.timing.speech_ended(self.now().saturating_sub(silence));
                self.feed(Input::SpeechEnded { silence });
            }
            AudioEvent::PlayoutProgress { turn, samples } => {
                self.feed(Input::PlayoutProgress { turn: TurnId(turn), sample: samples });
            }
            AudioEvent::PlayoutDrained { turn } => self.feed(Input::PlayoutDrained { turn: TurnId(turn) }),
        }
    }

    fn on_result(&mut self, result: TaskResult) {
        match result {
            TaskResult::Machine(input) => {
                match &input {
                    Input::ReplyDelta { turn, .. } => self.timing.text(*turn, self.now()),
                    Input::ReplyDone { turn } if self.reply.as_ref().is_some_and(|reply| reply.turn == *turn) => {
                        self.reply = None;
                    }
                    _ => {}
                }
                self.feed(input);
            }
            TaskResult::Heard { utterance, heard } => {
                // What was cancelled may still have something on its way.
                if !self.recognitions.contains_key(&utterance) {
                    return;
                }
                match heard {
                    Heard::Partial(text) => {
                        debug!(text, "partial transcript");
                        self.feed(Input::PartialTranscript { utterance, text });
                    }
                    Heard::Final { text, adaptation } => {
                        debug!(text, "final transcript");
                        self.adaptation = adaptation;
                        self.recognitions.remove(&utterance);
                        self.timing.transcribed(self.now());
                        self.feed(Input::FinalTranscript { utterance, text });
                    }
                    Heard::Failed(reason) => {
                        self.recognitions.remove(&utterance);
                        self.worker_failed(Stage::Stt, Some(utterance), None, &reason);
                    }
                }
            }
        }
    }

    fn on_voice(&mut self, event: VoiceEvent) {
        match event {
            VoiceEvent::FirstAudio { turn } => {
                if let Some(stages) = self.timing.first_audio(turn, self.now()) {
                    count_stages(&stages);
                    self.line("timing", stages.to_json());
                }
            }
            VoiceEvent::ClauseReady { turn, clause, end_sample } => {
                self.feed(Input::ClauseReady { turn, clause, end_sample });
            }
            VoiceEvent::Failed { turn, reason } => self.worker_failed(Stage::Tts, None, Some(turn), &reason),
        }
    }

    fn worker_failed(&mut self, stage: Stage, utterance: Option<UtteranceId>, turn: Option<TurnId>, reason: &str) {
        warn!(?stage, reason, "a worker failed this call");
        self.line("failure", json!({ "stage": stage, "reason": reason }));
        self.feed(Input::WorkerFailed { stage, utterance, turn });
    }

    fn close(self) -> CallOutcome {
        let history: Vec<_> = self.conversation.history().iter().map(|entry| json!(entry)).collect();
        self.line("history", json!({ "entries": history }));
        let stats = &self.audio_stats;
        metrics::capture_overruns(stats.capture_overruns());
        metrics::playout_underruns(stats.playout_underruns());
        self.line(
            "audio",
            json!({
                "captured_frames": stats.captured_frames(), "capture_overruns": stats.capture_overruns(),
                "played_frames": stats.played_frames(), "playout_underruns": stats.playout_underruns(),
                "utterances": stats.utterances(), "dropped_events": stats.dropped_events(),
            }),
        );
        self.outcome
    }
}

fn count_stages(stages: &TurnStages) {
    metrics::endpointing(stages.endpoint);
    metrics::stt_final(stages.stt);
    metrics::llm_first_token(stages.llm);
    metrics::tts_first_audio(stages.tts);
    metrics::voice_to_voice(stages.total());
}

fn samples_to_duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(media::SAMPLE_RATE_HZ))
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
