//! What a language has to tell: one [`Language`] value, in one file of `languages/`.
//!
//! Words of a table are lower case unless said otherwise, and matched without regard to case.

use crate::context::Context;
use crate::languages;
use crate::read::Reading;

/// The whole of a language.
pub(crate) struct Language {
    /// The primary subtag: "en".
    pub(crate) tag: &'static str,
    /// Every class below is filled and at least 300 cases prove it.
    pub(crate) complete: bool,
    pub(crate) numbers: Numbers,
    pub(crate) dates: Dates,
    pub(crate) clock: Clock,
    pub(crate) money: Money,
    pub(crate) units: &'static [Unit],
    pub(crate) symbols: &'static [(char, &'static str)],
    pub(crate) addresses: Addresses,
    pub(crate) words: Words,
    pub(crate) references: References,
    /// What no table can say ("St." is a saint or a street). Asked before every other recogniser, with
    /// the index of a token that is no blank.
    pub(crate) special: fn(&Context<'_>, usize) -> Option<Reading>,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}

/// The words beside a number. Empty where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) before: &'a str,
    pub(crate) after: &'a str,
}

pub(crate) struct Numbers {
    pub(crate) cardinal: fn(u64) -> String,
    /// The number in front of a noun: "ein Tag", "veintiuna horas".
    pub(crate) counted: fn(u64, Beside<'_>) -> String,
    /// The ordinal, or the decade, when `suffix` ("st", "º", ".", "s") makes one.
    pub(crate) ordinal: fn(u64, suffix: &str, Beside<'_>) -> Option<String>,
    pub(crate) year: fn(u64) -> String,
    /// "one half"; and behind a whole number, "three and a half".
    pub(crate) fraction: fn(u64, u64) -> String,
    pub(crate) mixed: fn(u64, u64, u64) -> String,
    pub(crate) separators: Separators,
    pub(crate) decimal_word: &'static str,
    pub(crate) decimals: Decimals,
    pub(crate) minus: &'static str,
    /// Between the ends of a range.
    pub(crate) to: &'static str,
    /// Between the sides of a thing: "three by four".
    pub(crate) by: &'static str,
    pub(crate) squared: &'static str,
    pub(crate) cubed: &'static str,
    pub(crate) to_the_power_of: &'static str,
    /// Foot, feet, inch, inches: 5'11".
    pub(crate) feet: [&'static str; 4],
    /// "a five kilometre run": no plural between an article and a noun.
    pub(crate) attributes_are_singular: bool,
    /// "5k", "5M": the suffix as written, one, many.
    pub(crate) scales: &'static [(&'static str, &'static str, &'static str)],
    /// Words of magnitude that stand between an amount and its currency, singular and plural.
    pub(crate) magnitudes: &'static [&'static str],
    /// Whether the plural is used: of the whole part, and whether a fraction follows.
    pub(crate) is_plural: fn(u64, bool) -> bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Separators {
    pub(crate) decimal: char,
    pub(crate) groups: &'static [char],
}

/// How the digits behind the decimal sign are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decimals {
    /// "three point one four"
    DigitByDigit,
    /// "trois virgule quatorze", up to three digits
    AsNumber,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) day: Option<u8>,
    /// The last day of a span within the month: "21-23 November".
    pub(crate) until: Option<u8>,
    pub(crate) month: u8,
    pub(crate) year: Option<u64>,
}

impl Date {
    /// The day, or the span of days; empty when there is none.
    pub(crate) fn days(&self, to: &str, say: impl Fn(u64) -> String) -> String {
        match (self.day, self.until) {
            (None, _) => String::new(),
            (Some(day), None) => say(day.into()),
            (Some(day), Some(until)) => format!("{} {to} {}", say(day.into()), say(until.into())),
        }
    }
}

pub(crate) struct Dates {
    /// January to December: the name as spoken, then what is written instead (no full stop).
    pub(crate) months: [&'static [&'static str]; 12],
    /// Names of months that are other words too when not followed or preceded by a day.
    pub(crate) capital_months: bool,
    pub(crate) month_first: bool,
    pub(crate) speak: fn(&Date, Beside<'_>, &Region) -> String,
    /// Words between day, month and year: "of", "de".
    pub(crate) connectors: &'static [&'static str],
    /// Words after which "11/21" is a date.
    pub(crate) cues: &'static [&'static str],
    /// Words after which four digits are a year.
    pub(crate) year_cues: &'static [&'static str],
    /// Whether "21.11." without a year is a date.
    pub(crate) dotted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Morning,
    Afternoon,
}

/// A time of day as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time<'a> {
    pub(crate) hour: u8,
    pub(crate) minute: Option<u8>,
    pub(crate) second: Option<u8>,
    pub(crate) half: Option<Half>,
    /// "09:30": a clock of 24 hours.
    pub(crate) is_padded: bool,
    /// Which end of a range, if one.
    pub(crate) in_range: bool,
    /// One of [`Clock::markers`] followed, and was taken.
    pub(crate) has_marker: bool,
    pub(crate) beside: Beside<'a>,
}

pub(crate) struct Clock {
    pub(crate) speak: fn(&Time<'_>) -> String,
    /// Written behind the time and part of it: "Uhr", "h".
    pub(crate) markers: &'static [&'static str],
    /// Whether a marker alone makes a time of a number: "9 Uhr".
    pub(crate) marker_suffices: bool,
    /// "am", "pm", without full stops.
    pub(crate) halves: &'static [(&'static str, Half)],
    /// As written (upper case), as spoken.
    pub(crate) zones: &'static [(&'static str, &'static str)],
}

/// An amount of money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    pub(crate) whole: u64,
    pub(crate) cents: u64,
    /// In front of a noun: "a five dollar coupon".
    pub(crate) is_attribute: bool,
}

#[derive(Debug)]
pub(crate) struct Currency {
    /// "$", "US$".
    pub(crate) symbols: &'static [&'static str],
    /// ISO 4217.
    pub(crate) codes: &'static [&'static str],
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    pub(crate) cent_one: &'static str,
    pub(crate) cent_many: &'static str,
}

pub(crate) struct Money {
    pub(crate) currencies: &'static [Currency],
    pub(crate) speak: fn(&Amount, &Currency) -> String,
    /// The currency behind a word of magnitude: "d'euros" behind "millions".
    pub(crate) after_magnitude: fn(&str, &Currency) -> String,
    /// Where a symbol means another currency: region, symbol, code.
    pub(crate) local: &'static [(&'static [u8; 2], &'static str, &'static str)],
    /// "per", for "$20/month".
    pub(crate) per: &'static str,
    /// What may follow that slash, as written and as spoken.
    pub(crate) periods: &'static [(&'static str, &'static str)],
}

/// A unit of measurement; case matters ("m", "M").
pub(crate) struct Unit {
    pub(crate) written: &'static [&'static str],
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    /// Only without a blank: "5s", for what would be a word by itself.
    pub(crate) attached: bool,
}

pub(crate) struct Addresses {
    pub(crate) at: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) dash: &'static str,
    pub(crate) underscore: &'static str,
    pub(crate) slash: &'static str,
    pub(crate) colon: &'static str,
    pub(crate) plus: &'static str,
    /// Endings of a host name that are said as words though they have two letters.
    pub(crate) word_domains: &'static [&'static str],
}

/// Where an abbreviation counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// A capitalised word follows.
    BeforeName,
    /// A capitalised word goes before.
    AfterName,
    BeforeNumber,
    AfterNumber,
}

/// `written` with a full stop demands it; without, one that follows is taken too.
pub(crate) struct Abbreviation {
    pub(crate) written: &'static str,
    pub(crate) spoken: &'static str,
    pub(crate) when: When,
}

pub(crate) const fn short(written: &'static str, spoken: &'static str) -> Abbreviation {
    Abbreviation { written, spoken, when: When::Always }
}

pub(crate) const fn short_when(when: When, written: &'static str, spoken: &'static str) -> Abbreviation {
    Abbreviation { written, spoken, when }
}

pub(crate) struct Words {
    pub(crate) abbreviations: &'static [Abbreviation],
    /// Upper case, said letter by letter though they could be read as words.
    pub(crate) spelled: &'static [&'static str],
    /// Upper case, said as words though they look unpronounceable.
    pub(crate) spoken: &'static [&'static str],
    /// Whether an apostrophe joins a word to figures: "d'1 heure".
    pub(crate) elides: bool,
    /// The star and the hash key of a telephone, and the words before them: "press *".
    pub(crate) keypad: Keypad,
    /// Between words joined by a slash: "yes/no".
    pub(crate) or: &'static str,
    /// Beginnings of words of stage directions.
    pub(crate) stage_stems: &'static [&'static str],
    /// What such a direction ends with: "in a cheerful voice".
    pub(crate) stage_nouns: &'static [&'static str],
    /// Endings that make a single bracketed word a manner of speaking ("softly"), and its exceptions.
    pub(crate) manner_endings: &'static [&'static str],
    pub(crate) not_manners: &'static [&'static str],
}

/// How the keys `*` and `#` are named.
pub(crate) struct Keypad {
    pub(crate) star: &'static str,
    pub(crate) hash: &'static str,
    pub(crate) cues: &'static [&'static str],
}

pub(crate) struct References {
    /// Words after which digits are read one by one.
    pub(crate) keywords: &'static [&'static str],
    /// Words between such a word and its digits.
    pub(crate) fillers: &'static [&'static str],
    /// "number", for "#".
    pub(crate) number: &'static str,
    /// Words after which digits are a telephone number.
    pub(crate) phone_cues: &'static [&'static str],
    /// Digits in the groups of a telephone number.
    pub(crate) phone_shapes: &'static [&'static [u8]],
    /// Groups of two digits are read as numbers: "zéro un, vingt-trois".
    pub(crate) pairs_are_numbers: bool,
    /// As written, without a full stop; the first is spoken.
    pub(crate) extensions: &'static [&'static str],
    /// Whether a word that follows digits is a noun they count, so that they are no reference.
    pub(crate) is_counted_noun: fn(&str) -> bool,
}

/// A language and what its region changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) language: &'static Language,
    /// Upper case, `ZZ` when the tag names none.
    pub(crate) code: [u8; 2],
    pub(crate) separators: Separators,
    pub(crate) month_first: bool,
}

/// Spanish-speaking countries with a decimal point (and "419", Latin America).
const SPANISH_WITH_POINT: [&[u8; 2]; 11] =
    [b"MX", b"US", b"DO", b"GT", b"HN", b"NI", b"PA", b"PE", b"PR", b"SV", b"41"];

impl Region {
    pub(crate) fn of(tag: &str) -> Self {
        let language = languages::find(tag).unwrap_or_else(languages::default);
        let subtag = tag.split(['-', '_']).skip(1).find(|part| part.len() == 2 || *part == "419");
        let code = match subtag.map(str::as_bytes) {
            Some([a, b, ..]) => [a.to_ascii_uppercase(), b.to_ascii_uppercase()],
            _ => *b"ZZ",
        };
        let has_point = language.tag == "es" && SPANISH_WITH_POINT.contains(&&code);
        let separators =
            if has_point { Separators { decimal: '.', groups: &[',', ' '] } } else { language.numbers.separators };
        let month_first = language.dates.month_first && matches!(&code, b"ZZ" | b"US" | b"PH");
        Self { language, code, separators, month_first }
    }
}
