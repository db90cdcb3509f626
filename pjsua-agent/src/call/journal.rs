//! What happened in each call, as JSON Lines: one file a call, one object a line.
//!
//! The lines are those of [`call_record`]; `docs/journal.md` tells of each kind and its fields.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use call_record::{Line, Record, Words};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

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
    words: Words,
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
        let words = if transcripts { Words::Written } else { Words::Withheld };
        let (queue, entries) = bounded(QUEUE_LINES);
        let writer = std::thread::Builder::new().name("journal".into()).spawn(move || write_entries(&entries))?;
        Ok(Journal { dir: dir.to_owned(), queue, dropped: Arc::default(), words, writer: Some(writer) })
    }

    /// Starts the journal of one call. Its file is named after the time and `sip_call_id`.
    pub fn start_call(&self, call: u64, sip_call_id: &str) -> CallJournal {
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(':', "");
        let id: String =
            sip_call_id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(48).collect();
        let path = self.dir.join(format!("{time}-{call}-{id}.jsonl"));
        let journal =
            CallJournal { call, queue: self.queue.clone(), dropped: Arc::clone(&self.dropped), words: self.words };
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
    words: Words,
}

impl CallJournal {
    /// Writes what happened `t` microseconds after the answer.
    pub fn write(&self, t: u64, record: Record) {
        let line = Line { t, call: self.call, record }.to_json(self.words);
        self.send(Entry::Line { call: self.call, line });
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
    use conversation::Input;
    use serde_json::{Value, json};

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
        call.write(20_000, Record::Input { input: Input::SpeechStarted });
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
        call.write(0, Record::Prompt { prompt: "my pin is four".into() });
        drop(call);
        drop(journal);
        assert_eq!(lines_of(&dir)[0]["prompt"], "(14 characters)");
        fs::remove_dir_all(dir).unwrap();
    }
}
