//! A model in memory, and the states that pass over it.

use std::{
    ffi::c_int,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use whisper_rs::{WhisperContext, get_lang_id};

use super::{decoder::Decoder, device::Device, loops::Alike};
use crate::engines::{EngineError, primary_language};

/// Tokens of the vocabulary; Whisper itself takes 224.
const MOST_PROMPT_TOKENS: usize = 100;

pub(super) struct Model {
    context: WhisperContext,
    alike: Arc<Alike>,
    /// The file's.
    pub(super) name: String,
    /// Decoders that no pass uses.
    idle: Mutex<Vec<Decoder>>,
}

impl Model {
    /// Loads a ggml file.
    pub(super) fn load(file: &Path, device: Device) -> Result<Self, EngineError> {
        let wrong = |problem: String| EngineError(format!("{}: {problem}", file.display()));
        check_file(file).map_err(wrong)?;
        let context = WhisperContext::new_with_params(file, device.parameters())
            .map_err(|_| wrong("whisper.cpp cannot load it; it is damaged or of a newer kind".into()))?;
        let tokens = (0..context.n_vocab()).map(|token| context.token_to_str(token).ok());
        let alike = Arc::new(Alike::of(tokens));
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Model { context, alike, name, idle: Mutex::default() })
    }

    /// Whether it knows the language of a BCP 47 tag.
    pub(super) fn speaks(&self, language: &str) -> bool {
        let language = primary_language(language);
        if self.context.is_multilingual() { get_lang_id(&language).is_some() } else { language == "en" }
    }

    /// The token that a text in this language begins with.
    pub(super) fn language_token(&self, language: &str) -> Option<c_int> {
        get_lang_id(language).filter(|_| self.context.is_multilingual()).map(|id| self.context.token_lang(id))
    }

    /// An idle decoder, or a new one: after a failure there is one less.
    pub(super) fn take(&self) -> Result<Decoder, EngineError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.new_decoder(), Ok)
    }

    pub(super) fn put_back(&self, decoder: Decoder) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(decoder);
    }

    pub(super) fn new_decoder(&self) -> Result<Decoder, EngineError> {
        Decoder::new(&self.context, &self.alike)
    }

    /// The tokens that tell Whisper of `vocabulary`, as if it had just been said.
    pub(super) fn prompt(&self, vocabulary: &[String]) -> Vec<c_int> {
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

#[cfg(test)]
mod tests {
    use super::{super::GpuChoice, *};

    #[test]
    fn a_file_that_is_no_model_is_told_from_one_that_is_missing() {
        let device = Device::find(Some(GpuChoice::Off)).unwrap();
        let error = |path: &str| Model::load(Path::new(path), device).err().unwrap().to_string();
        assert!(error("/nowhere/ggml-tiny.bin").starts_with("/nowhere/ggml-tiny.bin: No such file"));
        assert!(error("/proc/self/exe").contains("no ggml file"));
    }
}
