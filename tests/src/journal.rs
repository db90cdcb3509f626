//! What the daemon wrote about a call, read as the types of `call-record`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use call_record::{AudioCounters, CallEvent, Line, Record, Started, TurnTimes};
use conversation::{Action, Entry, Input, Speaker, Spoken};
use redaction::Personal;

/// The journal of one call.
#[derive(Debug, Clone)]
pub struct Journal {
    /// Its file.
    pub path: PathBuf,
    /// Its lines, in their order.
    pub lines: Vec<Line>,
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

    /// What was recorded, in its order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.lines.iter().map(|line| &line.record)
    }

    /// What the machine was told.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.records().filter_map(|record| if let Record::Input { input } = record { Some(input) } else { None })
    }

    /// What the machine asked for.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.records().filter_map(|record| if let Record::Action { action } = record { Some(action) } else { None })
    }

    /// What became of the call.
    pub fn events(&self) -> impl Iterator<Item = &CallEvent> {
        self.records().filter_map(|record| if let Record::Call(event) = record { Some(event) } else { None })
    }

    /// The stations of the agent's turns.
    pub fn timings(&self) -> impl Iterator<Item = &TurnTimes> {
        self.records().filter_map(|record| if let Record::Timing(times) = record { Some(&**times) } else { None })
    }

    /// How the call began.
    ///
    /// # Panics
    /// When the first line is something else.
    pub fn started(&self) -> &Started {
        match self.lines.first().map(|line| &line.record) {
            Some(Record::Call(CallEvent::Started(started))) => started,
            other => panic!("{}: begins with {other:?}", self.path.display()),
        }
    }

    /// The name of the codec that was agreed.
    pub fn codec(&self) -> String {
        let codec = self.events().find_map(|event| match event {
            CallEvent::Answered { codec } => Some(codec.to_lowercase()),
            _ => None,
        });
        codec.unwrap_or_default()
    }

    /// The value of a header of the INVITE that the agent was told.
    pub fn context(&self, header: &str) -> Option<&str> {
        self.started().context.get(&header.to_ascii_lowercase()).map(Personal::as_str)
    }

    /// The model's instructions.
    pub fn prompt(&self) -> &str {
        let prompt = self.records().find_map(|record| match record {
            Record::Prompt { prompt } => Some(prompt.as_str()),
            _ => None,
        });
        prompt.unwrap_or("")
    }

    /// The final transcripts of the caller's utterances, in lower case.
    pub fn transcripts(&self) -> Vec<String> {
        let text = |input: &Input| match input {
            Input::FinalTranscript { text, .. } => Some(text.to_lowercase()),
            _ => None,
        };
        self.inputs().filter_map(text).collect()
    }

    /// What the agent was about to say, clause by clause.
    pub fn spoken(&self) -> Vec<String> {
        let text =
            |action: &Action| if let Action::Speak { text, .. } = action { Some(text.to_string()) } else { None };
        self.actions().filter_map(text).collect()
    }

    /// The conversation as it was heard; empty while the call lasts.
    pub fn history(&self) -> Vec<Remembered> {
        let entries = self.records().filter_map(|record| match record {
            Record::History { entries } => Some(entries),
            _ => None,
        });
        let entries = entries.last();
        entries.into_iter().flatten().map(Remembered::of).collect()
    }

    /// What the agent says while a reply is late.
    pub fn fillers(&self) -> impl Iterator<Item = &str> {
        self.started().settings.phrases.all_fillers().map(Spoken::as_str)
    }

    /// How the transfer ended: the code of the last report about it.
    pub fn transfer_code(&self) -> Option<u16> {
        let code = |event: &CallEvent| if let CallEvent::Transfer { code, .. } = event { Some(*code) } else { None };
        self.events().filter_map(code).last()
    }

    /// Whether the call's end was written.
    pub fn is_complete(&self) -> bool {
        self.records().any(|record| matches!(record, Record::History { .. }))
    }

    /// The counters of the call's audio; none while the call lasts.
    pub fn audio(&self) -> Option<&AudioCounters> {
        self.records().find_map(|record| if let Record::Audio(counters) = record { Some(counters) } else { None })
    }
}

impl Remembered {
    fn of(entry: &Entry) -> Remembered {
        Remembered { by_caller: entry.speaker == Speaker::Caller, text: entry.text.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use call_record::Words;
    use conversation::{ClauseId, Settings, TurnId, UtteranceId};

    use super::*;

    #[test]
    fn a_journal_tells_what_was_said_and_heard() {
        let path = std::env::temp_dir().join(format!("pjsua-agent-journal-kit-{}.jsonl", std::process::id()));
        let started = Started {
            format: call_record::FORMAT,
            version: String::new(),
            sip_call_id: "1-2@kit".into(),
            account: None,
            agent: "shop".into(),
            from: "".into(),
            from_name: "".into(),
            to: "".into(),
            context: [("x-did".to_owned(), "5".into())].into(),
            settings: Settings::default(),
        };
        let (turn, text) = (TurnId(1), "Opening hours".into());
        let heard = Input::FinalTranscript { utterance: UtteranceId(1), text, confidence_per_mille: 900 };
        let records = [
            Record::Call(CallEvent::Started(Box::new(started))),
            Record::Call(CallEvent::Answered { codec: "G722/16000/1".into() }),
            Record::Input { input: heard },
            Record::Action { action: Action::Speak { turn, clause: ClauseId(0), text: "From nine.".into() } },
            Record::History { entries: vec![Entry { speaker: Speaker::Agent, text: "From".into(), turn }] },
        ];
        let mut text = String::new();
        for (t, record) in (0..).zip(records) {
            text += &(Line { t, call: 1, record }.to_json(Words::Written) + "\n");
        }
        text += r#"{"t":5,"call":1,"ki"#;
        std::fs::write(&path, text).unwrap();
        let journal = Journal::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((journal.started().sip_call_id.as_str(), journal.codec().as_str()), ("1-2@kit", "g722/16000/1"));
        assert_eq!(journal.context("X-DID"), Some("5"));
        assert_eq!(
            (journal.transcripts(), journal.spoken()),
            (vec!["opening hours".into()], vec!["From nine.".into()])
        );
        assert_eq!(journal.history(), [Remembered { by_caller: false, text: "From".into() }]);
        assert!(journal.is_complete());
    }
}
