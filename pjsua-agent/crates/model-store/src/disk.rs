//! What can go wrong with the disk, said so that an operator knows what to do; room, copies, locks and atomic
//! replacement.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use indicatif::DecimalBytes;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statvfs::statvfs;

use crate::digest::{BUFFER_BYTES, Fingerprint, Fingerprinter};
use crate::progress::Task;

/// Why the store could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The file system, or the user's quota, is full.
    #[error(
        "no room in {}: {} more needed, {} free. Free some, or put the store on another disk: --store DIR \
         (for the daemon PJSUA_AGENT_MODELS=DIR)",
        directory.display(), DecimalBytes(*needed_bytes), DecimalBytes(*free_bytes)
    )]
    Full {
        /// The store.
        directory: PathBuf,
        /// What is still to be written.
        needed_bytes: u64,
        /// What may be written.
        free_bytes: u64,
    },
    /// The store may not be written.
    #[error(
        "{} may not be written: {source}. Run as the user who owns the store (sudo -u pjsua-agent …), or use \
         another: --store DIR", path.display()
    )]
    Permission {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DiskError {
    /// Sorts an error that came while `needed_bytes` were still to be written to `path`.
    pub(crate) fn new(path: &Path, needed_bytes: u64, source: io::Error) -> DiskError {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                let directory = path.parent().unwrap_or(&path).to_owned();
                let free_bytes = free_bytes(&directory).unwrap_or(0);
                DiskError::Full { directory, needed_bytes, free_bytes }
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => DiskError::Permission { path, source },
            _ => DiskError::Io { path, source },
        }
    }
}

/// Bytes that this user may still write there.
pub(crate) fn free_bytes(directory: &Path) -> io::Result<u64> {
    let state = statvfs(directory).map_err(io::Error::from)?;
    // `fsblkcnt_t` and `c_ulong` differ between platforms.
    #[allow(clippy::useless_conversion)]
    Ok(u64::from(state.blocks_available()).saturating_mul(u64::from(state.fragment_size())))
}

/// Fails unless there is room.
pub(crate) fn require_room(directory: &Path, needed_bytes: u64) -> Result<(), DiskError> {
    match free_bytes(directory) {
        Ok(free_bytes) if free_bytes < needed_bytes => {
            Err(DiskError::Full { directory: directory.to_owned(), needed_bytes, free_bytes })
        }
        // A file system that does not tell is found out by writing.
        _ => Ok(()),
    }
}

/// Creates a directory and those above it.
pub(crate) fn create_directory(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).map_err(|source| DiskError::new(path, 0, source))
}

/// Bytes of a file, 0 where there is none.
pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Removes a file that may be missing.
pub(crate) fn remove(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(DiskError::new(path, 0, source)),
        _ => Ok(()),
    }
}

/// A file that is being written, and hashed on the way.
pub(crate) struct Output {
    file: File,
    path: PathBuf,
    limit: u64,
    fingerprinter: Fingerprinter,
}

impl Output {
    /// At more than `limit` bytes it takes no more: what is too long is wrong, however it goes on, and must not fill the
    /// disk.
    pub(crate) fn create(path: &Path, limit: u64) -> Result<Output, DiskError> {
        let file = File::create(path).map_err(|error| DiskError::new(path, limit, error))?;
        Ok(Output { file, path: path.to_owned(), limit, fingerprinter: Fingerprinter::default() })
    }

    /// Writes what `source` gives.
    pub(crate) fn take<E: From<DiskError>>(
        &mut self,
        source: &mut dyn Read,
        task: &Task<'_>,
        read_error: impl Fn(io::Error) -> E,
    ) -> Result<(), E> {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let length = source.read(&mut buffer).map_err(&read_error)?;
            self.fingerprinter.update(&buffer[..length]);
            if length == 0 || self.fingerprinter.size() > self.limit {
                return Ok(());
            }
            let failed = |error| DiskError::new(&self.path, self.limit, error);
            self.file.write_all(&buffer[..length]).map_err(failed)?;
            task.advance(length as u64);
        }
    }

    /// What came.
    pub(crate) fn finish(self) -> Fingerprint {
        self.fingerprinter.finish()
    }
}

/// Puts a finished file in its place: after a crash there is the old file or the new one, whole.
pub(crate) fn put_in_place(finished: &Path, place: &Path) -> Result<(), DiskError> {
    let put = || {
        // Readable for the daemon whatever the umask of whoever fetched it: what anyone may fetch is no secret.
        fs::set_permissions(finished, Permissions::from_mode(0o644))?;
        File::open(finished)?.sync_all()?;
        fs::rename(finished, place)?;
        place.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    };
    put().map_err(|source| DiskError::new(place, 0, source))
}

/// Held while one process fetches a file; the system frees it when the process ends, however it ends.
pub(crate) struct Lock {
    _file: Flock<File>,
}

/// Takes the lock; `waiting` is told once, with the other's process id, if another holds it.
pub(crate) fn lock(path: &Path, waiting: impl FnOnce(&str)) -> Result<Lock, DiskError> {
    let failed = |source: io::Error| DiskError::new(path, 0, source);
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = match Flock::lock(open.map_err(failed)?, FlockArg::LockExclusiveNonblock) {
        Ok(file) => file,
        Err((file, Errno::EWOULDBLOCK)) => {
            waiting(fs::read_to_string(path).unwrap_or_default().trim());
            wait(file).map_err(failed)?
        }
        Err((_, error)) => return Err(failed(error.into())),
    };
    // For the message above; the lock holds without it.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Lock { _file: file })
}

fn wait(mut file: File) -> io::Result<Flock<File>> {
    loop {
        match Flock::lock(file, FlockArg::LockExclusive) {
            Ok(locked) => return Ok(locked),
            Err((same, Errno::EINTR)) => file = same,
            Err((_, error)) => return Err(error.into()),
        }
    }
}
