//! Writes tiny GGUF models of the `llama` architecture, so that loading, tokenising, decoding and sampling are the real ones.

use std::{fs, path::Path};

const WIDTH: usize = 512;
const HEADS: usize = 8;
const FORWARD: usize = 64;
const LAYERS: usize = 2;

const FIRST_BYTE: usize = 3;
const IM_START: usize = FIRST_BYTE + 256;
const IM_END: usize = IM_START + 1;
const FIRST_WORD: usize = IM_END + 1;

const TEMPLATE: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + \
                        '<|im_end|>' + '\\n'}}{% endfor %}{{ '<|im_start|>assistant\\n' }}";

/// A model that says `pieces` one after the other and then ends, whatever it is asked. A piece is one token; bytes that
/// are no text stand for the byte tokens of the vocabulary. No piece may occur twice.
pub fn write_speaker(path: &Path, pieces: &[&[u8]]) {
    let mut words = Vec::new();
    let mut chain = vec![FIRST_BYTE + usize::from(b'\n')];
    for piece in pieces {
        match std::str::from_utf8(piece) {
            Ok(text) => {
                chain.push(FIRST_WORD + words.len());
                words.push(text.replace(' ', "\u{2581}"));
            }
            Err(_) => chain.extend(piece.iter().map(|byte| FIRST_BYTE + usize::from(*byte))),
        }
    }
    chain.push(IM_END);
    let size = FIRST_WORD + words.len();
    assert!(size <= WIDTH, "one dimension a token");
    let embedding = (0..size * WIDTH).map(|at| identity(at, 1.0)).collect();
    let mut output = vec![0.0; size * WIDTH];
    for pair in chain.windows(2) {
        output[pair[1] * WIDTH + pair[0]] = 1.0;
    }
    write(path, &words, embedding, output, &mut |_| 0.0);
}

/// A model that says letters at random, as a function of everything before them, without an end.
pub fn write_babbler(path: &Path) {
    let mut random = random();
    let words = letters();
    let size = FIRST_WORD + words.len();
    let embedding = (0..size * WIDTH).map(|_| random(1.0)).collect();
    let output = only_letters(size, &mut random);
    write(path, &words, embedding, output, &mut |_| random(0.2));
}

/// A model that says letters at random, as a function of which tokens stand before them and how often, without an end.
///
/// One dimension a token, and attention that is even and passes each token on as it is: however llama.cpp orders its sums
/// in half precision, equal terms and zeros add up to the same. So a reply depends on its own conversation alone,
/// while a babbler's letters also depend, where two are almost as likely, on what else is in the batch.
pub fn write_counter(path: &Path) {
    /// How much the last token counts beside the normalised mean of all.
    const LAST: f32 = 8.0;
    let words = letters();
    let size = FIRST_WORD + words.len();
    assert!(size <= WIDTH, "one dimension a token");
    let embedding = (0..size * WIDTH).map(|at| identity(at, LAST)).collect();
    let output = only_letters(size, &mut random());
    write(path, &words, embedding, output, &mut |weight| match (weight.layer, weight.name) {
        (0, "attn_v" | "attn_output") => identity(weight.at, 1.0),
        _ => 0.0,
    });
}

fn random() -> impl FnMut(f32) -> f32 {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    move |scale| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * scale
    }
}

fn letters() -> Vec<String> {
    ('a'..='z').map(String::from).collect()
}

fn only_letters(size: usize, random: &mut impl FnMut(f32) -> f32) -> Vec<f32> {
    (0..size * WIDTH).map(|at| if at / WIDTH < FIRST_WORD { 0.0 } else { random(1.0) }).collect()
}

fn identity(at: usize, scale: f32) -> f32 {
    if at / WIDTH == at % WIDTH { scale } else { 0.0 }
}

/// A weight's place in the model.
struct Weight {
    layer: usize,
    name: &'static str,
    at: usize,
}

fn write(path: &Path, words: &[String], embedding: Vec<f32>, output: Vec<f32>, weight: &mut dyn FnMut(Weight) -> f32) {
    let size = (FIRST_WORD + words.len()) as u64;
    let (width, forward) = (WIDTH as u64, FORWARD as u64);
    let mut tensors: Vec<(String, Vec<u64>, Vec<f32>)> = vec![
        ("token_embd.weight".into(), vec![width, size], embedding),
        ("output_norm.weight".into(), vec![width], vec![1.0; WIDTH]),
        ("output.weight".into(), vec![width, size], output),
    ];
    for layer in 0..LAYERS {
        for norm in ["attn_norm", "ffn_norm"] {
            tensors.push((format!("blk.{layer}.{norm}.weight"), vec![width], vec![1.0; WIDTH]));
        }
        for (name, columns, rows) in [
            ("attn_q", width, width),
            ("attn_k", width, width),
            ("attn_v", width, width),
            ("attn_output", width, width),
            ("ffn_gate", width, forward),
            ("ffn_up", width, forward),
            ("ffn_down", forward, width),
        ] {
            let values = (0..(columns * rows) as usize).map(|at| weight(Weight { layer, name, at })).collect();
            tensors.push((format!("blk.{layer}.{name}.weight"), vec![columns, rows], values));
        }
    }
    let mut file = Writer::default();
    file.bytes(b"GGUF");
    file.u32(3);
    file.u64(tensors.len() as u64);
    let entries = metadata(words);
    file.u64(entries.len() as u64);
    for (key, value) in &entries {
        file.text(key);
        file.value(value);
    }
    let mut offset = 0;
    for (name, shape, values) in &tensors {
        file.text(name);
        file.u32(shape.len() as u32);
        shape.iter().for_each(|side| file.u64(*side));
        file.u32(0);
        file.u64(offset);
        offset += (values.len() as u64 * 4).next_multiple_of(32);
    }
    for (_, _, values) in &tensors {
        file.align();
        values.iter().for_each(|value| file.bytes(&value.to_le_bytes()));
    }
    file.align();
    fs::write(path, file.0).unwrap();
}

enum Value {
    Number(u32),
    Real(f32),
    Truth(bool),
    Text(String),
    Numbers(Vec<i32>),
    Reals(Vec<f32>),
    Texts(Vec<String>),
}

fn metadata(words: &[String]) -> Vec<(&'static str, Value)> {
    const NORMAL: i32 = 1;
    const UNKNOWN: i32 = 2;
    const CONTROL: i32 = 3;
    const BYTE: i32 = 6;
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(str::to_owned).to_vec();
    let mut kinds = vec![UNKNOWN, CONTROL, CONTROL];
    tokens.extend((0..=255).map(|byte: u8| format!("<0x{byte:02X}>")));
    kinds.extend([BYTE; 256]);
    tokens.extend(["<|im_start|>", "<|im_end|>"].map(str::to_owned));
    kinds.extend([CONTROL; 2]);
    tokens.extend_from_slice(words);
    kinds.resize(tokens.len(), NORMAL);
    let scores = (0..tokens.len()).map(|token| -(token as f32)).collect();
    vec![
        ("general.architecture", Value::Text("llama".into())),
        ("general.name", Value::Text("tiny".into())),
        ("llama.context_length", Value::Number(2048)),
        ("llama.embedding_length", Value::Number(WIDTH as u32)),
        ("llama.block_count", Value::Number(LAYERS as u32)),
        ("llama.feed_forward_length", Value::Number(FORWARD as u32)),
        ("llama.attention.head_count", Value::Number(HEADS as u32)),
        ("llama.attention.layer_norm_rms_epsilon", Value::Real(1e-6)),
        ("llama.rope.dimension_count", Value::Number((WIDTH / HEADS) as u32)),
        ("tokenizer.ggml.model", Value::Text("llama".into())),
        ("tokenizer.ggml.tokens", Value::Texts(tokens)),
        ("tokenizer.ggml.scores", Value::Reals(scores)),
        ("tokenizer.ggml.token_type", Value::Numbers(kinds)),
        ("tokenizer.ggml.bos_token_id", Value::Number(1)),
        ("tokenizer.ggml.eos_token_id", Value::Number(IM_END as u32)),
        ("tokenizer.ggml.unknown_token_id", Value::Number(0)),
        ("tokenizer.ggml.add_bos_token", Value::Truth(true)),
        ("tokenizer.ggml.add_space_prefix", Value::Truth(false)),
        ("tokenizer.chat_template", Value::Text(TEMPLATE.into())),
    ]
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn array(&mut self, kind: u32, length: usize) {
        self.u32(9);
        self.u32(kind);
        self.u64(length as u64);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Number(number) => {
                self.u32(4);
                self.u32(*number);
            }
            Value::Real(real) => {
                self.u32(6);
                self.bytes(&real.to_le_bytes());
            }
            Value::Truth(truth) => {
                self.u32(7);
                self.bytes(&[u8::from(*truth)]);
            }
            Value::Text(text) => {
                self.u32(8);
                self.text(text);
            }
            Value::Numbers(numbers) => {
                self.array(5, numbers.len());
                numbers.iter().for_each(|number| self.bytes(&number.to_le_bytes()));
            }
            Value::Reals(reals) => {
                self.array(6, reals.len());
                reals.iter().for_each(|real| self.bytes(&real.to_le_bytes()));
            }
            Value::Texts(texts) => {
                self.array(8, texts.len());
                texts.iter().for_each(|text| self.text(text));
            }
        }
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(32), 0);
    }
}
