//! Hindi. Not complete: agreement of ordinals and oblique forms of units are left as they are.

mod numbers;
mod tables;

use crate::context::Context;
use crate::language::{
    Addresses, Amount, Beside, Clock, Currency, Date, Dates, Decimals, Half, Keypad, Language, Money, Numbers,
    References, Region, Separators, Time, Words,
};
use crate::read::Reading;

pub(crate) static HINDI: Language = Language {
    tag: "hi",
    complete: false,
    numbers: Numbers {
        cardinal: numbers::cardinal,
        counted: |value, _| numbers::cardinal(value),
        ordinal,
        year: numbers::year,
        fraction: numbers::fraction,
        mixed,
        separators: Separators { decimal: '.', groups: &[','] },
        decimal_word: "दशमलव",
        decimals: Decimals::DigitByDigit,
        minus: "ऋण",
        to: "से",
        by: "गुणा",
        squared: "का वर्ग",
        cubed: "का घन",
        to_the_power_of: "की घात",
        feet: ["फ़ुट", "फ़ुट", "इंच", "इंच"],
        attributes_are_singular: false,
        scales: &[("K", "हज़ार", "हज़ार"), ("L", "लाख", "लाख"), ("Cr", "करोड़", "करोड़"), ("M", "मिलियन", "मिलियन")],
        magnitudes: &["सौ", "हज़ार", "हजार", "लाख", "करोड़", "अरब", "मिलियन", "बिलियन", "lakh", "crore"],
        is_plural: |whole, has_fraction| whole != 1 || has_fraction,
    },
    dates: Dates {
        months: [
            &["जनवरी", "जन"],
            &["फ़रवरी", "फरवरी"],
            &["मार्च"],
            &["अप्रैल"],
            &["मई"],
            &["जून"],
            &["जुलाई"],
            &["अगस्त"],
            &["सितंबर", "सितम्बर"],
            &["अक्टूबर", "अक्तूबर"],
            &["नवंबर", "नवम्बर"],
            &["दिसंबर", "दिसम्बर"],
        ],
        capital_months: false,
        month_first: false,
        speak: date,
        connectors: &[],
        cues: &["तारीख", "दिनांक", "तिथि"],
        year_cues: &["सन", "वर्ष", "साल", "सन्"],
        dotted: false,
    },
    clock: Clock {
        speak: time,
        markers: &["बजे"],
        marker_suffices: true,
        halves: &[("am", Half::Morning), ("pm", Half::Afternoon)],
        zones: &[("IST", "भारतीय समय"), ("UTC", "U T C"), ("GMT", "G M T")],
    },
    money: Money {
        currencies: tables::CURRENCIES,
        speak: money,
        after_magnitude: |_, currency| currency.many.to_string(),
        local: &[],
        per: "प्रति",
        periods: tables::PERIODS,
    },
    units: tables::UNITS,
    symbols: tables::SYMBOLS,
    addresses: Addresses {
        at: "ऐट",
        dot: "डॉट",
        dash: "डैश",
        underscore: "अंडरस्कोर",
        slash: "स्लैश",
        colon: "कोलन",
        plus: "प्लस",
        word_domains: &["co", "in"],
    },
    words: Words {
        abbreviations: tables::ABBREVIATIONS,
        spelled: tables::SPELLED,
        spoken: &["PIN", "SIM", "COVID", "NASA"],
        keypad: Keypad { star: "स्टार", hash: "हैश", cues: &["या", "और"] },
        elides: false,
        or: "या",
        stage_stems: tables::STAGE_STEMS,
        stage_nouns: &["आवाज़", "स्वर", "संगीत"],
        manner_endings: &[],
        not_manners: &[],
    },
    references: References {
        keywords: tables::KEYWORDS,
        fillers: &["नंबर", "संख्या", "क्रमांक", "है", "का", "की", "आपका", "आपकी", "कोड", "number", "no", "is"],
        number: "नंबर",
        phone_cues: tables::PHONE_CUES,
        phone_shapes: &[&[5, 5], &[3, 3, 4], &[4, 3, 3], &[1, 3, 3, 4], &[4, 3, 4]],
        pairs_are_numbers: false,
        extensions: &["एक्सटेंशन", "ext"],
        is_counted_noun: |word| tables::COUNTED.contains(&word),
    },
    special: |_: &Context<'_>, _| -> Option<Reading> { None },
};

/// "5वाँ", "5वीं", "1ला".
fn ordinal(value: u64, suffix: &str, _: Beside<'_>) -> Option<String> {
    let ending = match suffix {
        "वां" | "वाँ" | "वा" | "ला" | "रा" | "था" | "ठा" => "ा",
        "वीं" | "वी" | "ली" | "री" | "थी" | "ठी" => "ी",
        "वें" | "वे" | "ले" | "रे" | "थे" | "ठे" => "े",
        _ => return None,
    };
    Some(numbers::ordinal(value, ending))
}

/// "साढ़े तीन", "सवा तीन", "डेढ़".
fn mixed(whole: u64, top: u64, bottom: u64) -> String {
    match (whole, top, bottom) {
        (1, 1, 2) => "डेढ़".into(),
        (2, 1, 2) => "ढाई".into(),
        (_, 1, 2) => format!("साढ़े {}", numbers::cardinal(whole)),
        (1, 1, 4) => "सवा".into(),
        (_, 1, 4) => format!("सवा {}", numbers::cardinal(whole)),
        (_, 3, 4) => format!("पौने {}", numbers::cardinal(whole + 1)),
        _ => format!("{} सही {}", numbers::cardinal(whole), numbers::fraction(top, bottom)),
    }
}

fn date(date: &Date, _: Beside<'_>, _: &Region) -> String {
    let month = HINDI.dates.months[usize::from(date.month) - 1][0];
    let days = date.days("से", numbers::cardinal);
    let parts = [days, month.to_string(), date.year.map(numbers::year).unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// "साढ़े नौ बजे", "नौ बजकर पाँच मिनट", "सुबह नौ बजे".
fn time(time: &Time<'_>) -> String {
    let hour = time.hour;
    let part = match (time.half, hour) {
        (Some(Half::Morning), 4..=11) => "सुबह ",
        (Some(Half::Morning), _) => "रात ",
        (Some(Half::Afternoon), 12 | 1..=3) => "दोपहर ",
        (Some(Half::Afternoon), 4..=7) => "शाम ",
        (Some(Half::Afternoon), _) => "रात ",
        (None, _) => "",
    };
    if time.in_range && time.minute.is_none() && !time.has_marker && time.half.is_none() {
        return numbers::cardinal(hour.into());
    }
    let next = numbers::cardinal(u64::from(hour) + 1);
    let is_small = (1..=12).contains(&hour);
    let words = match (time.minute.unwrap_or(0), hour) {
        (0, _) => format!("{} बजे", numbers::cardinal(hour.into())),
        (30, 1) => "डेढ़ बजे".into(),
        (30, 2) => "ढाई बजे".into(),
        (15, 1) => "सवा बजे".into(),
        (15, _) if is_small => format!("सवा {} बजे", numbers::cardinal(hour.into())),
        (30, _) if is_small => format!("साढ़े {} बजे", numbers::cardinal(hour.into())),
        (45, 3..=11) => format!("पौने {next} बजे"),
        (minute, _) => format!("{} बजकर {} मिनट", numbers::cardinal(hour.into()), numbers::cardinal(minute.into())),
    };
    match time.second {
        None | Some(0) => format!("{part}{words}"),
        Some(second) => format!("{part}{words} {} सेकंड", numbers::cardinal(second.into())),
    }
}

/// "पाँच रुपये बीस पैसे".
fn money(amount: &Amount, currency: &Currency) -> String {
    let name = if amount.whole == 1 { currency.one } else { currency.many };
    let cent = if amount.cents == 1 { currency.cent_one } else { currency.cent_many };
    let (whole, cents) = (numbers::cardinal(amount.whole), numbers::cardinal(amount.cents));
    match (amount.whole, amount.cents) {
        (_, 0) => format!("{whole} {name}"),
        (0, _) => format!("{cents} {cent}"),
        _ => format!("{whole} {name} {cents} {cent}"),
    }
}
