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
mod languages;
mod loops;
mod model;

use std::{
    ffi::c_int,
    path::Path,
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use inference::SAMPLE_RATE_HZ;

use crate::loudness::Loudness;

use super::{Effort, Engine, EngineError, Recogniser, Transcript, Utterance, primary_language};
use agreement::Agreement;
use decoder::{LEAST_SAMPLES, Pass, Purpose};
use device::Device;
pub use device::GpuChoice;
use judging::judge;
use languages::Evidence;
use model::Model;

/// New audio that makes another look worthwhile: two or three words.
const LOOK_STEP_SAMPLES: usize = SAMPLE_RATE_HZ as usize * 7 / 10;
/// The first look: what is said over the agent is wanted early.
const FIRST_LOOK_SAMPLES: usize = SAMPLE_RATE_HZ as usize / 2;
/// The share of a core that looks at one utterance may take, in percent of the time it lasts.
const LOOK_PERCENT: u32 = 15;

/// Shorter sound is decoded without the vocabulary: a list of phrases makes single words so unlikely that "yes", "no" and
/// numbers are taken for noise.
const SHORTEST_PROMPTED: usize = SAMPLE_RATE_HZ as usize * 5 / 4;
/// Shorter sound says little of its language: "okay", "no".
const SHORTEST_TELLING: usize = SAMPLE_RATE_HZ as usize;

/// One model in memory, or two.
pub struct Whisper {
    shared: Arc<Shared>,
}

struct Shared {
    main: Model,
    /// For looks, where it speaks the caller's language.
    quick: Option<Model>,
    language: String,
    threads: usize,
}

impl Shared {
    fn model(&self, purpose: Purpose, language: &str) -> &Model {
        let quick = self.quick.as_ref().filter(|quick| purpose == Purpose::Look && quick.speaks(language));
        quick.unwrap_or(&self.main)
    }
}

/// Keeps what whisper.cpp and ggml tell out of the log. To be called before either is used.
pub fn silence() {
    static SILENT: Once = Once::new();
    SILENT.call_once(whisper_rs::install_logging_hooks);
}

impl Whisper {
    /// Loads the ggml file `model`, and with `quick` a smaller one for the looks at an utterance that is not over.
    /// `language` (BCP 47) is assumed where a caller's is not told; `threads` are those of one pass, at most; `gpu` computes, if
    /// there is one.
    ///
    /// # Errors
    ///
    /// When a file is missing or no model of Whisper, when the model does not know the language, and when a GPU is asked for
    /// that is not there.
    pub fn load(
        model: &Path,
        quick: Option<&Path>,
        language: &str,
        threads: usize,
        gpu: Option<GpuChoice>,
    ) -> Result<Self, EngineError> {
        silence();
        let device = Device::find(gpu)?;
        let main = Model::load(model, device)?;
        let language = primary_language(language);
        if !main.speaks(&language) {
            let problem = format!("{}: the model does not know the language `{language}`", model.display());
            return Err(EngineError(problem));
        }
        let quick = quick.map(|quick| Model::load(quick, device)).transpose()?;
        Ok(Whisper { shared: Arc::new(Shared { main, quick, language, threads }) })
    }
}

impl Engine for Whisper {
    fn name(&self) -> &'static str {
        "whisper"
    }

    fn model(&self) -> String {
        let quick = self.shared.quick.as_ref().map(|quick| format!(", {} for looks", quick.name));
        format!("{}{}", self.shared.main.name, quick.unwrap_or_default())
    }

    fn speaks(&self, language: &str) -> bool {
        self.shared.main.speaks(language)
    }

    fn recogniser(&self, effort: Effort) -> Result<Box<dyn Recogniser>, EngineError> {
        let mut recogniser = Run {
            shared: Arc::clone(&self.shared),
            utterance: Utterance::default(),
            language: self.shared.language.clone(),
            other_languages: Vec::new(),
            evidence: Evidence::default(),
            samples: Vec::new(),
            loudness: Loudness::default(),
            agreement: Agreement::default(),
            looked: Duration::ZERO,
            heard: None,
        };
        // As many as can work at once are warmed, and so have a decoder.
        if effort == Effort::Full {
            for (model, purpose) in [(&self.shared.main, Purpose::Whole)]
                .into_iter()
                .chain(self.shared.quick.iter().map(|quick| (quick, Purpose::Look)))
            {
                model.put_back(model.new_decoder()?);
                recogniser.accept(&[0; LEAST_SAMPLES])?;
                recogniser.decode(purpose, 1)?;
                recogniser.abandon();
            }
        }
        Ok(Box::new(recogniser))
    }
}

/// One utterance.
struct Run {
    shared: Arc<Shared>,
    utterance: Utterance,
    language: String,
    /// What else may be spoken.
    other_languages: Vec<Other>,
    /// What spoke for those before this utterance.
    evidence: Evidence,
    samples: Vec<f32>,
    loudness: Loudness,
    agreement: Agreement,
    /// What looks at this utterance have cost.
    looked: Duration,
    heard: Option<Heard>,
}

/// Another language that may be spoken.
struct Other {
    language: String,
    token: c_int,
    vocabulary: Vec<String>,
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
        let Some((mut transcript, weighed)) = self.pass(purpose, threads)? else { return Ok(false) };
        let is_telling = weighed.is_some();
        let mut evidence = self.evidence.clone();
        match weighed.as_ref().and_then(Evidence::change).map(str::to_owned) {
            Some(language) => {
                let present = std::mem::replace(&mut self.language, language);
                // Stopped, or noise: what is spoken stays open.
                let heard = self.pass(purpose, threads)?.filter(|(transcript, _)| !transcript.text.is_empty());
                match heard {
                    Some((in_other, _)) => {
                        tracing::info!(language = self.language, "the caller changes the language");
                        transcript = in_other;
                        evidence = Evidence::default();
                    }
                    None => self.language = present,
                }
            }
            // Of noise nothing is learnt.
            None if transcript.text.is_empty() => {}
            None => evidence = weighed.unwrap_or(evidence),
        }
        if is_telling && !transcript.text.is_empty() {
            transcript.language.clone_from(&self.language);
        }
        transcript.adaptation = evidence.to_bytes();
        let is_whole = purpose == Purpose::Whole;
        self.heard = Some(Heard { samples: self.samples.len(), transcript, is_whole });
        Ok(true)
    }

    /// Decodes what there is in the present language, and weighs the others where there are some and the sound is long enough
    /// to tell; `None` when it was stopped.
    fn pass(
        &mut self,
        purpose: Purpose,
        threads: usize,
    ) -> Result<Option<(Transcript, Option<Evidence>)>, EngineError> {
        let samples = self.samples.len();
        if samples < LEAST_SAMPLES {
            self.samples.resize(LEAST_SAMPLES, 0.0);
        }
        let began = Instant::now();
        let model = self.shared.model(purpose, &self.language);
        let mut decoder = model.take()?;
        let (fate, cores) = (&self.utterance.fate, &self.utterance.cores);
        let sounding = self.end_of_sound().min(samples);
        let prompt = if sounding < SHORTEST_PROMPTED { Vec::new() } else { model.prompt(self.vocabulary()) };
        let pass = Pass { language: &self.language, prompt: &prompt, purpose, threads };
        let decoded = decoder.run(&self.samples, sounding, &pass, fate, cores);
        self.samples.truncate(samples);
        let (audio_ms, took_ms) = (samples / (SAMPLE_RATE_HZ as usize / 1000), began.elapsed().as_millis());
        let is_done = decoded.as_ref().is_ok_and(Option::is_some);
        tracing::debug!(?purpose, audio_ms, took_ms, threads, is_done, "a pass");
        // One that failed is not put back.
        let Some(decoded) = decoded? else {
            model.put_back(decoder);
            return Ok(None);
        };
        let is_telling = purpose == Purpose::Whole && sounding >= SHORTEST_TELLING;
        let present = model.language_token(&self.language).filter(|_| is_telling && !self.other_languages.is_empty());
        let weighed = match present {
            Some(present) => {
                let others = self.other_languages.iter().filter(|other| other.language != self.language);
                let (names, mut tokens): (Vec<&str>, Vec<c_int>) =
                    others.map(|other| (&*other.language, other.token)).unzip();
                tokens.push(present);
                let mut likely = decoder.log_probabilities(&tokens, threads)?;
                let present = likely.pop().unwrap_or_default();
                let others: Vec<(&str, f32)> = names.into_iter().zip(likely).collect();
                tracing::debug!(self.language, present, ?others, "languages");
                Some(self.evidence.after(present, &others))
            }
            None => None,
        };
        model.put_back(decoder);
        Ok(Some((judge(&decoded), weighed)))
    }

    /// The vocabulary of the present language.
    fn vocabulary(&self) -> &[String] {
        let other = self.other_languages.iter().find(|other| other.language == self.language);
        other.map_or(&self.utterance.vocabulary, |other| &other.vocabulary)
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
        let others = utterance.other_languages.iter().filter_map(|other| {
            let language = primary_language(&other.language);
            let token = self.shared.main.language_token(&language)?;
            Some(Other { language, token, vocabulary: other.vocabulary.clone() })
        });
        self.other_languages = others.collect();
        self.evidence = Evidence::from_bytes(&utterance.adaptation);
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
