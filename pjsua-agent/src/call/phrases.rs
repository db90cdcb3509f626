//! Phrases that are always at hand: synthesised once at start, so that the caller hears them at once and hears them
//! even while no voice worker is there.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// 16 kHz mono samples by voice and text.
#[derive(Default)]
pub struct Phrases {
    samples: RwLock<HashMap<(String, String), Arc<[i16]>>>,
}

impl Phrases {
    /// The audio of `text` in `voice`, if it was made before.
    pub fn find(&self, voice: &str, text: &str) -> Option<Arc<[i16]>> {
        self.samples.read().ok()?.get(&(voice.to_owned(), text.to_owned())).cloned()
    }

    /// Keeps the audio of `text` in `voice`.
    pub fn keep(&self, voice: &str, text: &str, samples: Vec<i16>) {
        if let Ok(mut all) = self.samples.write() {
            all.insert((voice.to_owned(), text.to_owned()), samples.into());
        }
    }
}
