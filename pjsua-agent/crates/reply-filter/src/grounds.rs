//! What an answer may claim: numbers and names that stand in its sources.
//!
//! A small model answers what stands in its prompt, and invents the rest: a price, an hour, a name. Those are what callers
//! act on, and they can be checked: written as words, the numbers of an answer must stand in the prompt, in the agent's own
//! answers, or in what the caller said. What a sentence claims beyond that ("yes, we do") cannot be told from here.

use std::collections::BTreeSet;

use spoken_text::Speakable;

/// The sources of one reply.
#[derive(Debug)]
pub struct Grounds {
    speakable: Speakable,
    numbers: BTreeSet<String>,
    /// Runs of number words.
    known_numbers: BTreeSet<String>,
    known_words: BTreeSet<String>,
    checks_names: bool,
}

/// Words that are written with a capital and name nothing.
const NO_NAMES: &[&str] =
    &["i", "i'm", "i'll", "i've", "i'd", "ok", "okay", "mr", "mrs", "ms", "dr", "am", "pm", "a", "p"];

impl Grounds {
    /// For answers in `language` (BCP 47) from these texts.
    pub fn new<'a>(language: &str, sources: impl IntoIterator<Item = &'a str>) -> Grounds {
        let speakable = Speakable::for_language(language);
        let mut grounds = Grounds {
            speakable,
            numbers: number_words(speakable),
            known_numbers: BTreeSet::new(),
            known_words: BTreeSet::new(),
            // German writes every noun with a capital.
            checks_names: !language.starts_with("de"),
        };
        for source in sources {
            // Sentence by sentence: a text to be spoken is a clause.
            for sentence in source.split(['\n', '.', ';']).chain([source]) {
                let runs = grounds.runs(sentence);
                grounds.known_numbers.extend(runs);
            }
            grounds.known_words.extend(plain_words(source));
        }
        grounds
    }

    /// The first number or name of `clause` that stands in no source.
    pub fn unfounded(&self, clause: &str) -> Option<String> {
        let is_known = |run: &String| self.known_numbers.contains(run);
        let number = self.runs(clause).into_iter().find(|run| !is_known(run));
        let is_unknown = |name: &String| !self.known_words.contains(name);
        number.or_else(|| self.names(clause).into_iter().find(is_unknown))
    }

    /// The numbers of a text, as words.
    fn runs(&self, text: &str) -> Vec<String> {
        let spoken = self.speakable.speak(text).to_lowercase().replace('-', " ");
        let words = plain_words(&spoken);
        let mut runs: Vec<Vec<String>> = vec![Vec::new()];
        for word in words {
            match self.numbers.contains(&word) {
                true => runs.last_mut().expect("there is always one").push(word),
                false if runs.last().is_some_and(|run| !run.is_empty()) => runs.push(Vec::new()),
                false => {}
            }
        }
        runs.into_iter().filter(|run| !run.is_empty()).map(|run| run.join(" ")).collect()
    }

    /// Words with a capital in the middle of a sentence.
    fn names(&self, clause: &str) -> Vec<String> {
        if !self.checks_names {
            return Vec::new();
        }
        let mut names = Vec::new();
        let mut begins = true;
        for token in clause.split_whitespace() {
            let has_word = token.contains(char::is_alphanumeric);
            if !begins && token.chars().find(|c| c.is_alphanumeric()).is_some_and(char::is_uppercase) {
                let parts = plain_words(token).into_iter().filter(|part| part.chars().count() > 2);
                names.extend(parts.filter(|part| !NO_NAMES.contains(&part.as_str())));
            }
            // What stands behind the end of a sentence begins another.
            begins =
                (begins && !has_word) || token.trim_end_matches(['"', '\'', ')', '”']).ends_with(['.', '!', '?', ':']);
        }
        names
    }
}

/// The words of numbers in the voice's language. One is left out: it is also an article.
fn number_words(speakable: Speakable) -> BTreeSet<String> {
    let numbers = (2..=100).chain([0, 200, 300, 1_000]).map(|number| speakable.speak(&number.to_string()));
    let one: BTreeSet<String> = plain_words(&speakable.speak("1")).into_iter().collect();
    let words = numbers.flat_map(|spoken| plain_words(&spoken.replace('-', " ")));
    // "one hundred and one": what joins them is no number.
    words.filter(|word| !one.contains(word) && word.chars().count() > 2).collect()
}

/// In lower case; an apostrophe parts words, on both sides of a comparison.
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "You answer for Kingfisher Pottery. Opening hours: Monday to Friday from 9 a.m. until six in the \
        evening. Address: twelve River Street. Prices: the blue teapot is $35, the large bowl is twenty dollars.";

    fn unfounded(clause: &str) -> Option<String> {
        Grounds::new("en", [PROMPT, "my number is 4517"]).unfounded(clause)
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for clause in [
            "The blue teapot is thirty-five dollars.",
            "It costs 35 dollars.",
            "We open at nine in the morning.",
            "We are open from 9 to 6.",
            "Your number 4517 is here.",
            "You find us at 12 River Street.",
            "One moment, please, I have one question.",
            "Kingfisher Pottery is open on Monday.",
        ] {
            assert_eq!(unfounded(clause), None, "{clause}");
        }
    }

    #[test]
    fn a_number_that_stands_nowhere_is_found() {
        assert_eq!(unfounded("The vase is fifty dollars.").as_deref(), Some("fifty"));
        assert_eq!(unfounded("We close at 8 p.m.").as_deref(), Some("eight"));
        assert_eq!(unfounded("That is 36 dollars.").as_deref(), Some("thirty six"));
        assert_eq!(unfounded("That is 30 dollars.").as_deref(), Some("thirty"));
        assert!(unfounded("Call us at 555 0100.").is_some());
    }

    #[test]
    fn a_name_that_stands_nowhere_is_found() {
        assert_eq!(unfounded("Please ask for Margaret at the desk.").as_deref(), Some("margaret"));
        assert_eq!(unfounded("We ship with DHL.").as_deref(), Some("dhl"));
        for fine in
            ["Kingfisher's pots are at Kingfisher Pottery.", "\u{1f60a} How can I help?", "I’m here. How can I help?"]
        {
            assert_eq!(unfounded(fine), None, "{fine}");
        }
        assert_eq!(Grounds::new("de", ["Wir verkaufen Töpfe."]).unfounded("Wir haben eine Teekanne."), None);
    }
}
