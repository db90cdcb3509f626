//! Whisper's vocabulary: the tokens of GPT-2 as bytes.

use std::collections::BTreeMap;

use crate::ConvertError;

/// What whisper.cpp's files hold: the words, and in the English models the end of the text behind them. The special
/// tokens that follow it makes itself.
const TOKENS: usize = 50_257;

/// Reads `vocabulary.txt`, one token a line, written in GPT-2's alphabet of bytes.
pub(crate) fn read(text: &str) -> Result<Vec<Vec<u8>>, ConvertError> {
    let alphabet = byte_alphabet();
    let bytes = |token: &str| token.chars().map(|c| alphabet.get(&c).copied()).collect::<Option<Vec<u8>>>();
    let tokens: Vec<Vec<u8>> = text
        .split('\n')
        .take(TOKENS)
        .enumerate()
        .map(|(line, token)| {
            bytes(token).ok_or_else(|| ConvertError::Vocabulary(format!("line {}: {token:?}", line + 1)))
        })
        .collect::<Result<_, _>>()?;
    if tokens.len() < TOKENS {
        return Err(ConvertError::Vocabulary(format!("{} tokens, {TOKENS} at least are needed", tokens.len())));
    }
    Ok(tokens)
}

/// GPT-2 writes each byte as one printable character: those that are printable in Latin-1 as themselves, the others,
/// in their order, as the characters from U+0100 on.
fn byte_alphabet() -> BTreeMap<char, u8> {
    let is_printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let (printable, others): (Vec<u8>, Vec<u8>) = (0..=u8::MAX).partition(is_printable);
    let shifted = ('\u{100}'..).zip(others);
    printable.into_iter().map(|byte| (char::from(byte), byte)).chain(shifted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_names_every_byte_once() {
        let alphabet = byte_alphabet();
        assert_eq!(alphabet.len(), 256);
        assert_eq!((alphabet[&'a'], alphabet[&'Ġ'], alphabet[&'Ċ'], alphabet[&'é']), (b'a', b' ', b'\n', 0xe9));
    }

    #[test]
    fn a_short_vocabulary_and_a_strange_character_are_told() {
        assert!(read("a\nb").unwrap_err().to_string().contains("2 tokens"));
        assert!(read("a\nb c").unwrap_err().to_string().contains("line 2: \"b c\""));
    }
}
