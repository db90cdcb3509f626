//! Dates, in figures or with the name of a month.

use super::{Reading, clock, literal, numbers};
use crate::context::{Context, is_capitalised, is_one_of};
use crate::language::Date;
use crate::tokens::Kind;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    let first = one(context, at)?;
    // "Jan. 1 – Feb. 2"
    let dash = context.skip_space(first.end);
    let next = context.skip_space(dash + 1);
    let is_dash = context.has(dash, "–") || context.has(dash, "-");
    let last = if is_dash { either(context, next) } else { None };
    Some(match last {
        Some(last) => {
            Reading::new(format!("{} {} {}", first.words, context.language().numbers.to, last.words), last.end)
        }
        None => first,
    })
}

/// A date that starts at `at`, whatever goes before.
fn either(context: &Context<'_>, at: usize) -> Option<Reading> {
    match context.kind(at)? {
        Kind::Digits => {
            year_first(context, at).or_else(|| in_figures(context, at)).or_else(|| day_then_month(context, at))
        }
        Kind::Word => month_then_day(context, at),
        _ => None,
    }
}

fn one(context: &Context<'_>, at: usize) -> Option<Reading> {
    match context.kind(at)? {
        Kind::Digits if context.starts_free(at) => year_first(context, at)
            .or_else(|| in_figures(context, at))
            .or_else(|| day_then_month(context, at))
            .or_else(|| short(context, at)),
        Kind::Word if context.starts_free(at) => month_then_day(context, at),
        _ => None,
    }
}

fn say(context: &Context<'_>, date: &Date, start: usize, end: usize) -> Reading {
    let words = (context.language().dates.speak)(date, context.beside(start, end), &context.region);
    Reading::new(words, end)
}

fn is_valid(day: u64, month: u64) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    (1..=longest).contains(&day)
}

/// "2026-11-21", also with a time behind: "2026-11-21T14:30".
fn year_first(context: &Context<'_>, at: usize) -> Option<Reading> {
    let sign = context.text(at + 1);
    let year = context.value(at, 4).filter(|year| *year >= 1000)?;
    let (month, day) = (context.value(at + 2, 2)?, context.value(at + 4, 2)?);
    if !matches!(sign, "-" | "/" | ".") || !context.has(at + 3, sign) || !is_valid(day, month) {
        return None;
    }
    let date = Date { day: Some(day as u8), until: None, month: month as u8, year: Some(year) };
    let reading = say(context, &date, at, at + 5);
    if context.has(at + 5, "T")
        && let Some(time) = clock::time_words(context, at + 6)
    {
        return Some(Reading::new(format!("{}, {}", reading.words, time.words), time.end));
    }
    context.ends_free(at + 5).then_some(reading)
}

/// "11/21/2026", "21.11.2026", "21.11.26", "11/2026"
fn in_figures(context: &Context<'_>, at: usize) -> Option<Reading> {
    let sign = context.text(at + 1);
    let (first, second) = (context.value(at, 2)?, context.digits(at + 2));
    if !matches!(sign, "/" | "." | "-") || second.is_empty() {
        return None;
    }
    let dates = &context.language().dates;
    if sign == "/"
        && second.len() == 4
        && (1..=12).contains(&first)
        && context.ends_free(at + 3)
        && !context.has(at + 3, "/")
    {
        let year = context.value(at + 2, 4).filter(|year| (1900..2100).contains(year))?;
        return Some(say(context, &Date { day: None, until: None, month: first as u8, year: Some(year) }, at, at + 3));
    }
    let second = context.value(at + 2, 2)?;
    let (day, month) = order(context, sign, first, second)?;
    let has_year = context.has(at + 3, sign) && context.ends_free(at + 5);
    let date = |year| Date { day: Some(day as u8), until: None, month: month as u8, year };
    if has_year && let Some(year) = year_of(context, sign, at + 4) {
        return Some(say(context, &date(Some(year)), at, at + 5));
    }
    if dates.dotted && sign == "." && context.has(at + 3, ".") && context.digits(at + 4).is_empty() {
        // The full stop of the date is the sentence's too.
        let end = if context.is_end(at + 4) { at + 3 } else { at + 4 };
        return Some(say(context, &date(None), at, end));
    }
    None
}

/// Day and month, as the region orders them, or as the figures allow.
fn order(context: &Context<'_>, sign: &str, first: u64, second: u64) -> Option<(u64, u64)> {
    let month_first = context.region.month_first && sign != ".";
    let orders = if month_first { [(second, first), (first, second)] } else { [(first, second), (second, first)] };
    orders.into_iter().find(|(day, month)| is_valid(*day, *month))
}

/// Four digits, or two where nothing else is written so.
fn year_of(context: &Context<'_>, sign: &str, at: usize) -> Option<u64> {
    let year = context.value(at, 4)?;
    match context.digits(at).len() {
        4 if year >= 1000 => Some(year),
        2 if sign == "/" || context.language().dates.dotted => Some(if year < 70 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

/// "11/21" behind a word such as "on".
fn short(context: &Context<'_>, at: usize) -> Option<Reading> {
    let (first, second) = (context.value(at, 2)?, context.value(at + 2, 2)?);
    let is_pair = context.has(at + 1, "/") && context.ends_free(at + 3) && !context.has(at + 3, "/");
    let is_cued = is_one_of(context.word_before(at), context.language().dates.cues);
    if !is_pair || !is_cued {
        return None;
    }
    let (day, month) = order(context, "/", first, second)?;
    Some(say(context, &Date { day: Some(day as u8), until: None, month: month as u8, year: None }, at, at + 3))
}

/// The month named at `at`, 1 to 12, and where its name ends.
fn month_at(context: &Context<'_>, at: usize) -> Option<(u8, usize)> {
    let dates = &context.language().dates;
    let word = context.text(at);
    if !context.is_word(at) || (dates.capital_months && !is_capitalised(word)) {
        return None;
    }
    let lower = word.to_lowercase();
    let month = dates.months.iter().position(|names| names.iter().any(|name| name.to_lowercase() == lower))?;
    let is_short = dates.months[month][0].to_lowercase() != lower;
    let end = if is_short && context.has(at + 1, ".") { at + 2 } else { at + 1 };
    Some((month as u8 + 1, end))
}

/// "21 November 2026", "21st of November", "21. November", "1er mai"
fn day_then_month(context: &Context<'_>, at: usize) -> Option<Reading> {
    let day = context.value(at, 2)?;
    let mut end = at + 1;
    let is_ordinal = |suffix: &str| (context.language().numbers.ordinal)(day, suffix, Default::default()).is_some();
    if context.has(end, ".") || context.is_word(end) && is_ordinal(context.text(end)) {
        end += 1;
    }
    // "21-23 November": the second day comes here by way of the first.
    let second = until(context, end);
    let mut behind = context.skip_space(second.map_or(end, |(_, end)| end));
    while context.is_one_of(behind, context.language().dates.connectors) {
        behind = context.skip_space(behind + 1);
    }
    if context.has(behind, "-") && end == behind {
        behind += 1;
    }
    let (month, month_end) = month_at(context, behind)?;
    let last = second.map_or(day, |(last, _)| last);
    if !is_valid(last, u64::from(month)) || !is_valid(day, u64::from(month)) {
        return None;
    }
    let (year, end) = year_behind(context, month_end);
    let date = Date { day: Some(day as u8), until: second.map(|(last, _)| last as u8), month, year };
    Some(say(context, &date, at, end))
}

/// The second day of a range, and where it ends.
fn until(context: &Context<'_>, at: usize) -> Option<(u64, usize)> {
    let dash = context.skip_space(at);
    let is_dash = context.has(dash, "-") || context.has(dash, "–");
    let day = context.skip_space(dash + 1);
    let end = if context.has(day + 1, ".") { day + 2 } else { day + 1 };
    let is_ordinal = context.is_word(end) && context.kind_before(end) == Some(Kind::Digits);
    let end = if is_ordinal { end + 1 } else { end };
    context.value(day, 2).filter(|_| is_dash).map(|value| (value, end))
}

/// "November 21, 2026", "Nov 21-23", "May 2024"
fn month_then_day(context: &Context<'_>, at: usize) -> Option<Reading> {
    let (month, month_end) = month_at(context, at)?;
    let start = context.skip_space(month_end);
    if context.digits(start).is_empty() {
        return None;
    }
    if context.digits(start).len() == 4 {
        let figure = literal(context, start)?;
        numbers::year(context, start, &figure)?;
        let date = Date { day: None, until: None, month, year: figure.value() };
        return Some(say(context, &date, at, figure.end));
    }
    let day = context.value(start, 2).filter(|day| is_valid(*day, u64::from(month)))?;
    let is_ordinal = context.is_word(start + 1)
        && (context.language().numbers.ordinal)(day, context.text(start + 1), Default::default()).is_some();
    let end = if is_ordinal { start + 2 } else { start + 1 };
    let is_other = context.has(end, ":") && !context.digits(end + 1).is_empty()
        || context.has(end, ".") && !context.digits(end + 1).is_empty()
        || matches!(context.text(end), "%" | "/")
        || !context.ends_free(end);
    if is_other || clock::is_half(context, context.skip_space(end)) {
        return None;
    }
    let second = until(context, end).filter(|(last, _)| is_valid(*last, u64::from(month)));
    let (year, last_end) = year_behind(context, second.map_or(end, |(_, end)| end));
    let date = Date { day: Some(day as u8), until: second.map(|(last, _)| last as u8), month, year };
    Some(say(context, &date, at, last_end))
}

/// The year behind a date, with a comma, a word such as "de" or a blank between.
fn year_behind(context: &Context<'_>, at: usize) -> (Option<u64>, usize) {
    let mut year = if context.has(at, ",") { at + 1 } else { at };
    year = context.skip_space(year);
    while context.is_one_of(year, context.language().dates.connectors) {
        year = context.skip_space(year + 1);
    }
    let is_year = context.digits(year).len() == 4
        && context.ends_free(year + 1)
        && !matches!(context.text(year + 1), "-" | "/" | ":")
        && year > at;
    match context.value(year, 4).filter(|value| is_year && (1000..2200).contains(value)) {
        Some(value) => (Some(value), year + 1),
        None => (None, at),
    }
}
