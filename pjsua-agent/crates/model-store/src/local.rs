//! `--from DIR`: a model for a machine without the internet, carried there as its own file or in the package's wheel.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::assemble::{self, AssembleError};
use crate::digest::{Fingerprint, Mismatch};
use crate::disk::{self, DiskError, Output};
use crate::manifest::{ModelFile, Source, WheelMember};
use crate::progress::Task;

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
    /// The wheels there.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Copies a model's file to `target`. When this returns `Ok`, its size and hash are right.
pub(crate) fn bring(
    directory: &Path,
    file: &ModelFile,
    target: &Path,
    task: &Task<'_>,
) -> Result<Fingerprint, LocalError> {
    let mut first_error = None;
    let plain = directory.join(&file.name);
    if plain.is_file() {
        match copy(&plain, &file.fingerprints(), target, task) {
            Ok(got) => return Ok(got),
            Err(error @ LocalError::Disk(_)) => return Err(error),
            Err(error) => first_error = Some(error),
        }
    }
    let sources = || file.sources.iter().filter(|source| source.url.is_none());
    for source in sources() {
        let expected = file.fingerprint_of(source);
        match assemble_from(directory, source, &expected, target, task) {
            Ok(true) => return Ok(expected),
            Ok(false) => {}
            Err(LocalError::Assemble(AssembleError::Disk(error))) => return Err(error.into()),
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    let names = || {
        let wheels = |source: &Source| {
            let wheels: BTreeSet<_> = source.members().map(|member| &*member.wheel).collect();
            wheels.into_iter().collect::<Vec<_>>().join(" with ")
        };
        std::iter::once(file.name.clone()).chain(sources().map(wheels)).collect()
    };
    Err(first_error.unwrap_or_else(|| LocalError::NotThere { directory: directory.to_owned(), names: names() }))
}

/// False if a wheel that it needs is not there.
fn assemble_from(
    directory: &Path,
    source: &Source,
    expected: &Fingerprint,
    target: &Path,
    task: &Task<'_>,
) -> Result<bool, LocalError> {
    let mut there = BTreeMap::new();
    for member in source.members() {
        there.insert(member.wheel.clone(), wheels(directory, member)?);
    }
    // Each of the wheels that could be the one is tried; where several are joined, the first of each.
    let tries = if there.len() == 1 { there.values().map(Vec::len).sum() } else { 1 };
    let mut first_error = None;
    for number in 0..tries {
        let chosen = |member: &WheelMember| there.get(&member.wheel).and_then(|wheels| wheels.get(number)).cloned();
        if source.members().any(|member| chosen(member).is_none()) {
            break;
        }
        match assemble::assemble(source, |member| chosen(member).unwrap_or_default(), expected, target, task) {
            Ok(()) => return Ok(true),
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    first_error.map_or(Ok(false), |error| Err(error.into()))
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

fn copy(source: &Path, allowed: &[Fingerprint], target: &Path, task: &Task<'_>) -> Result<Fingerprint, LocalError> {
    let expected = &allowed[0];
    let reading = |error| DiskError::new(source, 0, error);
    let mut input = File::open(source).map_err(reading)?;
    task.begin("copying", expected.size, 0);
    let mut output = Output::create(target, expected.size)?;
    output.take(&mut input, task, |error| LocalError::from(reading(error)))?;
    let got = output.finish();
    if allowed.contains(&got) {
        return Ok(got);
    }
    disk::remove(target)?;
    let mismatch = Box::new(Mismatch { expected: expected.clone(), got });
    Err(LocalError::WrongHash { path: source.to_owned(), mismatch })
}
