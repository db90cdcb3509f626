//! Spanish number words on the long scale, in the forms that stand alone, before a masculine and
//! before a feminine noun.

/// What the number agrees with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Counting: "veintiuno".
    Alone,
    /// "veintiún días".
    Masculine,
    /// "veintiuna horas", "doscientas personas".
    Feminine,
}

const SMALL: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const TENS: [&str; 10] = ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
const HUNDREDS: [&str; 10] = [
    "",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];
const SCALES: [(u64, &str, &str); 3] = [
    (1_000_000_000_000_000_000, "trillón", "trillones"),
    (1_000_000_000_000, "billón", "billones"),
    (1_000_000, "millón", "millones"),
];

pub(super) fn cardinal(value: u64, agreement: Agreement) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = value;
    for (scale, one, many) in SCALES {
        match rest / scale {
            0 => {}
            1 => words.push(format!("un {one}")),
            count => words.push(format!("{} {many}", below_million(count, Agreement::Masculine))),
        }
        rest %= scale;
    }
    if rest > 0 || words.is_empty() {
        words.push(below_million(rest, agreement));
    }
    words.join(" ")
}

fn below_million(value: u64, agreement: Agreement) -> String {
    let thousands = match value / 1000 {
        0 => return below_thousand(value, agreement, agreement),
        1 => "mil".to_string(),
        // "doscientas mil personas", but "veintiún mil": both as the Diccionario panhispánico de dudas prefers.
        count => format!("{} mil", below_thousand(count, agreement, Agreement::Masculine)),
    };
    match value % 1000 {
        0 => thousands,
        rest => format!("{thousands} {}", below_thousand(rest, agreement, agreement)),
    }
}

fn below_thousand(value: u64, of_hundreds: Agreement, of_ones: Agreement) -> String {
    let (hundreds, rest) = (value as usize / 100, value % 100);
    if value == 100 {
        return "cien".into();
    }
    let mut words = HUNDREDS[hundreds].to_string();
    if of_hundreds == Agreement::Feminine && hundreds > 1 {
        words = format!("{}as", &words[..words.len() - 2]);
    }
    match (hundreds, rest) {
        (0, _) => below_hundred(rest, of_ones),
        (_, 0) => words,
        _ => format!("{words} {}", below_hundred(rest, of_ones)),
    }
}

fn below_hundred(value: u64, agreement: Agreement) -> String {
    let value = value as usize;
    let words = match (value, value % 10) {
        (0..=29, _) => SMALL[value].to_string(),
        (_, 0) => TENS[value / 10].to_string(),
        (_, ones) => format!("{} y {}", TENS[value / 10], SMALL[ones]),
    };
    if value % 10 != 1 || value == 11 {
        return words;
    }
    let stem = words.strip_suffix("uno").unwrap_or(&words);
    match agreement {
        Agreement::Alone => words,
        Agreement::Masculine if value == 21 => "veintiún".into(),
        Agreement::Masculine => format!("{stem}un"),
        Agreement::Feminine => format!("{stem}una"),
    }
}

const ORDINAL_ONES: [&str; 10] =
    ["", "primero", "segundo", "tercero", "cuarto", "quinto", "sexto", "séptimo", "octavo", "noveno"];
const ORDINAL_TENS: [&str; 10] = [
    "",
    "décimo",
    "vigésimo",
    "trigésimo",
    "cuadragésimo",
    "quincuagésimo",
    "sexagésimo",
    "septuagésimo",
    "octogésimo",
    "nonagésimo",
];

/// Ordinals to ninety-nine and the hundredth; above, people use the cardinal.
pub(super) fn ordinal(value: u64, is_feminine: bool, before_noun: bool) -> String {
    let words = match value {
        11 => "undécimo".to_string(),
        12 => "duodécimo".to_string(),
        100 => "centésimo".to_string(),
        1000 => "milésimo".to_string(),
        18 => "decimoctavo".to_string(),
        13..=19 => format!("decimo{}", ORDINAL_ONES[value as usize % 10]),
        1..=99 => {
            let (tens, ones) = (ORDINAL_TENS[value as usize / 10], ORDINAL_ONES[value as usize % 10]);
            [tens, ones].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        _ => return cardinal(value, if is_feminine { Agreement::Feminine } else { Agreement::Alone }),
    };
    if is_feminine {
        return words.split(' ').map(|word| format!("{}a", &word[..word.len() - 1])).collect::<Vec<_>>().join(" ");
    }
    if before_noun && (words.ends_with("primero") || words.ends_with("tercero")) {
        return words[..words.len() - 1].into();
    }
    words
}

/// "un medio", "dos tercios", "tres cuartos", "cinco octavos", "un doceavo".
pub(super) fn fraction(numerator: u64, denominator: u64) -> String {
    let plural = if numerator > 1 { "s" } else { "" };
    let part = match denominator {
        2 => "medio".into(),
        3 => "tercio".into(),
        4..=10 => ordinal(denominator, false, false),
        100 => "centésimo".into(),
        1000 => "milésimo".into(),
        _ => format!("{}avo", cardinal(denominator, Agreement::Alone).replace(' ', "")),
    };
    format!("{} {part}{plural}", cardinal(numerator, Agreement::Masculine))
}
