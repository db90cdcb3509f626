//! Where the tests find ONNX Runtime.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const WHEEL: &str = "onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_x86_64.whl";
const LIBRARY: &str = "onnxruntime/capi/libonnxruntime.so.1.31.1";
const SHA256: &str = "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f";

/// The library: the one named by `ORT_DYLIB_PATH`, or that of the Python package, fetched once into the target folder.
/// Without either, a loud line and nothing.
pub fn library() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("ORT_DYLIB_PATH") {
        return Some(PathBuf::from(named));
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnxruntime-1.31.1");
    let library = cache.join(LIBRARY);
    if library.exists() {
        return Some(library);
    }
    match fetch(&cache) {
        Ok(()) => Some(library),
        Err(reason) => {
            eprintln!("SKIPPED: the engine piper was not tested, ONNX Runtime cannot be had: {reason}");
            None
        }
    }
}

fn fetch(cache: &Path) -> Result<(), String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the pinned package is for Linux on x86-64; set ORT_DYLIB_PATH".to_owned());
    }
    fs::create_dir_all(cache).map_err(|error| error.to_string())?;
    let fresh = cache.join(format!("fetch-{}", std::process::id()));
    fs::create_dir_all(&fresh).map_err(|error| error.to_string())?;
    let wanted = fresh.join("requirements.txt");
    fs::write(&wanted, format!("onnxruntime==1.31.1 --hash=sha256:{SHA256}\n")).map_err(|error| error.to_string())?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    python(&[
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--python-version=311",
        "--implementation=cp",
        "--platform=manylinux_2_28_x86_64",
        "--dest",
        &text(&fresh),
        "-r",
        &text(&wanted),
    ])?;
    python(&["-m", "zipfile", "-e", &text(&fresh.join(WHEEL)), &text(&fresh.join("unpacked"))])?;
    // Of several test processes one wins; all have the same file.
    let _ = fs::rename(fresh.join("unpacked/onnxruntime"), cache.join("onnxruntime"));
    let _ = fs::remove_dir_all(&fresh);
    Ok(())
}

fn python(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("python3")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("python3: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("python3 {}: {}", arguments[1], complaint.lines().last().unwrap_or("failed")))
}
