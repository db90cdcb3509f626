//! Recognition of one utterance: audio in, transcripts out, a second attempt on another worker when the first fails.

use std::sync::Arc;

use inference::RecognitionEvent;
use inference::proto::RecogniseOptions;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::speech::Speech;

/// The longest utterance that is kept for a second attempt: 30 s at 16 kHz.
const KEPT_SAMPLES: usize = 30 * media::SAMPLE_RATE_HZ as usize;
/// Frames that may wait for a worker to take the utterance: the same 30 s.
const QUEUE_FRAMES: usize = KEPT_SAMPLES / media::FRAME_SAMPLES;

/// What an utterance's recognition tells.
#[derive(Debug)]
pub enum Heard {
    Partial(String),
    Final { text: String, adaptation: Vec<u8> },
    Failed(String),
}

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
    /// Starts to recognise; what is heard goes to `report`.
    pub fn start(
        speech: Arc<Speech>,
        options: RecogniseOptions,
        report: impl Fn(Heard) + Send + Sync + 'static,
    ) -> Recognition {
        let (feed, frames) = mpsc::channel(QUEUE_FRAMES);
        let task = tokio::spawn(async move {
            let mut utterance = Utterance { frames, samples: Vec::new(), finished: false };
            let mut reason = String::new();
            for _attempt in 0..2 {
                match utterance.recognise(&speech, options.clone(), &report).await {
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
    frames: mpsc::Receiver<Feed>,
    samples: Vec<i16>,
    finished: bool,
}

impl Utterance {
    async fn recognise(
        &mut self,
        speech: &Speech,
        options: RecogniseOptions,
        report: &impl Fn(Heard),
    ) -> Result<(), String> {
        let recognition = speech.recognise(options).await.map_err(|error| error.to_string())?;
        let (mut audio, mut events) = recognition.split();
        // A second attempt starts with what the first one had been given.
        audio.send(&self.samples).map_err(|error| error.to_string())?;
        if self.finished {
            audio.finish();
        }
        loop {
            tokio::select! {
                feed = self.frames.recv(), if !self.finished => match feed {
                    Some(Feed::Audio(frame)) => {
                        if self.samples.len() < KEPT_SAMPLES {
                            self.samples.extend_from_slice(&frame);
                        }
                        audio.send(&frame).map_err(|error| error.to_string())?;
                    }
                    Some(Feed::Finish) | None => {
                        self.finished = true;
                        audio.finish();
                    }
                },
                event = events.next() => match event.map_err(|error| error.to_string())? {
                    Some(RecognitionEvent::Partial(text)) => report(Heard::Partial(text)),
                    Some(RecognitionEvent::Final { text, adaptation, .. }) => {
                        report(Heard::Final { text, adaptation });
                        return Ok(());
                    }
                    None => return Err("the stream ended without a final transcript".into()),
                },
            }
        }
    }
}
