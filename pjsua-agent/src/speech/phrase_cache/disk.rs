//! A folder of phrases: one file each, named by its key, checked when it is read.
//!
//! A file is `MAGIC`, the SHA-256 of key and samples, and the samples as s16 little endian. It is written under another
//! name and renamed, so that nobody reads half of one; what is damaged all the same (a full disk, a power cut) is
//! removed and made again.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::PhraseKey;

const MAGIC: &[u8; 8] = b"pjsuaph1";
const HASH_BYTES: usize = 32;
const EXTENSION: &str = "phrase";
const UNFINISHED: &str = "part";
/// Two minutes of speech. What is larger was not written by us.
const LARGEST_BYTES: u64 = 4 << 20;
/// What is unfinished for longer belongs to nobody any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Disk {
    dir: PathBuf,
    most_bytes: u64,
    index: Mutex<Index>,
    written: AtomicU64,
}

/// What lies in the folder, as far as this process knows.
#[derive(Debug, Default)]
struct Index {
    files: HashMap<String, Entry>,
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    bytes: u64,
    used: SystemTime,
}

impl Index {
    fn insert(&mut self, name: String, entry: Entry) {
        self.remove(&name);
        self.bytes += entry.bytes;
        self.files.insert(name, entry);
    }

    fn remove(&mut self, name: &str) {
        if let Some(entry) = self.files.remove(name) {
            self.bytes -= entry.bytes;
        }
    }

    fn least_recent(&self) -> Option<String> {
        self.files.iter().min_by_key(|(_, entry)| entry.used).map(|(name, _)| name.clone())
    }
}

impl Disk {
    pub(super) fn open(dir: &Path, most_bytes: u64) -> io::Result<Disk> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let mut index = Index::default();
        for file in fs::read_dir(dir)?.flatten() {
            let (Ok(name), Ok(metadata)) = (file.file_name().into_string(), file.metadata()) else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            match Path::new(&name).extension().and_then(|extension| extension.to_str()) {
                Some(EXTENSION) => index.insert(name, Entry { bytes: metadata.len(), used }),
                Some(UNFINISHED) if used.elapsed().is_ok_and(|age| age > ABANDONED_AFTER) => {
                    let _ = fs::remove_file(file.path());
                }
                _ => {}
            }
        }
        let disk = Disk { dir: dir.to_owned(), most_bytes, index: Mutex::new(index), written: AtomicU64::new(0) };
        disk.make_room();
        Ok(disk)
    }

    /// Reads and checks; a file that is damaged is removed.
    pub(super) fn load(&self, key: &PhraseKey) -> Option<Vec<i16>> {
        let name = file_name(key);
        let path = self.dir.join(&name);
        let Ok(file) = File::open(&path) else {
            self.index().remove(&name);
            return None;
        };
        let mut bytes = Vec::new();
        let read = (&file).take(LARGEST_BYTES + 1).read_to_end(&mut bytes);
        let Some(samples) = read.ok().and_then(|_| decode(key, &bytes)) else {
            tracing::warn!(file = %path.display(), "a phrase in [tts] cache is damaged; it is made anew");
            self.remove(&name);
            return None;
        };
        let used = SystemTime::now();
        // Recency has to outlast the process; a folder that may only be read still serves.
        let _ = file.set_modified(used);
        self.index().insert(name, Entry { bytes: bytes.len() as u64, used });
        Some(samples)
    }

    pub(super) fn store(&self, key: &PhraseKey, samples: &[i16]) -> io::Result<()> {
        let bytes = encode(key, samples);
        if bytes.len() as u64 > LARGEST_BYTES.min(self.most_bytes) {
            return Ok(());
        }
        let name = file_name(key);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.dir.join(format!("{name}-{}-{number}.{UNFINISHED}", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&unfinished, self.dir.join(&name)));
        if let Err(error) = written {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        self.index().insert(name, Entry { bytes: bytes.len() as u64, used: SystemTime::now() });
        self.make_room();
        Ok(())
    }

    fn make_room(&self) {
        loop {
            let index = self.index();
            let Some(name) = index.least_recent().filter(|_| index.bytes > self.most_bytes) else { return };
            drop(index);
            self.remove(&name);
        }
    }

    fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.dir.join(name));
        self.index().remove(name);
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file_name(key: &PhraseKey) -> String {
    format!("{key}.{EXTENSION}")
}

fn encode(key: &PhraseKey, samples: &[i16]) -> Vec<u8> {
    let audio: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    [MAGIC.as_slice(), &hash(key, &audio), &audio].concat()
}

fn decode(key: &PhraseKey, bytes: &[u8]) -> Option<Vec<i16>> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (stored, audio) = rest.split_at_checked(HASH_BYTES)?;
    let is_whole = audio.len() % 2 == 0 && stored == hash(key, audio);
    is_whole.then(|| audio.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

fn hash(key: &PhraseKey, audio: &[u8]) -> [u8; HASH_BYTES] {
    Sha256::new().chain_update(key.bytes()).chain_update(audio).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> PhraseKey {
        PhraseKey::new("flite", "slt", "en", 1.0, text)
    }

    fn folder() -> (tempfile::TempDir, Disk) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(&folder.path().join("phrases"), 1 << 20).expect("a cache");
        (folder, disk)
    }

    fn files(disk: &Disk) -> usize {
        fs::read_dir(&disk.dir).expect("a folder").count()
    }

    #[test]
    fn what_was_stored_is_loaded_to_the_sample() {
        let (_folder, disk) = folder();
        let samples = [0, 1, -1, i16::MAX, i16::MIN];
        disk.store(&key("a"), &samples).expect("stored");
        disk.store(&key("nothing to say"), &[]).expect("stored");
        assert_eq!(disk.load(&key("a")).as_deref(), Some(&samples[..]));
        assert_eq!(disk.load(&key("nothing to say")).as_deref(), Some(&[][..]));
        assert_eq!(disk.load(&key("b")), None);
        assert_eq!(files(&disk), 2, "nothing unfinished is left");
    }

    #[test]
    fn a_damaged_file_is_a_miss_and_removed() {
        type Damage = fn(&mut Vec<u8>);
        let damages: [(&str, Damage); 6] = [
            ("empty", |bytes| bytes.clear()),
            ("truncated", |bytes| bytes.truncate(100)),
            ("without its last byte", |bytes| bytes.truncate(bytes.len() - 1)),
            ("a flipped bit", |bytes| bytes[60] ^= 4),
            ("longer", |bytes| bytes.extend([0, 0])),
            ("something else", |bytes| *bytes = b"RIFF....WAVE".to_vec()),
        ];
        for (name, damage) in damages {
            let (_folder, disk) = folder();
            disk.store(&key("a"), &[5; 320]).expect("stored");
            let path = disk.dir.join(file_name(&key("a")));
            let mut bytes = fs::read(&path).expect("a file");
            damage(&mut bytes);
            fs::write(&path, bytes).expect("written");
            assert_eq!(disk.load(&key("a")), None, "{name}");
            assert!(!path.exists(), "{name}");
            assert_eq!(disk.index().bytes, 0, "{name}");
        }
    }

    #[test]
    fn a_file_under_the_name_of_another_is_damaged() {
        let (_folder, disk) = folder();
        disk.store(&key("yes"), &[1; 320]).expect("stored");
        fs::rename(disk.dir.join(file_name(&key("yes"))), disk.dir.join(file_name(&key("no")))).expect("renamed");
        assert_eq!(disk.load(&key("no")), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_when_the_folder_is_full() {
        let (_folder, disk) = folder();
        let size = encode(&key("a"), &[0; 320]).len() as u64;
        for text in ["a", "b", "c"] {
            disk.store(&key(text), &[0; 320]).expect("stored");
        }
        let hours_ago = |text: &str, hours: u64| {
            let path = disk.dir.join(file_name(&key(text)));
            let time = SystemTime::now() - Duration::from_secs(hours * 3600);
            File::options().append(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
        };
        hours_ago("a", 3);
        hours_ago("b", 2);
        hours_ago("c", 1);
        assert!(disk.load(&key("a")).is_some(), "used now");

        let smaller = Disk::open(&disk.dir, size * 2).expect("a cache");
        assert_eq!(files(&smaller), 2);
        assert!(smaller.load(&key("b")).is_none() && smaller.load(&key("a")).is_some());
        smaller.store(&key("d"), &[0; 320]).expect("stored");
        assert_eq!(smaller.index().bytes, size * 2);
        assert!(smaller.load(&key("c")).is_none() && smaller.load(&key("d")).is_some());
    }

    #[test]
    fn a_folder_that_was_emptied_or_removed_under_us_is_a_miss_and_an_error() {
        let (_folder, disk) = folder();
        disk.store(&key("a"), &[0; 320]).expect("stored");
        fs::remove_dir_all(&disk.dir).expect("removed");
        assert_eq!(disk.load(&key("a")), None);
        assert!(disk.store(&key("a"), &[0; 320]).is_err());
    }

    #[test]
    fn what_a_killed_daemon_left_unfinished_is_removed() {
        let (_folder, disk) = folder();
        let left = disk.dir.join("x.phrase-1-0.part");
        fs::write(&left, "half").expect("a file");
        Disk::open(&disk.dir, 1 << 20).expect("a cache");
        assert!(left.exists(), "somebody may be writing it");
        let time = SystemTime::now() - Duration::from_secs(3600);
        File::options().append(true).open(&left).and_then(|file| file.set_modified(time)).expect("a time");
        Disk::open(&disk.dir, 1 << 20).expect("a cache");
        assert!(!left.exists());
    }
}
