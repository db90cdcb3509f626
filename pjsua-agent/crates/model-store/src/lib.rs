//! The model store: what pjsua-agent fetches instead of shipping, where it comes from, and whether it is whole.
//!
//! A [`Manifest`] (`conf/models.toml`) names each model's files by size and SHA-256 and says where they can be had: at a
//! URL, or inside packages on the Python index, in parts perhaps, or in another form that is converted. A [`Store`] is a directory of such files.
//!
//! ```text
//! <store>/silero_vad_16k_op15.onnx        a model, whole: it came here by rename
//! <store>/.verified/<file>                its hash, size and time when it was last verified
//! <store>/.pull/<file>.part               what has come of it so far; the next fetch goes on from there
//! <store>/.pull/<id>.<wheel>.part         the same of a wheel it comes in
//! <store>/.pull/<id>.lock                 one fetch at a time
//! ```
//!
//! [`Store::path`] is for programs that need a model: it verifies, and its errors name the command to run.
//! [`ModelsCommand`] and [`run`] are that command.

#![forbid(unsafe_code)]

mod assemble;
mod command;
mod digest;
mod disk;
mod download;
mod http;
mod index;
mod local;
mod manifest;
mod pip;
mod progress;
mod pull;
mod sets;
mod stamp;
mod store;
mod url;

pub use assemble::AssembleError;
pub use command::{ModelsCommand, run};
pub use digest::{Fingerprint, Mismatch};
pub use disk::DiskError;
pub use download::DownloadError;
pub use http::{CertificatesError, RequestError, Retry};
pub use index::IndexError;
pub use local::LocalError;
pub use manifest::{
    Conversion, MANIFEST_VARIABLE, Manifest, ManifestError, Model, ModelFile, Source, UnknownModel, WheelMember,
    platform,
};
pub use pip::{PipConfig, Proxy};
pub use progress::Progress;
pub use pull::{FetchError, Outcome, PullError, PullOptions, Pulled, SourceError};
pub use sets::{ConfigureError, ModelSet};
pub use store::{OpenError, PathError, STORE_VARIABLE, State, Store, default_root};
