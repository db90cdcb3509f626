//! `convert MODEL.BIN VOCABULARY.TXT GGML.BIN`: makes whisper.cpp's file of CTranslate2's.

use std::{env, error::Error, fs, fs::File, io::BufReader};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, vocabulary, target] = &arguments[..] else {
        return Err("usage: convert MODEL.BIN VOCABULARY.TXT GGML.BIN".into());
    };
    let model = BufReader::new(File::open(model)?);
    Ok(whisper_convert::convert(model, &fs::read_to_string(vocabulary)?, File::create(target)?)?)
}
