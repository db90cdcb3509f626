//! Writes a tiny model with the inputs and output of a Piper voice, so that loading and running are ONNX Runtime's own.
//!
//! It makes one period of a sine, [`SAMPLES_PER_ID`] samples long, for each phoneme number, as loud as the number is
//! high: what it was given can be read off what is heard.

use std::{fs, path::Path};

pub const SAMPLES_PER_ID: usize = 256;

const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// Writes `model` and its description, with the letters of "anything" and some punctuation as phonemes.
pub fn write_voice(model: &Path, sample_rate: u32) {
    fs::write(model, graph()).unwrap();
    let json = format!(
        r#"{{"audio":{{"sample_rate":{sample_rate}}},"espeak":{{"voice":"en-us"}},"phoneme_type":"espeak",
            "inference":{{"noise_scale":0.6,"length_scale":1.0,"noise_w":0.8}},"num_speakers":1,
            "phoneme_id_map":{{"_":[0],"^":[1],"$":[2]," ":[3],".":[10],",":[8],"?":[13],
            "h":[20],"ə":[59],"l":[24],"o":[27],"ʊ":[100],"ˈ":[120]}}}}"#
    );
    let mut path = model.as_os_str().to_owned();
    path.push(".json");
    fs::write(path, json).unwrap();
}

/// input → float → [N, 1] × sine [1, 256] → [N, 256] → [1, 1, 1, N · 256].
fn graph() -> Vec<u8> {
    let sine: Vec<u8> = (0..SAMPLES_PER_ID)
        .map(|at| (at as f32 / SAMPLES_PER_ID as f32 * std::f32::consts::TAU).sin() / 256.0)
        .flat_map(f32::to_le_bytes)
        .collect();
    let numbers = |numbers: &[i64]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let mut cast_to = Message::default();
    cast_to.text(1, "to").number(3, FLOAT).number(20, 2);
    let nodes = [
        node("Cast", &["input"], "real", Some(cast_to)),
        node("Reshape", &["real", "column_shape"], "column", None),
        node("MatMul", &["column", "sine"], "waves", None),
        node("Reshape", &["waves", "output_shape"], "output", None),
    ];
    let tensors = [
        tensor("sine", FLOAT, &[1, SAMPLES_PER_ID as u64], &sine),
        tensor("column_shape", INT64, &[2], &numbers(&[-1, 1])),
        tensor("output_shape", INT64, &[4], &numbers(&[1, 1, 1, -1])),
    ];
    let mut graph = Message::default();
    nodes.iter().for_each(|node| {
        graph.message(1, node);
    });
    graph.text(2, "voice");
    tensors.iter().for_each(|tensor| {
        graph.message(5, tensor);
    });
    graph
        .message(11, &value("input", INT64, &[Some(1), None]))
        .message(11, &value("input_lengths", INT64, &[Some(1)]))
        .message(11, &value("scales", FLOAT, &[Some(3)]))
        .message(12, &value("output", FLOAT, &[Some(1), Some(1), Some(1), None]));
    let mut opset = Message::default();
    opset.text(1, "").number(2, 13);
    let mut model = Message::default();
    model.number(1, 8).message(7, &graph).message(8, &opset);
    model.0
}

fn node(operator: &str, inputs: &[&str], output: &str, attribute: Option<Message>) -> Message {
    let mut node = Message::default();
    inputs.iter().for_each(|input| {
        node.text(1, input);
    });
    node.text(2, output).text(4, operator);
    attribute.iter().for_each(|attribute| {
        node.message(5, attribute);
    });
    node
}

fn tensor(name: &str, kind: u64, shape: &[u64], bytes: &[u8]) -> Message {
    let mut tensor = Message::default();
    shape.iter().for_each(|side| {
        tensor.number(1, *side);
    });
    tensor.number(2, kind).text(8, name).bytes(9, bytes);
    tensor
}

fn value(name: &str, kind: u64, shape: &[Option<u64>]) -> Message {
    let mut sides = Message::default();
    for side in shape {
        let mut dimension = Message::default();
        match side {
            Some(side) => dimension.number(1, *side),
            None => dimension.text(2, "n"),
        };
        sides.message(1, &dimension);
    }
    let mut of_tensor = Message::default();
    of_tensor.number(1, kind).message(2, &sides);
    let mut of_value = Message::default();
    of_value.message(1, &of_tensor);
    let mut value = Message::default();
    value.text(1, name).message(2, &of_value);
    value
}

/// A protobuf message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn number(&mut self, field: u64, number: u64) -> &mut Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) -> &mut Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(&mut self, field: u64, text: &str) -> &mut Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(&mut self, field: u64, message: &Self) -> &mut Self {
        self.bytes(field, &message.0)
    }
}
