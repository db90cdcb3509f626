//! A Piper voice's description (`voice.onnx.json`), and its phonemes as the model's numbers. Pure.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::text::ends_sentence;

/// The fields of `*.onnx.json` that synthesis needs.
#[derive(Debug, Deserialize)]
pub struct Voice {
    audio: AudioFields,
    #[serde(default)]
    espeak: EspeakFields,
    #[serde(default)]
    inference: InferenceFields,
    #[serde(default)]
    phoneme_type: PhonemeType,
    phoneme_id_map: BTreeMap<String, Vec<i64>>,
    #[serde(default = "one")]
    num_speakers: i64,
    #[serde(default)]
    speaker_id_map: BTreeMap<String, i64>,
}

#[derive(Debug, Deserialize)]
struct AudioFields {
    sample_rate: u32,
}

#[derive(Debug, Default, Deserialize)]
struct EspeakFields {
    #[serde(default)]
    voice: String,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct InferenceFields {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

impl Default for InferenceFields {
    /// Those of Piper itself.
    fn default() -> Self {
        Self { noise_scale: 0.667, length_scale: 1.0, noise_w: 0.8 }
    }
}

/// What the model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhonemeType {
    /// espeak-ng's IPA.
    #[default]
    Espeak,
    /// The characters themselves.
    Text,
}

fn one() -> i64 {
    1
}

/// Why a voice cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// No description beside the model.
    #[error("cannot read {path}: {source}; a Piper voice is a pair of files, NAME.onnx and NAME.onnx.json")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The description is not Piper's.
    #[error("{path} is no description of a Piper voice: {reason}")]
    Json {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Voice {
    /// Reads the description beside `model`.
    ///
    /// # Errors
    ///
    /// When it is missing or lacks what synthesis needs.
    pub fn read(model: &std::path::Path) -> Result<Self, VoiceError> {
        let mut path = model.as_os_str().to_owned();
        path.push(".json");
        let path = PathBuf::from(path);
        let json = std::fs::read(&path).map_err(|source| VoiceError::File { path: path.clone(), source })?;
        Self::parse(&json).map_err(|reason| VoiceError::Json { path, reason })
    }

    fn parse(json: &[u8]) -> Result<Self, String> {
        let voice: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        for mark in ["^", "$", "_"] {
            if voice.phoneme_id_map.get(mark).is_none_or(Vec::is_empty) {
                return Err(format!("phoneme_id_map lacks {mark:?}"));
            }
        }
        if !(8_000..=96_000).contains(&voice.audio.sample_rate) {
            return Err(format!("audio.sample_rate is {}; allowed: 8000 to 96000", voice.audio.sample_rate));
        }
        Ok(voice)
    }

    /// In Hz.
    pub fn sample_rate(&self) -> u32 {
        self.audio.sample_rate
    }

    /// The espeak-ng voice whose phonemes the model was trained on.
    pub fn espeak_voice(&self) -> &str {
        if self.espeak.voice.is_empty() { "en-us" } else { &self.espeak.voice }
    }

    /// What the model reads.
    pub fn phoneme_type(&self) -> PhonemeType {
        self.phoneme_type
    }

    /// The model's `scales` at a speaking rate (1.0 is normal).
    pub fn scales(&self, rate: f32) -> [f32; 3] {
        [self.inference.noise_scale, self.inference.length_scale / rate, self.inference.noise_w]
    }

    /// The model's `sid` for a speaker by name or number: nothing for a model of one speaker, the first for no name.
    ///
    /// # Errors
    ///
    /// The names that there are.
    pub fn speaker(&self, name: &str) -> Result<Option<i64>, String> {
        let known = self.speaker_id_map.get(name).copied();
        let numbered = name.parse::<i64>().ok().filter(|number| (0..self.num_speakers).contains(number));
        match known.or(numbered) {
            _ if self.num_speakers <= 1 && name.is_empty() => Ok(None),
            Some(number) => Ok((self.num_speakers > 1).then_some(number)),
            None if name.is_empty() => Ok(Some(0)),
            None => {
                let names: Vec<&str> = self.speaker_id_map.keys().map(String::as_str).take(20).collect();
                Err(format!(
                    "this Piper model has no speaker {name:?}; it has {} ({})",
                    self.num_speakers,
                    if names.is_empty() { "by number".to_owned() } else { names.join(", ") }
                ))
            }
        }
    }

    /// The model's `input` for a sentence: begin, each phoneme, end, with padding after each but the end. Phonemes that
    /// the model does not know are left out.
    pub fn ids(&self, phonemes: &str) -> Vec<i64> {
        let of = |phoneme: &str| self.phoneme_id_map.get(phoneme).map(Vec::as_slice).unwrap_or_default();
        let mut ids = [of("^"), of("_")].concat();
        for phoneme in phonemes.nfd() {
            let known = of(phoneme.encode_utf8(&mut [0; 4]));
            if !known.is_empty() {
                ids.extend_from_slice(known);
                ids.extend_from_slice(of("_"));
            }
        }
        ids.extend_from_slice(of("$"));
        ids
    }
}

/// Joins espeak's clauses (phonemes, and the text they came from) to sentences, with the punctuation that the model
/// was trained to hear and espeak swallows.
pub fn sentences(clauses: &[(String, String)]) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for (nth, (phonemes, text)) in clauses.iter().enumerate() {
        let sentence = sentences.last_mut().expect("there is always one");
        sentence.push_str(without_language_switches(phonemes).trim());
        let mark = text.trim_end().trim_end_matches(['"', '\'', '”', '’', ')', '»']).chars().last();
        let next = clauses.get(nth + 1).map(|(_, text)| text.as_str());
        match mark {
            // espeak ends a clause at "Mr." as well.
            Some('.') if next.is_some_and(|next| !ends_sentence(text.trim_end(), next)) => sentence.push(' '),
            Some('.' | '…' | '。') => sentence.push('.'),
            Some('!' | '！') => sentence.push('!'),
            Some('?' | '？') => sentence.push('?'),
            Some(',' | '—' | '–' | '，' | '、') => sentence.push_str(", "),
            Some(';' | '；') => sentence.push_str("; "),
            Some(':' | '：') => sentence.push_str(": "),
            Some(_) | None => sentence.push(' '),
        }
        if sentence.ends_with(['.', '!', '?']) {
            sentences.push(String::new());
        }
    }
    sentences.iter().map(|sentence| sentence.trim().to_owned()).filter(|sentence| !sentence.is_empty()).collect()
}

/// espeak marks words of another language by `(en)` … `(de)`.
fn without_language_switches(phonemes: &str) -> String {
    let mut plain = String::with_capacity(phonemes.len());
    let mut rest = phonemes;
    while let Some((before, after)) = rest.split_once('(') {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{
        "audio": { "sample_rate": 22050, "quality": "medium" },
        "espeak": { "voice": "de" },
        "inference": { "noise_scale": 0.3, "length_scale": 1.2, "noise_w": 0.4 },
        "phoneme_type": "espeak",
        "phoneme_id_map": { "_": [0], "^": [1], "$": [2], " ": [3], "a": [14], "c": [16], "\u0327": [140] },
        "num_speakers": 3, "speaker_id_map": { "anna": 0, "bert": 2 }, "dataset": "x", "piper_version": "1.0.0"
    }"#;

    fn voice() -> Voice {
        Voice::parse(JSON.as_bytes()).unwrap()
    }

    #[test]
    fn a_description_is_read_and_what_it_lacks_is_named() {
        let voice = voice();
        assert_eq!(
            (voice.sample_rate(), voice.espeak_voice(), voice.phoneme_type()),
            (22_050, "de", PhonemeType::Espeak)
        );
        assert!(Voice::parse(b"{}").unwrap_err().contains("audio"));
        assert!(Voice::parse(JSON.replace("\"^\"", "\"x\"").as_bytes()).unwrap_err().contains("\"^\""));
        assert!(Voice::parse(JSON.replace("22050", "1").as_bytes()).unwrap_err().contains("sample_rate"));
    }

    #[test]
    fn phonemes_become_padded_numbers_between_begin_and_end() {
        assert_eq!(voice().ids("a a"), [1, 0, 14, 0, 3, 0, 14, 0, 2]);
    }

    #[test]
    fn composed_phonemes_are_taken_apart_and_unknown_ones_left_out() {
        assert_eq!(voice().ids("\u{e7}\u{2603}"), [1, 0, 16, 0, 140, 0, 2]);
    }

    #[test]
    fn a_faster_rate_shortens_the_phonemes() {
        let scales = voice().scales(2.0);
        assert_eq!((scales[0], scales[1], scales[2]), (0.3, 0.6, 0.4));
    }

    #[test]
    fn speakers_go_by_name_or_number() {
        assert_eq!(voice().speaker("bert"), Ok(Some(2)));
        assert_eq!(voice().speaker("1"), Ok(Some(1)));
        assert_eq!(voice().speaker(""), Ok(Some(0)));
        assert!(voice().speaker("carl").unwrap_err().contains("anna, bert"));
        assert!(voice().speaker("3").is_err());
        let single = Voice::parse(JSON.replace("\"num_speakers\": 3,", "").as_bytes()).unwrap();
        assert_eq!(single.speaker(""), Ok(None));
    }

    #[test]
    fn clauses_become_sentences_with_their_punctuation() {
        let clauses = [("aː b", "Ah, "), ("(en)c(de) d", "see dee? "), ("m", "Mr. "), ("e", "\"Eh.\" "), ("f", "Eff")]
            .map(|(phonemes, text)| (phonemes.to_owned(), text.to_owned()));
        assert_eq!(sentences(&clauses), ["aː b, c d?", "m e.", "f"]);
    }
}
