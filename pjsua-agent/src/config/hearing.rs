//! `[vad]` and `[hearing]`: what counts as speech, and the models that listen.

use std::path::PathBuf;
use std::time::Duration;

use super::kinds;
use super::reader::Section;

/// `[vad]`: what counts as speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Vad {
    /// 0 (hears everything) to 3 (hears only what is surely speech)
    pub aggressiveness: u8,
    /// Voiced audio before speech is said to have started
    pub onset: Duration,
    /// Silence before speech is said to have ended
    pub hangover: Duration,
    /// Audio before the onset that the recogniser gets too
    pub preroll: Duration,
}

/// `[hearing]`: the models that confirm speech and score the ends of utterances.
#[derive(Clone, Debug, PartialEq)]
pub struct Hearing {
    /// `libonnxruntime.so`
    pub onnxruntime: ModelFile,
    /// Silero VAD, 16 kHz
    pub vad_model: ModelFile,
    /// smart-turn v3
    pub end_of_turn_model: ModelFile,
    /// The probability from which on the model's windows are speech, 0.0 to 1.0
    pub vad_threshold: f32,
    /// Threads that score ends of utterances, over all calls
    pub score_threads: u32,
}

/// Where a model's file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelFile {
    /// The model store's (`pjsua-agent models`), if it is there
    Store,
    /// This one; exists
    Path(PathBuf),
    /// None: what needs it is off
    Off,
}

/// Reads `[vad]`.
pub(super) fn read_vad(mut section: Section<'_>) -> Vad {
    let aggressiveness = section.or("aggressiveness", kinds::integer(0..=3), 2);
    let onset = section.or("onset", kinds::duration(20..=500), Duration::from_millis(60));
    let hangover = section.or("hangover", kinds::duration(40..=2000), Duration::from_millis(100));
    let preroll = section.or("preroll", kinds::duration(0..=400), Duration::from_millis(300));
    section.finish();
    Vad { aggressiveness, onset, hangover, preroll }
}

/// Reads `[hearing]`.
pub(super) fn read(mut section: Section<'_>) -> Hearing {
    let onnxruntime = section.optional("onnxruntime", kinds::existing_path).map_or(ModelFile::Store, ModelFile::Path);
    let mut model = |key| match section.optional(key, kinds::or_off(kinds::existing_path)) {
        Some(Some(path)) => ModelFile::Path(path),
        Some(None) => ModelFile::Off,
        None => ModelFile::Store,
    };
    let vad_model = model("vad_model");
    let end_of_turn_model = model("end_of_turn_model");
    let vad_threshold = section.or("vad_threshold", kinds::number(0.1..=0.95), 0.5);
    let score_threads = section.or("score_threads", kinds::integer(1..=64), 1);
    section.finish();
    Hearing { onnxruntime, vad_model, end_of_turn_model, vad_threshold, score_threads }
}
