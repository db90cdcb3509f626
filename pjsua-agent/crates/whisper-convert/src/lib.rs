//! Makes the model file that whisper.cpp loads (`ggml-*.bin`) of a Whisper model in CTranslate2's form (`model.bin` and
//! `vocabulary.txt`), one tensor at a time.
//!
//! The tensors come encoder first, each layer after the other, which is not the order of the files that whisper.cpp's
//! makers publish; names, types and sizes are theirs, and whisper.cpp loads either.

#![forbid(unsafe_code)]

mod ctranslate2;
mod ggml;
mod mel;
mod vocabulary;
mod whisper;

pub use whisper::convert;

use std::io;

/// Why a model could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The source is no CTranslate2 model of Whisper, or a damaged one.
    #[error("no CTranslate2 model of Whisper: {0}")]
    Model(String),
    /// The vocabulary does not belong to such a model.
    #[error("no vocabulary of Whisper: {0}")]
    Vocabulary(String),
}
