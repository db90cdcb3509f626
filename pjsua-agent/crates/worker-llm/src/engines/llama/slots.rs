//! Which call has which sequence of the model's cache. Pure.

/// One sequence of the cache.
#[derive(Clone, Debug)]
pub struct Slot<T> {
    /// The call whose conversation it holds.
    pub call_id: String,
    /// The tokens in it.
    pub tokens: Vec<T>,
    /// A reply is being written in it.
    pub busy: bool,
    /// Tokens that it may come to hold while it is busy.
    pub reserved: usize,
    /// When it was last used, in requests.
    pub used: u64,
}

/// The cache's sequences.
pub struct Slots<T> {
    /// Indexed by the engine's sequence id.
    pub slots: Vec<Slot<T>>,
    clock: u64,
    /// So many may be busy.
    at_once: usize,
    /// Tokens that the cache holds of all sequences together.
    cells: usize,
}

/// Where a prompt goes, and what of it is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The sequence.
    pub slot: usize,
    /// Tokens of the prompt to keep, if the sequence's own are used.
    pub own: usize,
    /// A sequence that shares more of the prompt, and how many tokens of it.
    pub donor: Option<(usize, usize)>,
}

/// Copying from another sequence is worth it from so many tokens on.
const WORTH_SHARING: usize = 16;

impl<T: Copy + PartialEq> Slots<T> {
    /// `count` empty sequences in a cache of so many `cells`, `at_once` of which may be busy.
    pub fn new(count: usize, at_once: usize, cells: usize) -> Self {
        let slot = Slot { call_id: String::new(), tokens: Vec::new(), busy: false, reserved: 0, used: 0 };
        Self { slots: vec![slot; count], clock: 0, at_once, cells }
    }

    /// The sequence that a request of this call would get now.
    pub fn free(&self, call_id: &str) -> Option<usize> {
        if self.slots.iter().filter(|slot| slot.busy).count() >= self.at_once {
            return None;
        }
        let own = self.slots.iter().position(|slot| !call_id.is_empty() && slot.call_id == call_id);
        match own {
            Some(own) => Some(own).filter(|own| !self.slots[*own].busy),
            None => (0..self.slots.len()).filter(|at| !self.slots[*at].busy).min_by_key(|at| self.slots[*at].used),
        }
    }

    /// Takes a free sequence for `prompt`: the call's own, else the one unused for longest. At least one
    /// token of the prompt is left to compute, since a model answers only to what it computes.
    ///
    /// Nothing when as many are busy as may be, or when the call's own is: its former reply has not ended yet.
    pub fn place(&mut self, call_id: &str, prompt: &[T], may_share: bool) -> Option<Place> {
        let slot = self.free(call_id)?;
        let usable = &prompt[..prompt.len().saturating_sub(1)];
        let shared = |at: usize| common(&self.slots[at].tokens, usable);
        let kept = shared(slot);
        let donor = (0..self.slots.len())
            .filter(|at| may_share && *at != slot)
            .map(|at| (at, shared(at)))
            .max_by_key(|(_, tokens)| *tokens)
            .filter(|(_, tokens)| *tokens >= kept + WORTH_SHARING);
        self.clock += 1;
        let taken = &mut self.slots[slot];
        call_id.clone_into(&mut taken.call_id);
        (taken.busy, taken.used) = (true, self.clock);
        Some(Place { slot, own: kept, donor })
    }

    /// Makes room for all that a busy sequence may come to hold: empties the conversations unused for longest, and tells
    /// which. Cells that sequences share are counted for each of them.
    pub fn reserve(&mut self, slot: usize, tokens: usize) -> Vec<usize> {
        self.slots[slot].reserved = tokens;
        let size = |slot: &Slot<T>| if slot.busy { slot.reserved.max(slot.tokens.len()) } else { slot.tokens.len() };
        let mut held: usize = self.slots.iter().map(size).sum();
        let mut emptied = Vec::new();
        while held > self.cells {
            let idle = |at: &usize| !self.slots[*at].busy && !self.slots[*at].tokens.is_empty();
            let Some(at) = (0..self.slots.len()).filter(idle).min_by_key(|at| self.slots[*at].used) else { break };
            held -= self.slots[at].tokens.len();
            self.slots[at].tokens.clear();
            emptied.push(at);
        }
        emptied
    }
}

fn common<T: PartialEq>(left: &[T], right: &[T]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(last: u32) -> Vec<u32> {
        (0..40).chain([last, 99]).collect()
    }

    fn place(slots: &mut Slots<u32>, call: &str, prompt: &[u32]) -> Option<Place> {
        let place = slots.place(call, prompt, true)?;
        slots.slots[place.slot].tokens = prompt.to_vec();
        Some(place)
    }

    fn end(slots: &mut Slots<u32>, slot: usize) {
        slots.slots[slot].busy = false;
    }

    #[test]
    fn a_call_returns_to_its_own_sequence() {
        let mut slots = Slots::new(2, 2, 1_000);
        let first = place(&mut slots, "a", &long(1)).unwrap();
        end(&mut slots, first.slot);
        let other = place(&mut slots, "b", &[7, 8]).unwrap();
        assert_ne!(other.slot, first.slot);
        let again = place(&mut slots, "a", &long(2)).unwrap();
        assert_eq!(again, Place { slot: first.slot, own: 40, donor: None });
    }

    #[test]
    fn a_prompt_that_is_wholly_there_keeps_all_but_its_last_token() {
        let mut slots = Slots::new(1, 1, 1_000);
        let first = place(&mut slots, "a", &long(1)).unwrap();
        end(&mut slots, first.slot);
        assert_eq!(place(&mut slots, "a", &long(1)).unwrap().own, 41);
    }

    #[test]
    fn a_new_call_shares_the_agents_prompt_with_another() {
        let mut slots = Slots::new(2, 2, 1_000);
        let first = place(&mut slots, "a", &long(1)).unwrap();
        let second = place(&mut slots, "b", &long(2)).unwrap();
        assert_eq!(second.donor, Some((first.slot, 40)));
        assert_eq!(Slots::new(2, 2, 1_000).place("c", &long(1), false).unwrap().donor, None);
    }

    #[test]
    fn the_sequence_unused_for_longest_is_given_to_a_new_call() {
        let mut slots = Slots::new(2, 2, 1_000);
        for call in ["a", "b", "a"] {
            let place = place(&mut slots, call, &[1, 2]).unwrap();
            end(&mut slots, place.slot);
        }
        let new = place(&mut slots, "c", &[3, 4]).unwrap();
        assert_eq!(slots.slots[new.slot].call_id, "c");
        assert!(slots.slots.iter().any(|slot| slot.call_id == "a"));
    }

    #[test]
    fn nothing_is_placed_while_all_or_the_calls_own_are_busy() {
        let mut slots = Slots::new(2, 2, 1_000);
        place(&mut slots, "a", &[1]).unwrap();
        assert_eq!(place(&mut slots, "a", &[1]), None);
        place(&mut slots, "b", &[1]).unwrap();
        assert_eq!(place(&mut slots, "c", &[1]), None);
    }

    #[test]
    fn more_conversations_are_kept_than_are_answered_at_once() {
        let mut slots = Slots::new(3, 1, 1_000);
        for call in ["a", "b", "c"] {
            let place = place(&mut slots, call, &long(1)).unwrap();
            assert_eq!(slots.free("d"), None, "one at once");
            end(&mut slots, place.slot);
        }
        assert_eq!(place(&mut slots, "a", &long(2)).unwrap().own, 40);
    }

    #[test]
    fn the_conversations_unused_for_longest_make_room() {
        let mut slots = Slots::new(4, 4, 100);
        for call in ["a", "b"] {
            let place = place(&mut slots, call, &[1; 30]).unwrap();
            assert_eq!(slots.reserve(place.slot, 40), [0; 0]);
            end(&mut slots, place.slot);
        }
        let third = place(&mut slots, "c", &[2; 30]).unwrap();
        assert_eq!(slots.reserve(third.slot, 60), [0], "the first call's");
        assert_eq!(slots.slots[1].tokens.len(), 30);
        let fourth = place(&mut slots, "d", &[2; 5]).unwrap();
        assert_eq!(slots.reserve(fourth.slot, 20), [1], "what another may come to hold is not given away");
    }

    #[test]
    fn calls_without_an_id_never_share_a_sequence_by_it() {
        let mut slots = Slots::new(2, 2, 1_000);
        let first = place(&mut slots, "", &[1]).unwrap();
        let second = place(&mut slots, "", &[1]).unwrap();
        assert_ne!(first.slot, second.slot);
    }
}
