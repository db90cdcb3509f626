//! Recognition of one utterance: the caller's frames in, with their noise taken out; transcripts out.

use std::sync::{Arc, Mutex, PoisonError};

use inference::RecognitionEvent;
use inference::proto::RecogniseOptions;
use media::Suppressor;
use tokio::sync::mpsc;

use super::task::Task;
use crate::speech::{self, RequestError, Speech};

/// Frames that may wait to be taken in: 30 s. What was kept of the caller's audio comes all at once.
const QUEUE_FRAMES: usize = 30 * media::SAMPLE_RATE_HZ as usize / media::FRAME_SAMPLES;

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
pub struct RunningRecognition {
    feed: mpsc::Sender<Feed>,
    _task: Task,
    finished: bool,
}

impl RunningRecognition {
    /// Starts to recognise; what is heard goes to `report`. The audio passes `suppressor` first, if there is one.
    pub fn start(
        speech: Arc<Speech>,
        options: RecogniseOptions,
        suppressor: Option<Arc<Mutex<Suppressor>>>,
        report: impl Fn(Heard) + Send + Sync + 'static,
    ) -> RunningRecognition {
        let (feed, frames) = mpsc::channel(QUEUE_FRAMES);
        let recognition = speech.recognise(options);
        let task = Task::spawn(async move {
            let utterance = Utterance { recognition, frames, suppressor };
            if let Err(error) = utterance.recognise(&report).await {
                report(Heard::Failed(error.to_string()));
            }
        });
        RunningRecognition { feed, _task: task, finished: false }
    }

    /// Feeds one frame; frames after [`RunningRecognition::finish`] are ignored.
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

struct Utterance {
    recognition: speech::Recognition,
    frames: mpsc::Receiver<Feed>,
    suppressor: Option<Arc<Mutex<Suppressor>>>,
}

impl Utterance {
    async fn recognise(mut self, report: &impl Fn(Heard)) -> Result<(), RequestError> {
        let mut is_complete = false;
        loop {
            tokio::select! {
                feed = self.frames.recv(), if !is_complete => is_complete = self.take(feed),
                event = self.recognition.next() => match event? {
                    Some(RecognitionEvent::Partial(text)) => report(Heard::Partial(text)),
                    Some(RecognitionEvent::Final { text, confidence, adaptation, language }) => {
                        report(Heard::Final { text, confidence, adaptation, language });
                        return Ok(());
                    }
                    None => return Ok(()),
                },
            }
        }
    }

    /// Takes in what the driver says; returns whether that was the last.
    fn take(&mut self, feed: Option<Feed>) -> bool {
        if let Some(Feed::Audio(frame)) = feed {
            let frame = self.cleaned(frame);
            self.recognition.send(&frame);
            return false;
        }
        self.recognition.send(&self.rest());
        self.recognition.finish();
        true
    }

    fn cleaned(&self, mut frame: media::Samples) -> media::Samples {
        if let Some(suppressor) = &self.suppressor {
            suppressor.lock().unwrap_or_else(PoisonError::into_inner).process(&mut frame);
        }
        frame
    }

    /// What the suppressor still holds back, pushed out with silence.
    fn rest(&self) -> Vec<i16> {
        let Some(suppressor) = &self.suppressor else { return Vec::new() };
        let delay = suppressor.lock().unwrap_or_else(PoisonError::into_inner).delay();
        (0..media::frames_in(delay)).flat_map(|_| self.cleaned(media::SILENCE)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_utterance_that_nobody_hears_fails_once_with_its_cause() {
        let (report, mut heard) = mpsc::channel(8);
        let report = move |heard| _ = report.try_send(heard);
        let mut recognition =
            RunningRecognition::start(Speech::without_workers(), RecogniseOptions::default(), None, report);
        recognition.audio(media::SILENCE);
        recognition.finish();
        let failed = heard.recv().await;
        let is_told = |reason: &str| reason.contains("no stt worker is serving");
        assert!(matches!(&failed, Some(Heard::Failed(reason)) if is_told(reason)), "{failed:?}");
        assert!(heard.recv().await.is_none());
    }
}
