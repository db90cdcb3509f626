//! From one call to all who want to know of it.

use crate::{Line, Record};

/// Somebody who is told what happens in a call: a file, a feed, a bill.
pub trait Subscriber: Send {
    /// Takes a line, or says that there is no room for it at present. Must not block: the call waits.
    #[must_use]
    fn offer(&mut self, line: &Line) -> bool;
}

/// Hands each record of one call to its subscribers. A subscriber that is slower than the call loses records, never the
/// call's time: what it lost is told to it as a [`Record::Gap`] as soon as it has room again.
#[derive(Default)]
pub struct Recorder {
    call: u64,
    subscriptions: Vec<Subscription>,
}

struct Subscription {
    subscriber: Box<dyn Subscriber>,
    /// Records since it last had room.
    lost: u64,
}

impl Recorder {
    /// For the call with this number; nobody is told anything yet.
    #[must_use]
    pub fn new(call: u64) -> Recorder {
        Recorder { call, subscriptions: Vec::new() }
    }

    /// Tells `subscriber` everything from now on.
    pub fn subscribe(&mut self, subscriber: impl Subscriber + 'static) {
        self.subscriptions.push(Subscription { subscriber: Box::new(subscriber), lost: 0 });
    }

    /// Tells all subscribers what happened `t` microseconds after the answer.
    pub fn record(&mut self, t: u64, record: Record) {
        let line = Line { t, call: self.call, record };
        for subscription in &mut self.subscriptions {
            subscription.tell(&line);
        }
    }
}

impl Subscription {
    fn tell(&mut self, line: &Line) {
        let gap = Line { t: line.t, call: line.call, record: Record::Gap { lost: self.lost } };
        if self.lost > 0 && self.subscriber.offer(&gap) {
            self.lost = 0;
        }
        if self.lost > 0 || !self.subscriber.offer(line) {
            self.lost += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use conversation::Input;

    use super::*;

    /// Has room for so many lines.
    #[derive(Clone, Default)]
    struct Shelf(Arc<Mutex<(usize, Vec<Line>)>>);

    impl Shelf {
        fn make_room(&self, lines: usize) {
            self.0.lock().unwrap().0 = lines;
        }

        fn records(&self) -> Vec<(u64, Record)> {
            self.0.lock().unwrap().1.iter().map(|line| (line.t, line.record.clone())).collect()
        }
    }

    impl Subscriber for Shelf {
        fn offer(&mut self, line: &Line) -> bool {
            let (room, lines) = &mut *self.0.lock().unwrap();
            let has_room = *room > 0;
            if has_room {
                *room -= 1;
                lines.push(line.clone());
            }
            has_room
        }
    }

    fn heard() -> Record {
        Record::Input { input: Input::SpeechStarted }
    }

    #[test]
    fn a_slow_subscriber_is_told_how_many_records_it_lost_and_the_others_lose_none() {
        let (slow, quick) = (Shelf::default(), Shelf::default());
        let mut recorder = Recorder::new(7);
        recorder.subscribe(slow.clone());
        recorder.subscribe(quick.clone());
        quick.make_room(100);
        slow.make_room(1);
        (0..4).for_each(|t| recorder.record(t, heard()));
        slow.make_room(10);
        (4..6).for_each(|t| recorder.record(t, heard()));
        assert_eq!(slow.records(), [(0, heard()), (4, Record::Gap { lost: 3 }), (4, heard()), (5, heard())]);
        assert_eq!(quick.records(), (0..6).map(|t| (t, heard())).collect::<Vec<_>>());
    }

    #[test]
    fn a_gap_that_takes_the_last_room_is_followed_by_another() {
        let shelf = Shelf::default();
        let mut recorder = Recorder::new(7);
        recorder.subscribe(shelf.clone());
        (0..2).for_each(|t| recorder.record(t, heard()));
        shelf.make_room(1);
        recorder.record(2, heard());
        shelf.make_room(2);
        recorder.record(3, heard());
        let gap = |t, lost| (t, Record::Gap { lost });
        assert_eq!(shelf.records(), [gap(2, 2), gap(3, 1), (3, heard())]);
    }
}
