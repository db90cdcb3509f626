//! German number words: one word below a million, the unit before the ten.

const SMALL: [&str; 20] = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];
const TENS: [&str; 10] =
    ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];
const SCALES: [(u64, &str, &str); 5] = [
    (1_000_000_000_000_000_000, "Trillion", "Trillionen"),
    (1_000_000_000_000_000, "Billiarde", "Billiarden"),
    (1_000_000_000_000, "Billion", "Billionen"),
    (1_000_000_000, "Milliarde", "Milliarden"),
    (1_000_000, "Million", "Millionen"),
];

/// As counted: "eins", "hunderteins".
pub(super) fn cardinal(value: u64) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = value;
    for (scale, one, many) in SCALES {
        match rest / scale {
            0 => {}
            1 => words.push(format!("eine {one}")),
            count => words.push(format!("{} {many}", below_million(count))),
        }
        rest %= scale;
    }
    if rest > 0 || words.is_empty() {
        words.push(below_million(rest));
    }
    words.join(" ")
}

fn below_million(value: u64) -> String {
    let thousands = match value / 1000 {
        0 => return below_thousand(value),
        1 => "tausend".to_string(),
        count => format!("{}tausend", before_noun(&below_thousand(count))),
    };
    if value.is_multiple_of(1000) { thousands } else { thousands + &below_thousand(value % 1000) }
}

fn below_thousand(value: u64) -> String {
    let hundreds = match value / 100 {
        0 => return below_hundred(value),
        1 => "hundert".to_string(),
        count => format!("{}hundert", SMALL[count as usize]),
    };
    if value.is_multiple_of(100) { hundreds } else { hundreds + &below_hundred(value % 100) }
}

fn below_hundred(value: u64) -> String {
    let (tens, ones) = (value as usize / 10, value as usize % 10);
    match (tens, ones) {
        (0 | 1, _) => SMALL[value as usize].into(),
        (_, 0) => TENS[tens].into(),
        _ => format!("{}und{}", before_noun(SMALL[ones]), TENS[tens]),
    }
}

/// "ein" where the number is joined to a noun or a higher number.
pub(super) fn before_noun(words: &str) -> &str {
    words.strip_suffix("eins").map_or(words, |head| &words[..head.len() + 3])
}

/// The stem to which "e", "en", "er" is added: "dritt", "einundzwanzigst".
pub(super) fn ordinal_stem(value: u64) -> String {
    let words = cardinal(value);
    if value == 0 {
        return "nullt".into();
    }
    if value >= 1_000_000 && value.is_multiple_of(1_000_000) {
        let joined = words.to_lowercase().replace("eine ", "").replace(' ', "");
        let singular = joined.strip_suffix("en").unwrap_or(&joined);
        return format!("{}st", singular.strip_suffix('e').unwrap_or(singular));
    }
    let irregular = [("eins", "erst"), ("drei", "dritt"), ("sieben", "siebt"), ("acht", "acht")];
    if let 1..=19 = value % 100 {
        for (cardinal, stem) in irregular {
            if let Some(head) = words.strip_suffix(cardinal) {
                return format!("{head}{stem}");
            }
        }
        return format!("{words}t");
    }
    format!("{words}st")
}

/// "neunzehnhundertneunundneunzig", "zweitausendsechsundzwanzig".
pub(super) fn year(value: u64) -> String {
    match (value / 100, value % 100) {
        (century @ 11..=19, 0) => format!("{}hundert", below_hundred(century)),
        (century @ 11..=19, rest) => format!("{}hundert{}", below_hundred(century), below_hundred(rest)),
        _ => cardinal(value),
    }
}

/// "ein halb", "drei Viertel", "fünf Achtel".
pub(super) fn fraction(numerator: u64, denominator: u64) -> String {
    let count = cardinal(numerator);
    let count = before_noun(&count);
    if denominator == 2 {
        return if numerator == 1 { "ein halb".into() } else { format!("{count} Halbe") };
    }
    let stem = ordinal_stem(denominator);
    let mut letters = stem.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    format!("{count} {}el", first.chain(letters).collect::<String>())
}
