//! A message taken apart: what is read lies in the bytes, keeps the limits, and is read again from what was read.
//!
//! ```sh
//! scripts/fuzz message 3600      # seconds
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_gate::{Message, Packet, Reading, check, uri_user};

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(data) else {
        // What is no message is refused, whatever it came by.
        assert!(check(&Packet { data, is_stream: false }, true).is_err());
        return;
    };
    assert_eq!(message.body.end, data.len());
    assert!(data[..message.body.start].ends_with(b"\n"));
    assert!(message.headers.len() <= 128);
    for (name, value) in &message.headers {
        assert!(!name.is_empty() && !name.contains([' ', ':', '\t']), "{name:?}");
        assert!(!value.contains(['\r', '\n', '\0']) && value.trim() == value, "{value:?}");
    }
    assert_eq!(message.values(message.method()).count(), message.values(&message.method().to_lowercase()).count());
    read_again(data, &message);
    let Ok(reading) = Reading::of(&message) else { return };
    assert_eq!(reading.method, message.method());
    assert!(!reading.call_id.is_empty() && !reading.via.host.is_empty());
    for uri in [reading.request_uri, &reading.from.uri, &reading.to.uri] {
        let user = uri_user(uri);
        // A `tel:` URI has no password, so that a colon would be part of its number.
        let is_tel = uri.to_ascii_lowercase().starts_with("tel:");
        assert!(uri.contains(user) && !user.contains(';') && (is_tel || !user.contains(['@', ':'])), "{uri:?}");
    }
});

/// Written out in plain lines, the message is the same one.
fn read_again(data: &[u8], message: &Message<'_>) {
    let mut text = format!("{}\r\n", message.first_line);
    for (name, value) in &message.headers {
        text += &format!("{name}: {value}\r\n");
    }
    // A byte that is no UTF-8 takes three in its place.
    if text.lines().any(|line| line.len() > 4096) {
        return;
    }
    text += "\r\n";
    let plain = [text.as_bytes(), &data[message.body.clone()]].concat();
    let again = Message::parse(&plain).expect("what was read can be read");
    assert_eq!((&again.first_line, &again.headers), (&message.first_line, &message.headers));
    assert_eq!(&plain[again.body.clone()], &data[message.body.clone()]);
}
