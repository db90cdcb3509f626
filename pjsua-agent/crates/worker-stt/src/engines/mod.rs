//! The seam between the worker and its recognisers.
//!
//! An [`Engine`] makes [`Recogniser`]s; a recogniser hears one utterance after another. Both are blocking code: the
//! worker calls a recogniser on a thread that is that recogniser's own, never on the async runtime.

mod cepstra;
pub mod pocketsphinx;
mod pocketsphinx_model;
mod pocketsphinx_sys;
pub mod whisper;

use std::sync::Arc;

use inference::proto::OtherLanguage;

use crate::{cores::Cores, fate::Fate};

/// Why an engine failed. Its text holds nothing of what a caller said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// A loaded or loadable recogniser of speech.
pub trait Engine: Send + Sync + 'static {
    /// The engine's name in the protocol: `pocketsphinx`, `whisper`.
    fn name(&self) -> &'static str;

    /// The model, for people.
    fn model(&self) -> String;

    /// Whether utterances in `language` (BCP 47, not empty) can be recognised.
    fn speaks(&self, language: &str) -> bool;

    /// Loads and warms one more recogniser. Blocks, for seconds at worst.
    fn recogniser(&self, effort: Effort) -> Result<Box<dyn Recogniser>, EngineError>;
}

/// What a recogniser may spend on an utterance; for engines that have the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As much as makes it hear better.
    Full,
    /// Less, for a few more misheard words: it is used while many talk at once.
    Thrifty,
}

/// What hears one utterance at a time: `start`, any number of `accept` and `partial`, then `finish` or `abandon`.
///
/// After an error it is thrown away.
pub trait Recogniser: Send {
    /// Begins an utterance.
    fn start(&mut self, utterance: &Utterance) -> Result<(), EngineError>;

    /// Takes samples: 16 kHz, mono, at most a second.
    fn accept(&mut self, samples: &[i16]) -> Result<(), EngineError>;

    /// The cores that `partial`, `rest` and `finish` can make use of.
    fn most_cores(&self) -> usize {
        1
    }

    /// The transcript so far, computed on so many cores. `None` when it is not worth its price now; engines to which it is
    /// dear decide that by the work they have done for it.
    fn partial(&mut self, cores: usize) -> Result<Option<String>, EngineError>;

    /// Whether the caller has fallen silent and [`rest`](Self::rest) is worthwhile; for engines to which a final is dear.
    fn fell_silent(&self) -> bool {
        false
    }

    /// The caller is silent, so what was heard may be all: engines to which a final is dear do its work here. The
    /// transcript so far, unless it is known.
    fn rest(&mut self, _cores: usize) -> Result<Option<String>, EngineError> {
        Ok(None)
    }

    /// Ends the utterance with its transcript.
    fn finish(&mut self, cores: usize) -> Result<Transcript, EngineError>;

    /// Ends the utterance without one.
    fn abandon(&mut self);
}

/// What is known of an utterance before it is heard.
#[derive(Debug, Clone, Default)]
pub struct Utterance {
    /// BCP 47, or empty for the engine's own.
    pub language: String,
    /// What [`Transcript::adaptation`] was after this caller's last utterance, or empty.
    pub adaptation: Vec<u8>,
    /// Words and names that are likely to be said.
    pub vocabulary: Vec<String>,
    /// What may be spoken instead of `language`; for engines that can tell.
    pub other_languages: Vec<OtherLanguage>,
    /// What has become of it meanwhile.
    pub fate: Arc<Fate>,
    /// Where it computes, among others.
    pub cores: Arc<Cores>,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    /// Empty when nothing was recognised.
    pub text: String,
    /// 0..1; 0 when the engine has none.
    pub confidence: f32,
    /// For this caller's next utterance; empty when the engine learns nothing.
    pub adaptation: Vec<u8>,
    /// Which of the languages that may be spoken was heard; empty when the engine did not ask itself.
    pub language: String,
}

/// The language of a BCP 47 tag without region and script, in lower case: `en` of `en-US`.
pub fn primary_language(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}
