//! The questions of `tests/evaluation`, whose files say what each key means.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub ask: String,
    pub kind: Kind,
    #[serde(default)]
    pub must: Vec<Vec<String>>,
    #[serde(default)]
    pub never: Vec<String>,
    pub outcome: Wanted,
    #[serde(default)]
    pub aloud: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Rule,
    Prompt,
    Unknown,
    Act,
    Talk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    Answer,
    Refuse,
    Transfer,
    Hangup,
}

#[derive(Debug)]
pub struct Questions {
    /// The agent's file.
    pub agent: PathBuf,
    pub refusals: Vec<String>,
    pub all: Vec<Question>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    agent: String,
    #[serde(default)]
    refusals: Vec<String>,
    question: Vec<Question>,
}

impl Questions {
    /// # Errors
    /// The file is missing or holds something else.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let file: File = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let folder = path.parent().context("a file in a folder")?;
        Ok(Self { agent: folder.join(file.agent), refusals: file.refusals, all: file.question })
    }
}
