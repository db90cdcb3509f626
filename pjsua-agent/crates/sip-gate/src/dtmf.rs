//! Keys of a telephone, in and out. RFC 4733 is PJMEDIA's; INFO is read here, since it is answered in front of PJSUA.

/// The key that an INFO body names. `kind` is its content type in lower case.
///
/// `application/dtmf-relay` has a line `Signal=5`, `application/dtmf` just the key. 10 and 11 are `*` and `#` as in RFC 4733.
pub fn from_info(kind: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let key = match kind {
        "application/dtmf-relay" => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value)
        })?,
        "application/dtmf" => text,
        _ => return None,
    };
    match key.trim() {
        "10" => Some('*'),
        "11" => Some('#'),
        "12" => Some('A'),
        "13" => Some('B'),
        "14" => Some('C'),
        "15" => Some('D'),
        key => {
            let mut letters = key.chars();
            letters.next().filter(|_| letters.next().is_none()).and_then(normal)
        }
    }
}

/// A key in the form events carry; `None` for what is none (a flash hook, for instance).
pub fn normal(key: char) -> Option<char> {
    let key = key.to_ascii_uppercase();
    matches!(key, '0'..='9' | 'A'..='D' | '*' | '#').then_some(key)
}

/// What of `digits` can be sent.
pub fn sendable(digits: &str) -> String {
    digits.chars().filter_map(normal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_info_name_a_key() {
        let relay = "application/dtmf-relay";
        assert_eq!(from_info(relay, b"Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(from_info(relay, b"Signal= 1\r\n"), Some('1'));
        assert_eq!(from_info(relay, b"signal = #"), Some('#'));
        assert_eq!(from_info(relay, b"Signal=10"), Some('*'));
        assert_eq!(from_info("application/dtmf", b"d"), Some('D'));
    }

    #[test]
    fn what_names_no_key_is_none() {
        for body in [b"".as_slice(), b"Signal=", b"Signal=E", b"Signal=55", b"Duration=5", b"\xff\xfe", b"!"] {
            assert_eq!(from_info("application/dtmf-relay", body), None);
            assert_eq!(from_info("application/dtmf", body), None);
        }
        assert_eq!(from_info("text/plain", b"5"), None);
    }

    #[test]
    fn only_keys_are_sent() {
        assert_eq!(sendable("12-a*#,w"), "12A*#");
    }
}
