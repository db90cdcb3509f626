//! Numbers read out digit by digit, spelled names, e-mail addresses.

use super::Language;
use super::endings::last_sentence;
use super::phrases::{Phrases, contains, longest_end, longest_start, start};
use super::words::{Mark, Word, folded};

#[derive(Debug)]
pub(super) struct Dictation {
    /// Numbers below ten.
    pub(super) digits: Phrases,
    /// What is a digit only beside others: "oh".
    pub(super) soft_digits: Phrases,
    /// What a recogniser writes for a digit, counted after two of them: "to".
    pub(super) homophones: Phrases,
    /// Numbers of two digits that take no further one: "fifteen".
    pub(super) pairs: Phrases,
    /// How further such numbers end, written as one word: "undzwanzig".
    pub(super) pair_endings: Phrases,
    /// Numbers of two digits that may take one: "twenty".
    pub(super) tens: Phrases,
    /// What joins that one: "y" in "treinta y cinco".
    pub(super) tens_joints: Phrases,
    /// Names of letters that are written as words.
    pub(super) letters: Phrases,
    /// Letters that are words as well: "a", "i".
    pub(super) soft_letters: Phrases,
    /// Words of a spelling alphabet: "bravo".
    pub(super) alphabet: Phrases,
    /// Between a letter and any word: "as in".
    pub(super) spelt_as: Phrases,
    /// Between a letter and a word that begins with it: "for".
    pub(super) spelt_for: Phrases,
    /// "double" and how often it means the next symbol.
    pub(super) repeats: &'static [(&'static str, usize)],
    /// Letters that spell nothing: "p m".
    pub(super) initialisms: Phrases,
    /// What may stand between symbols: "dash", "capital".
    pub(super) joiners: Phrases,
    /// After these a single symbol is the first of several: "number is".
    pub(super) leads: Phrases,
    /// What an e-mail address follows: "email is".
    pub(super) email_leads: Phrases,
    /// "at".
    pub(super) at_signs: Phrases,
    /// "dot".
    pub(super) dots: Phrases,
}

impl Dictation {
    pub(super) const NONE: Self = Self {
        digits: &[],
        soft_digits: &[],
        homophones: &[],
        pairs: &[],
        pair_endings: &[],
        tens: &[],
        tens_joints: &[],
        letters: &[],
        soft_letters: &[],
        alphabet: &[],
        spelt_as: &[],
        spelt_for: &[],
        repeats: &[],
        initialisms: &[],
        joiners: &[],
        leads: &[],
        email_leads: &[],
        at_signs: &[],
        dots: &[],
    };
}

/// From this many figures on a number is one that is read out: shorter ones are amounts and hours.
const FIGURES_READ_OUT: usize = 3;

/// Most words of an address before it counts as something else.
const LONGEST_EMAIL: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Digit,
    SoftDigit,
    Homophone,
    Pair,
    Tens,
    Letter,
    SoftLetter,
    Code,
    Repeat(usize),
    Joiner,
    /// So many figures, or letters and figures, in one word.
    Figures(usize),
}

/// Symbols that follow each other.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    start: usize,
    /// Digits and letters.
    symbols: usize,
    digits: usize,
    soft_digits: usize,
    /// Numbers, of one digit or two.
    numbers: usize,
    letters: usize,
    soft_letters: usize,
    codes: usize,
    /// Said as only a dictation is.
    sure: bool,
    after_tens: bool,
    repeat: Option<usize>,
    last_letter: Option<char>,
}

/// How many digits and letters are in the run that ends the text, if it is a dictation.
pub(super) fn dictated(language: &Language, words: &[Word<'_>]) -> Option<usize> {
    let table = &language.dictation;
    let mut run = Run::default();
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let abbreviation = if run.letters == 0 { abbreviation(table, rest) } else { 0 };
        let joint = run.after_tens && contains(table.tens_joints, &rest[0]);
        at += match symbol(language, rest) {
            _ if abbreviation > 0 => {
                run = Run { start: at + abbreviation, ..Run::default() };
                abbreviation
            }
            _ if joint => 1,
            Some((symbol, length)) if run.takes(symbol, rest[0].text) => length + run.example(table, &rest[length..]),
            _ => {
                run = Run { start: at + 1, ..Run::default() };
                1
            }
        };
    }
    let led = longest_end(&words[..run.start], table.leads) > 0;
    run.is_dictation(led).then_some(run.symbols)
}

/// Whether the text ends within an e-mail address.
pub(super) fn is_email_unfinished(language: &Language, words: &[Word<'_>]) -> bool {
    let table = &language.dictation;
    let sentence = last_sentence(words);
    let Some(last) = sentence.last() else { return false };
    if let Some((_, host)) = last.text.split_once('@') {
        return !host.contains('.');
    }
    let address = (0..sentence.len()).rev().find_map(|at| match longest_start(&sentence[at..], table.email_leads) {
        0 => None,
        length => Some(&sentence[at + length..]),
    });
    let Some(address) = address.filter(|address| (1..=LONGEST_EMAIL).contains(&address.len())) else { return false };
    let at_sign = address.iter().position(|word| contains(table.at_signs, word) || word.text.contains('@'));
    let host = at_sign.map_or(&[][..], |at| &address[at..]);
    let has_dot = host.iter().any(|word| contains(table.dots, word) || word.text.contains('.'));
    last.mark != Mark::Question && (!has_dot || contains(table.dots, last))
}

fn symbol(language: &Language, words: &[Word<'_>]) -> Option<(Symbol, usize)> {
    let table = &language.dictation;
    let word = words[0].text;
    if table.pair_endings.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending)) {
        return Some((Symbol::Pair, 1));
    }
    let written = written(table, &words[0]).map(|symbol| (symbol, 1));
    let repeat = table.repeats.iter().find_map(|&(phrase, times)| Some((Symbol::Repeat(times), start(words, phrase)?)));
    let tables = [
        (Symbol::Digit, table.digits),
        (Symbol::SoftDigit, table.soft_digits),
        (Symbol::Homophone, table.homophones),
        (Symbol::Pair, table.pairs),
        (Symbol::Tens, table.tens),
        (Symbol::Letter, table.letters),
        (Symbol::Code, table.alphabet),
        (Symbol::Joiner, table.joiners),
        (Symbol::Joiner, language.fillers),
    ];
    let symbols = tables.iter().map(|&(symbol, phrases)| (symbol, longest_start(words, phrases)));
    // Of those of the same length, the last counts.
    symbols.chain(repeat).chain(written).filter(|&(_, length)| length > 0).max_by_key(|&(_, length)| length)
}

/// The length in words of an abbreviation that is not the beginning of something spelled.
fn abbreviation(table: &Dictation, words: &[Word<'_>]) -> usize {
    let length = longest_start(words, table.initialisms);
    let goes_on = words.get(length).is_some_and(|word| word.text.chars().count() == 1);
    if goes_on { 0 } else { length }
}

/// Figures and letters that stand for themselves.
fn written(table: &Dictation, word: &Word<'_>) -> Option<Symbol> {
    let mut letters_and_figures = word.text.chars().map(|c| (is_figure(c), is_letter(c)));
    let count = letters_and_figures.clone().count();
    let figures = letters_and_figures.clone().filter(|&(figure, _)| figure).count();
    let first_is_letter = letters_and_figures.clone().next().is_some_and(|(_, letter)| letter);
    if figures == count {
        return Some(Symbol::Figures(count));
    }
    if figures > 0 && first_is_letter && letters_and_figures.all(|(figure, letter)| figure || letter) {
        return Some(Symbol::Figures(count.max(FIGURES_READ_OUT)));
    }
    let is_word = [table.digits, table.soft_digits].iter().any(|digits| contains(digits, word));
    match (count == 1 && first_is_letter && !is_word, contains(table.soft_letters, word)) {
        (_, true) => Some(Symbol::SoftLetter),
        (true, false) => Some(Symbol::Letter),
        (false, false) => None,
    }
}

fn is_figure(c: char) -> bool {
    matches!(c, '0'..='9' | '०'..='९')
}

/// Latin letters: in other scripts a letter alone is mostly a word.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && c < '\u{250}'
}

impl Run {
    /// Goes on with a symbol; `false`: the run ends before it.
    fn takes(&mut self, symbol: Symbol, word: &str) -> bool {
        let times = match symbol {
            Symbol::Joiner => return self.symbols > 0,
            Symbol::Homophone if self.digits < 2 => return false,
            Symbol::Repeat(times) => {
                self.repeat = Some(times);
                return true;
            }
            _ => self.repeat.take(),
        };
        self.sure |= times.is_some();
        let after_tens = std::mem::take(&mut self.after_tens);
        let first = folded(word).next();
        let last_letter = self.last_letter.take();
        let symbols = match symbol {
            Symbol::Joiner | Symbol::Repeat(_) => 0,
            // "twenty five": both digits are counted.
            Symbol::Digit if after_tens => 0,
            Symbol::Digit | Symbol::Homophone | Symbol::Figures(1) => {
                self.digits += 1;
                self.numbers += 1;
                1
            }
            Symbol::SoftDigit => {
                self.soft_digits += 1;
                self.numbers += 1;
                1
            }
            Symbol::Pair | Symbol::Tens | Symbol::Figures(2) => {
                self.after_tens = symbol == Symbol::Tens;
                self.numbers += 1;
                2
            }
            Symbol::Letter | Symbol::SoftLetter => {
                self.last_letter = first;
                *(if symbol == Symbol::Letter { &mut self.letters } else { &mut self.soft_letters }) += 1;
                1
            }
            Symbol::Code => {
                self.codes += 1;
                // "b bravo" is one letter.
                usize::from(last_letter.is_none() || last_letter != first)
            }
            Symbol::Figures(count) => {
                self.sure = true;
                count
            }
        };
        self.symbols += symbols * times.unwrap_or(1);
        true
    }

    /// How many words, after a letter, say which one is meant: "as in bravo".
    fn example(&mut self, table: &Dictation, rest: &[Word<'_>]) -> usize {
        let Some(letter) = self.last_letter else { return 0 };
        let sure = longest_start(rest, table.spelt_as);
        if sure > 0 {
            self.sure = true;
            return rest.len().min(sure + 1);
        }
        let length = longest_start(rest, table.spelt_for);
        let is_example = length > 0 && rest.get(length).is_some_and(|word| folded(word.text).next() == Some(letter));
        self.sure |= is_example;
        if is_example { length + 1 } else { 0 }
    }

    fn is_dictation(&self, led: bool) -> bool {
        let letters_and_digits = self.digits + self.letters;
        let unlikely_words = self.letters > 0 && self.soft_letters + self.codes > 0;
        let likely = letters_and_digits >= 2
            || unlikely_words
            || self.codes >= 2
            || self.numbers >= 3
            || (self.soft_digits > 0 && self.numbers >= 2)
            || self.sure;
        self.symbols > 0 && (likely || (led && letters_and_digits + self.codes + self.numbers > 0))
    }
}
