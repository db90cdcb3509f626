//! Numbers that name something: orders, accounts, cards, codes. Read digit by digit.

use super::phones::split;
use super::{Reading, digits_one_by_one, literal, spell, units};
use crate::context::{Context, is_one_of};
use crate::tokens::Kind;

/// Tokens looked at before a number for "order", "account".
const KEYWORD_DISTANCE: usize = 10;
/// Groups of a long number: an IBAN has nine.
const MOST_GROUPS: usize = 10;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if context.has(at, "#") {
        return hash(context, at);
    }
    if context.digits(at).is_empty() || !context.starts_free(at) {
        return None;
    }
    let groups = groups(context, at);
    let end = at + 2 * groups.len() - 1;
    let is_card = groups.len() == 4 && groups.iter().all(|group| group.len() == 4);
    let is_named = is_named(context, at, &groups, end);
    (is_card || is_named).then(|| Reading::new(speak(context, &groups), end))
}

/// Groups of digits joined by dashes or single blanks.
fn groups<'a>(context: &Context<'a>, at: usize) -> Vec<&'a str> {
    let sign = context.text(at + 1);
    let mut groups = vec![context.digits(at)];
    while matches!(sign, "-" | " ") && groups.len() < MOST_GROUPS {
        let next = at + 2 * groups.len();
        if !context.has(next - 1, sign) || context.digits(next).is_empty() {
            break;
        }
        groups.push(context.digits(next));
    }
    groups
}

/// Whether a keyword goes before and nothing speaks for a quantity.
fn is_named(context: &Context<'_>, at: usize, groups: &[&str], end: usize) -> bool {
    let references = &context.language().references;
    let first = groups[0];
    let is_short = groups.len() == 1 && first.len() < 3 && !first.starts_with('0');
    let is_amount = literal(context, at)
        .is_none_or(|literal| literal.end > end || literal.is_grouped && literal.end == end)
        || units::unit_at(context, end).is_some()
        || matches!(context.text(end), "%" | "$" | "€" | "£" | "₹" | "/" | ":" | "–")
        || !context.ends_free(end);
    if is_short || is_amount || (references.is_counted_noun)(context.word_after(end)) {
        return false;
    }
    follows_keyword(context, at)
}

fn follows_keyword(context: &Context<'_>, at: usize) -> bool {
    let references = &context.language().references;
    for before in (at.saturating_sub(KEYWORD_DISTANCE)..at).rev() {
        let text = context.text(before);
        match context.kind(before) {
            Some(Kind::Word) if is_one_of(text, references.keywords) => return true,
            Some(Kind::Word) if is_one_of(text, references.fillers) => {}
            // The letters of a code: "flight BA 123".
            Some(Kind::Word) if text.len() < 4 && text.bytes().all(|b| b.is_ascii_uppercase()) => {}
            Some(Kind::Word | Kind::Digits) => return false,
            Some(Kind::Mark) if !matches!(text, "#" | ":" | "." | "=" | "-" | "\"" | "'" | "(" | "°") => return false,
            _ => {}
        }
    }
    false
}

/// "#12345" is read digit by digit, "#5" is a rank; "#name" loses its sign.
fn hash(context: &Context<'_>, at: usize) -> Option<Reading> {
    let language = context.language();
    let digits = context.digits(at + 1);
    if digits.is_empty() {
        return None;
    }
    let groups = groups(context, at + 1);
    let is_code = context.is_word(at + 2) || context.has(at + 2, "-") && context.is_word(at + 3);
    let number =
        if follows_number_word(context, at) { String::new() } else { format!("{} ", language.references.number) };
    if is_code {
        let code = super::codes::read(context, at + 1)?;
        return Some(Reading::new(format!("{number}{}", code.words), code.end));
    }
    let is_rank = groups.len() == 1 && digits.len() < 3 && !digits.starts_with('0') && number.len() > 1;
    let words = match context.value(at + 1, 2).filter(|_| is_rank) {
        Some(value) => (language.numbers.cardinal)(value),
        None => speak(context, &groups),
    };
    Some(Reading::new(number + &words, at + 2 * groups.len()))
}

/// "order number #4711": the word is there already.
fn follows_number_word(context: &Context<'_>, at: usize) -> bool {
    crate::context::equals(context.word_before(at), context.language().references.number)
}

fn speak(context: &Context<'_>, groups: &[&str]) -> String {
    let parts = groups.iter().flat_map(|group| split(group));
    parts.map(|part| digits_one_by_one(context.language(), part)).collect::<Vec<_>>().join(", ")
}

/// The letters of a code, spelled unless they are a word.
pub(super) fn letters(context: &Context<'_>, letters: &str) -> String {
    let is_word = letters.contains(char::is_lowercase) && letters.chars().count() > 1
        || context.language().words.spoken.contains(&letters)
        || letters.chars().count() > 5;
    if is_word { letters.to_string() } else { spell(letters) }
}
