//! What callers say: made by flite and sox when first needed, kept in the target folder.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::rtp::RATE_HZ;

/// A caller's voice. The agent's own voice, slt, is not among them: nobody shall be recognised because he sounds like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Voice {
    /// A man from the United States.
    Rms,
    /// A man from Scotland.
    Awb,
    /// A man, synthesised from diphones.
    Kal16,
}

impl fmt::Display for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rms => "rms",
            Self::Awb => "awb",
            Self::Kal16 => "kal16",
        })
    }
}

/// An utterance: 16 kHz, without silence before or after, peak at −4 dB.
#[derive(Debug, Clone)]
pub struct Speech {
    samples: Arc<[i16]>,
    last_speech: usize,
}

impl Speech {
    /// Speaks a text.
    ///
    /// # Errors
    /// flite or sox is missing or fails.
    pub fn new(voice: Voice, text: &str) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        (voice, text, RECIPE).hash(&mut hasher);
        let path = cache()?.join(format!("{voice}-{:016x}.wav", hasher.finish()));
        if !path.is_file() {
            make(voice, text, &path).with_context(|| format!("cannot make speech: {text}"))?;
        }
        Ok(Self::whole(crate::wav::read_mono(&path, RATE_HZ)?))
    }

    /// Samples that are there already, of which those after `last_speech` are no speech.
    pub fn from_samples(samples: &[i16], last_speech: usize) -> Self {
        Self { samples: samples.into(), last_speech }
    }

    /// Samples that are there already, speech to the last of them.
    pub fn whole(samples: Vec<i16>) -> Self {
        Self { last_speech: samples.len().saturating_sub(1), samples: samples.into() }
    }

    /// Noise as of a street, brown and steady, `level_db` below full scale.
    ///
    /// # Errors
    /// sox is missing or fails.
    pub fn noise(length: Duration, level_db: u32) -> Result<Self> {
        let path = cache()?.join(format!("noise-{}-{level_db}.wav", length.as_millis()));
        if !path.is_file() {
            let part = part_of(&path);
            let seconds = length.as_secs_f64().to_string();
            // -R: the same noise each time.
            run(Command::new("sox").args(["-R", "-n", "-r", "16000", "-c", "1", "-b", "16"]).arg(&part).args([
                "synth",
                &seconds,
                "brownnoise",
                "gain",
                "-n",
                &format!("-{level_db}"),
            ]))?;
            std::fs::rename(part, &path)?;
        }
        Ok(Self::whole(crate::wav::read_mono(&path, RATE_HZ)?))
    }

    /// Silence.
    pub fn pause(length: Duration) -> Self {
        let count = (length.as_secs_f64() * f64::from(RATE_HZ)) as usize;
        Self::whole(vec![0; count])
    }

    /// This, then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self {
            samples: self.samples.iter().chain(next.samples.iter()).copied().collect(),
            last_speech: self.samples.len() + next.last_speech,
        }
    }

    /// Only the beginning.
    #[must_use]
    pub fn first(&self, length: Duration) -> Self {
        let count = (length.as_secs_f64() * f64::from(RATE_HZ)) as usize;
        Self::whole(self.samples[..count.min(self.samples.len())].to_vec())
    }

    /// The samples.
    pub fn samples(&self) -> Arc<[i16]> {
        Arc::clone(&self.samples)
    }

    /// The index of the last sample that is speech.
    pub fn last_speech(&self) -> usize {
        self.last_speech
    }

    /// How long it is.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(RATE_HZ))
    }
}

/// Part of the cache's key: change it with the commands below.
const RECIPE: u32 = 1;

fn make(voice: Voice, text: &str, path: &Path) -> Result<()> {
    let raw = part_of(&path.with_extension("raw.wav"));
    let part = part_of(path);
    run(Command::new("flite").args(["-voice", &voice.to_string(), "-t", text, "-o"]).arg(&raw))?;
    // Cut what is below 0.4 % of full scale at both ends; a test counts from the first sound to the last.
    let cut = ["silence", "1", "0.01", "0.4%", "reverse", "silence", "1", "0.01", "0.4%", "reverse"];
    run(Command::new("sox")
        .arg(&raw)
        .args(["-r", "16000", "-c", "1", "-b", "16"])
        .arg(&part)
        .args(cut)
        .args(["gain", "-n", "-4"]))?;
    std::fs::remove_file(&raw)?;
    std::fs::rename(&part, path)?;
    Ok(())
}

pub(crate) fn cache() -> Result<PathBuf> {
    let dir = crate::paths::target().join("speech");
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// A name of our own until the file is whole.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    path.with_extension(format!("{}-{number}.wav", std::process::id()))
}

pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} is missing: apt-get install {program}"))?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
