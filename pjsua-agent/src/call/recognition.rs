//! Recognition of one utterance: audio in, transcripts out, a second attempt on another worker when the first fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use inference::RecognitionEvent;
use inference::proto::RecogniseOptions;
use noise_suppression::Suppressor;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::speech::{Speech, Stage};

/// The longest utterance that is kept for a second attempt: 30 s at 16 kHz.
const KEPT_SAMPLES: usize = 30 * media::SAMPLE_RATE_HZ as usize;
/// Frames that may wait for a worker to take the utterance: the same 30 s.
const QUEUE_FRAMES: usize = KEPT_SAMPLES / media::FRAME_SAMPLES;

/// What an utterance's recognition tells.
#[derive(Debug)]
pub enum Heard {
    Partial(String),
    Final {
        text: String,
        confidence: f32,
        adaptation: Vec<u8>,
        /// BCP 47; empty when the recogniser does not tell.
        language: String,
    },
    Failed(String),
}

// A frame travels by value: fifty a second are not worth an allocation each.
#[allow(clippy::large_enum_variant)]
enum Feed {
    Audio(media::Samples),
    Finish,
}

/// One utterance under recognition. Dropping it cancels.
pub struct Recognition {
    feed: mpsc::Sender<Feed>,
    task: JoinHandle<()>,
    finished: bool,
}

impl Recognition {
    /// Starts to recognise; what is heard goes to `report`. The audio passes `suppressor` first, if there is one.
    pub fn start(
        speech: Arc<Speech>,
        options: RecogniseOptions,
        suppressor: Option<Arc<Mutex<Suppressor>>>,
        report: impl Fn(Heard) + Send + Sync + 'static,
    ) -> Recognition {
        let (feed, frames) = mpsc::channel(QUEUE_FRAMES);
        let task = tokio::spawn(async move {
            let mut utterance = Utterance { speech, frames, suppressor, samples: Vec::new(), finished: None };
            let mut reason = String::new();
            for _attempt in 0..2 {
                match utterance.recognise(options.clone(), &report).await {
                    Ok(()) => return,
                    Err(error) => reason = error,
                }
            }
            report(Heard::Failed(reason));
        });
        Recognition { feed, task, finished: false }
    }

    /// Feeds one frame; frames after [`Recognition::finish`] are ignored.
    pub fn audio(&self, frame: media::Samples) {
        if !self.finished {
            let _ = self.feed.try_send(Feed::Audio(frame));
        }
    }

    /// No more audio comes: asks for the final transcript.
    pub fn finish(&mut self) {
        self.finished = true;
        let _ = self.feed.try_send(Feed::Finish);
    }
}

impl Drop for Recognition {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Utterance {
    speech: Arc<Speech>,
    frames: mpsc::Receiver<Feed>,
    suppressor: Option<Arc<Mutex<Suppressor>>>,
    samples: Vec<i16>,
    /// When the final transcript was asked for, while it is awaited.
    finished: Option<Instant>,
}

impl Drop for Utterance {
    fn drop(&mut self) {
        if let Some(finished) = self.finished {
            self.speech.given_up(Stage::Stt, finished.elapsed());
        }
    }
}

impl Utterance {
    async fn recognise(&mut self, options: RecogniseOptions, report: &impl Fn(Heard)) -> Result<(), String> {
        let recognition = self.speech.recognise(options).await.map_err(|error| error.to_string())?;
        let (mut audio, mut events) = recognition.split();
        // A second attempt starts with what the first one had been given.
        audio.send(&self.samples).map_err(|error| error.to_string())?;
        if self.finished.is_some() {
            audio.finish();
        }
        loop {
            tokio::select! {
                feed = self.frames.recv(), if self.finished.is_none() => {
                    let is_last = !matches!(feed, Some(Feed::Audio(_)));
                    let fresh = self.take(feed);
                    if !fresh.is_empty() {
                        audio.send(&fresh).map_err(|error| error.to_string())?;
                    }
                    if is_last {
                        audio.finish();
                    }
                }
                event = events.next() => match event.map_err(|error| error.to_string())? {
                    Some(RecognitionEvent::Partial(text)) => report(Heard::Partial(text)),
                    Some(RecognitionEvent::Final { text, confidence, adaptation, language }) => {
                        if let Some(finished) = self.finished.take() {
                            self.speech.answered(Stage::Stt, finished.elapsed());
                        }
                        report(Heard::Final { text, confidence, adaptation, language });
                        return Ok(());
                    }
                    None => return Err("the stream ended without a final transcript".into()),
                },
            }
        }
    }

    /// What of `feed` goes to the worker now.
    fn take(&mut self, feed: Option<Feed>) -> Vec<i16> {
        let fresh = match feed {
            Some(Feed::Audio(frame)) => self.cleaned(frame),
            Some(Feed::Finish) | None => {
                self.finished = Some(Instant::now());
                self.rest()
            }
        };
        if self.samples.len() < KEPT_SAMPLES {
            self.samples.extend_from_slice(&fresh);
        }
        fresh
    }

    fn cleaned(&self, mut frame: media::Samples) -> Vec<i16> {
        if let Some(suppressor) = &self.suppressor {
            suppressor.lock().unwrap_or_else(PoisonError::into_inner).process(&mut frame);
        }
        frame.to_vec()
    }

    /// What the suppressor still holds back, pushed out with silence.
    fn rest(&self) -> Vec<i16> {
        let Some(suppressor) = &self.suppressor else { return Vec::new() };
        let delay = suppressor.lock().unwrap_or_else(PoisonError::into_inner).delay();
        (0..media::frames_in(delay)).flat_map(|_| self.cleaned(media::SILENCE)).collect()
    }
}
