//! Figures as written, and the ways to say them.

use crate::context::Context;
use crate::language::{Beside, Decimals, Language};

/// Groups of digits that a number may have: enough for every `u64`.
const MOST_GROUPS: usize = 7;

/// A number as written, without its sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal<'a> {
    /// Without separators.
    pub(crate) integer: String,
    pub(crate) fraction: &'a str,
    pub(crate) is_grouped: bool,
    /// The sign between integer and fraction was not the language's own.
    pub(crate) has_foreign_point: bool,
    pub(crate) end: usize,
}

impl Literal<'_> {
    /// The whole part, when it is short enough to be read as a number.
    pub(crate) fn value(&self) -> Option<u64> {
        if self.integer.len() > 18 { None } else { self.integer.parse().ok() }
    }

    /// Digits that are a name rather than a number: "007", "4711471".
    pub(crate) fn is_name(&self) -> bool {
        let digits = &self.integer;
        let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
        let is_long = digits.len() >= 7 && !self.is_grouped && !digits.ends_with("000") && self.fraction.is_empty();
        has_leading_zero || is_long || self.value().is_none()
    }

    pub(crate) fn is_plural(&self, language: &Language) -> bool {
        (language.numbers.is_plural)(self.value().unwrap_or(2), !self.fraction.is_empty())
    }
}

/// The number whose first digits are at `at`.
pub(crate) fn literal<'a>(context: &Context<'a>, at: usize) -> Option<Literal<'a>> {
    let first = context.digits(at);
    if first.is_empty() {
        // ".5"
        let fraction = context.digits(at + 1);
        let starts = context.has(at, ".") && !fraction.is_empty() && context.starts_free(at);
        return (starts && fraction.len() < 10).then(|| Literal {
            integer: "0".into(),
            fraction,
            is_grouped: false,
            has_foreign_point: false,
            end: at + 2,
        });
    }
    let mut integer = first.to_string();
    let mut end = at + 1;
    let mut separator = None;
    let separators = context.region.separators;
    while first.len() <= 3 && !first.starts_with('0') && end < at + 2 * MOST_GROUPS {
        let Some(sign) = group_sign(context, end, separators.groups) else { break };
        if separator.is_some_and(|used| used != sign) {
            break;
        }
        let group = context.digits(end + 1);
        let is_last =
            context.digits(end + 3).is_empty() || group_sign(context, end + 2, separators.groups) != Some(sign);
        let is_indian = sign == ',' && group.len() == 2 && !is_last;
        if group.len() != 3 && !is_indian {
            break;
        }
        separator = Some(sign);
        integer.push_str(group);
        end += 2;
    }
    let mut parsed = Literal { integer, fraction: "", is_grouped: separator.is_some(), has_foreign_point: false, end };
    let sign = context.text(end);
    let fraction = context.digits(end + 1);
    let is_own = sign.chars().eq([separators.decimal]);
    let is_foreign = matches!(sign, "." | ",") && separator.is_none_or(|used| !sign.chars().eq([used]));
    // "1.2.3" is no number; "3, 4" has a blank and does not come here.
    let follows = matches!(context.text(end + 2), "." | ",") && !context.digits(end + 3).is_empty();
    let foreign_fits = sign == "." || separator.is_some();
    if !fraction.is_empty() && !follows && (is_own || (is_foreign && foreign_fits)) {
        parsed.fraction = fraction;
        parsed.has_foreign_point = !is_own && separator.is_none();
        parsed.end = end + 2;
    }
    Some(parsed)
}

/// The separator of groups at `at`, if digits follow it.
fn group_sign(context: &Context<'_>, at: usize, signs: &[char]) -> Option<char> {
    let sign = signs.iter().copied().find(|sign| context.text(at).chars().eq([*sign]))?;
    (!context.digits(at + 1).is_empty()).then_some(sign)
}

/// "four seven one one"
pub(crate) fn digits_one_by_one(language: &Language, digits: &str) -> String {
    let mut words = String::with_capacity(digits.len() * 6);
    for digit in digits.bytes() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&(language.numbers.cardinal)(u64::from(digit.saturating_sub(b'0'))));
    }
    words
}

/// The literal as a number of things named `beside.after`.
pub(crate) fn say(language: &Language, literal: &Literal<'_>, beside: Beside<'_>) -> String {
    let numbers = &language.numbers;
    let whole = match literal.value() {
        Some(value) if literal.fraction.is_empty() => (numbers.counted)(value, beside),
        Some(value) => (numbers.cardinal)(value),
        None => digits_one_by_one(language, &literal.integer),
    };
    if literal.fraction.is_empty() {
        return whole;
    }
    let fraction = fraction_words(language, literal.fraction);
    let point = if literal.has_foreign_point && numbers.decimals == Decimals::DigitByDigit {
        language.addresses.dot
    } else {
        numbers.decimal_word
    };
    format!("{whole} {point} {fraction}")
}

fn fraction_words(language: &Language, digits: &str) -> String {
    let significant = digits.trim_start_matches('0');
    if language.numbers.decimals == Decimals::DigitByDigit || digits.len() > 3 || significant.is_empty() {
        return digits_one_by_one(language, digits);
    }
    let zeros = digits_one_by_one(language, &digits[..digits.len() - significant.len()]);
    let rest = (language.numbers.cardinal)(significant.parse().unwrap_or(0));
    if zeros.is_empty() { rest } else { format!("{zeros} {rest}") }
}

/// Letters one by one, "A T M"; a plural s stays at the last.
pub(crate) fn spell(letters: &str) -> String {
    let (letters, plural) = match letters.strip_suffix('s') {
        Some(capitals) if capitals.len() > 1 && !capitals.contains(char::is_lowercase) => (capitals, "s"),
        _ => (letters, ""),
    };
    let mut words = String::with_capacity(letters.len() * 2);
    for letter in letters.chars().filter(|c| *c != '\'') {
        let is_mark = crate::tokens::is_joined(letter);
        if !words.is_empty() && !is_mark {
            words.push(' ');
        }
        words.extend(letter.to_uppercase());
    }
    words + plural
}
