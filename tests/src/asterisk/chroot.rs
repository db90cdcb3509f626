//! Into the tree: a chroot in a mount namespace of its own.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns};
use nix::unistd::{chdir, chroot};

use crate::mounts::{self, path_string};

/// A folder of a test that covers one of the tree.
pub struct Folder {
    /// Its name in the test's folder.
    pub name: &'static str,
    inside: &'static str,
}

pub const FOLDERS: &[Folder] = &[
    Folder { name: "etc", inside: "etc/asterisk" },
    Folder { name: "run", inside: "run/asterisk" },
    Folder { name: "log", inside: "var/log/asterisk" },
    Folder { name: "spool", inside: "var/spool/asterisk" },
];

/// Makes `command` run inside `tree`, with the test's own folders mounted over it.
pub fn enter_new(command: &mut Command, tree: &Path, dir: &Path) -> Result<()> {
    let mut binds = Vec::new();
    for folder in FOLDERS {
        let target = tree.join(folder.inside);
        std::fs::create_dir_all(&target)?;
        binds.push((dir.join(folder.name), target));
    }
    binds.push((PathBuf::from("/dev"), tree.join("dev")));
    mounts::bind(command, &binds)?;
    // Everything is prepared here: after fork nothing may be allocated.
    let proc = path_string(&tree.join("proc"))?;
    let root = path_string(tree)?;
    // SAFETY: between fork and exec only system calls are made, with strings that were allocated before.
    unsafe {
        command.pre_exec(move || {
            mount(Some(c"proc"), proc.as_c_str(), Some(c"proc"), MsFlags::empty(), None::<&CStr>)?;
            chroot(root.as_c_str())?;
            chdir(c"/")?;
            Ok(())
        })
    };
    Ok(())
}

/// Makes `command` run beside the Asterisk with this process id, seeing the same mounts.
pub fn enter_existing(command: &mut Command, tree: &Path, pid: u32) -> Result<()> {
    let namespace = File::open(format!("/proc/{pid}/ns/mnt")).context("Asterisk has ended")?;
    let root = path_string(tree)?;
    // SAFETY: between fork and exec only system calls are made, with a string that was allocated before; the child is
    // single-threaded, as setns(2) wants it.
    unsafe {
        command.pre_exec(move || {
            setns(&namespace, CloneFlags::CLONE_NEWNS).map_err(io::Error::from)?;
            chroot(root.as_c_str())?;
            chdir(c"/")?;
            Ok(())
        })
    };
    Ok(())
}
