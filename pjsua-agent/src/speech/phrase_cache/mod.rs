//! Audio that was synthesised before: in memory, and on disk from start to start.
//!
//! What a caller hears in every call (greeting, prompts, fillers, goodbyes) is [`Origin::Configured`]: it stays in
//! memory, so that it can be said at once and while no voice worker is there, and lies on disk. What a model wrote is
//! [`Origin::Generated`]: it may hold personal data, so it stays in memory only, and only while there is room.
//!
//! Only whole clauses that were synthesised without an error belong here.

mod disk;
mod key;
mod memory;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::warn;

use crate::metrics::{self, CacheStore};
use disk::Disk;
use memory::Memory;

pub use key::PhraseKey;

/// Longer texts are not kept: nobody says them twice. One and a half times the longest clause of the defaults.
pub const LONGEST_TEXT_CHARS: usize = 300;

/// Where audio is kept, and how much of it.
#[derive(Clone, Debug, Default)]
pub struct CacheConfig {
    /// Made when it is missing; `None`: only in memory.
    pub dir: Option<PathBuf>,
    /// Bytes in the folder.
    pub disk_bytes: u64,
    /// Bytes of generated clauses in memory.
    pub memory_bytes: u64,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written by the operator, the same in every call.
    Configured,
    /// Written by a model, or filled with what is known of a caller.
    Generated,
}

/// Audio by what it says and how; 16 kHz mono samples.
#[derive(Debug)]
pub struct PhraseCache {
    memory: Option<Mutex<Memory>>,
    disk: Option<Arc<Disk>>,
}

impl PhraseCache {
    /// A cache that keeps nothing.
    pub fn off() -> PhraseCache {
        PhraseCache { memory: None, disk: None }
    }

    /// Opens the folder, in which others may read and write at the same time. A folder that cannot be had is done
    /// without, with a warning. Blocks for as long as it takes to list it.
    pub fn open(config: CacheConfig) -> PhraseCache {
        let disk = config.dir.and_then(|dir| match Disk::open(&dir, config.disk_bytes) {
            Ok(disk) => Some(Arc::new(disk)),
            Err(error) => {
                let dir = dir.display();
                warn!(%error, "[tts] cache = \"{dir}\": cannot be used; phrases are made anew at each start");
                None
            }
        });
        PhraseCache { memory: Some(Mutex::new(Memory::new(config.memory_bytes))), disk }
    }

    /// The audio, if it is in memory. Never blocks.
    pub fn find(&self, key: &PhraseKey) -> Option<Arc<[i16]>> {
        let found = self.memory()?.find(key)?;
        metrics::phrase_cache_hit(CacheStore::Memory);
        Some(found)
    }

    /// The audio from disk, when it was not in memory; counts what is in neither.
    pub async fn load(&self, key: PhraseKey, origin: Origin) -> Option<Arc<[i16]>> {
        self.memory.as_ref()?;
        let loaded = match (&self.disk, origin) {
            (Some(disk), Origin::Configured) => {
                let disk = Arc::clone(disk);
                tokio::task::spawn_blocking(move || disk.load(&key)).await.ok().flatten()
            }
            _ => None,
        };
        let Some(samples) = loaded else {
            metrics::phrase_cache_miss();
            return None;
        };
        metrics::phrase_cache_hit(CacheStore::Disk);
        let samples: Arc<[i16]> = samples.into();
        self.memory()?.keep_while_room(key, Arc::clone(&samples));
        Some(samples)
    }

    /// Keeps the audio of `text`, unless that is too long.
    pub async fn keep(&self, key: PhraseKey, text: &str, samples: Arc<[i16]>, origin: Origin) {
        if text.chars().count() > LONGEST_TEXT_CHARS {
            return;
        }
        match self.memory() {
            Some(mut memory) => memory.keep_while_room(key, Arc::clone(&samples)),
            None => return,
        }
        if let (Some(disk), Origin::Configured) = (&self.disk, origin) {
            let disk = Arc::clone(disk);
            let stored = tokio::task::spawn_blocking(move || disk.store(&key, &samples)).await;
            if let Ok(Err(error)) = stored {
                warn!(%error, "a phrase could not be written to [tts] cache; it is made anew at the next start");
            }
        }
    }

    /// Keeps these in memory for good, and nothing else: what was pinned before and is not wanted any more stays while
    /// there is room.
    pub fn pin(&self, pinned: Vec<(PhraseKey, Arc<[i16]>)>) {
        if let Some(mut memory) = self.memory() {
            let wanted: HashSet<PhraseKey> = pinned.iter().map(|(key, _)| *key).collect();
            for (key, samples) in pinned {
                memory.pin(key, samples);
            }
            memory.unpin_all_but(&wanted);
        }
    }

    fn memory(&self) -> Option<MutexGuard<'_, Memory>> {
        Some(self.memory.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(dir: Option<&std::path::Path>) -> CacheConfig {
        CacheConfig { dir: dir.map(Into::into), disk_bytes: 1 << 20, memory_bytes: 1 << 20 }
    }

    fn key(text: &str) -> PhraseKey {
        PhraseKey::new("flite", "slt", "en", 1.0, text)
    }

    fn audio(value: i16) -> Arc<[i16]> {
        vec![value; 320].into()
    }

    #[tokio::test]
    async fn a_configured_phrase_is_there_after_a_restart_and_a_generated_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = PhraseCache::open(config(Some(folder.path())));
        cache.keep(key("Goodbye."), "Goodbye.", audio(1), Origin::Configured).await;
        cache.keep(key("Your pin is 1234."), "Your pin is 1234.", audio(2), Origin::Generated).await;
        assert_eq!(cache.find(&key("Your pin is 1234.")), Some(audio(2)));

        let again = PhraseCache::open(config(Some(folder.path())));
        assert_eq!(again.find(&key("Goodbye.")), None, "memory is empty at first");
        assert_eq!(again.load(key("Goodbye."), Origin::Configured).await, Some(audio(1)));
        assert_eq!(again.find(&key("Goodbye.")), Some(audio(1)));
        assert_eq!(again.load(key("Your pin is 1234."), Origin::Configured).await, None);
        let files = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, 1, "nothing that was generated is on disk");
    }

    #[tokio::test]
    async fn a_text_longer_than_a_clause_is_not_kept() {
        let cache = PhraseCache::open(config(None));
        let long = "word ".repeat(100);
        cache.keep(key(&long), &long, audio(1), Origin::Configured).await;
        assert_eq!(cache.find(&key(&long)), None);
    }

    #[tokio::test]
    async fn pinned_phrases_outlast_any_number_of_generated_ones() {
        let cache = PhraseCache::open(CacheConfig { memory_bytes: 2_000, ..config(None) });
        cache.pin(vec![(key("Sorry."), audio(7))]);
        for number in 0..100 {
            let text = format!("Number {number}.");
            cache.keep(key(&text), &text, audio(number), Origin::Generated).await;
        }
        assert_eq!(cache.find(&key("Sorry.")), Some(audio(7)));
        assert_eq!(cache.find(&key("Number 0.")), None);
        assert_eq!(cache.find(&key("Number 99.")), Some(audio(99)));
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_had_leaves_the_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "").expect("a file");
        let cache = PhraseCache::open(config(Some(&folder.path().join("file/below"))));
        cache.keep(key("Goodbye."), "Goodbye.", audio(1), Origin::Configured).await;
        assert_eq!(cache.find(&key("Goodbye.")), Some(audio(1)));
    }

    #[tokio::test]
    async fn a_cache_that_is_off_keeps_nothing() {
        let cache = PhraseCache::off();
        cache.keep(key("Goodbye."), "Goodbye.", audio(1), Origin::Configured).await;
        cache.pin(vec![(key("Sorry."), audio(7))]);
        assert_eq!((cache.find(&key("Goodbye.")), cache.find(&key("Sorry."))), (None, None));
        assert_eq!(cache.load(key("Goodbye."), Origin::Configured).await, None);
    }
}
