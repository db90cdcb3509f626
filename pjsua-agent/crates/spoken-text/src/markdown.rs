//! Formatting goes, its text stays.

use crate::language::Language;

/// Characters within which a link, a tag or a footnote must end.
const LONGEST_LINK: usize = 400;

/// One line of plain text. A heading, a list item and a table row end with a mark, so that the voice
/// pauses where the eye would.
pub(crate) fn strip(text: &str, language: &Language) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut end = None;
    for line in text.lines() {
        let (line, line_end) = block(line, language);
        let line = inline(line);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(end) = end.take().filter(|_| !joined.ends_with(['.', ',', '!', '?', ';', ':', '।'])) {
            joined.push(end);
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        end = line_end;
    }
    joined
}

/// The line without the signs of its block, and the mark that ends it.
fn block<'t>(line: &'t str, language: &Language) -> (&'t str, Option<char>) {
    let line = line.trim();
    let quoted = line.trim_start_matches(['>', ' ']);
    // "> 10" is a comparison.
    let is_quoted = line.starts_with("> ") && !quoted.starts_with(|c: char| c.is_ascii_digit());
    let line = if is_quoted { quoted } else { line };
    if is_rule(line) || line.starts_with("```") || line.starts_with("~~~") {
        let after = line.trim_start_matches(['`', '~']);
        let is_tag = after.len() < 20 && !after.contains(' ');
        return if is_rule(line) || is_tag { ("", None) } else { (after, None) };
    }
    let hashes = line.len() - line.trim_start_matches('#').len();
    if (1..=6).contains(&hashes) && line[hashes..].starts_with(' ') {
        return (line[hashes..].trim_end_matches(['#', ' ']), Some('.'));
    }
    for bullet in ["- ", "* ", "+ ", "• "] {
        if let Some(item) = line.strip_prefix(bullet).map(str::trim_start) {
            let item = item.strip_prefix("[ ]").or_else(|| item.strip_prefix("[x]")).unwrap_or(item);
            return (item, Some(','));
        }
    }
    if line.starts_with('|') && line.ends_with('|') && line.len() > 1 {
        return (line.trim_matches('|'), Some('.'));
    }
    match numbered(line, language) {
        Some(item) => (item, Some(',')),
        None => (line, None),
    }
}

/// `---`, `* * *`, `===`, `|---|:-:|`.
fn is_rule(line: &str) -> bool {
    let signs = line.chars().filter(|c| *c != ' ').count();
    signs >= 3 && line.chars().all(|c| matches!(c, '-' | '*' | '_' | '=' | '|' | ':' | ' '))
}

/// The item behind "1. " or "2) ", unless it is the day of a month.
fn numbered<'t>(line: &'t str, language: &Language) -> Option<&'t str> {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if !(1..=2).contains(&digits) {
        return None;
    }
    let item = line[digits..].strip_prefix(". ").or_else(|| line[digits..].strip_prefix(") "))?.trim_start();
    let word: String = item.chars().take_while(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let is_date = language.dates.months.iter().any(|names| names.iter().any(|name| name.to_lowercase() == word));
    (!is_date && item.starts_with(|c: char| c.is_alphabetic() || matches!(c, '*' | '_' | '"' | '['))).then_some(item)
}

/// Links, tags, emphasis and table bars.
fn inline(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if matches!(c, ':' | ';')
            && let Some(tail) = emoticon(rest, &text)
        {
            rest = tail;
            continue;
        }
        let found = match c {
            '!' if rest.starts_with("![") => link(&rest[1..]),
            '[' => link(rest),
            '<' => tag(rest),
            '&' => entity(rest),
            _ => None,
        };
        if let Some((label, tail)) = found {
            text.push_str(&if c == '<' || c == '&' { label.to_string() } else { inline_emphasis(label) });
            rest = tail;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        emphasis(&mut text, c, rest);
    }
    text
}

/// What follows ":-)" or ";)", when blanks are around it.
fn emoticon<'t>(rest: &'t str, before: &str) -> Option<&'t str> {
    const EMOTICONS: [&str; 12] = [":-)", ":)", ":-(", ":(", ";-)", ";)", ":D", ":-D", ":P", ":-P", ":/", ":'("];
    let is_apart = before.is_empty() || before.ends_with(' ');
    let tail = EMOTICONS.into_iter().filter(|_| is_apart).find_map(|emoticon| rest.strip_prefix(emoticon))?;
    (tail.is_empty() || tail.starts_with([' ', '.', ',', '!'])).then_some(tail)
}

fn inline_emphasis(label: &str) -> String {
    let mut text = String::with_capacity(label.len());
    for (at, c) in label.char_indices() {
        emphasis(&mut text, c, &label[at + c.len_utf8()..]);
    }
    text
}

/// Pushes `c` unless it is a sign of formatting. A single `*` stays for "asides" to judge.
fn emphasis(text: &mut String, c: char, rest: &str) {
    let last = text.chars().next_back();
    let next = rest.chars().next();
    match c {
        '*' if next == Some('*') || last == Some('*') => {
            // "**bold**": both signs go.
            if text.ends_with('*') {
                text.pop();
            } else if next == Some('*') {
                text.push('*');
            }
        }
        '~' if next == Some('~') || text.ends_with('~') => {
            if text.ends_with('~') {
                text.pop();
            } else {
                text.push('~');
            }
        }
        '|' => text.push_str(", "),
        '`' => {}
        '\\' if next.is_some_and(|next| next.is_ascii_punctuation()) => {}
        _ => text.push(c),
    }
}

/// `[label](address)`, `[label][reference]`, `[^1]`, `[12]`: the label.
fn link(text: &str) -> Option<(&str, &str)> {
    let close = find_within(text, ']')?;
    let (label, tail) = (&text[1..close], &text[close + 1..]);
    if let Some(tail) = tail.strip_prefix('(') {
        let end = find_within(tail, ')')?;
        return Some((label, &tail[end + 1..]));
    }
    if tail.starts_with('[') {
        let end = find_within(tail, ']')?;
        return Some((label, &tail[end + 1..]));
    }
    let is_note =
        label.starts_with('^') || (!label.is_empty() && label.len() < 4 && label.bytes().all(|b| b.is_ascii_digit()));
    is_note.then_some(("", tail))
}

/// `<b>`, `</p>`, `<break time="1s"/>`: nothing. `<https://…>`: the address.
fn tag(text: &str) -> Option<(&str, &str)> {
    let inner = text[1..].find(|c: char| c != '/').map(|at| &text[1 + at..])?;
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let close = find_within(text, '>')?;
    let name = &text[1..close];
    let is_address = name.contains("://") || (name.contains('@') && !name.contains(' '));
    if name.contains(' ') && !name.contains('=') && !name.ends_with('/') {
        return None;
    }
    Some((if is_address { name } else { " " }, &text[close + 1..]))
}

fn entity(text: &str) -> Option<(&str, &str)> {
    const ENTITIES: [(&str, &str); 7] = [
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&nbsp;", " "),
    ];
    ENTITIES.into_iter().find_map(|(written, plain)| text.strip_prefix(written).map(|tail| (plain, tail)))
}

/// The byte of the first `sign`, within a bounded stretch.
fn find_within(text: &str, sign: char) -> Option<usize> {
    text.char_indices().take(LONGEST_LINK).find(|(_, c)| *c == sign).map(|(at, _)| at)
}
