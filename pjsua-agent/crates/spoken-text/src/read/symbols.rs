//! Signs that have words.

use super::Reading;
use crate::context::{Context, is_lowercase, is_one_of};
use crate::tokens::Kind;

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    let language = context.language();
    let sign = context.text(at);
    let before = context.kind_before(at);
    let after = context.kind(at + 1);
    let is_part = |kind| matches!(kind, Some(Kind::Word | Kind::Digits));
    if context.kind(at)? != Kind::Mark {
        return by(context, at);
    }
    let word =
        |sign: char| language.symbols.iter().find(|(listed, _)| *listed == sign).map(|(_, word)| word.to_string());
    let words = match sign {
        "/" => slash(context, at)?,
        // An equation: "5 - 3 = 2".
        // "noon–2 p.m.", "Boston–New York"
        "–" if is_part(before) && is_part(after) => language.numbers.to.to_string(),
        "-" | "–" if context.has_equals && near_figure(context, at) => language.numbers.minus.to_string(),
        // "~5", "<5"; an arrow or a stray sign says nothing.
        "~" | "<" | ">" | "≤" | "≥" | "≈" | "≠" | "±" | "√" => {
            let next = context.skip_space(at + 1);
            let has_figure =
                context.kind(next) == Some(Kind::Digits) || matches!(context.text(next), "-" | "$" | "€" | "£" | "₹");
            word(sign.chars().next()?).filter(|_| has_figure)?
        }
        "+" | "=" | "×" | "÷" | "^" | "&" | "%" | "@" | "°" => {
            let is_near = is_part(before)
                || sign == "+" && context.text_before(at) == "+"
                || is_part(after)
                || is_part(context.kind(at + 2));
            word(sign.chars().next()?).filter(|_| is_near)?
        }
        "#" => hash(context, at)?,
        "²" => language.numbers.squared.to_string(),
        "³" => language.numbers.cubed.to_string(),
        _ => word(sign.chars().next()?)?,
    };
    Some(Reading::new(words, at + 1))
}

/// "12 ft. x 10 ft."
fn by(context: &Context<'_>, at: usize) -> Option<Reading> {
    let is_sign = matches!(context.text(at), "x" | "X") && context.is_space(at + 1);
    let follows_figure = (at.saturating_sub(5)..at).any(|at| context.kind(at) == Some(Kind::Digits));
    let is_between = is_sign && follows_figure && context.kind(at + 2) == Some(Kind::Digits);
    is_between.then(|| Reading::new(context.language().numbers.by, at + 1))
}

/// "10 / 2" is a division, "yes/no" a choice.
fn slash(context: &Context<'_>, at: usize) -> Option<String> {
    let language = context.language();
    let (left, right) = (context.skip_space(at + 1), at.checked_sub(1)?);
    let before = if context.is_space(right) { right.checked_sub(1)? } else { right };
    let figures = context.kind(before) == Some(Kind::Digits) && context.kind(left) == Some(Kind::Digits);
    if figures {
        return language.symbols.iter().find(|(sign, _)| *sign == '÷').map(|(_, word)| word.to_string());
    }
    // "7 days/week"
    let follows_figure = before > 1 && context.kind(before - 2) == Some(Kind::Digits);
    if follows_figure && language.money.periods.iter().any(|(written, _)| *written == context.text(left)) {
        return Some(language.money.per.to_string());
    }
    let is_choice =
        context.is_word(before) && context.is_word(left) && context.is_space(right) == context.is_space(at + 1);
    let is_said = is_choice && is_lowercase(context.text(before)) && !context.is_one_of(before, &["and"]);
    is_said.then(|| language.words.or.to_string())
}

fn near_figure(context: &Context<'_>, at: usize) -> bool {
    let next = context.skip_space(at + 1);
    context.kind(next) == Some(Kind::Digits) && at > 0
}

/// "C#" is said; "#topic" loses its sign.
fn hash(context: &Context<'_>, at: usize) -> Option<String> {
    let keypad = &context.language().words.keypad;
    // "0#"
    if context.ends_free(at + 1) && context.kind_before(at) == Some(Kind::Digits) {
        return Some(keypad.hash.to_string());
    }
    if context.ends_free(at + 1) && is_one_of(context.word_before(at), keypad.cues) {
        return Some(keypad.hash.to_string());
    }
    let is_language = matches!(context.text_before(at), "C" | "F") && context.ends_free(at + 1);
    is_language.then(|| "sharp".to_string())
}
