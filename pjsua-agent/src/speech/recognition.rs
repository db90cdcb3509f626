//! What the caller says, on its way to a worker and back as text.

use std::sync::Arc;

use inference::proto::RecogniseOptions;
use inference::{Failure, InferenceError, RecognitionEvent, RecognitionEvents, RecognitionSender, SendError};
use tokio::time::Instant;

use super::delay::Wait;
use super::place::{RequestError, Search};
use super::pool::Route;
use super::worker::Lease;

/// The longest utterance that is kept for a second attempt: 30 s.
const KEPT_SAMPLES: usize = 30 * inference::SAMPLE_RATE_HZ as usize;

/// The recognition of one utterance. Its audio is kept, so that a worker that fails is replaced once without the caller
/// of this noticing. Dropping it cancels the work at the worker.
#[derive(Debug)]
pub struct Recognition {
    route: Arc<Route>,
    search: Search,
    options: RecogniseOptions,
    /// The utterance so far, for the worker that is still looked for and for the next one.
    kept: Vec<i16>,
    progress: Progress,
    is_finished: bool,
    /// For the final transcript, from the end of the audio on.
    wait: Option<Wait>,
}

#[derive(Debug)]
enum Progress {
    /// A worker is looked for.
    Looking,
    At(Attempt),
    /// Given up; the error was not told yet.
    Failed(RequestError),
    Over,
}

#[derive(Debug)]
struct Attempt {
    audio: RecognitionSender,
    events: RecognitionEvents,
    lease: Lease,
}

impl Recognition {
    /// Asks nobody yet: [`Recognition::next`] does.
    pub(super) fn new(route: Arc<Route>, options: RecogniseOptions) -> Self {
        Self {
            search: Search::new(Arc::clone(&route), None),
            route,
            options,
            kept: Vec::new(),
            progress: Progress::Looking,
            is_finished: false,
            wait: None,
        }
    }

    /// More of the utterance: 16 kHz, mono, any number of samples. Never waits; what comes after
    /// [`Recognition::finish`] is ignored.
    pub fn send(&mut self, samples: &[i16]) {
        if self.is_finished || samples.is_empty() {
            return;
        }
        if self.kept.len() < KEPT_SAMPLES {
            self.kept.extend_from_slice(samples);
        }
        if let Progress::At(attempt) = &mut self.progress {
            let sent = attempt.audio.send(samples);
            self.note(sent);
        }
    }

    /// The utterance is complete: asks for the final transcript.
    pub fn finish(&mut self) {
        if self.is_finished {
            return;
        }
        self.is_finished = true;
        self.wait = Some(Wait::since(Instant::now(), &self.route.queue_delay));
        if let Progress::At(attempt) = &mut self.progress {
            attempt.audio.finish();
        }
    }

    /// The next event; `None` after the final one or an error. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The failure, once; then `None`.
    pub async fn next(&mut self) -> Result<Option<RecognitionEvent>, RequestError> {
        loop {
            let event = match &mut self.progress {
                Progress::Looking => {
                    let placed = self.search.place().await;
                    self.begin(placed);
                    continue;
                }
                Progress::At(attempt) => attempt.events.next().await,
                Progress::Failed(_) | Progress::Over => {
                    return match std::mem::replace(&mut self.progress, Progress::Over) {
                        Progress::Failed(error) => Err(error),
                        _ => Ok(None),
                    };
                }
            };
            match event {
                Ok(Some(event)) => {
                    self.delivered(&event);
                    return Ok(Some(event));
                }
                Ok(None) => self.fail_at(inference::Awaited::FinalTranscript, Failure::Incomplete),
                Err(error) => self.fail(error),
            }
        }
    }

    /// Hands the utterance so far to the worker that was found.
    fn begin(&mut self, placed: Result<Lease, RequestError>) {
        let lease = match placed {
            Ok(lease) => lease,
            Err(error) => return self.progress = Progress::Failed(error),
        };
        let (mut audio, events) = lease.client().recognise(self.options.clone()).split();
        let sent = audio.send(&self.kept);
        if self.is_finished {
            audio.finish();
        }
        self.progress = Progress::At(Attempt { audio, events, lease });
        self.note(sent);
    }

    fn delivered(&mut self, event: &RecognitionEvent) {
        if let Progress::At(attempt) = &self.progress {
            self.search.delivered(&attempt.lease);
        }
        if matches!(event, RecognitionEvent::Final { .. }) {
            self.progress = Progress::Over;
            if let Some(wait) = &mut self.wait {
                wait.answered();
            }
        }
    }

    /// That a worker reads nothing is its failure; why a recognition ended, its events tell.
    fn note(&mut self, sent: Result<(), SendError>) {
        if let Err(error @ SendError::QueueFull) = sent {
            self.fail_at(inference::Awaited::Recognition, Failure::Failed(error.to_string()));
        }
    }

    fn fail_at(&mut self, stage: inference::Awaited, failure: Failure) {
        if let Progress::At(attempt) = &self.progress {
            self.fail(InferenceError { worker: attempt.lease.client().worker().to_owned(), stage, failure });
        }
    }

    fn fail(&mut self, error: InferenceError) {
        if let Progress::At(attempt) = &self.progress {
            attempt.lease.failed(&error);
            self.progress = match self.search.begin_again(&attempt.lease, error) {
                Ok(()) => Progress::Looking,
                Err(error) => Progress::Failed(error),
            };
        }
    }
}
