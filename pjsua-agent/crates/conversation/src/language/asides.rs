//! What is said while somebody else speaks.

use super::phrases::{Phrases, longest_start};
use super::words::{Word, words};
use super::{Completeness, Language};

/// What the words recognised so far say about the intent of somebody who speaks over the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Nothing that could be a word was recognised.
    None,
    /// Only words that ask for no answer.
    Backchannel,
    /// Something else, this many words of it.
    Speech(usize),
    /// Something that is said to be heard at once: "stop", "excuse me", a question.
    Claim,
}

/// Judges `text` by the language's tables; `backchannels`, if there are any, take the place of its own.
pub(super) fn words_of(language: &Language, text: &str, backchannels: &[String]) -> Words {
    let mut words = words(text);
    if words.is_empty() {
        return Words::None;
    }
    words.retain(|word| !is_hum(word));
    let claims = |rest: &[Word<'_>]| (0..rest.len()).any(|at| longest_start(&rest[at..], language.claims) > 0);
    let mut rest = words.as_slice();
    while !rest.is_empty() {
        let length = match backchannels {
            [] => longest_start(rest, language.backchannels),
            own => longest_start(rest, own),
        };
        match length {
            0 if claims(rest) => return Words::Claim,
            0 if rest.len() == 1 && is_fragment(language, &rest[0]) => return Words::None,
            0 => return Words::Speech(rest.len()),
            _ => rest = &rest[length..],
        }
    }
    Words::Backchannel
}

/// "Mm hmm", as recognisers spell it: "m m h m".
fn is_hum(word: &Word<'_>) -> bool {
    word.text.chars().all(|letter| matches!(letter, 'h' | 'H' | 'm' | 'M'))
}

/// A letter, or a word after which more must follow. Nobody says "the" and no more.
fn is_fragment(language: &Language, word: &Word<'_>) -> bool {
    word.text.chars().count() == 1 || language.completeness(word.text) == Completeness::Incomplete
}

/// What takes the floor in a language nothing is known of.
pub(super) const CLAIMS: Phrases = &["stop"];
