//! Piper: neural voices for many languages, any `NAME.onnx` with its `NAME.onnx.json`, run by ONNX Runtime.
//!
//! espeak-ng makes the phonemes, the model speaks them sentence by sentence and each in pieces, so that the first is heard
//! while the next is computed. ONNX Runtime is not linked but loaded at start.

mod chunks;
mod model;
mod split;
mod stage;
pub mod voice;

use std::{
    collections::HashMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ort::environment::Environment;

use super::{Audio, Engine, SpeakError, Speech, espeak};
use crate::audio::{
    cache::{Cache, Key},
    shape::{Shaper, speech_gain},
};
use model::{Lease, Model, Sentence};
use voice::{PhonemeType, Voice, VoiceError, sentences};

/// Silence between two sentences, in milliseconds; Piper's own.
const BETWEEN_MS: usize = 200;
/// Samples given on at once, so that a cancelled clause ends soon.
const PIECE: usize = 4_096;
/// About ten minutes of speech: 26 MB.
const CACHED_SAMPLES: usize = 22_050 * 600;
/// What tells how loud a voice is. espeak-ng reads it in the voice's own language, and as a whole: with Piper's joe it is
/// 0.3 dB from the mean of twenty sentences, and numbers told one by one are 2 dB louder.
const SAMPLE: &str = "1234567. 7654321.";

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
    /// Idle copies.
    models: Mutex<Vec<Model>>,
    spoken: Mutex<Cache>,
    /// What brings a speaker to the level of speech, so that a sentence can begin before its own is known; nothing for one
    /// that cannot read numbers.
    gains: Mutex<HashMap<Option<i64>, Option<f32>>>,
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
        let speaker = voice.speaker(&settings.speaker).map_err(SpeakError::Invalid)?;
        espeak::lock()?.select(&espeak::Selection::Name(voice.espeak_voice().to_owned()))?;
        let environment = runtime(settings.onnxruntime.as_deref())?;
        // Begin and end, with nothing between.
        let trial = Sentence { ids: voice.ids(""), scales: voice.scales(1.0), speaker, in_pieces: true };
        let models = model::load(&environment, settings, &trial)
            .map_err(|reason| LoadError::Model { path: settings.model.clone(), reason })?;
        let name = settings.model.file_name().unwrap_or(settings.model.as_os_str()).to_string_lossy().into_owned();
        Ok(Self {
            voice,
            name,
            speaker: settings.speaker.clone(),
            models: Mutex::new(models),
            spoken: Mutex::new(Cache::new(CACHED_SAMPLES)),
            gains: Mutex::new(HashMap::new()),
            capacity: settings.capacity,
            _environment: environment,
        })
    }

    /// Speaks one sentence in phonemes, anew or as it was spoken before.
    fn sentence(
        &self,
        model: &mut Model,
        phonemes: &str,
        rate: f32,
        speaker: Option<i64>,
        audio: &mut dyn Audio,
    ) -> Result<ControlFlow<()>, SpeakError> {
        let key = Key::new(&speaker.map(|speaker| speaker.to_string()).unwrap_or_default(), phonemes, rate);
        let spoken = || self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        let before = spoken().get(&key);
        if let Some(samples) = before {
            return Ok(push(&samples, audio));
        }
        let gain = self.gain(model, speaker)?;
        let rate_hz = self.voice.sample_rate();
        let sentence = self.said(phonemes, rate, speaker, gain.is_some());
        let mut shaper = None;
        let mut samples = Vec::new();
        let mut given = 0;
        let flow = model.speak(sentence, &mut |piece| {
            let begin = || match gain {
                Some(gain) if !piece.is_all => Shaper::following(gain, rate_hz),
                _ => Shaper::steady(speech_gain(piece.samples, rate_hz).unwrap_or_default(), rate_hz),
            };
            shaper.get_or_insert_with(begin).push(piece.samples, &mut samples);
            let ready = std::mem::replace(&mut given, samples.len());
            push(&samples[ready..], audio)
        })?;
        if flow.is_break() {
            return Ok(flow);
        }
        shaper.iter_mut().for_each(|shaper| shaper.finish(&mut samples));
        let flow = push(&samples[given..], audio);
        spoken().put(key, &samples);
        Ok(flow)
    }

    /// The gain of a speaker who is heard while they speak; nothing where each sentence has its own.
    fn gain(&self, model: &mut Model, speaker: Option<i64>) -> Result<Option<f32>, SpeakError> {
        let gains = || self.gains.lock().unwrap_or_else(PoisonError::into_inner);
        let known = gains().get(&speaker).copied();
        if known.is_some() || !model.streams() {
            return Ok(known.flatten());
        }
        let phonemes = self.phonemes(SAMPLE)?.join(" ");
        // In pieces, which bounds the memory that the sessions keep.
        let sample = self.said(&phonemes, 1.0, speaker, true);
        let mut samples = Vec::new();
        let _ = model.speak(sample, &mut |piece| {
            samples.extend_from_slice(piece.samples);
            ControlFlow::Continue(())
        })?;
        let gain = speech_gain(&samples, self.voice.sample_rate());
        // Who measured first decides, or a sentence would be louder than the next.
        Ok(*gains().entry(speaker).or_insert(gain))
    }

    fn said(&self, phonemes: &str, rate: f32, speaker: Option<i64>, in_pieces: bool) -> Sentence {
        Sentence { ids: self.voice.ids(phonemes), scales: self.voice.scales(rate), speaker, in_pieces }
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
        let mut lease = Lease::take(&self.models)?;
        for (nth, sentence) in self.phonemes(&speech.text)?.into_iter().enumerate() {
            if !audio.is_wanted() {
                return Ok(());
            }
            if nth > 0 && audio.push(&vec![0; rate as usize / 1000 * BETWEEN_MS]).is_break() {
                return Ok(());
            }
            if self.sentence(lease.model(), &sentence, speech.rate, speaker, audio)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn push(samples: &[i16], audio: &mut dyn Audio) -> ControlFlow<()> {
    match samples.chunks(PIECE).any(|piece| audio.push(piece).is_break()) || !audio.is_wanted() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

fn runtime(library: Option<&Path>) -> Result<Environment, LoadError> {
    let library = library.unwrap_or(Path::new("libonnxruntime.so"));
    let failed = |reason: String| LoadError::Runtime { library: library.to_owned(), reason };
    let environment = ort::init_from(library).map_err(|error| failed(error.to_string()))?;
    environment.with_telemetry(false).build().map_err(|error| failed(error.to_string()))
}
