//! What callers say, and over what.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use crate::suppressor::{level_dbfs, mix, samples_in_ms, scale, speak, telephone, white};

/// Short requests as they come by telephone, in the words of the recogniser's
/// dictionary.
pub const SENTENCES: [&str; 20] = [
    "what are your opening hours on saturday",
    "where is my order",
    "i would like to speak to a person",
    "how much does it cost",
    "can you tell me the price of the blue one",
    "my order number is four five one seven",
    "i want to change my address",
    "please cancel my order",
    "i have a question about my bill",
    "thank you very much goodbye",
    "what is the status of my order",
    "can i pay by card",
    "yes that is right",
    "i am calling about the letter you sent me",
    "how long does it take",
    "i forgot my password",
    "please call me back tomorrow",
    "i would like to make an appointment",
    "next tuesday in the afternoon",
    "put me through to the sales department",
];

/// The caller's level, in dBFS.
const CALLER_DBFS: f64 = -24.0;

/// The other people in a room, speaking at once.
const BABBLE: [(&str, &str); 6] = [
    ("slt", "we had dinner at the new place by the river and then we walked home because the weather was so nice"),
    ("awb", "the meeting was moved to thursday so you can take your time with the report until wednesday evening"),
    ("kal16", "he told me that the train was late again and that he had to wait for more than an hour in the cold"),
    ("slt", "did you see the game last night it was the best one they have played since the beginning of the year"),
    ("awb", "if you take the second road on the left you will come to a bridge and behind it there is the school"),
    ("kal16", "i told her that i would think about it but to be honest i have already made up my mind about that"),
];

#[derive(Clone, Copy)]
pub enum Noise {
    None,
    White,
    /// Six voices.
    Babble,
    /// 50 Hz and its harmonics up to 1 kHz.
    Hum,
}

impl Noise {
    pub fn name(self) -> &'static str {
        match self {
            Noise::None => "none",
            Noise::White => "white",
            Noise::Babble => "babble",
            Noise::Hum => "hum",
        }
    }

    /// A sentence over this noise as it comes out of a telephone line, with so much
    /// of the line before and after. The ratio is that of the RMS levels within the
    /// telephone's band, over the time of the speech.
    pub fn line(self, text: &'static str, seed: u64, snr_db: f64, before_ms: usize, after_ms: usize) -> Vec<i16> {
        let speech = spoken("rms", text);
        let (before, after) = (samples_in_ms(before_ms), samples_in_ms(after_ms));
        let line = [&vec![0; before][..], &speech, &vec![0; after]].concat();
        let Some(noise) = self.noise(line.len(), seed) else { return line };
        let noise = telephone(&noise);
        let during = &noise[before..before + speech.len()];
        let gain_db = CALLER_DBFS - snr_db - level_dbfs(during);
        telephone(&mix(&line, &scale(&noise, level_dbfs(&noise) + gain_db)))
    }

    fn noise(self, len: usize, seed: u64) -> Option<Vec<i16>> {
        match self {
            Noise::None => None,
            Noise::White => Some(white(-20.0, len, seed)),
            Noise::Babble => Some(babble(len, seed)),
            Noise::Hum => Some(hum(len, seed)),
        }
    }
}

/// Spoken once: flite takes longer than the recogniser.
fn spoken(voice: &'static str, text: &'static str) -> Vec<i16> {
    type ByVoiceAndText = HashMap<(&'static str, &'static str), Vec<i16>>;
    static SPOKEN: LazyLock<Mutex<ByVoiceAndText>> = LazyLock::new(Mutex::default);
    let mut spoken = SPOKEN.lock().expect("nobody panics");
    spoken.entry((voice, text)).or_insert_with(|| speak(voice, text, CALLER_DBFS)).clone()
}

fn babble(len: usize, seed: u64) -> Vec<i16> {
    let mut sum = vec![0; len];
    for (number, (voice, text)) in (1u64..).zip(BABBLE) {
        let voice = scale(&spoken(voice, text), -32.0);
        let offset = (seed * 7_919 + number * 104_729) as usize % voice.len();
        let endless = voice.iter().cycle().skip(offset).copied().take(len);
        sum = mix(&sum, &endless.collect::<Vec<_>>());
    }
    sum
}

fn hum(len: usize, seed: u64) -> Vec<i16> {
    let sample = |i: usize| {
        let harmonics = (1..=20).map(|n| {
            let phase = (seed * n) as f64;
            (std::f64::consts::TAU * 50.0 * n as f64 * i as f64 / 16_000.0 + phase).sin() / n as f64
        });
        (harmonics.sum::<f64>() * 4_000.0) as i16
    };
    (0..len).map(sample).collect()
}
