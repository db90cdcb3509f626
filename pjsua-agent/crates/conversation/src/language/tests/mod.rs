//! Tables of cases, in files named after the languages; here what holds for all.

use super::{Completeness, Language, Request};

mod any_text;
mod asides;
mod english;
mod english_dictation;
mod english_requests;
mod french;
mod german;
mod hindi;
mod prefixes;
mod spanish;

/// Every case that is judged otherwise is named, not only the first.
fn all_are<T: Copy + PartialEq + std::fmt::Debug>(wanted: T, judge: impl Fn(&str) -> T, texts: &[&str]) {
    let wrong = texts.iter().map(|&text| (text, judge(text))).filter(|&(_, found)| found != wanted);
    let wrong: Vec<_> = wrong.map(|(text, found)| format!("“{text}” is {found:?}")).collect();
    assert!(wrong.is_empty(), "not {wanted:?}:\n{}", wrong.join("\n"));
}

fn are(tag: &str, wanted: Completeness, texts: &[&str]) {
    all_are(wanted, |text| Language::of(tag).completeness(text), texts);
}

fn ask_for(tag: &str, wanted: Request, texts: &[&str]) {
    all_are(wanted, |text| Language::of(tag).request(text), texts);
}

fn are_questions(tag: &str, wanted: bool, texts: &[&str]) {
    all_are(wanted, |text| Language::of(tag).is_question(text), texts);
}

fn dictate(tag: &str, cases: &[(&str, usize)]) {
    for &(text, dictated) in cases {
        assert_eq!(Language::of(tag).completeness(text), Completeness::Dictating { dictated }, "{text}");
    }
}

#[test]
fn a_language_is_found_by_its_primary_subtag() {
    let bonjour = |tag| Language::of(tag).completeness("au revoir");
    for tag in ["fr", "fr-CA", "FR", "fr_FR", "fra", "fre-BE"] {
        assert_eq!(bonjour(tag), Completeness::Complete, "{tag}");
    }
    assert_eq!(Language::of("").completeness("goodbye"), Completeness::Complete);
    assert_eq!(Language::of("en-GB").completeness("goodbye"), Completeness::Complete);
}

#[test]
fn of_an_unknown_language_nothing_is_said() {
    for tag in ["xx", "it-IT", "und", "-", "e", "englisch", "日本"] {
        let unknown = Language::of(tag);
        for text in ["", "goodbye", "hello?", "one moment please", "the", "4 5 0 1", "ciao."] {
            let expected = if tag == "-" { continue } else { Completeness::Open };
            assert_eq!(unknown.completeness(text), expected, "{tag}: {text}");
            assert_eq!(unknown.request(text), Request::None, "{tag}: {text}");
        }
        if tag != "-" {
            assert!(unknown.backchannels.contains(&"mhm"));
        }
    }
}

#[test]
fn no_backchannel_takes_the_floor() {
    for language in super::LANGUAGES {
        for phrase in language.backchannels {
            assert_eq!(language.request(phrase), Request::None, "{phrase}");
            assert_eq!(*phrase, phrase.to_lowercase());
        }
        for word in ["no", "stop", "wait", "nein", "halt", "moment", "non", "attendez", "espere", "नहीं", "nahi", "ruko"]
        {
            assert!(!language.backchannels.contains(&word), "{word}");
        }
    }
}

#[test]
fn no_phrase_is_both_finished_and_not() {
    for language in super::LANGUAGES {
        let endings = &language.endings;
        let others =
            [endings.conjunctions, endings.determiners, endings.prepositions, endings.unfinished, endings.leaning]
                .concat();
        let both: Vec<_> = endings.finished.iter().filter(|phrase| others.contains(phrase)).collect();
        assert!(both.is_empty(), "{:?}: {both:?}", language.subtags);
    }
}

#[test]
fn no_table_lists_a_phrase_twice_or_in_capitals() {
    for language in super::LANGUAGES {
        let (endings, requests, dictation) = (&language.endings, &language.requests, &language.dictation);
        let tables = [
            language.fillers,
            language.courtesies,
            language.softeners,
            language.whole,
            language.backchannels,
            endings.conjunctions,
            endings.determiners,
            endings.prepositions,
            endings.unfinished,
            endings.finished,
            endings.leaning,
            endings.beginnings,
            endings.closings,
            requests.hello,
            requests.repeat,
            requests.wait,
            requests.wait_for,
            requests.then_wait_for,
            dictation.digits,
            dictation.pairs,
            dictation.tens,
            dictation.letters,
            dictation.alphabet,
            dictation.joiners,
        ];
        let mut wrong = Vec::new();
        for table in tables {
            for (at, phrase) in table.iter().enumerate() {
                let lower = phrase.to_lowercase() == *phrase && phrase.trim() == *phrase && !phrase.contains("  ");
                if !lower || phrase.is_empty() || table[..at].contains(phrase) {
                    wrong.push(*phrase);
                }
            }
        }
        assert!(wrong.is_empty(), "{:?}: {wrong:?}", language.subtags);
    }
}
