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

/// Lower case, without punctuation; figures as spoken digits, "10" as "ten".
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('’', "'").replace('-', " ");
    let plain: String = lower.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = SAME.iter().fold(plain, |text, (written, spoken)| text.replace(written, spoken));
    plain.split(' ').filter(|word| !word.is_empty()).flat_map(spoken).collect()
}

fn spoken(word: &str) -> Vec<String> {
    match word {
        "10" => vec!["ten".to_owned()],
        _ if word.chars().all(|c| c.is_ascii_digit()) => {
            word.bytes().map(|digit| DIGITS[usize::from(digit - b'0')].to_owned()).collect()
        }
        _ => vec![word.to_owned()],
    }
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
        let (heard, said) = (words("where my order is"), words("Where is my order?"));
        assert_eq!(errors(&heard, &said), 2);
        assert_eq!(errors(&[], &said), 4);
    }
}
