//! Amounts of money.

use super::literals::{self, Literal};
use super::{Reading, literal, number_words, units};
use crate::context::{Context, is_one_of};
use crate::language::{Amount, Beside, Currency};
use crate::tokens::Kind;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if matches!(context.kind_before(at), Some(Kind::Word | Kind::Digits)) {
        return None;
    }
    let minus = context.language().numbers.minus;
    let is_negative = matches!(context.text(at), "-" | "–") && context.ends_free(at.wrapping_sub(1));
    let start = if is_negative { at + 1 } else { at };
    let reading = symbol_first(context, start, at).or_else(|| amount_first(context, start, at))?;
    Some(if is_negative { Reading::new(format!("{minus} {}", reading.words), reading.end) } else { reading })
}

/// "$5", "US$ 20", "USD 20", "$-5"
fn symbol_first(context: &Context<'_>, start: usize, at: usize) -> Option<Reading> {
    let (currency, mut figure) = currency_at(context, start)?;
    let is_negative = context.has(figure, "-") && !context.digits(figure + 1).is_empty();
    figure = context.skip_space(if is_negative { figure + 1 } else { figure });
    let amount = literal(context, figure)?;
    let reading = spoken(context, currency, &amount, at, amount.end);
    let minus = context.language().numbers.minus;
    let reading = until(context, currency, &amount).unwrap_or(reading);
    let reading = per(context, reading);
    Some(if is_negative { Reading::new(format!("{minus} {}", reading.words), reading.end) } else { reading })
}

/// "20 €", "20 USD", "5 Mio. €"
fn amount_first(context: &Context<'_>, start: usize, at: usize) -> Option<Reading> {
    if context.digits(start).is_empty() {
        return None;
    }
    let amount = literal(context, start)?;
    let magnitude = magnitude(context, amount.end);
    let behind = magnitude.as_ref().map_or(amount.end, |(_, end)| *end);
    let (currency, end) = currency_at(context, context.skip_space(behind))?;
    // "1234 $5" are two figures.
    let owns_symbol = context.digits(end).is_empty();
    owns_symbol.then(|| per(context, spoken(context, currency, &amount, at, end)))
}

/// The amount in words. `end` is where it ends when no word of magnitude follows.
fn spoken(context: &Context<'_>, currency: &Currency, amount: &Literal<'_>, at: usize, end: usize) -> Reading {
    let language = context.language();
    if let Some((magnitude, behind)) = magnitude(context, amount.end) {
        let count = literals::say(language, amount, Beside { before: "", after: &magnitude });
        let count = format!("{count} {magnitude}");
        let end = end.max(behind);
        return Reading::new(format!("{count} {}", magnitude_name(context, &magnitude, currency, at, end)), end);
    }
    let cents = match amount.fraction.len() {
        0 => Some(0),
        1 => amount.fraction.parse().ok().map(|tenths: u64| tenths * 10),
        2 => amount.fraction.parse().ok(),
        _ => None,
    };
    match (amount.value(), cents) {
        (Some(whole), Some(cents)) if cents == 0 || !currency.cent_many.is_empty() => {
            let is_attribute = units::is_attribute(context, at, end);
            Reading::new((language.money.speak)(&Amount { whole, cents, is_attribute }, currency), end)
        }
        _ => Reading::new(format!("{} {}", number_words(context, amount), currency.many), end),
    }
}

fn magnitude_name(context: &Context<'_>, magnitude: &str, currency: &Currency, at: usize, end: usize) -> String {
    if units::is_attribute(context, at, end) {
        return currency.one.to_string();
    }
    (context.language().money.after_magnitude)(magnitude, currency)
}

/// "million", "M", "k" at `at` or behind a blank.
fn magnitude(context: &Context<'_>, at: usize) -> Option<(String, usize)> {
    let language = context.language();
    let word = context.skip_space(at);
    if is_one_of(context.text(word), language.numbers.magnitudes) {
        return Some((context.text(word).to_string(), word + 1));
    }
    let suffix =
        |(suffix, _, many): &(&str, &'static str, &'static str)| (*suffix == context.text(word)).then_some(*many);
    let many = language.numbers.scales.iter().find_map(suffix).or_else(|| match context.text(word) {
        // Only money is counted in small letters.
        "m" if language.tag == "en" => Some("million"),
        _ => None,
    })?;
    // "5 Mio. €": the full stop is not the sentence's.
    let goes_on = !context.text(context.skip_space(word + 2)).is_empty();
    let end = if context.has(word + 1, ".") && goes_on { word + 2 } else { word + 1 };
    let is_attached =
        word == at || currency_at(context, word + 1).is_some() || many.len() > 3 && context.text(word).len() > 1;
    (is_attached && context.ends_free(word + 1)).then(|| (many.to_string(), end))
}

/// "$5-10", "€5–€10"
fn until(context: &Context<'_>, currency: &Currency, first: &Literal<'_>) -> Option<Reading> {
    let scale = magnitude(context, first.end);
    let end = scale.as_ref().map_or(first.end, |(_, end)| *end);
    let is_spaced = context.is_space(end) && context.is_space(end + 2);
    let dash = end + usize::from(is_spaced);
    let next = dash + 1 + usize::from(is_spaced);
    if !(context.has(dash, "-") || context.has(dash, "–")) {
        return None;
    }
    let (second, figure) = currency_at(context, next).map_or((currency, next), |(currency, figure)| (currency, figure));
    let last = literal(context, figure).filter(|_| !context.digits(figure).is_empty())?;
    let right = spoken(context, second, &last, next, last.end);
    let is_same = std::ptr::eq(second, currency);
    let left = if let Some((name, _)) = scale.filter(|_| is_same) {
        format!("{} {name}", number_words(context, first))
    } else if first.fraction.is_empty() && is_same {
        number_words(context, first)
    } else {
        spoken(context, currency, first, next, first.end).words
    };
    Some(Reading::new(format!("{left} {} {}", context.language().numbers.to, right.words), right.end))
}

/// "/month"
fn per(context: &Context<'_>, amount: Reading) -> Reading {
    let money = &context.language().money;
    let word = amount.end + 1;
    if !context.has(amount.end, "/") || !context.is_word(word) {
        return amount;
    }
    let written = context.text(word);
    let listed = money.periods.iter().find(|(listed, _)| *listed == written);
    let period = listed.map_or(written, |(_, spoken)| spoken);
    let has_dot = listed.is_some() && context.has(word + 1, ".") && !context.is_end(word + 1);
    Reading::new(format!("{} {} {period}", amount.words, money.per), if has_dot { word + 2 } else { word + 1 })
}

/// The currency at `at` and the index behind its symbol or code.
fn currency_at(context: &Context<'_>, at: usize) -> Option<(&'static Currency, usize)> {
    let currencies = context.language().money.currencies;
    if context.kind(at)? == Kind::Word {
        let word = context.text(at);
        if let Some(currency) = currencies.iter().find(|currency| currency.codes.contains(&word)) {
            return context
                .ends_free(at + 1)
                .then(|| (currency, context.skip_space(at + 1)))
                .or(Some((currency, at + 1)));
        }
    }
    let (pair, one) = (format!("{}{}", context.text(at), context.text(at + 1)), context.text(at));
    let local = |symbol: &str| {
        let listed = context.language().money.local.iter();
        let code =
            listed.filter(|(region, _, _)| **region == context.region.code).find(|(_, listed, _)| *listed == symbol)?.2;
        currencies.iter().find(|currency| currency.codes.contains(&code))
    };
    let with =
        |symbol: &str| local(symbol).or_else(|| currencies.iter().find(|currency| currency.symbols.contains(&symbol)));
    if context.is_word(at)
        && let Some(currency) = with(&pair)
    {
        return Some((currency, context.skip_space(at + 2)));
    }
    with(one).filter(|_| context.kind(at) == Some(Kind::Mark) || context.ends_free(at + 1)).map(|currency| {
        // The blank in front of a figure belongs to the amount; any other does not.
        let figure = context.skip_space(at + 1);
        let end = if context.digits(figure).is_empty() { at + 1 } else { figure };
        let has_dot = context.is_word(at) && context.has(end, ".") && !context.is_end(end);
        (currency, if has_dot { end + 1 } else { end })
    })
}
