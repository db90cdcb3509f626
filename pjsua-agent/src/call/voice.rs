//! The agent's voice in one call: clauses in, audio into the playout ring, in order and one at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use conversation::{ClauseId, TurnId};
use inference::proto::SynthesiseRequest;
use media::Playout;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::phrases::Phrases;
use crate::speech::Speech;

/// How often a full playout ring is looked at again: five frames, well below what the ring holds.
const RING_POLL: Duration = Duration::from_millis(100);

/// What the driver learns from the voice.
#[derive(Debug, PartialEq)]
pub enum VoiceEvent {
    /// The first audio of a turn's first clause has been queued.
    FirstAudio { turn: TurnId },
    /// A clause is wholly queued; `end_sample` is its end on the turn's time line.
    ClauseReady { turn: TurnId, clause: ClauseId, end_sample: u64 },
    /// No worker could synthesise the clause.
    Failed { turn: TurnId, reason: String },
}

/// How a voice sounds.
#[derive(Debug, Clone, Default)]
pub struct VoiceSettings {
    pub voice: String,
    pub language: String,
    pub rate: f32,
}

enum Work {
    Clause { turn: TurnId, clause: ClauseId, text: String },
    EndOfTurn { turn: TurnId },
}

enum Chunk {
    Audio(Arc<[i16]>),
    Last,
    Failed(String),
}

struct Clause {
    turn: TurnId,
    clause: ClauseId,
    chunks: mpsc::UnboundedReceiver<Chunk>,
    synthesis: Option<JoinHandle<()>>,
    rest: Option<(Arc<[i16]>, usize)>,
}

impl Drop for Clause {
    fn drop(&mut self) {
        if let Some(synthesis) = self.synthesis.take() {
            synthesis.abort();
        }
    }
}

/// Speaks clauses through the call's playout ring.
pub struct Voice {
    playout: Playout,
    speech: Arc<Speech>,
    phrases: Arc<Phrases>,
    settings: VoiceSettings,
    work: VecDeque<Work>,
    current: Option<Clause>,
    sounding: Option<TurnId>,
}

impl Voice {
    pub fn new(playout: Playout, speech: Arc<Speech>, phrases: Arc<Phrases>, settings: VoiceSettings) -> Voice {
        Voice { playout, speech, phrases, settings, work: VecDeque::new(), current: None, sounding: None }
    }

    pub fn speak(&mut self, turn: TurnId, clause: ClauseId, text: String) {
        self.work.push_back(Work::Clause { turn, clause, text });
    }

    /// Nothing of `turn` comes after what was given to [`Voice::speak`].
    pub fn end_turn(&mut self, turn: TurnId) {
        self.work.push_back(Work::EndOfTurn { turn });
    }

    pub fn pause(&self) {
        self.playout.pause();
    }

    pub fn resume(&self) {
        self.playout.resume();
    }

    /// Drops all that was not heard yet and returns how much of the running turn was.
    pub fn flush(&mut self) -> media::Position {
        self.work.clear();
        self.current = None;
        self.playout.flush()
    }

    /// The next thing that happened. Pends for ever while there is nothing to say. Cancel safe.
    pub async fn next(&mut self) -> VoiceEvent {
        loop {
            if self.current.is_none() {
                self.start_next().await;
            }
            if let Some(event) = self.advance().await {
                return event;
            }
        }
    }

    async fn start_next(&mut self) {
        loop {
            match self.work.front() {
                None => std::future::pending().await,
                Some(Work::EndOfTurn { turn }) => {
                    if !self.playout.end_turn(turn.0) {
                        tokio::time::sleep(RING_POLL).await;
                        continue;
                    }
                    self.work.pop_front();
                }
                Some(Work::Clause { .. }) => break,
            }
        }
        if let Some(Work::Clause { turn, clause, text }) = self.work.pop_front() {
            self.current = Some(self.start_clause(turn, clause, text));
        }
    }

    fn start_clause(&self, turn: TurnId, clause: ClauseId, text: String) -> Clause {
        let (chunks_in, chunks) = mpsc::unbounded_channel();
        let synthesis = match self.phrases.find(&self.settings.voice, &text) {
            Some(samples) => {
                let _ = chunks_in.send(Chunk::Audio(samples));
                let _ = chunks_in.send(Chunk::Last);
                None
            }
            None => Some(tokio::spawn(synthesise(Arc::clone(&self.speech), request(&self.settings, text), chunks_in))),
        };
        Clause { turn, clause, chunks, synthesis, rest: None }
    }

    async fn advance(&mut self) -> Option<VoiceEvent> {
        let clause = self.current.as_mut()?;
        if let Some((samples, start)) = &mut clause.rest {
            *start += self.playout.push(clause.turn.0, &samples[*start..]);
            if *start < samples.len() {
                tokio::time::sleep(RING_POLL).await;
                return None;
            }
            clause.rest = None;
            if self.sounding != Some(clause.turn) {
                self.sounding = Some(clause.turn);
                return Some(VoiceEvent::FirstAudio { turn: clause.turn });
            }
            return None;
        }
        let chunk = clause.chunks.recv().await;
        let (turn, id) = (clause.turn, clause.clause);
        match chunk {
            Some(Chunk::Audio(samples)) => {
                clause.rest = Some((samples, 0));
                None
            }
            Some(Chunk::Last) => {
                self.current = None;
                let end_sample = self.playout.end_clause(turn.0);
                Some(VoiceEvent::ClauseReady { turn, clause: id, end_sample })
            }
            Some(Chunk::Failed(reason)) => {
                self.current = None;
                self.playout.end_clause(turn.0);
                Some(VoiceEvent::Failed { turn, reason })
            }
            None => {
                self.current = None;
                Some(VoiceEvent::Failed { turn, reason: "the synthesis ended without a result".into() })
            }
        }
    }
}

fn request(settings: &VoiceSettings, text: String) -> SynthesiseRequest {
    SynthesiseRequest {
        text,
        voice: settings.voice.clone(),
        language: settings.language.clone(),
        sample_rate_hz: media::SAMPLE_RATE_HZ,
        rate: settings.rate,
    }
}

/// Synthesises one clause, a second time where the first attempt breaks off; the samples already handed on are not
/// handed on again.
async fn synthesise(speech: Arc<Speech>, request: SynthesiseRequest, chunks: mpsc::UnboundedSender<Chunk>) {
    let mut sent = 0;
    let mut reason = String::new();
    for _attempt in 0..2 {
        match attempt(&speech, &request, &chunks, &mut sent).await {
            Ok(()) => return,
            Err(error) => reason = error,
        }
    }
    let _ = chunks.send(Chunk::Failed(reason));
}

async fn attempt(
    speech: &Speech,
    request: &SynthesiseRequest,
    chunks: &mpsc::UnboundedSender<Chunk>,
    sent: &mut usize,
) -> Result<(), String> {
    let mut synthesis = speech.synthesise(request.clone()).await.map_err(|error| error.to_string())?;
    let mut skip = *sent;
    while let Some(samples) = synthesis.next().await.map_err(|error| error.to_string())? {
        let skipped = skip.min(samples.len());
        skip -= skipped;
        let fresh = &samples[skipped..];
        if !fresh.is_empty() {
            *sent += fresh.len();
            let _ = chunks.send(Chunk::Audio(fresh.into()));
        }
    }
    let _ = chunks.send(Chunk::Last);
    Ok(())
}

/// The whole audio of `text`, for phrases that are made ahead.
///
/// # Errors
/// The worker's, as text.
pub async fn synthesise_whole(speech: &Speech, settings: &VoiceSettings, text: &str) -> Result<Vec<i16>, String> {
    let mut synthesis =
        speech.synthesise(request(settings, text.to_owned())).await.map_err(|error| error.to_string())?;
    let mut whole = Vec::new();
    while let Some(samples) = synthesis.next().await.map_err(|error| error.to_string())? {
        whole.extend_from_slice(&samples);
    }
    Ok(whole)
}
