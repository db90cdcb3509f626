//! What holds for every text.

use proptest::prelude::*;
use spoken_text::{Speakable, speakable};

const LANGUAGES: [&str; 6] = ["en", "en-GB", "de", "fr", "es", "hi"];

/// Pieces that models write, put together at random.
fn fragments() -> impl Strategy<Value = String> {
    let blank = prop::sample::select(vec!["", " ", " ", "  "]);
    prop::collection::vec((pieces(), blank), 0..16)
        .prop_map(|parts| parts.into_iter().map(|(piece, blank)| format!("{piece}{blank}")).collect())
}

fn pieces() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "hello",
        "order",
        "Dr.",
        "St.",
        "No.",
        "call",
        "in",
        "the",
        "a",
        "Nov",
        "May",
        "am",
        "p.m.",
        "USD",
        "€",
        "$",
        "£",
        "%",
        "°C",
        "km",
        "kg",
        "m²",
        "x",
        "to",
        "-",
        "–",
        "—",
        "/",
        ":",
        ".",
        ",",
        "...",
        "?",
        "!",
        "#",
        "*",
        "**",
        "_",
        "(",
        ")",
        "[",
        "]",
        "(laughs)",
        "*sighs*",
        "|",
        "`",
        "~",
        "<",
        ">",
        "=",
        "+",
        "&",
        "@",
        "^",
        "'",
        "\"",
        "½",
        "²",
        "😀",
        "0",
        "1",
        "5",
        "12",
        "21",
        "30",
        "99",
        "007",
        "100",
        "1999",
        "2024",
        "4711",
        "555",
        "0199",
        "1,234",
        "3.5",
        "10:30",
        "11/21/2026",
        "2026-11-21",
        "21.11.",
        "+44",
        "example.com",
        "a@b.co",
        "192.168.1.1",
        "v1.2",
        "AB",
        "XIV",
        "I",
        "U.S.",
        "1st",
        "2nd",
        "Uhr",
        "h",
        "º",
        "१२",
        "नमस्ते",
        "\n",
        "\\",
        "1.",
        "- ",
        "e.g.",
        "etc.",
        "w/",
        "24/7",
    ])
}

/// Words without another reading in any language, as a model writes a sentence.
fn plain_text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "thank",
        "you",
        "we",
        "open",
        "tomorrow",
        "don't",
        "well-known",
        "Anna",
        "customer",
        "grüß",
        "déjà",
        "niño",
        "नमस्ते",
        "हिन्दी",
        "okay",
        "I",
        "today",
        "question",
        "über",
        "être",
        "mañana",
    ]);
    let marks = prop::sample::select(vec!["", "", "", ",", ".", "?", "!", ";", ":", "..."]);
    prop::collection::vec((words, marks), 1..20)
        .prop_map(|parts| parts.into_iter().map(|(word, mark)| format!("{word}{mark}")).collect::<Vec<_>>().join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), language in prop::sample::select(&LANGUAGES[..])) {
        speakable(&text, language);
    }

    #[test]
    fn no_mixture_of_known_forms_makes_it_panic(text in fragments(), language in prop::sample::select(&LANGUAGES[..])) {
        speakable(&text, language);
    }

    #[test]
    fn no_digit_is_left(text in fragments(), language in prop::sample::select(&LANGUAGES[..])) {
        let spoken = speakable(&text, language);
        prop_assert!(!spoken.contains(char::is_numeric), "{text:?} became {spoken:?}");
    }

    #[test]
    fn no_digit_of_any_script_is_left(text in any::<String>()) {
        let spoken = speakable(&text, "en");
        prop_assert!(!spoken.contains(char::is_numeric), "{text:?} became {spoken:?}");
    }

    #[test]
    fn what_is_spoken_has_a_word_and_no_sign_of_formatting(text in fragments(), language in prop::sample::select(&LANGUAGES[..])) {
        let spoken = speakable(&text, language);
        prop_assert!(spoken.is_empty() || spoken.contains(char::is_alphabetic), "{text:?} became {spoken:?}");
        let is_sign = |c| matches!(c, '*' | '#' | '_' | '`' | '|' | '<' | '>' | '[' | ']' | '(' | ')' | '{' | '}' | '\n');
        prop_assert!(!spoken.contains(is_sign), "{text:?} became {spoken:?}");
        prop_assert!(!spoken.contains("  ") && spoken.trim() == spoken, "{text:?} became {spoken:?}");
    }

    #[test]
    fn plain_text_stays_as_it_is(text in plain_text(), language in prop::sample::select(&LANGUAGES[..])) {
        prop_assert_eq!(speakable(&text, language), text);
    }

    #[test]
    fn what_is_spoken_stays_as_it_is(pieces in prop::collection::vec(pieces(), 0..12)) {
        // Commas, so that no piece changes the meaning of its neighbour: "Dr." in front of a date.
        let pieces: Vec<_> = pieces.into_iter().filter(|piece| !piece.ends_with('.')).collect();
        let text = pieces.join(", ");
        let spoken = speakable(&text, "en");
        prop_assert_eq!(speakable(&spoken, "en"), spoken, "from {:?}", text);
    }

    #[test]
    fn every_count_is_read_without_digits(value in any::<u64>(), language in prop::sample::select(&LANGUAGES[..])) {
        let spoken = speakable(&value.to_string(), language);
        prop_assert!(!spoken.is_empty() && !spoken.contains(char::is_numeric), "{value} became {spoken:?}");
    }

    #[test]
    fn words_around_figures_are_kept(before in "zz[a-z]{2,7}", after in "zz[a-z]{2,7}", value in 0u64..1_000_000) {
        // No abbreviation begins with "zz".
        let spoken = speakable(&format!("{before}, {value}, {after}"), "en");
        prop_assert!(spoken.starts_with(&before) && spoken.ends_with(&after), "{spoken:?}");
    }
}

/// The work, not the time: a text twice as long must not be looked at four times as often. With
/// quadratic work these would not end within a test's life.
#[test]
fn long_texts_of_any_kind_are_read() {
    let speaker = Speakable::for_language("en");
    for piece in
        ["(", "[", "*", "_", "a.", "1-", "1 ", "1,", "<b", "@", "a@", "#1 ", "²", "**x", "| ", "--", "St. ", "9:", "a/"]
    {
        let text = piece.repeat(200_000 / piece.len());
        speaker.speak(&text);
    }
}
