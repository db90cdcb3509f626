//! PJSIP's log lines on their way into ours: level, and nobody's number above debug. Pure.

use std::borrow::Cow;

use tracing::Level;

/// PJLIB's 1 is an error and 2 a warning; its 3 tells what happens to whom, so that it is debug here.
pub(super) fn level(pj_level: i32) -> Level {
    match pj_level {
        i32::MIN..=1 => Level::ERROR,
        2 => Level::WARN,
        3 => Level::DEBUG,
        4.. => Level::TRACE,
    }
}

/// The line with the user of each SIP or tel URI replaced by `…`.
pub(super) fn redacted(line: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = line;
    while let Some((at, length)) = next_scheme(rest) {
        let user = &rest[at + length..];
        let end = user.find(|c: char| c.is_whitespace() || "<>\"',@;".contains(c)).unwrap_or(user.len());
        let is_user = user[end..].starts_with('@') || rest[at..].starts_with("tel:");
        out.push_str(&rest[..at + length]);
        out.push_str(if is_user { "…" } else { &user[..end] });
        rest = &user[end..];
    }
    if out.is_empty() {
        return Cow::Borrowed(line);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn next_scheme(text: &str) -> Option<(usize, usize)> {
    ["sip:", "sips:", "tel:"].iter().filter_map(|scheme| text.find(scheme).map(|at| (at, scheme.len()))).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_uris_are_taken_out() {
        for (line, expected) in [
            ("call.c  sip:+4930123@pbx.example failed", "call.c  sip:…@pbx.example failed"),
            ("<sips:anna@a> and <tel:+4930;x=1>", "<sips:…@a> and <tel:…;x=1>"),
            ("registrar sip:pbx.example:5060 away", "registrar sip:pbx.example:5060 away"),
            ("no URI here", "no URI here"),
            ("sip:", "sip:"),
        ] {
            assert_eq!(redacted(line), expected);
        }
    }
}
