use super::*;
use Completeness::{Incomplete, Open};

#[test]
fn unfinished_numbers_and_times_are_incomplete() {
    are(
        "en",
        Incomplete,
        &[
            "two hundred and",
            "half past",
            "at a quarter to",
            "twenty past",
            "one thousand and",
            "it costs about",
            "at",
            "three point",
            "between five and",
            "from nine to",
        ],
    );
}

#[test]
fn finished_numbers_tell_nothing() {
    are(
        "en",
        Open,
        &[
            "twenty",
            "two hundred",
            "twenty five",
            "at seven",
            "half past ten",
            "ten thirty",
            "at ten p m",
            "two hundred and four",
            "nineteen eighty four",
            "november four",
            "a table for two",
            "room 12",
            "at 10:30",
            "10,000",
            "£350",
            "at 10",
        ],
    );
}

#[test]
fn digits_and_letters_are_dictated_and_counted() {
    dictate(
        "en",
        &[
            ("four five", 2),
            ("four five oh one", 4),
            ("my order number is four five oh one double seven", 6),
            ("oh seven seven double", 3),
            ("triple nine", 3),
            ("it's four uh five um", 2),
            ("4 5 0 1", 4),
            ("4501", 4),
            ("My number is 4501.", 4),
            ("4, 5, 0,", 3),
            ("555-0123", 7),
            ("(555) 0123", 7),
            ("45 01 77", 6),
            ("my number is four", 1),
            ("my pin is 4", 1),
            ("forty five oh one", 4),
            ("twenty three forty five sixty", 6),
            ("zero zero", 2),
            ("one two three four five six seven eight nine zero", 10),
            ("four five to", 3),
            ("four five for", 3),
        ],
    );
    dictate(
        "en",
        &[
            ("b r a", 3),
            ("it's s m i t h", 5),
            ("b as in bravo", 1),
            ("b as in bravo r as in", 2),
            ("d for david", 1),
            ("bravo romeo", 2),
            ("b bravo r romeo", 2),
            ("a b", 2),
            ("double u e b", 3),
            ("x ray four two", 3),
            ("J-O-H-N", 4),
            ("my postcode is AB12", 4),
            ("capital b dash two", 2),
            ("zed zed four", 3),
            ("SW1A 2", 5),
        ],
    );
}

#[test]
fn what_only_sounds_like_spelling_is_not() {
    are(
        "en",
        Open,
        &[
            "o k",
            "it's on t v",
            "the mike",
            "hotel",
            "i have one",
            "plan b",
            "on the second",
            "one of them",
            "i bought two pots",
            "four people on friday",
        ],
    );
}

#[test]
fn an_email_address_lasts_until_after_its_dot() {
    are(
        "en",
        Incomplete,
        &[
            "john at example dot",
            "my email is john",
            "my email address is john at example",
            "my email is john dot smith",
            "my email is john at example dot",
            "john@",
            "john@example",
            "my email is john dot smith at",
        ],
    );
    are("en", Open, &["my email is john at example dot com", "john@example.com", "john at example dot com"]);
}
