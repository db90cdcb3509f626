//! French number words, in the spelling before 1990: "vingt et un", "quatre-vingt-dix-neuf".

const SMALL: [&str; 20] = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
];
const TENS: [&str; 7] = ["", "", "vingt", "trente", "quarante", "cinquante", "soixante"];
const SCALES: [(u64, &str); 5] = [
    (1_000_000_000_000_000_000, "trillion"),
    (1_000_000_000_000_000, "billiard"),
    (1_000_000_000_000, "billion"),
    (1_000_000_000, "milliard"),
    (1_000_000, "million"),
];

pub(super) fn cardinal(value: u64) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = value;
    for (scale, name) in SCALES {
        let count = rest / scale;
        if count > 0 {
            let plural = if count > 1 { "s" } else { "" };
            words.push(format!("{} {name}{plural}", below_million(count, true)));
            rest %= scale;
        }
    }
    if rest > 0 || words.is_empty() {
        words.push(below_million(rest, true));
    }
    words.join(" ")
}

/// `last`: no number follows, so that "cents" and "quatre-vingts" keep their s.
fn below_million(value: u64, last: bool) -> String {
    let thousands = match value / 1000 {
        0 => return below_thousand(value, last),
        1 => "mille".to_string(),
        count => format!("{} mille", below_thousand(count, false)),
    };
    if value.is_multiple_of(1000) { thousands } else { format!("{thousands} {}", below_thousand(value % 1000, last)) }
}

fn below_thousand(value: u64, last: bool) -> String {
    let rest = value % 100;
    let hundreds = match value / 100 {
        0 => return below_hundred(value, last),
        1 => "cent".to_string(),
        count if rest == 0 && last => format!("{} cents", SMALL[count as usize]),
        count => format!("{} cent", SMALL[count as usize]),
    };
    if rest == 0 { hundreds } else { format!("{hundreds} {}", below_hundred(rest, last)) }
}

fn below_hundred(value: u64, last: bool) -> String {
    let value = value as usize;
    match value {
        0..=19 => SMALL[value].into(),
        20..=69 => match value % 10 {
            0 => TENS[value / 10].into(),
            1 => format!("{} et un", TENS[value / 10]),
            ones => format!("{}-{}", TENS[value / 10], SMALL[ones]),
        },
        71 => "soixante et onze".into(),
        70..=79 => format!("soixante-{}", SMALL[value - 60]),
        80 if last => "quatre-vingts".into(),
        80 => "quatre-vingt".into(),
        _ => format!("quatre-vingt-{}", SMALL[value - 80]),
    }
}

/// "une", "vingt et une" in front of a feminine noun.
pub(super) fn feminine(value: u64) -> String {
    let words = cardinal(value);
    if value % 10 == 1 && !matches!(value % 100, 11 | 71 | 91) { format!("{words}e") } else { words }
}

pub(super) fn ordinal(value: u64, is_feminine: bool) -> String {
    if value == 1 {
        return if is_feminine { "première" } else { "premier" }.into();
    }
    let words = cardinal(value);
    let stem = match &words {
        words if words.ends_with("neuf") => format!("{}v", &words[..words.len() - 1]),
        words if words.ends_with("cinq") => format!("{words}u"),
        words if words.ends_with("mille") || words.ends_with("quatre") => words[..words.len() - 1].into(),
        words if words.ends_with("trente") || words.ends_with("ante") => words[..words.len() - 1].into(),
        words if words.ends_with("ze") => words[..words.len() - 1].into(),
        words if words.ends_with("cents") || words.ends_with("vingts") => words[..words.len() - 1].into(),
        words if words.ends_with("illions") || words.ends_with("illiards") => words[..words.len() - 1].into(),
        words => words.clone(),
    };
    format!("{stem}ième")
}

/// "un demi", "trois quarts", "cinq huitièmes".
pub(super) fn fraction(numerator: u64, denominator: u64) -> String {
    let plural = if numerator > 1 { "s" } else { "" };
    let part = match denominator {
        2 => "demi".into(),
        3 => "tiers".into(),
        4 => format!("quart{plural}"),
        _ => format!("{}{plural}", ordinal(denominator, false)),
    };
    let part = if denominator == 2 { format!("{part}{plural}") } else { part };
    format!("{} {part}", cardinal(numerator))
}
