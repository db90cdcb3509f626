//! One direction of a relay: from packets that arrive to packets that leave.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::{Direction, Impairment};

/// After which a copy follows its original.
const COPY_AFTER: Duration = Duration::from_millis(1);

/// What happened to the packets of a direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Came to the relay.
    pub arrived: u64,
    /// Were thrown away.
    pub lost: u64,
    /// Took the slower way.
    pub reordered: u64,
    /// Were sent twice.
    pub duplicated: u64,
}

/// A packet that leaves later. The greatest is the one that is due first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Departure {
    pub due: Instant,
    /// Keeps packets of the same moment in their order.
    number: u64,
    pub direction: Direction,
    pub datagram: Vec<u8>,
}

impl Ord for Departure {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        Reverse((self.due, self.number)).cmp(&Reverse((other.due, other.number)))
    }
}

impl PartialOrd for Departure {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug)]
pub(super) struct Route {
    seed: u64,
    direction: Direction,
    impairment: Impairment,
    /// When the last packet leaves that keeps its place in the queue.
    last_due: Option<Instant>,
    counts: Counts,
}

impl Route {
    pub fn new(seed: u64, direction: Direction, impairment: Impairment) -> Self {
        Self { seed, direction, impairment, last_due: None, counts: Counts::default() }
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Decides about a packet that has just arrived.
    pub fn admit(&mut self, datagram: &[u8], now: Instant) -> Vec<Departure> {
        let number = self.counts.arrived;
        let fate = self.impairment.fate(self.seed, self.direction, number);
        self.counts.arrived += 1;
        if fate.lost {
            self.counts.lost += 1;
            return Vec::new();
        }
        let mut due = now + fate.delay;
        if fate.reordered {
            self.counts.reordered += 1;
        } else {
            due = self.last_due.map_or(due, |last| last.max(due));
            self.last_due = Some(due);
        }
        let departure = |due| Departure { due, number, direction: self.direction, datagram: datagram.to_vec() };
        let mut departures = vec![departure(due)];
        if fate.duplicated {
            self.counts.duplicated += 1;
            departures.push(departure(due + COPY_AFTER));
        }
        departures
    }
}

#[cfg(test)]
mod tests {
    use super::super::Jitter;
    use super::*;
    use std::collections::BinaryHeap;

    /// The numbers of packets in the order in which they leave; one arrives every 20 ms.
    fn order(impairment: Impairment) -> (Vec<u64>, Counts) {
        let mut route = Route::new(5, Direction::ToCaller, impairment);
        let start = Instant::now();
        let mut heap = BinaryHeap::new();
        for number in 0..500_u64 {
            heap.extend(route.admit(&number.to_be_bytes(), start + Duration::from_millis(20 * number)));
        }
        let numbers = std::iter::from_fn(|| heap.pop()).map(|departure| departure.number).collect();
        (numbers, route.counts())
    }

    #[test]
    fn jitter_alone_keeps_the_order_even_beyond_a_packets_length() {
        let (numbers, counts) =
            order(Impairment { jitter: Jitter::Uniform(Duration::from_millis(60)), ..Impairment::NONE });
        assert_eq!(numbers, (0..500).collect::<Vec<_>>());
        assert_eq!(counts, Counts { arrived: 500, ..Counts::default() });
    }

    #[test]
    fn a_packet_on_the_slower_way_is_overtaken_by_two() {
        let slow = Impairment { reorder: 0.05, detour: Duration::from_millis(50), ..Impairment::NONE };
        let (numbers, counts) = order(slow);
        assert!((10..45).contains(&counts.reordered), "{counts:?}");
        let by_how_many = |place: usize| numbers[..place].iter().filter(|&&number| number > numbers[place]).count();
        let mut overtaken: Vec<u64> =
            (0..500).filter(|&place| by_how_many(place) > 0).map(|place| numbers[place]).collect();
        overtaken.sort_unstable();
        // The last two have nobody behind them.
        let slower = |&number: &u64| slow.fate(5, Direction::ToCaller, number).reordered;
        assert_eq!(overtaken, (0..498).filter(slower).collect::<Vec<_>>());
        assert!((0..500).all(|place| by_how_many(place) <= 2));
    }

    #[test]
    fn a_copy_follows_its_original() {
        let (numbers, counts) = order(Impairment { duplicate: 0.1, ..Impairment::NONE });
        assert_eq!(numbers.len() as u64, 500 + counts.duplicated);
        assert_eq!(numbers.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64, counts.duplicated);
        assert!(numbers.is_sorted());
    }

    #[test]
    fn what_is_lost_does_not_leave() {
        let (numbers, counts) = order(Impairment { loss: 0.5, ..Impairment::NONE });
        assert_eq!(numbers.len() as u64, 500 - counts.lost);
        assert!((200..300).contains(&counts.lost), "{counts:?}");
    }
}
