//! Engine `whisper`: whisper.cpp with any ggml model file.
//!
//! Whisper hears an utterance only as a whole. Partial transcripts are made by running it on what there is so far, as
//! often as that leaves it at least as much time to rest as it worked, and only for as long as the caller speaks.

use std::{
    path::Path,
    sync::{Arc, Mutex, Once, PoisonError},
    time::{Duration, Instant},
};

use inference::SAMPLE_RATE_HZ;
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState, get_lang_id,
    get_lang_str,
};

use super::{Effort, Engine, EngineError, Fate, Recogniser, Transcript, Utterance, primary_language};

/// Positions of the encoder a second of audio takes.
const POSITIONS_PER_SECOND: usize = 50;
/// Positions beyond the audio: Whisper was trained on 30 s and repeats itself when the audio fills a short context.
const SPARE_POSITIONS: usize = 64;
/// Context sizes are multiples of this, which ggml's matrix kernels like best.
const POSITION_STEP: usize = 64;
/// The least audio: whisper.cpp refuses less than 0.1 s, and a short context at that is of no use.
const LEAST_SAMPLES: usize = SAMPLE_RATE_HZ as usize;
/// New audio that makes another partial transcript worthwhile.
const PARTIAL_STEP_SAMPLES: usize = SAMPLE_RATE_HZ as usize / 2;
/// A segment that is more likely than this no speech at all is left out; whisper.cpp's own default.
const NO_SPEECH: f32 = 0.6;

/// A model in memory; recognisers share its weights.
pub struct Whisper {
    context: Arc<WhisperContext>,
    name: String,
    language: String,
    threads: usize,
}

impl Whisper {
    /// Loads the ggml file `model`. `language` (BCP 47) is assumed where a caller's is not told; `threads` are those
    /// of one utterance.
    pub fn load(model: &Path, language: &str, threads: usize) -> Result<Self, EngineError> {
        static QUIET: Once = Once::new();
        QUIET.call_once(whisper_rs::install_logging_hooks);
        let wrong = |problem: String| EngineError(format!("{}: {problem}", model.display()));
        check_file(model).map_err(wrong)?;
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = WhisperContext::new_with_params(model, parameters)
            .map_err(|_| wrong("whisper.cpp cannot load it; it is damaged or of a newer kind".into()))?;
        let language = primary_language(language);
        let whisper = Whisper {
            name: model.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            context: Arc::new(context),
            language,
            threads,
        };
        if !whisper.speaks(&whisper.language) {
            return Err(wrong(format!("the model does not know the language `{}`", whisper.language)));
        }
        Ok(whisper)
    }
}

/// Tells a missing file and one of another kind from a damaged one, which whisper.cpp does not.
fn check_file(model: &Path) -> Result<(), String> {
    use std::io::Read;
    let mut magic = [0; 4];
    let mut file = std::fs::File::open(model).map_err(|error| error.to_string())?;
    file.read_exact(&mut magic).map_err(|error| error.to_string())?;
    match &magic {
        b"lmgg" => Ok(()),
        b"GGUF" => Err("a GGUF file; Whisper models are ggml files (ggml-*.bin)".into()),
        _ => Err("no ggml file; Whisper models are called ggml-*.bin".into()),
    }
}

impl Engine for Whisper {
    fn name(&self) -> &'static str {
        "whisper"
    }

    fn model(&self) -> String {
        self.name.clone()
    }

    fn speaks(&self, language: &str) -> bool {
        let language = primary_language(language);
        if self.context.is_multilingual() { get_lang_id(&language).is_some() } else { language == "en" }
    }

    fn recogniser(&self, _effort: Effort) -> Result<Box<dyn Recogniser>, EngineError> {
        let state = self.context.create_state().map_err(failed)?;
        let fate = Arc::default();
        let mut recogniser = Run {
            parameters: parameters(&self.language, self.threads, &fate),
            default_language: self.language.clone(),
            language: self.language.clone(),
            threads: self.threads,
            most_positions: usize::try_from(self.context.n_audio_ctx()).unwrap_or(0),
            state,
            fate,
            samples: Vec::new(),
            heard: Heard::default(),
        };
        recogniser.start(&Utterance::default())?;
        recogniser.accept(&[0; LEAST_SAMPLES])?;
        recogniser.finish()?;
        Ok(Box::new(recogniser))
    }
}

fn failed(error: WhisperError) -> EngineError {
    EngineError(format!("whisper: {error}"))
}

/// The fate of the utterance that is being heard, and whether this run is for a partial transcript.
type SharedFate = Arc<Mutex<(Arc<Fate>, bool)>>;

/// The parameters of every run. Made rarely: whisper-rs leaks the language and the closure.
fn parameters(language: &str, threads: usize, fate: &SharedFate) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_language(get_lang_id(language).and_then(get_lang_str));
    parameters.set_n_threads(i32::try_from(threads).unwrap_or(1));
    parameters.set_no_context(true);
    parameters.set_no_timestamps(true);
    parameters.set_single_segment(true);
    // Trying again at higher temperatures multiplies the latency of what is noise anyway.
    parameters.set_temperature_inc(0.0);
    parameters.set_suppress_blank(true);
    parameters.set_suppress_nst(true);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    let fate = fate.clone();
    // whisper-rs hands the closure to C as a `Box<dyn FnMut() -> bool>` and takes it back as the closure's own type:
    // only for this very type are the two the same.
    let is_to_stop: Box<dyn FnMut() -> bool> = Box::new(move || {
        let (fate, is_partial) = &*fate.lock().unwrap_or_else(PoisonError::into_inner);
        fate.is_cancelled() || (*is_partial && fate.is_finishing())
    });
    parameters.set_abort_callback_safe::<_, Box<dyn FnMut() -> bool>>(is_to_stop);
    parameters
}

struct Run {
    parameters: FullParams<'static, 'static>,
    default_language: String,
    language: String,
    threads: usize,
    most_positions: usize,
    state: WhisperState,
    fate: SharedFate,
    samples: Vec<f32>,
    heard: Heard,
}

/// The last run of this utterance.
#[derive(Default)]
struct Heard {
    samples: usize,
    transcript: Transcript,
    ended: Option<Instant>,
    took: Duration,
}

impl Run {
    /// `None` when the run was stopped on the way.
    fn run(&mut self, is_partial: bool) -> Result<Option<Transcript>, EngineError> {
        self.fate().1 = is_partial;
        let heard = self.samples.len();
        if self.samples.len() < LEAST_SAMPLES {
            self.samples.resize(LEAST_SAMPLES, 0.0);
        }
        let mut parameters = self.parameters.clone();
        parameters.set_audio_ctx(audio_context(self.samples.len(), self.most_positions));
        parameters.set_max_tokens(most_tokens(self.samples.len()));
        let began = Instant::now();
        let result = self.state.full(parameters, &self.samples);
        self.samples.truncate(heard);
        let stopped = {
            let (fate, _) = &*self.fate();
            fate.is_cancelled() || (is_partial && fate.is_finishing())
        };
        if stopped {
            return Ok(None);
        }
        result.map_err(failed)?;
        let transcript = transcript(&self.state);
        self.heard = Heard {
            samples: heard,
            transcript: transcript.clone(),
            ended: Some(Instant::now()),
            took: began.elapsed(),
        };
        Ok(Some(transcript))
    }

    fn fate(&self) -> std::sync::MutexGuard<'_, (Arc<Fate>, bool)> {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recogniser for Run {
    fn start(&mut self, utterance: &Utterance) -> Result<(), EngineError> {
        self.fate().0 = utterance.fate.clone();
        let language = match &*utterance.language {
            "" => self.default_language.clone(),
            language => primary_language(language),
        };
        if language != self.language {
            self.parameters = parameters(&language, self.threads, &self.fate);
            self.language = language;
        }
        self.samples.clear();
        self.heard = Heard::default();
        Ok(())
    }

    fn accept(&mut self, samples: &[i16]) -> Result<(), EngineError> {
        self.samples.extend(samples.iter().map(|&sample| f32::from(sample) / 32_768.0));
        Ok(())
    }

    fn partial(&mut self) -> Result<Option<String>, EngineError> {
        let rested = self.heard.ended.is_none_or(|ended| ended.elapsed() >= self.heard.took);
        if !rested || self.samples.len() < self.heard.samples + PARTIAL_STEP_SAMPLES {
            return Ok(None);
        }
        Ok(self.run(true)?.map(|transcript| transcript.text))
    }

    fn finish(&mut self) -> Result<Transcript, EngineError> {
        if self.samples.len() == self.heard.samples {
            return Ok(std::mem::take(&mut self.heard.transcript));
        }
        Ok(self.run(false)?.unwrap_or_default())
    }

    fn abandon(&mut self) {
        self.samples.clear();
    }
}

/// The encoder's context for `samples`, in positions: short audio needs but a part of the 30 s it is made for.
fn audio_context(samples: usize, most: usize) -> i32 {
    let positions = (samples * POSITIONS_PER_SECOND).div_ceil(SAMPLE_RATE_HZ as usize) + SPARE_POSITIONS;
    let positions = positions.next_multiple_of(POSITION_STEP);
    // 0: the model's own.
    if positions >= most { 0 } else { i32::try_from(positions).unwrap_or(0) }
}

/// The most tokens that can have been said in `samples`. Whisper's way to fail is to repeat itself without end.
fn most_tokens(samples: usize) -> i32 {
    i32::try_from(16 + 10 * samples / SAMPLE_RATE_HZ as usize).unwrap_or(i32::MAX)
}

fn transcript(state: &WhisperState) -> Transcript {
    let mut text = String::new();
    let mut probabilities = (0.0, 0);
    for segment in state.as_iter() {
        if segment.no_speech_probability() > NO_SPEECH {
            continue;
        }
        text.push_str(&segment.to_str_lossy().unwrap_or_default());
        for token in (0..segment.n_tokens()).filter_map(|number| segment.get_token(number)) {
            probabilities = (probabilities.0 + token.token_probability(), probabilities.1 + 1);
        }
    }
    let text = text.trim().to_owned();
    let confidence =
        if text.is_empty() || probabilities.1 == 0 { 0.0 } else { probabilities.0 / probabilities.1 as f32 };
    Transcript { text, confidence, adaptation: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_audio_gets_a_short_context_and_long_audio_the_whole() {
        assert_eq!(audio_context(16_000, 1500), 128);
        assert_eq!(audio_context(16_000 * 5, 1500), 320);
        assert_eq!(audio_context(16_000 * 30, 1500), 0);
    }

    #[test]
    fn a_file_that_is_no_model_is_told_from_one_that_is_missing() {
        let error = |path: &str| Whisper::load(Path::new(path), "en", 1).err().unwrap().to_string();
        assert!(error("/nowhere/ggml-tiny.bin").starts_with("/nowhere/ggml-tiny.bin: No such file"));
        assert!(error("/proc/self/exe").contains("no ggml file"));
    }
}
