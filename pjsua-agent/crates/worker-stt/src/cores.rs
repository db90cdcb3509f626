//! Which recognisers compute while there are more of them at work than cores.

use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{fate::Fate, machine};

/// Lets recognisers compute on no more cores than there are: each on one in a crowd, on several when it is alone.
///
/// Left to the kernel all of them would share the cores alike, so that in a crowd those whose caller waits for an answer
/// would be slowed down by those whose caller still talks. Here the ones that are waited for come first, in the order in
/// which they began; the others follow in turn.
///
/// Threads of one pass wait for each other, and spin while they do: where another program needs the core, a second thread
/// takes more than it brings. So further cores are given only while they idle, as far as the machine's load tells.
///
/// # Threads
///
/// Any that may block.
#[derive(Debug)]
pub struct Cores {
    utterances: AtomicU64,
    queue: Mutex<Queue>,
    granted: Condvar,
    /// Of the whole machine.
    count: usize,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    next_ticket: u64,
    waiting: Vec<Waiting>,
    /// Tickets whose turn it is, with the cores they got.
    called: Vec<(u64, usize)>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    utterance: u64,
    most: usize,
    fate: Arc<Fate>,
}

impl Waiting {
    /// The smaller goes first.
    fn rank(&self) -> (bool, u64) {
        if self.fate.is_finishing() { (false, self.utterance) } else { (true, self.ticket) }
    }
}

impl Default for Cores {
    fn default() -> Self {
        Cores::new(1)
    }
}

impl Cores {
    /// `count` cores, at least one.
    pub fn new(count: usize) -> Self {
        let count = count.max(1);
        let queue = Queue { free: count, next_ticket: 0, waiting: Vec::new(), called: Vec::new() };
        Cores { utterances: AtomicU64::new(0), queue: Mutex::new(queue), granted: Condvar::new(), count }
    }

    /// Whether somebody waits for a core: what could wait as well should.
    pub fn is_contended(&self) -> bool {
        !self.queue().waiting.is_empty()
    }

    /// Whether somebody's caller waits for an answer, and that for a core.
    pub fn is_awaited(&self) -> bool {
        self.queue().waiting.iter().any(|waiting| waiting.fate.is_finishing())
    }

    /// A number for an utterance that begins.
    pub fn next_utterance(&self) -> u64 {
        self.utterances.fetch_add(1, Ordering::Relaxed)
    }

    /// Does `work` for the utterance of this number once a core is free for it, and tells it on how many it may compute:
    /// `most` at most. It is a tenth of a second's, or what [`is_awaited`](Self::is_awaited) stops.
    pub fn run<T>(&self, utterance: u64, fate: &Arc<Fate>, most: usize, work: impl FnOnce(usize) -> T) -> T {
        let cores = self.enter(utterance, fate, most);
        let _given = Given { cores: self, count: cores };
        work(cores)
    }

    fn enter(&self, utterance: u64, fate: &Arc<Fate>, most: usize) -> usize {
        let mut queue = self.queue();
        if queue.free > 0 && queue.waiting.is_empty() {
            return self.grant(&mut queue, most);
        }
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push(Waiting { ticket, utterance, most, fate: Arc::clone(fate) });
        loop {
            queue = self.granted.wait(queue).unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = queue.called.iter().position(|(called, _)| *called == ticket) {
                return queue.called.swap_remove(place).1;
            }
        }
    }

    /// Takes a free core, and more that nobody needs.
    fn grant(&self, queue: &mut Queue, most: usize) -> usize {
        let spare = if most > 1 && queue.free > 1 && queue.waiting.is_empty() {
            let ours = self.count - queue.free;
            // This thread runs as well, and mostly one that has just handed it the audio and is about to sleep.
            machine::running().map_or(0, |running| (self.count + 1).saturating_sub(running.max(ours + 2)))
        } else {
            0
        };
        let cores = (1 + spare).min(most).min(queue.free);
        queue.free -= cores;
        cores
    }

    /// The cores go to those who are next; they are free only while nobody waits.
    fn leave(&self, cores: usize) {
        let mut queue = self.queue();
        queue.free += cores;
        while queue.free > 0 {
            let next = queue.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.rank());
            let Some((place, _)) = next else { return };
            let next = queue.waiting.swap_remove(place);
            let cores = self.grant(&mut queue, next.most);
            queue.called.push((next.ticket, cores));
            self.granted.notify_all();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Work runs outside the lock; nothing inside it panics.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cores that are in use; also when the work panics they are given back.
struct Given<'a> {
    cores: &'a Cores,
    count: usize,
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        self.cores.leave(self.count);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::{atomic::AtomicUsize, mpsc},
        thread,
        time::Duration,
    };

    use super::*;

    fn until_waiting(cores: &Cores, count: usize) {
        while cores.queue().waiting.len() < count {
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn who_is_waited_for_goes_first_and_the_oldest_of_them() {
        let cores = Arc::new(Cores::new(1));
        let (order, done) = mpsc::channel();
        let fates: Vec<Arc<Fate>> = (0..4).map(|_| Arc::default()).collect();
        cores.enter(9, &Arc::default(), 1);
        let threads: Vec<_> = [0, 1, 2, 3]
            .map(|number: usize| {
                let (cores, fate, order) = (Arc::clone(&cores), Arc::clone(&fates[number]), order.clone());
                let thread = thread::spawn({
                    let cores = Arc::clone(&cores);
                    // The later they ask, the older they are.
                    move || cores.run(3 - number as u64, &fate, 1, |_| order.send(number).unwrap())
                });
                until_waiting(&cores, number + 1);
                thread
            })
            .into_iter()
            .collect();
        fates[1].finish();
        fates[2].finish();
        cores.leave(1);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(done.try_iter().collect::<Vec<_>>(), [2, 1, 0, 3]);
    }

    #[test]
    fn never_more_cores_are_given_than_there_are_and_all_get_their_turn() {
        let cores = Arc::new(Cores::new(3));
        let (now, most, turns) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for number in 0..12 {
                let (cores, now, most, turns) = (&cores, &now, &most, &turns);
                scope.spawn(move || {
                    let fate = Arc::default();
                    for turn in 0..200 {
                        if turn == 100 {
                            Fate::finish(&fate);
                        }
                        cores.run(number, &fate, 1 + turn % 3, |given| {
                            assert!((1..=1 + turn % 3).contains(&given));
                            most.fetch_max(now.fetch_add(given, Ordering::SeqCst) + given, Ordering::SeqCst);
                            thread::yield_now();
                            now.fetch_sub(given, Ordering::SeqCst);
                            turns.fetch_add(1, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        assert_eq!((most.into_inner(), turns.into_inner()), (3, 2_400));
        let queue = cores.queue();
        assert_eq!((queue.free, queue.waiting.len(), queue.called.len()), (3, 0, 0));
    }

    #[test]
    fn a_second_core_is_given_to_one_who_is_alone_and_to_none_of_a_crowd() {
        // More cores than any machine has: however busy it is, some of them idle.
        let cores = Cores::new(100_000);
        let fate = Arc::default();
        assert_eq!(cores.run(0, &fate, 4, |given| given), 4);
        let crowd = Arc::new(Cores::new(2));
        crowd.enter(0, &fate, 1);
        crowd.enter(1, &fate, 1);
        let threads = [2, 3].map(|number| {
            let crowd = Arc::clone(&crowd);
            thread::spawn(move || crowd.enter(number, &Arc::default(), 2))
        });
        until_waiting(&crowd, 2);
        crowd.leave(2);
        assert_eq!(threads.map(|thread| thread.join().unwrap()), [1, 1]);
    }

    #[test]
    fn a_panic_gives_the_core_back() {
        let cores = Cores::new(1);
        let fate = Arc::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| cores.run(0, &fate, 1, |_| panic!("meant"))));
        assert!(panicked.is_err());
        assert_eq!(cores.run(1, &fate, 1, |_| 7), 7);
    }
}
