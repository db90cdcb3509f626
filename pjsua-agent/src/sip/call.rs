//! The calls there are: our names for PJSUA's slots, and what the SIP thread keeps about each. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::CallId;
use super::transfer::Transfer;

#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    /// PJSUA's slot, reused by later calls.
    pub(super) slot: i32,
    pub(super) sip_call_id: String,
    pub(super) transfer: Transfer,
    pub(super) rtp: RtpWatch,
}

/// All calls, by either name.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<CallId, Call>,
    by_slot: HashMap<i32, CallId>,
    last: u64,
}

impl Calls {
    /// A new call in `slot`. A call that is still there in the same slot has been lost track of, and is returned.
    pub(super) fn begin(&mut self, slot: i32, sip_call_id: String) -> (CallId, Option<Call>) {
        let lost = self.end(slot);
        self.last += 1;
        let id = CallId(self.last);
        let (transfer, rtp) = (Transfer::None, RtpWatch::default());
        self.calls.insert(id, Call { id, slot, sip_call_id, transfer, rtp });
        self.by_slot.insert(slot, id);
        (id, lost)
    }

    /// Forgets the call in `slot`; `None` if it has ended before.
    pub(super) fn end(&mut self, slot: i32) -> Option<Call> {
        self.by_slot.remove(&slot).and_then(|id| self.calls.remove(&id))
    }

    pub(super) fn in_slot(&mut self, slot: i32) -> Option<&mut Call> {
        self.by_slot.get(&slot).and_then(|id| self.calls.get_mut(id))
    }

    pub(super) fn get(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut(&id)
    }

    pub(super) fn iter(&mut self) -> impl Iterator<Item = &mut Call> {
        self.calls.values_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }
}

/// Notices that a peer has gone without a BYE: PJSIP has no RTP timeout of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RtpWatch {
    last: Option<(u64, Instant)>,
}

impl RtpWatch {
    /// Takes the packets received so far; `None` while the peer has no reason to send. `true` when none has come for
    /// `timeout`.
    pub(super) fn is_silent(&mut self, packets: Option<u64>, now: Instant, timeout: Duration) -> bool {
        match (packets, self.last) {
            (None, _) => self.last = None,
            (Some(packets), Some((before, since))) if packets == before => return now - since >= timeout,
            (Some(packets), _) => self.last = Some((packets, now)),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_reused_but_a_name_is_not() {
        let mut calls = Calls::default();
        let (first, _) = calls.begin(3, "a".into());
        assert_eq!(calls.end(3).map(|call| call.id), Some(first));
        assert!(calls.end(3).is_none(), "it ends once");
        let (second, lost) = calls.begin(3, "b".into());
        assert!(first != second && lost.is_none());
        assert!(calls.get(first).is_none());
        assert_eq!(calls.in_slot(3).map(|call| call.id), Some(second));
    }

    #[test]
    fn a_call_whose_end_was_missed_is_handed_out_when_its_slot_is_taken() {
        let mut calls = Calls::default();
        let (first, _) = calls.begin(0, "a".into());
        let (_, lost) = calls.begin(0, "b".into());
        assert_eq!(lost.map(|call| call.id), Some(first));
        assert_eq!(calls.len(), 1);
    }

    #[test]
    fn silence_counts_only_while_packets_are_due() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut watch = RtpWatch::default();
        let mut at = |seconds: u32, packets| watch.is_silent(packets, start + seconds * second, 10 * second);
        assert!(!at(0, Some(0)));
        assert!(!at(9, Some(0)));
        assert!(!at(10, Some(5)), "a packet came");
        assert!(!at(19, Some(5)));
        assert!(!at(20, None), "on hold");
        assert!(!at(40, Some(5)), "resumed");
        assert!(!at(49, Some(5)));
        assert!(at(50, Some(5)));
    }
}
