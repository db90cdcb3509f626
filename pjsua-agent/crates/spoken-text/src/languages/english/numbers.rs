//! English number words, with the "and" of speech: "one hundred and one".

const SMALL: [&str; 20] = [
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
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 6] = [
    (1_000_000_000_000_000_000, "quintillion"),
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

pub(super) fn cardinal(value: u64) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = value;
    for (scale, name) in SCALES {
        if rest >= scale {
            words.push(format!("{} {name}", below_thousand(rest / scale)));
            rest %= scale;
        }
    }
    if words.is_empty() {
        return below_thousand(rest);
    }
    if rest > 0 {
        if rest < 100 {
            words.push("and".into());
        }
        words.push(below_thousand(rest));
    }
    words.join(" ")
}

fn below_thousand(value: u64) -> String {
    match (value / 100, value % 100) {
        (0, rest) => below_hundred(rest),
        (hundreds, 0) => format!("{} hundred", below_hundred(hundreds)),
        (hundreds, rest) => format!("{} hundred and {}", below_hundred(hundreds), below_hundred(rest)),
    }
}

pub(super) fn below_hundred(value: u64) -> String {
    let value = value as usize % 100;
    match (value / 10, value % 10) {
        (0 | 1, _) => SMALL[value].into(),
        (tens, 0) => TENS[tens].into(),
        (tens, ones) => format!("{}-{}", TENS[tens], SMALL[ones]),
    }
}

pub(super) fn ordinal(value: u64) -> String {
    let words = cardinal(value);
    let last = words.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (head, tail) = words.split_at(last);
    let tail = match tail {
        "one" => "first".into(),
        "two" => "second".into(),
        "three" => "third".into(),
        "five" => "fifth".into(),
        "eight" => "eighth".into(),
        "nine" => "ninth".into(),
        "twelve" => "twelfth".into(),
        tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
        other => format!("{other}th"),
    };
    format!("{head}{tail}")
}

/// "nineteen oh five", "two thousand and five", "twenty twenty-six".
pub(super) fn year(value: u64) -> String {
    match (value / 100, value % 100) {
        (century @ 11..=99, 0) if century % 10 != 0 => format!("{} hundred", below_hundred(century)),
        (century @ 11..=99, rest @ 1..=9) if century % 10 != 0 => {
            format!("{} oh {}", below_hundred(century), below_hundred(rest))
        }
        (century @ 11..=99, rest @ 10..=99) => format!("{} {}", below_hundred(century), below_hundred(rest)),
        _ => cardinal(value),
    }
}

/// "the nineteen nineties", "the eighties".
pub(super) fn decade(value: u64) -> String {
    let words = year(value);
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{words}s"),
    }
}

/// "one half", "three quarters", "five sixteenths".
pub(super) fn fraction(numerator: u64, denominator: u64) -> String {
    let many = numerator != 1;
    let part = match denominator {
        2 => if many { "halves" } else { "half" }.to_string(),
        4 => if many { "quarters" } else { "quarter" }.to_string(),
        _ => format!("{}{}", ordinal(denominator), if many { "s" } else { "" }),
    };
    format!("{} {part}", cardinal(numerator))
}
