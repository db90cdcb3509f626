//! Values that are more than a string: sockets, networks, SIP URIs, header names.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use sip_gate::Transport;

/// Why a string is not the value it should be: completes a sentence that begins with the string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; allowed: {allowed}")]
pub struct BadValue {
    wrong: String,
    allowed: &'static str,
}

fn bad<T>(wrong: impl Into<String>, allowed: &'static str) -> Result<T, BadValue> {
    Err(BadValue { wrong: wrong.into(), allowed })
}

/// A socket to listen on: `udp://127.0.0.1:5080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// How
    pub transport: Transport,
    /// Where
    pub addr: SocketAddr,
}

impl FromStr for Listen {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        const ALLOWED: &str = "udp://ADDRESS:PORT or tcp://ADDRESS:PORT, ADDRESS an IP address";
        let (transport, rest) = match text.split_once("://") {
            Some(("udp", rest)) => (Transport::Udp, rest),
            Some(("tcp", rest)) => (Transport::Tcp, rest),
            Some(("tls", _)) => return bad("asks for TLS, which is not supported yet", ALLOWED),
            Some((other, _)) => return bad(format!("has the unknown transport “{other}”"), ALLOWED),
            None => return bad("has no transport", ALLOWED),
        };
        match rest.parse() {
            Ok(addr) => Ok(Listen { transport, addr }),
            Err(_) => bad("is not a socket address", ALLOWED),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        };
        write!(f, "{scheme}://{}", self.addr)
    }
}

/// A `sip:` URI with a host, RFC 3261 §19.1, without header fields.
#[derive(Clone, PartialEq, Eq)]
pub struct SipUri {
    text: String,
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

impl SipUri {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The user part, still escaped.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The host, an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, when it is given.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl FromStr for SipUri {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        const ALLOWED: &str = "sip:USER@HOST or sip:HOST, with :PORT and ;transport=tcp if need be";
        let rest = match text.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("sips") => {
                return bad("asks for TLS, which is not supported yet", ALLOWED);
            }
            _ => return bad("does not begin with “sip:”", ALLOWED),
        };
        if rest.contains(|c: char| !c.is_ascii_graphic() || "<>\"?".contains(c)) {
            return bad("holds a character that a SIP URI may not hold here", ALLOWED);
        }
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, _)) if user.is_empty() || user.contains(['@', '[', ']']) => {
                return bad("has no valid user before the “@”", ALLOWED);
            }
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        let host_and_port = rest.split(';').next().unwrap_or_default();
        let Some((host, port)) = split_port(host_and_port) else {
            return bad("has a port that is not 1 to 65535", ALLOWED);
        };
        if is_host(host) {
            Ok(SipUri { text: text.to_owned(), user, host: host.to_owned(), port })
        } else {
            bad(format!("has no valid host (“{host}”)"), ALLOWED)
        }
    }
}

fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = text.rfind(']').unwrap_or(0);
    match text[end_of_host..].rfind(':') {
        None => Some((text, None)),
        Some(colon) => {
            let port = text[end_of_host + colon + 1..].parse().ok().filter(|port| *port > 0)?;
            Some((&text[..end_of_host + colon], Some(port)))
        }
    }
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[') {
        return v6.strip_suffix(']').is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok());
    }
    let labels_fit = host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    });
    let looks_like_ipv4 = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    labels_fit && (!looks_like_ipv4 || host.parse::<IpAddr>().is_ok())
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SipUri({})", self.text)
    }
}

/// A header's name, or the start of one followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPattern {
    start: String,
    open: bool,
}

impl HeaderPattern {
    /// Whether it names `header`, without regard to case.
    pub fn matches(&self, header: &str) -> bool {
        match header.get(..self.start.len()) {
            Some(start) if self.open || header.len() == self.start.len() => start.eq_ignore_ascii_case(&self.start),
            _ => false,
        }
    }
}

impl FromStr for HeaderPattern {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        const ALLOWED: &str = "a header's name, or its beginning and “*”, such as X-*";
        let (start, open) = match text.strip_suffix('*') {
            Some(start) => (start, true),
            None => (text, false),
        };
        // A token of RFC 3261 §25.1; a lone “*” would hand the caller's credentials and route to the prompt.
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%_+`'~".contains(&byte);
        if start.is_empty() || !start.bytes().all(is_token) {
            return bad("is not a header's name", ALLOWED);
        }
        Ok(HeaderPattern { start: start.to_owned(), open })
    }
}

impl fmt::Display for HeaderPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.start, if self.open { "*" } else { "" })
    }
}

/// The language of a BCP 47 tag without region and script: `en` of `en-US`.
pub fn primary_language(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_has_a_transport_and_an_address() {
        for text in ["udp://127.0.0.1:5080", "tcp://[::1]:5060"] {
            assert_eq!(text.parse::<Listen>().expect(text).to_string(), text);
        }
        for text in
            ["127.0.0.1:5080", "udp:127.0.0.1:5080", "udp://localhost:5080", "udp://127.0.0.1", "sctp://1.2.3.4:5"]
        {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
        let error = "tls://127.0.0.1:5061".parse::<Listen>().expect_err("no TLS yet").to_string();
        assert!(error.contains("not supported yet"), "{error}");
    }

    #[test]
    fn a_sip_uri_is_taken_apart() {
        let uri: SipUri = "sip:agent@127.0.0.1:5070".parse().expect("a URI");
        assert_eq!((uri.user(), uri.host(), uri.port()), (Some("agent"), "127.0.0.1", Some(5070)));
        let uri: SipUri = "sip:pbx.example.org;transport=tcp".parse().expect("a URI");
        assert_eq!((uri.user(), uri.host(), uri.port()), (None, "pbx.example.org", None));
        let uri: SipUri = "sip:+4930123456@[2001:db8::1]:5060".parse().expect("a URI");
        assert_eq!((uri.user(), uri.host(), uri.port()), (Some("+4930123456"), "[2001:db8::1]", Some(5060)));
    }

    #[test]
    fn what_is_no_sip_uri_is_refused() {
        for text in [
            "",
            "agent@host",
            "http://host",
            "sips:agent@host",
            "sip:",
            "sip:@host",
            "sip:a@",
            "sip:a@host:0",
            "sip:a@host:70000",
            "sip:a b@host",
            "<sip:a@host>",
            "sip:a@host?Subject=x",
            "sip:a@-host",
            "sip:a@1.2.3",
            "sip:a@300.1.1.1",
            "sip:a@ho..st",
            "sip:a@[::1",
            "sip:a@host\r\nVia: x",
        ] {
            assert!(text.parse::<SipUri>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_header_pattern_matches_without_regard_to_case() {
        let open: HeaderPattern = "X-*".parse().expect("a pattern");
        assert!(open.matches("x-customer") && open.matches("X-") && !open.matches("Xylophone") && !open.matches("X"));
        let whole: HeaderPattern = "User-to-User".parse().expect("a pattern");
        assert!(whole.matches("user-TO-user") && !whole.matches("User-to-User-2") && !whole.matches("é-to-User"));
        for text in ["", "*", "X*Y", "X Y", "X:"] {
            assert!(text.parse::<HeaderPattern>().is_err(), "{text:?}");
        }
    }
}
