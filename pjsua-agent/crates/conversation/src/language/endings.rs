//! How an utterance ends: in something that more must follow, or as a whole.

use super::phrases::{Cover, Phrases, contains, longest_end, skip_end};
use super::words::{Mark, Word};
use super::{Completeness, Language, Request, dictation, questions, requests};

/// Words by which an ending is judged. Where phrases of several tables end a text, the longest
/// counts, so that "I think so" may be whole although "so" is not.
#[derive(Debug)]
pub(super) struct Endings {
    /// Never the last word, whatever is punctuated: "and", "because".
    pub(super) conjunctions: Phrases,
    /// Likewise: "the", "my".
    pub(super) determiners: Phrases,
    /// Not the last words of a statement: "from".
    pub(super) prepositions: Phrases,
    /// Likewise: "is", "can you tell me".
    pub(super) unfinished: Phrases,
    /// Exceptions to the tables above and below: "is this for".
    pub(super) finished: Phrases,
    /// What may end an utterance and mostly does not: "next", "find", "this". A question that ends so
    /// is not taken for a whole one.
    pub(super) leaning: Phrases,
    /// Verbs that end a subordinate clause, but not the statement they begin: they end "what your
    /// opening hours are", not "my number is".
    pub(super) copulas: Phrases,
    /// Conjunctions that send such a verb to the end, as question words do: German "ob".
    pub(super) subordinators: Phrases,
    /// Pronouns that are a subject: "it" in "what time it is".
    pub(super) subjects: Phrases,
    /// Words that only begin an utterance; more follows one that is nothing else: "well".
    pub(super) beginnings: Phrases,
    /// Verbs that end a clause, in languages that put them last.
    pub(super) closings: Phrases,
}

impl Endings {
    pub(super) const NONE: Self = Self {
        conjunctions: &[],
        determiners: &[],
        prepositions: &[],
        unfinished: &[],
        finished: &[],
        leaning: &[],
        copulas: &[],
        subordinators: &[],
        subjects: &[],
        beginnings: &[],
        closings: &[],
    };
}

/// A request to listen this long is whole ("can you hear me"); a shorter one is often the beginning
/// of a sentence ("sorry", "hold on").
const WHOLE_REQUEST_WORDS: usize = 3;

/// Tags and verbs at the end close nothing shorter than this: "is it" is no tag.
const CLOSED_WORDS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Cannot be the last words.
    Dangling,
    /// Not the last words of a statement.
    Unfinished,
    /// Mostly not the last words.
    Leaning,
    Free,
    /// A listed exception to the above.
    Finished,
    /// The verb of a subordinate clause.
    ClauseFinished,
}

pub(super) fn completeness(language: &Language, words: &[Word<'_>]) -> Completeness {
    let Some(last) = words.last() else { return Completeness::Open };
    if let Some(dictated) = dictation::dictated(language, words) {
        return if last.mark == Mark::Question { Completeness::Complete } else { Completeness::Dictating { dictated } };
    }
    if last.mark == Mark::Continues {
        return Completeness::Incomplete;
    }
    if is_whole_utterance(language, words) {
        return Completeness::Complete;
    }
    if requests::request(language, words) != Request::None {
        let whole = last.mark.ends_sentence() || words.len() >= WHOLE_REQUEST_WORDS;
        return if whole { Completeness::Complete } else { Completeness::Open };
    }
    if contains(language.fillers, last)
        || only_begins(language, words)
        || dictation::is_email_unfinished(language, words)
    {
        return Completeness::Incomplete;
    }
    let matter = skip_end(words, &[language.courtesies]);
    let ending = ending(language, matter);
    match (ending, last.mark) {
        (Ending::Dangling, _) | (Ending::Unfinished, Mark::None | Mark::Continues | Mark::Period) => {
            Completeness::Incomplete
        }
        (_, Mark::Period | Mark::Exclamation | Mark::Question) => Completeness::Complete,
        _ if matter.is_empty() => Completeness::Open,
        _ if matter.len() < words.len() || is_closed(language, ending, last_sentence(matter)) => Completeness::Complete,
        _ => Completeness::Open,
    }
}

/// The words of the last sentence.
pub(super) fn last_sentence<'a, 'b>(words: &'a [Word<'b>]) -> &'a [Word<'b>] {
    let before_last = words.len().saturating_sub(1);
    let end = words[..before_last].iter().rposition(|word| word.mark.ends_sentence());
    &words[end.map_or(0, |end| end + 1)..]
}

/// Whether the word stands for no thing and no action of its own.
pub(super) fn is_function_word(language: &Language, word: &Word<'_>) -> bool {
    let Endings { conjunctions, determiners, prepositions, unfinished, .. } = language.endings;
    [language.fillers, conjunctions, determiners, prepositions, unfinished].iter().any(|table| contains(table, word))
}

fn is_whole_utterance(language: &Language, words: &[Word<'_>]) -> bool {
    let before = [language.softeners, language.fillers];
    Cover { cores: &[language.whole], before: &before, around: &[language.courtesies] }.covers(words)
}

fn only_begins(language: &Language, words: &[Word<'_>]) -> bool {
    let around = [language.softeners, language.fillers];
    Cover { cores: &[language.endings.beginnings], before: &[], around: &around }.covers(words)
}

/// Whether a sentence that may end so is a whole question, or one that is over by its last words.
fn is_closed(language: &Language, ending: Ending, sentence: &[Word<'_>]) -> bool {
    let ends_with = |table| sentence.len() >= CLOSED_WORDS && longest_end(sentence, table) > 0;
    if ends_with(language.questions.tags) {
        return true;
    }
    let question = questions::rest(language, sentence);
    let closes = ends_with(language.endings.closings);
    match ending {
        Ending::Dangling | Ending::Unfinished | Ending::Leaning => false,
        Ending::Free => closes || question.is_some_and(|rest| rest.missing == 0),
        Ending::Finished => closes || question.is_some_and(|rest| rest.missing == 0 || rest.needed <= 1),
        Ending::ClauseFinished => question.is_some(),
    }
}

fn ending(language: &Language, words: &[Word<'_>]) -> Ending {
    let endings = &language.endings;
    let dangling = longest_end(words, endings.conjunctions).max(longest_end(words, endings.determiners));
    let unfinished = longest_end(words, endings.prepositions).max(longest_end(words, endings.unfinished));
    let finished = longest_end(words, endings.finished);
    let leaning = longest_end(words, endings.leaning);
    let longest = dangling.max(unfinished).max(finished).max(leaning);
    if longest == 0 {
        Ending::Free
    } else if ends_subordinate_clause(language, words) {
        Ending::ClauseFinished
    } else if finished == longest {
        Ending::Finished
    } else if dangling == longest {
        Ending::Dangling
    } else if unfinished == longest {
        Ending::Unfinished
    } else {
        Ending::Leaning
    }
}

/// "… what your opening hours are": a verb whose subject stands between a question word and it.
fn ends_subordinate_clause(language: &Language, words: &[Word<'_>]) -> bool {
    let endings = &language.endings;
    let Some((last, before)) = last_sentence(words).split_last() else { return false };
    if !contains(endings.copulas, last) {
        return false;
    }
    let mut has_subject = false;
    for word in before.iter().rev() {
        if contains(endings.copulas, word) {
            return false;
        }
        if contains(language.questions.words, word) || contains(endings.subordinators, word) {
            return has_subject;
        }
        has_subject |= contains(endings.determiners, word) || contains(endings.subjects, word);
    }
    false
}
