//! Personal data on its way to a log: telephone numbers and what callers say.
//!
//! Above debug level a log shows who called and what was said only through these wrappers. They can be printed
//! anywhere; [`PhoneNumber::reveal`] and [`Speech::reveal`] are for debug and trace events alone.

use std::fmt::{self, Write as _};

/// A telephone number, or a SIP or tel URI with one. Prints enough to recognise a number one knows: `+49…12`.
///
/// An extension of up to four digits prints as `…`. The user part of a URI is a number when it has no letters;
/// a name such as `front-desk` is left alone, and so is the host.
#[derive(Clone, Copy)]
pub struct PhoneNumber<'a>(&'a str);

/// What somebody said. Prints how much it was: `[7 words]`.
#[derive(Clone, Copy)]
pub struct Speech<'a>(&'a str);

/// `uri` with its telephone number redacted; what [`PhoneNumber`] prints.
pub fn sip_uri(uri: &str) -> String {
    PhoneNumber::new(uri).to_string()
}

impl<'a> PhoneNumber<'a> {
    /// Wraps a number, a URI, or a name-addr (`"Display name" <sip:…>`).
    pub fn new(text: &'a str) -> Self {
        PhoneNumber(text)
    }

    /// As it is, for debug level only.
    pub fn reveal(&self) -> &'a str {
        self.0
    }
}

impl<'a> Speech<'a> {
    /// Wraps the words of a caller or an agent.
    pub fn new(text: &'a str) -> Self {
        Speech(text)
    }

    /// As it is, for debug level only.
    pub fn reveal(&self) -> &'a str {
        self.0
    }
}

impl fmt::Display for PhoneNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.trim();
        let Some((scheme, start)) = find_scheme(text) else { return write_user(f, text) };
        // In front of the scheme can only be the display name: the caller's own.
        if !text[..start].trim_matches(['<', '"', ' ']).is_empty() {
            f.write_str("… ")?;
        }
        let uri = text[start..].split(['>', '?']).next().unwrap_or_default();
        let (address, parameters) = uri.split_once(';').map_or((uri, None), |(uri, rest)| (uri, Some(rest)));
        let address = &address[scheme.len()..];
        f.write_str(scheme)?;
        match address.rsplit_once('@') {
            // A user may have parameters of its own; then what follows them is behind the semicolon.
            Some((user, host)) => {
                write_user(f, user)?;
                write!(f, "@{host}")
            }
            None if scheme == "tel:" => write_user(f, address),
            None => match parameters.and_then(|parameters| parameters.rsplit_once('@')) {
                Some((_, host)) => {
                    write_user(f, address)?;
                    write!(f, "@{}", host.split(';').next().unwrap_or_default())
                }
                None => f.write_str(address),
            },
        }
    }
}

impl fmt::Debug for PhoneNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Speech<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_whitespace().count() {
            1 => f.write_str("[1 word]"),
            count => write!(f, "[{count} words]"),
        }
    }
}

impl fmt::Debug for Speech<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn find_scheme(text: &str) -> Option<(&'static str, usize)> {
    let lower = text.to_ascii_lowercase();
    let found = ["sips:", "sip:", "tel:"].into_iter().filter_map(|scheme| lower.rfind(scheme).map(|at| (scheme, at)));
    // “sip:” is not found inside “sips:”, so the first one in the text is the scheme.
    found.min_by_key(|(_, at)| *at)
}

fn write_user(f: &mut fmt::Formatter<'_>, user: &str) -> fmt::Result {
    let digits = user.chars().filter(char::is_ascii_digit).count();
    // An escape such as %2B (“+”) or a password behind a colon would hide digits from the rule.
    let is_number = digits > 0 && !user.chars().any(char::is_alphabetic);
    match (is_number, user.contains([':', '%'])) {
        (false, false) => return f.write_str(user),
        (false, true) => return f.write_char('…'),
        (true, _) => {}
    }
    let significant: Vec<char> = user.chars().filter(char::is_ascii_digit).collect();
    let (shown_first, shown_last) = match digits {
        8.. => (2, 2),
        5..=7 => (0, 2),
        _ => (0, 0),
    };
    if user.starts_with('+') {
        f.write_char('+')?;
    }
    significant[..shown_first].iter().try_for_each(|digit| f.write_char(*digit))?;
    f.write_char('…')?;
    significant[digits - shown_last..].iter().try_for_each(|digit| f.write_char(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_its_first_and_last_digits() {
        for (number, shown) in [
            ("+4930123456", "+49…56"),
            ("0049 (30) 123-456", "00…56"),
            ("030.123.456", "03…56"),
            ("12345", "…45"),
            ("1001", "…"),
            ("+1", "+…"),
            ("", ""),
        ] {
            assert_eq!(PhoneNumber::new(number).to_string(), shown, "{number}");
        }
    }

    #[test]
    fn the_user_of_a_sip_uri_is_redacted_when_it_is_a_number() {
        for (uri, shown) in [
            ("sip:+4930123456@pbx.example.org", "sip:+49…56@pbx.example.org"),
            ("sip:+4930123456@192.168.100.200:5060;transport=tcp", "sip:+49…56@192.168.100.200:5060"),
            ("SIPS:030123456@host", "sips:03…56@host"),
            ("sip:+4930123456;phone-context=example.org@host;user=phone", "sip:+49…56@host"),
            ("tel:+4930123456;ext=12", "tel:+49…56"),
            ("sip:1001@host", "sip:…@host"),
            ("sip:%2B4930123456@host", "sip:…@host"),
            ("sip:4930123456:secret@host", "sip:…@host"),
        ] {
            assert_eq!(PhoneNumber::new(uri).to_string(), shown, "{uri}");
        }
    }

    #[test]
    fn a_name_and_a_host_are_left_alone() {
        for uri in ["sip:front-desk@pbx.example.org", "sip:192.168.100.200:5060", "front-desk", "anonymous"] {
            assert_eq!(PhoneNumber::new(uri).to_string(), uri);
        }
    }

    #[test]
    fn a_display_name_is_not_shown() {
        let shown = PhoneNumber::new("\"Smith 030 123\" <sip:+4930123456@host>;tag=77").to_string();
        assert_eq!(shown, "… sip:+49…56@host");
        assert_eq!(PhoneNumber::new("<sip:+4930123456@host>;tag=77").to_string(), "sip:+49…56@host");
    }

    #[test]
    fn speech_shows_only_its_length() {
        assert_eq!(Speech::new("my number is five five").to_string(), "[5 words]");
        assert_eq!(format!("{:?}", Speech::new("yes")), "[1 word]");
        assert_eq!(Speech::new("").to_string(), "[0 words]");
    }

    #[test]
    fn no_printed_form_holds_the_secret_digits() {
        for text in ["+4930987654", "sip:+4930987654@h", "\"+4930987654\" <sip:+4930987654@h>", "tel:+49-30-987654"] {
            let number = PhoneNumber::new(text);
            let shown = format!("{number} {number:?}");
            assert!(!shown.contains("9876"), "{shown}");
            assert_eq!(number.reveal(), text);
        }
    }
}
