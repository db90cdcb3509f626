//! A received SIP message as text: header names and values, split but not interpreted. Pure.

use std::borrow::Cow;
use std::ops::Range;

/// Why a text is not taken for a SIP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// No empty line after the headers.
    Unterminated,
    /// A NUL or another control character outside the body.
    ControlCharacter,
    /// More header lines than any real message has.
    TooManyHeaders,
    /// A header line longer than any real one.
    LineTooLong,
    /// A line without a colon, or with no token before it.
    Header,
}

const MAX_HEADERS: usize = 128;
const MAX_LINE: usize = 4096;

/// A message, split.
#[derive(Debug)]
pub struct Message<'a> {
    /// Request-Line or Status-Line.
    pub first_line: Cow<'a, str>,
    /// Long names as sent or expanded; values unfolded, trimmed.
    pub headers: Vec<(Cow<'a, str>, String)>,
    /// Where the body lies in the bytes parsed.
    pub body: Range<usize>,
}

impl<'a> Message<'a> {
    /// Splits `data` by RFC 3261 section 7: lines, folded lines, names, values.
    pub fn parse(data: &'a [u8]) -> Result<Self, Malformed> {
        let mut lines: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        loop {
            let rest = &data[at..];
            let end = rest.iter().position(|b| *b == b'\n').ok_or(Malformed::Unterminated)?;
            let line = &rest[..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            check_line(line)?;
            let range = at..at + line.len();
            at += end + 1;
            match line.first() {
                None => break,
                Some(b' ' | b'\t') if lines.len() > 1 => {
                    let last = lines.last_mut().ok_or(Malformed::Header)?;
                    last.end = range.end;
                    if last.len() > MAX_LINE {
                        return Err(Malformed::LineTooLong);
                    }
                }
                Some(_) => lines.push(range),
            }
            if lines.len() > MAX_HEADERS {
                return Err(Malformed::TooManyHeaders);
            }
        }
        let mut lines = lines.into_iter().map(|range| &data[range]);
        let first_line = String::from_utf8_lossy(lines.next().ok_or(Malformed::Unterminated)?);
        let headers = lines.map(parse_header).collect::<Result<_, _>>()?;
        Ok(Self { first_line, headers, body: at..data.len() })
    }

    /// All values of a header, by its long name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a header; empty if there is none.
    pub fn value(&self, name: &str) -> &str {
        self.values(name).next().unwrap_or_default()
    }

    /// Whether it is a request and not a response.
    pub fn is_request(&self) -> bool {
        !self.first_line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/"))
    }

    /// The method of a request; of a response, that of its CSeq.
    pub fn method(&self) -> &str {
        if self.is_request() {
            self.first_line.split(' ').next().unwrap_or_default()
        } else {
            self.value("CSeq").rsplit([' ', '\t']).next().unwrap_or_default()
        }
    }

    /// `type/subtype` of Content-Type in lower case; `None` without one.
    pub fn content_type(&self) -> Option<String> {
        let value = self.values("Content-Type").next()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

fn check_line(line: &[u8]) -> Result<(), Malformed> {
    if line.len() > MAX_LINE {
        return Err(Malformed::LineTooLong);
    }
    // Bytes above 127 are allowed in display names (UTF-8, in practice Latin-1 as well).
    if line.iter().any(|b| (*b < b' ' && *b != b'\t') || *b == 0x7f) {
        return Err(Malformed::ControlCharacter);
    }
    Ok(())
}

fn parse_header(line: &[u8]) -> Result<(Cow<'_, str>, String), Malformed> {
    let colon = line.iter().position(|b| *b == b':').ok_or(Malformed::Header)?;
    let name = line[..colon].trim_ascii_end();
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        return Err(Malformed::Header);
    }
    let value = String::from_utf8_lossy(&line[colon + 1..]);
    let value = value.split(['\r', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Ok((long_name(name), value.trim().to_owned()))
}

/// RFC 3261 section 25.1, `token`.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// Expands a compact header name (IANA's SIP header field registry).
fn long_name(name: &[u8]) -> Cow<'_, str> {
    let long = match name {
        [letter] => match letter.to_ascii_lowercase() {
            b'a' => "Accept-Contact",
            b'b' => "Referred-By",
            b'c' => "Content-Type",
            b'd' => "Request-Disposition",
            b'e' => "Content-Encoding",
            b'f' => "From",
            b'i' => "Call-ID",
            b'j' => "Reject-Contact",
            b'k' => "Supported",
            b'l' => "Content-Length",
            b'm' => "Contact",
            b'n' => "Identity-Info",
            b'o' => "Event",
            b'r' => "Refer-To",
            b's' => "Subject",
            b't' => "To",
            b'u' => "Allow-Events",
            b'v' => "Via",
            b'x' => "Session-Expires",
            b'y' => "Identity",
            _ => return String::from_utf8_lossy(name),
        },
        _ => return String::from_utf8_lossy(name),
    };
    Cow::Borrowed(long)
}

/// The user part of a `sip:`, `sips:` or `tel:` URI; empty if it has none.
pub fn uri_user(uri: &str) -> &str {
    let Some((scheme, rest)) = uri.split_once(':') else { return "" };
    if scheme.eq_ignore_ascii_case("tel") {
        return rest.split([';', '?']).next().unwrap_or_default();
    }
    match rest.split_once('@') {
        // A password or user parameters may follow the user.
        Some((userinfo, _)) => userinfo.split([':', ';']).next().unwrap_or_default(),
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::Reading;
    use super::*;

    const INVITE: &[u8] = b"INVITE sip:agent@192.0.2.1:5080 SIP/2.0\r\n\
        v: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
        f: \"Ann \\\"A\\\" Lee\" <sip:+49301@pbx>;tag=1\r\n\
        To: <sip:agent@pbx>\r\n\
        i: abc@pbx\r\n\
        CSeq: 7 INVITE\r\n\
        X-Note: first\r\n \t second\r\n\
        c: application/SDP ; charset=utf-8\r\n\
        l: 3\r\n\r\nv=0";

    #[test]
    fn compact_names_are_expanded_and_folded_lines_joined() {
        let message = Message::parse(INVITE).unwrap();
        assert_eq!(message.method(), "INVITE");
        assert_eq!(message.value("call-id"), "abc@pbx");
        assert_eq!(message.value("X-Note"), "first second");
        assert_eq!(message.content_type().as_deref(), Some("application/sdp"));
        assert_eq!(&INVITE[message.body.clone()], b"v=0");
    }

    #[test]
    fn a_response_has_the_method_of_its_cseq() {
        let message = Message::parse(b"SIP/2.0 200 OK\r\nCSeq: 2 REGISTER\r\n\r\n").unwrap();
        assert_eq!(message.method(), "REGISTER");
    }

    #[test]
    fn a_header_that_stands_twice_has_its_values_in_their_order() {
        let message = Message::parse(b"BYE sip:a SIP/2.0\r\nm: <sip:a>\r\nX:\r\nContact : <sip:b>\r\n\r\n").unwrap();
        assert_eq!(message.values("contact").collect::<Vec<_>>(), ["<sip:a>", "<sip:b>"]);
        assert_eq!((message.value("Contact"), message.value("X"), message.value("To")), ("<sip:a>", "", ""));
        assert_eq!((message.is_request(), message.content_type()), (true, None));
    }

    #[test]
    fn the_user_of_a_uri_is_found_with_and_without_password_and_parameters() {
        for (uri, user) in [
            ("sip:alice@host", "alice"),
            ("sips:alice:secret@host;x=1", "alice"),
            ("sip:+49;ext=1@host", "+49"),
            ("tel:+4930;phone-context=x", "+4930"),
            ("sip:host:5060", ""),
            ("nonsense", ""),
        ] {
            assert_eq!(uri_user(uri), user, "{uri}");
        }
    }

    #[test]
    fn what_is_no_message_is_named() {
        let long = [b"OPTIONS sip:a SIP/2.0\r\nX: ".as_slice(), &vec![b'a'; MAX_LINE + 1], b"\r\n\r\n"].concat();
        let many = [b"OPTIONS sip:a SIP/2.0\r\n".as_slice(), &b"X: 1\r\n".repeat(MAX_HEADERS + 1), b"\r\n"].concat();
        let folded =
            [b"OPTIONS sip:a SIP/2.0\r\nX: 1\r\n".as_slice(), &b" aaaaaaaaaaaaaaaaaaaa\r\n".repeat(400), b"\r\n"];
        for (data, why) in [
            (b"OPTIONS sip:a SIP/2.0\r\nTo: b".as_slice(), Malformed::Unterminated),
            (b"", Malformed::Unterminated),
            (b"OPTIONS sip:a SIP/2.0\r\nTo: b\0\r\n\r\n", Malformed::ControlCharacter),
            (b"OPTIONS sip:a SIP/2.0\r\nTo\r\n\r\n", Malformed::Header),
            (b"OPTIONS sip:a SIP/2.0\r\n: x\r\n\r\n", Malformed::Header),
            (b"OPTIONS sip:a SIP/2.0\r\nT o: x\r\n\r\n", Malformed::Header),
            (&long, Malformed::LineTooLong),
            (&many, Malformed::TooManyHeaders),
            (&folded.concat(), Malformed::LineTooLong),
        ] {
            assert_eq!(
                Message::parse(data).unwrap_err(),
                why,
                "{}",
                String::from_utf8_lossy(&data[..data.len().min(60)])
            );
        }
    }

    #[test]
    fn no_input_makes_the_parser_panic() {
        for end in 0..INVITE.len() {
            for byte in [0, b'\r', b'\n', b' ', b':', b'"', b'<', 0xff] {
                let mut data = INVITE[..end].to_vec();
                data.push(byte);
                data.extend_from_slice(b"\r\n\r\n");
                if let Ok(message) = Message::parse(&data) {
                    let _ = (message.method(), Reading::of(&message).is_ok());
                }
            }
        }
    }
}
