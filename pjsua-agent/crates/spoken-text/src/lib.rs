//! What a voice can say of a clause that a language model wrote.
//!
//! A model writes for the eye: markdown, "$1,234.50", "(laughs)", "Dr.", "+44 20 7946 0958". A voice
//! reads such things badly or not at all, each voice in its own way. So the clause is made into words
//! first:
//!
//! ```
//! assert_eq!(
//!     spoken_text::speakable("**Dr. Lee** is in from 9am, room 204 (smiles).", "en-US"),
//!     "Doctor Lee is in from nine A M, room two oh four."
//! );
//! ```
//!
//! The steps, each a module:
//! 1. `clean` — one form for every quote, dash, blank and digit; emoji go.
//! 2. `markdown` — marks of formatting go, their text stays.
//! 3. `asides` — stage directions go.
//! 4. `tokens` — words, digits, marks.
//! 5. `read` — recognisers, tried in order at each token: address, date, time, money, phone number…
//! 6. `output` — one blank between words, one mark between clauses.
//!
//! What a language says is in one table, `language::Language`, with a folder below `languages/`. The
//! time taken is proportional to the text's length: a recogniser looks at a bounded number of tokens.

#![forbid(unsafe_code)]

mod asides;
mod clean;
mod context;
mod language;
mod languages;
mod markdown;
mod output;
mod read;
mod tokens;

use context::Context;
use language::Region;

/// The words for one clause, `""` when nothing is to be said. `language` is a BCP-47 tag such as
/// `en`, `en-GB` or `es-MX`; an unknown language is read as English.
pub fn speakable(text: &str, language: &str) -> String {
    Speakable::for_language(language).speak(text)
}

/// Whether every class of written form is read in this language, with a case table that proves it.
pub fn is_language_complete(language: &str) -> bool {
    languages::find(language).is_some_and(|language| language.complete)
}

/// The reader for one language and region, to be kept for a call.
#[derive(Clone, Copy, Debug)]
pub struct Speakable {
    region: Region,
}

impl Speakable {
    /// For a BCP-47 tag; the region decides the order of a date and the decimal sign. An unknown
    /// language is read as English.
    pub fn for_language(tag: &str) -> Self {
        Self { region: Region::of(tag) }
    }

    /// The words for one clause, `""` when nothing is to be said.
    pub fn speak(&self, text: &str) -> String {
        let text = clean::clean(text);
        let text = markdown::strip(&text, self.region.language);
        let text = asides::strip(&text, self.region.language);
        let tokens = tokens::tokens(&text);
        read::read(&Context::new(&tokens, self.region))
    }
}
