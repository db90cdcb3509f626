//! Why hearing cannot start.

use std::path::PathBuf;

/// Why [`Models::start`](crate::Models::start) failed.
#[derive(Debug, thiserror::Error)]
pub enum HearingError {
    /// No file where one was named.
    #[error("{path}: {source}; fetch it with `pjsua-agent models pull {model}`, or name where it is")]
    File {
        /// Which.
        path: PathBuf,
        /// Its name in the model store.
        model: &'static str,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// The library is none of ONNX Runtime, or one that is too old or damaged.
    #[error(
        "{library}: ONNX Runtime cannot be loaded: {reason}; fetch a fresh copy with `pjsua-agent models pull onnxruntime`"
    )]
    Runtime {
        /// From where.
        library: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A process has one ONNX Runtime.
    #[error(
        "{library}: this process runs ONNX Runtime from {loaded} already; name that file, or start another process"
    )]
    OtherRuntime {
        /// The one asked for.
        library: PathBuf,
        /// The one loaded.
        loaded: PathBuf,
    },
    /// ONNX Runtime refuses the model, or it is another model.
    #[error("{path}: not usable as {model}: {reason}; fetch a fresh copy with `pjsua-agent models pull {model}`")]
    Model {
        /// Which.
        path: PathBuf,
        /// Its name in the model store.
        model: &'static str,
        /// Why not.
        reason: String,
    },
    /// The operating system gives no thread.
    #[error("cannot start a thread of hearing: {0}; is a limit on processes or memory reached (`ulimit -u`)?")]
    Thread(#[from] std::io::Error),
}
