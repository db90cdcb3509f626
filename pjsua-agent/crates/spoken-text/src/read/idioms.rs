//! Forms that several languages share and their special rules build on.

use super::{Reading, digits_one_by_one};
use crate::context::{Context, is_capitalised};
use crate::tokens::Kind;

/// The value of a numeral in its usual form, below forty: only I, V and X, so that "CD" and
/// "MIX" are safe.
pub(crate) fn roman_value(numeral: &str) -> Option<u64> {
    let tens = numeral.len() - numeral.trim_start_matches('X').len();
    let is_nine = numeral.ends_with("IX");
    let tens = if is_nine && numeral.len() > 2 {
        numeral.trim_end_matches("IX").len()
    } else if is_nine {
        0
    } else {
        tens
    };
    let ones = match numeral.get(tens..)? {
        "" => 0,
        "I" => 1,
        "II" => 2,
        "III" => 3,
        "IV" => 4,
        "V" => 5,
        "VI" => 6,
        "VII" => 7,
        "VIII" => 8,
        "IX" => 9,
        _ => return None,
    };
    (tens <= 3 && numeral[..tens].bytes().all(|b| b == b'X')).then_some(tens as u64 * 10 + ones)
}

/// "…, 10115 Berlin": the digits of a postcode one by one. Behind a comma only, where no quantity stands.
pub(crate) fn postcode(context: &Context<'_>, at: usize) -> Option<Reading> {
    let digits = context.digits(at);
    let follows_comma = context.kind_before(at) == Some(Kind::Space) && at > 1 && context.has(at - 2, ",");
    let is_postcode =
        digits.len() == 5 && follows_comma && context.is_space(at + 1) && is_capitalised(context.word_after(at + 1));
    is_postcode.then(|| Reading::new(digits_one_by_one(context.language(), digits), at + 1))
}

/// "Mo–Fr", "Mo.", by a table of what is written (without a full stop) and what is said. Alone, a short
/// name counts only with its full stop or in front of a figure, for "So" is a word too.
pub(crate) fn weekday(context: &Context<'_>, at: usize, names: &[(&str, &'static str)]) -> Option<Reading> {
    let name = |at: usize| names.iter().find(|(short, _)| *short == context.text(at)).map(|(_, name)| *name);
    let first = name(at)?;
    let dot = |at: usize| if context.has(at, ".") { at + 1 } else { at };
    let dash = context.skip_space(dot(at + 1));
    let last = context.skip_space(dash + 1);
    let and = context.language().symbols.iter().find(|(sign, _)| *sign == '&').map_or("", |(_, word)| *word);
    let join = match context.text(dash) {
        "-" | "–" => context.language().numbers.to,
        text if text == "&" || text == and => and,
        _ => "",
    };
    if !join.is_empty()
        && let Some(second) = name(last)
    {
        let end = if context.is_end(last + 1) { last + 1 } else { dot(last + 1) };
        return Some(Reading::new(format!("{first} {join} {second}"), end));
    }
    let is_dotted = context.has(at + 1, ".") && !context.is_end(at + 1);
    let comma = dot(at + 1);
    let next = context.skip_space(if context.has(comma, ",") { comma + 1 } else { comma });
    let has_figure = context.kind(next) == Some(Kind::Digits);
    (is_dotted || has_figure).then(|| Reading::new(first, if is_dotted { at + 2 } else { at + 1 }))
}

/// "24/7"
pub(crate) fn around_the_clock(context: &Context<'_>, at: usize, words: &str) -> Option<Reading> {
    let is_pair = context.digits(at) == "24" && context.has(at + 1, "/") && context.digits(at + 2) == "7";
    is_pair.then(|| Reading::new(words, at + 3))
}
