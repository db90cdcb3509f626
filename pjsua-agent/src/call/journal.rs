//! What happened in each call, as JSON Lines: one file a call, one object a line.
//!
//! The lines are those of [`call_record`]; `docs/journal.md` tells of each kind and its fields.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use call_record::{Line, Subscriber, Words};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::metrics;

/// Lines that may wait for the disk before further ones are lost.
const QUEUE_LINES: usize = 16_384;

enum Entry {
    Line { path: Arc<Path>, line: Line },
    Close { path: Arc<Path> },
}

/// The writer of all journals: one thread, so that a slow disk delays no call.
pub struct Journal {
    dir: PathBuf,
    queue: Sender<Entry>,
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
        let writer =
            std::thread::Builder::new().name("journal".into()).spawn(move || write_entries(&entries, words))?;
        Ok(Journal { dir: dir.to_owned(), queue, writer: Some(writer) })
    }

    /// The journal of one call. Its file is named after the time and `call_id`, the other side's name for the call.
    pub fn of_call(&self, call: u64, call_id: &str) -> CallJournal {
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(':', "");
        let id: String =
            call_id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(48).collect();
        let path = self.dir.join(format!("{time}-{call}-{id}.jsonl")).into();
        CallJournal { path, queue: self.queue.clone(), keeps_up: true }
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
    path: Arc<Path>,
    queue: Sender<Entry>,
    /// The last line found room.
    keeps_up: bool,
}

impl Subscriber for CallJournal {
    fn offer(&mut self, line: &Line) -> bool {
        let kept_up = self.keeps_up;
        // The writer is gone only once the daemon ends.
        self.keeps_up = self.queue.try_send(Entry::Line { path: Arc::clone(&self.path), line: line.clone() }).is_ok();
        if !self.keeps_up {
            metrics::journal_line_lost();
            if kept_up {
                tracing::error!(
                    "the disk does not keep up with the journal: lines are lost, and the journal says where"
                );
            }
        }
        self.keeps_up
    }
}

impl Drop for CallJournal {
    fn drop(&mut self) {
        // Where this finds no room, the file stays open until the daemon ends.
        let _ = self.queue.try_send(Entry::Close { path: Arc::clone(&self.path) });
    }
}

fn write_entries(entries: &Receiver<Entry>, words: Words) {
    // Of a file that cannot be opened or written to nothing more is tried.
    let mut files: HashMap<Arc<Path>, Option<BufWriter<File>>> = HashMap::new();
    for entry in entries {
        match entry {
            Entry::Line { path, line } => {
                let file = files.entry(Arc::clone(&path)).or_insert_with(|| open(&path));
                let Some(open) = file else { continue };
                // Flushed at once: a journal is wanted most when the daemon did not end well.
                if let Err(error) = writeln!(open, "{}", line.to_json(words)).and_then(|()| open.flush()) {
                    tracing::error!(path = %path.display(), %error, "the journal cannot be written; this call is recorded no further");
                    *file = None;
                }
            }
            Entry::Close { path } => {
                files.remove(&path);
            }
        }
    }
}

fn open(path: &Path) -> Option<BufWriter<File>> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.inspect_err(|error| {
        tracing::error!(path = %path.display(), %error, "the journal cannot be opened; this call is not recorded");
    })
    .ok()
    .map(BufWriter::new)
}

#[cfg(test)]
mod tests {
    use call_record::Record;
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
        let mut call = journal.of_call(7, "a@b/../c");
        assert!(call.offer(&Line { t: 20_000, call: 7, record: Record::Input { input: Input::SpeechStarted } }));
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
        let mut call = journal.of_call(1, "x");
        assert!(call.offer(&Line { t: 0, call: 1, record: Record::Prompt { prompt: "my pin is four".into() } }));
        drop(call);
        drop(journal);
        assert_eq!(lines_of(&dir)[0]["prompt"], "(14 characters)");
        fs::remove_dir_all(dir).unwrap();
    }
}
