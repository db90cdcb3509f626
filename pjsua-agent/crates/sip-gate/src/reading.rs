//! The headers that decide what a message is and whom it concerns, read strictly by the grammar of RFC 3261 section 25.
//!
//! PJSIP's parser is lenient: the last of two tags counts, `&` ends a header, a value without a closing quote goes on. What
//! it reads otherwise than this module does must not reach it; `fuzz/` holds the two against each other.

use super::gate::Parsed;
use super::guard::Refusal;
use super::message::{Message, is_token};
use super::scanner::{Scanner, is_uri};

/// RFC 3261 section 8.1.1.5: less than 2^31.
const MAX_CSEQ: u32 = i32::MAX as u32;

/// What identifies a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Of a request its own; of a response that of its CSeq.
    pub method: &'a str,
    /// Of a request; empty in a response.
    pub request_uri: &'a str,
    /// Call-ID.
    pub call_id: &'a str,
    /// From.
    pub from: Address,
    /// To.
    pub to: Address,
    /// The number of CSeq.
    pub cseq: u32,
    /// The topmost Via.
    pub via: Via<'a>,
    /// The first Contact; `None` without one, or for `*`.
    pub contact: Option<Address>,
}

impl<'a> Reading<'a> {
    /// Reads the headers that every message has, and Contact. The error is the reason phrase of a 400.
    pub fn of(message: &'a Message<'_>) -> Result<Self, &'static str> {
        let (request_method, request_uri) = match message.is_request() {
            true => request_line(&message.first_line).ok_or("Malformed Request-Line")?,
            false => {
                status_line(&message.first_line).ok_or("Malformed Status-Line")?;
                ("", "")
            }
        };
        let (cseq, cseq_method) = cseq(message.value("CSeq")).ok_or("Malformed CSeq")?;
        if message.is_request() && cseq_method != request_method {
            return Err("CSeq names another method");
        }
        let call_id = message.value("Call-ID");
        if !is_call_id(call_id) {
            return Err("Malformed Call-ID");
        }
        let address = |name, wrong| Address::parse(message.value(name)).ok_or(wrong);
        let from = address("From", "Malformed From")?;
        let to = address("To", "Malformed To")?;
        let via = Via::first(message.value("Via")).ok_or("Malformed Via")?;
        let contact = match message.values("Contact").next() {
            None | Some("*") => None,
            Some(value) => Some(Address::first(value).ok_or("Malformed Contact")?),
        };
        Ok(Reading { method: cseq_method, request_uri, call_id, from, to, cseq, via, contact })
    }

    /// Whether PJSIP has read the same.
    pub fn agrees(&self, parsed: &Parsed<'_>) -> Result<(), Refusal> {
        let tag = |address: &Address| address.tag.clone().unwrap_or_default();
        let same = self.method.as_bytes() == parsed.method
            && self.method.as_bytes() == parsed.cseq_method
            // PJSIP counts blanks at the end of the line to the Call-ID.
            && self.call_id.as_bytes() == parsed.call_id.trim_ascii_end()
            && tag(&self.from).as_bytes() == parsed.from_tag
            && tag(&self.to).as_bytes() == parsed.to_tag
            && self.cseq == parsed.cseq;
        if same { Ok(()) } else { Err(Refusal::new(400, "Ambiguous headers")) }
    }
}

/// `INVITE sip:user@host SIP/2.0`, with single blanks (RFC 3261 section 7.1).
fn request_line(line: &str) -> Option<(&str, &str)> {
    let mut parts = line.split(' ');
    let (method, uri, version) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && version.eq_ignore_ascii_case("SIP/2.0");
    (is_whole && is_method(method) && is_uri(uri)).then_some((method, uri))
}

/// A token. Methods are case-sensitive (RFC 3261 section 7.1), and PJSIP takes these six for each other.
fn is_method(method: &str) -> bool {
    const KNOWN: [&str; 6] = ["ACK", "BYE", "CANCEL", "INVITE", "OPTIONS", "REGISTER"];
    let known = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(method));
    let is_written_right = known.is_none_or(|known| *known == method);
    !method.is_empty() && method.bytes().all(is_token) && is_written_right
}

fn status_line(line: &str) -> Option<()> {
    let rest = line.strip_prefix("SIP/2.0 ")?;
    let code = rest.split(' ').next()?;
    (code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit())).then_some(())
}

fn cseq(value: &str) -> Option<(u32, &str)> {
    let digits = value.len() - value.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = value.split_at(digits);
    let method = rest.trim_matches([' ', '\t']);
    let is_whole = rest.starts_with([' ', '\t']) && is_method(method);
    // Ten digits hold the largest; leading zeros are counted so that no parser's buffer is tried.
    let number = (1..=10).contains(&digits).then(|| number.parse::<u32>().ok()).flatten()?;
    (is_whole && number <= MAX_CSEQ).then_some((number, method))
}

/// RFC 3261 `callid`: one word, or two with an `@` between them.
fn is_call_id(value: &str) -> bool {
    let is_word = |b: u8| is_token(b) || b"()<>:\\\"/[]?{}".contains(&b);
    !value.is_empty()
        && value.split('@').count() <= 2
        && value.split('@').all(|w| !w.is_empty() && w.bytes().all(is_word))
}

/// A From, To or Contact value: `"Name" <uri>;tag=x`, `Name <uri>` or a bare `uri;tag=x` (RFC 3261 section 20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Without quotes and escapes; empty if there is none.
    pub name: String,
    /// What stands between the angle brackets, or before the first `;`.
    pub uri: String,
    /// Of the header, not of the URI.
    pub tag: Option<String>,
}

impl Address {
    /// Reads a whole value.
    pub fn parse(value: &str) -> Option<Self> {
        let mut scanner = Scanner { rest: value };
        let address = Self::scan(&mut scanner)?;
        scanner.is_at_end().then_some(address)
    }

    /// Reads the first of a list.
    pub fn first(value: &str) -> Option<Self> {
        let mut scanner = Scanner { rest: value };
        let address = Self::scan(&mut scanner)?;
        (scanner.is_at_end() || scanner.rest.starts_with(',')).then_some(address)
    }

    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        scanner.blanks();
        let (name, uri) = if scanner.rest.starts_with('"') {
            let name = scanner.quoted()?;
            scanner.blanks();
            (name, scanner.bracketed()?)
        } else {
            match scanner.rest.find('<') {
                Some(at) if scanner.rest[..at].bytes().all(is_unquoted_name) => {
                    let (name, rest) = scanner.rest.split_at(at);
                    scanner.rest = rest;
                    (name.trim().to_owned(), scanner.bracketed()?)
                }
                _ => (String::new(), scanner.bare()?),
            }
        };
        let mut tag = None;
        scanner.parameters(|name, value| {
            if !name.eq_ignore_ascii_case("tag") {
                return true;
            }
            let is_tag = value.is_some_and(|value| !value.is_empty() && value.bytes().all(is_token));
            is_tag && tag.replace(value.unwrap_or_default().to_owned()).is_none()
        })?;
        Some(Self { name, uri: uri.to_owned(), tag })
    }
}

/// What may stand before `<` without quotes: tokens and blanks by the grammar; in practice everything but what could be
/// the beginning of something else.
fn is_unquoted_name(byte: u8) -> bool {
    !b"\":;=<>".contains(&byte)
}

/// `SIP/2.0/UDP host:port;branch=x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, …
    pub transport: &'a str,
    /// Without brackets round an IPv6 address.
    pub host: &'a str,
    /// `None`: the transport's own.
    pub port: Option<u16>,
    /// The transaction's name; empty if there is none.
    pub branch: &'a str,
}

impl<'a> Via<'a> {
    /// Reads the first of a list.
    pub fn first(value: &'a str) -> Option<Self> {
        let mut scanner = Scanner { rest: value };
        let is_sip = scanner.token()?.eq_ignore_ascii_case("SIP") && scanner.eat('/');
        let is_version = scanner.token()? == "2.0" && scanner.eat('/');
        if !is_sip || !is_version {
            return None;
        }
        let transport = scanner.token()?;
        let host = scanner.host()?;
        let port = match scanner.eat(':') {
            true => Some(scanner.port()?),
            false => None,
        };
        let mut branch = None;
        scanner.parameters(|name, value| {
            if !name.eq_ignore_ascii_case("branch") {
                return true;
            }
            let is_branch = value.is_some_and(|value| !value.is_empty() && value.bytes().all(is_token));
            is_branch && branch.replace(value.unwrap_or_default()).is_none()
        })?;
        let is_whole = scanner.is_at_end() || scanner.rest.starts_with(',');
        is_whole.then_some(Self { transport, host, port, branch: branch.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(value: &str) -> Option<Option<String>> {
        Address::parse(value).map(|address| address.tag)
    }

    #[test]
    fn an_address_is_read_in_each_of_its_forms() {
        let from = Address::parse("\"Ann \\\"A\\\" Lee\" <sip:+49301@pbx>;tag=1").unwrap();
        assert_eq!(
            (from.name.as_str(), from.uri.as_str(), from.tag.as_deref()),
            ("Ann \"A\" Lee", "sip:+49301@pbx", Some("1"))
        );
        let bare = Address::parse("sip:bob@b;tag=x").unwrap();
        assert_eq!((bare.name.as_str(), bare.uri.as_str(), bare.tag.as_deref()), ("", "sip:bob@b", Some("x")));
        let plain = Address::parse("Bob B <sip:bob@b;user=phone>").unwrap();
        assert_eq!((plain.name.as_str(), plain.uri.as_str(), plain.tag), ("Bob B", "sip:bob@b;user=phone", None));
        assert_eq!(tag("<sip:a@b>;x;y=\"z;tag=no\" ; TAG = t1 "), Some(Some("t1".into())));
        assert_eq!(Address::parse("Jürgen <tel:+4930>").map(|a| a.name).as_deref(), Some("Jürgen"));
    }

    #[test]
    fn a_tag_is_a_token_and_stands_once() {
        for value in [
            "<sip:demo@127.0.0.1>;tag=",
            "<sip:demo@127.0.0.1>;tag",
            "<sip:demo@127.0.0.1>;tag=a;tag=b",
            "<sip:demo@127.0.0.1>;tag=\"a\"",
            "<sip:demo@127.0.0.1>;tag=a&Call-ID: b",
            "<sip:demo@127.0.0.1>;x=\"open;tag=a",
            "<sip:demo@127.0.0.1>,<sip:a@b>;tag=x",
            "<sip:demo@127.0.0.1> tag=x",
            "tel:+4930;tag=x",
        ] {
            assert_eq!(tag(value), None, "{value}");
        }
        assert_eq!(tag("<sip:demo@127.0.0.1>;x=\";tag=y\""), Some(None), "within quotes it is none");
        assert_eq!(tag("<sip:demo@127.0.0.1;tag=y>"), Some(None), "that of the URI is another");
    }

    #[test]
    fn the_first_contact_of_a_list_ends_where_both_parsers_end_it() {
        let uri = |value: &str| Address::first(value).map(|address| address.uri);
        assert_eq!(uri("sip:a@h,sip:b@h").as_deref(), Some("sip:a@h"));
        assert_eq!(uri("sip:h, sip:b@h").as_deref(), Some("sip:h"));
        assert_eq!(uri("<sip:a,b@h>, <sip:c@h>").as_deref(), Some("sip:a,b@h"));
        // PJSIP reads the user "a,b", or "a,sip" with a password.
        for value in ["sip:a,b@h", "sip:a,sip:b@h", "sip:a;b@h"] {
            assert_eq!(uri(value), None, "{value}");
        }
    }

    #[test]
    fn a_via_is_read_up_to_the_next_one() {
        let via = Via::first("SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bK1, SIP/2.0/TCP a").unwrap();
        assert_eq!((via.transport, via.host, via.port, via.branch), ("UDP", "192.0.2.9", Some(5070), "z9hG4bK1"));
        let via = Via::first("SIP / 2.0 / TLS [2001:db8::1];received=[::1]").unwrap();
        assert_eq!((via.transport, via.host, via.port, via.branch), ("TLS", "2001:db8::1", None, ""));
        for value in
            ["", "SIP/2.0/UDP", "SIP/3.0/UDP a", "SIP/2.0/UDP a:x", "SIP/2.0/UDP a;branch=1;branch=2", "HTTP/2.0/UDP a"]
        {
            assert_eq!(Via::first(value), None, "{value}");
        }
    }

    #[test]
    fn a_message_may_be_written_as_widely_as_the_grammar_allows() {
        let data = b"INVITE sip:agent@pbx;unknown SIP/2.0\r\nTO :\r\n sip:agent@pbx ;   tag    = t1\r\n\
            from   : \"A \\\\\\\"\"       <sip:ann@pbx>\r\n  ;\r\n  tag = f1\r\nCall-ID: wide.1@192.0.2.1\r\ncseq: 0009\r\n  INVITE\r\n\
            Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
            v:  SIP  / 2.0  / TCP     host   ;\r\n  branch  =   z9hG4bK9  ,\r\n SIP  /    2.0   / UDP  192.0.2.3   ; branch=\r\n z9\r\n\
            m:\"Q \\\"\\\"\" <sip:ann@pbx> ; new =\r\n      value ;\r\n  second ; q = 0.33\r\n\r\n";
        let message = Message::parse(data).unwrap();
        let reading = Reading::of(&message).unwrap();
        assert_eq!((reading.to.tag.as_deref(), reading.from.tag.as_deref()), (Some("t1"), Some("f1")));
        assert_eq!((reading.from.name.as_str(), reading.cseq, reading.method), ("A \\\"", 9, "INVITE"));
        assert_eq!((reading.via.host, reading.via.branch), ("192.0.2.2", "390skdjuw"));
        assert_eq!(reading.contact.unwrap().uri, "sip:ann@pbx");
    }

    #[test]
    fn a_sequence_number_stays_below_two_to_the_31() {
        assert_eq!(cseq("7 INVITE"), Some((7, "INVITE")));
        assert_eq!(cseq("2147483647\tBYE"), Some((i32::MAX as u32, "BYE")));
        for value in
            ["2147483648 BYE", "99999999999 BYE", "-1 BYE", "1", "BYE", "1BYE", "1 BYE x", "00000000001 BYE", ""]
        {
            assert_eq!(cseq(value), None, "{value}");
        }
    }

    #[test]
    fn a_request_line_has_three_parts() {
        assert_eq!(request_line("BYE sip:a@b SIP/2.0"), Some(("BYE", "sip:a@b")));
        for line in [
            "BYE  sip:a@b SIP/2.0",
            "BYE sip:a@b",
            "BYE a SIP/2.0",
            "sip/2.0 200 OK",
            "B/E sip:a SIP/2.0",
            "Bye sip:a@b SIP/2.0",
            "BYE sip:a@b SIP/2.0 ",
        ] {
            assert_eq!(request_line(line), None, "{line}");
        }
    }
}
