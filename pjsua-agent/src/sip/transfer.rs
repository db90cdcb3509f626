//! Blind transfer (REFER, RFC 3515): what may be a target, and when the transferred leg is ours to end.

use std::time::{Duration, Instant};

/// How long the peer may take to hang up after it reported success (RFC 5589 section 6.1 leaves it to either side).
const GRACE: Duration = Duration::from_secs(2);

/// Longest target; PJSIP_MAX_URL_SIZE is 1024.
const MAX_TARGET: usize = 512;

/// Whether `target` may go into Refer-To: a URI of a scheme we know, with nothing in it that could end the header.
pub(super) fn is_target(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let known =
        matches!(scheme, Some((scheme, rest)) if matches!(scheme.as_str(), "sip" | "sips" | "tel") && !rest.is_empty());
    known && target.len() <= MAX_TARGET && target.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\^`{}".contains(&b))
}

/// A transfer of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Transfer {
    /// None was asked for, or it failed.
    #[default]
    None,
    /// REFER is on its way, or its subscription runs; given up at this time.
    Running(Instant),
    /// The caller is with the target: the leg is ended at this time if the peer has not.
    Succeeded(Instant),
}

impl Transfer {
    /// Takes a report of the subscription. `false` if it belongs to no transfer that runs.
    pub(super) fn report(&mut self, code: u16, done: bool, now: Instant) -> bool {
        if !matches!(self, Transfer::Running(_)) {
            return false;
        }
        if done {
            *self = if (200..300).contains(&code) { Transfer::Succeeded(now + GRACE) } else { Transfer::None };
        }
        true
    }

    /// When the leg has to be ended.
    pub(super) fn hang_up_at(&self) -> Option<Instant> {
        match self {
            Transfer::Succeeded(at) => Some(*at),
            Transfer::None | Transfer::Running(_) => None,
        }
    }

    /// Whether no outcome has come in time.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        matches!(self, Transfer::Running(until) if *until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_uri_that_cannot_break_its_header() {
        for good in ["sip:100@pbx", "sips:a@b;transport=tcp", "tel:+4930123", "SIP:human@127.0.0.1:5070"] {
            assert!(is_target(good), "{good}");
        }
        for bad in ["", "sip:", "100", "http://x", "sip:a@b\r\nX: y", "sip:a b@c", "<sip:a@b>", "sip:a@b>", "sip:ä@b"]
        {
            assert!(!is_target(bad), "{bad}");
        }
        assert!(!is_target(&format!("sip:{}@b", "1".repeat(MAX_TARGET))));
    }

    #[test]
    fn the_leg_is_ended_after_a_grace_when_the_transfer_succeeds() {
        let now = Instant::now();
        let mut transfer = Transfer::Running(now + GRACE);
        assert!(transfer.report(100, false, now));
        assert!(transfer.report(180, false, now));
        assert_eq!(transfer.hang_up_at(), None);
        assert!(transfer.report(200, true, now));
        assert_eq!(transfer.hang_up_at(), Some(now + GRACE));
        assert!(!transfer.report(200, true, now), "a second final report is not passed on");
    }

    #[test]
    fn a_failed_transfer_leaves_the_call_as_it_was() {
        let now = Instant::now();
        let mut transfer = Transfer::Running(now + GRACE);
        assert!(!transfer.is_overdue(now) && transfer.is_overdue(now + GRACE));
        assert!(transfer.report(486, true, now));
        assert!(!transfer.is_overdue(now + GRACE));
        assert_eq!(transfer, Transfer::None);
    }
}
