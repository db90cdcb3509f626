//! Hindi number words: irregular below a hundred, then hundreds, thousands, lakhs and crores.

const SMALL: [&str; 100] = [
    "शून्य",
    "एक",
    "दो",
    "तीन",
    "चार",
    "पाँच",
    "छह",
    "सात",
    "आठ",
    "नौ",
    "दस",
    "ग्यारह",
    "बारह",
    "तेरह",
    "चौदह",
    "पंद्रह",
    "सोलह",
    "सत्रह",
    "अठारह",
    "उन्नीस",
    "बीस",
    "इक्कीस",
    "बाईस",
    "तेईस",
    "चौबीस",
    "पच्चीस",
    "छब्बीस",
    "सत्ताईस",
    "अट्ठाईस",
    "उनतीस",
    "तीस",
    "इकतीस",
    "बत्तीस",
    "तैंतीस",
    "चौंतीस",
    "पैंतीस",
    "छत्तीस",
    "सैंतीस",
    "अड़तीस",
    "उनतालीस",
    "चालीस",
    "इकतालीस",
    "बयालीस",
    "तैंतालीस",
    "चौवालीस",
    "पैंतालीस",
    "छियालीस",
    "सैंतालीस",
    "अड़तालीस",
    "उनचास",
    "पचास",
    "इक्यावन",
    "बावन",
    "तिरेपन",
    "चौवन",
    "पचपन",
    "छप्पन",
    "सत्तावन",
    "अट्ठावन",
    "उनसठ",
    "साठ",
    "इकसठ",
    "बासठ",
    "तिरेसठ",
    "चौंसठ",
    "पैंसठ",
    "छियासठ",
    "सड़सठ",
    "अड़सठ",
    "उनहत्तर",
    "सत्तर",
    "इकहत्तर",
    "बहत्तर",
    "तिहत्तर",
    "चौहत्तर",
    "पचहत्तर",
    "छिहत्तर",
    "सतहत्तर",
    "अठहत्तर",
    "उन्यासी",
    "अस्सी",
    "इक्यासी",
    "बयासी",
    "तिरासी",
    "चौरासी",
    "पचासी",
    "छियासी",
    "सत्तासी",
    "अट्ठासी",
    "नवासी",
    "नब्बे",
    "इक्यानवे",
    "बानवे",
    "तिरानवे",
    "चौरानवे",
    "पंचानवे",
    "छियानवे",
    "सत्तानवे",
    "अट्ठानवे",
    "निन्यानवे",
];
const SCALES: [(u64, &str); 8] = [
    (100_000_000_000_000_000, "शंख"),
    (1_000_000_000_000_000, "पद्म"),
    (10_000_000_000_000, "नील"),
    (100_000_000_000, "खरब"),
    (1_000_000_000, "अरब"),
    (10_000_000, "करोड़"),
    (100_000, "लाख"),
    (1_000, "हज़ार"),
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
    if rest > 0 || words.is_empty() {
        words.push(below_thousand(rest));
    }
    words.join(" ")
}

fn below_thousand(value: u64) -> String {
    match (value / 100, value % 100) {
        (0, rest) => SMALL[rest as usize].into(),
        (hundreds, 0) => format!("{} सौ", SMALL[hundreds as usize]),
        (hundreds, rest) => format!("{} सौ {}", SMALL[hundreds as usize], SMALL[rest as usize]),
    }
}

/// "पहला", "पाँचवाँ"; `ending` is what stands for "ā": "ा", "ी" or "े".
pub(super) fn ordinal(value: u64, ending: &str) -> String {
    let nasal = if ending == "ा" { "वाँ".to_string() } else { format!("व{ending}ं") };
    match value {
        1 => format!("पहल{ending}"),
        2 => format!("दूसर{ending}"),
        3 => format!("तीसर{ending}"),
        4 => format!("चौथ{ending}"),
        6 => format!("छठ{ending}"),
        _ => format!("{}{nasal}", cardinal(value)),
    }
}

/// "उन्नीस सौ निन्यानवे", "दो हज़ार छब्बीस".
pub(super) fn year(value: u64) -> String {
    match (value / 100, value % 100) {
        (century @ 11..=19, 0) => format!("{} सौ", SMALL[century as usize]),
        (century @ 11..=19, rest) => format!("{} सौ {}", SMALL[century as usize], SMALL[rest as usize]),
        _ => cardinal(value),
    }
}

/// "आधा", "पौन", "दो तिहाई", "एक बटा आठ".
pub(super) fn fraction(numerator: u64, denominator: u64) -> String {
    match (numerator, denominator) {
        (1, 2) => "आधा".into(),
        (1, 4) => "एक चौथाई".into(),
        (3, 4) => "तीन चौथाई".into(),
        (_, 3) => format!("{} तिहाई", cardinal(numerator)),
        _ => format!("{} बटा {}", cardinal(numerator), cardinal(denominator)),
    }
}
