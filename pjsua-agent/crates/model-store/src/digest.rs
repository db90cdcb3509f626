//! SHA-256 of files, and the comparison that decides whether a file is the right one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Large enough that the hash, not the system call, takes the time.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

/// Size and hash of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: String,
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes, sha256 {}", self.size, self.sha256)
    }
}

/// What came is not what should have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// As the manifest says.
    pub expected: Fingerprint,
    /// As it is.
    pub got: Fingerprint,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}; got {}", self.expected, self.got)
    }
}

impl Fingerprint {
    /// Whether this is what was expected.
    pub(crate) fn require(self, expected: &Fingerprint) -> Result<(), Box<Mismatch>> {
        if self == *expected {
            return Ok(());
        }
        Err(Box::new(Mismatch { expected: expected.clone(), got: self }))
    }
}

/// Counts and hashes what passes.
#[derive(Default)]
pub(crate) struct Fingerprinter {
    size: u64,
    hash: Sha256,
}

impl Fingerprinter {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.hash.update(bytes);
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn finish(self) -> Fingerprint {
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Fingerprint { size: self.size, sha256 }
    }
}

/// The fingerprint of a file; `seen` is told of every chunk.
pub(crate) fn of_file(path: &Path, mut seen: impl FnMut(u64)) -> io::Result<Fingerprint> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut fingerprinter = Fingerprinter::default();
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(fingerprinter.finish());
        }
        fingerprinter.update(&buffer[..length]);
        seen(length as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_of_fips_180() {
        let mut fingerprinter = Fingerprinter::default();
        fingerprinter.update(b"a");
        fingerprinter.update(b"bc");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        assert_eq!(fingerprinter.finish(), Fingerprint { size: 3, sha256 });
    }
}
