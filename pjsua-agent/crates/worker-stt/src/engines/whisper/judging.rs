//! Which of the words that Whisper writes were said.
//!
//! It was trained on subtitles: of noise it makes remarks ("[Music]", "(coughs)") and the phrases that stand under silent
//! scenes ("Thank you.", "Thanks for watching!").

use crate::engines::Transcript;

/// What one pass gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// The mean of the tokens' log-probabilities.
    pub(super) mean_log_probability: f32,
    /// The probability that nobody speaks. Not known of a model that was told a language or a vocabulary: whisper.cpp takes it
    /// from what would be said after those, where it is nothing always.
    pub(super) no_speech: Option<f32>,
    /// Length of the sound, silence at the end left out.
    pub(super) seconds: f32,
}

/// The least mean log-probability of words that were said. OpenAI's own is −1; of 58 recorded single words (numbers, days,
/// months) and 96 synthetic ones that leaves out 11 right ones and 2 wrong ones, and seven kinds of noise stay below −1.4.
const LEAST_MEAN_LOG_PROBABILITY: f32 = -1.2;
/// The least mean log-probability of words where it is not known whether anybody spoke: after a vocabulary seven kinds of noise stay below −1.1.
const LEAST_OF_UNKNOWN: f32 = -1.0;
/// Nobody speaks, if the words are not certain either; OpenAI's own.
const NO_SPEECH: f32 = 0.6;
/// Phrases of silent scenes are believed from this probability of their words on, or when it is certain that somebody spoke.
const SURE: f32 = 0.75;
/// Somebody spoke, where the words are likely as well: of recorded single words nine in ten are below, of noise nothing is.
const SPOKEN: f32 = 0.35;
/// More words a second than anybody says.
const FASTEST_WORDS_PER_SECOND: f32 = 6.5;
/// A single word takes as long as this, however short it is.
const SHORTEST_WORD_SECONDS: f32 = 0.3;

/// Phrases that stand under silent scenes, without punctuation.
const PHANTOMS: &[&str] = &[
    "you",
    "thank you",
    "thank you very much",
    "thank you so much",
    "thanks",
    "thanks for watching",
    "thank you for watching",
    "bye",
    "bye bye",
    "the end",
    "so",
    "oh",
    "okay",
    "i m sorry",
    "please subscribe",
    "see you next time",
    "subtitles by the amara org community",
    "gracias",
    "merci",
    "danke",
    "vielen dank",
    "untertitel der amara org community",
    "sous titres réalisés par la communauté d amara org",
    "subtítulos realizados por la comunidad de amara org",
];

/// What was heard of it; nothing when it is a remark, a phantom or a guess.
pub(super) fn judge(decoded: &Decoded) -> Transcript {
    let text = decoded.text.trim();
    let words = words(text);
    let confidence = decoded.mean_log_probability.exp();
    let least = if decoded.no_speech.is_some() { LEAST_MEAN_LOG_PROBABILITY } else { LEAST_OF_UNKNOWN };
    let is_silent = decoded.no_speech.is_some_and(|no_speech| no_speech > NO_SPEECH);
    let is_guess = decoded.mean_log_probability < least || (is_silent && confidence < SURE);
    let room = decoded.seconds.max(SHORTEST_WORD_SECONDS) * FASTEST_WORDS_PER_SECOND;
    let is_hasty = words.len() as f32 > room.max(2.0);
    let is_spoken = decoded.no_speech.is_some_and(|no_speech| no_speech < SPOKEN)
        && decoded.mean_log_probability > LEAST_OF_UNKNOWN;
    let is_phantom = confidence < SURE && !is_spoken && PHANTOMS.contains(&words.join(" ").as_str());
    if words.is_empty() || is_remark(text) || is_guess || is_hasty || is_phantom {
        return Transcript::default();
    }
    Transcript { text: text.to_owned(), confidence, ..Transcript::default() }
}

/// Nothing but remarks. Those beside words are the listener's to leave out, who knows those of other recognisers as well.
fn is_remark(text: &str) -> bool {
    let mut closing = None;
    let is_said = |character: char| match (closing, character) {
        (Some(end), _) => {
            if character == end {
                closing = None;
            }
            false
        }
        (None, '[') => closing.replace(']').is_some(),
        (None, '(') => closing.replace(')').is_some(),
        (None, '{') => closing.replace('}').is_some(),
        (None, '*' | '♪' | '♫') => closing.replace(character).is_some(),
        (None, _) => character.is_alphanumeric(),
    };
    !text.chars().any(is_said)
}

/// In lower case, without punctuation.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, mean_log_probability: f32, seconds: f32) -> String {
        judge(&Decoded { text: text.into(), mean_log_probability, seconds, no_speech: Some(0.1) }).text
    }

    #[test]
    fn remarks_are_not_words() {
        for remark in ["[Music]", "(coughs)", " *sighs*", "♪ la la ♪", ".", "[BLANK_AUDIO]", "{noise}", "- ", "(music"]
        {
            assert_eq!(heard(remark, -0.1, 3.0), "", "{remark}");
        }
        assert_ne!(heard("(coughs) What are your hours? [noise]", -0.2, 3.0), "");
        assert_eq!(heard(" Hello there.", -0.2, 2.0), "Hello there.");
    }

    #[test]
    fn phrases_of_silent_scenes_need_certainty() {
        let phrase = |text: &str, mean_log_probability, no_speech| {
            judge(&Decoded { text: text.into(), mean_log_probability, no_speech, seconds: 1.0 }).text
        };
        assert_eq!(phrase("Thank you.", -0.6, Some(0.5)), "", "perhaps nobody spoke");
        assert_eq!(phrase("Thank you.", -0.6, Some(0.1)), "Thank you.");
        assert_eq!(phrase("Thank you.", -1.1, Some(0.1)), "", "an \"uh\"");
        assert_eq!(phrase("Thank you.", -0.1, Some(0.5)), "Thank you.");
        assert_eq!(phrase("Thank you.", -0.9, None), "", "not known whether anybody spoke");
        assert_eq!(phrase("Okay.", -0.8, Some(0.2)), "Okay.");
        assert_eq!(heard("Thank you for the invoice.", -0.6, 2.0), "Thank you for the invoice.");
    }

    #[test]
    fn one_word_is_heard_also_of_a_decoder_that_repeats_it() {
        for (word, mean_log_probability) in [("Yes.", -0.32), ("6", -0.33), ("35", -0.74), ("No.", -1.01), ("3", -1.14)]
        {
            assert_eq!(heard(word, mean_log_probability, 0.7), word);
        }
        assert_eq!(heard("What?", -1.83, 0.5), "", "a cough");
    }

    #[test]
    fn a_guess_is_not_heard() {
        assert_eq!(heard("the booty part", -1.3, 2.0), "");
        assert_eq!(heard("I would like to know where my order is now please", -0.3, 0.5), "");
        let silent =
            Decoded { text: "Where is it?".into(), mean_log_probability: -0.5, no_speech: Some(0.8), seconds: 2.0 };
        assert_eq!(judge(&silent), Transcript::default());
        assert_eq!(judge(&Decoded { no_speech: Some(0.1), ..silent }).text, "Where is it?");
    }

    #[test]
    fn the_confidence_is_that_of_a_token() {
        let decoded =
            Decoded { text: "Yes.".into(), mean_log_probability: 0.5f32.ln(), seconds: 0.4, ..Decoded::default() };
        assert!((judge(&decoded).confidence - 0.5).abs() < 1e-6);
    }
}
