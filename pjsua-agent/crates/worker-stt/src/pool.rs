//! The recognisers of a worker, each on a thread of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use tokio::sync::{AcquireError, Semaphore};

use crate::{
    cores::Cores,
    engines::{Effort, Engine, EngineError, Recogniser, Utterance},
    utterance::{self, Job},
};

/// How long a recogniser that could not be loaded is left alone.
const RELOAD_PAUSE: Duration = Duration::from_secs(5);

/// Recognisers that wait for utterances.
///
/// # Threads
///
/// [`take`](Self::take) is for tokio; the recognisers run on threads of their own, which end with the pool.
pub struct Pool {
    shared: Arc<Shared>,
    capacity: usize,
}

struct Shared {
    idle: Mutex<Vec<Place>>,
    /// One permit an idle place.
    free: Semaphore,
    cores: Arc<Cores>,
}

impl Shared {
    fn put_back(&self, place: Place) {
        self.idle().push(place);
        self.free.add_permits(1);
    }

    /// The idle place of the lowest number, and so one that hears with full effort if there is one.
    fn take(&self) -> Option<Place> {
        let mut idle = self.idle();
        let (at, _) = idle.iter().enumerate().min_by_key(|(_, place)| place.number)?;
        Some(idle.swap_remove(at))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Place>> {
        // A vector of channels has no invariant that a panic could break.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to one recogniser's thread.
struct Place {
    number: usize,
    deliveries: mpsc::SyncSender<Delivery>,
}

/// The place travels with its job, so that a pool that has gone leaves no sender, and the threads end.
struct Delivery {
    job: Job,
    place: Place,
}

impl Pool {
    /// Loads the first recogniser of `capacity`, and the others behind its back, one after another. They
    /// compute on no more than `cores`; as many hear with full effort.
    pub fn load(engine: Arc<dyn Engine>, capacity: usize, cores: usize) -> Result<Self, EngineError> {
        let effort = move |number| if number < cores { Effort::Full } else { Effort::Thrifty };
        let cores = Arc::new(Cores::new(cores));
        let shared = Arc::new(Shared { idle: Mutex::default(), free: Semaphore::new(0), cores });
        let pool = Pool { shared: shared.clone(), capacity };
        spawn_place(engine.clone(), shared.clone(), 0, Effort::Full)?;
        let loader = move || {
            for number in 1..capacity {
                match spawn_place(engine.clone(), shared.clone(), number, effort(number)) {
                    Ok(()) => tracing::debug!(number, "loaded a further recogniser"),
                    Err(error) => tracing::error!(%error, number, "a recogniser is missing"),
                }
            }
        };
        thread::Builder::new().name("stt-load".into()).spawn(loader).map_err(cannot_start)?;
        Ok(pool)
    }

    /// Utterances that can be heard at once, when all recognisers are loaded.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives `job` to a recogniser, waiting until one is free. Dropping the future takes none.
    pub async fn run(&self, job: Job) -> Result<(), AcquireError> {
        let permit = self.shared.free.acquire().await?;
        let place = self.shared.take();
        permit.forget();
        let place = place.expect("there are as many permits as idle places");
        let deliveries = place.deliveries.clone();
        deliveries.send(Delivery { job, place }).expect("an idle place's thread waits for jobs");
        Ok(())
    }
}

fn cannot_start(error: std::io::Error) -> EngineError {
    EngineError(format!("cannot start a thread: {error}"))
}

/// Loads a recogniser, in the caller's thread, and starts its own.
fn spawn_place(engine: Arc<dyn Engine>, shared: Arc<Shared>, number: usize, effort: Effort) -> Result<(), EngineError> {
    let mut recogniser = engine.recogniser(effort)?;
    let (sender, deliveries) = mpsc::sync_channel::<Delivery>(1);
    let (pool, cores) = (Arc::downgrade(&shared), Arc::clone(&shared.cores));
    let serve = move || {
        while let Ok(Delivery { job, place }) = deliveries.recv() {
            let job = Job { utterance: Utterance { cores: Arc::clone(&cores), ..job.utterance }, ..job };
            if !hear(&mut *recogniser, job) {
                recogniser = reload(&*engine, effort);
            }
            match pool.upgrade() {
                Some(pool) => pool.put_back(place),
                None => return,
            }
        }
    };
    thread::Builder::new().name(format!("stt-{number}")).spawn(serve).map_err(cannot_start)?;
    shared.put_back(Place { number, deliveries: sender });
    Ok(())
}

/// Whether the recogniser may be used again.
fn hear(recogniser: &mut dyn Recogniser, job: Job) -> bool {
    let events = job.events.clone();
    match catch_unwind(AssertUnwindSafe(|| utterance::hear(recogniser, job))) {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the recogniser failed; it is loaded anew");
            utterance::fail(&events, tonic::Status::internal(error.to_string()));
            false
        }
        Err(_) => {
            tracing::error!("the recogniser panicked; it is loaded anew");
            utterance::fail(&events, tonic::Status::internal("the recogniser panicked"));
            false
        }
    }
}

fn reload(engine: &dyn Engine, effort: Effort) -> Box<dyn Recogniser> {
    loop {
        match engine.recogniser(effort) {
            Ok(recogniser) => return recogniser,
            Err(error) => tracing::error!(%error, "the recogniser cannot be loaded anew"),
        }
        thread::sleep(RELOAD_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use inference::proto::{RecogniseEvent, recognise_event::Kind};
    use tokio::sync::{mpsc, oneshot};

    use super::{Arc, Effort, Engine, EngineError, Job, Pool, Recogniser, thread};
    use crate::{
        engines::{Transcript, Utterance},
        utterance::Piece,
    };

    /// Understands at which effort it was loaded.
    struct Telltale(Option<Effort>);

    impl Engine for Telltale {
        fn name(&self) -> &'static str {
            "telltale"
        }

        fn model(&self) -> String {
            String::new()
        }

        fn speaks(&self, _language: &str) -> bool {
            true
        }

        fn recogniser(&self, effort: Effort) -> Result<Box<dyn Recogniser>, EngineError> {
            Ok(Box::new(Telltale(Some(effort))))
        }
    }

    impl Recogniser for Telltale {
        fn start(&mut self, _utterance: &Utterance) -> Result<(), EngineError> {
            Ok(())
        }

        fn accept(&mut self, _samples: &[i16]) -> Result<(), EngineError> {
            Ok(())
        }

        fn partial(&mut self, _cores: usize) -> Result<Option<String>, EngineError> {
            Ok(None)
        }

        fn finish(&mut self, _cores: usize) -> Result<Transcript, EngineError> {
            Ok(Transcript { text: format!("{:?}", self.0.unwrap()), ..Transcript::default() })
        }

        fn abandon(&mut self) {}
    }

    struct Caller {
        pieces: mpsc::Sender<Piece>,
        events: mpsc::Receiver<Result<RecogniseEvent, tonic::Status>>,
        is_done: oneshot::Receiver<()>,
    }

    impl Caller {
        async fn begins(pool: &Pool) -> Self {
            let (pieces, queue) = mpsc::channel(1);
            let (sender, events) = mpsc::channel(1);
            let (done, is_done) = oneshot::channel();
            pool.run(Job { utterance: Utterance::default(), pieces: queue, events: sender, done }).await.unwrap();
            Caller { pieces, events, is_done }
        }

        async fn ends(mut self) -> String {
            self.pieces.send(Piece::Finish).await.unwrap();
            let Some(Kind::Final(transcript)) = self.events.recv().await.unwrap().unwrap().kind else { panic!() };
            self.is_done.await.unwrap();
            transcript.text
        }
    }

    #[tokio::test]
    async fn as_many_as_there_are_cores_are_heard_with_full_effort_and_a_crowd_with_less() {
        let pool = Pool::load(Arc::new(Telltale(None)), 3, 1).unwrap();
        for _ in 0..3 {
            while pool.shared.free.available_permits() < 3 {
                thread::yield_now();
            }
            let crowd = [Caller::begins(&pool).await, Caller::begins(&pool).await, Caller::begins(&pool).await];
            let mut heard = Vec::new();
            for caller in crowd {
                heard.push(caller.ends().await);
            }
            assert_eq!(heard, ["Full", "Thrifty", "Thrifty"]);
        }
    }
}
