//! Which letters a voice knows.

/// A script, as far as voices differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Indic,
    Thai,
    Hangul,
    Kana,
    Han,
    Other,
}

fn script(letter: char) -> Script {
    match u32::from(letter) {
        0x0041..=0x024F | 0x1E00..=0x1EFF | 0x0250..=0x02FF | 0xFF21..=0xFF5A => Script::Latin,
        0x0370..=0x03FF | 0x1F00..=0x1FFF => Script::Greek,
        0x0400..=0x052F => Script::Cyrillic,
        0x0590..=0x05FF => Script::Hebrew,
        0x0600..=0x077F | 0x08A0..=0x08FF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFF => Script::Arabic,
        0x0900..=0x0DFF => Script::Indic,
        0x0E00..=0x0EFF => Script::Thai,
        0x1100..=0x11FF | 0xAC00..=0xD7AF => Script::Hangul,
        0x3040..=0x30FF | 0x31F0..=0x31FF => Script::Kana,
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2FA1F => Script::Han,
        _ => Script::Other,
    }
}

/// The scripts of a language; Latin everywhere, since names and brands are written in it.
fn scripts_of(language: &str) -> &'static [Script] {
    match language.split(['-', '_']).next().unwrap_or_default() {
        "el" => &[Script::Greek, Script::Latin],
        "ru" | "uk" | "bg" | "sr" | "mk" | "be" | "kk" | "ky" | "mn" => &[Script::Cyrillic, Script::Latin],
        "he" | "yi" => &[Script::Hebrew, Script::Latin],
        "ar" | "fa" | "ur" | "ps" => &[Script::Arabic, Script::Latin],
        "hi" | "bn" | "ta" | "te" | "mr" | "gu" | "kn" | "ml" | "pa" | "ne" | "si" => &[Script::Indic, Script::Latin],
        "th" | "lo" => &[Script::Thai, Script::Latin],
        "ko" => &[Script::Hangul, Script::Han, Script::Latin],
        "ja" => &[Script::Kana, Script::Han, Script::Latin],
        "zh" | "yue" | "cmn" => &[Script::Han, Script::Latin],
        _ => &[Script::Latin],
    }
}

/// Whether so many of the letters are foreign to the language that a voice of it would be silent.
pub(crate) fn is_foreign(text: &str, language: &str) -> bool {
    let known = scripts_of(language);
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (mut all, mut foreign) = (0, 0);
    for letter in letters {
        all += 1;
        let script = script(letter);
        foreign += usize::from(script != Script::Other && !known.contains(&script));
    }
    // A foreign word in a sentence is passed over by the voice; a third of it is no sentence any more.
    foreign * 3 > all
}
