//! Brings one file here, through cut connections, and does not believe it before its hash is right.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use indicatif::DecimalBytes;
use ureq::Body;
use ureq::http::Response;

use crate::digest::{self, Fingerprint, Mismatch};
use crate::disk::{self, DiskError};
use crate::http::{Http, RequestError, Retry, read_error};
use crate::progress::Task;
use crate::url;

const BUFFER_BYTES: usize = 128 * 1024;

/// Why a file is not here.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// Nothing has come at all, or the server says no.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It broke off, again and again.
    #[error(
        "{reason}. {} of {} have come and are kept ({attempts} tries in a row brought nothing more): the same command \
         goes on from there", DecimalBytes(*got_bytes), DecimalBytes(*size_bytes)
    )]
    Cut {
        /// The last failure.
        reason: RequestError,
        /// What is kept.
        got_bytes: u64,
        /// What there should be.
        size_bytes: u64,
        /// Tries in a row that brought nothing.
        attempts: u32,
    },
    /// The server has a file of another size.
    #[error("{url} is another file: the server announces {got_bytes} bytes, the manifest has {size_bytes}")]
    OtherSize {
        /// Without user and password.
        url: String,
        /// As announced, or as many as came before it was stopped.
        got_bytes: u64,
        /// As the manifest says.
        size_bytes: u64,
    },
    /// Everything came, and it is not what it should be.
    #[error(
        "{url} brought a wrong file, which was removed: {mismatch}. Something on the way (a proxy, a \
         mirror) or the source has changed it: try another source or --from DIR, and do not use it before you know why"
    )]
    WrongHash {
        /// Without user and password.
        url: String,
        /// How it differs.
        mismatch: Box<Mismatch>,
    },
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// A file to bring.
pub(crate) struct Wanted<'a> {
    pub(crate) url: &'a str,
    pub(crate) size: u64,
    pub(crate) sha256: &'a str,
    /// Where it grows; what a former try left there is gone on from.
    pub(crate) partial: &'a Path,
}

/// Brings a file to `wanted.partial`. When this returns `Ok`, size and hash are right.
pub(crate) fn download(http: &Http, wanted: &Wanted<'_>, retry: &Retry, task: &Task<'_>) -> Result<(), DownloadError> {
    let resumed = disk::length(wanted.partial) > 0;
    bring(http, wanted, retry, task)?;
    match check(wanted, task) {
        // What lay here may have been of another version of the file.
        Err(DownloadError::WrongHash { .. }) if resumed => {
            task.note("what a former try left is of no use: from the start");
            bring(http, wanted, retry, task)?;
            check(wanted, task)
        }
        result => result,
    }
}

fn check(wanted: &Wanted<'_>, task: &Task<'_>) -> Result<(), DownloadError> {
    task.begin("checking", wanted.size, 0);
    let got = digest::of_file(wanted.partial, |bytes| task.advance(bytes))
        .map_err(|error| DiskError::new(wanted.partial, 0, error))?;
    let expected = Fingerprint { size: wanted.size, sha256: wanted.sha256.to_owned() };
    let Err(mismatch) = got.require(&expected) else { return Ok(()) };
    disk::remove(wanted.partial)?;
    Err(DownloadError::WrongHash { url: url::shown(wanted.url), mismatch })
}

/// Tries until everything is there, or nothing more comes.
fn bring(http: &Http, wanted: &Wanted<'_>, retry: &Retry, task: &Task<'_>) -> Result<(), DownloadError> {
    let mut most = disk::length(wanted.partial);
    let mut failures = 0;
    loop {
        let reason = match attempt(http, wanted, task) {
            Ok(()) => return Ok(()),
            Err(DownloadError::Request(reason)) if reason.is_transient() => reason,
            Err(error) => return Err(error),
        };
        // A server that ignores ranges starts over each time: only more than ever before is progress.
        let got_bytes = disk::length(wanted.partial);
        failures = if got_bytes > most { 0 } else { failures + 1 };
        most = most.max(got_bytes);
        if failures >= retry.attempts {
            return Err(match got_bytes {
                0 => DownloadError::Request(reason),
                _ => DownloadError::Cut { reason, got_bytes, size_bytes: wanted.size, attempts: failures },
            });
        }
        task.pause(&reason, retry.wait(failures));
    }
}

fn attempt(http: &Http, wanted: &Wanted<'_>, task: &Task<'_>) -> Result<(), DownloadError> {
    let failed = |error| DiskError::new(wanted.partial, wanted.size, error);
    let mut file = OpenOptions::new().append(true).create(true).open(wanted.partial).map_err(failed)?;
    let mut have = disk::length(wanted.partial);
    if have > wanted.size {
        file.set_len(0).map_err(failed)?;
        have = 0;
    }
    if have == wanted.size {
        return Ok(());
    }
    let mut response = http.get(wanted.url, "*/*", have)?;
    if have > 0 && !goes_on(&response, have) {
        file.set_len(0).map_err(failed)?;
        if response.status() == 416 {
            response = http.get(wanted.url, "*/*", 0)?;
        }
        have = 0;
    }
    let announced = response.body().content_length().map(|rest| have + rest);
    if let Some(got_bytes) = announced.filter(|announced| *announced != wanted.size) {
        disk::remove(wanted.partial)?;
        return Err(DownloadError::OtherSize { url: url::shown(wanted.url), got_bytes, size_bytes: wanted.size });
    }
    task.begin("fetching", wanted.size, have);
    append(&mut file, response, have, wanted, task)
}

/// Whether the server sends the rest from exactly there: RFC 9110, section 14.4.
fn goes_on(response: &Response<Body>, have: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|range| range.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok());
    response.status() == 206 && start == Some(have)
}

fn append(
    file: &mut File,
    response: Response<Body>,
    mut have: u64,
    wanted: &Wanted<'_>,
    task: &Task<'_>,
) -> Result<(), DownloadError> {
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(read_error(error, wanted.url).into()),
        };
        if have + length as u64 > wanted.size {
            disk::remove(wanted.partial)?;
            let got_bytes = have + length as u64;
            return Err(DownloadError::OtherSize { url: url::shown(wanted.url), got_bytes, size_bytes: wanted.size });
        }
        file.write_all(&buffer[..length]).map_err(|error| DiskError::new(wanted.partial, wanted.size - have, error))?;
        have += length as u64;
        task.advance(length as u64);
    }
    if have < wanted.size {
        let reason = "closed before everything had come".to_owned();
        return Err(RequestError::Interrupted { host: url::host(wanted.url).to_owned(), reason }.into());
    }
    Ok(())
}
