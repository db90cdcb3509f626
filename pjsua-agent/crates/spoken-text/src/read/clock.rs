//! Times of day and spans of them.

use super::Reading;
use crate::context::{Context, equals};
use crate::language::{Beside, Half, Time};

/// A time as written and the index behind it.
struct Written {
    hour: u64,
    minute: Option<u64>,
    second: Option<u64>,
    half: Option<Half>,
    is_padded: bool,
    has_marker: bool,
    end: usize,
}

impl Written {
    /// More than a number.
    fn is_sure(&self) -> bool {
        self.minute.is_some() || self.half.is_some() || self.has_marker
    }
}

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if context.digits(at).is_empty() || !context.starts_free(at) {
        return None;
    }
    let first = written(context, at)?;
    let span = span(context, at, &first);
    if span.is_some() {
        return span;
    }
    first.is_sure().then(|| with_zone(context, say(context, at, &first, false)))
}

/// The time at `at`, for a date that has one.
pub(super) fn time_words(context: &Context<'_>, at: usize) -> Option<Reading> {
    let first = written(context, at)?;
    let mut reading = say(context, at, &first, false);
    if context.has(reading.end, "Z") && context.ends_free(reading.end + 1) {
        reading.end += 1;
    }
    first.is_sure().then_some(reading)
}

/// "9-5pm", "9:00–17:00", "9–17 Uhr"
fn span(context: &Context<'_>, at: usize, first: &Written) -> Option<Reading> {
    let dash = context.skip_space(first.end);
    let to = context.language().numbers.to;
    let is_dash = context.has(dash, "-") || context.has(dash, "–");
    // "from 9 to 5pm" stays as written: each time is read by itself.
    let next = context.skip_space(dash + 1);
    let second = written(context, next).filter(|second| is_dash && second.is_sure())?;
    let is_chained = matches!(context.text(second.end), "-" | "/") && !context.digits(second.end + 1).is_empty();
    if is_chained {
        return None;
    }
    let from = say(context, at, first, true);
    let until = say(context, next, &second, true);
    Some(with_zone(context, Reading::new(format!("{} {to} {}", from.words, until.words), until.end)))
}

fn written(context: &Context<'_>, at: usize) -> Option<Written> {
    let hour = context.value(at, 2).filter(|hour| *hour <= 24)?;
    let is_padded = context.text(at).starts_with('0') && context.text(at).len() == 2;
    let mut time = Written { hour, minute: None, second: None, half: None, is_padded, has_marker: false, end: at + 1 };
    let two_digits = |at: usize| context.value(at, 2).filter(|value| *value < 60 && context.digits(at).len() == 2);
    let marker_between = context.is_one_of(time.end, &["h"]);
    let behind_h = context.skip_space(time.end + 1);
    if context.has(time.end, ":") {
        time.minute = two_digits(time.end + 1);
        if time.minute.is_some() {
            time.end += 2;
        }
    } else if marker_between && context.language().clock.markers.contains(&"h") && two_digits(behind_h).is_some() {
        time.minute = two_digits(behind_h);
        time.has_marker = true;
        time.end = behind_h + 1;
        if context.is_one_of(time.end, &["min", "mn"]) {
            time.end += 1;
        }
    } else if context.has(time.end, ".") && two_digits(time.end + 1).is_some() {
        // "9.30" is a time only with "Uhr" or "p.m." behind.
        let behind = context.skip_space(time.end + 2);
        if is_half(context, behind) || marker(context, behind).is_some() {
            time.minute = two_digits(time.end + 1);
            time.end += 2;
        }
    }
    if time.minute.is_some()
        && context.has(time.end, ":")
        && let Some(second) = two_digits(time.end + 1)
    {
        time.second = Some(second);
        time.end += 2;
    }
    let behind = context.skip_space(time.end);
    if let Some((half, end)) = half(context, behind).filter(|_| hour <= 12) {
        (time.half, time.end) = (Some(half), end);
    } else if let Some(end) = marker(context, behind)
        && (time.minute.is_some() || context.language().clock.marker_suffices)
    {
        (time.has_marker, time.end) = (true, end);
    }
    Some(time)
}

fn marker(context: &Context<'_>, at: usize) -> Option<usize> {
    let markers = context.language().clock.markers;
    (context.is_one_of(at, markers) && context.digits(at + 1).is_empty()).then_some(at + 1)
}

pub(super) fn is_half(context: &Context<'_>, at: usize) -> bool {
    half(context, at).is_some()
}

/// "am", "PM", "a.m.", "p. m.". The last full stop stays when it ends the sentence.
fn half(context: &Context<'_>, at: usize) -> Option<(Half, usize)> {
    let halves = context.language().clock.halves;
    let find = |written: &str| halves.iter().find(|(listed, _)| equals(written, listed)).map(|(_, half)| *half);
    if !context.is_word(at) {
        return None;
    }
    if let Some(half) = find(context.text(at)).filter(|_| context.text(at).len() > 1) {
        return context.ends_free(at + 1).then_some((half, at + 1));
    }
    let second = context.skip_space(at + 2);
    let is_dotted = context.has(at + 1, ".") && context.is_word(second) && context.ends_free(second + 1);
    let half = find(&format!("{}{}", context.text(at), context.text(second))).filter(|_| is_dotted)?;
    let behind = second + 1;
    let is_taken = context.has(behind, ".") && !context.is_end(behind);
    Some((half, if is_taken { behind + 1 } else { behind }))
}

fn say(context: &Context<'_>, at: usize, time: &Written, in_range: bool) -> Reading {
    let beside: Beside<'_> = context.beside(at, time.end);
    let spoken = Time {
        hour: time.hour as u8,
        minute: time.minute.map(|minute| minute as u8),
        second: time.second.map(|second| second as u8),
        half: time.half,
        is_padded: time.is_padded,
        in_range,
        has_marker: time.has_marker,
        beside,
    };
    Reading::new((context.language().clock.speak)(&spoken), time.end)
}

/// "EST", "UTC+2"
fn with_zone(context: &Context<'_>, time: Reading) -> Reading {
    let at = context.skip_space(time.end);
    let at = if context.has(at, "(") { at + 1 } else { at };
    let zones = context.language().clock.zones;
    let Some((_, zone)) = zones.iter().find(|(written, _)| context.is_word(at) && *written == context.text(at)) else {
        return time;
    };
    let mut end = at + 1;
    let mut words = format!("{} {zone}", time.words);
    let sign = match context.text(end) {
        "+" => context.language().addresses.plus,
        "-" => context.language().numbers.minus,
        _ => "",
    };
    if !sign.is_empty()
        && let Some(hours) = context.value(end + 1, 2)
    {
        words = format!("{words} {sign} {}", (context.language().numbers.cardinal)(hours));
        end += 2;
    }
    Reading::new(words, end)
}
