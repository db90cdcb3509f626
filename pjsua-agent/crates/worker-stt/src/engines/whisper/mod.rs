//! Engine `whisper`: whisper.cpp with any ggml model file.
//!
//! Whisper hears an utterance only as a whole, and a pass over it takes a core for a tenth of a second or more. So the work
//! is done where it is most likely to be the last: when the caller falls silent the whole utterance is decoded at once,
//! before anybody asks, and what was found then is the final transcript if nothing was said since. While he speaks it is
//! decoded as often as a share of a core allows, and nobody else waits; of these passes the first is told as it is, and later
//! that in which two agree.
//!
//! An utterance holds no memory but its audio; the states of whisper.cpp, tens of megabytes each, are as many as passes can
//! run at once.

mod agreement;
mod decoder;
mod device;
mod judging;
mod loops;

use std::{
    ffi::c_int,
    path::Path,
    sync::{Arc, Mutex, Once, PoisonError},
    time::{Duration, Instant},
};

use inference::SAMPLE_RATE_HZ;
use whisper_rs::{WhisperContext, get_lang_id};

use crate::loudness::Loudness;

use super::{Effort, Engine, EngineError, Recogniser, Transcript, Utterance, primary_language};
use agreement::Agreement;
use decoder::{Decoder, LEAST_SAMPLES, Pass, Purpose};
pub use device::GpuChoice;
use judging::judge;
use loops::Alike;

/// New audio that makes another look worthwhile: two or three words.
const LOOK_STEP_SAMPLES: usize = SAMPLE_RATE_HZ as usize * 7 / 10;
/// The first look: what is said over the agent is wanted early.
const FIRST_LOOK_SAMPLES: usize = SAMPLE_RATE_HZ as usize / 2;
/// The share of a core that looks at one utterance may take, in percent of the time it lasts.
const LOOK_PERCENT: u32 = 15;

/// Shorter sound is decoded without the vocabulary: a list of phrases makes single words so unlikely that "yes", "no" and
/// numbers are taken for noise.
const SHORTEST_PROMPTED: usize = SAMPLE_RATE_HZ as usize * 5 / 4;
/// Tokens of the vocabulary; Whisper itself takes 224.
const MOST_PROMPT_TOKENS: usize = 100;

/// A model in memory.
pub struct Whisper {
    shared: Arc<Shared>,
    name: String,
    language: String,
}

struct Shared {
    context: WhisperContext,
    alike: Arc<Alike>,
    language: String,
    threads: usize,
    /// Those that no pass uses.
    idle: Mutex<Vec<Decoder>>,
}

impl Shared {
    /// An idle decoder, or a new one: after a failure there is one less.
    fn take(&self) -> Result<Decoder, EngineError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.new_decoder(), Ok)
    }

    fn new_decoder(&self) -> Result<Decoder, EngineError> {
        Decoder::new(&self.context, &self.alike, &self.language)
    }

    /// The tokens that tell Whisper of `vocabulary`, as if it had just been said.
    fn prompt(&self, vocabulary: &[String]) -> Vec<c_int> {
        if vocabulary.is_empty() {
            return Vec::new();
        }
        // A list with an end, measured: of 624 words of synthetic callers of a shop 62 were wrong without it, 28 to 35 with
        // lists of 8 to 16 phrases, 46 with a full stop behind each phrase, 53 to 61 with the agent's sentences instead.
        let text = format!(" {}.", vocabulary.join(", "));
        // No token is shorter than a byte, and whisper-rs takes a list that is too short for one of negative length.
        let mut tokens = self.context.tokenize(&text, text.len()).unwrap_or_default();
        tokens.truncate(MOST_PROMPT_TOKENS);
        tokens
    }

    fn put_back(&self, decoder: Decoder) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(decoder);
    }
}

/// Keeps what whisper.cpp and ggml tell out of the log. To be called before either is used.
pub fn silence() {
    static SILENT: Once = Once::new();
    SILENT.call_once(whisper_rs::install_logging_hooks);
}

impl Whisper {
    /// Loads the ggml file `model`. `language` (BCP 47) is assumed where a caller's is not told; `threads` are those
    /// of one pass, at most; `gpu` computes, if there is one.
    ///
    /// # Errors
    ///
    /// When the file is missing or no model of Whisper, when the model does not know the language, and when a GPU is asked
    /// for that is not there.
    pub fn load(model: &Path, language: &str, threads: usize, gpu: Option<GpuChoice>) -> Result<Self, EngineError> {
        silence();
        let wrong = |problem: String| EngineError(format!("{}: {problem}", model.display()));
        check_file(model).map_err(wrong)?;
        let parameters = device::parameters(gpu)?;
        let context = WhisperContext::new_with_params(model, parameters)
            .map_err(|_| wrong("whisper.cpp cannot load it; it is damaged or of a newer kind".into()))?;
        let language = primary_language(language);
        let tokens = (0..context.n_vocab()).map(|token| context.token_to_str(token).ok());
        let alike = Arc::new(Alike::of(tokens));
        let shared = Shared { context, alike, language: language.clone(), threads, idle: Mutex::default() };
        let whisper = Whisper {
            name: model.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            shared: Arc::new(shared),
            language,
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
        if self.shared.context.is_multilingual() { get_lang_id(&language).is_some() } else { language == "en" }
    }

    fn recogniser(&self, effort: Effort) -> Result<Box<dyn Recogniser>, EngineError> {
        let mut recogniser = Run {
            shared: Arc::clone(&self.shared),
            utterance: Utterance::default(),
            language: self.language.clone(),
            prompt: Vec::new(),
            samples: Vec::new(),
            loudness: Loudness::default(),
            agreement: Agreement::default(),
            looked: Duration::ZERO,
            heard: None,
        };
        // As many as can work at once are warmed, and so have a decoder.
        if effort == Effort::Full {
            self.shared.put_back(self.shared.new_decoder()?);
            recogniser.accept(&[0; LEAST_SAMPLES])?;
            recogniser.decode(Purpose::Whole, 1)?;
            recogniser.abandon();
        }
        Ok(Box::new(recogniser))
    }
}

/// One utterance.
struct Run {
    shared: Arc<Shared>,
    utterance: Utterance,
    language: String,
    prompt: Vec<c_int>,
    samples: Vec<f32>,
    loudness: Loudness,
    agreement: Agreement,
    /// What looks at this utterance have cost.
    looked: Duration,
    heard: Option<Heard>,
}

/// The last pass.
struct Heard {
    samples: usize,
    transcript: Transcript,
    is_whole: bool,
}

impl Run {
    /// Decodes what there is; `false` when that was stopped on the way.
    fn decode(&mut self, purpose: Purpose, threads: usize) -> Result<bool, EngineError> {
        let samples = self.samples.len();
        if samples < LEAST_SAMPLES {
            self.samples.resize(LEAST_SAMPLES, 0.0);
        }
        let began = Instant::now();
        let mut decoder = self.shared.take()?;
        let (fate, cores) = (&self.utterance.fate, &self.utterance.cores);
        let sounding = self.end_of_sound().min(samples);
        let prompt = if sounding < SHORTEST_PROMPTED { &[] } else { &self.prompt[..] };
        let pass = Pass { language: &self.language, prompt, purpose, threads };
        let decoded = decoder.run(&self.samples, sounding, &pass, fate, cores);
        self.samples.truncate(samples);
        let (audio_ms, took_ms) = (samples / (SAMPLE_RATE_HZ as usize / 1000), began.elapsed().as_millis());
        let is_done = decoded.as_ref().is_ok_and(Option::is_some);
        tracing::debug!(?purpose, audio_ms, took_ms, threads, is_done, "a pass");
        // One that failed is not put back.
        let Some(decoded) = decoded? else {
            self.shared.put_back(decoder);
            return Ok(false);
        };
        self.shared.put_back(decoder);
        self.heard = Some(Heard { samples, transcript: judge(&decoded), is_whole: purpose == Purpose::Whole });
        Ok(true)
    }

    /// Whether the last pass has heard all there was to hear.
    fn is_heard(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.is_whole && heard.samples >= self.end_of_sound())
    }

    /// Where a caller was loud for the last time; one who is never loud may have been heard all the time.
    fn end_of_sound(&self) -> usize {
        match self.loudness.last_sound() {
            0 => self.samples.len(),
            end => end.min(self.samples.len()),
        }
    }

    fn new_samples(&self) -> usize {
        self.samples.len() - self.heard.as_ref().map_or(0, |heard| heard.samples)
    }

    fn text(&self) -> String {
        self.heard.as_ref().map_or_else(String::new, |heard| heard.transcript.text.clone())
    }
}

impl Recogniser for Run {
    fn start(&mut self, utterance: &Utterance) -> Result<(), EngineError> {
        self.abandon();
        self.language = match &*utterance.language {
            "" => self.shared.language.clone(),
            language => primary_language(language),
        };
        self.prompt = self.shared.prompt(&utterance.vocabulary);
        self.utterance = utterance.clone();
        Ok(())
    }

    fn accept(&mut self, samples: &[i16]) -> Result<(), EngineError> {
        self.loudness.accept(samples);
        self.samples.extend(samples.iter().map(|&sample| f32::from(sample) / 32_768.0));
        Ok(())
    }

    fn fell_silent(&self) -> bool {
        self.loudness.is_at_rest() && !self.is_heard()
    }

    fn most_cores(&self) -> usize {
        self.shared.threads
    }

    fn rest(&mut self, cores: usize) -> Result<Option<String>, EngineError> {
        if self.is_heard() || self.samples.is_empty() || !self.decode(Purpose::Whole, cores)? {
            return Ok(None);
        }
        let text = self.text();
        self.agreement.agree(&text);
        Ok(Some(text))
    }

    fn partial(&mut self, cores: usize) -> Result<Option<String>, EngineError> {
        let is_first = self.heard.is_none();
        let step = if is_first { FIRST_LOOK_SAMPLES } else { LOOK_STEP_SAMPLES };
        let spoken = Duration::from_secs_f64(self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ));
        let is_dear = self.looked > spoken * LOOK_PERCENT / 100;
        if self.new_samples() < step || is_dear || self.utterance.cores.is_contended() {
            return Ok(None);
        }
        let began = Instant::now();
        let done = self.decode(Purpose::Look, cores)?;
        self.looked += began.elapsed() * u32::try_from(cores).unwrap_or(1);
        if !done {
            return Ok(None);
        }
        let text = self.text();
        let agreed = self.agreement.agree(&text);
        // Whether who speaks over the agent says "mm-hmm" or begins a question must be known before he has said it twice.
        // Of 288 beginnings of 0.3 and 0.4 s the first word was right in 177, wrong in 16, and not told in the others.
        Ok(Some(if is_first { text } else { agreed }))
    }

    fn finish(&mut self, cores: usize) -> Result<Transcript, EngineError> {
        if !self.is_heard() && !self.decode(Purpose::Whole, cores)? {
            return Ok(Transcript::default());
        }
        Ok(self.heard.take().map_or_else(Transcript::default, |heard| heard.transcript))
    }

    fn abandon(&mut self) {
        self.samples.clear();
        self.loudness = Loudness::default();
        self.agreement = Agreement::default();
        self.looked = Duration::ZERO;
        self.heard = None;
        self.utterance = Utterance::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_model_is_told_from_one_that_is_missing() {
        let error = |path: &str| Whisper::load(Path::new(path), "en", 1, None).err().unwrap().to_string();
        assert!(error("/nowhere/ggml-tiny.bin").starts_with("/nowhere/ggml-tiny.bin: No such file"));
        assert!(error("/proc/self/exe").contains("no ggml file"));
    }
}
