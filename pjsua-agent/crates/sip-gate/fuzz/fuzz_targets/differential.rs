//! Our reading of a message held against PJSIP's: what `guard::check` and `Reading::of` let pass, PJSIP reads in the same
//! way, or not at all. In the daemon a difference is refused; here it is a finding, since the strict reading should have
//! refused it before.
//!
//! ```sh
//! scripts/fuzz differential 3600      # seconds
//! ```
#![no_main]

use std::borrow::Cow;
use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use pjsip_sys::shim;
use sip_gate::{Packet, Reading, uri_user};

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else { return };
    let message = if mode % 4 == 0 { rest.to_vec() } else { composed(mode % 4, rest) };
    compare(&message, mode & 64 != 0);
});

/// What the headers of a message are made of here: pieces at which parsers part company.
const PIECES: [&str; 64] = [
    "<sip:a@b>", "sip:a@b", "\"A\" <sip:a@b>", "A B <sip:a@b;x=1>", "<tel:+491>", "<sips:u:p@h:5061>", ";tag=", ";tag=x",
    ";TAG = y", ";tag", ";x=\"", "\"", "\\", "\\\"", "<", ">", "@", ":", ";", "=", ",", "&", "?", "%41", "%", "/", " ", "\t",
    "\r\n ", "\r\n", "\n", "\r", "\0", "[", "]", "[::1]", "(", ")", "*", "SIP/2.0/UDP", "SIP / 2.0 / TCP", "h:5060",
    ";branch=", ";branch=z9hG4bK1", ";rport", ";received=1.2.3.4", "1 INVITE", "2147483648 BYE", "1", " INVITE", "To: ",
    "t:", "From: <sip:c@d>;tag=z", "i: w", "Replaces: a;to-tag=1;from-tag=2", "Call-ID", "INVITE", "invite", "SIP/2.0",
    "\u{fc}", "\u{7f}", "'", "`", "a",
];

/// Headers that are replaced by pieces, with what stands there otherwise.
const HEADERS: [(&str, &str); 7] = [
    ("Via: ", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
    ("From: ", "<sip:a@b>;tag=f"),
    ("To: ", "<sip:a@b>"),
    ("Call-ID: ", "c"),
    ("CSeq: ", "1 INVITE"),
    ("Contact: ", "<sip:a@b>"),
    ("Max-Forwards: ", "70"),
];

/// A request whose headers are put together from [`PIECES`]: `bytes` choose which, one header after the other.
fn composed(mode: u8, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.iter().copied();
    let mut piece = || bytes.next().map(|byte| (byte, PIECES[usize::from(byte) % PIECES.len()]));
    let mut text = String::new();
    // Mostly one header is odd; with mode 3 the first line may be, too.
    match (mode, piece()) {
        (3, Some((byte, odd))) if byte & 64 != 0 => text.push_str(odd),
        _ => text.push_str("INVITE sip:a@b SIP/2.0"),
    }
    text.push_str("\r\n");
    for (name, usual) in HEADERS {
        let Some((byte, first)) = piece() else {
            text.push_str(&format!("{name}{usual}\r\n"));
            continue;
        };
        text.push_str(name);
        match byte >> 6 {
            0 => text.push_str(usual),
            1 => {
                text.push_str(usual);
                text.push_str(first);
                (0..mode).filter_map(|_| piece()).for_each(|(_, more)| text.push_str(more));
            }
            _ => {
                text.push_str(first);
                (0..2 * mode).filter_map(|_| piece()).for_each(|(_, more)| text.push_str(more));
            }
        }
        text.push_str("\r\n");
    }
    text.push_str("Content-Length: 0\r\n\r\n");
    text.into_bytes()
}

/// What PJSIP makes of a message, copied out of its buffers.
#[derive(Debug, PartialEq, Eq)]
struct Theirs {
    is_request: bool,
    is_repeated: bool,
    has_replaces: bool,
    method: String,
    call_id: String,
    from_tag: String,
    to_tag: String,
    cseq: u32,
    cseq_method: String,
    request: Option<(String, String)>,
    from: Option<(String, String)>,
    to: Option<(String, String)>,
    contact: Option<(String, String)>,
    via: (String, String, u16, String),
}

fn compare(data: &[u8], is_stream: bool) {
    let Ok(checked) = sip_gate::check(&Packet { data, is_stream }, true) else { return };
    let message = &checked.message;
    let Ok(ours) = Reading::of(message) else { return };
    let Some(theirs) = parse(data) else { return };
    let tag = |tag: &Option<String>| tag.clone().unwrap_or_default();
    // A scheme other than sip and sips is nothing that PJSIP takes apart.
    let uri = |uri: &str, theirs: &Option<(String, String)>| theirs.as_ref().map(|_| user_and_host(uri));
    let has_replaces = message.values("Replaces").next().is_some();
    let expected = Theirs {
        is_request: message.is_request(),
        is_repeated: false,
        has_replaces,
        method: ours.method.to_owned(),
        call_id: ours.call_id.to_owned(),
        from_tag: tag(&ours.from.tag),
        to_tag: tag(&ours.to.tag),
        cseq: ours.cseq,
        cseq_method: ours.method.to_owned(),
        request: uri(ours.request_uri, &theirs.request),
        from: uri(&ours.from.uri, &theirs.from),
        to: uri(&ours.to.uri, &theirs.to),
        contact: ours.contact.as_ref().and_then(|contact| uri(&contact.uri, &theirs.contact)),
        via: (
            ours.via.transport.to_owned(),
            ours.via.host.to_ascii_lowercase(),
            ours.via.port.unwrap_or_default(),
            ours.via.branch.to_owned(),
        ),
    };
    assert_eq!(expected, theirs, "ours, then PJSIP's, of {:?}", String::from_utf8_lossy(data));
}

/// The user of a URI with its escapes undone, and its host.
fn user_and_host(uri: &str) -> (String, String) {
    let rest = uri.split_once(':').map_or("", |(_, rest)| rest);
    let (user, host) = rest.split_once('@').unwrap_or(("", rest));
    // `uri_user` leaves out parameters of the user as well, which PJSIP counts to it.
    let user = user.split(':').next().unwrap_or_default();
    assert!(uri_user(uri).is_empty() || user.starts_with(uri_user(uri)), "{uri}");
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split([':', ';', '?']).next().unwrap_or_default(),
    };
    (unescaped(user), host.to_ascii_lowercase())
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// libFuzzer runs a target on one thread.
struct Parser(*mut shim::agent_parser);
// SAFETY: see above; it is never used by two threads.
unsafe impl Send for Parser {}
// SAFETY: as above.
unsafe impl Sync for Parser {}

fn parse(data: &[u8]) -> Option<Theirs> {
    static PARSER: OnceLock<Parser> = OnceLock::new();
    let parser = PARSER.get_or_init(|| {
        let mut parser = ptr::null_mut();
        // SAFETY: the place is valid; there is no other endpoint in this process.
        assert_eq!(unsafe { shim::agent_parser_open(&mut parser) }, 0);
        Parser(parser)
    });
    let mut buffer = [data, &[0]].concat();
    let mut theirs: Option<Theirs> = None;
    // SAFETY: the buffer ends in a NUL behind its length; `take` is called during the call only, with `theirs` as its user.
    unsafe {
        shim::agent_parser_parse(parser.0, buffer.as_mut_ptr().cast(), data.len(), Some(take), (&raw mut theirs).cast());
    }
    theirs
}

unsafe extern "C" fn take(user: *mut c_void, reading: *const shim::agent_reading) {
    // SAFETY: `parse` passes its own place; the reading and its strings live during the call.
    unsafe {
        let reading = &*reading;
        let uri = |uri: &shim::agent_uri| {
            (uri.is_sip != 0).then(|| (text(uri.user).into_owned(), text(uri.host).to_ascii_lowercase()))
        };
        *user.cast::<Option<Theirs>>() = Some(Theirs {
            is_request: reading.is_request != 0,
            is_repeated: reading.is_repeated != 0,
            has_replaces: reading.has_replaces != 0,
            method: text(reading.method).into_owned(),
            // With blanks at the end of its line, which `Reading::agrees` passes over as well.
            call_id: text(reading.call_id).trim_end_matches([' ', '\t']).to_owned(),
            from_tag: text(reading.from_tag).into_owned(),
            to_tag: text(reading.to_tag).into_owned(),
            cseq: reading.cseq,
            cseq_method: text(reading.cseq_method).into_owned(),
            request: uri(&reading.request),
            from: uri(&reading.from),
            to: uri(&reading.to),
            contact: uri(&reading.contact),
            via: (
                text(reading.via_transport).into_owned(),
                text(reading.via_host).to_ascii_lowercase(),
                reading.via_port,
                text(reading.via_branch).into_owned(),
            ),
        });
    }
}

/// # Safety
///
/// As many bytes as it says, for as long as `'a`.
unsafe fn text<'a>(text: shim::agent_str) -> Cow<'a, str> {
    if text.len == 0 {
        return "".into();
    }
    // SAFETY: the caller's promise.
    String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(text.ptr.cast(), text.len) })
}
