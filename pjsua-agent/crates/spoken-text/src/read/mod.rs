//! The recognisers and the order in which they are asked.

mod abbreviations;
mod addresses;
mod clock;
mod codes;
mod dates;
pub(crate) mod idioms;
mod literals;
mod money;
mod numbers;
mod phones;
mod references;
mod symbols;
mod units;

use crate::context::Context;
use crate::output::Output;
use crate::tokens::Kind;

pub(crate) use literals::{digits_one_by_one, literal, spell};
pub(crate) use numbers::number_words;

/// What a recogniser makes of the tokens from where it was asked to `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// May be empty: nothing is said for the tokens.
    pub(crate) words: String,
    pub(crate) end: usize,
}

impl Reading {
    pub(crate) fn new(words: impl Into<String>, end: usize) -> Self {
        Self { words: words.into(), end }
    }
}

type Recogniser = fn(&Context<'_>, usize) -> Option<Reading>;

/// The more a form demands, the earlier it is tried.
const RECOGNISERS: [Recogniser; 12] = [
    addresses::read,
    special,
    dates::read,
    clock::read,
    phones::read,
    money::read,
    references::read,
    numbers::read,
    units::alone,
    abbreviations::read,
    codes::read,
    symbols::read,
];

fn special(context: &Context<'_>, at: usize) -> Option<Reading> {
    (context.language().special)(context, at)
}

pub(crate) fn read(context: &Context<'_>) -> String {
    let mut output = Output::default();
    let mut at = 0;
    while at < context.len() {
        if context.is_space(at) {
            at += 1;
            continue;
        }
        let reading = RECOGNISERS.iter().find_map(|recognise| recognise(context, at));
        if let Some(reading) = reading.filter(|reading| reading.end > at) {
            output.word(&reading.words);
            at = reading.end;
        } else if context.kind(at) == Some(Kind::Mark) {
            at = mark(context, at, &mut output);
        } else if let Kind::Digits = context.kind(at).unwrap_or(Kind::Word) {
            output.word(&digits_one_by_one(context.language(), context.text(at)));
            at += 1;
        } else {
            output.word(context.text(at));
            at += 1;
        }
    }
    output.finish()
}

/// A mark without words of its own.
fn mark(context: &Context<'_>, at: usize, output: &mut Output) -> usize {
    let is_free = |kind| !matches!(kind, Some(Kind::Word | Kind::Digits));
    let joins = !is_free(context.kind_before(at)) && !is_free(context.kind(at + 1));
    match context.text(at) {
        "." => {
            let end = (at..context.len()).find(|&at| !context.has(at, ".")).unwrap_or(context.len());
            let is_inside = end == at + 1 && joins;
            // A full stop without a blank: "Yes.No", ".NET".
            if !is_inside || context.is_word(at + 1) {
                output.mark(if end - at > 1 { "..." } else { "." });
            }
            end
        }
        mark @ ("," | "!" | "?" | ";" | ":" | "।") => {
            output.mark(mark);
            at + 1
        }
        "¿" => {
            output.opening('¿');
            at + 1
        }
        "¡" => {
            output.opening('¡');
            at + 1
        }
        // "d'1 heure"
        "'" if joins && context.kind_before(at) == Some(Kind::Word) && context.language().words.elides => {
            output.apostrophe();
            at + 1
        }
        "-" if joins && context.is_word(at + 1) => {
            output.hyphen();
            at + 1
        }
        "-" | "–" if !joins && context.is_space(at + 1) && at > 0 => {
            output.pause();
            at + 1
        }
        "–" | "(" | ")" | "[" | "]" | "{" | "}" | "•" => {
            output.pause();
            at + 1
        }
        _ => at + 1,
    }
}
