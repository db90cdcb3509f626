//! What was measured, a JSON object a line, written as it comes: a run that breaks off loses nothing, and the page can be
//! written again without measuring.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Row {
    /// An utterance and its answer.
    Turn(Turn),
    /// What the daemon wrote about one of its turns.
    Stages(Stages),
    /// Something that was heard while the agent spoke.
    Overlap(Overlap),
    /// An answer that was paused and resumed, beside the same one undisturbed.
    Joint {
        /// Samples at 16 kHz that are missing (negative: that came twice) where it went on.
        lost_samples: i64,
    },
    /// CPU of the daemon without its workers.
    Cost {
        /// Which techniques were on.
        variant: String,
        /// Microseconds per second of a call.
        cpu_us: f64,
    },
    /// Calls that the agent ended or handed over, though nobody asked it to.
    Ended {
        /// Calls at once.
        calls: u32,
        /// How many.
        ended: u32,
    },
    /// Packets that the probe sent more than 5 ms late.
    Late {
        /// Calls at once.
        calls: u32,
        /// How many.
        packets: u32,
    },
}

/// An utterance and its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Turn {
    /// Which techniques were on; empty for all.
    pub variant: String,
    /// Calls at once.
    pub calls: u32,
    /// Whose voice it was.
    pub kind: String,
    /// What it was.
    pub prompt: String,
    /// The pause inside it; 0 for none.
    pub pause_ms: u64,
    /// From the packet with the last speech sample to the agent's first audible one; `None` when nothing came, or too early.
    pub latency_ms: Option<f64>,
    /// The agent was heard before the caller had ended.
    pub early: bool,
}

/// What the daemon wrote about one of its turns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stages {
    /// As in [`Turn`].
    pub variant: String,
    /// Calls at once.
    pub calls: u32,
    /// Milliseconds: endpoint, stt, llm, tts, daemon, total.
    pub ms: [f64; 6],
    /// It was prepared ahead.
    pub speculated: bool,
    /// Its first clause had been synthesised before.
    pub cached: bool,
    /// Its first clause bridges the wait for the reply.
    pub filler: bool,
}

/// Something that was heard while the agent spoke.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Overlap {
    /// As in [`Turn`].
    pub variant: String,
    /// `interruption`, `backchannel`, `cough` …
    pub kind: String,
    /// What it was.
    pub what: String,
    /// Distance of a noise to speech; `None` for speech.
    pub snr_db: Option<u32>,
    /// It ended the agent's answer.
    pub ended: bool,
    /// The agent paused.
    pub paused: bool,
    /// From the first packet of it to the agent's last audible one before the pause, on the wire.
    pub duck_ms: Option<f64>,
    /// The same until the answer was given up for good.
    pub stop_ms: Option<f64>,
    /// How long the agent was silent before it went on.
    pub gap_ms: Option<f64>,
}

/// The rows of one part.
pub struct Rows {
    file: File,
    part: PathBuf,
    whole: PathBuf,
}

impl Rows {
    /// Begins a part; the rows of its last run stay until this one is complete.
    pub fn begin(dir: &Path, part: &str) -> Result<Self> {
        let whole = dir.join(format!("{part}.jsonl"));
        let part = dir.join(format!("{part}.partial.jsonl"));
        let file = File::create(&part).with_context(|| format!("cannot write {}", part.display()))?;
        Ok(Self { file, part, whole })
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Row) -> Result<()> {
        writeln!(self.file, "{}", serde_json::to_string(row)?)?;
        Ok(())
    }

    /// The part was measured to its end.
    pub fn complete(self) -> Result<()> {
        std::fs::rename(&self.part, &self.whole)?;
        Ok(())
    }
}

/// The rows of a part that was complete once; else those of one that broke off; else none.
pub fn read(dir: &Path, part: &str) -> Result<Vec<Row>> {
    let files = [format!("{part}.jsonl"), format!("{part}.partial.jsonl")].map(|name| dir.join(name));
    let Some(text) = files.iter().find_map(|file| std::fs::read_to_string(file).ok()) else { return Ok(Vec::new()) };
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("not a row: {line}"))).collect()
}
