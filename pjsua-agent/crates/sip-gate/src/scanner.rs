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
    /// of another scheme than sip and sips to the URI.
    pub(crate) fn bare(&mut self) -> Option<&'a str> {
        let end = self.rest.find([';', ' ', '\t', ',']).unwrap_or(self.rest.len());
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
