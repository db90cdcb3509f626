//! Synthetic callers.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Prompt;
use crate::rtp::RATE_HZ;
use crate::speech::{cache, part_of, run};

/// A voice of flite or espeak-ng.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Talker {
    /// flite, a man from the United States.
    Rms,
    /// flite, a woman from the United States: in most suites the agent's own voice.
    Slt,
    /// flite, a man from Scotland.
    Awb,
    /// flite, a man, synthesised from diphones.
    Kal16,
    /// espeak-ng, by the name of its voice: `en-us+f3`, `es-419`, `fr-fr+f2`.
    Espeak(&'static str),
}

impl Talker {
    /// One of each kind that speaks English.
    pub const ENGLISH: [Self; 6] =
        [Self::Rms, Self::Slt, Self::Awb, Self::Kal16, Self::Espeak("en-us+m3"), Self::Espeak("en-gb+f3")];

    /// The language it speaks, as `en`.
    pub fn language(self) -> &'static str {
        match self {
            Self::Espeak(voice) => voice.split(['-', '+']).next().unwrap_or(voice),
            Self::Rms | Self::Slt | Self::Awb | Self::Kal16 => "en",
        }
    }
}

impl fmt::Display for Talker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rms => f.write_str("rms"),
            Self::Slt => f.write_str("slt"),
            Self::Awb => f.write_str("awb"),
            Self::Kal16 => f.write_str("kal16"),
            Self::Espeak(voice) => write!(f, "espeak-{voice}"),
        }
    }
}

/// Speaks a text; kept in the target folder.
///
/// # Errors
/// flite, espeak-ng or sox is missing or fails, or nothing can be heard.
pub fn spoken(talker: Talker, text: &str) -> Result<Prompt> {
    let mut hasher = DefaultHasher::new();
    (talker.to_string(), text, RECIPE).hash(&mut hasher);
    let path = cache()?.join(format!("prompt-{talker}-{:016x}.wav", hasher.finish()));
    if !path.is_file() {
        make(talker, text, &path).with_context(|| format!("cannot make speech: {text}"))?;
    }
    let samples = crate::wav::read_mono(&path, RATE_HZ)?;
    let name = format!("{talker}: {text}");
    Prompt::trimmed(&name, talker.language(), &talker.to_string(), &samples, Some(text.to_owned()))
        .with_context(|| format!("{name} is silent"))
}

/// Part of the cache's key: change it with the commands below.
const RECIPE: u32 = 1;

fn make(talker: Talker, text: &str, path: &Path) -> Result<()> {
    let raw = part_of(&path.with_extension("raw.wav"));
    let part = part_of(path);
    match talker {
        Talker::Espeak(voice) => run(Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(&raw).arg(text))?,
        Talker::Rms | Talker::Slt | Talker::Awb | Talker::Kal16 => {
            run(Command::new("flite").args(["-voice", &talker.to_string(), "-t", text, "-o"]).arg(&raw))?;
        }
    }
    // −3 dB so that the steeper filter of the new rate does not clip.
    run(Command::new("sox")
        .arg(&raw)
        .args(["-r", "16000", "-c", "1", "-b", "16"])
        .arg(&part)
        .args(["gain", "-n", "-3"]))?;
    std::fs::remove_file(&raw)?;
    std::fs::rename(&part, path)?;
    Ok(())
}
