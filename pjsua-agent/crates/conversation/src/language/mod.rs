//! What the words recognised so far say: whether the caller has finished, and the few requests that
//! need no model.
//!
//! The rules are the same for every language and live in [`endings`], [`questions`], [`dictation`]
//! and [`requests`]; what differs is one [`Language`] of tables a file. A recogniser's text is taken
//! as it comes: with or without capitals, punctuation and accents on capitals, digits as words or
//! figures.
//!
//! To add a language, copy the smallest file, translate its tables, and name it in [`LANGUAGES`] and
//! in `tests/mod.rs`. A table left out (`..Language::NEUTRAL`) makes the rule that reads it silent.

mod asides;
mod dictation;
mod endings;
mod english;
mod french;
mod german;
mod hindi;
mod phrases;
mod questions;
mod requests;
mod spanish;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use asides::Words;
use dictation::Dictation;
use endings::Endings;
use phrases::Phrases;
use questions::Questions;
use requests::Requests;
use words::{Word, words};

static LANGUAGES: [&Language; 5] =
    [&english::ENGLISH, &french::FRENCH, &german::GERMAN, &hindi::HINDI, &spanish::SPANISH];

/// Whether the caller has finished, by his words alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completeness {
    /// A whole question, a yes or no, a goodbye.
    Complete,
    /// The words do not tell.
    Open,
    /// More must follow: the words end in a conjunction, an article, a preposition, an "um".
    Incomplete,
    /// Digits or letters are being read out.
    Dictating {
        /// How many there are in the run that ends the text.
        dictated: usize,
    },
}

/// What a whole utterance asks of the agent as a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// None of these.
    None,
    /// "Hello? Are you there?"
    Hello,
    /// "Sorry, what did you say?"
    Repeat,
    /// "One moment please."
    Wait,
}

/// One language's tables, and the rules that read them.
#[derive(Debug)]
pub(crate) struct Language {
    /// The primary subtags it is chosen by, in lower case (ISO 639-1 and 639-2).
    subtags: Phrases,
    /// Sounds of somebody who goes on: "um".
    fillers: Phrases,
    /// Words of politeness that may stand anywhere: "please".
    courtesies: Phrases,
    /// What may come before the matter: "okay", "I would like to".
    softeners: Phrases,
    /// Utterances that are whole as they are: "yes", "no thanks", "speak to a person".
    whole: Phrases,
    endings: Endings,
    questions: Questions,
    dictation: Dictation,
    requests: Requests,
    /// What is said, alone or at the start of more, to be heard at once: "stop", "what". What the tables of backchannels
    /// begin with goes before.
    claims: Phrases,
    /// What listeners say to show that they listen.
    backchannels: Phrases,
}

impl Language {
    /// A language nothing is known of.
    const NEUTRAL: Self = Self {
        subtags: &[],
        fillers: &[],
        courtesies: &[],
        softeners: &[],
        whole: &[],
        endings: Endings::NONE,
        questions: Questions::NONE,
        dictation: Dictation::NONE,
        requests: Requests::NONE,
        claims: asides::CLAIMS,
        backchannels: &["hm", "hmm", "mhm", "mm", "mm hm", "mm hmm", "ok", "okay"],
    };

    /// The language of a BCP 47 tag such as `de-CH`: English for an empty one, a neutral one when
    /// there are no tables for it.
    pub(crate) fn of(tag: &str) -> &'static Self {
        static UNKNOWN: Language = Language::NEUTRAL;
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        if primary.is_empty() {
            return &english::ENGLISH;
        }
        let known = LANGUAGES.into_iter().find(|language| {
            let mut subtags = language.subtags.iter();
            subtags.any(|subtag| subtag.eq_ignore_ascii_case(primary))
        });
        known.unwrap_or(&UNKNOWN)
    }

    /// Whether the caller of whom `text` has been recognised so far has finished.
    pub(crate) fn completeness(&self, text: &str) -> Completeness {
        if self.subtags.is_empty() { Completeness::Open } else { endings::completeness(self, latest(&words(text))) }
    }

    /// What the utterance asks when it asks nothing else.
    pub(crate) fn request(&self, text: &str) -> Request {
        requests::request(self, &words(text))
    }

    /// What somebody means who says it while the agent speaks; `backchannels`, if there are any, take the place of the
    /// language's.
    pub(crate) fn words_over_agent(&self, text: &str, backchannels: &[String]) -> Words {
        asides::words_of(self, text, backchannels)
    }

    /// Whether the text ends in a question, by its form or its question mark.
    pub(crate) fn is_question(&self, text: &str) -> bool {
        questions::is_question(self, latest(&words(text)))
    }
}

/// What was said before does not matter any more: 64 words are twenty seconds.
const WORDS_THAT_MATTER: usize = 64;

fn latest<'a, 'b>(words: &'a [Word<'b>]) -> &'a [Word<'b>] {
    &words[words.len().saturating_sub(WORDS_THAT_MATTER)..]
}
