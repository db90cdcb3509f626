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
    engines::{Engine, EngineError, Recogniser},
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

    fn idle(&self) -> MutexGuard<'_, Vec<Place>> {
        // A vector of channels has no invariant that a panic could break.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to one recogniser's thread.
struct Place(mpsc::SyncSender<Delivery>);

/// The place travels with its job, so that a pool that has gone leaves no sender, and the threads end.
struct Delivery {
    job: Job,
    place: Place,
}

impl Pool {
    /// Loads the first recogniser of `capacity`, and the others behind its back, one after another. Of these as many
    /// compute at once as there are `cores`.
    pub fn load(engine: Arc<dyn Engine>, capacity: usize, cores: usize) -> Result<Self, EngineError> {
        let cores = Arc::new(Cores::new(cores));
        let shared = Arc::new(Shared { idle: Mutex::default(), free: Semaphore::new(0), cores });
        let first = engine.recogniser()?;
        let pool = Pool { shared: shared.clone(), capacity };
        spawn_place(engine.clone(), shared.clone(), Some(first), 0)?;
        let loader = move || {
            for number in 1..capacity {
                match spawn_place(engine.clone(), shared.clone(), None, number) {
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
        let place = self.shared.idle().pop();
        permit.forget();
        let place = place.expect("there are as many permits as idle places");
        let sender = place.0.clone();
        sender.send(Delivery { job, place }).expect("an idle place's thread waits for jobs");
        Ok(())
    }
}

fn cannot_start(error: std::io::Error) -> EngineError {
    EngineError(format!("cannot start a thread: {error}"))
}

/// Starts a recogniser's thread; without a recogniser, loads one first, in the caller's thread.
fn spawn_place(
    engine: Arc<dyn Engine>,
    shared: Arc<Shared>,
    recogniser: Option<Box<dyn Recogniser>>,
    number: usize,
) -> Result<(), EngineError> {
    let recogniser = match recogniser {
        Some(recogniser) => recogniser,
        None => engine.recogniser()?,
    };
    let (sender, deliveries) = mpsc::sync_channel::<Delivery>(1);
    let (pool, cores) = (Arc::downgrade(&shared), Arc::clone(&shared.cores));
    let serve = move || {
        let mut recogniser = recogniser;
        while let Ok(Delivery { job, place }) = deliveries.recv() {
            if !hear(&mut *recogniser, job, &cores) {
                recogniser = reload(&*engine);
            }
            match pool.upgrade() {
                Some(pool) => pool.put_back(place),
                None => return,
            }
        }
    };
    thread::Builder::new().name(format!("stt-{number}")).spawn(serve).map_err(cannot_start)?;
    shared.put_back(Place(sender));
    Ok(())
}

/// Whether the recogniser may be used again.
fn hear(recogniser: &mut dyn Recogniser, job: Job, cores: &Cores) -> bool {
    let events = job.events.clone();
    match catch_unwind(AssertUnwindSafe(|| utterance::hear(recogniser, job, cores))) {
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

fn reload(engine: &dyn Engine) -> Box<dyn Recogniser> {
    loop {
        match engine.recogniser() {
            Ok(recogniser) => return recogniser,
            Err(error) => tracing::error!(%error, "the recogniser cannot be loaded anew"),
        }
        thread::sleep(RELOAD_PAUSE);
    }
}
