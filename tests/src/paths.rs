//! Where things are: the repository, the target folder, the programs under test.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}

/// Cargo's target folder, found from the running program (`target/release/…` or `target/release/deps/…`).
pub fn target() -> PathBuf {
    let profile = programs();
    profile.parent().map_or_else(|| repository().join("target"), Path::to_path_buf)
}

/// The folder with the programs of this build (`target/release`).
fn programs() -> PathBuf {
    let exe = std::env::current_exe().expect("the kernel knows the running program");
    let dir = exe.parent().expect("a program lies in a folder");
    if dir.ends_with("deps") {
        dir.parent().expect("deps lies in the profile's folder").to_path_buf()
    } else {
        dir.to_path_buf()
    }
}

/// A program of this workspace, built in the same profile as the suite.
///
/// # Errors
/// It was not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let path = programs().join(name);
    if !path.is_file() {
        bail!("{} is missing: cargo build --release --workspace", path.display());
    }
    Ok(path)
}

/// A fresh, empty folder `target/test-runs/NAME`: the files and logs of one test, kept until it runs again.
///
/// # Errors
/// The folder cannot be made or emptied.
pub fn run_dir(name: &str) -> Result<PathBuf> {
    let dir = target().join("test-runs").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}
