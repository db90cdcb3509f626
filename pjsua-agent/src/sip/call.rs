//! The calls there are: our names for PJSUA's slots, and what the SIP thread keeps about each. Pure.

use std::collections::HashMap;
use std::time::Instant;

use super::overdue::Watch;
use super::rtp::RtpReports;
use super::transfer::Transfer;
use crate::leg::{LegId, Wait};

#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: LegId,
    /// PJSUA's slot, reused by later calls.
    pub(super) slot: i32,
    pub(super) sip_call_id: String,
    pub(super) transfer: Transfer,
    pub(super) watch: Watch,
    pub(super) rtp: RtpReports,
    /// Why we ended it, if it waited too long for something.
    pub(super) overdue: Option<Wait>,
}

/// All calls, by either name.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<LegId, Call>,
    by_slot: HashMap<i32, LegId>,
}

impl Calls {
    /// A new call in `slot`. A call that is still there in the same slot has been lost track of, and is returned.
    pub(super) fn begin(&mut self, slot: i32, sip_call_id: String, now: Instant) -> (LegId, Option<Call>) {
        let lost = self.end(slot);
        let id = LegId::next();
        let (transfer, watch, rtp, overdue) = (Transfer::None, Watch::new(now), RtpReports::default(), None);
        self.calls.insert(id, Call { id, slot, sip_call_id, transfer, watch, rtp, overdue });
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

    pub(super) fn get(&mut self, id: LegId) -> Option<&mut Call> {
        self.calls.get_mut(&id)
    }

    pub(super) fn iter(&mut self) -> impl Iterator<Item = &mut Call> {
        self.calls.values_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_reused_but_a_name_is_not() {
        let mut calls = Calls::default();
        let (first, _) = calls.begin(3, "a".into(), Instant::now());
        assert_eq!(calls.end(3).map(|call| call.id), Some(first));
        assert!(calls.end(3).is_none(), "it ends once");
        let (second, lost) = calls.begin(3, "b".into(), Instant::now());
        assert!(first != second && lost.is_none());
        assert!(calls.get(first).is_none());
        assert_eq!(calls.in_slot(3).map(|call| call.id), Some(second));
    }

    #[test]
    fn a_call_whose_end_was_missed_is_handed_out_when_its_slot_is_taken() {
        let mut calls = Calls::default();
        let (first, _) = calls.begin(0, "a".into(), Instant::now());
        let (_, lost) = calls.begin(0, "b".into(), Instant::now());
        assert_eq!(lost.map(|call| call.id), Some(first));
        assert_eq!(calls.len(), 1);
    }
}
