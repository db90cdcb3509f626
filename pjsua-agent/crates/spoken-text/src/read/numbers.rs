//! Figures that are no date, time, money or telephone number: counts, ordinals, years, fractions,
//! ranges, measures.

use super::literals::{self, Literal};
use super::phones::split;
use super::{Reading, digits_one_by_one, literal, units};
use crate::context::{Context, is_lowercase, is_one_of};
use crate::language::Beside;
use crate::tokens::Kind;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    let (is_negative, start) = sign(context, at)?;
    let first = literal(context, start)?;
    let reading = ordinal(context, start, &first)
        .or_else(|| units::feet_and_inches(context, start, &first))
        .or_else(|| fraction(context, start, &first))
        .or_else(|| dimensions(context, &first))
        .or_else(|| range(context, start, &first))
        .or_else(|| scaled(context, &first))
        .or_else(|| units::measure(context, start, &first))
        .or_else(|| power(context, &first))
        .or_else(|| ratio(context, start, &first))
        .or_else(|| number(context, start, &first))?;
    let minus = context.language().numbers.minus;
    Some(if is_negative { Reading::new(format!("{minus} {}", reading.words), reading.end) } else { reading })
}

/// Whether a minus is at `at`, and where the figures start. `None` when no number can start here.
fn sign(context: &Context<'_>, at: usize) -> Option<(bool, usize)> {
    match context.kind(at)? {
        Kind::Digits => Some((false, at)),
        Kind::Mark if context.has(at, ".") => Some((false, at)),
        Kind::Mark if matches!(context.text(at), "-" | "–") => {
            let is_free = !matches!(context.kind_before(at), Some(Kind::Word | Kind::Digits))
                && !matches!(context.text_before(at), ")" | "%" | "\"");
            let is_alone = context.kind_before(at).is_none() || context.kind_before(at) == Some(Kind::Space);
            (is_free && (is_alone || matches!(context.text_before(at), "(" | "="))).then_some((true, at + 1))
        }
        _ => None,
    }
}

/// The literal with the words beside it.
fn said(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> String {
    literals::say(context.language(), literal, context.beside(start, literal.end))
}

/// The words for figures alone, as counted.
pub(crate) fn number_words(context: &Context<'_>, literal: &Literal<'_>) -> String {
    literals::say(context.language(), literal, Beside::default())
}

fn ordinal(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<Reading> {
    if !literal.fraction.is_empty() {
        return None;
    }
    let value = literal.value()?;
    let numbers = &context.language().numbers;
    let mut end = literal.end;
    let mut suffix = context.text(end);
    // "1.º", "3.er", "1990's"
    if matches!(suffix, "." | "'") && context.is_word(end + 1) {
        end += 1;
        suffix = context.text(end);
    }
    if context.is_word(end)
        && let Some(words) = (numbers.ordinal)(value, suffix, context.beside(start, end + 1))
    {
        return Some(Reading::new(words, end + 1));
    }
    if context.has(literal.end, ".") {
        let behind = literal.end + 1;
        let words = (numbers.ordinal)(value, ".", context.beside(start, behind))?;
        // The full stop of the sentence stays.
        let end = if context.is_end(behind) { literal.end } else { behind };
        return Some(Reading::new(words, end));
    }
    None
}

/// "1/2", "3 1/4"
fn fraction(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<Reading> {
    if !literal.fraction.is_empty() || literal.is_grouped {
        return None;
    }
    let numbers = &context.language().numbers;
    let parts = |at: usize| -> Option<(u64, u64)> {
        let (top, bottom) = (context.value(at, 3)?, context.value(at + 2, 4)?);
        let is_whole = context.has(at + 1, "/") && context.ends_free(at + 3) && !context.has(at + 3, "/");
        let is_common = matches!(bottom, 2..=10 | 12 | 16 | 20 | 32 | 64 | 100 | 1000);
        (is_whole && is_common && top > 0 && top < bottom).then_some((top, bottom))
    };
    if let Some((top, bottom)) = parts(start) {
        return Some(Reading::new((numbers.fraction)(top, bottom), start + 3));
    }
    if context.is_space(literal.end) {
        let (top, bottom) = parts(literal.end + 1)?;
        let whole = literal.value().filter(|_| literal.integer.len() <= 4)?;
        let behind = literal.end + 4;
        let words = (numbers.mixed)(whole, top, bottom);
        if context.has(behind, "\"") && context.ends_free(behind + 1) {
            return Some(Reading::new(format!("{words} {}", units::inches(context, behind + 1, true)), behind + 1));
        }
        return Some(match units::unit_at(context, behind) {
            Some((unit, end)) => Reading::new(format!("{words} {}", unit.many), end),
            None => Reading::new(words, behind),
        });
    }
    // "7/15" is no common fraction, but no date either.
    let (top, bottom) = (context.value(start, 4)?, context.value(start + 2, 4)?);
    let is_pair = context.has(start + 1, "/") && context.ends_free(start + 3) && !context.has(start + 3, "/");
    let slash = context.language().addresses.slash;
    is_pair
        .then(|| Reading::new(format!("{} {slash} {}", (numbers.cardinal)(top), (numbers.cardinal)(bottom)), start + 3))
}

/// "3 x 4", "3×4×5"
fn dimensions(context: &Context<'_>, literal: &Literal<'_>) -> Option<Reading> {
    let by = |at: usize| context.has(at, "x") || context.has(at, "X");
    let word = context.language().numbers.by;
    let mut words = number_words(context, literal);
    let mut end = literal.end;
    let mut last = literal.clone();
    for _ in 0..3 {
        let sign = context.skip_space(end);
        let next = context.skip_space(sign + 1);
        if !by(sign) {
            break;
        }
        let Some(factor) = super::literal(context, next).filter(|factor| !factor.integer.is_empty()) else { break };
        words = format!("{words} {word} {}", number_words(context, &factor));
        end = factor.end;
        last = factor;
    }
    if end == literal.end {
        return None;
    }
    Some(match units::unit_at(context, end) {
        Some((unit, end)) => Reading::new(format!("{words} {}", units::name(context, unit, &last)), end),
        None => Reading::new(words, end),
    })
}

/// "9-5", "10 – 12 km", "2019–2021"
fn range(context: &Context<'_>, start: usize, first: &Literal<'_>) -> Option<Reading> {
    if context.has_equals || !context.starts_free(start) || first.integer.len() > 6 && !first.is_grouped {
        return None;
    }
    // A unit at both ends: "5 km - 10 km", "5%-10%".
    let left_unit = units::unit_at(context, first.end);
    let dash = left_unit.as_ref().map_or(first.end, |(_, end)| *end);
    let is_spaced = context.is_space(dash) && context.is_space(dash + 2);
    let dash = if is_spaced { dash + 1 } else { dash };
    let next = if is_spaced { dash + 2 } else { dash + 1 };
    let is_dash = context.has(dash, "–") || context.has(dash, "-");
    let second = literal(context, next).filter(|_| is_dash && context.kind(next) == Some(Kind::Digits))?;
    let is_chained = context.has(second.end, "-") && !context.digits(second.end + 1).is_empty();
    if is_chained
        || (second.is_name() && !second.integer.is_empty())
        || (first.is_name() && !first.integer.starts_with('0'))
    {
        return None;
    }
    let to = context.language().numbers.to;
    if let (None, Some(from)) = (&left_unit, year(context, start, first)) {
        let until = if second.integer.len() == 2 {
            format!("{}{}", &first.integer[..2], second.integer)
        } else {
            second.integer.clone()
        };
        let is_year = until.len() == 4 && second.fraction.is_empty() && units::unit_at(context, second.end).is_none();
        if let Some(until) = until.parse::<u64>().ok().filter(|until| is_year && (1100..2200).contains(until)) {
            let until = (context.language().numbers.year)(until);
            return Some(Reading::new(format!("{from} {to} {until}"), second.end));
        }
    }
    let right = scaled(context, &second)
        .or_else(|| units::measure(context, start, &second))
        .or_else(|| ordinal(context, next, &second))
        .unwrap_or_else(|| Reading::new(said(context, next, &second), second.end));
    let left = match left_unit {
        Some((unit, end)) if units::unit_at(context, second.end).is_none() => {
            return Some(Reading::new(
                format!("{} {} {to} {}", number_words(context, first), units::name(context, unit, first), right.words),
                right.end.max(end),
            ));
        }
        _ => number_words(context, first),
    };
    Some(Reading::new(format!("{left} {to} {}", right.words), right.end))
}

/// "5k", "5M", "5 Mio."
fn scaled(context: &Context<'_>, literal: &Literal<'_>) -> Option<Reading> {
    let language = context.language();
    let at = context.skip_space(literal.end);
    let written = context.text(at);
    let (_, one, many) = language.numbers.scales.iter().find(|(suffix, _, _)| *suffix == written)?;
    // "Apt. 5B" is a door, "2.5B users" are many.
    let is_door = written == "B" && literal.fraction.is_empty();
    let is_screen =
        is_door || written == "K" && matches!(literal.integer.as_str(), "4" | "8") && literal.fraction.is_empty();
    let is_apart = at > literal.end && written.len() == 1;
    if is_screen || is_apart || !context.ends_free(at + 1) || context.has(at + 1, "/") {
        return None;
    }
    let name = if literal.is_plural(language) { many } else { one };
    let count = literals::say(language, literal, Beside { before: "", after: name });
    let has_dot = context.has(at + 1, ".") && !context.is_end(at + 1);
    Some(Reading::new(format!("{count} {name}"), if has_dot { at + 2 } else { at + 1 }))
}

/// "5^2"
fn power(context: &Context<'_>, literal: &Literal<'_>) -> Option<Reading> {
    if !context.has(literal.end, "^") {
        return None;
    }
    let is_negative = context.has(literal.end + 1, "-");
    let at = literal.end + 1 + usize::from(is_negative);
    let exponent = context.value(at, 4).filter(|_| context.kind(at) == Some(Kind::Digits))?;
    let numbers = &context.language().numbers;
    let power = match exponent {
        2 if !is_negative => numbers.squared.to_string(),
        3 if !is_negative => numbers.cubed.to_string(),
        _ => {
            let minus = if is_negative { format!("{} ", numbers.minus) } else { String::new() };
            format!("{} {minus}{}", numbers.to_the_power_of, (numbers.cardinal)(exponent))
        }
    };
    Some(Reading::new(format!("{} {power}", number_words(context, literal)), at + 1))
}

/// "3:1", "16:9"
fn ratio(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<Reading> {
    let is_pair = context.has(literal.end, ":") && context.ends_free(literal.end + 2);
    let (left, right) = (context.value(start, 3)?, context.value(literal.end + 1, 3)?);
    let numbers = &context.language().numbers;
    is_pair.then(|| {
        let words = format!("{} {} {}", (numbers.cardinal)(left), numbers.to, (numbers.cardinal)(right));
        Reading::new(words, literal.end + 2)
    })
}

fn number(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<Reading> {
    let language = context.language();
    if let Some(year) = year(context, start, literal) {
        return Some(Reading::new(year, literal.end));
    }
    // "1AA" is a code.
    if version(context, literal) || context.is_word(literal.end) {
        return None;
    }
    let is_price_like = !literal.fraction.is_empty();
    let words = if literal.is_name() && !is_price_like {
        split(&literal.integer).into_iter().map(|part| digits_one_by_one(language, part)).collect::<Vec<_>>().join(", ")
    } else {
        said(context, start, literal)
    };
    Some(Reading::new(words, literal.end))
}

/// More than one point: "1.2.3", left to "codes".
fn version(context: &Context<'_>, literal: &Literal<'_>) -> bool {
    literal.fraction.is_empty() && context.has(literal.end, ".") && !context.digits(literal.end + 1).is_empty()
}

/// Four digits that are a year: after a word such as "since", or between 1900 and 2099 where they
/// count nothing.
pub(super) fn year(context: &Context<'_>, start: usize, literal: &Literal<'_>) -> Option<String> {
    let is_plain = literal.integer.len() == 4 && !literal.is_grouped && literal.fraction.is_empty();
    let value = literal.value().filter(|value| is_plain && (1100..2100).contains(value))?;
    let language = context.language();
    if units::unit_at(context, literal.end).is_some() || version(context, literal) {
        return None;
    }
    let before = context.word_before(start);
    let after = context.word_after(literal.end);
    let is_cued = is_one_of(before, language.dates.year_cues);
    let counts = is_lowercase(after) && (language.references.is_counted_noun)(after);
    let is_year = !counts && (is_cued || (1900..2100).contains(&value));
    is_year.then(|| (language.numbers.year)(value))
}
