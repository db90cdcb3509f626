//! Reading what the daemon wrote about a call. The format is known in this file only.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// The journal of one call: a JSON object a line.
#[derive(Debug, Clone)]
pub struct Journal {
    /// Its file.
    pub path: PathBuf,
    lines: Vec<Value>,
}

/// What somebody said, as the agent remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Said by the caller, else by the agent.
    pub by_caller: bool,
    /// The words; of the agent's, those that were heard.
    pub text: String,
}

impl Journal {
    /// Reads a journal, of a running call too: a half-written last line is left out.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else than JSON Lines.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().enumerate().map(|(index, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{}: {line}", path.display(), index + 1))
        });
        Ok(Self { path: path.to_path_buf(), lines: lines.collect::<Result<_>>()? })
    }

    /// All journals of a folder, oldest first.
    ///
    /// # Errors
    /// The folder cannot be read, or one of the journals.
    pub fn read_all(dir: &Path) -> Result<Vec<Self>> {
        Self::paths(dir)?.iter().map(|path| Self::read(path)).collect()
    }

    /// The newest journal of a folder, if there is one.
    ///
    /// # Errors
    /// The folder cannot be read, or that journal.
    pub fn read_newest(dir: &Path) -> Result<Option<Self>> {
        Self::paths(dir)?.last().map(|path| Self::read(path)).transpose()
    }

    /// Oldest first.
    fn paths(dir: &Path) -> Result<Vec<PathBuf>> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
            .with_context(|| format!("cannot read {}", dir.display()))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
            .collect();
        paths.sort_by_key(|path| (path.metadata().and_then(|data| data.created()).ok(), path.clone()));
        Ok(paths)
    }

    /// The lines of one kind: `call`, `input`, `action`, `timing`, `history`, `prompt`, `failure`, `audio`.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["kind"] == kind)
    }

    /// The `Call-ID` of the call.
    pub fn sip_call_id(&self) -> &str {
        self.of_kind("call").find_map(|line| line["sip_call_id"].as_str()).unwrap_or("")
    }

    /// The name of the codec that was agreed.
    pub fn codec(&self) -> String {
        self.of_kind("call").find_map(|line| line["codec"].as_str()).unwrap_or("").to_lowercase()
    }

    /// The value of a header of the INVITE that the agent was told.
    pub fn context(&self, header: &str) -> Option<&str> {
        let header = header.to_ascii_lowercase();
        self.of_kind("call").find_map(|line| line["context"][&header].as_str())
    }

    /// The model's instructions.
    pub fn prompt(&self) -> &str {
        self.of_kind("prompt").find_map(|line| line["prompt"].as_str()).unwrap_or("")
    }

    /// The final transcripts of the caller's utterances, in lower case.
    pub fn transcripts(&self) -> Vec<String> {
        let finals = self.of_kind("input").filter(|line| line["input"]["type"] == "final_transcript");
        finals.filter_map(|line| line["input"]["text"].as_str()).map(str::to_lowercase).collect()
    }

    /// What the agent was about to say, clause by clause.
    pub fn spoken(&self) -> Vec<String> {
        let clauses = self.of_kind("action").filter(|line| line["action"]["type"] == "speak");
        clauses.filter_map(|line| line["action"]["text"].as_str()).map(str::to_owned).collect()
    }

    /// The names of the machine's actions in their order.
    pub fn actions(&self) -> Vec<&str> {
        self.of_kind("action").filter_map(|line| line["action"]["type"].as_str()).collect()
    }

    /// The conversation as it was heard; empty while the call lasts.
    pub fn history(&self) -> Vec<Remembered> {
        let entries = self.of_kind("history").last().and_then(|line| line["entries"].as_array());
        entries
            .into_iter()
            .flatten()
            .map(|entry| Remembered {
                by_caller: entry["speaker"] == "caller",
                text: entry["text"].as_str().unwrap_or("").to_owned(),
            })
            .collect()
    }

    /// What the agent says while a reply is late.
    pub fn fillers(&self) -> Vec<String> {
        let settings = self.of_kind("call").map(|line| &line["settings"]).find(|settings| settings.is_object());
        let lists = ["fillers", "question_fillers"].into_iter().filter_map(|list| settings?[list].as_array());
        lists.flatten().filter_map(|filler| filler.as_str()).map(str::to_owned).collect()
    }

    /// How the transfer ended: the code of the last report about it.
    pub fn transfer_code(&self) -> Option<u64> {
        self.of_kind("call").filter(|line| line["event"] == "transfer").filter_map(|line| line["code"].as_u64()).last()
    }

    /// Whether the call's end was written.
    pub fn is_complete(&self) -> bool {
        self.of_kind("history").next().is_some()
    }

    /// A counter of the call's audio: `playout_underruns`, `capture_overruns`, `played_frames`, …
    pub fn audio_counter(&self, name: &str) -> Option<u64> {
        self.of_kind("audio").find_map(|line| line[name].as_u64())
    }

    /// The daemon's own stages of each turn, in milliseconds: name and value, as written.
    pub fn timings(&self, stage: &str) -> Vec<f64> {
        self.of_kind("timing").filter_map(|line| line[stage].as_f64()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_tells_what_was_said_and_heard() {
        let path = std::env::temp_dir().join(format!("pjsua-agent-journal-kit-{}.jsonl", std::process::id()));
        let text = r#"{"t":0,"call":1,"kind":"call","event":"started","sip_call_id":"1-2@kit","context":{"x-did":"5"}}
{"t":1,"call":1,"kind":"call","event":"answered","codec":"G722/16000/1"}
{"t":2,"call":1,"kind":"input","input":{"type":"final_transcript","utterance":1,"text":"Opening hours"}}
{"t":3,"call":1,"kind":"action","action":{"type":"speak","turn":1,"clause":0,"text":"From nine."}}
{"t":4,"call":1,"kind":"history","entries":[{"speaker":"agent","text":"From","turn":1}]}
{"t":5,"call":1,"ki"#;
        std::fs::write(&path, text).unwrap();
        let journal = Journal::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((journal.sip_call_id(), journal.codec().as_str()), ("1-2@kit", "g722/16000/1"));
        assert_eq!(journal.context("X-DID"), Some("5"));
        assert_eq!(
            (journal.transcripts(), journal.spoken()),
            (vec!["opening hours".into()], vec!["From nine.".into()])
        );
        assert_eq!(journal.history(), [Remembered { by_caller: false, text: "From".into() }]);
        assert!(journal.is_complete());
    }
}
