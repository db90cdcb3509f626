//! The tokens of a clause, as the recognisers look at them.

use crate::language::{Beside, Language, Region};
use crate::tokens::{Kind, Token};

/// Tokens in which a recogniser looks for the end of an address or a code.
pub(crate) const LONGEST_CHUNK: usize = 96;

#[derive(Debug)]
pub(crate) struct Context<'a> {
    tokens: &'a [Token<'a>],
    /// One past the last word or figure.
    words_end: usize,
    pub(crate) region: Region,
    /// Every word is in capitals, so that capitals mean nothing.
    pub(crate) is_shouted: bool,
    /// An equation: a dash between figures is a minus.
    pub(crate) has_equals: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(tokens: &'a [Token<'a>], region: Region) -> Self {
        let words = || tokens.iter().filter(|token| token.kind == Kind::Word);
        let is_shouted = words().filter(|word| word.text.chars().count() > 3).count() > 1
            && words().all(|word| !word.text.contains(char::is_lowercase));
        let has_equals = tokens.iter().any(|token| token.text == "=");
        let is_said = |token: &Token<'_>| matches!(token.kind, Kind::Word | Kind::Digits);
        let words_end = tokens.iter().rposition(is_said).map_or(0, |last| last + 1);
        Self { tokens, words_end, region, is_shouted, has_equals }
    }

    pub(crate) fn language(&self) -> &'static Language {
        self.region.language
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The token's text; empty beyond the ends.
    pub(crate) fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    pub(crate) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The kind of the token before.
    pub(crate) fn kind_before(&self, at: usize) -> Option<Kind> {
        at.checked_sub(1).and_then(|before| self.kind(before))
    }

    pub(crate) fn text_before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |before| self.text(before))
    }

    pub(crate) fn is_word(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Word)
    }

    pub(crate) fn is_space(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Space)
    }

    /// The digits at `at`; empty when there are none.
    pub(crate) fn digits(&self, at: usize) -> &'a str {
        if self.kind(at) == Some(Kind::Digits) { self.text(at) } else { "" }
    }

    /// The value of the digits at `at`, if there are `1..=longest`.
    pub(crate) fn value(&self, at: usize, longest: usize) -> Option<u64> {
        let digits = self.digits(at);
        if (1..=longest).contains(&digits.len()) { digits.parse().ok() } else { None }
    }

    pub(crate) fn skip_space(&self, at: usize) -> usize {
        if self.is_space(at) { at + 1 } else { at }
    }

    /// Whether the token at `at` is this mark.
    pub(crate) fn has(&self, at: usize, mark: &str) -> bool {
        self.text(at) == mark
    }

    /// Whether the token at `at` is one of these words, whatever its case.
    pub(crate) fn is_one_of(&self, at: usize, words: &[&str]) -> bool {
        self.is_word(at) && is_one_of(self.text(at), words)
    }

    /// Whether nothing that belongs to a number or a word goes directly before.
    pub(crate) fn starts_free(&self, at: usize) -> bool {
        match self.kind_before(at) {
            None | Some(Kind::Space) => true,
            Some(Kind::Word | Kind::Digits) => false,
            Some(Kind::Mark) => {
                let is_joining = matches!(self.text_before(at), "." | "-" | "/" | "@" | "_" | "+" | ":" | "," | "–");
                !is_joining
                    || at.checked_sub(2).is_none_or(|two| !matches!(self.kind(two), Some(Kind::Word | Kind::Digits)))
            }
        }
    }

    /// Whether nothing that belongs to a number or a word follows directly.
    pub(crate) fn ends_free(&self, at: usize) -> bool {
        !matches!(self.kind(at), Some(Kind::Word | Kind::Digits))
    }

    /// Whether no word or figure is left.
    pub(crate) fn is_end(&self, at: usize) -> bool {
        at >= self.words_end
    }

    /// The word before, with no mark between.
    pub(crate) fn word_before(&self, at: usize) -> &'a str {
        let at = if self.kind_before(at) == Some(Kind::Space) { at - 1 } else { at };
        if self.kind_before(at) == Some(Kind::Word) { self.text_before(at) } else { "" }
    }

    /// The word at `at` or behind a blank.
    pub(crate) fn word_after(&self, at: usize) -> &'a str {
        let at = self.skip_space(at);
        if self.is_word(at) { self.text(at) } else { "" }
    }

    pub(crate) fn beside(&self, start: usize, end: usize) -> Beside<'a> {
        Beside { before: self.word_before(start), after: self.word_after(end) }
    }

    /// The end of `written` if the tokens from `at` spell it, its first letter in either case.
    pub(crate) fn spells(&self, at: usize, written: &str) -> Option<usize> {
        let mut rest = written;
        let mut end = at;
        while !rest.is_empty() {
            let text = self.text(end);
            let tail = match rest.strip_prefix(text) {
                Some(tail) if !text.is_empty() => tail,
                _ if end == at => strip_capitalised(rest, text)?,
                _ => return None,
            };
            rest = tail;
            end += 1;
        }
        let is_whole = !written.ends_with(char::is_alphabetic) || self.ends_free(end);
        is_whole.then_some(end)
    }

    /// One past the last token of the run without blanks, [`LONGEST_CHUNK`] at most, and without the
    /// marks that close it.
    pub(crate) fn chunk_end(&self, at: usize) -> usize {
        let limit = self.len().min(at + LONGEST_CHUNK);
        let mut end = (at..limit).find(|&at| self.is_space(at)).unwrap_or(limit);
        let closes = |text| matches!(text, "." | "," | "!" | "?" | ";" | ":" | ")" | "]" | ">" | "\"" | "'" | "}");
        while end > at && closes(self.text(end - 1)) {
            end -= 1;
        }
        end
    }
}

/// `rest` without `text`, when `text` differs in the case of its first letter only.
fn strip_capitalised<'r>(rest: &'r str, text: &str) -> Option<&'r str> {
    let mut letters = text.chars();
    let first = letters.next()?;
    let mut expected = rest.chars();
    let lower = expected.next()?;
    if !first.is_uppercase() || !first.to_lowercase().eq([lower]) {
        return None;
    }
    expected.as_str().strip_prefix(letters.as_str())
}

/// Without regard to case; `words` are lower case.
pub(crate) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|listed| equals(word, listed))
}

/// Without regard to case; `lower` is lower case.
pub(crate) fn equals(word: &str, lower: &str) -> bool {
    word.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

pub(crate) fn is_capitalised(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

pub(crate) fn is_lowercase(word: &str) -> bool {
    word.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_uppercase())
}
