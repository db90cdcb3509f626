//! Recognition, language model and synthesis: local worker processes and remote workers behind the same requests.
//!
//! [`Speech::start`] starts the local workers, connects to the remote ones, and returns once every stage can serve.
//! From then on each worker has a supervisor that asks its health, restarts it when it dies or hangs, and counts that.
//! A request goes to a SERVING worker of its stage:
//!
//! - recognition and synthesis to the one with the least to do;
//! - generation to the one that has the call's cache, else to the one with the least to do, and to the fallback while
//!   none of the language model's serves;
//! - none serves, or all are full: it waits for at most [`Timing::patience`] for each of its two attempts.
//!
//! A worker that fails is replaced once, unnoticed, as long as nothing was delivered that cannot be taken back: an
//! utterance is kept, a clause goes on where it broke off, a reply begins again while nothing of it was spoken. All of
//! this is decided in `retry.rs`; what fails for good is an event for the conversation.

mod backoff;
mod config;
mod delay;
mod phrase_cache;
mod place;
mod pool;
mod process;
mod reading;
mod recognition;
mod requests;
mod retry;
mod setup;
mod supervisor;
mod worker;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inference::proto::{GenerateRequest, RecogniseOptions, SynthesiseRequest};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::health::Readiness;
use pool::{Pool, Route};
use retry::Attempts;

pub use config::{Rules, SpeechConfig, SpeechError, StageConfig, Timing, WorkerSource};
pub use phrase_cache::{CacheConfig, LONGEST_TEXT_CHARS, Origin, PhraseCache, PhraseKey};
pub use place::RequestError;
pub use pool::Unavailable;
pub use recognition::Recognition;
pub use requests::{Answer, Generation, Request, Synthesis};
pub use worker::{WorkerState, WorkerStatus};

/// What a worker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerKind {
    /// Speech to text.
    Stt,
    /// The language model.
    Llm,
    /// What answers while the language model does not.
    LlmFallback,
    /// The small language model, for the first clause of a reply.
    LlmSmall,
    /// Text to speech.
    Tts,
}

impl WorkerKind {
    const ALL: [WorkerKind; 5] = [Self::Stt, Self::Llm, Self::LlmFallback, Self::LlmSmall, Self::Tts];

    /// The value of the metrics' label `stage`: `stt`, `llm`, `llm_fallback`, `llm_small`, `tts`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::LlmFallback => "llm_fallback",
            Self::LlmSmall => "llm_small",
            Self::Tts => "tts",
        }
    }

    /// As in names of workers and sockets.
    fn file_name(self) -> &'static str {
        match self {
            Self::Stt | Self::Llm | Self::Tts => self.as_str(),
            Self::LlmFallback => "llm-fallback",
            Self::LlmSmall => "llm-small",
        }
    }
}

impl fmt::Display for WorkerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All workers, supervised.
#[derive(Debug)]
pub struct Speech {
    stt: Arc<Route>,
    llm: Arc<Route>,
    /// The fallback's workers once more, when they are asked first.
    rules: Option<Arc<Route>>,
    is_written_by_operator: bool,
    llm_small: Option<Arc<Route>>,
    tts: Arc<Route>,
    stop: watch::Sender<bool>,
    supervisors: Mutex<Vec<JoinHandle<()>>>,
}

impl Speech {
    /// Starts and connects to all workers; returns once every stage has one that serves.
    ///
    /// # Errors
    /// A configuration that cannot work is reported before anything is started. A stage of which no worker serves
    /// within [`Timing::start_timeout`], or all of whose workers ended three times before they served, is reported
    /// with the worker's command and its last line; everything that was started has been ended by then.
    pub async fn start(config: SpeechConfig) -> Result<Arc<Self>, SpeechError> {
        Self::start_with(config, Timing::default()).await
    }

    /// [`Speech::start`] with other times.
    ///
    /// # Errors
    /// Those of [`Speech::start`].
    pub async fn start_with(config: SpeechConfig, timing: Timing) -> Result<Arc<Self>, SpeechError> {
        Self::start_parts(config, timing, true).await
    }

    /// Starts what answers in writing alone: nothing recognises or synthesises.
    ///
    /// # Errors
    /// Those of [`Speech::start`].
    pub async fn start_without_voice(config: SpeechConfig) -> Result<Arc<Self>, SpeechError> {
        Self::start_parts(config, Timing::default(), false).await
    }

    async fn start_parts(config: SpeechConfig, timing: Timing, with_voice: bool) -> Result<Arc<Self>, SpeechError> {
        let (changed, changes) = watch::channel(());
        let workers = setup::resolve(&config, with_voice, &changed)?;
        // The workers keep the sender of their changes alive from here on.
        drop(changed);
        let (stop, stopping) = watch::channel(false);
        let supervisors = workers
            .all()
            .map(|worker| tokio::spawn(supervisor::supervise(Arc::clone(worker), timing, stopping.clone())))
            .collect();
        let (needed, optional) = (Attempts::needed(timing.patience), Attempts::optional(timing.patience));
        let route = |stage, workers, fallback, attempts| {
            Arc::new(Route::new(Pool::new(stage, workers), fallback, changes.clone(), attempts))
        };
        let fallback = workers.llm_fallback;
        let rules =
            (config.rules == Rules::First).then(|| route(WorkerKind::LlmFallback, fallback.clone(), None, optional));
        let fallback = (!fallback.is_empty()).then(|| Pool::new(WorkerKind::LlmFallback, fallback));
        let speech = Arc::new(Self {
            stt: route(WorkerKind::Stt, workers.stt, None, needed),
            llm: route(WorkerKind::Llm, workers.llm, fallback, needed),
            rules,
            is_written_by_operator: config.rules == Rules::Alone,
            llm_small: (!workers.llm_small.is_empty())
                .then(|| route(WorkerKind::LlmSmall, workers.llm_small, None, optional)),
            tts: route(WorkerKind::Tts, workers.tts, None, needed),
            stop,
            supervisors: Mutex::new(supervisors),
        });
        if let Err(error) = setup::serving(&speech.pools(), &timing, changes).await {
            speech.shutdown().await;
            return Err(error);
        }
        Ok(speech)
    }

    /// Starts the recognition of one utterance. A `sample_rate_hz` of 0 means 16000.
    pub fn recognise(&self, options: RecogniseOptions) -> Recognition {
        Recognition::new(Arc::clone(&self.stt), options)
    }

    /// Starts a reply, on the fallback when the language model is not there.
    ///
    /// # Errors
    /// When no worker serves within [`Timing::patience`] of each attempt.
    pub async fn generate(&self, request: GenerateRequest) -> Result<Generation, RequestError> {
        Answer::open(Arc::clone(&self.llm), request).await
    }

    /// Whether replies are the operator's own words, which are spoken as they are.
    pub fn is_written_by_operator(&self) -> bool {
        self.is_written_by_operator
    }

    /// Whether the agent's rules are asked before the model.
    pub fn asks_rules_first(&self) -> bool {
        self.rules.is_some()
    }

    /// Asks the agent's rules alone; the answer is empty when none of them fits.
    ///
    /// # Errors
    /// At once when they are not to be asked first; when none of their workers serves within [`Timing::patience`].
    pub async fn ask_rules(&self, request: GenerateRequest) -> Result<Generation, RequestError> {
        let Some(route) = &self.rules else {
            return Err(absent(WorkerKind::LlmFallback, "they are not to be asked first"));
        };
        Answer::open(Arc::clone(route), GenerateRequest { fallback: String::new(), ..request }).await
    }

    /// Asks the small model for the first clause of a reply.
    ///
    /// # Errors
    /// At once when there is none; when none of its workers serves within [`Timing::patience`].
    pub async fn pre_response(&self, request: GenerateRequest) -> Result<Generation, RequestError> {
        let Some(route) = &self.llm_small else {
            return Err(absent(WorkerKind::LlmSmall, "none is configured"));
        };
        Answer::open(Arc::clone(route), request).await
    }

    /// Starts the synthesis of one clause. A `sample_rate_hz` of 0 means 16000.
    ///
    /// # Errors
    /// When no worker serves within [`Timing::patience`] of each attempt.
    pub async fn synthesise(&self, request: SynthesiseRequest) -> Result<Synthesis, RequestError> {
        Synthesis::open(Arc::clone(&self.tts), request).await
    }

    /// One check a stage that no call can do without, named `stt`, `llm` and `tts`: whether a request could be served at this moment. A language
    /// model that is away does not hold while the fallback answers; the detail tells.
    pub fn readiness(&self) -> Readiness {
        let mut readiness = Readiness::default();
        for route in [&self.stt, &self.llm, &self.tts] {
            let fallback = route.fallback.as_ref().is_some_and(Pool::is_serving);
            let (ok, detail) = match (route.main.is_serving(), route.main.reasons()) {
                (true, reasons) if reasons.is_empty() => (true, "serving".to_owned()),
                (true, reasons) => (true, format!("serving, but {reasons}")),
                (false, reasons) if fallback => (true, format!("the fallback answers: {reasons}")),
                (false, reasons) => (false, reasons),
            };
            readiness.check(route.main.stage.as_str(), ok, detail);
        }
        readiness
    }

    /// How long requests to each stage wait at present, smoothed.
    pub fn queue_delays(&self) -> impl Iterator<Item = (WorkerKind, Duration)> {
        let stages = [WorkerKind::Stt, WorkerKind::Llm, WorkerKind::LlmSmall, WorkerKind::Tts];
        stages.into_iter().filter_map(|stage| Some((stage, self.route(stage)?.queue_delay.at_present())))
    }

    fn route(&self, stage: WorkerKind) -> Option<&Route> {
        match stage {
            WorkerKind::Stt => Some(&self.stt),
            WorkerKind::Llm | WorkerKind::LlmFallback => Some(&self.llm),
            WorkerKind::LlmSmall => self.llm_small.as_deref(),
            WorkerKind::Tts => Some(&self.tts),
        }
    }

    /// Every worker as it is at this moment.
    pub fn workers(&self) -> Vec<WorkerStatus> {
        self.pools().iter().flat_map(|pool| &pool.workers).map(|worker| worker.status()).collect()
    }

    /// Ends the local workers: SIGTERM, then SIGKILL after [`Timing::terminate_grace`]. Their sockets are removed.
    /// Further calls do nothing.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let supervisors = std::mem::take(&mut *self.supervisors.lock().unwrap_or_else(PoisonError::into_inner));
        for supervisor in supervisors {
            // A supervisor that panicked has dropped, and thereby killed, its worker.
            let _ = supervisor.await;
        }
    }

    /// No worker of any stage, and little patience.
    #[cfg(test)]
    pub(crate) fn without_workers() -> Arc<Self> {
        let (_, changes) = watch::channel(());
        let route = |stage| {
            let pool = Pool::new(stage, Vec::new());
            Arc::new(Route::new(pool, None, changes.clone(), Attempts::optional(Duration::from_millis(20))))
        };
        let (stop, _) = watch::channel(false);
        Arc::new(Self {
            stt: route(WorkerKind::Stt),
            llm: route(WorkerKind::Llm),
            rules: None,
            is_written_by_operator: false,
            llm_small: None,
            tts: route(WorkerKind::Tts),
            stop,
            supervisors: Mutex::default(),
        })
    }

    fn pools(&self) -> Vec<&Pool> {
        let routes = [&self.stt, &self.llm].into_iter().chain(&self.llm_small).chain([&self.tts]);
        let pools = routes.flat_map(|route| std::iter::once(&route.main).chain(&route.fallback));
        pools.filter(|pool| !pool.workers.is_empty()).collect()
    }
}

fn absent(stage: WorkerKind, reason: &str) -> RequestError {
    Unavailable { stage, reasons: reason.into() }.into()
}
