//! For the build scripts of executables that link ggml.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::level::Level;

/// Folders of the CPU backend, below `ggml-cpu`, that all architectures use; `tiled` came later.
const FOLDERS: [&str; 4] = ["", "amx", "llamafile", "tiled"];

/// What registers a CPU backend.
const ENTRY: &str = "ggml_backend_cpu_reg";

/// Compiles the kernels of the ggml that lies in `folder` of the crate `package`, with what stops them, and tells Cargo to
/// link them.
///
/// # Panics
///
/// With the reason, as a build script does: a missing tool, a compiler's error.
pub fn compile(package: &str, folder: &str) {
    println!("cargo:rerun-if-changed=build.rs");
    let ggml = package_folder(package).join(folder);
    compile_stop(&ggml);
    let arch = variable("CARGO_CFG_TARGET_ARCH");
    for level in Level::of(&arch) {
        let library = format!("ggml-cpu-{}", level.name);
        compile_level(level, &ggml, &library);
        let file = PathBuf::from(variable("OUT_DIR")).join(format!("lib{library}.a"));
        hide_symbols(&file, level.name).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// What `stop.rs` calls.
fn compile_stop(ggml: &Path) {
    const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stop.c");
    println!("cargo:rerun-if-changed={SOURCE}");
    let mut build = cc::Build::new();
    build.std("c11").opt_level(2).warnings(false).include(ggml.join("include")).include(ggml.join("src"));
    build.file(SOURCE).compile("ggml-stop");
}

fn compile_level(level: &Level, ggml: &Path, library: &str) {
    let cpu = ggml.join("src/ggml-cpu");
    let common = FOLDERS.iter().flat_map(|folder| sources(&cpu.join(folder)));
    // What detects features there is for ggml's own loader.
    let own = sources(&cpu.join("arch").join(if level.arch == "x86_64" { "x86" } else { "arm" }))
        .filter(|path| !path.ends_with("cpu-feats.cpp"));
    let (cpp, c): (Vec<PathBuf>, Vec<PathBuf>) =
        common.chain(own).partition(|path| path.extension().is_some_and(|extension| extension == "cpp"));
    assert!(!c.is_empty() && !cpp.is_empty(), "{} holds no sources of ggml's CPU backend", cpu.display());
    let build = |is_cpp: bool| {
        let mut build = cc::Build::new();
        build.cpp(is_cpp).std(if is_cpp { "c++17" } else { "c11" });
        build.opt_level(3).debug(false).warnings(false).pic(true);
        // A unique symbol cannot be hidden.
        build.flag_if_supported("-fno-gnu-unique");
        build.include(ggml.join("include")).include(ggml.join("src")).include(&cpu);
        // As ggml's CMakeLists define them.
        for define in ["NDEBUG", "_GNU_SOURCE", "GGML_USE_LLAMAFILE", "GGML_USE_CPU_REPACK"] {
            build.define(define, None);
        }
        build.define("_XOPEN_SOURCE", "600");
        level.defines.iter().for_each(|define| _ = build.define(define, None));
        level.flags.iter().for_each(|flag| _ = build.flag(flag));
        build
    };
    let objects = build(false).files(c).compile_intermediates();
    build(true).files(cpp).objects(objects).compile(library);
}

fn sources(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "c" || extension == "cpp"))
        .collect();
    paths.sort();
    paths.into_iter()
}

/// Makes of the library one object that shows nothing but the backend's registration, called by the level's name. What it
/// hides includes inline functions of the standard library: of those the linker would keep one copy for all levels and the
/// rest of the program, with instructions that not every processor has.
fn hide_symbols(library: &Path, level: &str) -> Result<(), String> {
    let object = library.with_extension("o");
    let tool = |name: &str| Command::new(std::env::var(name.to_uppercase()).unwrap_or_else(|_| name.into()));
    // Without the groups by which a linker would find such copies alike.
    let link = ["-r", "--force-group-allocation", "--whole-archive"];
    run(tool("ld").args(link).arg(library).arg("-o").arg(&object))?;
    let shown = format!("{level}_{ENTRY}");
    run(tool("objcopy")
        .arg(format!("--redefine-sym={ENTRY}={shown}"))
        .arg(format!("--keep-global-symbol={shown}"))
        .arg(&object))?;
    let listing = run(tool("nm").args(["-g", "--defined-only", "--format=posix"]).arg(&object))?;
    if listing.lines().any(|line| !line.starts_with(&shown)) {
        return Err(format!("{}: shows more than {shown}: {listing}", object.display()));
    }
    fs::remove_file(library).map_err(|error| format!("{}: {error}", library.display()))?;
    run(tool("ar").arg("crs").arg(library).arg(&object))?;
    Ok(())
}

/// Where Cargo unpacked the crate of this name.
fn package_folder(package: &str) -> PathBuf {
    let metadata = |more: &[&str]| {
        let target = variable("TARGET");
        let mut cargo = Command::new(variable("CARGO"));
        cargo.args(["metadata", "--format-version=1", "--locked", "--filter-platform", &target]).args(more);
        run(&mut cargo)
    };
    // Offline it knows all but what only tests need and nobody has fetched yet.
    let metadata = metadata(&["--offline"]).or_else(|_| metadata(&[])).unwrap_or_else(|error| panic!("{error}"));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let manifest = packages
        .iter()
        .find(|entry| entry["name"] == package)
        .and_then(|entry| entry["manifest_path"].as_str())
        .unwrap_or_else(|| panic!("no package depends on {package}"));
    Path::new(manifest).parent().expect("a manifest lies in a folder").to_owned()
}

fn run(command: &mut Command) -> Result<String, String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this is for build scripts"))
}
