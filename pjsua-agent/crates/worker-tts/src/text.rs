//! What an engine is given to read. Wording is the daemon's affair; this is for the engines' safety.

/// Characters of one request, at most: about two minutes of speech.
pub const MOST_CHARS: usize = 2_000;

/// Letters in a row, at most; the engines' letter-to-sound rules were written for words.
const LONGEST_WORD: usize = 60;

/// `text` with control characters (espeak's embedded commands begin with one) and line ends as spaces, and monstrous words
/// cut. Nothing when there is nothing to be read aloud.
pub fn clean(text: &str) -> Option<String> {
    let mut clean = String::with_capacity(text.len());
    let mut run = 0;
    for character in text.chars() {
        let space = character.is_whitespace() || character.is_control() || character == '\u{FEFF}';
        run = if space { 0 } else { run + 1 };
        if space || run > LONGEST_WORD {
            run = usize::from(!space);
            if !clean.ends_with(' ') {
                clean.push(' ');
            }
        }
        if !space {
            clean.push(character);
        }
    }
    let clean = clean.trim();
    clean.chars().any(char::is_alphanumeric).then(|| clean.to_owned())
}

/// `text` in ASCII, for engines that know nothing else: typographic signs and accented letters become their
/// plain relatives, everything else a space.
pub fn ascii(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut plain = String::with_capacity(text.len());
    for character in text.nfkd() {
        match character {
            _ if character.is_ascii() => plain.push(character),
            '\u{0300}'..='\u{036F}' => {}
            '‘' | '’' | '‛' | '′' => plain.push('\''),
            '“' | '”' | '„' | '«' | '»' => plain.push('"'),
            '–' | '—' | '…' => plain.push_str(", "),
            '‐' | '‑' => plain.push('-'),
            'ß' => plain.push_str("ss"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'ø' | 'Ø' => plain.push('o'),
            'ł' | 'Ł' => plain.push('l'),
            '€' => plain.push_str(" euros "),
            '£' => plain.push_str(" pounds "),
            _ => plain.push(' '),
        }
    }
    plain
}

/// The sentences of `text`, and pieces of at most about `longest` bytes of sentences longer than that.
pub fn sentences(text: &str, longest: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut breath = None;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let rest = &text[end..];
        let before_space = rest.starts_with(' ');
        if character == ',' || character == ';' || character == ' ' {
            breath = Some(end);
        }
        let split = if matches!(character, '.' | '!' | '?') && before_space && ends_sentence(&text[start..end], rest) {
            Some(end)
        } else if end - start >= longest {
            breath.filter(|breath| *breath > start)
        } else {
            None
        };
        if let Some(split) = split {
            pieces.push(text[start..split].trim());
            start = split;
        }
    }
    pieces.push(text[start..].trim());
    pieces.retain(|piece| piece.chars().any(char::is_alphanumeric));
    pieces
}

/// Whether the full stop at the end of `before` ends a sentence rather than an abbreviation.
pub fn ends_sentence(before: &str, after: &str) -> bool {
    const ABBREVIATIONS: [&str; 12] =
        ["mr", "mrs", "ms", "dr", "st", "prof", "no", "vs", "etc", "approx", "inc", "ltd"];
    if !before.ends_with('.') {
        return true;
    }
    let word = before.trim_end_matches('.').rsplit(' ').next().unwrap_or_default().to_lowercase();
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let next_is_capital = after.trim_start().chars().next().is_some_and(|next| !next.is_lowercase());
    next_is_capital && !initial && !word.contains('.') && !ABBREVIATIONS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_an_engine() {
        assert_eq!(clean("\u{1}50PHello\0\r\n\tthere\u{7f} ").as_deref(), Some("50PHello there"));
    }

    #[test]
    fn text_without_a_letter_or_digit_is_not_read() {
        assert_eq!(clean(" … !? \n"), None);
        assert_eq!(clean(""), None);
        assert_eq!(clean("7").as_deref(), Some("7"));
    }

    #[test]
    fn monstrous_words_are_cut() {
        let clean = clean(&"a".repeat(500)).unwrap();
        assert!(clean.split(' ').all(|word| word.len() <= LONGEST_WORD));
        assert_eq!(clean.replace(' ', "").len(), 500);
    }

    #[test]
    fn accents_and_typography_become_ascii() {
        assert_eq!(ascii("It’s “café” – naïve…"), "It's \"cafe\" ,  naive...");
        assert_eq!(ascii("日本"), "  ");
    }

    #[test]
    fn sentences_end_where_a_speaker_breathes() {
        assert_eq!(
            sentences("We open at nine. Do come! Is it 4.50? Yes.", 300),
            ["We open at nine.", "Do come!", "Is it 4.50?", "Yes."]
        );
    }

    #[test]
    fn abbreviations_end_no_sentence() {
        assert_eq!(sentences("Ask Dr. Smith or J. Jones at 9 a.m. today.", 300).len(), 1);
        assert_eq!(sentences("See St. Mary. It is near.", 300), ["See St. Mary.", "It is near."]);
    }

    #[test]
    fn endless_sentences_are_cut_at_a_breath() {
        let long = "one two, three four ".repeat(50);
        let pieces = sentences(&long, 100);
        assert!(pieces.iter().all(|piece| piece.len() <= 110), "{pieces:?}");
        assert_eq!(pieces.join(" ").split_whitespace().count(), 200);
    }
}
