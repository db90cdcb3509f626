//! The recognition of one utterance.

use std::sync::Arc;

use futures_util::{Stream, stream};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tonic::transport::Channel;

use super::{Deadlines, pump};
use crate::{
    Awaited, Failure, InferenceError, SAMPLE_RATE_HZ,
    proto::{self, recognise_event, recognise_request},
};

/// Pieces of audio that may wait for a worker that does not read: 30 s of 20 ms frames.
const AUDIO_AHEAD: usize = 1_500;
/// Audio that piled up goes in messages of about 1 s.
const MESSAGE_BYTES: usize = 32_000;
/// Events that may lie unread; further partials are dropped, since only the newest matters.
const EVENTS_AHEAD: usize = 16;

/// What the recogniser has heard: any number of `Partial`, then one `Final`.
#[derive(Debug, Clone, PartialEq)]
pub enum RecognitionEvent {
    /// The whole utterance so far; a later event may revise it.
    Partial(String),
    /// The end.
    Final {
        /// The transcript; empty when nothing was recognised.
        text: String,
        /// 0..1; 0 when the engine has none.
        confidence: f32,
        /// To be passed in the options of this caller's next utterance.
        adaptation: Vec<u8>,
        /// Which of the languages of the options was heard, BCP 47; empty when the engine did not ask itself.
        language: String,
    },
}

/// Why audio was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The worker has not read for half a minute; this audio is lost to it.
    #[error("the queue of audio is full")]
    QueueFull,
    /// The recognition was finished or has ended.
    #[error("the recognition has ended")]
    Ended,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Speaking,
    Finished(Instant),
}

/// One utterance on its way to a worker and back. Dropping it cancels.
#[derive(Debug)]
pub struct RecognitionStream {
    sender: RecognitionSender,
    events: RecognitionEvents,
}

impl RecognitionStream {
    /// Separates sending from receiving. Dropping either half cancels, save the sender after `finish`.
    pub fn split(self) -> (RecognitionSender, RecognitionEvents) {
        (self.sender, self.events)
    }

    /// See [`RecognitionSender::send`].
    ///
    /// # Errors
    ///
    /// Those of [`RecognitionSender::send`].
    pub fn send(&mut self, samples: &[i16]) -> Result<(), SendError> {
        self.sender.send(samples)
    }

    /// See [`RecognitionSender::finish`].
    pub fn finish(&mut self) {
        self.sender.finish();
    }

    /// See [`RecognitionEvents::next`].
    ///
    /// # Errors
    ///
    /// Those of [`RecognitionEvents::next`].
    pub async fn next(&mut self) -> Result<Option<RecognitionEvent>, InferenceError> {
        self.events.next().await
    }
}

/// The end that takes the caller's audio. Dropping it before [`finish`](Self::finish) cancels the recognition.
#[derive(Debug)]
pub struct RecognitionSender {
    audio: Option<mpsc::Sender<Vec<u8>>>,
    phase: watch::Sender<Phase>,
}

impl RecognitionSender {
    /// Queues samples (16 kHz, mono, any number). Never waits.
    ///
    /// # Errors
    ///
    /// `QueueFull` after half a minute of unread audio, `Ended` after `finish` or once the request has failed.
    pub fn send(&mut self, samples: &[i16]) -> Result<(), SendError> {
        let audio = self.audio.as_ref().ok_or(SendError::Ended)?;
        let place = audio.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => SendError::QueueFull,
            mpsc::error::TrySendError::Closed(()) => SendError::Ended,
        })?;
        place.send(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect());
        Ok(())
    }

    /// Says that the utterance is complete and asks for the final transcript. Never waits and never fails; what may
    /// go wrong after it is told by [`RecognitionEvents::next`].
    pub fn finish(&mut self) {
        if self.audio.is_some() {
            // The phase goes first: the queue's end is read as a cancellation until the phase says otherwise.
            self.phase.send_replace(Phase::Finished(Instant::now()));
            self.audio = None;
        }
    }
}

/// The end that gives the transcripts. Dropping it cancels the recognition.
#[derive(Debug)]
pub struct RecognitionEvents(pump::Answer<RecognitionEvent>);

impl RecognitionEvents {
    /// The next event; `None` after `Final` or an error. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// At [`Awaited::Connect`], [`Awaited::Recognition`] or [`Awaited::FinalTranscript`], once; then `None`.
    pub async fn next(&mut self) -> Result<Option<RecognitionEvent>, InferenceError> {
        self.0.next().await
    }
}

pub(super) fn start(
    channel: Channel,
    worker: Arc<str>,
    deadlines: Deadlines,
    mut options: proto::RecogniseOptions,
) -> RecognitionStream {
    if options.sample_rate_hz == 0 {
        options.sample_rate_hz = SAMPLE_RATE_HZ;
    }
    let (audio, audio_queue) = mpsc::channel(AUDIO_AHEAD);
    let (phase, phase_seen) = watch::channel(Phase::Speaking);
    let (events, events_queue) = mpsc::channel(EVENTS_AHEAD);
    // A stream is reset only once both its halves are let go of: the end of the task ends the requests as well.
    let (running, ended) = oneshot::channel();
    let requests = requests(options, audio_queue, phase_seen.clone(), ended);
    tokio::spawn(async move {
        let _running: oneshot::Sender<()> = running;
        tokio::select! {
            biased;
            () = events.closed() => {}
            result = run(channel, &worker, deadlines, requests, phase_seen, &events) => if let Err((stage, failure)) = result {
                // A receiver that has gone wants no error.
                let _ = events.send(Err(InferenceError { worker: worker.to_string(), stage, failure })).await;
            }
        }
    });
    RecognitionStream {
        sender: RecognitionSender { audio: Some(audio), phase },
        events: RecognitionEvents(pump::Answer::new(events_queue)),
    }
}

fn requests(
    options: proto::RecogniseOptions,
    audio: mpsc::Receiver<Vec<u8>>,
    phase: watch::Receiver<Phase>,
    ended: oneshot::Receiver<()>,
) -> impl Stream<Item = proto::RecogniseRequest> + Send + 'static {
    use recognise_request::Kind;
    stream::unfold((Some(options), Some(audio), phase, ended), |(options, audio, phase, mut ended)| async move {
        let request = |kind| proto::RecogniseRequest { kind: Some(kind) };
        if let Some(options) = options {
            return Some((request(Kind::Options(options)), (None, audio, phase, ended)));
        }
        let mut audio = audio?;
        let piece = tokio::select! {
            biased;
            _ = &mut ended => return None,
            piece = audio.recv() => piece,
        };
        match piece {
            Some(mut bytes) => {
                while bytes.len() < MESSAGE_BYTES
                    && let Ok(more) = audio.try_recv()
                {
                    bytes.extend(more);
                }
                Some((request(Kind::Audio(bytes)), (None, Some(audio), phase, ended)))
            }
            None if matches!(*phase.borrow(), Phase::Finished(_)) => {
                Some((request(Kind::Finish(proto::Finish {})), (None, None, phase, ended)))
            }
            None => None,
        }
    })
}

async fn run(
    channel: Channel,
    worker: &str,
    deadlines: Deadlines,
    requests: impl Stream<Item = proto::RecogniseRequest> + Send + 'static,
    mut phase: watch::Receiver<Phase>,
    events: &mpsc::Sender<Result<RecognitionEvent, InferenceError>>,
) -> Result<(), (Awaited, Failure)> {
    let mut client = proto::speech_to_text_client::SpeechToTextClient::new(channel);
    let mut stream = tokio::select! {
        biased;
        stream = pump::accepted(worker, deadlines.connect, client.recognise(requests)) => {
            stream.map_err(|error| (error.stage, error.failure))?
        }
        () = cancelled(phase.clone()) => return Err((Awaited::Connect, Failure::Cancelled)),
    };
    let mut finished = None;
    loop {
        let stage = if finished.is_some() { Awaited::FinalTranscript } else { Awaited::Recognition };
        let deadline = finished.map(|at: Instant| at + deadlines.final_transcript);
        let message = tokio::select! {
            biased;
            message = stream.message() => message.map_err(|status| (stage, Failure::from_status(&status, stage)))?,
            changed = phase.changed(), if finished.is_none() => match changed {
                Ok(()) => {
                    if let Phase::Finished(at) = *phase.borrow_and_update() {
                        finished = Some(at);
                    }
                    continue;
                }
                Err(_) => return Err((stage, Failure::Cancelled)),
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                return Err((stage, Failure::Timeout(deadlines.final_transcript)));
            }
        };
        match message.map(|message| message.kind) {
            Some(Some(recognise_event::Kind::Partial(partial))) => {
                let _ = events.try_send(Ok(RecognitionEvent::Partial(partial.text)));
            }
            Some(Some(recognise_event::Kind::Final(last))) => {
                let event = RecognitionEvent::Final {
                    text: last.text,
                    confidence: last.confidence,
                    adaptation: last.adaptation,
                    language: last.language,
                };
                let _ = events.send(Ok(event)).await;
                return Ok(());
            }
            Some(None) => {}
            None => return Err((stage, Failure::Incomplete)),
        }
    }
}

/// Ends when the sender is dropped without having finished.
async fn cancelled(mut phase: watch::Receiver<Phase>) {
    while phase.changed().await.is_ok() {
        if matches!(*phase.borrow_and_update(), Phase::Finished(_)) {
            std::future::pending::<()>().await;
        }
    }
}
