//! The models of a process, and the threads that run them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::{
    counts::{Counts, HearingCounts},
    ear::{Ear, EarEvent},
    error::HearingError,
    heard::Heard,
    runtime,
    score_thread::{self, Scores},
    settings::HearingConfig,
    silero::Silero,
    smart_turn::SmartTurn,
    vad_thread::{Inbox, VadThread},
};

/// The models, loaded and warm, and their threads. Dropping it stops them; ears that are left then take every onset for
/// speech and give no score.
///
/// # Threads
///
/// Any. `start` and `drop` block: a tenth of a second to load, at most one run of each model to stop.
pub struct Models {
    config: HearingConfig,
    counts: Arc<Counts>,
    vad: Option<Inbox>,
    scores: Option<Arc<Scores>>,
    threads: Vec<JoinHandle<()>>,
    ears: AtomicU64,
}

impl Models {
    /// Loads ONNX Runtime and the models that `config` names, runs each once, and starts the threads.
    ///
    /// # Errors
    ///
    /// See [`HearingError`].
    pub fn start(config: HearingConfig) -> Result<Self, HearingError> {
        let counts = Arc::new(Counts::default());
        let mut hearing =
            Self { config, counts, vad: None, scores: None, threads: Vec::new(), ears: AtomicU64::new(0) };
        hearing.start_vad()?;
        hearing.start_scores()?;
        Ok(hearing)
    }

    /// A new call's ear, whose events go to `report`.
    pub fn ear(&self, report: impl Fn(EarEvent) + Send + Sync + 'static) -> Ear {
        let heard = Heard::new(&self.config.end_of_turn, self.config.vad.pre_roll);
        let number = self.ears.fetch_add(1, Relaxed);
        Ear::new(number, Box::new(report), self.counts.clone(), self.vad.clone(), self.scores.clone(), heard)
    }

    /// How long a score waits for a thread at present, smoothed over the last seconds. The score itself comes on top.
    pub fn queue_delay(&self) -> Duration {
        self.scores.as_ref().map(|scores| scores.delay()).unwrap_or_default()
    }

    /// What was done so far.
    pub fn counts(&self) -> HearingCounts {
        self.counts.read()
    }

    fn start_vad(&mut self) -> Result<(), HearingError> {
        let Some(path) = &self.config.vad_model else { return Ok(()) };
        let model = Silero::load(&runtime::environment(&self.config.onnxruntime)?, path)?;
        let (inbox, receiver) = Inbox::new(&self.config.vad, self.counts.clone());
        self.threads.push(VadThread::start(self.config.vad.clone(), model, receiver, self.counts.clone())?);
        self.vad = Some(inbox);
        Ok(())
    }

    fn start_scores(&mut self) -> Result<(), HearingError> {
        let Some(path) = &self.config.end_of_turn_model else { return Ok(()) };
        let environment = runtime::environment(&self.config.onnxruntime)?;
        let settings = &self.config.end_of_turn;
        let scores = Scores::new(settings, self.counts.clone());
        self.scores = Some(scores.clone());
        for number in 0..self.config.score_threads.max(1) {
            let model = SmartTurn::load(&environment, path, settings.threads_per_score.max(1))?;
            self.threads.push(score_thread::start(number, model, scores.clone())?);
        }
        Ok(())
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        if let Some(vad) = self.vad.take() {
            vad.stop();
        }
        if let Some(scores) = self.scores.take() {
            scores.stop();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
