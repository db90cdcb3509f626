//! Piper: neural voices for many languages, any `NAME.onnx` with its `NAME.onnx.json`, run by ONNX Runtime.
//!
//! espeak-ng makes the phonemes, the model speaks them sentence by sentence, so that the first is heard while the second is
//! computed. ONNX Runtime is not linked but loaded at start.

pub mod voice;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ort::{
    environment::Environment,
    session::{Session, SessionInputValue},
    value::Tensor,
};

use super::{Audio, Engine, SpeakError, Speech, espeak};
use crate::audio::{
    cache::{Cache, Key},
    shape::shape,
};
use voice::{PhonemeType, Voice, VoiceError, sentences};

/// Silence between two sentences, in milliseconds; Piper's own.
const BETWEEN_MS: usize = 200;
/// Samples given on at once, so that a cancelled clause ends soon.
const PIECE: usize = 4_096;
/// About ten minutes of speech: 26 MB.
const CACHED_SAMPLES: usize = 22_050 * 600;

/// How a voice is run.
#[derive(Clone, Debug)]
pub struct PiperSettings {
    /// `NAME.onnx`.
    pub model: PathBuf,
    /// The speaker of a model with several, by name or number; empty: the first.
    pub speaker: String,
    /// `libonnxruntime.so`; none: where the system's loader finds it.
    pub onnxruntime: Option<PathBuf>,
    /// Clauses spoken at once; each holds a copy of the model.
    pub capacity: u32,
    /// CPU threads of each.
    pub threads: u32,
}

/// Why a voice cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No ONNX Runtime.
    #[error(
        "cannot load ONNX Runtime from {library}: {reason}; name the library with --onnxruntime FILE or ORT_DYLIB_PATH \
         (libonnxruntime.so is in the releases of github.com/microsoft/onnxruntime and in its Python package)"
    )]
    Runtime {
        /// From where.
        library: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The voice's description.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// ONNX Runtime refuses the model, or it is not a Piper model.
    #[error("{path} is no model of a Piper voice: {reason}")]
    Model {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The default speaker, or espeak-ng.
    #[error(transparent)]
    Speak(#[from] SpeakError),
}

/// The engine `piper`.
pub struct Piper {
    voice: Voice,
    name: String,
    speaker: String,
    /// Idle sessions; `Session::run` is exclusive.
    sessions: Mutex<Vec<Session>>,
    spoken: Mutex<Cache>,
    capacity: u32,
    _environment: Environment,
}

impl Piper {
    /// Loads ONNX Runtime, the voice and espeak-ng.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn load(settings: &PiperSettings) -> Result<Self, LoadError> {
        let voice = Voice::read(&settings.model)?;
        voice.speaker(&settings.speaker).map_err(SpeakError::Invalid)?;
        espeak::lock()?.select(&espeak::Selection::Name(voice.espeak_voice().to_owned()))?;
        let environment = runtime(settings.onnxruntime.as_deref())?;
        let sessions = (0..settings.capacity)
            .map(|_| session(&environment, settings))
            .collect::<Result<Vec<_>, String>>()
            .map_err(|reason| LoadError::Model { path: settings.model.clone(), reason })?;
        let name = settings.model.file_name().unwrap_or(settings.model.as_os_str()).to_string_lossy().into_owned();
        Ok(Self {
            voice,
            name,
            speaker: settings.speaker.clone(),
            sessions: Mutex::new(sessions),
            spoken: Mutex::new(Cache::new(CACHED_SAMPLES)),
            capacity: settings.capacity,
            _environment: environment,
        })
    }

    /// The samples of one sentence in phonemes, spoken now or before.
    fn sentence(
        &self,
        lease: &mut Lease<'_>,
        phonemes: &str,
        rate: f32,
        speaker: Option<i64>,
    ) -> Result<Arc<[i16]>, SpeakError> {
        let key = Key::new(&speaker.map(|speaker| speaker.to_string()).unwrap_or_default(), phonemes, rate);
        let spoken = || self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(samples) = spoken().get(&key) {
            return Ok(samples);
        }
        let samples = lease.run(self.voice.ids(phonemes), self.voice.scales(rate), speaker)?;
        let samples: Arc<[i16]> = shape(&samples, self.voice.sample_rate()).into();
        spoken().put(key, &samples);
        Ok(samples)
    }

    fn phonemes(&self, text: &str) -> Result<Vec<String>, SpeakError> {
        match self.voice.phoneme_type() {
            PhonemeType::Espeak => {
                let mut library = espeak::lock()?;
                library.select(&espeak::Selection::Name(self.voice.espeak_voice().to_owned()))?;
                Ok(sentences(&library.phonemes(text)?))
            }
            PhonemeType::Text => Ok(crate::text::sentences(text, usize::MAX).into_iter().map(str::to_owned).collect()),
        }
    }
}

impl Engine for Piper {
    fn name(&self) -> &'static str {
        "piper"
    }

    fn model(&self) -> String {
        self.name.clone()
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn speak(&self, speech: &Speech, audio: &mut dyn Audio) -> Result<(), SpeakError> {
        let speaker = if speech.voice.is_empty() { &self.speaker } else { &speech.voice };
        let speaker = self.voice.speaker(speaker).map_err(SpeakError::Invalid)?;
        let rate = self.voice.sample_rate();
        audio.begin(rate)?;
        let mut lease = Lease::take(&self.sessions)?;
        for (nth, sentence) in self.phonemes(&speech.text)?.into_iter().enumerate() {
            if !audio.is_wanted() {
                return Ok(());
            }
            let samples = self.sentence(&mut lease, &sentence, speech.rate, speaker)?;
            if nth > 0 && audio.push(&vec![0; rate as usize / 1000 * BETWEEN_MS]).is_break() {
                return Ok(());
            }
            if samples.chunks(PIECE).any(|piece| audio.push(piece).is_break()) {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn runtime(library: Option<&Path>) -> Result<Environment, LoadError> {
    let library = library.unwrap_or(Path::new("libonnxruntime.so"));
    let failed = |reason: String| LoadError::Runtime { library: library.to_owned(), reason };
    let environment = ort::init_from(library).map_err(|error| failed(error.to_string()))?;
    environment.with_telemetry(false).build().map_err(|error| failed(error.to_string()))
}

fn session(environment: &Environment, settings: &PiperSettings) -> Result<Session, String> {
    let session = Session::builder(environment)
        .map_err(|error| error.to_string())?
        .with_intra_threads(settings.threads as usize)
        .map_err(|error| error.to_string())?
        // Idle threads would burn the cores that recognition needs.
        .with_intra_op_spinning(false)
        .map_err(|error| error.to_string())?
        .commit_from_file(&settings.model)
        .map_err(|error| error.to_string())?;
    for wanted in ["input", "input_lengths", "scales"] {
        if !session.inputs().iter().any(|input| input.name() == wanted) {
            return Err(format!("it has no input {wanted:?}"));
        }
    }
    Ok(session)
}

/// A session for the length of one clause.
struct Lease<'pool> {
    pool: &'pool Mutex<Vec<Session>>,
    session: Option<Session>,
}

impl<'pool> Lease<'pool> {
    fn take(pool: &'pool Mutex<Vec<Session>>) -> Result<Self, SpeakError> {
        let session = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match session {
            Some(session) => Ok(Self { pool, session: Some(session) }),
            None => Err(SpeakError::Busy("all copies of the model are speaking".to_owned())),
        }
    }

    /// One sentence as samples at the voice's rate; voices and sentences differ in level.
    fn run(&mut self, ids: Vec<i64>, scales: [f32; 3], speaker: Option<i64>) -> Result<Vec<f32>, SpeakError> {
        let failed = |error: ort::Error| SpeakError::Engine(format!("ONNX Runtime: {error}"));
        let session = self.session.as_mut().expect("a lease holds its session until it is dropped");
        let length = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = vec![
            ("input", Tensor::from_array(([1, length], ids)).map_err(failed)?.into()),
            ("input_lengths", Tensor::from_array(([1], vec![length])).map_err(failed)?.into()),
            ("scales", Tensor::from_array(([3], scales.to_vec())).map_err(failed)?.into()),
        ];
        if let Some(speaker) = speaker {
            inputs.push(("sid", Tensor::from_array(([1], vec![speaker])).map_err(failed)?.into()));
        }
        let outputs = session.run(inputs).map_err(failed)?;
        let (_, samples) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        Ok(samples.to_vec())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        }
    }
}
