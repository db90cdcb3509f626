//! Abbreviations, from the language's table.

use super::Reading;
use crate::context::{Context, is_capitalised, is_lowercase};
use crate::language::{Abbreviation, When};
use crate::tokens::Kind;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if !context.is_word(at) || matches!(context.kind_before(at), Some(Kind::Word)) {
        return None;
    }
    let mut best: Option<(&Abbreviation, usize)> = None;
    for abbreviation in context.language().words.abbreviations {
        let Some(end) = context.spells(at, abbreviation.written) else { continue };
        if applies(context, at, end, abbreviation) && best.is_none_or(|(_, longest)| end > longest) {
            best = Some((abbreviation, end));
        }
    }
    let (abbreviation, end) = best?;
    Some(Reading::new(with_case(context.text(at), abbreviation.spoken), full_stop(context, end, abbreviation)))
}

fn applies(context: &Context<'_>, at: usize, end: usize, abbreviation: &Abbreviation) -> bool {
    // Inside "co-op" or "e.g.x" nothing is abbreviated.
    let is_open = abbreviation.written.ends_with(['.', '/']);
    let is_joined = context.has(end, "-") && context.is_word(end + 1) || !is_open && !context.ends_free(end);
    if is_joined {
        return false;
    }
    let behind = if context.has(end, ".") { end + 1 } else { end };
    let next = context.skip_space(behind);
    match abbreviation.when {
        When::Always => true,
        When::BeforeName => context.is_word(next) && is_capitalised(context.text(next)),
        When::AfterName => is_capitalised(context.word_before(at)),
        When::BeforeNumber => {
            context.kind(next) == Some(Kind::Digits)
                || context.has(next, "#") && context.kind(next + 1) == Some(Kind::Digits)
        }
        When::AfterNumber => {
            let before = if context.kind_before(at) == Some(Kind::Space) { at - 1 } else { at };
            context.kind_before(before) == Some(Kind::Digits)
        }
    }
}

/// The abbreviation's own full stop is taken; one that ends the sentence too is left.
fn full_stop(context: &Context<'_>, end: usize, abbreviation: &Abbreviation) -> usize {
    if abbreviation.written.ends_with('.') {
        return if ends_sentence(context, end, abbreviation) { end - 1 } else { end };
    }
    if context.has(end, ".") && !context.has(end + 1, ".") && !ends_sentence(context, end + 1, abbreviation) {
        end + 1
    } else {
        end
    }
}

fn ends_sentence(context: &Context<'_>, behind: usize, abbreviation: &Abbreviation) -> bool {
    if matches!(abbreviation.when, When::BeforeName | When::BeforeNumber) {
        return false;
    }
    let next = context.word_after(behind);
    context.is_end(behind)
        || (context.is_space(behind)
            && is_capitalised(next)
            && !is_lowercase(next)
            && abbreviation.when != When::Always)
}

/// A capital at the start of a sentence stays one.
fn with_case(written: &str, spoken: &str) -> String {
    let mut letters = spoken.chars();
    let is_sentence = written.chars().nth(1).is_some_and(char::is_lowercase);
    match letters.next() {
        Some(first) if is_capitalised(written) && is_sentence && first.is_lowercase() => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => spoken.to_string(),
    }
}
