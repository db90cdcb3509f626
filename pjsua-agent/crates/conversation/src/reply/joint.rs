//! Where a reply goes on from words that were spoken before it: a small model's first clause, or a filler.

use crate::Settings;

impl Settings {
    /// What the agent said of substance: its words without the filler that came before them.
    pub fn without_filler<'a>(&self, said: &'a str) -> &'a str {
        let mut fillers = self.phrases.all_fillers();
        fillers.find_map(|filler| said.strip_prefix(filler.trim())).map_or(said, str::trim_start)
    }
}

/// Takes the opening off the beginning of a reply that repeats it.
///
/// Words are compared without case and punctuation, as they come; the first one that differs
/// shows that nothing is repeated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Joint {
    opening: Vec<String>,
    /// Text that so far repeats the opening.
    held: String,
}

impl Joint {
    pub(crate) fn new(opening: &str) -> Self {
        Self { opening: words(opening).map(|(word, _)| word).collect(), held: String::new() }
    }

    /// Returns what of the text so far goes on to the voice.
    pub(crate) fn push(&mut self, text: &str) -> String {
        if self.opening.is_empty() {
            return text.to_owned();
        }
        self.held.push_str(text);
        // The last word may still grow.
        let complete = self.held.rfind(char::is_whitespace).unwrap_or(0);
        let count = words(&self.held[..complete]).count();
        let repeats = words(&self.held[..complete]).zip(&self.opening).all(|((word, _), opening)| word == *opening);
        if repeats && count < self.opening.len() {
            return String::new();
        }
        self.settle(repeats)
    }

    /// No text comes any more.
    pub(crate) fn finish(&mut self) -> String {
        let is_the_opening = words(&self.held).map(|(word, _)| word).eq(self.opening.iter().cloned());
        self.settle(is_the_opening)
    }

    fn settle(&mut self, repeats: bool) -> String {
        let held = std::mem::take(&mut self.held);
        let opening = std::mem::take(&mut self.opening);
        match opening.len().checked_sub(1).and_then(|last| words(&held).nth(last)) {
            Some((_, end)) if repeats => held[end..].trim_start_matches([',', '.', '!', '?', ';', ':']).to_owned(),
            Some(_) | None => held,
        }
    }
}

/// Lower-case words, each with the byte behind it.
fn words(text: &str) -> impl Iterator<Item = (String, usize)> + '_ {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |length| start + length);
        rest = end;
        Some((text[start..end].to_lowercase(), end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(opening: &str, pieces: &[&str]) -> String {
        let mut joint = Joint::new(opening);
        let mut text: String = pieces.iter().map(|piece| joint.push(piece)).collect();
        text.push_str(&joint.finish());
        text
    }

    #[test]
    fn a_filler_is_no_part_of_what_was_answered() {
        let settings = Settings::default();
        for (said, answered) in [
            ("One moment, please. We open at nine.", "We open at nine."),
            ("Let me check that.", ""),
            ("We open at nine. One moment, please.", "We open at nine. One moment, please."),
        ] {
            assert_eq!(settings.without_filler(said), answered);
        }
    }

    #[test]
    fn a_repeated_opening_is_said_once() {
        assert_eq!(
            joined("Sure, let me see.", &["Sure", ", let me", " see. We", " open at nine."]),
            " We open at nine."
        );
        assert_eq!(joined("Sure.", &["sure", " we open"]), " we open");
    }

    #[test]
    fn a_reply_that_goes_on_is_left_alone() {
        assert_eq!(joined("Sure, let me see.", &["We open ", "at nine."]), "We open at nine.");
        assert_eq!(joined("Sure, let me see.", &["Sure, we", " open."]), "Sure, we open.");
    }

    #[test]
    fn a_reply_that_is_only_the_opening_adds_nothing() {
        assert_eq!(joined("Of course.", &["Of course."]), "");
        assert_eq!(joined("Of course.", &["Of"]), "Of");
    }

    #[test]
    fn without_an_opening_text_passes_at_once() {
        let mut joint = Joint::default();
        assert_eq!(joint.push("We"), "We");
        assert_eq!(joint.finish(), "");
    }
}
