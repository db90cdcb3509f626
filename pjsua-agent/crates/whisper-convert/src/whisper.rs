//! Which tensor of CTranslate2's becomes which of whisper.cpp's.

use std::io::{BufWriter, Read, Seek, Write};

use crate::ConvertError;
use crate::ctranslate2::{Model, Tensor};
use crate::ggml::{Hyperparameters, Stored, Writer};
use crate::{mel, vocabulary};

/// Writes the model file that whisper.cpp loads.
///
/// `model` is CTranslate2's `model.bin` with f16 or f32 weights, `vocabulary` the text of its `vocabulary.txt`. Holds
/// one tensor in memory at a time.
///
/// # Errors
///
/// When the source is something else, is damaged, or has quantised weights; when reading or writing fails.
pub fn convert(model: impl Read + Seek, vocabulary: &str, target: impl Write) -> Result<(), ConvertError> {
    let model = Model::open(model)?;
    let tokens = vocabulary::read(vocabulary)?;
    let mut conversion = Conversion { model, writer: Writer(BufWriter::new(target)) };
    let of = conversion.hyperparameters()?;
    conversion.writer.begin(&of)?;
    conversion.writer.mel_filters(of.mel_bands, &mel::filters(of.mel_bands))?;
    conversion.writer.vocabulary(&tokens)?;
    conversion.tensors(&of)?;
    conversion.writer.0.flush()?;
    Ok(())
}

struct Conversion<R, W: Write> {
    model: Model<R>,
    writer: Writer<BufWriter<W>>,
}

impl<R: Read + Seek, W: Write> Conversion<R, W> {
    fn hyperparameters(&mut self) -> Result<Hyperparameters, ConvertError> {
        let [audio_context, audio_width] = self.dimensions("encoder/position_encodings/encodings")?;
        let [text_context, text_width] = self.dimensions("decoder/position_encodings/encodings")?;
        let [vocabulary, _] = self.dimensions("decoder/embeddings/weight")?;
        let [_, mel_bands, _] = self.dimensions("encoder/conv1/weight")?;
        // Those of Whisper, and of its version 3.
        if !matches!(mel_bands, 80 | 128) {
            return Err(ConvertError::Model(format!("it hears {mel_bands} mel bands, not 80 or 128")));
        }
        Ok(Hyperparameters {
            vocabulary,
            audio_context,
            audio_width,
            audio_layers: self.model.layers("encoder"),
            text_context,
            text_width,
            text_layers: self.model.layers("decoder"),
            mel_bands,
        })
    }

    fn dimensions<const RANK: usize>(&mut self, name: &str) -> Result<[usize; RANK], ConvertError> {
        let shape = self.model.tensor(name)?.shape;
        shape.try_into().map_err(|shape| ConvertError::Model(format!("{name} has the shape {shape:?}")))
    }

    /// Encoder, then decoder, in the order of the computation.
    fn tensors(&mut self, of: &Hyperparameters) -> Result<(), ConvertError> {
        self.copy("encoder/position_encodings/encodings", "encoder.positional_embedding", Stored::F32)?;
        for number in [1, 2] {
            self.copy(&format!("encoder/conv{number}/weight"), &format!("encoder.conv{number}.weight"), Stored::F16)?;
            let mut bias = self.model.tensor(&format!("encoder/conv{number}/bias"))?;
            bias.shape.push(1);
            self.put(&format!("encoder.conv{number}.bias"), &bias)?;
        }
        for layer in 0..of.audio_layers {
            self.layer("encoder", layer)?;
        }
        self.norm("encoder/layer_norm", "encoder.ln_post")?;
        self.copy("decoder/position_encodings/encodings", "decoder.positional_embedding", Stored::F32)?;
        self.copy("decoder/embeddings/weight", "decoder.token_embedding.weight", Stored::F16)?;
        for layer in 0..of.text_layers {
            self.layer("decoder", layer)?;
        }
        self.norm("decoder/layer_norm", "decoder.ln")
    }

    fn layer(&mut self, side: &str, number: usize) -> Result<(), ConvertError> {
        let from = format!("{side}/layer_{number}");
        let to = format!("{side}.blocks.{number}");
        self.attention(&format!("{from}/self_attention"), &format!("{to}.attn"), &[3])?;
        if side == "decoder" {
            self.attention(&format!("{from}/attention"), &format!("{to}.cross_attn"), &[1, 2])?;
        }
        self.linear(&format!("{from}/ffn/linear_0"), &format!("{to}.mlp.0"))?;
        self.linear(&format!("{from}/ffn/linear_1"), &format!("{to}.mlp.2"))?;
        self.norm(&format!("{from}/ffn/layer_norm"), &format!("{to}.mlp_ln"))
    }

    /// CTranslate2 stacks query, key and value, `stacked` of them in each of its linear layers; the output is the one
    /// after. Whisper's key has no bias, CTranslate2's is zero.
    fn attention(&mut self, from: &str, to: &str, stacked: &[usize]) -> Result<(), ConvertError> {
        let mut names = ["query", "key", "value"].into_iter();
        for (layer, &count) in stacked.iter().enumerate() {
            let weight = self.model.tensor(&format!("{from}/linear_{layer}/weight"))?;
            let bias = self.model.tensor(&format!("{from}/linear_{layer}/bias"))?;
            for (number, name) in names.by_ref().take(count).enumerate() {
                self.writer.tensor(&format!("{to}.{name}.weight"), &weight.part(number, count)?, Stored::F16)?;
                if name != "key" {
                    self.put(&format!("{to}.{name}.bias"), &bias.part(number, count)?)?;
                }
            }
        }
        self.linear(&format!("{from}/linear_{}", stacked.len()), &format!("{to}.out"))?;
        self.norm(&format!("{from}/layer_norm"), &format!("{to}_ln"))
    }

    fn linear(&mut self, from: &str, to: &str) -> Result<(), ConvertError> {
        self.copy(&format!("{from}/weight"), &format!("{to}.weight"), Stored::F16)?;
        self.copy(&format!("{from}/bias"), &format!("{to}.bias"), Stored::F32)
    }

    fn norm(&mut self, from: &str, to: &str) -> Result<(), ConvertError> {
        self.copy(&format!("{from}/gamma"), &format!("{to}.weight"), Stored::F32)?;
        self.copy(&format!("{from}/beta"), &format!("{to}.bias"), Stored::F32)
    }

    fn copy(&mut self, from: &str, to: &str, stored: Stored) -> Result<(), ConvertError> {
        let tensor = self.model.tensor(from)?;
        Ok(self.writer.tensor(to, &tensor, stored)?)
    }

    fn put(&mut self, name: &str, vector: &Tensor) -> Result<(), ConvertError> {
        Ok(self.writer.tensor(name, vector, Stored::F32)?)
    }
}
