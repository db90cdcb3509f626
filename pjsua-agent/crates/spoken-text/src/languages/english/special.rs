//! What no table can say: saints and streets, house numbers, Roman numerals, rooms.

use super::numbers::{below_hundred, cardinal, ordinal};
use crate::context::{Context, is_capitalised, is_lowercase, is_one_of};
use crate::read::idioms::roman_value;
use crate::read::{Reading, digits_one_by_one};
use crate::tokens::Kind;

/// Ends of the names of streets, and what they are short for.
const STREETS: [(&str, &str); 28] = [
    ("St", "Street"),
    ("Street", "Street"),
    ("Ave", "Avenue"),
    ("Avenue", "Avenue"),
    ("Rd", "Road"),
    ("Road", "Road"),
    ("Blvd", "Boulevard"),
    ("Boulevard", "Boulevard"),
    ("Dr", "Drive"),
    ("Drive", "Drive"),
    ("Ln", "Lane"),
    ("Lane", "Lane"),
    ("Ct", "Court"),
    ("Court", "Court"),
    ("Pl", "Place"),
    ("Place", "Place"),
    ("Sq", "Square"),
    ("Square", "Square"),
    ("Hwy", "Highway"),
    ("Highway", "Highway"),
    ("Pkwy", "Parkway"),
    ("Parkway", "Parkway"),
    ("Way", "Way"),
    ("Terrace", "Terrace"),
    ("Row", "Row"),
    ("Broadway", "Broadway"),
    ("Close", "Close"),
    ("Crescent", "Crescent"),
];
/// Words before a number that is read in pairs: "room two oh four".
const IN_PAIRS: [&str; 14] = [
    "room",
    "suite",
    "apartment",
    "apt",
    "unit",
    "bus",
    "train",
    "route",
    "highway",
    "interstate",
    "channel",
    "studio",
    "ward",
    "locker",
];
/// Words after which a Roman numeral is a cardinal.
const COUNTED: [&str; 22] = [
    "chapter", "part", "volume", "act", "section", "war", "phase", "type", "class", "level", "grade", "appendix",
    "article", "bowl", "title", "book", "scene", "stage", "tier", "figure", "table", "mark",
];
/// Names that rulers and popes share.
const RULERS: [&str; 28] = [
    "louis",
    "henry",
    "elizabeth",
    "charles",
    "george",
    "william",
    "edward",
    "james",
    "richard",
    "philip",
    "napoleon",
    "paul",
    "benedict",
    "pius",
    "john",
    "mary",
    "frederick",
    "catherine",
    "peter",
    "nicholas",
    "alexander",
    "ivan",
    "francis",
    "leo",
    "wilhelm",
    "albert",
    "gregory",
    "innocent",
];
const WEEKDAYS: [(&str, &str); 12] = [
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Tues", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Weds", "Wednesday"),
    ("Thu", "Thursday"),
    ("Thur", "Thursday"),
    ("Thurs", "Thursday"),
    ("Fri", "Friday"),
    ("Sat", "Saturday"),
    ("Sun", "Sunday"),
    ("Sundays", "Sundays"),
];

pub(super) fn read(context: &Context<'_>, at: usize) -> Option<Reading> {
    if !context.starts_free(at) && !context.has(at.wrapping_sub(1), "-") && !context.has(at.wrapping_sub(1), "–") {
        return None;
    }
    match context.kind(at)? {
        Kind::Digits => idiom(context, at).or_else(|| in_pairs(context, at)).or_else(|| house_number(context, at)),
        Kind::Word => weekday(context, at)
            .or_else(|| saint_or_street(context, at))
            .or_else(|| direction(context, at))
            .or_else(|| information_technology(context, at))
            .or_else(|| roman(context, at))
            .or_else(|| state_and_zip(context, at)),
        _ => None,
    }
}

/// "24/7", "9/11", "50/50"
fn idiom(context: &Context<'_>, at: usize) -> Option<Reading> {
    let words = match (context.digits(at), context.digits(at + 2)) {
        ("24", "7") => "twenty-four seven",
        ("9", "11") => "nine eleven",
        ("50", "50") => "fifty-fifty",
        ("20", "20") => "twenty-twenty",
        _ => return share(context, at),
    };
    let is_pair = context.has(at + 1, "/") && context.ends_free(at + 3) && !context.has(at + 3, "/");
    is_pair.then(|| Reading::new(words, at + 3))
}

/// "60/40"
fn share(context: &Context<'_>, at: usize) -> Option<Reading> {
    let (left, right) = (context.value(at, 2)?, context.value(at + 2, 2)?);
    let is_share = left + right == 100 && context.has(at + 1, "/") && context.ends_free(at + 3);
    is_share.then(|| Reading::new(format!("{} {}", cardinal(left), cardinal(right)), at + 3))
}

/// Rooms, roads and buses.
fn in_pairs(context: &Context<'_>, at: usize) -> Option<Reading> {
    let mut keyword = context.word_before(at);
    if is_one_of(keyword, &["number", "no"]) {
        keyword = context.word_before(at.checked_sub(2)?);
    }
    let letter = context.text(at + 1);
    let has_letter = context.is_word(at + 1) && letter.len() == 1 && is_capitalised(letter);
    let end = if has_letter { at + 2 } else { at + 1 };
    let is_numbered = is_one_of(keyword, &IN_PAIRS) && is_plain(context, end);
    let counts = (super::is_counted_noun)(context.word_after(end));
    let words = pairs(context.digits(at)).filter(|_| is_numbered && !counts)?;
    Some(Reading::new(if has_letter { format!("{words} {letter}") } else { words }, end))
}

/// Neither a decimal, nor a time, nor a range follows.
fn is_plain(context: &Context<'_>, end: usize) -> bool {
    let is_joined =
        matches!(context.text(end), "." | "," | ":" | "/" | "-" | "–") && !context.digits(end + 1).is_empty();
    !is_joined && context.ends_free(end)
}

/// "two oh four", "one twenty-three", "sixteen hundred", "forty-seven eleven".
fn pairs(digits: &str) -> Option<String> {
    let value: u64 = digits.parse().ok().filter(|_| matches!(digits.len(), 3 | 4) && !digits.starts_with('0'))?;
    let (high, low) = (value / 100, value % 100);
    Some(match low {
        0 if high % 10 == 0 => cardinal(value),
        0 => format!("{} hundred", below_hundred(high)),
        1..=9 => format!("{} oh {}", below_hundred(high), below_hundred(low)),
        _ => format!("{} {}", below_hundred(high), below_hundred(low)),
    })
}

/// "1600 Pennsylvania Ave.", "221B Baker Street"
fn house_number(context: &Context<'_>, at: usize) -> Option<Reading> {
    let digits = context.digits(at);
    let letter = context.text(at + 1);
    let has_letter = context.is_word(at + 1) && letter.len() == 1;
    let end = if has_letter { at + 2 } else { at + 1 };
    if digits.len() < 3 && !has_letter || digits.len() > 5 || !context.is_space(end) {
        return None;
    }
    let mut word = end + 1;
    for place in 0..4 {
        let text = context.text(word);
        let is_ordinal = place == 0 && !context.digits(word).is_empty() && context.is_word(word + 1);
        if is_ordinal {
            word += 1;
        } else if place > 0 && STREETS.iter().any(|(short, _)| *short == text) || text == "Broadway" {
            let number = pairs(digits).unwrap_or_else(|| match digits.len() {
                5 => digits_one_by_one(&super::ENGLISH, digits),
                _ => cardinal(digits.parse().unwrap_or(0)),
            });
            let words = if has_letter { format!("{number} {}", letter.to_uppercase()) } else { number };
            return Some(Reading::new(words, end));
        } else if !(context.is_word(word) && is_capitalised(text)) {
            return None;
        }
        word += 1;
        word = context.skip_space(if context.has(word, ".") { word + 1 } else { word });
    }
    None
}

/// "Mon-Fri 9-5", "Mon.–Fri.", "Sat."
fn weekday(context: &Context<'_>, at: usize) -> Option<Reading> {
    let name = |at: usize| WEEKDAYS.iter().find(|(short, _)| *short == context.text(at)).map(|(_, name)| *name);
    let first = name(at)?;
    let after = at + 1;
    let dash = context.skip_space(if context.has(after, ".") { after + 1 } else { after });
    let last = context.skip_space(dash + 1);
    let join = match context.text(dash) {
        "-" | "–" => "to",
        "&" | "and" => "and",
        _ => "",
    };
    if !join.is_empty()
        && let Some(second) = name(last)
    {
        // "Mon.–Fri." has both full stops; behind "Mon-Fri" it is the sentence's.
        let has_dots = context.has(after, ".") && context.has(last + 1, ".") && !context.is_end(last + 1);
        let end = if has_dots { last + 2 } else { last + 1 };
        return Some(Reading::new(format!("{first} {join} {second}"), end));
    }
    let is_dotted = context.has(after, ".") && !context.is_end(after);
    let next = context.skip_space(if context.has(after, ",") || is_dotted { after + 1 } else { after });
    let has_time = context.kind(next) == Some(Kind::Digits)
        || super::ENGLISH.dates.months.iter().any(|names| names.contains(&context.text(next)));
    // "Sat" and "Sun" are words, "Wed" is one too.
    let is_sure = is_dotted || has_time || !matches!(context.text(at), "Sat" | "Sun" | "Wed" | "Fri" | "Mon");
    is_sure.then(|| Reading::new(first, if is_dotted { after + 1 } else { after }))
}

/// "St. Mary's", "Main St.", "Dr. Lee", "Ocean Dr."
fn saint_or_street(context: &Context<'_>, at: usize) -> Option<Reading> {
    let (street, name) = match context.text(at) {
        "St" => ("Street", "Saint"),
        "Dr" => ("Drive", "Doctor"),
        other => {
            // "5th Ave": the table of abbreviations knows streets behind names only.
            let (_, street) = STREETS.iter().find(|(short, name)| *short == other && short != name)?;
            let end = if context.has(at + 1, ".") && !context.is_end(at + 1) { at + 2 } else { at + 1 };
            return follows_ordinal(context, at).then(|| Reading::new(*street, end));
        }
    };
    let has_dot = context.has(at + 1, ".");
    let end = if has_dot { at + 2 } else { at + 1 };
    let after = context.word_after(end);
    let follows_name =
        is_capitalised(context.word_before(at)) && context.word_before(at).len() > 1 || follows_ordinal(context, at);
    let is_title = is_capitalised(after)
        && context.is_space(end)
        && !(follows_name && STREETS.iter().any(|(short, _)| *short == after));
    let opens = is_one_of(
        context.word_before(at),
        &["the", "hi", "hello", "dear", "thanks", "yes", "no", "and", "but", "with", "is"],
    );
    if is_title && (!follows_name || opens) {
        return Some(Reading::new(name, end));
    }
    // "the Dr. is in"
    let is_person = is_one_of(context.word_before(at), &["the", "a", "my", "your", "our", "his", "her", "this"]);
    if street == "Drive" && is_person {
        return Some(Reading::new("doctor", if has_dot && context.is_end(end) { at + 1 } else { end }));
    }
    let is_street = follows_name && !opens;
    let end = if has_dot && context.is_end(end) { at + 1 } else { end };
    match (is_street, is_title) {
        (true, _) => Some(Reading::new(street, end)),
        (false, true) => Some(Reading::new(name, end)),
        _ => None,
    }
}

/// "12 W. 34th St."
fn direction(context: &Context<'_>, at: usize) -> Option<Reading> {
    let words = [("N", "North"), ("S", "South"), ("E", "East"), ("W", "West")];
    let name = words.into_iter().find(|(short, _)| context.has(at, short))?.1;
    let end = if context.has(at + 1, ".") { at + 2 } else { at + 1 };
    let next = end + 1;
    let is_street = context.is_space(end) && (is_capitalised(context.text(next)) || follows_ordinal(context, next + 3));
    let follows_number = at > 1 && context.is_space(at - 1) && context.kind(at - 2) == Some(Kind::Digits);
    (is_street && follows_number).then(|| Reading::new(name, end))
}

/// "IT support": in capitals only the company around it tells it from "it".
fn information_technology(context: &Context<'_>, at: usize) -> Option<Reading> {
    let after = [
        "support",
        "department",
        "team",
        "help",
        "helpdesk",
        "desk",
        "staff",
        "manager",
        "services",
        "security",
        "systems",
        "issue",
        "issues",
    ];
    let before = ["our", "your", "the", "an", "my"];
    let is_it = context.has(at, "IT") && !context.is_shouted && context.ends_free(at + 1);
    let is_beside = is_one_of(context.word_after(at + 1), &after) || is_one_of(context.word_before(at), &before);
    (is_it && is_beside).then(|| Reading::new("I T", at + 1))
}

/// "42nd St."
fn follows_ordinal(context: &Context<'_>, at: usize) -> bool {
    let suffix = at.checked_sub(2).map_or("", |before| context.text(before));
    matches!(suffix, "st" | "nd" | "rd" | "th") && context.kind_before(at) == Some(Kind::Space)
}

/// "Louis XIV", "World War II", "chapter IV". Only I, V and X, so that "CD" and "MIX" are safe.
fn roman(context: &Context<'_>, at: usize) -> Option<Reading> {
    let numeral = context.text(at);
    let before = context.word_before(at);
    if !numeral.bytes().all(|b| matches!(b, b'I' | b'V' | b'X')) || before.is_empty() || !context.ends_free(at + 1) {
        return None;
    }
    let value = roman_value(numeral)?;
    let is_counted = is_one_of(before, &COUNTED);
    // "Henry I" is a ruler; "Paul I think" is not.
    let is_ruler = is_one_of(before, &RULERS)
        && is_capitalised(before)
        && (value > 1 && numeral.len() > 1 || matches!(numeral, "V" | "X") || context.is_end(at + 1));
    let is_named = is_capitalised(before) && before.len() > 3 && numeral.len() > 1;
    let is_single_safe = numeral != "I" || !is_lowercase(context.word_after(at + 1));
    if is_ruler {
        Some(Reading::new(format!("the {}", ordinal(value)), at + 1))
    } else if is_counted && is_single_safe || is_named {
        Some(Reading::new(cardinal(value), at + 1))
    } else {
        None
    }
}

/// "CA 94103": the state's name, the code's digits.
fn state_and_zip(context: &Context<'_>, at: usize) -> Option<Reading> {
    let state =
        super::vocabulary::STATES.iter().find(|(short, _)| *short == context.text(at)).map(|(_, name)| *name)?;
    let zip = context.digits(at + 2);
    let is_word = matches!(context.text(at), "OK" | "HI" | "OH" | "ME" | "IN" | "OR" | "ID" | "MA" | "PA" | "AL");
    let follows_city = at > 2 && context.has(at - 2, ",") && is_capitalised(context.text(at - 3));
    if zip.len() != 5 && follows_city && !is_word && !context.is_shouted && context.ends_free(at + 1) {
        return Some(Reading::new(state, at + 1));
    }
    if zip.len() != 5 || !context.is_space(at + 1) {
        return None;
    }
    let mut words = format!("{state} {}", digits_one_by_one(&super::ENGLISH, zip));
    let mut end = at + 3;
    let more = context.digits(end + 1);
    if context.has(end, "-") && more.len() == 4 {
        words = format!("{words}, {}", digits_one_by_one(&super::ENGLISH, more));
        end += 2;
    }
    Some(Reading::new(words, end))
}
