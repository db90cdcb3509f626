//! Audio at hand: some for good, the rest while there is room.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::PhraseKey;

#[derive(Debug, Default)]
pub(super) struct Memory {
    pinned: HashMap<PhraseKey, Arc<[i16]>>,
    recent: HashMap<PhraseKey, Recent>,
    /// The keys of `recent`, the one that was not used for longest first.
    by_use: BTreeMap<u64, PhraseKey>,
    uses: u64,
    bytes: u64,
    most_bytes: u64,
}

#[derive(Debug)]
struct Recent {
    samples: Arc<[i16]>,
    used: u64,
}

impl Memory {
    pub(super) fn new(most_bytes: u64) -> Memory {
        Memory { most_bytes, ..Memory::default() }
    }

    pub(super) fn find(&mut self, key: &PhraseKey) -> Option<Arc<[i16]>> {
        if let Some(samples) = self.pinned.get(key) {
            return Some(Arc::clone(samples));
        }
        let recent = self.recent.get_mut(key)?;
        self.by_use.remove(&recent.used);
        self.uses += 1;
        recent.used = self.uses;
        self.by_use.insert(self.uses, *key);
        Some(Arc::clone(&recent.samples))
    }

    pub(super) fn pin(&mut self, key: PhraseKey, samples: Arc<[i16]>) {
        self.forget(&key);
        self.pinned.insert(key, samples);
    }

    pub(super) fn unpin_all_but(&mut self, wanted: &HashSet<PhraseKey>) {
        let unwanted: Vec<_> = self.pinned.extract_if(|key, _| !wanted.contains(key)).collect();
        for (key, samples) in unwanted {
            self.keep_while_room(key, samples);
        }
    }

    /// Makes room by forgetting what was not used for longest. What is larger than all the room is not kept.
    pub(super) fn keep_while_room(&mut self, key: PhraseKey, samples: Arc<[i16]>) {
        let size = bytes_of(&samples);
        if self.pinned.contains_key(&key) || size > self.most_bytes {
            return;
        }
        self.forget(&key);
        self.uses += 1;
        self.bytes += size;
        self.by_use.insert(self.uses, key);
        self.recent.insert(key, Recent { samples, used: self.uses });
        while self.bytes > self.most_bytes {
            let Some((_, oldest)) = self.by_use.first_key_value() else { break };
            let oldest = *oldest;
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &PhraseKey) {
        if let Some(recent) = self.recent.remove(key) {
            self.by_use.remove(&recent.used);
            self.bytes -= bytes_of(&recent.samples);
        }
    }
}

fn bytes_of(samples: &[i16]) -> u64 {
    size_of_val(samples) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> PhraseKey {
        PhraseKey::new("", "", "", 1.0, &number.to_string())
    }

    fn audio(samples: usize) -> Arc<[i16]> {
        vec![0; samples].into()
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut memory = Memory::new(30);
        for number in 0..3 {
            memory.keep_while_room(key(number), audio(5));
        }
        assert!(memory.find(&key(0)).is_some());
        memory.keep_while_room(key(3), audio(5));
        let there: Vec<bool> = (0..4).map(|number| memory.find(&key(number)).is_some()).collect();
        assert_eq!(there, [true, false, true, true]);
    }

    #[test]
    fn what_is_kept_twice_counts_once_and_what_is_too_large_not_at_all() {
        let mut memory = Memory::new(20);
        memory.keep_while_room(key(0), audio(5));
        memory.keep_while_room(key(0), audio(5));
        memory.keep_while_room(key(1), audio(5));
        memory.keep_while_room(key(2), audio(11));
        assert!(memory.find(&key(0)).is_some() && memory.find(&key(1)).is_some());
        assert_eq!((memory.bytes, memory.by_use.len()), (20, 2));
    }

    #[test]
    fn what_is_pinned_no_more_stays_while_there_is_room() {
        let mut memory = Memory::new(10);
        memory.pin(key(0), audio(5));
        memory.pin(key(1), audio(5));
        memory.unpin_all_but(&HashSet::from([key(1)]));
        assert!(memory.find(&key(0)).is_some());
        memory.keep_while_room(key(2), audio(5));
        assert_eq!((memory.find(&key(0)).is_some(), memory.find(&key(1)).is_some()), (false, true));
    }

    #[test]
    fn pinning_what_was_recent_frees_its_room() {
        let mut memory = Memory::new(10);
        memory.keep_while_room(key(0), audio(5));
        memory.pin(key(0), audio(5));
        memory.keep_while_room(key(1), audio(5));
        assert!(memory.find(&key(0)).is_some() && memory.find(&key(1)).is_some());
        assert_eq!(memory.bytes, 10);
    }
}
