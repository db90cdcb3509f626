//! Engine `pocketsphinx`: streaming recognition on a CPU, with a model that Debian packages.

use std::path::Path;

use super::{
    Effort, Engine, EngineError, Recogniser, Transcript, Utterance,
    cepstra::{self, RunningMean},
    pocketsphinx_model::Model,
    pocketsphinx_sys::{Cepstrum, Decoder, FrontEnd, SphinxError, load},
    primary_language,
};

pub use super::pocketsphinx_model::DEFAULT_MODEL;

/// What a decoder of the en-us model occupies, in bytes: 99 MB *(measured)* and what its search may add.
pub const DECODER_BYTES: u64 = 130 << 20;

impl From<SphinxError> for EngineError {
    fn from(error: SphinxError) -> Self {
        EngineError(error.to_string())
    }
}

/// A model on disk; each recogniser loads it anew, since decoders share nothing.
#[derive(Debug)]
pub struct Pocketsphinx {
    model: Model,
    language: String,
}

impl Pocketsphinx {
    /// Looks at the model in `folder`, which is of `language` (BCP 47).
    pub fn new(folder: &Path, language: &str) -> Result<Self, EngineError> {
        Ok(Pocketsphinx { model: Model::find(folder)?, language: primary_language(language) })
    }
}

impl Engine for Pocketsphinx {
    fn name(&self) -> &'static str {
        "pocketsphinx"
    }

    fn model(&self) -> String {
        let name = self.model.folder.file_name().unwrap_or(self.model.folder.as_os_str());
        name.to_string_lossy().into_owned()
    }

    fn speaks(&self, language: &str) -> bool {
        primary_language(language) == self.language
    }

    fn recogniser(&self, effort: Effort) -> Result<Box<dyn Recogniser>, EngineError> {
        let compensated = cepstra::is_known_front_end(|name| self.model.feature(name));
        let front_end_options = if compensated { cepstra::telephone_front_end() } else { Vec::new() };
        let (front_end, decoder) = load(&self.model.decoder_options(effort)?, &front_end_options)?;
        let prior = if compensated { cepstra::COMPENSATED_MEAN } else { self.model.mean };
        let mut sphinx = Sphinx {
            front_end,
            decoder,
            compensated,
            prior,
            mean: RunningMean::new(prior),
            cepstra: Vec::new(),
            searching: false,
        };
        sphinx.warm()?;
        Ok(Box::new(sphinx))
    }
}

struct Sphinx {
    front_end: FrontEnd,
    decoder: Decoder,
    compensated: bool,
    prior: Cepstrum,
    mean: RunningMean,
    cepstra: Vec<Cepstrum>,
    /// Whether the decoder has begun this utterance. It must not before it has a frame: one that ends without any
    /// leaves the search in a state in which the next aborts the process (ngram_search_fwdtree.c, eval_nonroot_chan).
    searching: bool,
}

impl Sphinx {
    /// Runs something like speech through the model, so that its pages are there when the first caller speaks.
    fn warm(&mut self) -> Result<(), EngineError> {
        self.start(&Utterance::default())?;
        let mut noise = 1_u32;
        for block in 0..50_i32 {
            let loudness = (block % 8) * 400;
            let samples: Vec<i16> = (0..320)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (((noise >> 16) as i32 - 32_768) * loudness / 32_768) as i16
                })
                .collect();
            self.accept(&samples)?;
        }
        self.finish(1).map(drop)
    }

    fn search(&mut self) -> Result<(), EngineError> {
        if self.cepstra.is_empty() {
            return Ok(());
        }
        if !self.searching {
            self.decoder.start()?;
            self.searching = true;
        }
        for cepstrum in &mut self.cepstra {
            if self.compensated {
                *cepstrum = cepstra::widen(cepstrum);
            }
            self.mean.take_out(cepstrum);
        }
        let searched = self.decoder.search(&mut self.cepstra);
        self.cepstra.clear();
        Ok(searched?)
    }
}

impl Recogniser for Sphinx {
    fn start(&mut self, utterance: &Utterance) -> Result<(), EngineError> {
        self.mean = RunningMean::from_bytes(&utterance.adaptation).unwrap_or(RunningMean::new(self.prior));
        self.cepstra.clear();
        self.front_end.start();
        Ok(())
    }

    fn accept(&mut self, samples: &[i16]) -> Result<(), EngineError> {
        self.front_end.process(samples, &mut self.cepstra);
        self.search()
    }

    fn partial(&mut self, _cores: usize) -> Result<Option<String>, EngineError> {
        Ok(self.searching.then(|| self.decoder.words()))
    }

    fn finish(&mut self, _cores: usize) -> Result<Transcript, EngineError> {
        self.front_end.end(&mut self.cepstra);
        self.search()?;
        if !self.searching {
            return Ok(Transcript { adaptation: self.mean.to_bytes(), ..Transcript::default() });
        }
        self.searching = false;
        self.decoder.end()?;
        let text = self.decoder.words();
        let words = text.split_whitespace().count();
        let confidence = match words {
            0 => 0.0,
            // The posterior is that of the whole sentence; long ones are not less certain word by word.
            _ => self.decoder.probability().powf(1.0 / words as f32),
        };
        if words > 0 {
            self.mean.learn();
        }
        Ok(Transcript { text, confidence, adaptation: self.mean.to_bytes(), ..Transcript::default() })
    }

    fn abandon(&mut self) {
        if std::mem::take(&mut self.searching) {
            // It fails when nothing was found, which nobody asks for.
            let _ = self.decoder.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buzz that the front end takes for speech.
    fn buzz(samples: usize) -> Vec<i16> {
        (0..samples).map(|n| if n % 100 < 3 { 12_000 } else { (n % 7) as i16 }).collect()
    }

    #[test]
    fn utterances_of_any_length_finished_or_abandoned_leave_the_recogniser_usable() {
        let engine = Pocketsphinx::new(Path::new(DEFAULT_MODEL), "en").unwrap();
        let mut recogniser = engine.recogniser(Effort::Full).unwrap();
        let mut searched = 0;
        for samples in (0..2_000).step_by(80).chain([0, 8_000, 160, 16_000, 0, 32_000]) {
            for is_abandoned in [false, true, false] {
                recogniser.start(&Utterance::default()).unwrap();
                recogniser.accept(&vec![0; samples]).unwrap();
                recogniser.accept(&buzz(samples)).unwrap();
                searched += u32::from(recogniser.partial(1).unwrap().is_some());
                if is_abandoned { recogniser.abandon() } else { drop(recogniser.finish(1).unwrap()) }
            }
        }
        assert!(searched > 3, "the front end takes the buzz for silence");
    }

    #[test]
    fn silence_is_recognised_as_nothing() {
        let engine = Pocketsphinx::new(Path::new(DEFAULT_MODEL), "en-US").unwrap();
        let mut recogniser = engine.recogniser(Effort::Full).unwrap();
        recogniser.start(&Utterance::default()).unwrap();
        recogniser.accept(&[0; 16_000]).unwrap();
        let transcript = recogniser.finish(1).unwrap();
        assert_eq!((&*transcript.text, transcript.confidence), ("", 0.0));
    }

    #[test]
    fn only_the_models_language_is_spoken() {
        let engine = Pocketsphinx::new(Path::new(DEFAULT_MODEL), "en-US").unwrap();
        assert!(engine.speaks("en") && engine.speaks("EN-gb") && !engine.speaks("de"));
    }
}
