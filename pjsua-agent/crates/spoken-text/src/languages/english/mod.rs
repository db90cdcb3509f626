//! English. The region decides the order of dates: "11/21/2026" in `en` and `en-US`, day first elsewhere.

mod numbers;
mod special;
mod tables;
mod vocabulary;

use crate::context::is_one_of;
use crate::language::{
    Addresses, Amount, Beside, Clock, Currency, Date, Dates, Decimals, Half, Keypad, Language, Money, Numbers,
    References, Region, Separators, Time, Words,
};

pub(crate) static ENGLISH: Language = Language {
    tag: "en",
    complete: true,
    numbers: Numbers {
        cardinal: numbers::cardinal,
        counted: |value, _| numbers::cardinal(value),
        ordinal,
        year: numbers::year,
        fraction: numbers::fraction,
        mixed,
        separators: Separators { decimal: '.', groups: &[','] },
        decimal_word: "point",
        decimals: Decimals::DigitByDigit,
        minus: "minus",
        to: "to",
        by: "by",
        squared: "squared",
        cubed: "cubed",
        to_the_power_of: "to the power of",
        feet: ["foot", "feet", "inch", "inches"],
        attributes_are_singular: true,
        scales: &[
            ("k", "thousand", "thousand"),
            ("K", "thousand", "thousand"),
            ("M", "million", "million"),
            ("mn", "million", "million"),
            ("B", "billion", "billion"),
            ("bn", "billion", "billion"),
        ],
        magnitudes: &["hundred", "thousand", "million", "billion", "trillion"],
        is_plural: |whole, has_fraction| whole != 1 || has_fraction,
    },
    dates: Dates {
        months: [
            &["January", "Jan"],
            &["February", "Feb"],
            &["March", "Mar"],
            &["April", "Apr"],
            &["May"],
            &["June", "Jun"],
            &["July", "Jul"],
            &["August", "Aug"],
            &["September", "Sep", "Sept"],
            &["October", "Oct"],
            &["November", "Nov"],
            &["December", "Dec"],
        ],
        capital_months: true,
        month_first: true,
        speak: date,
        connectors: &["of"],
        cues: &["on", "by", "until", "before", "after", "dated", "due", "from", "since", "through", "date"],
        year_cues: &[
            "in",
            "since",
            "year",
            "from",
            "until",
            "till",
            "by",
            "before",
            "after",
            "during",
            "spring",
            "summer",
            "autumn",
            "fall",
            "winter",
            "early",
            "late",
            "mid",
            "copyright",
            "of",
            "around",
            "circa",
            "back",
            "to",
        ],
        dotted: false,
    },
    clock: Clock {
        speak: time,
        markers: &["hrs", "hours"],
        marker_suffices: false,
        halves: &[("am", Half::Morning), ("pm", Half::Afternoon)],
        zones: tables::ZONES,
    },
    money: Money {
        currencies: tables::CURRENCIES,
        speak: money,
        after_magnitude: |_, currency| currency.many.to_string(),
        local: &[],
        per: "per",
        periods: tables::PERIODS,
    },
    units: tables::UNITS,
    symbols: tables::SYMBOLS,
    addresses: Addresses {
        at: "at",
        dot: "dot",
        dash: "dash",
        underscore: "underscore",
        slash: "slash",
        colon: "colon",
        plus: "plus",
        word_domains: &["co", "me", "in", "it", "at", "be", "us"],
    },
    words: Words {
        abbreviations: vocabulary::ABBREVIATIONS,
        spelled: vocabulary::SPELLED,
        spoken: vocabulary::SPOKEN,
        keypad: Keypad {
            star: "star",
            hash: "pound",
            cues: &["press", "or", "hit", "key", "dial", "and", "enter", "by"],
        },
        elides: false,
        or: "or",
        stage_stems: vocabulary::STAGE_STEMS,
        stage_nouns: &["voice", "tone", "music", "sound", "sounds", "noise", "noises"],
        manner_endings: &["ly"],
        not_manners: vocabulary::NOT_MANNERS,
    },
    references: References {
        keywords: &[
            "order",
            "orders",
            "reference",
            "ref",
            "confirmation",
            "ticket",
            "case",
            "account",
            "invoice",
            "booking",
            "tracking",
            "serial",
            "pin",
            "code",
            "passcode",
            "password",
            "zip",
            "postcode",
            "policy",
            "customer",
            "member",
            "membership",
            "id",
            "isbn",
            "sku",
            "imei",
            "vin",
            "flight",
            "claim",
            "reservation",
            "ending",
            "extension",
            "ext",
            "model",
            "part",
            "license",
            "licence",
            "passport",
            "ssn",
            "card",
            "routing",
            "iban",
            "digits",
        ],
        fillers: &[
            "number", "no", "nr", "num", "id", "code", "is", "was", "in", "with", "the", "your", "my", "are", "a",
        ],
        number: "number",
        phone_cues: &[
            "call",
            "dial",
            "phone",
            "telephone",
            "text",
            "fax",
            "tel",
            "mobile",
            "cell",
            "ring",
            "reach",
            "hotline",
        ],
        phone_shapes: &[&[3, 3, 4], &[1, 3, 3, 4], &[3, 4], &[4, 3, 3], &[5, 6], &[4, 3, 4]],
        pairs_are_numbers: false,
        extensions: &["extension", "ext", "x", "extn"],
        is_counted_noun,
    },
    special: special::read,
};

fn ordinal(value: u64, suffix: &str, _: Beside<'_>) -> Option<String> {
    match suffix {
        "st" | "nd" | "rd" | "th" | "ST" | "ND" | "RD" | "TH" => Some(numbers::ordinal(value)),
        "s" if value.is_multiple_of(10) && (matches!(value, 20..=90) || value >= 1000) => Some(numbers::decade(value)),
        _ => None,
    }
}

/// "three and a half", "two and three quarters".
fn mixed(whole: u64, top: u64, bottom: u64) -> String {
    let fraction = numbers::fraction(top, bottom);
    let fraction = fraction.strip_prefix("one ").map_or(fraction.clone(), |part| {
        let article = if part.starts_with("eight") || part.starts_with("eleven") { "an" } else { "a" };
        format!("{article} {part}")
    });
    format!("{} and {fraction}", numbers::cardinal(whole))
}

fn date(date: &Date, beside: Beside<'_>, region: &Region) -> String {
    let month = ENGLISH.dates.months[usize::from(date.month) - 1][0];
    let days = date.days("to", numbers::ordinal);
    let has_article = is_one_of(beside.before, &["the", "this", "next", "last", "every"]);
    let day_and_month = match days.as_str() {
        "" => month.to_string(),
        days if has_article => format!("{days} of {month}"),
        days if region.month_first => format!("{month} {days}"),
        days => format!("the {days} of {month}"),
    };
    match date.year {
        None => day_and_month,
        Some(year) if days.is_empty() => format!("{day_and_month} {}", numbers::year(year)),
        Some(year) => format!("{day_and_month}, {}", numbers::year(year)),
    }
}

/// On the clock of twelve hours: "nine oh five", "two thirty P M", "nine o'clock".
fn time(time: &Time<'_>) -> String {
    let (hour, minute) = (time.hour, time.minute.unwrap_or(0));
    if time.half.is_none() && matches!(hour, 0 | 24) && minute == 0 {
        return "midnight".into();
    }
    let half = match time.half {
        Some(Half::Morning) => " A M",
        Some(Half::Afternoon) => " P M",
        None if hour >= 13 => " P M",
        None if hour == 0 || time.is_padded && time.minute.is_some() => " A M",
        None => "",
    };
    let hours = numbers::cardinal(match hour % 12 {
        0 => 12,
        hour => hour.into(),
    });
    let says_clock = half.is_empty() && !time.in_range && !time.beside.after.starts_with("o'") && time.minute.is_some();
    let seconds = match time.second {
        None | Some(0) => String::new(),
        Some(1) => " and one second".into(),
        Some(second) => format!(" and {} seconds", numbers::cardinal(second.into())),
    };
    match minute {
        0 if says_clock && seconds.is_empty() => format!("{hours} o'clock"),
        0 => format!("{hours}{half}{seconds}"),
        1..=9 => format!("{hours} oh {}{half}{seconds}", numbers::cardinal(minute.into())),
        _ => format!("{hours} {}{half}{seconds}", numbers::cardinal(minute.into())),
    }
}

fn money(amount: &Amount, currency: &Currency) -> String {
    let whole = numbers::cardinal(amount.whole);
    let cents = numbers::cardinal(amount.cents);
    let is_one = amount.whole == 1 || amount.is_attribute;
    let name = if is_one { currency.one } else { currency.many };
    let cent_name = if amount.cents == 1 || amount.is_attribute { currency.cent_one } else { currency.cent_many };
    match (amount.whole, amount.cents) {
        (_, 0) => format!("{whole} {name}"),
        (0, _) => format!("{cents} {cent_name}"),
        _ => format!("{whole} {name} and {cents} {cent_name}"),
    }
}

/// A plural: what ends with "s" and is no verb.
fn is_counted_noun(word: &str) -> bool {
    const NOT_PLURAL: [&str; 44] = [
        "is", "was", "has", "this", "its", "his", "ends", "expires", "ships", "arrives", "as", "plus", "minus",
        "always", "does", "goes", "starts", "begins", "comes", "costs", "includes", "covers", "leaves", "departs",
        "needs", "means", "shows", "contains", "takes", "gets", "stays", "remains", "appears", "belongs", "works",
        "less", "across", "thus", "unless", "yes", "us", "versus", "towards", "perhaps",
    ];
    const IRREGULAR: [&str; 13] = [
        "people",
        "men",
        "women",
        "children",
        "percent",
        "feet",
        "hundred",
        "thousand",
        "million",
        "billion",
        "more",
        "different",
        "square",
    ];
    is_one_of(word, &IRREGULAR) || word.len() > 3 && word.ends_with('s') && !is_one_of(word, &NOT_PLURAL)
}
