//! Journals of each format, written by the daemon in real calls: what was decided then is decided now.

#![allow(clippy::unwrap_used, reason = "a journal that cannot be read is a test that fails")]

use std::path::Path;

use call_report::{Journal, replay};

#[test]
fn journals_of_every_format_are_read_and_replayed_exactly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 4);
    for file in files {
        let journal = Journal::read(&file).unwrap();
        assert_eq!((&journal.remarks[..], journal.unknown_steps), (&[][..], 0), "{}", file.display());
        assert!(journal.steps.len() > 10 && !journal.events.is_empty() && !journal.timings.is_empty());
        let replay = replay(&journal, None);
        assert!(replay.is_exact(), "{}: {:?}", file.display(), replay.lockstep);
    }
}
