//! Whether a message is fit for PJSIP's upper layers. Pure; who may call is `gate.rs`.

use std::ffi::CStr;
use std::ops::Range;

use super::message::{Malformed, Message};
use super::sdp;

/// Larger messages come from no PBX we know; PJSIP's own buffer ends at 16,384.
const MAX_MESSAGE: usize = 12_288;
const MAX_BODY: usize = 8_192;
/// A registrar's Service-Route ends up in a fixed array of PJSUA's (PJSUA_ACC_MAX_PROXIES, 8).
const MAX_SERVICE_ROUTES: usize = 4;
const MAX_ROUTE: usize = 256;
/// Key of our tables of calls.
const MAX_CALL_ID: usize = 256;

/// The final response to a bad request. Of a bad response or ACK it only says why it is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// SIP status.
    pub code: u16,
    /// Reason phrase.
    pub reason: &'static str,
    /// Retry-After in seconds; 0: none.
    pub retry_after_s: u32,
    /// The Accept header.
    pub accept: Option<&'static CStr>,
}

impl Refusal {
    /// A response of a status and a reason phrase alone.
    pub const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason, retry_after_s: 0, accept: None }
    }
}

/// A message as it came in.
pub struct Packet<'a> {
    /// All of it.
    pub data: &'a [u8],
    /// TCP: its length was derived from Content-Length.
    pub is_stream: bool,
}

/// A message that may pass.
#[derive(Debug)]
pub struct Checked<'a> {
    /// Its headers.
    pub message: Message<'a>,
    /// As long as Content-Length says.
    pub body: &'a [u8],
    /// In the packet: bytes to be overwritten before the message passes.
    pub strike: Vec<Range<usize>>,
}

/// Checks form and body.
pub fn check<'a>(packet: &Packet<'a>, srtp: bool) -> Result<Checked<'a>, Refusal> {
    if packet.data.len() > MAX_MESSAGE {
        return Err(Refusal::new(413, "Message too large"));
    }
    let message = Message::parse(packet.data).map_err(refuse_malformed)?;
    check_single_headers(&message)?;
    let call_id = message.value("Call-ID");
    if call_id.is_empty() || call_id.len() > MAX_CALL_ID {
        return Err(Refusal::new(400, "Call-ID missing or too long"));
    }
    let body = body_range(&message, packet)?;
    if body.len() > MAX_BODY {
        return Err(Refusal::new(413, "Body too large"));
    }
    if message.values("Content-Encoding").any(|value| !value.eq_ignore_ascii_case("identity")) {
        return Err(Refusal::new(415, "Encoded body"));
    }
    check_service_routes(&message)?;
    let content = &packet.data[body.clone()];
    let strike = check_body(&message, content, srtp)?;
    let strike = strike.into_iter().map(|range| range.start + body.start..range.end + body.start).collect();
    Ok(Checked { message, body: content, strike })
}

fn refuse_malformed(why: Malformed) -> Refusal {
    match why {
        Malformed::Unterminated => Refusal::new(400, "Headers do not end"),
        Malformed::ControlCharacter => Refusal::new(400, "Control character in headers"),
        Malformed::TooManyHeaders => Refusal::new(413, "Too many headers"),
        Malformed::LineTooLong => Refusal::new(413, "Header too long"),
        Malformed::Header => Refusal::new(400, "Malformed header"),
    }
}

/// A header of which a second one, by its long or its compact name, would leave it open which of them counts.
const SINGLE: [&str; 17] = [
    "Call-ID",
    "Content-Disposition",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Event",
    "Expires",
    "From",
    "Max-Forwards",
    "Min-SE",
    "RAck",
    "Refer-To",
    "Referred-By",
    "Replaces",
    "RSeq",
    "Session-Expires",
    "To",
];

/// Headers that PJSIP reads by their grammar, besides [`SINGLE`].
const STRUCTURED: [&str; 12] = [
    "Authentication-Info",
    "Authorization",
    "Contact",
    "Min-Expires",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Record-Route",
    "Retry-After",
    "Route",
    "Subscription-State",
    "Via",
    "WWW-Authenticate",
];

fn check_single_headers(message: &Message<'_>) -> Result<(), Refusal> {
    for (at, (name, value)) in message.headers.iter().enumerate() {
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let is_single = is(&SINGLE);
        if is_single && message.headers[..at].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            return Err(Refusal::new(400, "Header given twice"));
        }
        if (is_single || is(&STRUCTURED)) && !ends_with_its_line(value) {
            return Err(Refusal::new(400, "Stray ampersand or quote in a header"));
        }
    }
    Ok(())
}

/// Whether PJSIP's reading of a header ends where ours does. It ends one at `&` (it reads those of a URI in the same way) and
/// takes what follows for the next one; only in quotes, in a URI and in the name before one that is a character like
/// others. And a quote that is not closed goes on over the next lines, headers and all.
fn ends_with_its_line(value: &str) -> bool {
    let value = match value.find([':', '<', '"']) {
        Some(at) if value[at..].starts_with('<') => &value[at..],
        _ => value,
    };
    let (mut is_quoted, mut is_bracketed, mut is_escaped) = (false, false, false);
    for c in value.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if !is_bracketed => is_quoted = !is_quoted,
            '<' if !is_quoted => is_bracketed = true,
            '>' if !is_quoted => is_bracketed = false,
            '&' if !is_quoted && !is_bracketed => return false,
            _ => {}
        }
    }
    !is_quoted
}

/// The body by Content-Length, which must agree with what came (RFC 3261 section 18.3).
fn body_range(message: &Message<'_>, packet: &Packet<'_>) -> Result<Range<usize>, Refusal> {
    const MALFORMED: Refusal = Refusal::new(400, "Bad Content-Length");
    let number = |value: &str| {
        let digits = (1..=6).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| value.parse::<usize>().ok()).flatten().ok_or(MALFORMED)
    };
    let length = message.values("Content-Length").next().map(number).transpose()?;
    let came = message.body.len();
    let start = message.body.start;
    match length {
        None if packet.is_stream => Err(MALFORMED),
        None => Ok(message.body.clone()),
        Some(length) if length > came => Err(MALFORMED),
        Some(length) => {
            // Line ends and NULs after a datagram's message are padding; anything else is a second message smuggled in.
            let padding = &packet.data[start + length..];
            if padding.iter().all(|b| b"\r\n\0 ".contains(b)) { Ok(start..start + length) } else { Err(MALFORMED) }
        }
    }
}

fn check_service_routes(message: &Message<'_>) -> Result<(), Refusal> {
    let routes: Vec<&str> = message.values("Service-Route").flat_map(|value| value.split(',')).collect();
    if routes.len() > MAX_SERVICE_ROUTES || routes.iter().any(|route| route.len() > MAX_ROUTE) {
        return Err(Refusal::new(400, "Service-Route too long"));
    }
    Ok(())
}

/// Bodies PJSUA would look into are checked; others may only come where it ignores them.
fn check_body(message: &Message<'_>, body: &[u8], srtp: bool) -> Result<Vec<Range<usize>>, Refusal> {
    const SDP: &CStr = c"application/sdp";
    let is_request = message.is_request();
    let kind = message.content_type();
    // Trunks send bodies of their own with a BYE. Nobody looks into them, and the call has ended whatever they hold.
    if body.is_empty() || matches!(message.method(), "BYE" | "CANCEL") {
        return Ok(Vec::new());
    }
    let Some(kind) = kind else {
        return Err(Refusal::new(400, "Body without Content-Type"));
    };
    // PJSIP's multipart parser is off (`patches/`): there is no reading one in part.
    if kind.starts_with("multipart/") {
        return Err(Refusal { accept: Some(SDP), ..Refusal::new(415, "Multipart body") });
    }
    if kind == "application/sdp" {
        return sdp::check(body, srtp).map_err(|e| Refusal::new(e.code, e.reason));
    }
    let allowed = match message.method() {
        "INVITE" | "ACK" | "UPDATE" | "PRACK" => !is_request,
        "INFO" => !is_request || matches!(kind.as_str(), "application/dtmf-relay" | "application/dtmf"),
        "NOTIFY" => !is_request || matches!(kind.as_str(), "message/sipfrag" | "application/simple-message-summary"),
        _ => true,
    };
    if !allowed {
        return Err(Refusal { accept: Some(SDP), ..Refusal::new(415, "Unsupported Media Type") });
    }
    // The headers within a sipfrag may be in Latin-1, as those of a message.
    let is_text = kind == "message/sipfrag" || std::str::from_utf8(body).is_ok();
    if !is_text || body.contains(&0) {
        return Err(Refusal::new(400, "Body is not text"));
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

    fn request(method: &str, headers: &str, body: &str) -> Vec<u8> {
        format!("{method} sip:a@b SIP/2.0\r\nCall-ID: x\r\nCSeq: 1 {method}\r\n{headers}\r\n{body}").into_bytes()
    }

    fn invite(body: &str) -> Vec<u8> {
        request("INVITE", &format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", body.len()), body)
    }

    fn code(data: &[u8]) -> u16 {
        check(&Packet { data, is_stream: false }, false).map_or_else(|refusal| refusal.code, |_| 0)
    }

    #[test]
    fn an_ordinary_request_passes() {
        assert_eq!(code(&invite(SDP)), 0);
        assert_eq!(code(&request("BYE", "Content-Length: 0\r\n", "")), 0);
        assert_eq!(code(&request("OPTIONS", "", "")), 0, "Content-Length may be left out over UDP");
    }

    #[test]
    fn the_body_must_be_as_long_as_content_length_says() {
        for length in ["1", &format!("{}", SDP.len() - 3), &format!("{}", SDP.len() + 1), "-1", "x", "", "99999999999"]
        {
            let data =
                request("INVITE", &format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n"), SDP);
            assert_eq!(code(&data), 400, "{length}");
        }
        let twice = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\nl: 0\r\n", SDP.len());
        assert_eq!(code(&request("INVITE", &twice, SDP)), 400);
        let mut padded = invite(SDP);
        padded.extend_from_slice(b"\r\n\0\0");
        assert_eq!(code(&padded), 0, "padding");
        padded.extend_from_slice(b"INVITE sip:second SIP/2.0\r\n\r\n");
        assert_eq!(code(&padded), 400, "a second message behind the first");
        let data = request("OPTIONS", "", "");
        assert_eq!(check(&Packet { data: &data, is_stream: true }, false).unwrap_err().code, 400, "TCP needs a length");
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(code(&request("OPTIONS", &format!("X: {}\r\n", "a".repeat(4100)), "")), 413);
        assert_eq!(code(&request("OPTIONS", &"X: aaaaaaaaaaaaaaa\r\n".repeat(1000), "")), 413);
        assert_eq!(code(&request("OPTIONS", &"X: a\r\n".repeat(200), "")), 413);
        let body = "a".repeat(MAX_BODY + 1);
        assert_eq!(
            code(&request("BYE", &format!("Content-Type: text/plain\r\nContent-Length: {}\r\n", body.len()), &body)),
            413
        );
        assert_eq!(code(b"OPTIONS sip:a SIP/2.0\r\n\r\n"), 400, "no Call-ID");
    }

    #[test]
    fn bodies_nobody_here_can_read_are_refused_with_what_can_be() {
        let mime = "Content-Type: multipart/mixed;boundary=x\r\nContent-Length: 5\r\n";
        let refusal = check(&Packet { data: &request("INVITE", mime, "--x--"), is_stream: false }, false).unwrap_err();
        assert_eq!((refusal.code, refusal.accept), (415, Some(c"application/sdp")));
        for (method, kind) in
            [("INVITE", "text/plain"), ("INFO", "application/media_control+xml"), ("NOTIFY", "text/xml")]
        {
            let headers = format!("Content-Type: {kind}\r\nContent-Length: 1\r\n");
            assert_eq!(code(&request(method, &headers, "x")), 415, "{method} {kind}");
        }
        assert_eq!(code(&request("INVITE", "Content-Length: 1\r\n", "x")), 400, "no Content-Type");
        let gzip = format!("Content-Type: application/sdp\r\ne: gzip\r\nContent-Length: {}\r\n", SDP.len());
        assert_eq!(code(&request("INVITE", &gzip, SDP)), 415);
        assert_eq!(
            code(&request(
                "NOTIFY",
                "Content-Type: message/sipfrag;version=2.0\r\nContent-Length: 14\r\n",
                "SIP/2.0 200 OK"
            )),
            0
        );
    }

    #[test]
    fn what_can_stand_once_stands_once_by_whatever_name() {
        for twice in [
            "To: <sip:a@b>\r\nTo: <sip:a@b>;tag=x\r\n",
            "t: <sip:a@b>;tag=x\r\nTo: <sip:a@b>\r\n",
            "From: <sip:a@b>;tag=x\r\nf: <sip:a@b>;tag=x\r\n",
            "i: x\r\n",
            "CSEQ: 1 OPTIONS\r\n",
            "Max-Forwards: 70\r\nMax-Forwards: 70\r\n",
            "Content-Length: 0\r\nl: 0\r\n",
        ] {
            assert_eq!(code(&request("OPTIONS", twice, "")), 400, "{twice}");
        }
        assert_eq!(code(&request("OPTIONS", "Route: <sip:a;lr>\r\nRoute: <sip:b;lr>\r\n", "")), 0);
    }

    #[test]
    fn no_header_is_hidden_behind_an_ampersand_or_in_a_quote() {
        for hidden in [
            "Max-Forwards: 70&To: <sip:a@b>",
            "To: <sip:a@b>&Replaces: a;to-tag=1;from-tag=2",
            "Contact: sip:a@b&Replaces: x",
            "Via: SIP/2.0/UDP a;branch=x&From: <sip:a@b>",
            "Authorization: Digest username=\"d\r\nX: \"",
            "Route: <sip:a;lr>;x=\"\\\"\r\nX: \"",
        ] {
            assert_eq!(code(&request("OPTIONS", &format!("{hidden}\r\n"), "")), 400, "{hidden}");
        }
        assert_eq!(code(&request("OPTIONS", "Contact: \"A & B\" <sip:a&b@c>\r\nSubject: A & B\r\n", "")), 0);
        assert_eq!(code(&request("OPTIONS", "From: Smith & Sons <sip:a@b>\r\n", "")), 0);
    }

    #[test]
    fn a_bye_ends_the_call_whatever_it_brings_along() {
        for kind in ["multipart/mixed;boundary=x", "application/ISUP;version=itu-t92+", "application/sdp"] {
            let headers = format!("Content-Type: {kind}\r\nContent-Length: 3\r\n");
            assert_eq!(code(&request("BYE", &headers, "\u{1}\0x")), 0, "{kind}");
        }
        let mut data =
            request("NOTIFY", "Content-Type: message/sipfrag\r\nContent-Length: 17\r\n", "SIP/2.0 200 OK \r\n");
        let last = data.len() - 1;
        data[last] = 0xfc;
        assert_eq!(code(&data), 0, "Latin-1");
    }

    #[test]
    fn sdp_is_checked_in_responses_too() {
        let bad = SDP.replace("RTP/AVP 0", "RTP/AVP 200");
        let head = "SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n";
        assert_eq!(code(format!("{head}\r\n{bad}").as_bytes()), 400);
        assert_eq!(code(format!("{head}\r\n{SDP}").as_bytes()), 0);
    }

    #[test]
    fn a_flood_of_service_routes_is_refused() {
        let head = "SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n";
        assert_eq!(code(format!("{head}Service-Route: <sip:a;lr>, <sip:b;lr>\r\n\r\n").as_bytes()), 0);
        let many = "Service-Route: <sip:a;lr>,<sip:b;lr>\r\n".repeat(3);
        assert_eq!(code(format!("{head}{many}\r\n").as_bytes()), 400);
        assert_eq!(code(format!("{head}Service-Route: <sip:{}>\r\n\r\n", "a".repeat(300)).as_bytes()), 400);
    }

    #[test]
    fn keys_that_srtp_does_not_want_are_struck_out_where_they_stand() {
        let data = invite(&format!("{SDP}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n"));
        let checked = check(&Packet { data: &data, is_stream: false }, false).unwrap();
        let [strike] = checked.strike.as_slice() else { panic!("{:?}", checked.strike) };
        assert_eq!(&data[strike.clone()], b"crypto");
    }
}
