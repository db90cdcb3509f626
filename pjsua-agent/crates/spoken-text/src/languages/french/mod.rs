//! French, with the numbers of France: "soixante-dix", "quatre-vingt-dix".

mod numbers;
mod tables;

use crate::context::{Context, is_capitalised, is_lowercase, is_one_of};
use crate::language::{
    Addresses, Amount, Beside, Clock, Currency, Date, Dates, Decimals, Half, Keypad, Language, Money, Numbers,
    References, Region, Separators, Time, Words,
};
use crate::read::{Reading, idioms};
use crate::tokens::Kind;

pub(crate) static FRENCH: Language = Language {
    tag: "fr",
    complete: true,
    numbers: Numbers {
        cardinal: numbers::cardinal,
        counted,
        ordinal,
        year: numbers::cardinal,
        fraction: numbers::fraction,
        mixed,
        separators: Separators { decimal: ',', groups: &[' ', '.'] },
        decimal_word: "virgule",
        decimals: Decimals::AsNumber,
        minus: "moins",
        to: "à",
        by: "par",
        squared: "au carré",
        cubed: "au cube",
        to_the_power_of: "puissance",
        feet: ["pied", "pieds", "pouce", "pouces"],
        attributes_are_singular: false,
        scales: &[
            ("k", "mille", "mille"),
            ("M", "million", "millions"),
            ("Md", "milliard", "milliards"),
            ("Mds", "milliard", "milliards"),
        ],
        magnitudes: &["mille", "million", "millions", "milliard", "milliards", "billion", "billions"],
        is_plural: |whole, _| whole >= 2,
    },
    dates: Dates {
        months: [
            &["janvier", "janv"],
            &["février", "févr", "fév", "fevrier"],
            &["mars"],
            &["avril", "avr"],
            &["mai"],
            &["juin"],
            &["juillet", "juil"],
            &["août", "aout"],
            &["septembre", "sept"],
            &["octobre", "oct"],
            &["novembre", "nov"],
            &["décembre", "déc", "decembre"],
        ],
        capital_months: false,
        month_first: false,
        speak: date,
        connectors: &[],
        cues: &[
            "le", "du", "au", "dès", "avant", "après", "jusqu'au", "depuis", "lundi", "mardi", "mercredi", "jeudi",
            "vendredi", "samedi", "dimanche",
        ],
        year_cues: &["en", "depuis", "année", "l'année", "an", "dès", "avant", "après", "de", "à", "vers"],
        dotted: false,
    },
    clock: Clock {
        speak: time,
        markers: &["h", "heures", "heure"],
        marker_suffices: true,
        halves: &[("am", Half::Morning), ("pm", Half::Afternoon)],
        zones: &[("UTC", "U T C"), ("GMT", "G M T")],
    },
    money: Money {
        currencies: tables::CURRENCIES,
        speak: money,
        after_magnitude,
        local: &[],
        per: "par",
        periods: tables::PERIODS,
    },
    units: tables::UNITS,
    symbols: tables::SYMBOLS,
    addresses: Addresses {
        at: "arobase",
        dot: "point",
        dash: "tiret",
        underscore: "tiret bas",
        slash: "slash",
        colon: "deux points",
        plus: "plus",
        word_domains: &["co"],
    },
    words: Words {
        abbreviations: tables::ABBREVIATIONS,
        spelled: tables::SPELLED,
        spoken: tables::SPOKEN,
        keypad: Keypad { star: "étoile", hash: "dièse", cues: &["sur", "ou", "touche", "tapez", "par"] },
        elides: true,
        or: "ou",
        stage_stems: tables::STAGE_STEMS,
        stage_nouns: &["musique", "voix", "ton", "bruit"],
        manner_endings: &[],
        not_manners: &[],
    },
    references: References {
        keywords: tables::KEYWORDS,
        fillers: &[
            "numéro",
            "n",
            "no",
            "num",
            "code",
            "est",
            "le",
            "la",
            "de",
            "par",
            "votre",
            "se",
            "termine",
            "terminant",
        ],
        number: "numéro",
        phone_cues: tables::PHONE_CUES,
        phone_shapes: &[&[2, 2, 2, 2, 2], &[4, 2, 2, 2], &[4, 3, 3], &[1, 2, 2, 2, 2]],
        pairs_are_numbers: true,
        extensions: &["poste", "ext"],
        is_counted_noun,
    },
    special,
};

/// Common feminine nouns that their ending does not tell.
const FEMININE: [&str; 52] = [
    "heure",
    "minute",
    "seconde",
    "semaine",
    "personne",
    "fois",
    "nuit",
    "page",
    "pièce",
    "chambre",
    "place",
    "commande",
    "demande",
    "étape",
    "facture",
    "ligne",
    "carte",
    "table",
    "voiture",
    "unité",
    "tonne",
    "livre sterling",
    "roupie",
    "couronne",
    "rue",
    "offre",
    "formule",
    "porte",
    "salle",
    "case",
    "touche",
    "boîte",
    "bouteille",
    "part",
    "main",
    "clé",
    "fenêtre",
    "agence",
    "adresse",
    "ville",
    "école",
    "usine",
    "équipe",
    "entrée",
    "sortie",
    "dent",
    "gare",
    "route",
    "copie",
    "tasse",
    "erreur",
    "couleur",
];

fn is_feminine(noun: &str) -> bool {
    let lower = noun.to_lowercase();
    let one = lower.strip_suffix('s').filter(|_| lower != "fois").unwrap_or(&lower);
    let endings =
        ["tion", "sion", "té", "ée", "ette", "ance", "ence", "ure", "euse", "elle", "ine", "ille", "aine", "esse"];
    FEMININE.contains(&one)
        || FEMININE.contains(&lower.as_str())
        || one.len() > 4 && endings.iter().any(|ending| one.ends_with(ending))
}

fn counted(value: u64, beside: Beside<'_>) -> String {
    if is_feminine(beside.after) { numbers::feminine(value) } else { numbers::cardinal(value) }
}

fn ordinal(value: u64, suffix: &str, _: Beside<'_>) -> Option<String> {
    let plural = |words: String| if suffix.ends_with('s') { words + "s" } else { words };
    match suffix {
        "er" | "ers" if value == 1 => Some(plural("premier".into())),
        "re" | "ère" | "ere" | "ière" | "res" | "ères" if value == 1 => Some(plural("première".into())),
        "nd" | "nds" if value == 2 => Some(plural("second".into())),
        "nde" | "ndes" if value == 2 => Some(plural("seconde".into())),
        "e" | "è" | "ème" | "eme" | "ième" | "es" | "èmes" if value > 1 => {
            Some(plural(numbers::ordinal(value, false)))
        }
        _ => None,
    }
}

/// "trois et demi", "deux trois quarts".
fn mixed(whole: u64, top: u64, bottom: u64) -> String {
    let count = numbers::cardinal(whole);
    match (top, bottom) {
        (1, 2) => format!("{count} et demi"),
        _ => format!("{count} et {}", numbers::fraction(top, bottom)),
    }
}

fn date(date: &Date, _: Beside<'_>, _: &Region) -> String {
    let month = FRENCH.dates.months[usize::from(date.month) - 1][0];
    let days = date.days("au", |day| if day == 1 { "premier".into() } else { numbers::cardinal(day) });
    let parts = [days, month.to_string(), date.year.map(numbers::cardinal).unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// "quatorze heures trente", "midi", "neuf heures cinq".
fn time(time: &Time<'_>) -> String {
    let hour = match time.half {
        Some(Half::Afternoon) if time.hour < 12 => time.hour + 12,
        Some(Half::Morning) if time.hour == 12 => 0,
        _ => time.hour,
    };
    if time.in_range && time.minute.is_none() && !time.has_marker && time.half.is_none() {
        return numbers::cardinal(hour.into());
    }
    let second = match time.second {
        None | Some(0) => String::new(),
        Some(second) => {
            format!(" et {} seconde{}", numbers::feminine(second.into()), if second > 1 { "s" } else { "" })
        }
    };
    match (hour, time.minute) {
        (12, Some(0)) if second.is_empty() => "midi".into(),
        (0, None | Some(0)) | (24, Some(0)) if second.is_empty() => "minuit".into(),
        (hour, minute) => {
            let plural = if hour > 1 { "s" } else { "" };
            let minute =
                minute.filter(|minute| *minute > 0).map(|minute| format!(" {}", numbers::feminine(minute.into())));
            format!("{} heure{plural}{}{second}", numbers::feminine(hour.into()), minute.unwrap_or_default())
        }
    }
}

/// "cinq euros vingt", "quatre-vingt-dix-neuf centimes".
fn money(amount: &Amount, currency: &Currency) -> String {
    let name = if amount.whole < 2 { currency.one } else { currency.many };
    let cent = if amount.cents < 2 { currency.cent_one } else { currency.cent_many };
    let whole = counted(amount.whole, Beside { before: "", after: name.split(' ').next().unwrap_or(name) });
    let whole = if is_feminine(currency.one) { numbers::feminine(amount.whole) } else { whole };
    match (amount.whole, amount.cents) {
        (_, 0) => format!("{whole} {name}"),
        (0, cents) => format!("{} {cent}", numbers::cardinal(cents)),
        (_, cents) => format!("{whole} {name} {}", numbers::cardinal(cents)),
    }
}

/// "deux millions d'euros", but "cinq mille euros".
fn after_magnitude(magnitude: &str, currency: &Currency) -> String {
    if magnitude == "mille" {
        return currency.many.to_string();
    }
    let elides = currency.many.starts_with(['e', 'a', 'o', 'i', 'u', 'é', 'h']);
    if elides { format!("d'{}", currency.many) } else { format!("de {}", currency.many) }
}

/// A plural that is no verb and no small word.
fn is_counted_noun(word: &str) -> bool {
    let small =
        ["est", "plus", "moins", "vers", "dans", "sans", "sous", "puis", "mais", "nous", "vous", "alors", "depuis"];
    is_lowercase(word) && word.len() > 3 && word.ends_with(['s', 'x']) && !is_one_of(word, &small)
}

fn special(context: &Context<'_>, at: usize) -> Option<Reading> {
    match context.kind(at)? {
        Kind::Digits => around_the_clock(context, at).or_else(|| idioms::postcode(context, at)),
        Kind::Word => idioms::weekday(context, at, tables::WEEKDAYS).or_else(|| roman(context, at)),
        _ => None,
    }
}

/// "24h/24", "7j/7"
fn around_the_clock(context: &Context<'_>, at: usize) -> Option<Reading> {
    let (word, plural) = match context.text(at + 1) {
        "h" | "H" => ("heure", "heures"),
        "j" | "J" => ("jour", "jours"),
        _ => return None,
    };
    let (first, second) = (context.value(at, 2)?, context.value(at + 3, 2)?);
    let name = if first > 1 { plural } else { word };
    let is_pair = context.has(at + 2, "/") && context.ends_free(at + 4);
    is_pair.then(|| {
        let words = format!("{} {name} sur {}", numbers::cardinal(first), numbers::cardinal(second));
        Reading::new(words, at + 4)
    })
}

/// "XXIe siècle", "Louis XIV", "François Ier", "chapitre IV"
fn roman(context: &Context<'_>, at: usize) -> Option<Reading> {
    let text = context.text(at);
    let before = context.word_before(at);
    if !context.ends_free(at + 1) {
        return None;
    }
    if text == "Ier" {
        return Some(Reading::new("premier", at + 1));
    }
    if let Some(numeral) = text.strip_suffix("ème").or_else(|| text.strip_suffix('e')) {
        let value = idioms::roman_value(numeral).filter(|value| *value > 1)?;
        return Some(Reading::new(numbers::ordinal(value, false), at + 1));
    }
    let value = idioms::roman_value(text)?;
    let counted =
        ["chapitre", "partie", "tome", "volume", "acte", "phase", "niveau", "type", "livre", "article", "titre"];
    let rulers = [
        "louis",
        "henri",
        "charles",
        "philippe",
        "napoléon",
        "françois",
        "élisabeth",
        "paul",
        "benoît",
        "léon",
        "jean",
    ];
    let is_ruler = is_one_of(before, &rulers) && is_capitalised(before) && value > 1;
    (is_one_of(before, &counted) || is_ruler).then(|| Reading::new(numbers::cardinal(value), at + 1))
}
