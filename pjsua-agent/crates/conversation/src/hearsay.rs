//! Which of the words that a recogniser writes were said.
//!
//! Recognisers that were trained on subtitles write remarks of what is no speech ("[Music]"), and whole phrases of a breath.
//! What is not certain must at least have had the time to be said.

use std::time::Duration;

/// Words are believed, however short the sound was, from this confidence on, in thousandths. Recognisers that make phrases
/// of noise are less certain of them.
const CONFIDENT: u16 = 600;

/// Of a transcript that is taken as it is, in thousandths.
pub(crate) const CERTAIN: u16 = 1_000;

/// What one word takes at least, when it is not certain. People who speak fast say seven words a second.
const SHORTEST_WORD: Duration = Duration::from_millis(140);

/// Acts that cannot be taken back need words that are certain to this degree, in thousandths.
pub(crate) const ENOUGH_TO_HANG_UP: u16 = 400;

/// The words of `text`, without remarks; none when there was no time to say them. `voiced` is how long the caller was heard.
pub(crate) fn said(text: &str, confidence_per_mille: u16, voiced: Duration) -> String {
    let text = without_remarks(text);
    let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
    let needed = SHORTEST_WORD * u32::try_from(words).unwrap_or(u32::MAX);
    if words == 0 || (confidence_per_mille < CONFIDENT && voiced < needed) { String::new() } else { text }
}

/// Without what stands in brackets, between asterisks or notes.
pub(crate) fn without_remarks(text: &str) -> String {
    let mut kept = String::new();
    let mut end = None;
    for character in text.chars() {
        match (end, character) {
            (Some(closing), _) if character == closing => end = None,
            (Some(_), _) => {}
            (None, '[') => end = Some(']'),
            (None, '(') => end = Some(')'),
            (None, '<') => end = Some('>'),
            (None, '*' | '♪' | '♫') => end = Some(character),
            (None, _) => kept.push(character),
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, confidence_per_mille: u16, millis: u64) -> String {
        said(text, confidence_per_mille, Duration::from_millis(millis))
    }

    #[test]
    fn remarks_are_no_words() {
        for remark in
            ["[Music]", "(coughs)", "*sighs*", "♪ la la ♪", "<noise>", ".", "...", "[MUSIC PLAYING", "", "[ Pause ]"]
        {
            assert_eq!(heard(remark, 1_000, 3_000), "", "{remark}");
        }
        assert_eq!(heard("(coughs)  when are you open?", 1_000, 1_000), "when are you open?");
    }

    #[test]
    fn doubtful_words_need_the_time_to_say_them() {
        assert_eq!(heard("Thank you very much. Goodbye.", 300, 200), "");
        assert_eq!(heard("Thank you very much. Goodbye.", 300, 1_400), "Thank you very much. Goodbye.");
        assert_eq!(heard("Thank you very much. Goodbye.", 900, 200), "Thank you very much. Goodbye.");
        assert_eq!(heard("yes", 300, 160), "yes");
    }
}
