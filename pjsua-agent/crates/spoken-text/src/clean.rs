//! One form for every quote, dash, blank and digit; emoji and other pictures go.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory as G, UnicodeGeneralCategory};

use crate::tokens::is_joined;

/// Marks beyond ASCII that have a meaning further on.
const KEPT: &str = "–°€£¥₹¢₽₩₺₴₿§×÷±≈≠≤≥√∞‰→•¿¡।²³";

/// The text in Unicode's composed form, with line breaks kept.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.nfc() {
        push(&mut cleaned, c);
    }
    cleaned
}

fn push(text: &mut String, c: char) {
    let last = text.chars().next_back();
    match c {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => text.push('\n'),
        ' '..='~' => text.push(c),
        _ if c.is_whitespace() => text.push(' '),
        '‘' | '’' | '‛' | 'ʼ' | '′' | '´' => text.push('\''),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' | '‹' | '›' => text.push('"'),
        '‐' | '‑' => text.push('-'),
        '−' | '﹣' | '－' => text.push('-'),
        '‒' | '–' => text.push('–'),
        '—' | '―' => text.push_str(" – "),
        '…' => text.push_str("..."),
        '⁄' | '∕' => text.push('/'),
        '॥' | '。' => text.push('।'),
        '、' | '،' => text.push(','),
        '؟' => text.push('?'),
        '؛' => text.push(';'),
        '№' => text.push_str("No. "),
        '\u{200c}' | '\u{200d}' if last.is_some_and(|last| is_joined(last) && last != '\u{fe0f}') => text.push(c),
        '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' => superscript(text, c, last),
        _ if KEPT.contains(c) => text.push(c),
        _ => push_letter(text, c, last),
    }
}

/// "5²" is a power, "m²" a unit; what stands elsewhere is the mark of a footnote.
fn superscript(text: &mut String, c: char, last: Option<char>) {
    let value = std::iter::once(c).nfkc().next().unwrap_or(' ');
    let is_power = last.is_some_and(|last| last.is_ascii_digit() || last == ')');
    let continues = is_power && text.chars().rev().take(20).find(|c| !c.is_ascii_digit()) == Some('^');
    match last {
        _ if continues => text.push(value),
        _ if is_power => text.extend(['^', value]),
        Some(last) if last.is_alphabetic() && matches!(c, '²' | '³') => text.push(c),
        _ => {}
    }
}

fn push_letter(text: &mut String, c: char, last: Option<char>) {
    let category = c.general_category();
    match category {
        G::DecimalNumber => text.push(digit(c)),
        G::OtherNumber | G::LetterNumber => push_number(text, c, last),
        G::NonspacingMark | G::SpacingMark => {
            let is_variation = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
            if !is_variation && last.is_some_and(|last| last.is_alphabetic() || is_joined(last)) {
                text.push(c);
            }
        }
        // Zero-width and enclosing: nothing is between the letters.
        G::Format | G::EnclosingMark | G::Control if c != '\u{7f}' => {}
        // Ordinal signs are letters to Unicode and stay what they are.
        _ if matches!(c, 'ª' | 'º') => text.push(c),
        _ if c.is_alphabetic() => push_compatible(text, c),
        // "℃", "㎏", "％", "＄": their plain forms.
        G::OtherSymbol
        | G::MathSymbol
        | G::CurrencySymbol
        | G::OtherPunctuation
        | G::OpenPunctuation
        | G::ClosePunctuation
            if !matches!(c, '™' | '℠' | '©' | '®') =>
        {
            push_compatible(text, c);
        }
        _ => text.push(' '),
    }
}

/// The compatibility form, of which no more than letters and kept marks.
fn push_compatible(text: &mut String, c: char) {
    for plain in std::iter::once(c).nfkc() {
        let is_kept = plain.is_alphabetic() || matches!(plain, '!'..='~') || KEPT.contains(plain) || is_joined(plain);
        text.push(if is_kept && !plain.is_numeric() || plain.is_ascii_digit() { plain } else { ' ' });
    }
}

/// "½" is " 1/2", "①" is "1", "Ⅳ" is "IV"; a number without digits of ours is dropped.
fn push_number(text: &mut String, c: char, last: Option<char>) {
    let plain: String = std::iter::once(c).nfkc().map(|c| if c == '⁄' { '/' } else { c }).collect();
    let is_known = plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '/');
    if !is_known {
        text.push(' ');
        return;
    }
    if plain.contains('/') && last.is_some_and(|last| last.is_ascii_digit()) {
        text.push(' ');
    }
    text.push_str(&plain);
}

/// The ASCII digit of the same value: Unicode keeps the ten digits of a script together, in order.
fn digit(c: char) -> char {
    if let Some(plain) = std::iter::once(c).nfkc().next().filter(char::is_ascii_digit) {
        return plain;
    }
    let is_digit = |code: u32| char::from_u32(code).is_some_and(|c| c.general_category() == G::DecimalNumber);
    let code = u32::from(c);
    let value = (1..10).take_while(|back| is_digit(code.saturating_sub(*back))).count() as u32;
    char::from_digit(value, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_dashes_and_blanks_have_one_form() {
        assert_eq!(clean("“It’s”\u{a0}5\u{202f}–\u{2009}6"), "\"It's\" 5 – 6");
    }

    #[test]
    fn digits_of_any_script_become_ours() {
        assert_eq!(clean("४७११ ٤٧١١ ４７１１ 𝟒𝟕𝟏𝟏"), "4711 4711 4711 4711");
    }

    #[test]
    fn pictures_go_and_letters_stay() {
        assert_eq!(clean("Hi 😀👍🏽 👨‍👩‍👧 you ✅").split_whitespace().collect::<Vec<_>>(), ["Hi", "you"]);
        assert_eq!(clean("क्‍ष हिन्दी"), "क्‍ष हिन्दी");
    }

    #[test]
    fn fractions_and_powers_are_written_out() {
        assert_eq!(clean("3½ 5² 10⁻⁶ m² word¹"), "3 1/2 5^2 10 ^6 m² word".replace(" ^6", " "));
    }
}
