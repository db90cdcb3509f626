//! What the driver is told by the audio, by its tasks and by the voice, in the machine's words.

use std::time::Duration;

use call_record::{Levels, Record, TurnTimes, Waterfall};
use conversation::{Input, Stage, TurnId, UtteranceId};
use hearing::EarEvent;
use media::AudioEvent;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::driver::Driver;
use super::ear::per_mille;
use super::recognition::Heard;
use super::voice::VoiceEvent;
use crate::metrics;

/// How much longer than it has lasted a silence is said to be. It is counted from a tick of the media clock and ends
/// after whole ticks, while a timer is up to 1 ms late: what is released then has just missed a tick and waits 20 ms for
/// the next one. 4 ms: the lateness, and a cached clause's way into the ring.
const AHEAD_OF_TICK: Duration = Duration::from_millis(4);

/// What the tasks of a call report to its driver.
pub(super) enum TaskResult {
    Machine(Input),
    Heard { utterance: UtteranceId, heard: Heard },
    Ear(EarEvent),
}

/// Results that may wait for the driver. It takes one within microseconds; so many are a worker that has gone wild.
const RESULTS: usize = 1_024;

/// The way of a call's tasks to its driver.
#[derive(Clone)]
pub(super) struct Results(mpsc::Sender<TaskResult>);

impl Results {
    pub(super) fn channel() -> (Results, mpsc::Receiver<TaskResult>) {
        let (results, receiver) = mpsc::channel(RESULTS);
        (Results(results), receiver)
    }

    /// Never waits. Whatever finds no room is lost; the machine's timers do without it.
    pub(super) fn report(&self, result: TaskResult) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.0.try_send(result) {
            warn!("a worker reports more than this call can take; a report is lost");
        }
    }
}

impl Driver {
    pub(super) fn on_audio(&mut self, event: AudioEvent) {
        match event {
            _ if self.answered.is_none() => {}
            AudioEvent::Frame(frame) => {
                self.ear.frame(&frame);
                self.recogniser.frame(&frame);
            }
            AudioEvent::Levels { at_sample, captured_dbfs, played_dbfs } => {
                self.record(Record::Levels(Levels { at_sample, captured_dbfs, played_dbfs }));
            }
            AudioEvent::SpeechStarted { at_sample } => {
                self.ear.speech_started();
                self.recogniser.speech_started(at_sample);
                self.timing.speech_started();
                self.feed(Input::SpeechStarted);
            }
            AudioEvent::SpeechEnded { at_sample, silence_samples } => {
                // What comes now is waited for.
                self.reading = None;
                self.ear.speech_ended();
                self.recogniser.speech_ended(at_sample + silence_samples);
                let silence = samples_to_duration(silence_samples);
                self.timing.speech_ended(self.now().saturating_sub(silence));
                self.feed(Input::SpeechEnded { silence: silence + AHEAD_OF_TICK });
            }
            AudioEvent::PlayoutProgress { turn, samples } => {
                self.note_played(TurnId(turn), samples);
                if samples_to_duration(samples) >= conversation::ANSWERED_INTO_A_PAUSE {
                    self.ear.answered_in(TurnId(turn));
                }
                self.feed(Input::PlayoutProgress { turn: TurnId(turn), sample: samples });
            }
            AudioEvent::PlayoutDrained { turn } => {
                self.ear.answered_in(TurnId(turn));
                self.feed(Input::PlayoutDrained { turn: TurnId(turn) });
            }
        }
    }

    /// The turn's first frame was taken when as many samples fewer had been.
    fn note_played(&mut self, turn: TurnId, samples: u64) {
        let since = samples_to_duration(samples.saturating_sub(media::FRAME_SAMPLES as u64));
        let times = self.timing.played(turn, self.now().saturating_sub(since));
        self.record_times(times);
    }

    pub(super) fn record_times(&mut self, times: Option<TurnTimes>) {
        let Some(times) = times else { return };
        if let Some(waterfall) = &times.waterfall {
            count(waterfall);
        }
        self.record(Record::Timing(Box::new(times)));
    }

    pub(super) fn on_result(&mut self, result: TaskResult) {
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
            TaskResult::Ear(event) => self.on_ear(event),
            TaskResult::Heard { utterance, mut heard } => {
                // What was cancelled may still have something on its way.
                if self.recogniser.takes(utterance, &mut heard) {
                    self.on_heard(utterance, heard);
                }
            }
        }
    }

    fn on_ear(&mut self, event: EarEvent) {
        let Some(input) = self.ear.heard(event) else { return };
        match &input {
            Input::SpeechConfirmed => self.timing.speech_confirmed(),
            Input::SpeechDismissed => self.timing.speech_dismissed(),
            Input::EndOfTurnScore { pause, per_mille } => self.timing.score_answered(*pause, *per_mille, self.now()),
            _ => {}
        }
        self.feed(input);
    }

    fn on_heard(&mut self, utterance: UtteranceId, heard: Heard) {
        match heard {
            Heard::Partial(text) => {
                debug!(text, "partial transcript");
                self.feed(Input::PartialTranscript { utterance, text: text.into() });
                self.read_ahead();
            }
            Heard::Final { text, confidence, language, .. } => {
                debug!(text, confidence, "final transcript");
                self.timing.transcribed(self.now());
                self.follow_language(&language);
                // 0: the engine has none.
                let confidence_per_mille = if confidence > 0.0 { per_mille(confidence) } else { 1_000 };
                self.feed(Input::FinalTranscript { utterance, text: text.into(), confidence_per_mille });
            }
            Heard::Failed(reason) => self.worker_failed(Stage::Stt, Some(utterance), None, &reason),
        }
    }

    pub(super) fn on_voice(&mut self, event: VoiceEvent) {
        match event {
            VoiceEvent::FirstAudio { turn, cached } => self.timing.first_audio(turn, cached, self.now()),
            VoiceEvent::ClauseReady { turn, clause, end_sample } => {
                self.feed(Input::ClauseReady { turn, clause, end_sample });
            }
            VoiceEvent::Failed { turn, reason } => self.worker_failed(Stage::Tts, None, Some(turn), &reason),
        }
    }

    fn worker_failed(&mut self, stage: Stage, utterance: Option<UtteranceId>, turn: Option<TurnId>, reason: &str) {
        warn!(?stage, reason, "a worker failed this call");
        self.record(Record::Failure { stage, reason: reason.to_owned() });
        self.feed(Input::WorkerFailed { stage, utterance, turn });
    }
}

fn count(waterfall: &Waterfall) {
    metrics::endpointing(waterfall.endpoint);
    metrics::stt_final(waterfall.stt);
    metrics::llm_first_token(waterfall.llm);
    metrics::tts_first_audio(waterfall.tts);
    metrics::voice_to_voice(waterfall.total);
}

fn samples_to_duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(media::SAMPLE_RATE_HZ))
}
