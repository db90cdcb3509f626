//! Sentences that were spoken before. Greetings, prompts and the answers of rules are the same for every caller; thirty
//! calls that arrive together cost one greeting.

use std::{collections::HashMap, sync::Arc};

/// What makes a sentence sound as it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    voice: String,
    text: String,
    /// The bits of the speaking rate.
    rate: u32,
}

impl Key {
    /// A sentence by a voice at a speaking rate.
    pub fn new(voice: &str, text: &str, rate: f32) -> Self {
        Self { voice: voice.to_owned(), text: text.to_owned(), rate: rate.to_bits() }
    }
}

/// The sentences used last, up to a number of samples.
pub struct Cache {
    entries: HashMap<Key, (Arc<[i16]>, u64)>,
    samples: usize,
    most: usize,
    clock: u64,
}

impl Cache {
    /// Holds at most `most` samples.
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), samples: 0, most, clock: 0 }
    }

    /// The samples of a sentence.
    pub fn get(&mut self, key: &Key) -> Option<Arc<[i16]>> {
        self.clock += 1;
        let (samples, used) = self.entries.get_mut(key)?;
        *used = self.clock;
        Some(samples.clone())
    }

    /// Keeps a sentence. One that alone fills a quarter is not kept.
    pub fn put(&mut self, key: Key, samples: &[i16]) {
        if samples.len() > self.most / 4 {
            return;
        }
        self.clock += 1;
        self.samples += samples.len();
        if let Some((former, _)) = self.entries.insert(key, (samples.into(), self.clock)) {
            self.samples -= former.len();
        }
        while self.samples > self.most {
            let oldest = self.entries.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            let Some((former, _)) = oldest.and_then(|key| self.entries.remove(&key)) else { return };
            self.samples -= former.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new("slt", text, 1.0)
    }

    #[test]
    fn a_sentence_is_found_again_by_voice_text_and_rate() {
        let mut cache = Cache::new(100);
        cache.put(key("hello"), &[1, 2]);
        assert_eq!(cache.get(&key("hello")).as_deref(), Some(&[1, 2][..]));
        assert!(cache.get(&Key::new("rms", "hello", 1.0)).is_none());
        assert!(cache.get(&Key::new("slt", "hello", 1.5)).is_none());
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let mut cache = Cache::new(100);
        for text in ["a", "b", "c", "d"] {
            cache.put(key(text), &[0; 25]);
        }
        cache.get(&key("a"));
        cache.put(key("e"), &[0; 25]);
        assert!(cache.get(&key("b")).is_none());
        assert!(["a", "c", "d", "e"].iter().all(|text| cache.get(&key(text)).is_some()));
        assert_eq!(cache.samples, 100);
    }

    #[test]
    fn a_sentence_put_twice_counts_once_and_a_monstrous_one_not_at_all() {
        let mut cache = Cache::new(100);
        cache.put(key("a"), &[0; 25]);
        cache.put(key("a"), &[0; 20]);
        cache.put(key("b"), &[0; 26]);
        assert_eq!(cache.samples, 20);
    }
}
