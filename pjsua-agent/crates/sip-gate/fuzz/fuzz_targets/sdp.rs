//! A body that is admitted: keys are struck out and nothing else, and it is admitted as it is then.
//!
//! ```sh
//! scripts/fuzz sdp 3600      # seconds
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_gate::sdp::check;

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else { return };
    let body = if mode % 4 == 0 { rest.to_vec() } else { composed(rest) };
    let Ok(struck) = check(&body, false) else {
        return;
    };
    let kept = check(&body, true);
    assert!(kept.is_err() || kept.is_ok_and(|struck| struck.is_empty()), "nothing is struck out where keys are used");
    let mut harmless = body.clone();
    for range in struck {
        assert!(body[range.clone()].eq_ignore_ascii_case(b"crypto"));
        assert!(body[..range.start].ends_with(b"a="));
        harmless[range].copy_from_slice(b"x-null");
    }
    let text = std::str::from_utf8(&harmless).expect("an admitted body is UTF-8");
    assert!(!text.lines().any(|line| line.to_ascii_lowercase().starts_with("a=crypto:")), "{text:?}");
    assert_eq!(check(&harmless, false), Ok(Vec::new()), "{text:?}");
    assert!(text.lines().filter(|line| line.starts_with("m=")).count() <= 8);
});

const LINES: [&str; 32] = [
    "v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "c=IN IP6 2001:db8::1", "t=0 0",
    "m=audio 4000 RTP/AVP 0 8 101", "m=audio 4000 RTP/SAVP 0", "m=video 0 RTP/AVP 96", "m=audio 0 RTP/AVP 0", "b=AS:64",
    "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=sendrecv", "a=inactive", "a=ptime:20",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz", "a=crypto:1 ", "a=rtcp:4001",
    "a=rtcp:4001 IN IP4 192.0.2.9", "a=candidate:1 1 UDP 1 192.0.2.9 4000 typ host", "a=mid:0", "a=rtcp-mux", "a=", "m=",
    "c=IN IP4 pbx.example", "i=x", "k=clear:x", "z=0 0", "r=1", "a=maxptime:200",
];

/// Lines of real bodies, in any order; a byte above 127 puts itself in place of a letter of the line.
fn composed(bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for pair in bytes.chunks(2) {
        let mut line = LINES[usize::from(pair[0]) % LINES.len()].as_bytes().to_vec();
        if let Some(odd) = pair.get(1).filter(|odd| **odd > 127) {
            let at = usize::from(*odd) % line.len();
            line[at] = odd - 128;
        }
        body.extend(line);
        body.extend(b"\r\n");
    }
    body
}
