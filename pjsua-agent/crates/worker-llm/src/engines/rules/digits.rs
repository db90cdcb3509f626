//! Numbers as people say them on the telephone: "four five one seven", "double seven", "oh",
//! "forty five seventeen", "four thousand five hundred and seventeen", "4517".

/// The number in `words` (see [`super::words::words`]) as its digits, or nothing.
///
/// Of several numbers the longest counts, and the last of equally long ones, since callers correct
/// themselves forwards. A lone small number in a sentence is more often a pronoun or a quantity ("the last
/// one", "two questions") than an answer. It counts as a numeral, after "number", or when `asked` was
/// the question and the answer is not a longer sentence.
pub fn find(words: &[String], asked: bool) -> Option<String> {
    let mut best: Option<String> = None;
    let mut at = 0;
    while at < words.len() {
        let run = Run::read(words, at);
        if run.acceptable(words, at, asked) {
            let digits = run.digits();
            if best.as_ref().is_none_or(|best| digits.len() >= best.len()) {
                best = Some(digits);
            }
        }
        at = run.end.max(at + 1);
    }
    best
}

/// A number in the making: "four thousand | five hundred | seventeen" is base 4000, then 517.
struct Group {
    base: u64,
    value: u64,
    /// Values below this may still be added to `value`.
    room: u64,
    /// Digits of a numeral as written, whose leading zeros count.
    literal: Option<String>,
}

impl Group {
    fn total(&self) -> u64 {
        self.base + self.value
    }
}

/// Adjacent number words, from one start.
struct Run {
    groups: Vec<Group>,
    end: usize,
    /// Only "oh": an interjection until something else proves it a zero.
    only_oh: bool,
    numeral: bool,
}

impl Run {
    fn read(words: &[String], start: usize) -> Self {
        let mut run = Self { groups: Vec::new(), end: start, only_oh: true, numeral: false };
        let mut at = start;
        let mut repeat = 1;
        while let Some(word) = words.get(at) {
            let next = words.get(at + 1).map(String::as_str);
            match kind(word) {
                Kind::Value(value) => run.push(value, &mut repeat, word == "oh" || word == "o"),
                Kind::Numeral => run.push_numeral(word),
                Kind::Scale(scale) if run.scale(scale) => {}
                Kind::Repeat(times) if next.is_some_and(is_unit) => repeat = times,
                Kind::And if run.is_open() && next.is_some_and(is_number) => {}
                Kind::Filler if !run.groups.is_empty() => {
                    at += 1;
                    continue;
                }
                Kind::Homophone(value) if !run.groups.is_empty() && next.is_some_and(is_number) => {
                    run.push(value, &mut repeat, false);
                }
                Kind::Scale(_) | Kind::Repeat(_) | Kind::And | Kind::Filler | Kind::Homophone(_) | Kind::Other => break,
            }
            at += 1;
            run.end = at;
        }
        run
    }

    fn push(&mut self, value: u64, repeat: &mut u32, oh: bool) {
        self.only_oh &= oh;
        if *repeat == 1
            && let Some(last) = self.groups.last_mut()
            && value > 0
            && value < last.room
        {
            last.value += value;
            last.room = room_after(value);
            return;
        }
        for _ in 0..std::mem::replace(repeat, 1) {
            self.groups.push(Group { base: 0, value, room: room_after(value), literal: None });
        }
    }

    fn push_numeral(&mut self, word: &str) {
        self.only_oh = false;
        self.numeral = true;
        self.groups.push(Group { base: 0, value: 0, room: 0, literal: Some(word.to_owned()) });
    }

    /// "hundred" or "thousand" after a number of words; false when it does not fit there.
    fn scale(&mut self, scale: u64) -> bool {
        let Some(last) = self.groups.last_mut() else { return false };
        let limit = if scale == 1000 { 1000 } else { 100 };
        if last.literal.is_some() || !(1..limit).contains(&last.value) || (scale == 1000 && last.base > 0) {
            return false;
        }
        let scaled = last.value * scale;
        if scale == 1000 {
            (last.base, last.value) = (scaled, 0);
        } else {
            last.value = scaled;
        }
        last.room = scale;
        true
    }

    fn is_open(&self) -> bool {
        self.groups.last().is_some_and(|last| last.room >= 100)
    }

    fn digits(&self) -> String {
        self.groups.iter().map(|group| group.literal.clone().unwrap_or_else(|| group.total().to_string())).collect()
    }

    fn acceptable(&self, words: &[String], start: usize, asked: bool) -> bool {
        if self.groups.is_empty() {
            return false;
        }
        if self.only_oh {
            return asked && words.len() <= self.groups.len();
        }
        let lone_word = !self.numeral && self.groups.len() == 1 && self.groups[0].total() < 100;
        let announced = start > 0 && words[start - 1] == "number";
        !lone_word || announced || (asked && words.len() <= 4)
    }
}

/// What may still be added to a value just heard: a unit after "forty", nothing after "seventeen".
fn room_after(value: u64) -> u64 {
    if (20..100).contains(&value) && value.is_multiple_of(10) { 10 } else { 0 }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Value(u64),
    Numeral,
    Scale(u64),
    Repeat(u32),
    And,
    Filler,
    /// A word that recognisers write for a digit; believed only between two numbers.
    Homophone(u64),
    Other,
}

fn kind(word: &str) -> Kind {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    if let Some(value) = UNITS.iter().position(|unit| *unit == word) {
        return Kind::Value(value as u64);
    }
    if let Some(tens) = TENS.iter().position(|tens| *tens == word) {
        return Kind::Value((tens as u64 + 2) * 10);
    }
    match word {
        "oh" | "o" | "nought" | "naught" | "nil" => Kind::Value(0),
        "hundred" => Kind::Scale(100),
        "thousand" => Kind::Scale(1000),
        "double" => Kind::Repeat(2),
        "triple" | "treble" => Kind::Repeat(3),
        "and" => Kind::And,
        "uh" | "um" | "er" | "hm" | "dash" | "hyphen" | "then" => Kind::Filler,
        "to" | "too" => Kind::Homophone(2),
        "for" => Kind::Homophone(4),
        "won" => Kind::Homophone(1),
        "ate" => Kind::Homophone(8),
        _ if word.bytes().all(|byte| byte.is_ascii_digit()) => Kind::Numeral,
        _ => Kind::Other,
    }
}

fn is_unit(word: &str) -> bool {
    matches!(kind(word), Kind::Value(0..=9))
}

fn is_number(word: &str) -> bool {
    matches!(kind(word), Kind::Value(_) | Kind::Numeral)
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn volunteered(text: &str) -> Option<String> {
        find(&words(text), false)
    }

    fn answered(text: &str) -> Option<String> {
        find(&words(text), true)
    }

    #[test]
    fn digits_spoken_one_by_one_are_a_number() {
        assert_eq!(volunteered("my order is four five one seven please").as_deref(), Some("4517"));
    }

    #[test]
    fn numerals_keep_their_leading_zeros_and_join_across_separators() {
        assert_eq!(volunteered("order 0451-7").as_deref(), Some("04517"));
        assert_eq!(volunteered("4,517").as_deref(), Some("4517"));
    }

    #[test]
    fn double_triple_and_oh_are_understood() {
        assert_eq!(volunteered("double seven oh one").as_deref(), Some("7701"));
        assert_eq!(volunteered("it is nine triple oh four").as_deref(), Some("90004"));
    }

    #[test]
    fn pairs_of_two_digit_numbers_are_read_as_pairs() {
        assert_eq!(volunteered("forty five seventeen").as_deref(), Some("4517"));
        assert_eq!(volunteered("forty-five seventeen").as_deref(), Some("4517"));
        assert_eq!(volunteered("twenty twenty").as_deref(), Some("2020"));
        assert_eq!(volunteered("twelve oh seven").as_deref(), Some("1207"));
    }

    #[test]
    fn hundreds_and_thousands_are_added_up() {
        assert_eq!(volunteered("four thousand five hundred and seventeen").as_deref(), Some("4517"));
        assert_eq!(volunteered("forty five hundred").as_deref(), Some("4500"));
        assert_eq!(volunteered("two hundred thousand and one").as_deref(), Some("200001"));
        assert_eq!(volunteered("one hundred twenty one").as_deref(), Some("121"));
    }

    #[test]
    fn hesitation_does_not_break_a_number() {
        assert_eq!(answered("four five uh one then seven").as_deref(), Some("4517"));
    }

    #[test]
    fn recognisers_homophones_count_only_between_digits() {
        assert_eq!(volunteered("status for four five one seven").as_deref(), Some("4517"));
        assert_eq!(volunteered("four five to seven").as_deref(), Some("4527"));
    }

    #[test]
    fn the_longest_number_counts_and_of_equals_the_last() {
        assert_eq!(volunteered("two questions about order four five one seven").as_deref(), Some("4517"));
        assert_eq!(answered("four five one seven no four five one eight").as_deref(), Some("4518"));
    }

    #[test]
    fn a_lone_small_number_in_a_sentence_is_no_number() {
        assert_eq!(volunteered("where is my order the last one"), None);
        assert_eq!(volunteered("I have two questions"), None);
        assert_eq!(answered("I do not know which one you mean"), None);
        assert_eq!(answered("seven").as_deref(), Some("7"));
        assert_eq!(volunteered("order number seven").as_deref(), Some("7"));
        assert_eq!(volunteered("order 7").as_deref(), Some("7"));
    }

    #[test]
    fn an_interjected_oh_is_no_zero() {
        assert_eq!(answered("oh I see"), None);
        assert_eq!(answered("oh four five").as_deref(), Some("045"));
    }

    #[test]
    fn absurdly_long_numbers_do_not_overflow() {
        let thousands = "nine hundred ninety nine thousand ".repeat(50);
        assert!(volunteered(&thousands).is_some());
        assert!(volunteered(&"9".repeat(5000)).is_some());
        assert!(volunteered(&"hundred thousand ".repeat(50)).is_none());
    }
}
