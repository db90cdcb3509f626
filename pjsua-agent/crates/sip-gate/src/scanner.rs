//! Steps over a header value by the grammar of RFC 3261 section 25.

use super::message::is_token;

/// Walks over a header value. Every step but [`Scanner::quoted`] passes over the blanks behind it.
pub(crate) struct Scanner<'a> {
    pub(crate) rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(crate) fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn eat(&mut self, wanted: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(wanted) else { return false };
        self.rest = rest;
        self.blanks();
        true
    }

    pub(crate) fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.blanks();
        taken
    }

    pub(crate) fn token(&mut self) -> Option<&'a str> {
        let length = self.rest.bytes().take_while(|b| is_token(*b)).count();
        (length > 0).then(|| self.take(length))
    }

    /// A quoted string, with its escapes undone.
    pub(crate) fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if is_escaped => {
                    text.push(c);
                    is_escaped = false;
                }
                '\\' => is_escaped = true,
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                _ => text.push(c),
            }
        }
        None
    }

    pub(crate) fn bracketed(&mut self) -> Option<&'a str> {
        let inner = self.rest.strip_prefix('<')?;
        let end = inner.find('>')?;
        let uri = &inner[..end];
        self.rest = &inner[end + 1..];
        self.blanks();
        is_uri(uri).then_some(uri)
    }

    /// A URI without brackets: RFC 3261 section 20 allows no `,`, `?` or `;` in it. PJSIP gives the parameters behind one
    /// of another scheme than sip and sips to the URI, and a comma before an `@` to the user.
    pub(crate) fn bare(&mut self) -> Option<&'a str> {
        let end = self.rest.find([';', ' ', '\t', ',']).unwrap_or(self.rest.len());
        let (before, behind) = self.rest.split_at(end);
        let word_behind = behind.split([' ', '\t']).next().unwrap_or_default();
        if !before.contains('@') && word_behind.contains('@') {
            return None;
        }
        let uri = self.take(end);
        let is_sip = uri
            .split_once(':')
            .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips"));
        (is_uri(uri) && !uri.contains('?') && (is_sip || self.is_at_end())).then_some(uri)
    }

    pub(crate) fn host(&mut self) -> Option<&'a str> {
        if let Some(inner) = self.rest.strip_prefix('[') {
            let end = inner.find(']')?;
            let host = &inner[..end];
            self.take(end + 2);
            return (!host.is_empty() && host.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b)))
                .then_some(host);
        }
        let length = self.rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-._".contains(b)).count();
        (length > 0).then(|| self.take(length))
    }

    pub(crate) fn port(&mut self) -> Option<u16> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=5).contains(&length) {
            return None;
        }
        self.take(length).parse().ok()
    }

    /// `;name`, `;name=token` and `;name="quoted"`, until something else comes. `accept` says whether a parameter is right.
    pub(crate) fn parameters(&mut self, mut accept: impl FnMut(&'a str, Option<&'a str>) -> bool) -> Option<()> {
        while self.eat(';') {
            let name = self.token()?;
            let mut value = None;
            if self.eat('=') {
                if self.rest.starts_with('"') {
                    self.quoted()?;
                    self.blanks();
                } else {
                    // IPv6 references and their colons stand in `received` and `maddr`.
                    let length = self.rest.bytes().take_while(|b| is_token(*b) || b"[:]".contains(b)).count();
                    value = Some(self.take(length));
                }
            }
            if !accept(name, value) {
                return None;
            }
        }
        Some(())
    }
}

/// A scheme, a colon, and nothing that could end the URI in a line or between angle brackets; with sip and sips a user and a
/// host of their grammar, since PJSIP looks for the host from wherever its own reading of the user has ended.
pub(crate) fn is_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_clean = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"`\\^{}|".contains(&b));
    let is_sip = scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips");
    is_scheme && is_clean && (!is_sip || is_user_and_host(rest))
}

/// What follows the scheme: RFC 3261 section 25.1, `[ userinfo ] hostport uri-parameters [ headers ]`; `#` is not of the
/// grammar, but of telephones.
fn is_user_and_host(rest: &str) -> bool {
    let (user, host) = match rest.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, rest),
    };
    let is_user_byte = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/:%#".contains(&b);
    let is_escape = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    let is_user =
        |user: &str| !user.is_empty() && user.bytes().all(is_user_byte) && user.split('%').skip(1).all(is_escape);
    let is_host_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_v6_byte = |b: u8| b.is_ascii_hexdigit() || b":.".contains(&b);
    let end = match host.strip_prefix('[') {
        Some(v6) => v6.find(']').filter(|end| *end > 0 && v6[..*end].bytes().all(is_v6_byte)).map(|end| end + 2),
        None => Some(host.bytes().take_while(|b| is_host_byte(*b)).count()).filter(|end| *end > 0),
    };
    let is_hostport = end.is_some_and(|end| {
        let port = host[end..].split([';', '?']).next().unwrap_or_default();
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|_| port.len() <= 5))
    });
    user.is_none_or(is_user) && is_hostport && !host.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(rest: &str) -> Scanner<'_> {
        Scanner { rest }
    }

    type Parameter<'a> = (&'a str, Option<&'a str>);

    /// The parameters that were shown, and what is left behind them; `None`: malformed.
    fn parameters(value: &str) -> Option<(Vec<Parameter<'_>>, &str)> {
        let mut scanner = scanner(value);
        let mut shown = Vec::new();
        scanner.parameters(|name, value| {
            shown.push((name, value));
            name != "no"
        })?;
        Some((shown, scanner.rest))
    }

    #[test]
    fn a_step_passes_over_the_blanks_behind_it() {
        let mut scanner = scanner("SIP \t/ 2.0");
        assert_eq!(scanner.token(), Some("SIP"));
        assert!(!scanner.eat(';'));
        assert_eq!(scanner.rest, "/ 2.0", "what is not there leaves the rest as it was");
        assert!(scanner.eat('/'));
        assert_eq!((scanner.token(), scanner.is_at_end(), scanner.token()), (Some("2.0"), true, None));
    }

    #[test]
    fn a_quoted_string_ends_at_the_first_quote_that_is_not_escaped() {
        let mut scanner = scanner("\"a \\\"b\\\" \\\\\" <sip:a@b>");
        assert_eq!(scanner.quoted().as_deref(), Some("a \"b\" \\"));
        assert_eq!(scanner.rest, " <sip:a@b>");
        for open in ["\"", "\"a", "\"a\\\"", "\"ü\\"] {
            assert_eq!(Scanner { rest: open }.quoted(), None, "{open}");
        }
    }

    #[test]
    fn a_uri_stands_in_brackets_or_ends_at_its_first_parameter() {
        let mut bracketed = scanner("<sip:a@b;x=1> ;tag=t");
        assert_eq!((bracketed.bracketed(), bracketed.rest), (Some("sip:a@b;x=1"), ";tag=t"));
        let mut bare = scanner("sip:a@b ;tag=t");
        assert_eq!((bare.bare(), bare.rest), (Some("sip:a@b"), ";tag=t"));
        assert_eq!(scanner("tel:+49301").bare(), Some("tel:+49301"));
        for value in ["<sip:a@b", "<>", "<a b>", "sip:a@b"] {
            assert_eq!(scanner(value).bracketed(), None, "{value}");
        }
        for value in ["sip:a@b?x=1", "tel:+49301;x=1", "a", ""] {
            assert_eq!(scanner(value).bare(), None, "{value}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_a_port_is_a_number() {
        for (value, host, rest) in [
            ("pbx_1.example:5060", "pbx_1.example", ":5060"),
            ("[2001:db8::1] ;x", "2001:db8::1", ";x"),
            ("192.0.2.1, a", "192.0.2.1", ", a"),
        ] {
            let mut scanner = scanner(value);
            assert_eq!((scanner.host(), scanner.rest), (Some(host), rest), "{value}");
        }
        for value in ["", ":5060", "[]", "[::1", "[x]", "ü"] {
            assert_eq!(scanner(value).host(), None, "{value}");
        }
        assert_eq!((scanner("05060").port(), scanner("0").port()), (Some(5060), Some(0)));
        for value in ["", "x", "65536", "005060"] {
            assert_eq!(scanner(value).port(), None, "{value}");
        }
    }

    #[test]
    fn parameters_have_a_name_and_at_most_one_value() {
        let read = parameters("; a ;b= c;d=\"x;y\" ; received=[::1] , next");
        let shown = vec![("a", None), ("b", Some("c")), ("d", None), ("received", Some("[::1]"))];
        assert_eq!(read, Some((shown, ", next")), "a quoted value is passed over");
        assert_eq!(parameters("x"), Some((vec![], "x")));
        for value in [";", ";;a", ";=a", ";a=\"b", ";no"] {
            assert_eq!(parameters(value), None, "{value}");
        }
    }

    #[test]
    fn a_sip_uri_has_a_user_and_a_host() {
        for uri in [
            "sip:agent@192.0.2.1:5080;transport=udp",
            "sips:+49%2030;ext=2:pw@[2001:db8::1]:5061;lr?subject=a%40b",
            "sip:pbx",
            "sip:*21#@pbx.example",
            "tel:+49-30;phone-context=x",
            "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        ] {
            assert!(is_uri(uri), "{uri}");
        }
        for uri in [
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:%9[[a@[1]",
            "sip:a%4@h",
            "sip:a%zz@h",
            "sip:a@b@c",
            "sip:a@h:x",
            "sip:a@h:70000",
            "sip:a@[::1",
            "sip:a@[]",
            "sip:a[b@h",
            "1sip:a@h",
            "sip",
            "sip:a b@h",
        ] {
            assert!(!is_uri(uri), "{uri}");
        }
    }
}
