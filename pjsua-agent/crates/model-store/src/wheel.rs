//! Takes one member out of a wheel. A wheel is a zip file: PEP 427.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::digest::{Fingerprint, Mismatch};
use crate::disk::{self, DiskError};
use crate::progress::Task;

/// Why a member could not be taken out.
#[derive(Debug, thiserror::Error)]
pub enum WheelError {
    /// There is no such member.
    #[error("{} holds no {member}: another version of the package?", wheel.display())]
    NoMember {
        /// The wheel.
        wheel: PathBuf,
        /// Path inside it.
        member: String,
    },
    /// It is no zip file, or a damaged one.
    #[error("{} is damaged: {reason}", wheel.display())]
    Damaged {
        /// The wheel.
        wheel: PathBuf,
        /// What the archive's reader said.
        reason: String,
    },
    /// The member is not what it should be.
    #[error("{member} in {} is not what it should be: {mismatch}", wheel.display())]
    WrongHash {
        /// The wheel.
        wheel: PathBuf,
        /// Path inside it.
        member: String,
        /// How it differs.
        mismatch: Box<Mismatch>,
    },
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Writes a member to `target`. When this returns `Ok`, its size and hash are right; else `target` is gone.
pub(crate) fn extract(
    wheel: &Path,
    member: &str,
    expected: &Fingerprint,
    target: &Path,
    task: &Task<'_>,
) -> Result<(), WheelError> {
    let result = copy(wheel, member, expected.size, target, task).and_then(|got| {
        got.require(expected).map_err(|mismatch| WheelError::WrongHash {
            wheel: wheel.to_owned(),
            member: member.to_owned(),
            mismatch,
        })
    });
    if result.is_err() {
        disk::remove(target)?;
    }
    result
}

fn copy(wheel: &Path, member: &str, size: u64, target: &Path, task: &Task<'_>) -> Result<Fingerprint, WheelError> {
    let damaged = |reason: String| WheelError::Damaged { wheel: wheel.to_owned(), reason };
    let file = File::open(wheel).map_err(|error| DiskError::new(wheel, 0, error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(error.to_string()))?;
    let source = archive.by_name(member).map_err(|error| match error {
        ZipError::FileNotFound => WheelError::NoMember { wheel: wheel.to_owned(), member: member.to_owned() },
        error => damaged(error.to_string()),
    })?;
    task.begin("unpacking", size, 0);
    disk::copy(source, target, size, task, |error| damaged(error.to_string()))
}
