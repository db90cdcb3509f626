//! Words, runs of digits, marks and blanks.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters with their marks, and apostrophes between them.
    Word,
    /// ASCII digits.
    Digits,
    /// One other character.
    Mark,
    /// Blanks.
    Space,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
}

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let kind = kind_of(first);
        let end = start + if kind == Kind::Mark { first.len_utf8() } else { run(&text[start..], kind) };
        // However many blanks, one.
        let text = if kind == Kind::Space { " " } else { &text[start..end] };
        tokens.push(Token { kind, text });
        start = end;
    }
    tokens
}

/// The bytes of the word, the digits or the blanks at the start of `text`.
fn run(text: &str, kind: Kind) -> usize {
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        let next = letters.peek().map(|(_, next)| kind_of(*next));
        let joins = kind == Kind::Word && c == '\'' && next == Some(Kind::Word);
        if kind_of(c) != kind && !joins {
            return at;
        }
    }
    text.len()
}

fn kind_of(c: char) -> Kind {
    match c {
        '0'..='9' => Kind::Digits,
        _ if c.is_whitespace() => Kind::Space,
        '²' | '³' => Kind::Mark,
        _ if c.is_alphanumeric() || is_joined(c) => Kind::Word,
        _ => Kind::Mark,
    }
}

/// Marks and joiners that belong to the letter before them.
pub(crate) fn is_joined(c: char) -> bool {
    use unicode_properties::{GeneralCategory as G, UnicodeGeneralCategory};
    matches!(c, '\u{200c}' | '\u{200d}')
        || (!c.is_ascii() && matches!(c.general_category(), G::NonspacingMark | G::SpacingMark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn an_apostrophe_between_letters_belongs_to_the_word() {
        assert_eq!(texts("don't 'quote'"), ["don't", " ", "'", "quote", "'"]);
    }

    #[test]
    fn digits_and_letters_are_told_apart() {
        assert_eq!(texts("AB-12c"), ["AB", "-", "12", "c"]);
    }

    #[test]
    fn vowel_signs_belong_to_their_word() {
        assert_eq!(texts("हिन्दी में"), ["हिन्दी", " ", "में"]);
    }
}
