//! What happened in each call, as JSON Lines: one file a call, one object a line.
//!
//! Every line has `t` (microseconds since the call was answered; negative times do not occur), `call` (our number of
//! the call) and `kind`; `docs/journal.md` tells of each kind and its fields.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use serde_json::{Map, Value, json};

/// Lines that may wait for the disk before further ones are dropped and counted.
const QUEUE_LINES: usize = 16_384;

enum Entry {
    Open { call: u64, path: PathBuf },
    Line { call: u64, line: String },
    Close { call: u64 },
}

/// The writer of all journals: one thread, so that a slow disk delays no call.
pub struct Journal {
    dir: PathBuf,
    queue: Sender<Entry>,
    dropped: Arc<AtomicU64>,
    transcripts: bool,
    writer: Option<std::thread::JoinHandle<()>>,
}

impl Journal {
    /// Creates `dir` where it is missing and starts the writer.
    ///
    /// With `transcripts` off, what callers and agent say is written as its length only.
    ///
    /// # Errors
    /// When the folder cannot be created or written to.
    pub fn open(dir: &Path, transcripts: bool) -> io::Result<Journal> {
        fs::create_dir_all(dir)?;
        let probe = dir.join(".writable");
        File::create(&probe)?;
        fs::remove_file(&probe)?;
        let (queue, entries) = bounded(QUEUE_LINES);
        let writer = std::thread::Builder::new().name("journal".into()).spawn(move || write_entries(&entries))?;
        Ok(Journal { dir: dir.to_owned(), queue, dropped: Arc::default(), transcripts, writer: Some(writer) })
    }

    /// Starts the journal of one call. Its file is named after the time and `sip_call_id`.
    pub fn start_call(&self, call: u64, sip_call_id: &str) -> CallJournal {
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(':', "");
        let id: String =
            sip_call_id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(48).collect();
        let path = self.dir.join(format!("{time}-{call}-{id}.jsonl"));
        let journal = CallJournal {
            call,
            queue: self.queue.clone(),
            dropped: Arc::clone(&self.dropped),
            transcripts: self.transcripts,
        };
        journal.send(Entry::Open { call, path });
        journal
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // The writer ends when the last sender is gone; calls that still hold one keep it alive until they end.
        let (closed, _) = bounded(0);
        self.queue = closed;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// The journal of one call.
pub struct CallJournal {
    call: u64,
    queue: Sender<Entry>,
    dropped: Arc<AtomicU64>,
    transcripts: bool,
}

impl CallJournal {
    /// Writes one line of `kind` at `t_us` microseconds since the answer; `fields` must be an object.
    pub fn line(&self, t_us: u64, kind: &str, fields: Value) {
        let mut object = Map::new();
        object.insert("t".into(), json!(t_us));
        object.insert("call".into(), json!(self.call));
        object.insert("kind".into(), json!(kind));
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        let mut value = Value::Object(object);
        if !self.transcripts {
            withhold_speech(&mut value);
        }
        self.send(Entry::Line { call: self.call, line: value.to_string() });
    }

    fn send(&self, entry: Entry) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(entry) {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::error!(dropped, "the disk does not keep up with the journal; lines are lost");
            }
        }
    }
}

impl Drop for CallJournal {
    fn drop(&mut self) {
        self.send(Entry::Close { call: self.call });
    }
}

/// Replaces everything that was said, or that names a person, by its length.
fn withhold_speech(value: &mut Value) {
    const SPOKEN: [&str; 10] =
        ["text", "opening", "heard", "prompt", "from", "from_name", "to", "headers", "context", "digit"];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if SPOKEN.contains(&name.as_str()) => *field = length_of(text),
                    Value::Object(settings) if name == "settings" => withhold_phrases(settings),
                    _ if SPOKEN.contains(&name.as_str()) => *field = json!("(withheld)"),
                    _ => withhold_speech(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(withhold_speech),
        _ => {}
    }
}

/// The agent's phrases may name the caller. Whatever is no phrase must be listed here, so that a new one is withheld.
fn withhold_phrases(settings: &mut Map<String, Value>) {
    const NO_PHRASES: [&str; 3] = ["language", "backchannels", "on_overlap"];
    for (_, field) in settings.iter_mut().filter(|(name, _)| !NO_PHRASES.contains(&name.as_str())) {
        let texts = match field {
            Value::Array(texts) => texts,
            field => std::slice::from_mut(field),
        };
        for text in texts {
            // An empty phrase is not said, which the machine must know.
            if let Value::String(words) = text
                && !words.is_empty()
            {
                *text = length_of(words);
            }
        }
    }
}

fn length_of(text: &str) -> Value {
    json!(format!("({} characters)", text.chars().count()))
}

fn write_entries(entries: &Receiver<Entry>) {
    let mut files = std::collections::HashMap::new();
    for entry in entries {
        match entry {
            Entry::Open { call, path } => match OpenOptions::new().create(true).append(true).open(&path) {
                Ok(file) => {
                    files.insert(call, BufWriter::new(file));
                }
                Err(error) => tracing::error!(call, path = %path.display(), %error, "journal cannot be opened"),
            },
            Entry::Line { call, line } => {
                let Some(file) = files.get_mut(&call) else { continue };
                // Flushed at once: a journal is wanted most when the daemon did not end well.
                if let Err(error) = writeln!(file, "{line}").and_then(|()| file.flush()) {
                    tracing::error!(call, %error, "journal cannot be written; this call is recorded no further");
                    files.remove(&call);
                }
            }
            Entry::Close { call } => {
                files.remove(&call);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(dir: &Path) -> Vec<Value> {
        let file = fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
        fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("pjsua-agent-journal-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn a_line_carries_time_call_and_kind() {
        let dir = scratch("line");
        let journal = Journal::open(&dir, true).unwrap();
        let call = journal.start_call(7, "a@b/../c");
        call.line(20_000, "input", json!({"input": {"type": "speech_started"}}));
        drop(call);
        drop(journal);
        assert_eq!(
            lines_of(&dir),
            [json!({"t": 20_000, "call": 7, "kind": "input", "input": {"type": "speech_started"}})]
        );
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn without_transcripts_no_word_is_written() {
        let dir = scratch("withheld");
        let journal = Journal::open(&dir, false).unwrap();
        let call = journal.start_call(1, "x");
        call.line(0, "input", json!({"input": {"type": "final_transcript", "text": "my pin is four"}}));
        call.line(1, "call", json!({"event": "started", "headers": [["X-Pin", "4"]], "agent": "demo"}));
        let settings = conversation::Settings {
            greeting: "Hello Ms Bell.".into(),
            fillers: vec!["One moment.".into()],
            notice: String::new(),
            ..conversation::Settings::default()
        };
        call.line(2, "input", json!({"input": {"type": "settings_changed", "settings": settings}}));
        call.line(3, "action", json!({"action": {"type": "start_reply", "turn": 1, "opening": "Ms Bell,"}}));
        drop(call);
        drop(journal);
        let lines = lines_of(&dir);
        let written = &lines[2]["input"]["settings"];
        assert_eq!((&written["greeting"], &written["notice"]), (&json!("(14 characters)"), &json!("")));
        assert_eq!((&written["fillers"], &written["language"]), (&json!(["(11 characters)"]), &json!("en")));
        serde_json::from_value::<conversation::Settings>(written.clone()).unwrap();
        assert_eq!(written["sure_silence"], json!(settings)["sure_silence"]);
        assert_eq!(lines[3]["action"]["opening"], "(8 characters)");
        assert_eq!(lines[0]["input"]["text"], "(14 characters)");
        assert_eq!(lines[1]["headers"], "(withheld)");
        assert_eq!(lines[1]["agent"], "demo");
        fs::remove_dir_all(dir).unwrap();
    }
}
