//! The key that an INFO names is a key of a telephone, and there is one at most.
//!
//! ```sh
//! scripts/fuzz dtmf 3600      # seconds
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_gate::dtmf::{from_info, normal, sendable};

const KEYS: &str = "0123456789ABCD*#";

fuzz_target!(|data: &[u8]| {
    for kind in ["application/dtmf-relay", "application/dtmf"] {
        let Some(key) = from_info(kind, data) else { continue };
        assert!(KEYS.contains(key) && normal(key) == Some(key), "{key:?}");
        assert_eq!(from_info("application/dtmf", key.to_string().as_bytes()), Some(key));
        assert_eq!(from_info("application/dtmf-relay", format!("Signal={key}\r\nDuration=160").as_bytes()), Some(key));
    }
    assert_eq!(from_info("text/plain", data), None);
    let text = String::from_utf8_lossy(data);
    let digits = sendable(&text);
    assert!(digits.chars().all(|key| KEYS.contains(key)), "{digits:?}");
    assert_eq!(sendable(&digits), digits);
    assert!(digits.chars().count() <= text.chars().count());
});
