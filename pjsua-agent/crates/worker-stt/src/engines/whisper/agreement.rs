//! Local agreement: of a transcript that is still growing only that is told in which two passes agree.
//!
//! Whisper writes its last words by guessing, and changes them when it has heard more; what two passes in a row have begun
//! with is hardly ever taken back (Liu, Spanakis, Niehues: Low-latency sequence-to-sequence speech recognition, 2020).

/// The passes of one utterance.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    last: Vec<String>,
}

impl Agreement {
    /// The words, as this pass writes them, that this pass and the one before it begin with.
    pub(super) fn agree(&mut self, text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let agreed = words.iter().zip(&self.last).take_while(|(word, last)| plain(word) == plain(last)).count();
        let told = words[..agreed].join(" ");
        self.last = words.into_iter().map(str::to_owned).collect();
        told
    }
}

/// Without case and punctuation, which come and go.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_two_passes_agree_in_is_told() {
        let mut agreement = Agreement::default();
        assert_eq!(agreement.agree("What are your"), "");
        assert_eq!(agreement.agree("what are you're opening"), "what are");
        assert_eq!(agreement.agree("What are your opening hours?"), "What are");
        assert_eq!(agreement.agree("What are your opening hours on Saturday?"), "What are your opening hours");
    }
}
