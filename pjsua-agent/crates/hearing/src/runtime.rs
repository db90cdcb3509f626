//! ONNX Runtime: one a process, loaded at run time, and the sessions on it.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use ort::{environment::Environment, session::Session};

use crate::error::HearingError;

/// Without VNNI the sums of products of int8 saturate, and smart-turn's score is another by a tenth: 0.93 for 0.82. With this
/// key of ONNX Runtime (onnxruntime_session_options_config_keys.h) they are exact on every x86-64; elsewhere it says nothing.
const EXACT_INT8: &str = "session.x64quantprecision";

/// ONNX Runtime allows one environment for the life of a process, even after it was dropped.
static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// The environment of `library`, which is loaded at the first call.
pub(crate) fn environment(library: &Path) -> Result<Environment, HearingError> {
    let path = library.canonicalize().map_err(|source| HearingError::File {
        path: library.to_owned(),
        model: "onnxruntime",
        source,
    })?;
    let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((first, environment)) = &*loaded {
        return if *first == path {
            Ok(environment.clone())
        } else {
            Err(HearingError::OtherRuntime { library: path, loaded: first.clone() })
        };
    }
    let failed = |reason: String| HearingError::Runtime { library: path.clone(), reason };
    let builder = ort::init_from(&path).map_err(|error| failed(error.to_string()))?;
    let environment = builder.with_telemetry(false).build().map_err(|error| failed(error.to_string()))?;
    *loaded = Some((path, environment.clone()));
    Ok(environment)
}

/// A model with its inputs, by name.
pub(crate) struct ModelFile<'a> {
    pub(crate) path: &'a Path,
    /// In the model store.
    pub(crate) id: &'static str,
    pub(crate) inputs: &'a [&'a str],
    pub(crate) outputs: usize,
    pub(crate) threads: usize,
}

impl ModelFile<'_> {
    /// Loads it and sees that it is the model that it should be.
    pub(crate) fn load(&self, environment: &Environment) -> Result<Session, HearingError> {
        std::fs::File::open(self.path).map_err(|source| HearingError::File {
            path: self.path.to_owned(),
            model: self.id,
            source,
        })?;
        let session = self.commit(environment).map_err(|reason| self.refused(reason))?;
        for wanted in self.inputs {
            if !session.inputs().iter().any(|input| input.name() == *wanted) {
                return Err(self.refused(format!("it has no input {wanted:?}")));
            }
        }
        if session.outputs().len() != self.outputs {
            return Err(self.refused(format!(
                "it has {} outputs instead of {}",
                session.outputs().len(),
                self.outputs
            )));
        }
        Ok(session)
    }

    pub(crate) fn refused(&self, reason: String) -> HearingError {
        HearingError::Model { path: self.path.to_owned(), model: self.id, reason }
    }

    fn commit(&self, environment: &Environment) -> Result<Session, String> {
        let session = Session::builder(environment)
            .map_err(|error| error.to_string())?
            .with_intra_threads(self.threads)
            .map_err(|error| error.to_string())?
            // Idle threads would burn the cores that recognition needs.
            .with_intra_op_spinning(false)
            .map_err(|error| error.to_string())?
            .with_config_entry(EXACT_INT8, "1")
            .map_err(|error| error.to_string())?
            .commit_from_file(self.path);
        session.map_err(|error| error.to_string())
    }
}
