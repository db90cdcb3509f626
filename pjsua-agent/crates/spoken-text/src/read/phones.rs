//! Telephone numbers, digit by digit, with a pause between groups.

use super::{Reading, digits_one_by_one, literal};
use crate::context::{Context, is_capitalised, is_one_of};
use crate::language::Language;
use crate::tokens::Kind;

/// Tokens and digits of the longest telephone number (E.164: 15 digits).
const LONGEST: usize = 24;
const MOST_DIGITS: usize = 15;
/// Words looked at before a number for "call", "phone".
const CUE_DISTANCE: usize = 8;

/// A number as it was written.
#[derive(Debug)]
struct Written<'a> {
    has_plus: bool,
    has_brackets: bool,
    separators: Vec<&'a str>,
    groups: Vec<&'a str>,
    end: usize,
}

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if !context.starts_free(at) {
        return None;
    }
    let written = written(context, at)?;
    if !is_phone(context, at, &written) {
        return None;
    }
    let words = speak(context, &written);
    let (vanity, end) = vanity(context, written.end).unwrap_or((String::new(), written.end));
    let reading = Reading::new(words + &vanity, end);
    Some(with_extension(context, reading))
}

/// Groups of digits from `at`, as far as they could be one number.
fn written<'a>(context: &Context<'a>, at: usize) -> Option<Written<'a>> {
    let has_plus = context.has(at, "+");
    let mut end = if has_plus { at + 1 } else { at };
    let mut number = Written { has_plus, has_brackets: false, separators: Vec::new(), groups: Vec::new(), end };
    let limit = at + LONGEST;
    let mut separator = "";
    while end < limit {
        let text = context.text(end);
        match context.kind(end) {
            Some(Kind::Digits) => {
                number.groups.push(text);
                number.separators.push(std::mem::take(&mut separator));
                number.end = end + 1;
            }
            Some(Kind::Space) if separator == "/" => {}
            Some(Kind::Space) if separator.is_empty() || separator == ")" => {
                separator = if separator == ")" { ")" } else { " " }
            }
            Some(Kind::Mark)
                if text == "(" && context.kind(end + 1) == Some(Kind::Digits) && context.has(end + 2, ")") =>
            {
                number.has_brackets = true;
            }
            Some(Kind::Mark) if text == ")" && number.has_brackets => separator = ")",
            Some(Kind::Mark) if matches!(text, "-" | "." | "/" | "–") && !number.groups.is_empty() => {
                let is_first = separator.is_empty() || separator == " " || separator == ")";
                if !is_first {
                    break;
                }
                separator = text;
            }
            _ => break,
        }
        end += 1;
    }
    (!number.groups.is_empty() && context.ends_free(number.end)).then_some(number)
}

fn is_phone(context: &Context<'_>, at: usize, number: &Written<'_>) -> bool {
    let references = &context.language().references;
    let count: usize = number.groups.iter().map(|group| group.len()).sum();
    if count > MOST_DIGITS {
        return false;
    }
    if number.has_plus {
        return count >= 7;
    }
    if number.has_brackets {
        return count >= 7 && number.groups[0].len() <= 5;
    }
    // "10:30", "5%", "3.5 km" and amounts are not.
    if matches!(context.text(number.end), "%" | ":" | "°" | "€" | "$" | "£" | "₹") {
        return false;
    }
    let shape: Vec<u8> = number.groups.iter().map(|group| group.len() as u8).collect();
    let dashes = number.separators.iter().skip(1).all(|separator| matches!(*separator, "-" | "." | "–"));
    let one_separator = number.separators.iter().skip(1).all(|separator| Some(separator) == number.separators.get(1));
    let is_shape = references.phone_shapes.contains(&shape.as_slice());
    let is_cued = is_cued(context, at) && count >= 3;
    let starts_with_zero = number.groups[0].starts_with('0');
    if number.groups.len() == 1 {
        let counts = (references.is_counted_noun)(context.word_after(number.end)) && count < 7;
        return is_cued && !counts && literal(context, at).is_some_and(|literal| literal.end == number.end);
    }
    if shape == [1, 3] && vanity(context, number.end).is_some() {
        return true;
    }
    if starts_with_zero && count >= 8 && (number.groups[0].len() >= 2 || number.groups.len() > 2) {
        return true;
    }
    if shape == [3, 4] {
        let is_range = number.groups.iter().all(|group| group.ends_with('0')) && number.groups[1] > number.groups[0];
        return is_cued || dashes && is_shape && number.separators[1] != "." && !is_range;
    }
    if is_shape && one_separator {
        // "912 345 678" is a number of nine digits as well.
        let is_grouped = literal(context, at).is_some_and(|literal| literal.is_grouped && literal.end == number.end);
        return !is_grouped || is_cued || matches!(number.groups[0].as_bytes()[0], b'6'..=b'9');
    }
    is_cued && count >= 5
}

/// Whether a word such as "call" goes before.
fn is_cued(context: &Context<'_>, at: usize) -> bool {
    let cues = context.language().references.phone_cues;
    let fillers = context.language().references.fillers;
    for before in (at.saturating_sub(CUE_DISTANCE)..at).rev() {
        match context.kind(before) {
            Some(Kind::Word) if is_one_of(context.text(before), cues) => return true,
            Some(Kind::Word) if is_one_of(context.text(before), fillers) => {}
            Some(Kind::Word) => return false,
            Some(Kind::Digits) => return false,
            _ => {}
        }
    }
    false
}

fn speak(context: &Context<'_>, number: &Written<'_>) -> String {
    let language = context.language();
    let is_english = language.tag == "en";
    let mut groups: Vec<String> = Vec::new();
    for (place, group) in number.groups.iter().enumerate() {
        let hundreds = group.len() == 3 && group.ends_with("00") && !group.starts_with('0');
        // "one, eight hundred": the code of toll-free numbers.
        let is_toll_free = is_english && hundreds && place <= 1 && (place == 1 || number.groups.len() > 2);
        if is_toll_free {
            groups.push((language.numbers.cardinal)(group.parse().unwrap_or(0)));
            continue;
        }
        if group.len() == 2 && language.references.pairs_are_numbers {
            groups.push(pair(language, group));
            continue;
        }
        groups.extend(split(group).into_iter().map(|part| digits_one_by_one(language, part)));
    }
    let words = groups.join(", ");
    if number.has_plus { format!("{} {words}", language.addresses.plus) } else { words }
}

/// "zéro un", "vingt-trois"
fn pair(language: &Language, digits: &str) -> String {
    match digits.strip_prefix('0') {
        Some(_) => digits_one_by_one(language, digits),
        None => (language.numbers.cardinal)(digits.parse().unwrap_or(0)),
    }
}

/// A long run of digits in groups that can be written down: 3-3-4, 3-4, else threes.
pub(super) fn split(digits: &str) -> Vec<&str> {
    let mut sizes: Vec<usize> = match digits.len() {
        0..=6 => vec![digits.len()],
        7 => vec![3, 4],
        10 => vec![3, 3, 4],
        11 if digits.starts_with('1') => vec![1, 3, 3, 4],
        16 => vec![4; 4],
        other => vec![3; other / 3],
    };
    let rest = digits.len() - sizes.iter().sum::<usize>();
    match (rest, sizes.last_mut()) {
        (1, Some(last)) => *last += 1,
        (2, _) => sizes.push(2),
        _ => {}
    }
    let mut start = 0;
    sizes
        .into_iter()
        .map(|size| {
            start += size;
            &digits[start - size..start]
        })
        .collect()
}

/// "1-800-FLOWERS"
fn vanity(context: &Context<'_>, end: usize) -> Option<(String, usize)> {
    let word = context.text(end + 1);
    let is_vanity =
        context.has(end, "-") && word.len() > 2 && !word.contains(char::is_lowercase) && is_capitalised(word);
    is_vanity.then(|| (format!(", {}", word.to_lowercase()), end + 2))
}

/// "ext. 12", "x12"
fn with_extension(context: &Context<'_>, number: Reading) -> Reading {
    let names = context.language().references.extensions;
    let mut at = context.skip_space(number.end);
    if context.has(at, ",") || context.has(at, "(") {
        at = context.skip_space(at + 1);
    }
    if !is_one_of(context.text(at), names) {
        return number;
    }
    let mut figure = at + 1;
    if context.has(figure, ".") {
        figure += 1;
    }
    figure = context.skip_space(figure);
    let digits = context.digits(figure);
    if digits.is_empty() || digits.len() > 8 {
        return number;
    }
    let words = digits_one_by_one(context.language(), digits);
    Reading::new(format!("{}, {} {words}", number.words, names[0]), figure + 1)
}
