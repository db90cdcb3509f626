//! Words and marks put together: one blank between words, one mark between clauses.

#[derive(Debug, Default)]
pub(crate) struct Output {
    text: String,
    has_word: bool,
    /// The next word follows without a blank.
    glued: bool,
    /// A comma, if a word follows.
    pause: bool,
}

impl Output {
    pub(crate) fn word(&mut self, word: &str) {
        let word = word.trim();
        if word.is_empty() {
            return;
        }
        if self.pause && !self.text.ends_with(is_mark) && self.has_word {
            self.text.push(',');
        }
        if !self.glued && !self.text.is_empty() && !self.text.ends_with(['¿', '¡']) {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.pause = false;
        self.glued = false;
        self.has_word = true;
    }

    /// The end of a clause or of a sentence, at the word before it. The stronger of two marks stays.
    pub(crate) fn mark(&mut self, mark: &str) {
        if !self.has_word {
            return;
        }
        self.glued = false;
        let last = self.text.trim_end_matches(is_mark).len();
        if strength(mark) > strength(&self.text[last..]) {
            self.text.truncate(last);
            self.text.push_str(mark);
        }
        self.pause = false;
    }

    /// What opens a question or an exclamation in Spanish.
    pub(crate) fn opening(&mut self, mark: char) {
        if self.text.ends_with(['¿', '¡']) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push(mark);
    }

    /// A short pause, if more follows.
    pub(crate) fn pause(&mut self) {
        self.pause = true;
    }

    /// A hyphen between the word before and the word to come.
    pub(crate) fn hyphen(&mut self) {
        if self.has_word && self.text.ends_with(|c: char| c.is_alphanumeric()) {
            self.text.push('-');
            self.glued = true;
        }
    }

    /// An elision in front of the word to come: "d'une".
    pub(crate) fn apostrophe(&mut self) {
        self.text.push('\'');
        self.glued = true;
    }

    /// The text; empty when there is no word in it.
    pub(crate) fn finish(mut self) -> String {
        if !self.has_word {
            return String::new();
        }
        let end = self.text.trim_end_matches(['-', '\'', '¿', '¡', ' ']).len();
        self.text.truncate(end);
        self.text
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | '।')
}

fn strength(mark: &str) -> u8 {
    match mark {
        "" => 0,
        "," => 1,
        ";" | ":" => 2,
        "..." => 3,
        "." | "।" => 4,
        "!" => 5,
        _ => 6,
    }
}
