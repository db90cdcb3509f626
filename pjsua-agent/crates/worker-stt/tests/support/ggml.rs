//! A Whisper model of the right form and without any sense: the smallest shapes, random weights.

use std::{fs, io, path::Path};

const VOCABULARY: i32 = 51_864; // English; the ids of the special tokens follow from it
const AUDIO_CONTEXT: i32 = 1_500;
const TEXT_CONTEXT: i32 = 448;
const STATE: i32 = 64;
const MELS: i32 = 80;
const FFT: i32 = 201;

/// Writes the model to `path`, in the legacy ggml format that whisper.cpp reads.
pub fn write_senseless_model(path: &Path) -> io::Result<()> {
    let mut model = Model { bytes: Vec::new(), seed: 1 };
    model.ints(&[0x6767_6d6c]);
    // One layer, one head, weights in half precision.
    model.ints(&[VOCABULARY, AUDIO_CONTEXT, STATE, 1, 1, TEXT_CONTEXT, STATE, 1, 1, MELS, 1]);
    model.ints(&[MELS, FFT]);
    for mel in 0..MELS {
        for bin in 0..FFT {
            let weight = if bin * MELS / FFT == mel { 0.02_f32 } else { 0.0 };
            model.bytes.extend(weight.to_le_bytes());
        }
    }
    let words = VOCABULARY - 1_607; // those before the special tokens
    model.ints(&[words]);
    for word in 0..words {
        // whisper.cpp looks for the blank by its text.
        let word = if word == 0 { " ".to_owned() } else { format!(" w{word}") };
        model.ints(&[i32::try_from(word.len()).unwrap()]);
        model.bytes.extend(word.as_bytes());
    }
    model.encoder();
    model.decoder();
    fs::write(path, model.bytes)
}

struct Model {
    bytes: Vec<u8>,
    seed: u32,
}

impl Model {
    fn encoder(&mut self) {
        self.single("encoder.positional_embedding", &[STATE, AUDIO_CONTEXT]);
        self.half("encoder.conv1.weight", &[3, MELS, STATE]);
        self.single("encoder.conv1.bias", &[1, STATE]);
        self.half("encoder.conv2.weight", &[3, STATE, STATE]);
        self.single("encoder.conv2.bias", &[1, STATE]);
        self.norm("encoder.ln_post");
        self.mlp("encoder.blocks.0");
        self.attention("encoder.blocks.0.attn");
    }

    fn decoder(&mut self) {
        self.single("decoder.positional_embedding", &[STATE, TEXT_CONTEXT]);
        self.half("decoder.token_embedding.weight", &[STATE, VOCABULARY]);
        self.norm("decoder.ln");
        self.mlp("decoder.blocks.0");
        self.attention("decoder.blocks.0.attn");
        self.attention("decoder.blocks.0.cross_attn");
    }

    fn mlp(&mut self, block: &str) {
        self.norm(&format!("{block}.mlp_ln"));
        self.half(&format!("{block}.mlp.0.weight"), &[STATE, 4 * STATE]);
        self.single(&format!("{block}.mlp.0.bias"), &[4 * STATE]);
        self.half(&format!("{block}.mlp.2.weight"), &[4 * STATE, STATE]);
        self.single(&format!("{block}.mlp.2.bias"), &[STATE]);
    }

    fn attention(&mut self, attention: &str) {
        self.norm(&format!("{attention}_ln"));
        for part in ["query", "key", "value", "out"] {
            self.half(&format!("{attention}.{part}.weight"), &[STATE, STATE]);
            if part != "key" {
                self.single(&format!("{attention}.{part}.bias"), &[STATE]);
            }
        }
    }

    fn norm(&mut self, name: &str) {
        self.single(&format!("{name}.weight"), &[STATE]);
        self.single(&format!("{name}.bias"), &[STATE]);
    }

    fn single(&mut self, name: &str, shape: &[i32]) {
        self.head(name, shape, 0);
        for _ in 0..shape.iter().product() {
            let value = (self.random() >> 8) as f32 / (1 << 24) as f32 - 0.5;
            self.bytes.extend(value.to_le_bytes());
        }
    }

    fn half(&mut self, name: &str, shape: &[i32]) {
        self.head(name, shape, 1);
        for _ in 0..shape.iter().product() {
            // ±(1/8 … 1/4), in IEEE half precision.
            let value = (12 << 10) | (self.random() >> 16) as u16 & 0x83ff;
            self.bytes.extend(value.to_le_bytes());
        }
    }

    fn head(&mut self, name: &str, shape: &[i32], kind: i32) {
        self.ints(&[i32::try_from(shape.len()).unwrap(), i32::try_from(name.len()).unwrap(), kind]);
        self.ints(shape);
        self.bytes.extend(name.as_bytes());
    }

    fn ints(&mut self, values: &[i32]) {
        self.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    fn random(&mut self) -> u32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.seed
    }
}
