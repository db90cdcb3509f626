//! What callers say while the agent speaks.

use anyhow::Result;

use super::recorded::recording;
use super::{Prompt, Talker, spoken};

/// Said to show that one listens; must not end the agent's answer.
const BACKCHANNELS: [&str; 8] = ["uh huh", "okay", "yes", "mm hmm", "right", "I see", "yeah", "all right"];

/// Recorded: the only single word of the kind among the exchange's recordings.
const RECORDED_BACKCHANNELS: [&str; 1] = ["digits/oh"];

/// Said to be heard at once.
const INTERRUPTIONS: [&str; 10] = [
    "stop",
    "wait a moment please",
    "no that is not what I asked",
    "let me speak to a person",
    "hold on",
    "excuse me I have a question",
    "no no no I meant the other one",
    "sorry can you repeat that",
    "that is wrong",
    "what are your opening hours on saturday",
];

/// Recorded people who would like to be heard, by the names of the recordings.
const RECORDED_INTERRUPTIONS: [&str; 6] =
    ["one-moment-please", "vm-sorry", "conf-invalid", "privacy-incorrect", "tt-somethingwrong", "ss-noservice"];

/// Backchannels by every English voice, and the recorded one.
///
/// # Errors
/// flite, espeak-ng, sox or the recordings cannot be had.
pub fn backchannels() -> Result<Vec<Prompt>> {
    everybody(&BACKCHANNELS, &RECORDED_BACKCHANNELS)
}

/// Interruptions by every English voice, and recorded ones.
///
/// # Errors
/// flite, espeak-ng, sox or the recordings cannot be had.
pub fn interruptions() -> Result<Vec<Prompt>> {
    everybody(&INTERRUPTIONS, &RECORDED_INTERRUPTIONS)
}

fn everybody(texts: &[&str], recorded: &[&str]) -> Result<Vec<Prompt>> {
    let synthetic = texts.iter().flat_map(|text| Talker::ENGLISH.map(|talker| spoken(talker, text)));
    synthetic.chain(recorded.iter().map(|name| recording("en", name))).collect()
}
