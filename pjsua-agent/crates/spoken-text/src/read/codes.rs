//! Letters and digits together, versions, and words in capitals.

use super::references::letters;
use super::{Reading, digits_one_by_one, spell};
use crate::context::{Context, LONGEST_CHUNK, is_capitalised, is_one_of};
use crate::tokens::Kind;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    match context.kind(at)? {
        Kind::Word => code(context, at).or_else(|| initials(context, at)).or_else(|| acronym(context, at)),
        Kind::Digits => code(context, at).or_else(|| version(context, at)),
        _ => None,
    }
}

/// "AB-1234", "MP3", "COVID-19", "4K".
fn code(context: &Context<'_>, at: usize) -> Option<Reading> {
    let limit = context.len().min(at + LONGEST_CHUNK);
    let mut end = at + 1;
    while end < limit {
        let joins = match context.kind(end) {
            Some(Kind::Word | Kind::Digits) => true,
            Some(Kind::Mark) => context.has(end, "-") && !context.ends_free(end + 1),
            _ => false,
        };
        if !joins {
            break;
        }
        end += 1;
    }
    let digits = (at..end).filter(|&at| context.kind(at) == Some(Kind::Digits)).count();
    let words = (at..end).filter(|&at| context.is_word(at)).count();
    if digits == 0 || words == 0 {
        return None;
    }
    let is_plain =
        |at: usize| context.is_word(at) && context.text(at).contains(char::is_lowercase) && context.text(at).len() > 2;
    // "top-10", "5-star": words, each read by itself.
    if (at..end).any(is_plain) && (at..end).any(|at| context.has(at, "-")) || is_plain(at) && digits == 1 && words > 1 {
        return plain_pair(context, at);
    }
    let count: usize = (at..end).map(|at| context.digits(at).len()).sum();
    let groups_end = groups_behind(context, end);
    let is_name = digits > 1 || count > 3 || groups_end > end;
    let version = version_behind(context, end);
    let parts: Vec<String> = (at..end)
        .filter_map(|at| match context.kind(at) {
            Some(Kind::Digits) => Some(figure(context, at, is_name)),
            Some(Kind::Word) if is_name && context.text(at).len() < 4 => Some(spell(context.text(at))),
            Some(Kind::Word) => Some(letters(context, context.text(at))),
            _ => None,
        })
        .collect();
    let groups: String = (end..groups_end)
        .filter(|&at| !context.digits(at).is_empty())
        .map(|at| format!(", {}", digits_one_by_one(context.language(), context.digits(at))))
        .collect();
    let (tail, end) = version.unwrap_or((groups, groups_end));
    Some(Reading::new(parts.join(" ") + &tail, end))
}

/// The end of the groups of four digits that follow "DE89": an IBAN has at least two.
fn groups_behind(context: &Context<'_>, end: usize) -> usize {
    let mut last = end;
    while context.is_space(last) && matches!(context.digits(last + 1).len(), 1..=4) && last < end + LONGEST_CHUNK {
        last += 2;
    }
    let is_account = last >= end + 4 && context.digits(end + 1).len() == 4;
    if is_account { last } else { end }
}

/// The first token alone, when it is a number: the hyphen is the reader's business.
fn plain_pair(context: &Context<'_>, at: usize) -> Option<Reading> {
    let value = context.value(at, 18)?;
    Some(Reading::new((context.language().numbers.cardinal)(value), at + 1))
}

fn figure(context: &Context<'_>, at: usize, is_name: bool) -> String {
    let digits = context.digits(at);
    let is_round = digits.len() == 3 && digits.ends_with("00");
    match context.value(at, 3) {
        Some(value) if !digits.starts_with('0') && !is_name && (digits.len() < 3 || is_round) => {
            (context.language().numbers.cardinal)(value)
        }
        Some(0) if digits.len() == 1 => (context.language().numbers.cardinal)(0),
        _ => digits_one_by_one(context.language(), digits),
    }
}

/// ".1.2" behind "v3".
fn version_behind(context: &Context<'_>, end: usize) -> Option<(String, usize)> {
    let mut words = String::new();
    let mut at = end;
    while context.has(at, ".") && context.value(at + 1, 4).is_some() && at < end + LONGEST_CHUNK {
        let value = context.value(at + 1, 4)?;
        let dot = context.language().addresses.dot;
        words = format!("{words} {dot} {}", (context.language().numbers.cardinal)(value));
        at += 2;
    }
    (at > end).then_some((words, at))
}

/// "1.2.3"
fn version(context: &Context<'_>, at: usize) -> Option<Reading> {
    let first = context.value(at, 4)?;
    let (tail, end) = version_behind(context, at + 1)?;
    Some(Reading::new((context.language().numbers.cardinal)(first) + &tail, end))
}

/// "U.S.", "J. R. R. Tolkien"
fn initials(context: &Context<'_>, at: usize) -> Option<Reading> {
    let is_initial = |at: usize| {
        let mut letters = context.text(at).chars();
        let is_one = matches!((letters.next(), letters.next()), (Some(c), None) if c.is_uppercase());
        context.is_word(at) && is_one && context.has(at + 1, ".")
    };
    if !is_initial(at) || matches!(context.kind_before(at), Some(Kind::Digits)) {
        return None;
    }
    let mut letters = vec![context.text(at)];
    let mut end = at + 2;
    while is_initial(end) && letters.len() < LONGEST_CHUNK {
        letters.push(context.text(end));
        end += 2;
    }
    // "plan B." ends a sentence; "B. Brecht" does not.
    let goes_on = is_capitalised(context.word_after(end)) || letters.len() > 1;
    let is_pronoun = letters == ["I"];
    if !goes_on || is_pronoun || letters.len() == 1 && context.is_end(end) {
        return None;
    }
    let end = if context.is_end(end) { end - 1 } else { end };
    Some(Reading::new(letters.join(" "), end))
}

/// "ATM", "PDFs", "PhD".
fn acronym(context: &Context<'_>, at: usize) -> Option<Reading> {
    let words = &context.language().words;
    let text = context.text(at);
    let (elided, stem, possessive) = match text.split_once('\'') {
        Some((stem, "s" | "S")) => ("", stem, "'s"),
        // "l'UE"
        Some((article, stem)) if words.elides => (&text[..=article.len()], stem, ""),
        Some(_) => return None,
        None => ("", text, ""),
    };
    let bare = stem.strip_suffix('s').filter(|bare| bare.len() > 1).unwrap_or(stem);
    let is_capital = bare.chars().count() > 1 && bare.chars().all(char::is_uppercase);
    if words.spoken.contains(&bare) {
        return None;
    }
    if !words.spelled.contains(&bare) {
        let has_vowel = bare.contains(['A', 'E', 'I', 'O', 'U', 'Y', 'Ä', 'Ö', 'Ü', 'É', 'Á', 'Í', 'Ó', 'Ú']);
        let is_code =
            is_capital && bare.len() < 4 && is_one_of(context.word_before(at), context.language().references.keywords);
        if is_code && context.is_space(at + 1) && !context.digits(at + 2).is_empty() {
            return Some(Reading::new(spell(stem), at + 1));
        }
        let is_latin = bare.chars().all(|c| c.is_ascii_uppercase());
        if !is_capital || !is_latin || has_vowel || bare.len() > 5 || context.is_shouted {
            return None;
        }
    } else if context.is_shouted && bare.len() < 3 {
        // "CALL US": not the United States.
        return None;
    }
    Some(Reading::new(format!("{elided}{}{possessive}", spell(stem)), at + 1))
}
