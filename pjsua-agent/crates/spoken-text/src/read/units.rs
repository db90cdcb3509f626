//! Figures with a unit of measurement.

use super::literals::{self, Literal};
use super::{Reading, number_words};
use crate::context::{Context, equals, is_lowercase};
use crate::language::{Beside, Unit};

/// The unit at `at`, or behind a blank, and where it ends. The longest that fits.
pub(super) fn unit_at<'u>(context: &Context<'_>, at: usize) -> Option<(&'u Unit, usize)> {
    let start = context.skip_space(at);
    let is_spaced = start > at;
    if !context.is_word(start) && !matches!(context.text(start), "°" | "%" | "‰" | "\"") {
        return None;
    }
    let mut best: Option<(&Unit, usize)> = None;
    for unit in context.language().units.iter().filter(|unit| !(is_spaced && unit.attached)) {
        for written in unit.written {
            let end =
                context.spells(start, written).filter(|&end| exact(context, start, written) && ends(context, end));
            // The sentence's full stop stays.
            let is_last = |end: usize| written.ends_with('.') && context.is_end(end);
            let end = end.map(|end| if is_last(end) { end - 1 } else { end });
            if let Some(end) = end.filter(|end| best.is_none_or(|(_, longest)| *end > longest)) {
                best = Some((unit, end));
            }
        }
    }
    best
}

/// Case matters in units: "m" and "M".
fn exact(context: &Context<'_>, start: usize, written: &str) -> bool {
    written.starts_with(context.text(start))
}

fn ends(context: &Context<'_>, end: usize) -> bool {
    context.ends_free(end) && !matches!(context.text(end), "²" | "³" | "'")
}

/// "five kilometres", "a five kilometre run".
pub(super) fn measure(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<Reading> {
    let (unit, end) = unit_at(context, literal.end)?;
    let name = if is_attribute(context, start, end) { unit.one } else { name(context, unit, literal) };
    let count = literals::say(context.language(), literal, Beside { before: context.word_before(start), after: name });
    Some(Reading::new(format!("{count} {name}"), full_stop(context, end)))
}

/// "per kWh": a unit without a figure, where the word before says that it is one.
pub(super) fn alone(context: &Context<'_>, at: usize) -> Option<Reading> {
    let is_measured = context.is_word(at) && equals(context.word_before(at), context.language().money.per);
    let (unit, end) = unit_at(context, at).filter(|_| is_measured)?;
    Some(Reading::new(unit.one, full_stop(context, end)))
}

/// An abbreviated unit's own full stop is not said; the sentence's stays.
fn full_stop(context: &Context<'_>, end: usize) -> usize {
    let is_letter = context.text(end - 1).ends_with(char::is_alphabetic);
    let has_more = is_lowercase(context.word_after(end + 1));
    if is_letter && context.has(end, ".") && has_more { end + 1 } else { end }
}

/// Singular or plural.
pub(super) fn name<'u>(context: &Context<'_>, unit: &'u Unit, literal: &Literal<'_>) -> &'u str {
    if literal.is_plural(context.language()) { unit.many } else { unit.one }
}

/// In English a measure before a noun is singular: "a 5 km run".
pub(super) fn is_attribute(context: &Context<'_>, start: usize, end: usize) -> bool {
    let before = context.word_before(start);
    context.language().numbers.attributes_are_singular
        && (equals(before, "a") || equals(before, "an"))
        && context.is_space(end)
        && is_lowercase(context.word_after(end))
        && !matches!(
            context.word_after(end),
            "a" | "per" | "an" | "or" | "and" | "more" | "less" | "off" | "in" | "for" | "to"
        )
}

/// 5'11", 6', 12".
pub(super) fn feet_and_inches(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<Reading> {
    let language = context.language();
    let [foot, feet, ..] = language.numbers.feet;
    if context.has(literal.end, "'") {
        let figure = context.skip_space(literal.end + 1);
        let value = context.value(figure, 2).filter(|inches| *inches < 12);
        let behind = figure + 1;
        let is_closed = context.has(behind, "\"") || (context.has(behind, "'") && context.has(behind + 1, "'"));
        if let Some(value) = value.filter(|_| is_closed || context.ends_free(behind) && figure == literal.end + 1) {
            let end = if context.has(behind, "\"") {
                behind + 1
            } else if is_closed {
                behind + 2
            } else {
                behind
            };
            let words = format!("{} {} {}", number_words(context, literal), foot, (language.numbers.cardinal)(value));
            return Some(Reading::new(words, end));
        }
        let opens_quote = start > 0 && context.has(start - 1, "'");
        let is_feet = !opens_quote && context.ends_free(literal.end + 1) && literal.value()? > 0;
        return is_feet.then(|| Reading::new(format!("{} {feet}", number_words(context, literal)), literal.end + 1));
    }
    let is_inches =
        context.has(literal.end, "\"") && !quote_is_open(context, start) && context.ends_free(literal.end + 1);
    let name = inches(context, literal.end + 1, literal.is_plural(language));
    is_inches.then(|| Reading::new(format!("{} {name}", number_words(context, literal)), literal.end + 1))
}

/// "a twenty-seven inch monitor": in front of a noun, singular in some languages.
pub(super) fn inches(context: &Context<'_>, end: usize, is_plural: bool) -> &'static str {
    let numbers = &context.language().numbers;
    let is_attribute =
        numbers.attributes_are_singular && context.is_space(end) && is_lowercase(context.word_after(end));
    if is_plural && !is_attribute { numbers.feet[3] } else { numbers.feet[2] }
}

/// Whether a quotation mark before `at` waits for its second.
fn quote_is_open(context: &Context<'_>, at: usize) -> bool {
    (at.saturating_sub(40)..at).filter(|&at| context.has(at, "\"")).count() % 2 == 1
}
