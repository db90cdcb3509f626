//! Children that see other files than we do, in a mount namespace of their own.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Makes `command` see the first of each pair in place of the second. Needs root.
///
/// # Errors
/// A path has a NUL in it.
pub fn bind(command: &mut Command, binds: &[(PathBuf, PathBuf)]) -> Result<()> {
    // Everything is prepared here: after fork nothing may be allocated.
    let binds = binds.iter().map(|(source, target)| Ok((path_string(source)?, path_string(target)?)));
    let binds = binds.collect::<Result<Vec<_>>>()?;
    // SAFETY: between fork and exec only system calls are made, with strings that were allocated before.
    unsafe {
        command.pre_exec(move || {
            unshare(CloneFlags::CLONE_NEWNS)?;
            mount(None::<&CStr>, c"/", None::<&CStr>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&CStr>)?;
            for (source, target) in &binds {
                let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
                mount(Some(source.as_c_str()), target.as_c_str(), None::<&CStr>, flags, None::<&CStr>)?;
            }
            Ok(())
        })
    };
    Ok(())
}

/// A path for a system call.
///
/// # Errors
/// It has a NUL in it.
pub fn path_string(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).context("a path with a NUL in it")
}
