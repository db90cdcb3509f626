//! Spanish. In Mexico, the United States and Central America a point is the decimal sign; elsewhere a comma.

mod numbers;
mod tables;

use numbers::Agreement;

use crate::context::{Context, is_capitalised, is_lowercase, is_one_of};
use crate::language::{
    Addresses, Amount, Beside, Clock, Currency, Date, Dates, Decimals, Half, Keypad, Language, Money, Numbers,
    References, Region, Separators, Time, Words,
};
use crate::read::{Reading, idioms};
use crate::tokens::Kind;

pub(crate) static SPANISH: Language = Language {
    tag: "es",
    complete: true,
    numbers: Numbers {
        cardinal: |value| numbers::cardinal(value, Agreement::Alone),
        counted,
        ordinal,
        year: |value| numbers::cardinal(value, Agreement::Alone),
        fraction: numbers::fraction,
        mixed,
        separators: Separators { decimal: ',', groups: &['.', ' '] },
        decimal_word: "coma",
        decimals: Decimals::AsNumber,
        minus: "menos",
        to: "a",
        by: "por",
        squared: "al cuadrado",
        cubed: "al cubo",
        to_the_power_of: "elevado a",
        feet: ["pie", "pies", "pulgada", "pulgadas"],
        attributes_are_singular: false,
        scales: &[("k", "mil", "mil"), ("K", "mil", "mil"), ("M", "millón", "millones")],
        magnitudes: &["mil", "millón", "millones", "billón", "billones"],
        is_plural: |whole, has_fraction| whole != 1 || has_fraction,
    },
    dates: Dates {
        months: [
            &["enero", "ene"],
            &["febrero", "feb"],
            &["marzo"],
            &["abril", "abr"],
            &["mayo", "may"],
            &["junio", "jun"],
            &["julio", "jul"],
            &["agosto", "ago"],
            &["septiembre", "sept", "sep", "setiembre"],
            &["octubre", "oct"],
            &["noviembre", "nov"],
            &["diciembre", "dic"],
        ],
        capital_months: false,
        month_first: false,
        speak: date,
        connectors: &["de", "del"],
        cues: &[
            "el",
            "del",
            "al",
            "hasta",
            "desde",
            "día",
            "lunes",
            "martes",
            "miércoles",
            "jueves",
            "viernes",
            "sábado",
            "domingo",
        ],
        year_cues: &["en", "desde", "año", "hasta", "de", "del", "antes", "después", "hacia"],
        dotted: false,
    },
    clock: Clock {
        speak: time,
        markers: &["h", "hs", "hrs", "horas"],
        marker_suffices: false,
        halves: &[("am", Half::Morning), ("pm", Half::Afternoon)],
        zones: &[("UTC", "U T C"), ("GMT", "G M T")],
    },
    money: Money {
        currencies: tables::CURRENCIES,
        speak: money,
        after_magnitude: |magnitude, currency| match magnitude {
            "mil" => currency.many.to_string(),
            _ => format!("de {}", currency.many),
        },
        local: &[
            (b"MX", "$", "MXN"),
            (b"AR", "$", "ARS"),
            (b"CO", "$", "COP"),
            (b"CL", "$", "CLP"),
            (b"UY", "$", "UYU"),
        ],
        per: "por",
        periods: tables::PERIODS,
    },
    units: tables::UNITS,
    symbols: tables::SYMBOLS,
    addresses: Addresses {
        at: "arroba",
        dot: "punto",
        dash: "guion",
        underscore: "guion bajo",
        slash: "barra",
        colon: "dos puntos",
        plus: "más",
        word_domains: &["co"],
    },
    words: Words {
        abbreviations: tables::ABBREVIATIONS,
        spelled: tables::SPELLED,
        spoken: tables::SPOKEN,
        keypad: Keypad {
            star: "asterisco",
            hash: "almohadilla",
            cues: &["pulse", "o", "tecla", "marque", "presione", "oprima", "con"],
        },
        elides: false,
        or: "o",
        stage_stems: tables::STAGE_STEMS,
        stage_nouns: &["música", "voz", "tono", "ruido"],
        manner_endings: &[],
        not_manners: &[],
    },
    references: References {
        keywords: tables::KEYWORDS,
        fillers: &[
            "número",
            "n",
            "núm",
            "nº",
            "º",
            "no",
            "código",
            "es",
            "el",
            "la",
            "de",
            "su",
            "en",
            "termina",
            "terminada",
        ],
        number: "número",
        phone_cues: tables::PHONE_CUES,
        phone_shapes: &[&[3, 3, 3], &[3, 2, 2, 2], &[2, 3, 2, 2], &[3, 3, 4], &[2, 4, 4], &[1, 3, 3, 4], &[3, 3, 2, 2]],
        pairs_are_numbers: false,
        extensions: &["extensión", "ext", "interno"],
        is_counted_noun,
    },
    special,
};

/// Masculine nouns in "-a".
const MASCULINE: [&str; 14] = [
    "día", "mapa", "problema", "sistema", "programa", "tema", "idioma", "clima", "planeta", "diploma", "esquema",
    "poeta", "sofá", "policía",
];
/// Feminine nouns that their ending does not tell.
const FEMININE: [&str; 20] = [
    "noche", "tarde", "vez", "clase", "llave", "calle", "parte", "imagen", "mano", "foto", "flor", "sal", "señal",
    "leche", "gente", "nube", "base", "frase", "torre", "sede",
];
/// Words behind a number that it does not count.
const NOT_COUNTED: [&str; 45] = [
    "de", "del", "y", "e", "o", "u", "a", "al", "en", "por", "para", "con", "sin", "que", "es", "son", "está", "están",
    "más", "menos", "como", "si", "no", "ya", "se", "el", "la", "los", "las", "un", "una", "hasta", "desde", "entre",
    "sobre", "también", "pero", "mil", "millón", "millones", "fue", "era", "ahora", "hoy", "cuando",
];

fn is_feminine(noun: &str) -> bool {
    let lower = noun.to_lowercase();
    let one = match lower.strip_suffix("ces") {
        Some(stem) => format!("{stem}z"),
        None => lower.strip_suffix('s').unwrap_or(&lower).to_string(),
    };
    let endings =
        ["a", "ción", "sión", "cione", "sione", "xión", "xione", "dad", "dade", "tad", "tade", "tud", "tude", "umbre"];
    !MASCULINE.contains(&one.as_str())
        && (FEMININE.contains(&one.as_str()) || endings.iter().any(|ending| one.ends_with(ending)))
}

fn agreement(noun: &str) -> Agreement {
    match noun {
        noun if !is_lowercase(noun) || is_one_of(noun, &NOT_COUNTED) => Agreement::Alone,
        noun if is_feminine(noun) => Agreement::Feminine,
        _ => Agreement::Masculine,
    }
}

fn counted(value: u64, beside: Beside<'_>) -> String {
    let agreement = match beside.after {
        // "veintiún mil", "veintiún millones"
        "mil" | "millón" | "millones" | "billón" | "billones" => Agreement::Masculine,
        // "veintiuno por ciento": the first word counts.
        noun => agreement(noun.split(' ').next().unwrap_or(noun)),
    };
    numbers::cardinal(value, agreement)
}

fn ordinal(value: u64, suffix: &str, beside: Beside<'_>) -> Option<String> {
    let before_noun = is_lowercase(beside.after) && !is_one_of(beside.after, &NOT_COUNTED);
    match suffix {
        "º" | "o" => Some(numbers::ordinal(value, false, before_noun)),
        "ro" | "do" | "to" | "mo" | "vo" | "no" => Some(numbers::ordinal(value, false, false)),
        "ª" | "a" | "ra" | "da" | "ta" | "ma" | "va" | "na" => Some(numbers::ordinal(value, true, false)),
        "er" if matches!(value % 10, 1 | 3) => Some(numbers::ordinal(value, false, true)),
        _ => None,
    }
}

/// "tres y medio", "dos y tres cuartos".
fn mixed(whole: u64, top: u64, bottom: u64) -> String {
    let count = numbers::cardinal(whole, Agreement::Alone);
    match (top, bottom) {
        (1, 2) => format!("{count} y medio"),
        _ => format!("{count} y {}", numbers::fraction(top, bottom)),
    }
}

/// "veintiuno de noviembre de dos mil veintiséis"; the first is "uno" in Spain and "primero" in America.
fn date(date: &Date, _: Beside<'_>, region: &Region) -> String {
    let month = SPANISH.dates.months[usize::from(date.month) - 1][0];
    let is_spain = matches!(&region.code, b"ZZ" | b"ES");
    let days = date.days("al", |day| match day {
        1 if !is_spain => "primero".into(),
        day => numbers::cardinal(day, Agreement::Alone),
    });
    let year = date.year.map(|year| numbers::cardinal(year, Agreement::Alone)).unwrap_or_default();
    let parts = [days, month.to_string(), year];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" de ")
}

/// "nueve y media", "catorce treinta", "nueve de la mañana".
fn time(time: &Time<'_>) -> String {
    let minute = time.minute.unwrap_or(0);
    let hour = numbers::cardinal(time.hour.into(), Agreement::Feminine);
    let is_day_clock = time.hour > 12 || time.hour == 0;
    let minutes = match minute {
        0 => String::new(),
        15 if !is_day_clock => " y cuarto".into(),
        30 if !is_day_clock => " y media".into(),
        1..=9 => format!(" y {}", numbers::cardinal(minute.into(), Agreement::Alone)),
        _ => format!(" {}", numbers::cardinal(minute.into(), Agreement::Alone)),
    };
    let part = match (time.half, time.hour) {
        (Some(Half::Morning), 12) => " de la noche",
        (Some(Half::Morning), 1..=5) => " de la madrugada",
        (Some(Half::Morning), _) => " de la mañana",
        (Some(Half::Afternoon), 12) => " del mediodía",
        (Some(Half::Afternoon), 1..=7) => " de la tarde",
        (Some(Half::Afternoon), _) => " de la noche",
        (None, _) if time.has_marker || is_day_clock && minute == 0 && time.minute.is_some() => {
            if time.hour == 1 {
                " hora"
            } else {
                " horas"
            }
        }
        (None, _) => "",
    };
    let second = match time.second {
        None | Some(0) => String::new(),
        Some(1) => " y un segundo".into(),
        Some(second) => format!(" y {} segundos", numbers::cardinal(second.into(), Agreement::Masculine)),
    };
    if time.has_marker && minute > 0 {
        return format!("{hour}{minutes}{second}{part}");
    }
    format!("{hour}{minutes}{part}{second}")
}

/// "cinco euros con veinte céntimos".
fn money(amount: &Amount, currency: &Currency) -> String {
    let of = |value: u64, one: &str, many: &str| {
        let name = if value == 1 { one } else { many };
        let noun = name.split(' ').next().unwrap_or(name);
        format!("{} {name}", numbers::cardinal(value, agreement(noun)))
    };
    let cents = of(amount.cents, currency.cent_one, currency.cent_many);
    match (amount.whole, amount.cents) {
        (whole, 0) => of(whole, currency.one, currency.many),
        (0, _) => cents,
        (whole, _) => format!("{} con {cents}", of(whole, currency.one, currency.many)),
    }
}

/// A plural that is no verb and no small word.
fn is_counted_noun(word: &str) -> bool {
    let small =
        ["más", "menos", "antes", "después", "entonces", "tras", "pues", "lunes", "martes", "jueves", "viernes"];
    is_lowercase(word)
        && word.len() > 3
        && word.ends_with('s')
        && !is_one_of(word, &small)
        && !is_one_of(word, &NOT_COUNTED)
}

fn special(context: &Context<'_>, at: usize) -> Option<Reading> {
    match context.kind(at)? {
        Kind::Digits => {
            idioms::around_the_clock(context, at, "veinticuatro siete").or_else(|| idioms::postcode(context, at))
        }
        Kind::Word => idioms::weekday(context, at, tables::WEEKDAYS).or_else(|| roman(context, at)),
        _ => None,
    }
}

/// "siglo XXI", "Felipe VI", "Alfonso XIII", "capítulo IV"
fn roman(context: &Context<'_>, at: usize) -> Option<Reading> {
    let before = context.word_before(at);
    let value = idioms::roman_value(context.text(at)).filter(|_| context.ends_free(at + 1))?;
    let counted = [
        "siglo",
        "capítulo",
        "parte",
        "tomo",
        "volumen",
        "acto",
        "fase",
        "nivel",
        "tipo",
        "libro",
        "artículo",
        "título",
    ];
    let rulers = [
        "felipe",
        "alfonso",
        "carlos",
        "fernando",
        "isabel",
        "enrique",
        "luis",
        "juan",
        "pablo",
        "pío",
        "benedicto",
        "león",
    ];
    if is_one_of(before, &counted) {
        return Some(Reading::new(numbers::cardinal(value, Agreement::Alone), at + 1));
    }
    let is_ruler = is_one_of(before, &rulers) && is_capitalised(before);
    // Rulers up to the tenth have ordinals, later ones cardinals.
    is_ruler.then(|| {
        let words = match value {
            1..=10 => numbers::ordinal(value, before == "Isabel", false),
            _ => numbers::cardinal(value, Agreement::Alone),
        };
        Reading::new(words, at + 1)
    })
}
