//! One utterance at a recogniser, on the recogniser's thread.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use inference::{
    SAMPLE_RATE_HZ,
    proto::{Final, Partial, RecogniseEvent, recognise_event::Kind},
};
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use crate::engines::{EngineError, Recogniser, Utterance};

/// The shortest time between two partial transcripts.
const PARTIAL_INTERVAL: Duration = Duration::from_millis(150);
/// Samples given to the recogniser at once: 100 ms, so that a cancellation is seen soon.
const SAMPLES_AT_ONCE: usize = SAMPLE_RATE_HZ as usize / 10;
/// What is said after this many samples, two minutes, is not heard: the search's memory grows with the utterance.
const MOST_SAMPLES: usize = SAMPLE_RATE_HZ as usize * 120;

/// What comes to a recogniser.
pub enum Piece {
    /// Samples: 16 kHz, mono.
    Audio(Vec<i16>),
    /// No audio has come for a while: the caller is silent.
    Rest,
    /// The utterance is complete.
    Finish,
}

/// An utterance on its way. A closed `pieces` without a `Finish`, or closed `events`, is a cancellation.
pub struct Job {
    /// What is known before.
    pub utterance: Utterance,
    /// The audio.
    pub pieces: mpsc::Receiver<Piece>,
    /// Where the transcripts go.
    pub events: mpsc::Sender<Result<RecogniseEvent, Status>>,
    /// Sent to or dropped when the recogniser is done with the utterance.
    pub done: oneshot::Sender<()>,
}

/// Hears `job` to its end or its cancellation. After an error the recogniser is of no use any more.
pub fn hear(recogniser: &mut dyn Recogniser, mut job: Job) -> Result<(), EngineError> {
    let (cores, fate) = (Arc::clone(&job.utterance.cores), Arc::clone(&job.utterance.fate));
    let number = cores.next_utterance();
    let most = recogniser.most_cores();
    recogniser.start(&job.utterance)?;
    let started = Instant::now();
    let mut working = Duration::ZERO;
    let mut samples_heard = 0;
    let mut last_partial = (Instant::now(), String::new());
    while let Some(piece) = job.pieces.blocking_recv() {
        let began = Instant::now();
        match piece {
            Piece::Audio(samples) => {
                let room = MOST_SAMPLES.saturating_sub(samples_heard);
                for samples in samples[..samples.len().min(room)].chunks(SAMPLES_AT_ONCE) {
                    if job.events.is_closed() {
                        recogniser.abandon();
                        return Ok(());
                    }
                    cores.run(number, &fate, 1, |_| recogniser.accept(samples))?;
                }
                samples_heard += samples.len();
                // Nobody needs to know what is known of the past while newer audio lies here.
                let text = match job.pieces.is_empty() {
                    true if recogniser.fell_silent() => {
                        cores.run(number, &fate, most, |cores| recogniser.rest(cores))?
                    }
                    true if last_partial.0.elapsed() >= PARTIAL_INTERVAL => {
                        cores.run(number, &fate, most, |cores| recogniser.partial(cores))?
                    }
                    _ => None,
                };
                send_partial(text, &job, &mut last_partial);
                working += began.elapsed();
            }
            Piece::Rest => {
                let text = cores.run(number, &fate, most, |cores| recogniser.rest(cores))?;
                send_partial(text, &job, &mut last_partial);
                working += began.elapsed();
            }
            Piece::Finish => {
                let transcript = cores.run(number, &fate, most, |cores| recogniser.finish(cores))?;
                working += began.elapsed();
                let audio = Duration::from_secs_f64(samples_heard as f64 / f64::from(SAMPLE_RATE_HZ));
                tracing::debug!(
                    audio_s = audio.as_secs_f32(),
                    real_time_factor = working.as_secs_f32() / audio.as_secs_f32().max(0.02),
                    final_ms = began.elapsed().as_millis(),
                    total_ms = started.elapsed().as_millis(),
                    words = transcript.text.split_whitespace().count(),
                    confidence = transcript.confidence,
                    "recognised"
                );
                let last = Final {
                    text: transcript.text,
                    confidence: transcript.confidence,
                    adaptation: transcript.adaptation,
                    language: transcript.language,
                };
                // A closed channel: cancelled at the last moment.
                let _ = job.events.blocking_send(Ok(RecogniseEvent { kind: Some(Kind::Final(last)) }));
                let _ = job.done.send(());
                return Ok(());
            }
        }
    }
    recogniser.abandon();
    Ok(())
}

fn send_partial(text: Option<String>, job: &Job, last: &mut (Instant, String)) {
    let Some(text) = text else { return };
    last.0 = Instant::now();
    if text != last.1 {
        last.1.clone_from(&text);
        // A client that does not read misses partials, not the final.
        let _ = job.events.try_send(Ok(RecogniseEvent { kind: Some(Kind::Partial(Partial { text })) }));
    }
}

/// Ends the answer with `status`, if anybody still reads it.
pub fn fail(events: &mpsc::Sender<Result<RecogniseEvent, Status>>, status: Status) {
    let _ = events.blocking_send(Err(status));
}
