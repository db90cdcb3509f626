//! Phrases of a table found in a text.

use super::words::{Word, is_same, may_be_same, words_of_phrase};

/// Words or groups of words, in lower case, one space between.
pub(super) type Phrases = &'static [&'static str];

/// The most words an utterance has that is nothing but a yes, a goodbye, a request to wait.
const LONGEST_COVERED: usize = 24;

/// How many words of the start of `words` the phrase is.
pub(super) fn start(words: &[Word<'_>], phrase: &str) -> Option<usize> {
    if !may_be_same(words.first()?.text.as_bytes().first(), phrase.as_bytes().first()) {
        return None;
    }
    let mut length = 0;
    for part in words_of_phrase(phrase) {
        if !is_same(words.get(length)?.text, part) {
            return None;
        }
        length += 1;
    }
    Some(length)
}

/// How many words of the end of `words` the phrase is.
fn end(words: &[Word<'_>], phrase: &str) -> Option<usize> {
    if !may_be_same(words.last()?.text.as_bytes().last(), phrase.as_bytes().last()) {
        return None;
    }
    let mut rest = words;
    for part in words_of_phrase(phrase).rev() {
        let (last, before) = rest.split_last()?;
        if !is_same(last.text, part) {
            return None;
        }
        rest = before;
    }
    Some(words.len() - rest.len())
}

/// The length in words of the longest phrase that starts `words`; 0: none does.
pub(super) fn longest_start(words: &[Word<'_>], phrases: &[impl AsRef<str>]) -> usize {
    phrases.iter().filter_map(|phrase| start(words, phrase.as_ref())).max().unwrap_or(0)
}

/// The length in words of the longest phrase that ends `words`; 0: none does.
pub(super) fn longest_end(words: &[Word<'_>], phrases: Phrases) -> usize {
    phrases.iter().filter_map(|phrase| end(words, phrase)).max().unwrap_or(0)
}

/// Whether the word alone is in the table.
pub(super) fn contains(phrases: Phrases, word: &Word<'_>) -> bool {
    let first = word.text.as_bytes().first();
    phrases.iter().any(|phrase| may_be_same(first, phrase.as_bytes().first()) && is_same(word.text, phrase))
}

pub(super) fn skip_start<'a, 'b>(mut words: &'a [Word<'b>], tables: &[Phrases]) -> &'a [Word<'b>] {
    loop {
        match tables.iter().map(|phrases| longest_start(words, phrases)).max() {
            None | Some(0) => return words,
            Some(length) => words = &words[length..],
        }
    }
}

pub(super) fn skip_end<'a, 'b>(mut words: &'a [Word<'b>], tables: &[Phrases]) -> &'a [Word<'b>] {
    loop {
        match tables.iter().map(|phrases| longest_end(words, phrases)).max() {
            None | Some(0) => return words,
            Some(length) => words = &words[..words.len() - length],
        }
    }
}

/// What an utterance may consist of to be covered.
pub(super) struct Cover<'a> {
    /// At least one of these.
    pub(super) cores: &'a [Phrases],
    /// Only before the first core.
    pub(super) before: &'a [Phrases],
    /// Anywhere.
    pub(super) around: &'a [Phrases],
}

impl Cover<'_> {
    pub(super) fn covers(&self, words: &[Word<'_>]) -> bool {
        if words.is_empty() || words.len() > LONGEST_COVERED {
            return false;
        }
        // One bit for each number of words that can be covered, without a core and with one.
        let (mut without, mut with) = (1_u32, 0_u32);
        for at in 0..words.len() {
            let (bare, cored) = (without >> at & 1, with >> at & 1);
            if bare | cored == 0 {
                continue;
            }
            for length in lengths(self.cores, &words[at..]) {
                with |= 1 << (at + length);
            }
            for length in lengths(self.around, &words[at..]) {
                without |= bare << (at + length);
                with |= cored << (at + length);
            }
            for length in lengths(self.before, &words[at..]) {
                without |= bare << (at + length);
            }
        }
        with >> words.len() & 1 == 1
    }
}

fn lengths<'a>(tables: &'a [Phrases], words: &'a [Word<'a>]) -> impl Iterator<Item = usize> + 'a {
    tables.iter().flat_map(|phrases| phrases.iter()).filter_map(|phrase| start(words, phrase))
}
