//! The tables of `tests/cases`: what is written, and what a native speaker would say of it.

use spoken_text::{Speakable, is_language_complete};

/// Lines `input => spoken`; `\n` in the input is a line break, a line `@tag` chooses the region.
fn failures(table: &str, language: &str) -> (usize, String) {
    let (mut cases, mut failures) = (0, String::new());
    let mut speaker = Speakable::for_language(language);
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if let Some(tag) = line.strip_prefix('@') {
            speaker = Speakable::for_language(tag);
            continue;
        }
        if line.is_empty() || line.starts_with("##") {
            continue;
        }
        cases += 1;
        let Some((input, expected)) = line.split_once(" =>") else {
            failures += &format!("{}: no \" =>\" in {line:?}\n", number + 1);
            continue;
        };
        let input = input.replace("\\n", "\n");
        let spoken = speaker.speak(&input);
        if spoken != expected.trim_start() {
            let expected = expected.trim_start();
            failures += &format!("{}: {input}\n  expected {expected}\n  got      {spoken}\n", number + 1);
        }
    }
    (cases, failures)
}

fn check(table: &str, language: &str) {
    let (cases, failures) = failures(table, language);
    assert!(failures.is_empty(), "{language}:\n{failures}");
    assert!(!is_language_complete(language) || cases >= 300, "{language} calls itself complete with {cases} cases");
}

#[test]
fn english_is_read_as_its_table_says() {
    check(include_str!("cases/en.txt"), "en-US");
}

#[test]
fn german_is_read_as_its_table_says() {
    check(include_str!("cases/de.txt"), "de");
}

#[test]
fn french_is_read_as_its_table_says() {
    check(include_str!("cases/fr.txt"), "fr");
}

#[test]
fn spanish_is_read_as_its_table_says() {
    check(include_str!("cases/es.txt"), "es");
}

#[test]
fn hindi_is_read_as_its_table_says() {
    check(include_str!("cases/hi.txt"), "hi");
}
