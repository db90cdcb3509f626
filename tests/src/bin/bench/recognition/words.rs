//! Words as they are compared: how a recogniser writes them is its own affair.

/// Written in two ways, spoken in one.
const SAME: &[(&str, &str)] = &[
    ("touchtone", "touch tone"),
    ("key pad", "keypad"),
    ("log in", "login"),
    ("black listed", "blacklisted"),
    ("dialled", "dialed"),
    ("you're", "you are"),
    ("i'm", "i am"),
    ("it's", "it is"),
    ("that's", "that is"),
    ("mr ", "mister "),
];

const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

const TEENS: [&str; 10] =
    ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Lower case, without punctuation; figures of two digits as numbers, longer ones as spoken digits.
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('’', "'").replace('-', " ");
    let plain: String = lower.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = SAME.iter().fold(plain, |text, (written, spoken)| text.replace(written, spoken));
    plain.split(' ').filter(|word| !word.is_empty()).flat_map(spoken).collect()
}

fn spoken(word: &str) -> Vec<String> {
    if !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return vec![word.to_owned()];
    }
    let digits: Vec<usize> = word.bytes().map(|digit| usize::from(digit - b'0')).collect();
    let names = match digits[..] {
        [1, unit] => vec![TEENS[unit]],
        [tens @ 2..=9, 0] => vec![TENS[tens - 2]],
        [tens @ 2..=9, unit] => vec![TENS[tens - 2], DIGITS[unit]],
        _ => digits.iter().map(|&digit| DIGITS[digit]).collect(),
    };
    names.into_iter().map(str::to_owned).collect()
}

/// Whether the same is said three times or more in a row, or a clause twice.
pub fn is_loop(words: &[String]) -> bool {
    (1..=words.len() / 2).any(|period| {
        let same = |times: usize| {
            words.windows(period * times).any(|window| window.chunks(period).all(|piece| *piece == window[..period]))
        };
        (words.len() >= period * 3 && same(3)) || (period >= 4 && same(2))
    })
}

/// Words that must be changed, added or left out (Levenshtein).
pub fn errors(heard: &[String], said: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=said.len()).collect();
    for (number, word) in heard.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], number + 1);
        for (at, other) in said.iter().enumerate() {
            let best = (row[at + 1] + 1).min(row[at] + 1).min(diagonal + usize::from(word != other));
            diagonal = std::mem::replace(&mut row[at + 1], best);
        }
    }
    row[said.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_no_error_and_a_missing_word_is_one() {
        assert_eq!(words("It's 4517, Touch-Tone!"), words("it is four five one seven touch tone"));
        assert_eq!(words("13, 35 and 80."), words("thirteen, thirty five and eighty"));
        let (heard, said) = (words("where my order is"), words("Where is my order?"));
        assert_eq!(errors(&heard, &said), 2);
        assert_eq!(errors(&[], &said), 4);
    }

    #[test]
    fn what_comes_again_and_again_is_a_loop() {
        for text in ["please please please", "I see, I see, I see", "where is your shop where is your shop"] {
            assert!(is_loop(&words(text)), "{text}");
        }
        for text in ["", "five five", "hello hello how are you", "no that is not that is not"] {
            assert!(!is_loop(&words(text)), "{text}");
        }
    }
}
