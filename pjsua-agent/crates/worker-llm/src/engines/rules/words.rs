//! Text as a caller's ear has it: words without case and punctuation.

/// The words of `text` in lower case. Whatever is neither a letter nor a digit separates words, except
/// an apostrophe, which vanishes, so that "what's" and "whats" are one word.
pub fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .replace(['\'', '\u{2019}'], "")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Where `phrase` occurs in `text` as whole words; an empty phrase never does.
pub fn find(text: &[String], phrase: &[String]) -> Option<std::ops::Range<usize>> {
    if phrase.is_empty() {
        return None;
    }
    text.windows(phrase.len()).position(|window| window == phrase).map(|start| start..start + phrase.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_no_case_punctuation_or_apostrophes() {
        assert_eq!(words("What's UP, re: order-No. 45?"), ["whats", "up", "re", "order", "no", "45"]);
        assert_eq!(words("  …!? "), Vec::<String>::new());
        assert_eq!(words("Öffnungszeiten"), ["öffnungszeiten"]);
    }

    #[test]
    fn a_phrase_is_found_only_as_whole_words() {
        let text = words("I want a person, not a personal shopper");
        assert_eq!(find(&text, &words("a person")), Some(2..4));
        assert_eq!(find(&text, &words("shop")), None);
        assert_eq!(find(&text, &[]), None);
    }
}
