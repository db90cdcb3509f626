//! Writes the file that whisper.cpp loads: hyperparameters, mel filters, vocabulary, tensors; little endian.

use std::io::{self, Write};

use crate::ctranslate2::Tensor;

/// `ggml` in a u32.
const MAGIC: u32 = 0x6767_6d6c;
/// `ftype`: matrices are f16.
const MOSTLY_F16: i32 = 1;
const F32: i32 = 0;
const F16: i32 = 1;

/// What whisper.cpp must know before the tensors come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hyperparameters {
    pub(crate) vocabulary: usize,
    pub(crate) audio_context: usize,
    pub(crate) audio_width: usize,
    pub(crate) audio_layers: usize,
    pub(crate) text_context: usize,
    pub(crate) text_width: usize,
    pub(crate) text_layers: usize,
    pub(crate) mel_bands: usize,
}

/// Whisper's attention heads are all of this width.
const HEAD_WIDTH: usize = 64;

/// How the values of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Matrices.
    F16,
    /// Vectors and positions.
    F32,
}

pub(crate) struct Writer<W>(pub(crate) W);

impl<W: Write> Writer<W> {
    pub(crate) fn begin(&mut self, of: &Hyperparameters) -> io::Result<()> {
        self.0.write_all(&MAGIC.to_le_bytes())?;
        self.number(of.vocabulary)?;
        self.number(of.audio_context)?;
        self.number(of.audio_width)?;
        self.number(of.audio_width / HEAD_WIDTH)?;
        self.number(of.audio_layers)?;
        self.number(of.text_context)?;
        self.number(of.text_width)?;
        self.number(of.text_width / HEAD_WIDTH)?;
        self.number(of.text_layers)?;
        self.number(of.mel_bands)?;
        self.0.write_all(&MOSTLY_F16.to_le_bytes())
    }

    /// `filters`: for each band the weights of all frequencies.
    pub(crate) fn mel_filters(&mut self, bands: usize, filters: &[f32]) -> io::Result<()> {
        self.number(bands)?;
        self.number(filters.len() / bands)?;
        self.floats(filters.iter().copied())
    }

    pub(crate) fn vocabulary(&mut self, tokens: &[Vec<u8>]) -> io::Result<()> {
        self.number(tokens.len())?;
        tokens.iter().try_for_each(|token| {
            self.number(token.len())?;
            self.0.write_all(token)
        })
    }

    pub(crate) fn tensor(&mut self, name: &str, tensor: &Tensor, stored: Stored) -> io::Result<()> {
        self.number(tensor.shape.len())?;
        self.number(name.len())?;
        self.0.write_all(&if stored == Stored::F16 { F16 } else { F32 }.to_le_bytes())?;
        // ggml names the fastest dimension first.
        tensor.shape.iter().rev().try_for_each(|&dimension| self.number(dimension))?;
        self.0.write_all(name.as_bytes())?;
        match stored {
            Stored::F16 => {
                let bytes: Vec<u8> = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
                self.0.write_all(&bytes)
            }
            Stored::F32 => self.floats(tensor.values.iter().map(|value| value.to_f32())),
        }
    }

    fn floats(&mut self, values: impl Iterator<Item = f32>) -> io::Result<()> {
        let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
        self.0.write_all(&bytes)
    }

    fn number(&mut self, number: usize) -> io::Result<()> {
        let number =
            i32::try_from(number).map_err(|_| io::Error::other("a dimension is larger than the form allows"))?;
        self.0.write_all(&number.to_le_bytes())
    }
}
