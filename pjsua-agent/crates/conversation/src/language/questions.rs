//! Questions by their form.

use super::Language;
use super::endings::{is_function_word, last_sentence};
use super::phrases::{Phrases, contains, longest_end, skip_end, skip_start, start};
use super::words::{Mark, Word};

/// How a question begins, and how many words that mean something must follow before it can be whole:
/// one after "when do you" (open), two after "when does" (the shop open).
pub(super) type Openers = &'static [(&'static str, usize)];

/// A clause after "if" or "and" has two words that mean something: "if my parcel arrived".
const WORDS_OF_A_CLAUSE: usize = 2;

#[derive(Debug)]
pub(super) struct Questions {
    /// Question words alone: "what".
    pub(super) words: Phrases,
    /// What makes a question at the beginning of a sentence only: "is", "do you".
    pub(super) openers: Openers,
    /// What makes a question anywhere, since a recogniser writes no full stop before it: "what time
    /// do you".
    pub(super) inversions: Openers,
    /// Question words that stand where the answer would: Hindi's, in the middle of a sentence.
    pub(super) in_place: Phrases,
    /// What turns a statement into a question: "isn't it".
    pub(super) tags: Phrases,
    /// What may stand before a question: "and".
    pub(super) lead_ins: Phrases,
}

impl Questions {
    pub(super) const NONE: Self =
        Self { words: &[], openers: &[], inversions: &[], in_place: &[], tags: &[], lead_ins: &[] };
}

pub(super) fn is_question(language: &Language, words: &[Word<'_>]) -> bool {
    let matter = skip_end(words, &[language.courtesies, language.fillers]);
    let matter = if matter.is_empty() { words } else { matter };
    let asked = words.last().into_iter().chain(matter.last()).any(|word| word.mark == Mark::Question);
    let sentence = last_sentence(matter);
    let tagged = longest_end(sentence, language.questions.tags);
    let alone = sentence.len() == 1 && contains(language.questions.words, &sentence[0]);
    let in_place = sentence.iter().any(|word| contains(language.questions.in_place, word));
    asked || alone || in_place || (tagged > 0 && tagged < sentence.len()) || after_opener(language, sentence).is_some()
}

/// What follows the beginning of a question.
pub(super) struct Rest {
    /// How many words that mean something it needs to be whole.
    pub(super) needed: usize,
    /// How many of them are missing, as far as the words show.
    pub(super) missing: usize,
}

pub(super) fn rest(language: &Language, sentence: &[Word<'_>]) -> Option<Rest> {
    let (rest, needed) = after_opener(language, sentence)?;
    let clause = rest.iter().rposition(|word| contains(language.endings.conjunctions, word));
    let missing_in_clause = clause
        .map_or(0, |conjunction| WORDS_OF_A_CLAUSE - meaning(language, &rest[conjunction + 1..], WORDS_OF_A_CLAUSE));
    let missing = missing_in_clause.max(needed - meaning(language, rest, needed));
    Some(Rest { needed, missing })
}

/// How many words mean something of their own; it need not count further than `needed`. Neither
/// adjectives and verbs that want an object do ("when is the next"), nor, where two words are
/// needed, what belongs to a preposition: "when does the train to London" still wants its verb.
fn meaning(language: &Language, words: &[Word<'_>], needed: usize) -> usize {
    let mut count = 0;
    let mut after_preposition = false;
    for (at, word) in words.iter().enumerate() {
        if count == needed {
            break;
        }
        if contains(language.endings.determiners, word) {
            continue;
        }
        let is_function_word = is_function_word(language, word);
        let leans = at + 1 < words.len() && contains(language.endings.leaning, word);
        let is_object = after_preposition && needed > 1;
        count += usize::from(!(is_function_word || leans || is_object));
        after_preposition = contains(language.endings.prepositions, word);
    }
    count
}

/// What follows the last beginning of a question, and how much must.
fn after_opener<'a, 'b>(language: &Language, sentence: &'a [Word<'b>]) -> Option<(&'a [Word<'b>], usize)> {
    let Questions { openers, inversions, lead_ins, .. } = language.questions;
    let mut last: Option<(usize, usize)> = None;
    for at in 0..sentence.len() {
        if let Some((length, needed)) = opener(&sentence[at..], inversions)
            && last.is_none_or(|(end, _)| at + length > end)
        {
            last = Some((at + length, needed));
        }
    }
    if let Some((end, needed)) = last {
        return Some((&sentence[end..], needed));
    }
    let beginning = skip_start(sentence, &[lead_ins, language.fillers, language.courtesies]);
    opener(beginning, openers).map(|(length, needed)| (&beginning[length..], needed))
}

fn opener(words: &[Word<'_>], openers: Openers) -> Option<(usize, usize)> {
    let matching = openers.iter().filter_map(|&(opener, needed)| start(words, opener).map(|length| (length, needed)));
    matching.max_by_key(|&(length, _)| length)
}
