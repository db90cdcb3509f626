//! What makes two clauses sound the same.

use std::fmt;

use sha2::{Digest, Sha256};

/// The SHA-256 of everything that the audio depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PhraseKey([u8; 32]);

impl PhraseKey {
    /// `engine` names the model as well where the engine has several; `rate` counts to the thousandth.
    pub fn new(engine: &str, voice: &str, language: &str, rate: f32, text: &str) -> PhraseKey {
        let rate_per_mille = (rate * 1000.0).round().to_string();
        let mut hash = Sha256::new();
        // Another version may trim or resample in another way.
        for field in [env!("CARGO_PKG_VERSION"), engine, voice, language, &rate_per_mille, text] {
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        }
        PhraseKey(hash.finalize().into())
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// In hexadecimal.
impl fmt::Display for PhraseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PhraseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_makes_a_key_of_its_own() {
        let keys = [
            PhraseKey::new("flite", "slt", "en", 1.0, "Hello"),
            PhraseKey::new("espeak", "slt", "en", 1.0, "Hello"),
            PhraseKey::new("flite", "rms", "en", 1.0, "Hello"),
            PhraseKey::new("flite", "slt", "de", 1.0, "Hello"),
            PhraseKey::new("flite", "slt", "en", 1.1, "Hello"),
            PhraseKey::new("flite", "slt", "en", 1.0, "Hello!"),
            // The same letters, cut elsewhere.
            PhraseKey::new("flite", "slte", "n", 1.0, "Hello"),
        ];
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(keys[0], PhraseKey::new("flite", "slt", "en", 1.0, "Hello"));
        assert_eq!(keys[0].to_string().len(), 64);
    }
}
