//! Which of a few languages a caller speaks, by the model's own opinion of each utterance, with hysteresis.
//!
//! Whisper begins every text with a token of its language. Its probabilities after one utterance are summed up over the
//! call, so that one odd sentence, a name or a foreign phrase changes nothing, and a caller who goes on in another language
//! is followed after the first clear utterance or the second doubtful one.

/// The evidence that another language is spoken must be as strong as this, in nats of log-odds: 20 to 1.
const CHANGE: f32 = 3.0;
/// What one utterance can say for or against a language, in nats.
const MOST_OF_ONE: f32 = 4.0;

/// For each other language that may be spoken, how much more likely it is than the present one, in nats of log-odds; at
/// least 0, so that a long talk in one language does not have to be outweighed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Evidence(Vec<(String, f32)>);

impl Evidence {
    /// From [`to_bytes`](Self::to_bytes); of what it cannot read, nothing is known.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let entry = |entry: &str| {
            let (language, nats) = entry.split_once('=')?;
            let nats = nats.parse::<f32>().ok().filter(|nats| (0.0..CHANGE).contains(nats))?;
            Some((language.to_owned(), nats))
        };
        Self(text.split(';').filter_map(entry).collect())
    }

    /// As `fr=1.25;de=0.5`.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let entries = self.0.iter().map(|(language, nats)| format!("{language}={nats}"));
        entries.collect::<Vec<_>>().join(";").into_bytes()
    }

    /// What is known after one more utterance: `present` and the log-probability of each of `others` are the model's.
    #[must_use]
    pub(super) fn after(&self, present: f32, others: &[(&str, f32)]) -> Self {
        let entry = |&(language, log_probability): &(&str, f32)| {
            let before = self.0.iter().find(|(known, _)| known == language).map_or(0.0, |(_, nats)| *nats);
            let told = (log_probability - present).clamp(-MOST_OF_ONE, MOST_OF_ONE);
            (language.to_owned(), (before + told).max(0.0))
        };
        Self(others.iter().map(entry).collect())
    }

    /// The language that is spoken now, if it is another one.
    pub(super) fn change(&self) -> Option<&str> {
        let likeliest = self.0.iter().max_by(|(_, one), (_, other)| one.total_cmp(other));
        likeliest.filter(|(_, nats)| *nats >= CHANGE).map(|(language, _)| &**language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_clear_utterance_is_enough() {
        let evidence = Evidence::default().after(-5.0, &[("de", -4.0), ("fr", -0.01)]);
        assert_eq!(evidence.change(), Some("fr"));
    }

    #[test]
    fn doubtful_ones_add_up_and_the_present_language_takes_back() {
        let doubtful = |before: &Evidence| before.after(-2.0, &[("fr", -0.2)]);
        let once = doubtful(&Evidence::default());
        assert_eq!(once.change(), None);
        assert_eq!(doubtful(&once).change(), Some("fr"));
        let contradicted = once.after(-0.1, &[("fr", -3.0)]);
        assert_eq!(doubtful(&contradicted).change(), None);
    }

    #[test]
    fn a_long_talk_does_not_hold_a_caller_who_changes() {
        let long = (0..50).fold(Evidence::default(), |before, _| before.after(-0.01, &[("fr", -6.0)]));
        assert_eq!(long.after(-4.0, &[("fr", -0.05)]).change(), Some("fr"));
    }

    #[test]
    fn what_is_known_goes_from_utterance_to_utterance() {
        let evidence = Evidence::default().after(-1.5, &[("de", -1.0), ("fr", -0.5)]);
        assert_eq!(Evidence::from_bytes(&evidence.to_bytes()), evidence);
        assert_eq!(Evidence::from_bytes(&[0xff, 0x3d]), Evidence::default());
        assert_eq!(Evidence::from_bytes(b"fr=inf;de;it=-1;es=9"), Evidence::default());
    }
}
