//! Builds PJSIP out of `vendor/src` (once per configuration, kept in the user's cache), the C++ shim, and the bindings.
//! Uses no network: `vendor/fetch-pjsip` has to have run before.

#[path = "build/bindings.rs"]
mod bindings;
#[path = "build/vendored.rs"]
mod vendored;

use std::path::{Path, PathBuf};

/// Found at run time of the daemon as shared libraries; the first column is what the compiler looks for.
const SYSTEM_LIBRARIES: [(&str, &str, &[&str]); 4] = [
    ("openssl/ssl.h", "libssl-dev", &["ssl", "crypto"]),
    ("srtp2/srtp.h", "libsrtp2-dev", &["srtp2"]),
    ("opus/opus.h", "libopus-dev", &["opus"]),
    ("speex/speex_resampler.h", "libspeexdsp-dev", &["speexdsp"]),
];

fn main() {
    let crate_dir = PathBuf::from(env("CARGO_MANIFEST_DIR"));
    let out_dir = PathBuf::from(env("OUT_DIR"));
    for input in ["build.rs", "build", "shim", "config_site.h", "patches", "../vendor/pins"] {
        println!("cargo::rerun-if-changed={input}");
    }

    if let Err(message) = build(&crate_dir, &out_dir) {
        println!("cargo::error={message}");
        std::process::exit(1);
    }
}

fn build(crate_dir: &Path, out_dir: &Path) -> Result<(), String> {
    require_system_libraries()?;
    let source = vendored::Source::find(crate_dir)?;
    let prefix = source.built(out_dir)?;
    bindings::compile_shim(crate_dir, &prefix)?;
    bindings::generate(crate_dir, out_dir)?;

    println!("cargo::rustc-link-search=native={}", prefix.join("lib").display());
    for library in vendored::LIBRARIES {
        println!("cargo::rustc-link-lib=static:-bundle={library}");
    }
    for library in SYSTEM_LIBRARIES.iter().flat_map(|(_, _, names)| *names) {
        println!("cargo::rustc-link-lib=dylib={library}");
    }
    println!("cargo::rustc-link-lib=dylib=stdc++");
    Ok(())
}

fn require_system_libraries() -> Result<(), String> {
    let missing: Vec<&str> = SYSTEM_LIBRARIES
        .iter()
        .filter(|(header, _, _)| !bindings::header_exists(header))
        .map(|(_, package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("PJSIP needs libraries that are not installed; run: apt-get install {}", missing.join(" ")))
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
