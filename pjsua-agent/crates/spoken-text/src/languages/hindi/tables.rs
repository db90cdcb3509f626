//! Hindi units, currencies, abbreviations and other words.

use crate::language::When::{BeforeName, BeforeNumber};
use crate::language::{Abbreviation, Currency, Unit, short, short_when};

const fn same(written: &'static [&'static str], name: &'static str) -> Unit {
    Unit { written, one: name, many: name, attached: false }
}

pub(super) const UNITS: &[Unit] = &[
    same(&["%"], "प्रतिशत"),
    same(&["°C", "° C"], "डिग्री सेल्सियस"),
    same(&["°F"], "डिग्री फ़ारेनहाइट"),
    same(&["°"], "डिग्री"),
    same(&["km", "किमी", "कि.मी."], "किलोमीटर"),
    same(&["m", "मी"], "मीटर"),
    same(&["cm", "सेमी"], "सेंटीमीटर"),
    same(&["mm", "मिमी"], "मिलीमीटर"),
    same(&["m²"], "वर्ग मीटर"),
    same(&["km²"], "वर्ग किलोमीटर"),
    same(&["sq ft"], "वर्ग फ़ुट"),
    same(&["kg", "किग्रा", "कि.ग्रा."], "किलोग्राम"),
    same(&["g", "ग्रा"], "ग्राम"),
    same(&["mg"], "मिलीग्राम"),
    same(&["L", "l", "ली"], "लीटर"),
    same(&["ml", "mL"], "मिलीलीटर"),
    same(&["km/h", "kmph"], "किलोमीटर प्रति घंटा"),
    same(&["kWh"], "किलोवाट घंटे"),
    same(&["kW"], "किलोवाट"),
    same(&["GB"], "जीबी"),
    same(&["MB"], "एमबी"),
    same(&["TB"], "टीबी"),
    same(&["Mbps"], "एमबीपीएस"),
    same(&["min"], "मिनट"),
    same(&["sec"], "सेकंड"),
    same(&["hrs", "hr"], "घंटे"),
    same(&["Hz"], "हर्ट्ज़"),
    same(&["GHz"], "गीगाहर्ट्ज़"),
];

const fn currency(
    symbols: &'static [&'static str],
    codes: &'static [&'static str],
    [one, many, cent_one, cent_many]: [&'static str; 4],
) -> Currency {
    Currency { symbols, codes, one, many, cent_one, cent_many }
}

pub(super) const CURRENCIES: &[Currency] = &[
    currency(&["₹", "Rs", "रु"], &["INR"], ["रुपया", "रुपये", "पैसा", "पैसे"]),
    currency(&["$", "US$"], &["USD"], ["डॉलर", "डॉलर", "सेंट", "सेंट"]),
    currency(&["€"], &["EUR"], ["यूरो", "यूरो", "सेंट", "सेंट"]),
    currency(&["£"], &["GBP"], ["पाउंड", "पाउंड", "पेंस", "पेंस"]),
    currency(&["¥"], &["JPY"], ["येन", "येन", "", ""]),
];

pub(super) const PERIODS: &[(&str, &str)] = &[
    ("kg", "किलोग्राम"),
    ("km", "किलोमीटर"),
    ("month", "माह"),
    ("माह", "माह"),
    ("year", "वर्ष"),
    ("day", "दिन"),
    ("hr", "घंटा"),
];

pub(super) const SYMBOLS: &[(char, &str)] = &[
    ('&', "और"),
    ('+', "जमा"),
    ('=', "बराबर"),
    ('×', "गुणा"),
    ('÷', "भाग"),
    ('%', "प्रतिशत"),
    ('@', "ऐट"),
    ('°', "डिग्री"),
    ('<', "से कम"),
    ('>', "से ज़्यादा"),
    ('≈', "लगभग"),
    ('~', "लगभग"),
    ('≤', "अधिकतम"),
    ('≥', "कम से कम"),
    ('±', "जमा या घटा"),
    ('₹', "रुपये"),
    ('$', "डॉलर"),
    ('€', "यूरो"),
    ('£', "पाउंड"),
    ('→', "से"),
    ('^', "की घात"),
];

pub(super) const ABBREVIATIONS: &[Abbreviation] = &[
    short("डॉ.", "डॉक्टर"),
    short("डॉ", "डॉक्टर"),
    short("प्रो.", "प्रोफ़ेसर"),
    short("श्री.", "श्री"),
    short("सं.", "संख्या"),
    short("रु.", "रुपये"),
    short("उदा.", "उदाहरण"),
    short("कि.मी.", "किलोमीटर"),
    short("ई.", "ईस्वी"),
    short("क्र.", "क्रमांक"),
    short("पृ.", "पृष्ठ"),
    short("मो.", "मोबाइल"),
    short("दू.", "दूरभाष"),
    short("पं.", "पंडित"),
    short("etc.", "आदि"),
    short("OK", "ओके"),
    short("ok", "ओके"),
    short_when(BeforeName, "Dr", "डॉक्टर"),
    short_when(BeforeName, "Mr", "मिस्टर"),
    short_when(BeforeName, "Mrs", "मिसेज़"),
    short_when(BeforeNumber, "No.", "नंबर"),
    short_when(BeforeNumber, "नं.", "नंबर"),
    short_when(BeforeNumber, "नं", "नंबर"),
];

pub(super) const SPELLED: &[&str] =
    &["ID", "AI", "API", "URL", "USB", "USA", "UK", "UPI", "EMI", "ATM", "IFSC", "FAQ", "VIP", "OTP"];

pub(super) const KEYWORDS: &[&str] = &[
    "ऑर्डर",
    "आर्डर",
    "खाता",
    "खाते",
    "टिकट",
    "पिन",
    "कोड",
    "ओटीपी",
    "बुकिंग",
    "शिकायत",
    "रेफ़रेंस",
    "संदर्भ",
    "पासवर्ड",
    "फ़्लाइट",
    "ट्रेन",
    "कार्ड",
    "आधार",
    "पैन",
    "बिल",
    "ग्राहक",
    "पिनकोड",
    "order",
    "otp",
    "pin",
];

pub(super) const PHONE_CUES: &[&str] =
    &["फ़ोन", "फोन", "मोबाइल", "कॉल", "डायल", "संपर्क", "हेल्पलाइन", "दूरभाष", "call", "phone"];

pub(super) const COUNTED: &[&str] = &[
    "लोग",
    "लोगों",
    "रुपये",
    "रुपए",
    "दिन",
    "दिनों",
    "घंटे",
    "मिनट",
    "बार",
    "किताबें",
    "महीने",
    "साल",
    "वर्ष",
    "पेज",
    "हज़ार",
    "लाख",
    "करोड़",
    "टिकटें",
    "कमरे",
];

pub(super) const STAGE_STEMS: &[&str] = &[
    "हँस",
    "हंस",
    "मुस्कुरा",
    "मुस्करा",
    "आह.",
    "फुसफुसा",
    "खाँस",
    "खांस",
    "विराम.",
    "रुक",
    "सोच",
    "धीरे",
    "रोते.",
    "चिंति",
    "उत्साह",
    "गहरी",
    "सिर",
    "laugh",
    "sigh",
    "smil",
    "paus",
    "chuckl",
];
