//! The agent's voice in one call: clauses in, audio into the playout ring, in order and one at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use conversation::{ClauseId, TurnId};
use inference::proto::SynthesiseRequest;
use media::Playout;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::phrase_audio::PhraseAudio;
use super::task::Task;
use crate::speech::{Origin, PhraseCache, PhraseKey, RequestError, Speech};

/// How often a full playout ring is looked at again: five frames, well below what the ring holds.
const RING_POLL: Duration = Duration::from_millis(100);

/// The same before anything of a turn is in the ring: a quarter of the tick that makes room.
const FIRST_POLL: Duration = Duration::from_millis(5);

/// Chunks of a clause that may wait for the voice to take them in; a synthesis that is further ahead waits.
const CHUNKS_AHEAD: usize = 16;

/// What the driver learns from the voice.
#[derive(Debug, PartialEq)]
pub enum VoiceEvent {
    /// The first audio of a turn's first clause has been queued.
    FirstAudio {
        turn: TurnId,
        /// Whether it had been synthesised before.
        cached: bool,
    },
    /// A clause is wholly synthesised; `end_sample` is its end on the turn's time line.
    ClauseReady { turn: TurnId, clause: ClauseId, end_sample: u64 },
    /// No worker could synthesise the clause.
    Failed { turn: TurnId, reason: String },
}

/// How a voice sounds.
#[derive(Debug, Clone, Default)]
pub struct VoiceSettings {
    /// The engine, and its model where it has several: what was synthesised by another one sounds different.
    pub engine: String,
    pub voice: String,
    /// For the engine; empty: the voice's own.
    pub language: String,
    pub rate: f32,
    /// In which the texts are written.
    pub text_language: String,
}

impl VoiceSettings {
    /// A clause as it can be spoken; empty when nothing in it can.
    pub fn speakable(&self, text: &str) -> String {
        spoken_text::speakable(text, &self.text_language)
    }

    /// Under which the audio of a speakable clause is kept.
    pub fn key(&self, spoken: &str) -> PhraseKey {
        PhraseKey::new(&self.engine, &self.voice, &self.language, self.rate, spoken)
    }
}

enum Work {
    Clause { turn: TurnId, clause: ClauseId, text: String, speaker: Arc<Speaker> },
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
    chunks: mpsc::Receiver<Chunk>,
    synthesis: Option<Task>,
    /// Synthesised and not yet in the ring; of the first, `pushed` samples are. One clause at
    /// most, which is as long as its text: its length is wanted long before the ring has room for it.
    waiting: VecDeque<Arc<[i16]>>,
    pushed: usize,
    samples: u64,
    is_whole: bool,
}

impl Clause {
    fn new(turn: TurnId, clause: ClauseId, chunks: mpsc::Receiver<Chunk>, synthesis: Option<Task>) -> Clause {
        Clause { turn, clause, chunks, synthesis, waiting: VecDeque::new(), pushed: 0, samples: 0, is_whole: false }
    }

    /// Takes a chunk in; an error is why the synthesis failed.
    fn take(&mut self, chunk: Option<Chunk>) -> Result<(), String> {
        match chunk {
            Some(Chunk::Audio(samples)) => {
                self.samples += samples.len() as u64;
                self.waiting.push_back(samples);
                Ok(())
            }
            Some(Chunk::Last) => {
                self.is_whole = true;
                Ok(())
            }
            Some(Chunk::Failed(reason)) => Err(reason),
            None => Err("the synthesis ended without a result".into()),
        }
    }
}

/// Who speaks.
struct Speaker {
    phrases: Arc<PhraseAudio>,
    settings: VoiceSettings,
}

/// Speaks clauses through the call's playout ring.
pub struct Voice {
    playout: Playout,
    speech: Arc<Speech>,
    speaker: Arc<Speaker>,
    work: VecDeque<Work>,
    current: Option<Clause>,
    sounding: Option<TurnId>,
    /// The turn that was queued last, and how many samples of it were.
    queued: (TurnId, u64),
}

impl Voice {
    pub fn new(playout: Playout, speech: Arc<Speech>, phrases: Arc<PhraseAudio>, settings: VoiceSettings) -> Voice {
        Voice {
            playout,
            speech,
            speaker: Arc::new(Speaker { phrases, settings }),
            work: VecDeque::new(),
            current: None,
            sounding: None,
            queued: (TurnId(0), 0),
        }
    }

    /// What is given to [`Voice::speak`] from now on sounds so.
    pub fn change(&mut self, phrases: Arc<PhraseAudio>, settings: VoiceSettings) {
        self.speaker = Arc::new(Speaker { phrases, settings });
    }

    pub fn speak(&mut self, turn: TurnId, clause: ClauseId, text: String) {
        self.work.push_back(Work::Clause { turn, clause, text, speaker: Arc::clone(&self.speaker) });
    }

    /// Nothing of `turn` comes after what was given to [`Voice::speak`].
    pub fn end_turn(&mut self, turn: TurnId) {
        self.work.push_back(Work::EndOfTurn { turn });
    }

    pub fn pause(&self) {
        self.playout.pause();
    }

    /// Goes on more quietly, until [`Voice::resume`].
    pub fn duck(&self, gain_db: f32) {
        self.playout.duck(gain_db);
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
        if let Some(Work::Clause { turn, clause, text, speaker }) = self.work.pop_front() {
            self.current = Some(self.start_clause(turn, clause, text, &speaker));
        }
    }

    fn start_clause(&self, turn: TurnId, clause: ClauseId, text: String, speaker: &Speaker) -> Clause {
        let Speaker { phrases, settings } = speaker;
        let (chunks_in, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let spoken = settings.speakable(&text);
        if spoken.is_empty() {
            let _ = chunks_in.try_send(Chunk::Last);
            return Clause::new(turn, clause, chunks, None);
        }
        let key = settings.key(&spoken);
        let synthesis = match phrases.cache().find(&key) {
            Some(samples) => {
                let _ = chunks_in.try_send(Chunk::Audio(samples));
                let _ = chunks_in.try_send(Chunk::Last);
                None
            }
            None => {
                let unspoken = Unspoken { key, origin: phrases.origin(&text), cache: Arc::clone(phrases.cache()) };
                let request = request(settings, spoken);
                Some(Task::spawn(find_or_synthesise(unspoken, Arc::clone(&self.speech), request, chunks_in)))
            }
        };
        Clause::new(turn, clause, chunks, synthesis)
    }

    /// One step of the current clause: takes in what was synthesised, then moves audio to the ring.
    async fn advance(&mut self) -> Option<VoiceEvent> {
        let clause = self.current.as_mut()?;
        while !clause.is_whole {
            let chunk = match clause.chunks.try_recv() {
                Ok(chunk) => Some(chunk),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) if clause.waiting.is_empty() => clause.chunks.recv().await,
                Err(TryRecvError::Empty) => break,
            };
            if let Err(reason) = clause.take(chunk) {
                return Some(self.fail(reason));
            }
            if clause.is_whole {
                return Some(self.clause_ready());
            }
        }
        let Some(samples) = clause.waiting.front() else {
            self.queued = (clause.turn, self.playout.end_clause(clause.turn.0));
            self.current = None;
            return None;
        };
        let taken = self.playout.push(clause.turn.0, &samples[clause.pushed..]);
        clause.pushed += taken;
        let is_in_the_ring = clause.pushed == samples.len();
        if is_in_the_ring {
            clause.waiting.pop_front();
            clause.pushed = 0;
        }
        let turn = clause.turn;
        // A ring that is full of what was flushed takes nothing before the media clock's next tick.
        let is_sounding = self.sounding == Some(turn) || taken > 0;
        if is_sounding && self.sounding.replace(turn) != Some(turn) {
            return Some(VoiceEvent::FirstAudio { turn, cached: clause.synthesis.is_none() });
        }
        if is_in_the_ring {
            return None;
        }
        let room = tokio::time::sleep(if is_sounding { RING_POLL } else { FIRST_POLL });
        tokio::select! {
            // What comes meanwhile is taken in: the clause's length is wanted as soon as it is known.
            chunk = clause.chunks.recv(), if !clause.is_whole => match clause.take(chunk) {
                Err(reason) => Some(self.fail(reason)),
                Ok(()) if clause.is_whole => Some(self.clause_ready()),
                Ok(()) => None,
            },
            () = room => None,
        }
    }

    /// The clause's length is known, long before its last sample fits into the ring: the ledger needs it as soon as
    /// the caller may interrupt.
    fn clause_ready(&self) -> VoiceEvent {
        let clause = self.current.as_ref().expect("a clause is being spoken");
        let (turn, queued) = self.queued;
        let start = if turn == clause.turn { queued } else { 0 };
        let end_sample = start + clause.samples.next_multiple_of(media::FRAME_SAMPLES as u64);
        VoiceEvent::ClauseReady { turn: clause.turn, clause: clause.clause, end_sample }
    }

    fn fail(&mut self, reason: String) -> VoiceEvent {
        let turn = self.current.take().map_or(self.queued.0, |clause| clause.turn);
        self.queued = (turn, self.playout.end_clause(turn.0));
        VoiceEvent::Failed { turn, reason }
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

/// A clause that is not in memory.
struct Unspoken {
    key: PhraseKey,
    origin: Origin,
    cache: Arc<PhraseCache>,
}

/// Takes a clause from the disk, or has it synthesised and keeps it.
async fn find_or_synthesise(
    clause: Unspoken,
    speech: Arc<Speech>,
    request: SynthesiseRequest,
    chunks: mpsc::Sender<Chunk>,
) {
    if let Some(samples) = clause.cache.load(clause.key, clause.origin).await {
        let _ = chunks.send(Chunk::Audio(samples)).await;
        let _ = chunks.send(Chunk::Last).await;
        return;
    }
    match synthesise(&speech, &request, &chunks).await {
        Ok(whole) => clause.cache.keep(clause.key, &request.text, whole.into(), clause.origin).await,
        Err(error) => {
            let _ = chunks.send(Chunk::Failed(error.to_string())).await;
        }
    }
}

/// Hands on the audio of one clause as it comes, and returns the whole of it.
async fn synthesise(
    speech: &Speech,
    request: &SynthesiseRequest,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<Vec<i16>, RequestError> {
    let mut synthesis = speech.synthesise(request.clone()).await?;
    while let Some(samples) = synthesis.next().await? {
        let _ = chunks.send(Chunk::Audio(samples.into())).await;
    }
    let _ = chunks.send(Chunk::Last).await;
    Ok(synthesis.into_whole())
}

/// The whole audio of a speakable `text`, for phrases that are made ahead.
///
/// # Errors
/// Those of [`Speech::synthesise`], and of the synthesis.
pub async fn synthesise_whole(speech: &Speech, settings: &VoiceSettings, text: &str) -> Result<Vec<i16>, RequestError> {
    let mut synthesis = speech.synthesise(request(settings, text.to_owned())).await?;
    while synthesis.next().await?.is_some() {}
    Ok(synthesis.into_whole())
}
