//! Whatever a recogniser writes is judged without a panic and in bounded time.

use super::super::LANGUAGES;
use super::Completeness;

/// A linear congruential generator (Knuth, MMIX): the same texts on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn char(&mut self) -> char {
        const PUNCTUATION: [char; 30] = [
            ' ', ' ', ' ', '\'', '’', '.', ',', '?', '!', '-', '—', '…', '@', ':', '(', ')', '[', ']', '<', '>', '*',
            '।', '\u{94d}', '\u{93c}', '\u{301}', '\u{200d}', '\u{feff}', '\0', '\n', 'İ',
        ];
        match self.below(6) {
            0 | 1 => PUNCTUATION[self.below(PUNCTUATION.len())],
            2 => char::from(b'a' + self.below(26) as u8),
            3 => char::from(b'0' + self.below(10) as u8),
            4 => char::from_u32(0x900 + self.below(0x80) as u32).unwrap_or('क'),
            _ => char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{fffd}'),
        }
    }
}

fn judge_all(text: &str) {
    for language in LANGUAGES {
        if let Completeness::Dictating { dictated } = language.completeness(text) {
            assert!(dictated > 0, "{text:?}");
        }
        language.request(text);
        language.is_question(text);
    }
}

#[test]
fn random_characters_are_judged() {
    let mut random = Random(1);
    for _ in 0..3_000 {
        let length = random.below(24);
        let text: String = (0..length).map(|_| random.char()).collect();
        judge_all(&text);
    }
}

#[test]
fn random_words_of_the_tables_are_judged() {
    let mut random = Random(2);
    for _ in 0..1_000 {
        let mut text = String::new();
        for _ in 0..random.below(12) {
            let language = LANGUAGES[random.below(LANGUAGES.len())];
            let tables = [
                language.whole,
                language.fillers,
                language.courtesies,
                language.endings.unfinished,
                language.endings.finished,
                language.dictation.digits,
                language.dictation.tens,
                language.dictation.alphabet,
                language.dictation.joiners,
                language.dictation.email_leads,
                language.requests.wait,
                language.requests.then_wait_for,
            ];
            let table = tables[random.below(tables.len())];
            if !table.is_empty() {
                text.push_str(table[random.below(table.len())]);
            }
            text.push(if random.below(4) == 0 { random.char() } else { ' ' });
        }
        judge_all(&text);
    }
}

#[test]
fn long_texts_are_judged() {
    for unit in ["four ", "(", "[", "'", "l'", "what is ", "one moment ", "please ", ".", "a@", "क्", "double ", "and "]
    {
        judge_all(&unit.repeat(3_000));
    }
}
