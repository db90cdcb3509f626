//! German. Figures agree with what follows: "ein Tag", "in einer Stunde", "am dritten Mai".

mod numbers;
mod tables;

use crate::context::{Context, is_capitalised, is_lowercase, is_one_of};
use crate::language::{
    Addresses, Amount, Beside, Clock, Currency, Date, Dates, Decimals, Keypad, Language, Money, Numbers, References,
    Region, Separators, Time, Words,
};
use crate::read::{Reading, idioms};
use crate::tokens::Kind;

pub(crate) static GERMAN: Language = Language {
    tag: "de",
    complete: true,
    numbers: Numbers {
        cardinal: numbers::cardinal,
        counted,
        ordinal,
        year: numbers::year,
        fraction: numbers::fraction,
        mixed,
        separators: Separators { decimal: ',', groups: &['.', ' ', '\''] },
        decimal_word: "Komma",
        decimals: Decimals::DigitByDigit,
        minus: "minus",
        to: "bis",
        by: "mal",
        squared: "zum Quadrat",
        cubed: "hoch drei",
        to_the_power_of: "hoch",
        feet: ["Fuß", "Fuß", "Zoll", "Zoll"],
        attributes_are_singular: false,
        scales: &[
            ("k", "tausend", "tausend"),
            ("Tsd", "tausend", "tausend"),
            ("Mio", "Million", "Millionen"),
            ("Mrd", "Milliarde", "Milliarden"),
            ("Bio", "Billion", "Billionen"),
        ],
        magnitudes: &["tausend", "million", "millionen", "milliarde", "milliarden", "billion", "billionen"],
        is_plural: |whole, has_fraction| whole != 1 || has_fraction,
    },
    dates: Dates {
        months: [
            &["Januar", "Jan", "Jänner"],
            &["Februar", "Feb", "Febr", "Feber"],
            &["März", "Mär", "Mrz"],
            &["April", "Apr"],
            &["Mai"],
            &["Juni", "Jun"],
            &["Juli", "Jul"],
            &["August", "Aug"],
            &["September", "Sep", "Sept"],
            &["Oktober", "Okt"],
            &["November", "Nov"],
            &["Dezember", "Dez"],
        ],
        capital_months: true,
        month_first: false,
        speak: date,
        connectors: &[],
        cues: &["am", "vom", "zum", "bis", "seit", "ab", "den"],
        year_cues: &["im", "in", "jahr", "jahre", "jahres", "seit", "ab", "bis", "von", "anno", "um", "nach", "vor"],
        dotted: true,
    },
    clock: Clock { speak: time, markers: &["uhr"], marker_suffices: true, halves: &[], zones: tables::ZONES },
    money: Money {
        currencies: tables::CURRENCIES,
        speak: money,
        after_magnitude: |_, currency| currency.many.to_string(),
        local: &[],
        per: "pro",
        periods: tables::PERIODS,
    },
    units: tables::UNITS,
    symbols: tables::SYMBOLS,
    addresses: Addresses {
        at: "at",
        dot: "Punkt",
        dash: "Bindestrich",
        underscore: "Unterstrich",
        slash: "Schrägstrich",
        colon: "Doppelpunkt",
        plus: "plus",
        word_domains: &["co"],
    },
    words: Words {
        abbreviations: tables::ABBREVIATIONS,
        spelled: tables::SPELLED,
        spoken: tables::SPOKEN,
        keypad: Keypad { star: "Stern", hash: "Raute", cues: &["sie", "oder", "taste", "und", "mit"] },
        elides: false,
        or: "oder",
        stage_stems: tables::STAGE_STEMS,
        stage_nouns: &["musik", "stimme", "ton", "geräusche"],
        manner_endings: &[],
        not_manners: &[],
    },
    references: References {
        keywords: tables::KEYWORDS,
        fillers: &[
            "nummer", "nr", "code", "lautet", "ist", "die", "der", "das", "mit", "auf", "endet", "endend", "ihre",
            "ihr",
        ],
        number: "Nummer",
        phone_cues: tables::PHONE_CUES,
        phone_shapes: &[&[3, 3, 4], &[4, 3, 4], &[4, 7], &[5, 6], &[3, 8]],
        pairs_are_numbers: false,
        extensions: &["Durchwahl", "durchwahl", "dw", "nst"],
        is_counted_noun: is_capitalised,
    },
    special,
};

/// Nouns ending in "e" that are no feminines.
const NOT_FEMININE: [&str; 16] = [
    "name",
    "kunde",
    "kollege",
    "ende",
    "gebäude",
    "interesse",
    "auge",
    "junge",
    "gigabyte",
    "megabyte",
    "kilobyte",
    "terabyte",
    "experte",
    "deutsche",
    "gemüse",
    "getränke",
];
const FEMININE: [&str; 35] = [
    "person",
    "nacht",
    "nummer",
    "antwort",
    "option",
    "mail",
    "e-mail",
    "bank",
    "stadt",
    "sms",
    "million",
    "hand",
    "mark",
    "gebühr",
    "uhr",
    "post",
    "bahn",
    "fahrt",
    "art",
    "frist",
    "karte",
    "regel",
    "zahl",
    "feder",
    "nachricht",
    "schicht",
    "ansicht",
    "anschrift",
    "unterschrift",
    "zeit",
    "arbeit",
    "firma",
    "tür",
    "wahl",
    "fahrkarte",
];
const NEUTER: [&str; 24] = [
    "stockwerk",
    "obergeschoss",
    "untergeschoss",
    "geschoss",
    "kapitel",
    "quartal",
    "mal",
    "jahr",
    "halbjahr",
    "jahrhundert",
    "buch",
    "haus",
    "zimmer",
    "tor",
    "kind",
    "auto",
    "ticket",
    "paket",
    "konto",
    "gespräch",
    "pfund",
    "gramm",
    "kilogramm",
    "prozent",
];

fn is_feminine(noun: &str) -> bool {
    let endings = ["ung", "heit", "keit", "schaft", "ion", "tät", "ur", "ei", "enz", "anz"];
    let lower = noun.to_lowercase();
    let by_ending = lower.ends_with('e') && !NOT_FEMININE.contains(&lower.as_str());
    is_capitalised(noun)
        && (by_ending || FEMININE.contains(&lower.as_str()) || endings.iter().any(|ending| lower.ends_with(ending)))
}

fn is_neuter(noun: &str) -> bool {
    is_one_of(noun, &NEUTER) || noun.ends_with("chen") || noun.ends_with("byte")
}

/// "eins" alone, "ein", "eine" and their cases in front of a noun.
fn counted(value: u64, beside: Beside<'_>) -> String {
    let words = numbers::cardinal(value);
    let is_noun = is_capitalised(beside.after);
    let is_adjective = is_lowercase(beside.after) && beside.after.len() > 3 && beside.after.ends_with('e');
    if value != 1 || !(is_noun || is_adjective) || beside.after == "Uhr" {
        // "hundertein Euro", but "hunderteins" alone.
        return if is_noun && value > 100 { numbers::before_noun(&words).to_string() } else { words };
    }
    let takes_dative = is_one_of(beside.before, &["in", "vor", "nach", "seit", "mit", "von", "aus", "bei", "zu", "ab"]);
    let takes_accusative = is_one_of(beside.before, &["für", "um", "ohne", "gegen", "habe", "haben", "hat"]);
    let is_masculine = !is_feminine(beside.after) && !is_neuter(beside.after);
    match (is_feminine(beside.after) || is_adjective, takes_dative) {
        (true, true) => "einer".into(),
        (true, false) => "eine".into(),
        (false, true) => "einem".into(),
        (false, false) if takes_accusative && is_masculine => "einen".into(),
        _ => "ein".into(),
    }
}

/// "3." where an article or a noun speaks for an ordinal, "3te", "1990er".
fn ordinal(value: u64, suffix: &str, beside: Beside<'_>) -> Option<String> {
    let stem = numbers::ordinal_stem(value);
    match suffix {
        "te" | "ten" | "ter" | "tes" | "tem" => Some(format!("{stem}{}", &suffix[1..])),
        "ste" | "sten" | "ster" | "stes" => Some(format!("{stem}{}", &suffix[2..])),
        "er" if value.is_multiple_of(10) && value > 0 => Some(format!("{}er", numbers::year(value))),
        "." => {
            let by_article = article_ending(beside);
            let is_last = beside.after.is_empty();
            let is_day = is_one_of(beside.before, &["am", "vom", "zum", "der", "den", "dem", "des"]) && value < 32;
            let is_noun = is_capitalised(beside.after) || by_article.is_some();
            (if is_last { is_day } else { is_noun && value < 1000 })
                .then(|| format!("{stem}{}", by_article.unwrap_or_else(|| bare_ending(beside.after))))
        }
        _ => None,
    }
}

/// The ending that the word before demands.
fn article_ending(beside: Beside<'_>) -> Option<&'static str> {
    const WEAK: [&str; 37] = [
        "am", "im", "vom", "zum", "zur", "beim", "dem", "den", "des", "einem", "einen", "einer", "eines", "jeden",
        "jedem", "diesen", "diesem", "unserem", "unseren", "unserer", "ihrem", "ihren", "ihrer", "meinem", "meinen",
        "meiner", "bis", "ab", "seit", "nach", "vor", "zwischen", "und", "oder", "pro", "alle", "deren",
    ];
    let before = beside.before;
    if is_one_of(before, &WEAK) {
        return Some("en");
    }
    // "der zweiten Etage" is a dative, "der dritte Platz" a nominative.
    if is_one_of(before, &["der", "dieser", "jeder"]) {
        return Some(if is_feminine(beside.after) { "en" } else { "e" });
    }
    let takes_e = ["die", "das", "diese", "dieses", "eine", "unsere", "ihre", "meine", "jede", "jedes", "ins", "keine"];
    is_one_of(before, &takes_e).then_some("e")
}

fn bare_ending(noun: &str) -> &'static str {
    match noun {
        noun if is_feminine(noun) => "e",
        noun if is_neuter(noun) => "es",
        _ => "er",
    }
}

/// "dreieinhalb", "zwei drei Viertel".
fn mixed(whole: u64, top: u64, bottom: u64) -> String {
    let count = numbers::cardinal(whole);
    match (whole, top, bottom) {
        (1, 1, 2) => "eineinhalb".into(),
        (_, 1, 2) if whole < 13 => format!("{count}einhalb"),
        _ => format!("{count} {}", numbers::fraction(top, bottom)),
    }
}

fn date(date: &Date, beside: Beside<'_>, _: &Region) -> String {
    let month = GERMAN.dates.months[usize::from(date.month) - 1][0];
    let before = Beside { before: beside.before, after: "" };
    let ending = article_ending(before).unwrap_or("er");
    let days = date.days("bis", |day| format!("{}{ending}", numbers::ordinal_stem(day)));
    let parts = [days, month.to_string(), date.year.map(numbers::year).unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// "neun Uhr fünf", "vierzehn Uhr dreißig".
fn time(time: &Time<'_>) -> String {
    let hour = numbers::cardinal(time.hour.into());
    let hour = numbers::before_noun(&hour);
    if time.in_range && time.minute.is_none() && !time.has_marker {
        return hour.to_string();
    }
    let minute = match time.minute {
        None | Some(0) => String::new(),
        Some(minute) => format!(" {}", numbers::cardinal(minute.into())),
    };
    let second = match time.second {
        None | Some(0) => String::new(),
        Some(1) => " und eine Sekunde".into(),
        Some(second) => format!(" und {} Sekunden", numbers::cardinal(second.into())),
    };
    format!("{hour} Uhr{minute}{second}")
}

/// "fünf Euro zwanzig", "neunundneunzig Cent".
fn money(amount: &Amount, currency: &Currency) -> String {
    let of = |value: u64, name: &str| {
        let article = if is_feminine(name) { "eine" } else { "ein" };
        let words = numbers::cardinal(value);
        if value == 1 { format!("{article} {name}") } else { format!("{} {name}", numbers::before_noun(&words)) }
    };
    let name = if amount.whole == 1 { currency.one } else { currency.many };
    let cent = if amount.cents == 1 { currency.cent_one } else { currency.cent_many };
    match (amount.whole, amount.cents) {
        (whole, 0) => of(whole, name),
        (0, cents) => of(cents, cent),
        (whole, cents) => format!("{} {}", of(whole, name), numbers::cardinal(cents)),
    }
}

fn special(context: &Context<'_>, at: usize) -> Option<Reading> {
    if context.kind(at) == Some(Kind::Digits) {
        return idioms::around_the_clock(context, at, "vierundzwanzig sieben")
            .or_else(|| idioms::postcode(context, at));
    }
    // "Fr. Schmidt" is a woman, "Fr. 9 Uhr" a day.
    let is_woman = context.has(at, "Fr") && context.has(at + 1, ".") && is_capitalised(context.word_after(at + 2));
    if !context.is_word(at) || is_woman {
        return None;
    }
    idioms::weekday(context, at, tables::WEEKDAYS).or_else(|| compound(context, at)).or_else(|| roman(context, at))
}

/// "Hauptstr. 5", "Sendungsnr. 4711"
fn compound(context: &Context<'_>, at: usize) -> Option<Reading> {
    let endings = [("str", "straße"), ("nr", "nummer")];
    let cut = |(short, long)| context.text(at).strip_suffix(short).map(|stem: &str| (stem, long));
    let (stem, long) = endings.into_iter().find_map(cut).filter(|(stem, _)| stem.len() > 2)?;
    let end = if context.is_end(at + 1) { at + 1 } else { at + 2 };
    context.has(at + 1, ".").then(|| Reading::new(format!("{stem}{long}"), end))
}

/// "Ludwig XIV.", "Kapitel IV"
fn roman(context: &Context<'_>, at: usize) -> Option<Reading> {
    let before = context.word_before(at);
    let value = idioms::roman_value(context.text(at)).filter(|_| context.ends_free(at + 1))?;
    let rulers = ["ludwig", "heinrich", "friedrich", "wilhelm", "karl", "elisabeth", "otto", "paul", "benedikt", "leo"];
    let counted = ["kapitel", "teil", "band", "akt", "weltkrieg", "phase", "klasse", "stufe", "typ", "artikel"];
    if is_one_of(before, &rulers) && context.has(at + 1, ".") {
        let article = if before == "Elisabeth" { "die" } else { "der" };
        let stem = numbers::ordinal_stem(value);
        let mut letters = stem.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        let end = if context.is_end(at + 1) { at + 1 } else { at + 2 };
        return Some(Reading::new(format!("{article} {first}{}e", letters.as_str()), end));
    }
    is_one_of(before, &counted).then(|| Reading::new(numbers::cardinal(value), at + 1))
}
