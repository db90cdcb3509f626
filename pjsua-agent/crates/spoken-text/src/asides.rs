//! Stage directions: "(alarmed)", "*sighs*", "[laughs]".
//!
//! What is bracketed by `()`, `[]`, `*` or `_` is a stage direction, and goes with its brackets, when it
//!
//! 1. has one to four words (six in `[]`, `*`, `_`), none with a digit, and
//! 2. its first or last word begins with a stem of [`Words::stage_stems`](crate::language::Words), its
//!    last word is one of `stage_nouns` ("in a cheerful voice"), or it is a single word with an ending of `manner_endings` ("softly") that is not one of `not_manners` ("only").
//!
//! In `[]` a text of one to three lower-case words is one, too. Between `*` or `_` a manner by its ending
//! alone is not: "*really*" is emphasis. Every other parenthesis is what somebody wants said: its brackets
//! become pauses. Emphasis loses its signs.

use crate::context::is_one_of;
use crate::language::{Language, Words};

/// Characters within which a direction must end.
const LONGEST_DIRECTION: usize = 60;

/// Words that may go before the verb of a direction.
const SUBJECTS: [&str; 9] = ["he", "she", "it", "er", "sie", "il", "elle", "se", "sich"];

pub(crate) fn strip(text: &str, language: &Language) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(tail) = direction(rest, plain.chars().next_back(), &language.words) {
            plain.push(' ');
            rest = tail;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '*' if is_key(&plain, rest, language) => {
                plain.push_str(language.words.keypad.star);
                plain.push(' ');
            }
            '*' if is_between_figures(&plain, rest) => plain.push('×'),
            '*' => {}
            '_' if !is_inside_word(&plain, rest) => {}
            _ => plain.push(c),
        }
    }
    plain
}

/// What follows the direction that starts `text`, if one does.
fn direction<'t>(text: &'t str, last: Option<char>, words: &Words) -> Option<&'t str> {
    let open = text.chars().next()?;
    let close = match open {
        '(' => ')',
        '[' => ']',
        '*' | '_' => open,
        _ => return None,
    };
    if matches!(open, '*' | '_') && last.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let inner = &text[1..];
    let end = inner.char_indices().take(LONGEST_DIRECTION).find(|(_, c)| *c == close)?.0;
    is_direction(&inner[..end], open, words).then(|| &inner[end + 1..])
}

fn is_direction(inner: &str, open: char, words: &Words) -> bool {
    // A direction may be bracketed twice: "(*sighs*)", "*(sighs)*".
    let inner = inner.trim_matches(['*', '_', '(', ')', '[', ']', ' ', '.', '!', '…']);
    let parts: Vec<&str> = inner.split([' ', ',']).filter(|part| !part.is_empty()).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    let most_words = if open == '(' { 4 } else { 6 };
    if parts.len() > most_words || inner.contains(|c: char| c.is_ascii_digit() || matches!(c, '@' | '/' | '?' | ':')) {
        return false;
    }
    // "(Smile Dental)" is a name.
    let is_name = parts.len() > 1 && last.starts_with(char::is_uppercase);
    // "*se racle la gorge*", "(he sighs)"
    let subject = parts.get(1).filter(|_| is_one_of(first, &SUBJECTS));
    let (first, last) = (subject.unwrap_or(first).to_lowercase(), last.to_lowercase());
    let is_staged = |word: &str| words.stage_stems.iter().any(|stem| has_stem(word, stem));
    let is_described = parts.len() > 1 && words.stage_nouns.contains(&last.as_str());
    if !is_name && (is_staged(&first) || is_staged(&last) || is_described) {
        return true;
    }
    let is_manner = parts.len() == 1
        && words.manner_endings.iter().any(|ending| first.len() > ending.len() && first.ends_with(ending))
        && !words.not_manners.contains(&first.as_str());
    match open {
        '(' => is_manner,
        '[' => is_manner || (parts.len() <= 3 && !inner.contains(char::is_uppercase)),
        _ => false,
    }
}

/// A stem that ends with "." is a whole word.
fn has_stem(word: &str, stem: &str) -> bool {
    match stem.strip_suffix('.') {
        Some(whole) => word == whole,
        None => word.starts_with(stem),
    }
}

/// "press *": the key of a telephone.
fn is_key(before: &str, after: &str, language: &Language) -> bool {
    // A cue has no more letters than this.
    let word: String = before.chars().rev().skip(1).take(12).take_while(|c| c.is_alphabetic()).collect();
    let word: String = word.chars().rev().collect();
    // "*67", but "*five*" is emphasis.
    let is_code = after.starts_with(|c: char| c.is_ascii_digit()) && !after.chars().take(8).any(|c| c == '*');
    before.ends_with(' ')
        && (is_code
            || !after.starts_with(|c: char| {
                c.is_alphanumeric() || matches!(c, '*' | ' ') && after.trim_start().starts_with('*')
            }))
        && is_one_of(&word, language.words.keypad.cues)
}

fn is_between_figures(before: &str, after: &str) -> bool {
    // Two characters are enough to see past a blank.
    let before = before.chars().rev().take(2).find(|c| *c != ' ');
    let after = after.chars().take(2).find(|c| *c != ' ');
    before.is_some_and(|c| c.is_ascii_digit() || c == ')') && after.is_some_and(|c| c.is_ascii_digit() || c == '(')
}

fn is_inside_word(before: &str, after: &str) -> bool {
    before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
}
