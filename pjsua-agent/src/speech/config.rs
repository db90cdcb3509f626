//! What to start, and why it could not be started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use inference::AddressError;

use super::WorkerKind;

/// The workers of every stage.
#[derive(Clone, Debug)]
pub struct SpeechConfig {
    /// Recognition.
    pub stt: StageConfig,
    /// The language model.
    pub llm: StageConfig,
    /// Answers while no worker of `llm` does.
    pub llm_fallback: Option<StageConfig>,
    /// What the agent's rules do beside, or instead of, a language model.
    pub rules: Rules,
    /// A second, faster model, for the first clause of a reply.
    pub llm_small: Option<StageConfig>,
    /// Synthesis.
    pub tts: StageConfig,
    /// Where the sockets of local workers lie; made with mode 0700 if it is missing.
    pub runtime_dir: PathBuf,
}

/// What the agent's rules do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// At most they answer while the model fails, as `llm_fallback`.
    #[default]
    Beside,
    /// They are asked first, as `llm_fallback`.
    First,
    /// They are what `llm` runs: what it says the operator wrote.
    Alone,
}

/// The workers of one stage.
#[derive(Clone, Debug)]
pub struct StageConfig {
    /// The engine's name, for the log.
    pub engine: String,
    /// At least one.
    pub workers: Vec<WorkerSource>,
}

/// Where a worker comes from.
#[derive(Clone, Debug)]
pub enum WorkerSource {
    /// A program that the daemon starts and supervises.
    Command {
        /// A path, or a bare name that is looked for beside the daemon's own program and in `PATH`.
        program: PathBuf,
        /// The engine's options; `--listen` and `--parent-pid` are added.
        args: Vec<String>,
    },
    /// A worker that somebody else runs: `unix:/path.sock` or `http://host:port`.
    Address(String),
}

/// How long supervision waits. The defaults are what the daemon uses.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// From start to SERVING. 60 s: a large model on a slow disk.
    pub start_timeout: Duration,
    /// How long a request waits for a worker, for each of its two attempts; once only where something else stands in for
    /// it. 1.5 s: a caller has to hear something within 2 s.
    pub patience: Duration,
    /// Between two health checks. 1 s.
    pub health_period: Duration,
    /// Health unanswered for as long means that the worker hangs. 5 s: ten times a scheduling hiccup of a full host.
    pub hung_after: Duration,
    /// The longest wait before the first restart. 100 ms.
    pub restart_first: Duration,
    /// The longest wait before any restart. 10 s.
    pub restart_longest: Duration,
    /// Having served for as long, a worker's next restart is a first one again. 30 s.
    pub restart_reset: Duration,
    /// From SIGTERM to SIGKILL. 2 s.
    pub terminate_grace: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            start_timeout: Duration::from_secs(60),
            patience: Duration::from_millis(1500),
            health_period: Duration::from_secs(1),
            hung_after: Duration::from_secs(5),
            restart_first: Duration::from_millis(100),
            restart_longest: Duration::from_secs(10),
            restart_reset: Duration::from_secs(30),
            terminate_grace: Duration::from_secs(2),
        }
    }
}

/// Why the speech side could not start.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// A stage has no workers.
    #[error("[{stage}] has no workers: give a command or an address")]
    NoWorkers {
        /// The stage.
        stage: WorkerKind,
    },
    /// A worker's address cannot be read.
    #[error("[{stage}] {source}")]
    Address {
        /// The stage.
        stage: WorkerKind,
        /// What is wrong with it.
        source: AddressError,
    },
    /// A worker program is not there.
    #[error(
        "[{stage}] the worker program `{program}` is not there, or cannot be executed; looked at {looked_at}; {remedy}",
        program = program.display(),
        looked_at = list(looked_at),
        remedy = remedy(program)
    )]
    ProgramNotFound {
        /// The stage.
        stage: WorkerKind,
        /// As configured.
        program: PathBuf,
        /// Every path that was looked at.
        looked_at: Vec<PathBuf>,
    },
    /// The directory for the sockets cannot be had.
    #[error(
        "the directory for the workers' sockets, {path}: {source}; choose one that this user may write",
        path = path.display()
    )]
    RuntimeDir {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A socket's path cannot be used, most often because it is too long.
    #[error("the directory for the workers' sockets: {0}; choose a shorter, absolute one")]
    SocketPath(AddressError),
    /// A stage had no worker that serves in time, or its workers ended before they served.
    #[error("speech worker {worker} is not serving after {:.1} s: {reason}; {hint}", waited.as_secs_f64())]
    NotServing {
        /// The worker's name.
        worker: String,
        /// How long it had been waited for.
        waited: Duration,
        /// How it failed, with the last line of its error output.
        reason: String,
        /// What to do: its command to be tried by hand, or its address.
        hint: String,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let texts: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    texts.join(", ")
}

/// Only our own workers can be built from this repository.
fn remedy(program: &Path) -> String {
    match program.file_name().and_then(|name| name.to_str()) {
        Some(name) if name.starts_with("pjsua-agent-") => format!(
            "build it with `cargo build --release -p {name}`, or install it there, or name its path in the configuration"
        ),
        _ => "install it there, or name its path in the configuration".into(),
    }
}
