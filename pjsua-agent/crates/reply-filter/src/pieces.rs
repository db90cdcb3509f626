//! Cuts text where a clause may end, so that whole pieces can be judged. Nobody waits for it: the voice needs a clause too.

/// Text without punctuation is cut at a blank when it is so long, in bytes.
const LONGEST_PIECE: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct Pieces {
    held: String,
}

impl Pieces {
    pub(crate) fn push(&mut self, text: &str) {
        self.held.push_str(text);
    }

    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }

    /// The next piece, blanks and all.
    pub(crate) fn next(&mut self, at_end: bool) -> Option<String> {
        if let Some(end) = self.end() {
            return Some(self.held.drain(..end).collect());
        }
        (at_end && !self.held.is_empty()).then(|| std::mem::take(&mut self.held))
    }

    /// Behind a new line, or behind the blank after a punctuation mark.
    fn end(&self) -> Option<usize> {
        let mut before = ' ';
        for (at, c) in self.held.char_indices() {
            if c == '\n' || (c.is_whitespace() && matches!(before, '.' | '!' | '?' | '…' | ';' | ':' | ',' | '*')) {
                return Some(at + c.len_utf8());
            }
            if c.is_whitespace() && at > LONGEST_PIECE {
                return Some(at + c.len_utf8());
            }
            // Chinese and Japanese put no blank behind a full stop.
            if matches!(c, '。' | '！' | '？') {
                return Some(at + c.len_utf8());
            }
            before = c;
        }
        None
    }
}
