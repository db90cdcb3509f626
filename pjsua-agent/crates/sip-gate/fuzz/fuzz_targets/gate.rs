//! Who gets in: a call from a known address, read by both parsers in the same way, while there is a line; a request of a
//! dialog that there is; nothing else. And of a message nothing is changed but keys in an offer.
//!
//! ```sh
//! scripts/fuzz gate 3600      # seconds
//! ```
#![no_main]

use std::net::SocketAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sip_gate::{Dialog, Direct, Gate, Message, Origin, Owner, Parsed, Reading, Realm, Transport, Verdict};

const METHODS: [&str; 13] = [
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "PRACK", "UPDATE", "NOTIFY", "REFER", "REGISTER", "MESSAGE", "invite",
];

const SOURCES: [&str; 6] = [
    "192.0.2.1:5060", "192.0.2.1:5099", "198.51.100.7:5060", "203.0.113.66:5060", "[::ffff:192.0.2.1]:5060", "10.1.2.3:5060",
];

/// The addresses of [`SOURCES`] that the gate knows: the registrar's, in both of its forms, a trusted peer's, and one of an
/// account's networks.
const KNOWN: [bool; 6] = [true, true, true, false, true, true];

const USERS: [&str; 4] = ["desk", "sales", "nobody", ""];

const BODIES: [(&str, &str); 5] = [
    ("", ""),
    (
        "application/sdp",
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n",
    ),
    ("application/dtmf-relay", "Signal=5\r\n"),
    ("message/sipfrag", "SIP/2.0 200 OK"),
    ("multipart/mixed", "--x"),
];

#[derive(Arbitrary, Debug)]
struct Case {
    method: u8,
    source: u8,
    user: u8,
    to_tag: bool,
    cseq: u32,
    body: u8,
    is_stream: bool,
    srtp: bool,
    calls: u8,
    is_refusing: bool,
    has_registrar: bool,
    has_transaction: bool,
    cancels: bool,
    is_repeated: bool,
    has_replaces: bool,
    dialog: Option<(bool, Option<u32>, Option<u32>)>,
    /// How PJSIP's reading differs from ours.
    misread: u8,
    /// Bytes of the message that are other ones.
    odd: Vec<(u16, u8)>,
}

fuzz_target!(|case: Case| judge(&case));

fn gate(case: &Case) -> Gate {
    let mut gate = Gate::new(vec!["198.51.100.0/24".parse().expect("a network")], case.srtp, 2);
    for (index, user) in [(0, "desk"), (1, "sales")] {
        let networks = if index == 1 { vec!["10.0.0.0/8".parse().expect("a network")] } else { Vec::new() };
        gate.owners.push(Owner { index, user: user.into(), registrar: None, networks, realm: Realm::new(None) });
        if case.has_registrar {
            gate.registrar_answered(index, "192.0.2.1:5060".parse().expect("an address"));
        }
    }
    gate.directs.push(Direct { index: 5, transport: Transport::Udp, port: 5080 });
    gate.directs.push(Direct { index: 6, transport: Transport::Tcp, port: 5080 });
    (0..case.calls % 4).for_each(|_| gate.call_began());
    if case.is_refusing {
        gate.refuse_new_calls(Duration::from_secs(9));
    }
    gate
}

fn message(case: &Case) -> Vec<u8> {
    let method = METHODS[usize::from(case.method) % METHODS.len()];
    let user = USERS[usize::from(case.user) % USERS.len()];
    let at = if user.is_empty() { "" } else { "@" };
    let to_tag = if case.to_tag { ";tag=t" } else { "" };
    let (kind, body) = BODIES[usize::from(case.body) % BODIES.len()];
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let cseq = case.cseq & 0x7fff_ffff;
    let mut data = format!(
        "{method} sip:{user}{at}192.0.2.5:5080 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
         From: <sip:ann@pbx>;tag=a\r\nTo: <sip:{user}{at}pbx>{to_tag}\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\n\
         Max-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes();
    for (at, byte) in case.odd.iter().take(4) {
        let at = usize::from(*at) % data.len();
        data[at] = *byte;
    }
    data
}

fn judge(case: &Case) {
    let before = message(case);
    let source = usize::from(case.source) % SOURCES.len();
    let address: SocketAddr = SOURCES[source].parse().expect("an address");
    let transport = if case.is_stream { Transport::Tcp } else { Transport::Udp };
    let origin = Origin { source: address, transport, local_port: 5080 };
    let ours = Message::parse(&before).ok();
    let reading = ours.as_ref().and_then(|message| Reading::of(message).ok());
    let tag = |tag: &Option<String>| tag.clone().unwrap_or_default();
    let (from_tag, to_tag) = reading.as_ref().map(|of| (tag(&of.from.tag), tag(&of.to.tag))).unwrap_or_default();
    let mut parsed = Parsed {
        from_tag: from_tag.as_bytes(),
        to_tag: to_tag.as_bytes(),
        is_repeated: case.is_repeated,
        has_replaces: case.has_replaces,
        has_transaction: case.has_transaction,
        cancels: case.cancels,
        dialog: case.dialog.map(|(has_call, remote_cseq, awaits_ack)| Dialog { has_call, remote_cseq, awaits_ack }),
        ..Parsed::default()
    };
    if let Some(of) = &reading {
        (parsed.method, parsed.cseq_method) = (of.method.as_bytes(), of.method.as_bytes());
        (parsed.call_id, parsed.cseq) = (of.call_id.as_bytes(), of.cseq);
    }
    let is_misread = match case.misread % 8 {
        1 => std::mem::replace(&mut parsed.method, b"X-OTHER") != b"X-OTHER",
        2 => std::mem::replace(&mut parsed.call_id, b"another") != b"another",
        3 => std::mem::replace(&mut parsed.to_tag, b"another") != b"another",
        4 => std::mem::replace(&mut parsed.cseq, u32::MAX) != u32::MAX,
        _ => false,
    };
    let mut gate = gate(case);
    let mut data = before.clone();
    let verdict = gate.judge(&mut data, &parsed, origin);
    assert_eq!(gate.judge(&mut data.clone(), &parsed, origin), verdict, "the same message is judged the same");
    only_keys_are_struck_out(&before, &data, case.srtp);
    let Some(message) = ours.as_ref().filter(|message| message.is_request()) else {
        assert!(!matches!(verdict, Verdict::Admit { .. }), "no call without a request");
        return;
    };
    if reading.is_none() || is_misread || case.is_repeated {
        assert!(matches!(verdict, Verdict::Refuse(_)), "{verdict:?} of {}", String::from_utf8_lossy(&before));
        return;
    }
    match verdict {
        Verdict::Admit { account } => {
            assert_eq!(message.method(), "INVITE");
            assert!(to_tag.is_empty() && !case.has_transaction && !case.has_replaces && !case.is_refusing);
            assert!(case.calls % 4 < 2, "there is a line");
            let is_registrar = SOURCES[source].contains("192.0.2.1");
            assert!(KNOWN[source] && (case.has_registrar || !is_registrar), "{}", SOURCES[source]);
            assert!([0, 1, 5, 6].contains(&account));
        }
        Verdict::Pass if case.has_transaction => {}
        Verdict::Pass => match message.method() {
            "CANCEL" => assert!(case.cancels),
            "OPTIONS" if to_tag.is_empty() => assert!(KNOWN[source]),
            method => {
                let dialog = parsed.dialog.expect("only what belongs to a dialog passes");
                assert!(!to_tag.is_empty());
                assert!(dialog.has_call || matches!(method, "NOTIFY" | "ACK"), "{method}");
            }
        },
        Verdict::Refuse(refusal) => assert!((200..700).contains(&refusal.code)),
    }
}

fn only_keys_are_struck_out(before: &[u8], after: &[u8], srtp: bool) {
    assert_eq!(before.len(), after.len());
    let mut at = 0;
    while at < before.len() {
        if before[at] == after[at] {
            at += 1;
            continue;
        }
        assert!(!srtp, "keys are wanted");
        assert!(before[at..at + 6].eq_ignore_ascii_case(b"crypto") && after[at..].starts_with(b"x-null") && before[..at].ends_with(b"a="));
        at += 6;
    }
}
