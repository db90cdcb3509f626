//! What recordings say, from the lists that come with them, and which of them are only parts of a sentence.

use std::collections::HashMap;
use std::path::Path;

/// Recordings of the telephone exchange that others follow in mid-sentence ("You have …", "Press …"), by name in all languages:
/// after them everybody waits for more, and rightly. And sounds that are no speech.
const FRAGMENTS: &[&str] = &[
    "ascending-2tone",
    "astcc-followed-by-the-pound-key",
    "at-tone-time-exactly",
    "beep",
    "beeperr",
    "calling",
    "conf-enteringno",
    "conf-otherinparty",
    "conf-thereare",
    "conf-userswilljoin",
    "conf-userwilljoin",
    "confbridge-begin-glorious-a",
    "confbridge-begin-glorious-b",
    "confbridge-begin-glorious-c",
    "confbridge-begin-leader",
    "confbridge-join",
    "confbridge-leave",
    "confbridge-participants",
    "confbridge-there-are",
    "descending-2tone",
    "dir-first",
    "dir-firstlast",
    "dir-last",
    "dir-multi1",
    "dir-multi2",
    "dir-multi3",
    "dir-pls-enter",
    "extension",
    "for",
    "from-unknown-caller",
    "if-correct-press",
    "is",
    "is-in-use",
    "is-set-to",
    "number",
    "num-was-successfully",
    "priv-callpending",
    "queue-callswaiting",
    "queue-holdtime",
    "queue-less-than",
    "queue-quantity1",
    "queue-quantity2",
    "queue-thereare",
    "spy-h323",
    "spy-mgcp",
    "spy-misdn",
    "spy-nbs",
    "telephone-number",
    "to-extension",
    "tt-monkeys",
    "vm-and",
    "vm-duration",
    "vm-extension",
    "vm-for",
    "vm-from",
    "vm-from-extension",
    "vm-from-phonenumber",
    "vm-intro",
    "vm-num-i-have",
    "vm-onefor",
    "vm-onefor-full",
    "vm-press",
    "vm-received",
    "vm-savedto",
    "vm-theperson",
    "vm-youhave",
    "with",
    "you-entered",
    "your",
];

/// Whether a recording stands for itself.
pub(super) fn is_whole(name: &str) -> bool {
    // "… to lock the conference, press": the first half of a menu's line.
    !FRAGMENTS.contains(&name)
        && !(name.starts_with("confbridge-") && (name.ends_with("-in") || name.ends_with("-out")))
}

/// Reads `name: text` lines (`core-sounds-en.txt`); nothing when there is no such file. Lines that describe a sound, in
/// brackets, are left out.
pub(super) fn named(path: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with(';')).filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, text)| (name.trim().to_owned(), text.trim().to_owned()))
        .filter(|(_, text)| !text.is_empty() && !text.starts_with(['[', '(']))
        .collect()
}

/// Reads Sphinx's `<s> text </s> (name)` lines.
pub(super) fn sphinx(path: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &str| {
        let (text, name) = line.rsplit_once('(')?;
        let text = text.replace("<s>", "").replace("</s>", "");
        Some((name.trim_end().trim_end_matches(')').to_owned(), text.trim().to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("pjsua-agent-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn both_kinds_of_lists_are_understood() {
        let path =
            written("named", "\n; A comment: no\nvm-goodbye: Goodbye\nbeep: [a beep]\nempty:\npriv: as: he says\n");
        let named = named(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(named.len(), 2);
        assert_eq!((named["vm-goodbye"].as_str(), named["priv"].as_str()), ("Goodbye", "as: he says"));

        let path = written("sphinx", "<s> ten of clubs  </s> (001)\n<s> five five  </s> (004)\n");
        let sphinx = sphinx(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!((sphinx["001"].as_str(), sphinx["004"].as_str()), ("ten of clubs", "five five"));
    }

    #[test]
    fn a_list_that_is_not_there_is_empty() {
        assert!(named(Path::new("/nowhere/at/all")).is_empty());
    }

    #[test]
    fn parts_of_sentences_are_told_from_whole_ones() {
        assert!(is_whole("vm-goodbye") && is_whole("conf-getpin"));
        assert!(!is_whole("vm-youhave") && !is_whole("confbridge-mute-in"));
    }
}
