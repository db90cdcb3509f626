//! The shim: compiled by `cc`, its header read by `bindgen`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Must agree with what `vendored` passes to PJSIP itself: these decide the layout of its structures.
pub const DEFINES: [(&str, &str); 4] =
    [("PJ_AUTOCONF", "1"), ("PJ_IS_BIG_ENDIAN", "0"), ("PJ_IS_LITTLE_ENDIAN", "1"), ("NDEBUG", "1")];

const SHIM: [&str; 9] = [
    "account.cpp",
    "call.cpp",
    "clock.cpp",
    "endpoint.cpp",
    "fence.cpp",
    "frame_port.cpp",
    "guard.cpp",
    "reading.cpp",
    "resolver.cpp",
];

pub fn compile_shim(crate_dir: &Path, prefix: &Path) -> Result<(), String> {
    let shim = crate_dir.join("shim");
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .flag("-isystem")
        .flag(prefix.join("include").display().to_string())
        .flag("-fno-strict-aliasing")
        .flag("-fstack-protector-strong")
        .flag("-Wextra")
        .cpp_link_stdlib(None)
        .files(SHIM.map(|file| shim.join(file)));
    for (name, value) in DEFINES {
        build.define(name, value);
    }
    build.try_compile("agent_shim").map_err(|e| format!("the shim does not compile: {e}"))
}

pub fn generate(crate_dir: &Path, out_dir: &Path) -> Result<(), String> {
    bindgen::Builder::default()
        .header(crate_dir.join("shim/agent_shim.hpp").display().to_string())
        .clang_args(["-x", "c", "-std=c11"])
        .allowlist_item("(agent|AGENT)_.*")
        .newtype_enum("agent_.*")
        .derive_default(true)
        .layout_tests(false)
        .generate()
        .map_err(|e| format!("bindgen cannot read shim/agent_shim.hpp: {e}"))?
        .write_to_file(out_dir.join("bindings.rs"))
        .map_err(|e| format!("cannot write the bindings: {e}"))
}

/// Whether the C compiler finds `<header>`.
pub fn header_exists(header: &str) -> bool {
    let compiler = cc::Build::new().get_compiler();
    let child = Command::new(compiler.path())
        .args(["-E", "-x", "c", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        let _ = writeln!(stdin, "#include <{header}>");
    }
    child.wait().is_ok_and(|status| status.success())
}
