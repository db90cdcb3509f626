//! Which recognisers compute while there are more of them at work than cores.

use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::fate::Fate;

/// Lets as many recognisers compute at once as there are cores.
///
/// Left to the kernel all of them would share the cores alike, so that in a crowd those whose caller waits for an answer
/// would be slowed down by those whose caller still talks. Here the ones that are waited for come first, in the order in
/// which they began; the others follow in turn.
///
/// # Threads
///
/// Any that may block.
#[derive(Debug)]
pub struct Cores {
    utterances: AtomicU64,
    queue: Mutex<Queue>,
    granted: Condvar,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    next_ticket: u64,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    utterance: u64,
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
    /// `count` compute at once, at least one.
    pub fn new(count: usize) -> Self {
        let queue = Queue { free: count.max(1), next_ticket: 0, waiting: Vec::new() };
        Cores { utterances: AtomicU64::new(0), queue: Mutex::new(queue), granted: Condvar::new() }
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

    /// Does `work` for the utterance of this number once a core is free for it: a tenth of a second's, or what
    /// [`is_awaited`](Self::is_awaited) stops.
    pub fn run<T>(&self, utterance: u64, fate: &Arc<Fate>, work: impl FnOnce() -> T) -> T {
        self.enter(utterance, fate);
        let _core = Core(self);
        work()
    }

    fn enter(&self, utterance: u64, fate: &Arc<Fate>) {
        let mut queue = self.queue();
        if queue.free > 0 && queue.waiting.is_empty() {
            queue.free -= 1;
            return;
        }
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push(Waiting { ticket, utterance, fate: Arc::clone(fate) });
        while queue.waiting.iter().any(|waiting| waiting.ticket == ticket) {
            queue = self.granted.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The core goes to whoever is next; it is free only while nobody waits.
    fn leave(&self) {
        let mut queue = self.queue();
        let next = queue.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.rank()).map(|(index, _)| index);
        match next {
            Some(index) => {
                queue.waiting.swap_remove(index);
                self.granted.notify_all();
            }
            None => queue.free += 1,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Work runs outside the lock; nothing inside it panics.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A core that is in use; also when the work panics it is given back.
struct Core<'a>(&'a Cores);

impl Drop for Core<'_> {
    fn drop(&mut self) {
        self.0.leave();
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
        cores.enter(9, &Arc::default());
        let threads: Vec<_> = [0, 1, 2, 3]
            .map(|number: usize| {
                let (cores, fate, order) = (Arc::clone(&cores), Arc::clone(&fates[number]), order.clone());
                let thread = thread::spawn({
                    let cores = Arc::clone(&cores);
                    // The later they ask, the older they are.
                    move || cores.run(3 - number as u64, &fate, || order.send(number).unwrap())
                });
                until_waiting(&cores, number + 1);
                thread
            })
            .into_iter()
            .collect();
        fates[1].finish();
        fates[2].finish();
        cores.leave();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(done.try_iter().collect::<Vec<_>>(), [2, 1, 0, 3]);
    }

    #[test]
    fn never_more_compute_than_there_are_cores_and_all_get_their_turn() {
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
                        cores.run(number, &fate, || {
                            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            thread::yield_now();
                            now.fetch_sub(1, Ordering::SeqCst);
                            turns.fetch_add(1, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        assert_eq!((most.into_inner(), turns.into_inner()), (3, 2_400));
        let queue = cores.queue();
        assert_eq!((queue.free, queue.waiting.len()), (3, 0));
    }

    #[test]
    fn a_panic_gives_the_core_back() {
        let cores = Cores::new(1);
        let fate = Arc::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| cores.run(0, &fate, || panic!("meant"))));
        assert!(panicked.is_err());
        assert_eq!(cores.run(1, &fate, || 7), 7);
    }
}
