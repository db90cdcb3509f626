//! E-mail, web and network addresses.

use super::{Reading, digits_one_by_one, spell};
use crate::context::Context;
use crate::tokens::Kind;

/// Endings that make a web address of words with dots between.
const DOMAINS: [&str; 44] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "io", "ai", "app", "dev", "cloud", "tech", "store",
    "shop", "online", "site", "health", "eu", "uk", "de", "fr", "es", "nl", "ch", "ca", "au", "nz", "jp", "cn", "br",
    "mx", "ar", "pl", "se", "dk", "ie", "pt", "ru", "tv", "fm", "cat",
];
/// The same, but words of their own: only behind "www." or in front of a path.
const WORD_DOMAINS: [&str; 8] = ["in", "it", "at", "be", "us", "me", "co", "no"];
/// Endings of the names of files.
const FILES: [&str; 20] = [
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "png", "jpg", "jpeg", "gif", "zip", "html",
    "json", "xml", "wav", "exe", "toml",
];

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if !context.starts_free(at) {
        return None;
    }
    let has_dot_or_at = |text: &str| matches!(text, "." | "@" | ":");
    let end = context.chunk_end(at);
    if end < at + 2 || !(at..end).any(|at| has_dot_or_at(context.text(at))) {
        return None;
    }
    handle(context, at, end)
        .or_else(|| email(context, at, end))
        .or_else(|| network(context, at, end))
        .or_else(|| hardware(context, at, end))
        .or_else(|| web(context, at, end))
        .or_else(|| file(context, at, end))
}

/// "@example"
fn handle(context: &Context<'_>, at: usize, end: usize) -> Option<Reading> {
    let is_handle = context.has(at, "@") && context.is_word(at + 1);
    is_handle.then(|| Reading::new(format!("{} {}", context.language().addresses.at, parts(context, at + 1, end)), end))
}

fn email(context: &Context<'_>, at: usize, end: usize) -> Option<Reading> {
    let at = if context.has(at, "mailto") && context.has(at + 1, ":") { at + 2 } else { at };
    let sign = (at..end).find(|&at| context.has(at, "@"))?;
    let has_host = (sign + 2..end).any(|at| context.has(at, "."));
    let is_plain = (at..end).all(|at| !matches!(context.text(at), "/" | "," | "(" | "\""));
    let starts = !context.ends_free(at) && !context.ends_free(sign + 1);
    if !starts || !has_host || !is_plain {
        return None;
    }
    let host = host(context, sign + 1, end);
    Some(Reading::new(format!("{} {} {host}", parts(context, at, sign), context.language().addresses.at), end))
}

/// "192.168.1.1", with a port or the length of a prefix.
fn network(context: &Context<'_>, at: usize, end: usize) -> Option<Reading> {
    let words = &context.language().addresses;
    let is_octet = |at: usize| {
        let has_leading_zero = context.digits(at).len() > 1 && context.digits(at).starts_with('0');
        context.value(at, 3).is_some_and(|value| value < 256 && !has_leading_zero)
    };
    let is_address =
        (0..4).all(|part| is_octet(at + 2 * part)) && (0..3).all(|part| context.has(at + 2 * part + 1, "."));
    if !is_address || context.has(at + 7, ".") && !context.digits(at + 8).is_empty() {
        return None;
    }
    let octets: Vec<String> =
        (0..4).map(|part| digits_one_by_one(context.language(), context.digits(at + 2 * part))).collect();
    let mut reading = Reading::new(octets.join(&format!(" {} ", words.dot)), at + 7);
    let behind = context.digits(at + 8);
    if at + 8 < end && !behind.is_empty() {
        let (sign, number) = match context.text(at + 7) {
            ":" => (words.colon, digits_one_by_one(context.language(), behind)),
            "/" => (words.slash, (context.language().numbers.cardinal)(context.value(at + 8, 3)?)),
            _ => return Some(reading),
        };
        reading = Reading::new(format!("{} {sign} {number}", reading.words), at + 9);
    }
    Some(reading)
}

/// "00:1B:44:11:3A:B7", "2001:db8::1"
fn hardware(context: &Context<'_>, at: usize, end: usize) -> Option<Reading> {
    let colons = (at..end).filter(|&at| context.has(at, ":")).count();
    let is_hexadecimal = (at..end).all(|at| context.text(at).bytes().all(|b| b.is_ascii_hexdigit() || b == b':'));
    let has_letter = (at..end).any(|at| context.is_word(at));
    let has_digit = (at..end).any(|at| !context.digits(at).is_empty());
    if colons < 2 || !is_hexadecimal || !has_letter || !has_digit {
        return None;
    }
    let words: Vec<String> = (at..end)
        .map(|at| match context.kind(at) {
            Some(Kind::Digits) => digits_one_by_one(context.language(), context.text(at)),
            Some(Kind::Word) => spell(&context.text(at).to_uppercase()),
            _ => context.language().addresses.colon.to_string(),
        })
        .collect();
    Some(Reading::new(words.join(" "), end))
}

fn web(context: &Context<'_>, at: usize, end: usize) -> Option<Reading> {
    let has_scheme =
        context.is_word(at) && context.has(at + 1, ":") && context.has(at + 2, "/") && context.has(at + 3, "/");
    let start = if has_scheme { at + 4 } else { at };
    let has_www = context.has(start, "www") && context.has(start + 1, ".");
    let start = if has_www { start + 2 } else { start };
    if start >= end {
        return None;
    }
    let path = (start..end).find(|&at| matches!(context.text(at), "/" | "?" | "#" | ":")).unwrap_or(end);
    let is_host = (start..path).all(|at| context.kind(at) != Some(Kind::Mark) || matches!(context.text(at), "." | "-"));
    let last = path.checked_sub(1).map_or("", |last| context.text(last));
    let is_named = context.has(path.saturating_sub(2), ".") && path > start + 2;
    let is_known =
        is_named && (DOMAINS.contains(&last) || has_path(context, path, end) && WORD_DOMAINS.contains(&last));
    if !is_host || !(has_scheme || has_www || is_known) {
        return None;
    }
    let mut words = host(context, start, path);
    // What follows "?" or "#" is for machines.
    let path_end = (path..end).find(|&at| matches!(context.text(at), "?" | "#")).unwrap_or(end);
    let path_end = if path_end > path && context.has(path_end - 1, "/") { path_end - 1 } else { path_end };
    if path_end > path {
        words = format!("{words} {}", parts(context, path, path_end));
    }
    Some(Reading::new(words, end))
}

fn has_path(context: &Context<'_>, path: usize, end: usize) -> bool {
    path + 1 < end && context.has(path, "/")
}

/// "report.pdf"
fn file(context: &Context<'_>, at: usize, end: usize) -> Option<Reading> {
    let ending = context.text(end - 1);
    let is_file = end >= at + 3 && context.has(end - 2, ".") && FILES.contains(&ending) && context.is_word(at);
    if !is_file || (at..end).any(|at| matches!(context.text(at), "," | "!" | "?" | "(")) {
        return None;
    }
    let words = &context.language().addresses;
    Some(Reading::new(format!("{} {} {}", parts(context, at, end - 2), words.dot, spell(&ending.to_uppercase())), end))
}

/// A host's name: its last part is spelled when it has two letters.
fn host(context: &Context<'_>, start: usize, end: usize) -> String {
    let words = &context.language().addresses;
    let last = end.saturating_sub(1);
    let ending = context.text(last);
    let is_spelled = ending.len() == 2 && context.is_word(last) && !words.word_domains.contains(&ending);
    if !is_spelled || last <= start {
        return parts(context, start, end);
    }
    format!("{} {}", parts(context, start, last), spell(&ending.to_uppercase()))
}

fn parts(context: &Context<'_>, start: usize, end: usize) -> String {
    let language = context.language();
    let words = &language.addresses;
    let spoken = (start..end).filter_map(|at| {
        Some(match context.text(at) {
            "." => words.dot.to_string(),
            "-" => words.dash.to_string(),
            "_" => words.underscore.to_string(),
            "/" => words.slash.to_string(),
            ":" => words.colon.to_string(),
            "@" => words.at.to_string(),
            "+" => words.plus.to_string(),
            digits if context.kind(at) == Some(Kind::Digits) => match context.value(at, 2) {
                Some(value) if !digits.starts_with('0') => (language.numbers.cardinal)(value),
                _ => digits_one_by_one(language, digits),
            },
            word if context.is_word(at) => word.to_string(),
            _ => return None,
        })
    });
    spoken.collect::<Vec<_>>().join(" ")
}
