//! Links libpocketsphinx, whose C interface `src/engines/pocketsphinx_sys.rs` declares, and the kernels of whisper.cpp.

use std::process::Command;

fn main() {
    ggml_kernels::build::compile("whisper-rs-sys", "whisper.cpp/ggml");
    let version = pkg_config(&["--modversion", "pocketsphinx"]);
    assert!(
        version.starts_with("5prealpha") || version.starts_with("0.8"),
        "libpocketsphinx is {version}; src/engines/pocketsphinx_sys.rs is written for 5prealpha (Debian's 0.8+5prealpha)"
    );
    for word in pkg_config(&["--libs", "pocketsphinx", "sphinxbase"]).split_whitespace() {
        if let Some(folder) = word.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
        }
    }
    // What pkg-config names besides is for recording from sound cards.
    println!("cargo:rustc-link-lib=pocketsphinx");
    println!("cargo:rustc-link-lib=sphinxbase");
}

fn pkg_config(args: &[&str]) -> String {
    match Command::new("pkg-config").args(args).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => panic!(
            "pocketsphinx is not installed; run: apt-get install pkg-config libpocketsphinx-dev libsphinxbase-dev"
        ),
    }
}
