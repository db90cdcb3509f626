//! From samples played to words heard.

use crate::ClauseId;

/// Assumed length of a character while its clause's own length is not known yet: 80 ms at 16 kHz.
/// The voices at hand take 60–70 ms, so that this counts too few words rather than too many.
const SLOW_SAMPLES_PER_CHAR: u64 = 1_280;

#[derive(Clone, Debug, PartialEq)]
struct Clause {
    text: String,
    end_sample: Option<u64>,
    skipped: bool,
    protected: bool,
}

/// What one turn says, and where on its playout time line.
///
/// Exact at the ends of clauses; inside a clause words are spread in proportion to their
/// characters. A word counts as heard once its end has been played.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ledger {
    clauses: Vec<Clause>,
    position: u64,
}

impl Ledger {
    /// Adds a clause behind the others.
    pub(crate) fn add(&mut self, text: &str) -> ClauseId {
        let clause = ClauseId(u32::try_from(self.clauses.len()).unwrap_or(u32::MAX));
        self.clauses.push(Clause { text: text.trim().to_owned(), end_sample: None, skipped: false, protected: false });
        clause
    }

    /// Notes where a clause ends, in samples.
    pub(crate) fn ready(&mut self, clause: ClauseId, end_sample: u64) {
        if let Some(clause) = self.clauses.get_mut(clause.0 as usize) {
            clause.end_sample = Some(end_sample);
        }
    }

    /// Gives up the clause that is being synthesised. Returns whether there was one.
    pub(crate) fn skip_next(&mut self) -> bool {
        let next = self.clauses.iter_mut().find(|clause| clause.is_awaited());
        next.map(|clause| clause.skipped = true).is_some()
    }

    /// Notes how many samples have been played. Returns whether they have become more.
    pub(crate) fn advance(&mut self, sample: u64) -> bool {
        let more = sample > self.position;
        self.position = self.position.max(sample);
        more
    }

    /// Samples known to have been played.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// No clause was ever added.
    pub(crate) fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// There is no clause that can be heard, other than `filler`.
    pub(crate) fn is_silent_but_for(&self, filler: Option<ClauseId>) -> bool {
        let is_filler = |at: usize| filler.is_some_and(|filler| filler.0 as usize == at);
        self.clauses.iter().enumerate().all(|(at, clause)| clause.skipped || is_filler(at))
    }

    /// The caller cannot interrupt this clause.
    pub(crate) fn protect(&mut self, clause: ClauseId) {
        if let Some(clause) = self.clauses.get_mut(clause.0 as usize) {
            clause.protected = true;
        }
    }

    /// What is played now is a protected clause.
    pub(crate) fn is_protected(&self) -> bool {
        let playing = self.clauses.iter().find(|clause| clause.end_sample.is_none_or(|end| end > self.position));
        playing.is_some_and(|clause| clause.protected)
    }

    /// Samples that are still to be played, once all clauses are ready.
    pub(crate) fn remaining(&self) -> Option<u64> {
        let all_ready = !self.clauses.iter().any(Clause::is_awaited);
        let end = self.clauses.iter().filter_map(|clause| clause.end_sample).max();
        end.filter(|_| all_ready).map(|end| end.saturating_sub(self.position))
    }

    /// It ends with a question.
    pub(crate) fn asks(&self) -> bool {
        self.clauses.iter().rfind(|clause| !clause.skipped).is_some_and(|clause| clause.text.trim_end().ends_with('?'))
    }

    /// Characters of all clauses.
    pub(crate) fn chars(&self) -> usize {
        self.clauses.iter().map(|clause| clause.text.chars().count()).sum()
    }

    /// Audio is still to come or to be played.
    pub(crate) fn is_outstanding(&self) -> bool {
        self.clauses
            .iter()
            .any(|clause| clause.is_awaited() || clause.end_sample.is_some_and(|end| end > self.position))
    }

    /// All that is heard when the turn is played to its end.
    pub(crate) fn text(&self) -> String {
        let audible = self.clauses.iter().filter(|clause| !clause.skipped);
        audible.map(|clause| clause.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The words whose end lies within the first `sample` samples.
    pub(crate) fn heard(&self, sample: u64) -> String {
        let mut heard = Vec::new();
        let mut start = 0;
        for clause in self.clauses.iter().filter(|clause| !clause.skipped) {
            match clause.end_sample {
                // A clause without a sample was not heard, wherever it stands.
                Some(end) if end <= start => {}
                Some(end) if end <= sample => {
                    heard.push(clause.text.as_str());
                    start = end;
                }
                Some(_) | None => {
                    heard.push(clause.words_within(start, sample));
                    break;
                }
            }
        }
        heard.retain(|text| !text.is_empty());
        heard.join(" ")
    }
}

impl Clause {
    fn is_awaited(&self) -> bool {
        self.end_sample.is_none() && !self.skipped
    }

    /// The whole words of a clause that begins at `start` and has been played up to `sample`.
    fn words_within(&self, start: u64, sample: u64) -> &str {
        let played = u128::from(sample.saturating_sub(start));
        let chars = self.text.chars().count() as u128;
        let length = match self.end_sample {
            Some(end) => u128::from(end.saturating_sub(start)),
            None => chars * u128::from(SLOW_SAMPLES_PER_CHAR),
        };
        let mut end = 0;
        let mut chars_so_far = 0;
        for word in self.text.split_inclusive(char::is_whitespace) {
            chars_so_far += word.trim_end().chars().count() as u128;
            if chars_so_far * length > played * chars {
                break;
            }
            end += word.len();
            chars_so_far += (word.chars().count() - word.trim_end().chars().count()) as u128;
        }
        self.text[..end].trim_end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_clauses() -> Ledger {
        let mut ledger = Ledger::default();
        let first = ledger.add("We open at nine,");
        let second = ledger.add("and close at five.");
        ledger.ready(first, 16_000);
        ledger.ready(second, 34_000);
        ledger
    }

    #[test]
    fn before_the_first_word_has_ended_nothing_was_heard() {
        assert_eq!(two_clauses().heard(0), "");
        assert_eq!(two_clauses().heard(1_999), "");
    }

    #[test]
    fn a_word_counts_when_its_end_was_played() {
        let ledger = two_clauses();
        assert_eq!(ledger.heard(2_000), "We");
        assert_eq!(ledger.heard(6_999), "We");
        assert_eq!(ledger.heard(7_000), "We open");
    }

    #[test]
    fn the_end_of_a_clause_is_exact() {
        let ledger = two_clauses();
        assert_eq!(ledger.heard(15_999), "We open at");
        assert_eq!(ledger.heard(16_000), "We open at nine,");
        assert_eq!(ledger.heard(34_000), "We open at nine, and close at five.");
    }

    #[test]
    fn the_second_clause_is_measured_from_its_own_start() {
        assert_eq!(two_clauses().heard(19_000), "We open at nine, and");
    }

    #[test]
    fn a_clause_still_being_synthesised_is_counted_slowly() {
        let mut ledger = Ledger::default();
        ledger.add("We open at nine.");
        assert_eq!(ledger.heard(2 * 1_280 - 1), "");
        assert_eq!(ledger.heard(2 * 1_280), "We");
        assert_eq!(ledger.heard(7 * 1_280), "We open");
    }

    #[test]
    fn a_skipped_clause_was_not_heard() {
        let mut ledger = two_clauses();
        let third = ledger.add("Good bye.");
        assert!(ledger.skip_next());
        assert_eq!(ledger.heard(100_000), "We open at nine, and close at five.");
        assert_eq!(ledger.text(), "We open at nine, and close at five.");
        assert_eq!(third, ClauseId(2));
        assert!(!ledger.skip_next());
    }

    #[test]
    fn characters_count_and_not_bytes() {
        let mut ledger = Ledger::default();
        let clause = ledger.add("äöü abc");
        ledger.ready(clause, 7_000);
        assert_eq!(ledger.heard(3_000), "äöü");
        assert_eq!(ledger.heard(2_999), "");
    }
}
