//! Remembers that a file was found whole, so that the next start need not hash it again.
//!
//! The stamp holds what was verified and the size and modification time the file had then. It guards against damage
//! and against half-done work, not against someone who may write to the store: that one could write the stamp as well.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = ".verified";

fn path(root: &Path, name: &str) -> PathBuf {
    root.join(DIRECTORY).join(name)
}

fn text(metadata: &Metadata, sha256: &str) -> String {
    format!("{sha256} {} {}.{:09}\n", metadata.size(), metadata.mtime(), metadata.mtime_nsec())
}

/// Whether the file was verified as it lies there.
pub(crate) fn holds(root: &Path, name: &str, metadata: &Metadata, sha256: &str) -> bool {
    fs::read_to_string(path(root, name)).is_ok_and(|stamp| stamp == text(metadata, sha256))
}

/// Notes that the file was verified. A store that may only be read has no stamps: each start then hashes its models.
pub(crate) fn put(root: &Path, name: &str, metadata: &Metadata, sha256: &str) {
    let _ = fs::create_dir_all(root.join(DIRECTORY));
    let _ = fs::write(path(root, name), text(metadata, sha256));
}

/// Forgets the file.
pub(crate) fn remove(root: &Path, name: &str) {
    let _ = fs::remove_file(path(root, name));
}
