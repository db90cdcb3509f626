//! Who may know whom inside the daemon, and where `unsafe` may stand; read from the sources.

#![allow(clippy::unwrap_used, reason = "a source that cannot be read is a test that fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the daemon with those that it may import, which all stand above it.
const MAY_IMPORT: [(&str, &[&str]); 19] = [
    ("config", &[]),
    ("health", &[]),
    ("leg", &[]),
    ("redact", &[]),
    ("metrics", &[]),
    ("audio_thread", &[]),
    ("ears", &[]),
    ("logging", &["config"]),
    ("reload", &["config"]),
    ("agent", &["config"]),
    ("sip", &["config", "leg"]),
    ("speech", &["health", "metrics"]),
    ("load", &["metrics", "speech"]),
    ("call", &["agent", "audio_thread", "config", "leg", "metrics", "speech"]),
    ("setup", &["agent", "call", "config", "sip", "speech"]),
    ("live", &["agent", "call", "config", "setup", "speech"]),
    ("ask", &["agent", "call", "config", "setup", "speech"]),
    ("api", &["call", "health"]),
    (
        "app",
        &[
            "agent",
            "api",
            "audio_thread",
            "call",
            "config",
            "health",
            "leg",
            "ears",
            "live",
            "load",
            "metrics",
            "redact",
            "reload",
            "setup",
            "sip",
            "speech",
        ],
    ),
];

/// Each crate of the workspace with those of ours that it may be built from.
const MAY_DEPEND: [(&str, &[&str]); 21] = [
    ("call-record", &["conversation", "redaction"]),
    ("call-report", &["call-record", "conversation", "redaction"]),
    ("conversation", &["redaction"]),
    ("ggml-kernels", &[]),
    ("hearing", &[]),
    ("inference", &[]),
    ("loopback-ports", &[]),
    ("media", &["sendable-vad"]),
    ("model-store", &["whisper-convert"]),
    ("pjsip-sys", &[]),
    (
        "pjsua-agent",
        &[
            "call-record",
            "call-report",
            "conversation",
            "hearing",
            "inference",
            "media",
            "model-store",
            "pjsip-sys",
            "reply-filter",
            "sip-gate",
            "spoken-text",
        ],
    ),
    ("pjsua-agent-llm", &["ggml-kernels", "inference"]),
    ("pjsua-agent-stt", &["ggml-kernels", "inference"]),
    ("pjsua-agent-tts", &["inference"]),
    ("redaction", &[]),
    ("reply-filter", &["conversation", "spoken-text"]),
    ("sendable-vad", &[]),
    ("sip-gate", &[]),
    ("spoken-text", &[]),
    // The daemon is judged from outside.
    ("tests", &["call-record", "conversation", "inference", "loopback-ports", "model-store", "redaction"]),
    ("whisper-convert", &[]),
];

/// Files and modules that belong to no room: the program itself, what it declares, and the way it ends.
const ABOVE: [&str; 3] = ["main", "lib", "drain"];

/// The rooms of the daemon in which `unsafe` may stand.
const UNSAFE: [&str; 1] = ["src/sip/ffi"];

/// The crates, besides the daemon, that need `unsafe`: they speak to C, or start processes.
const UNSAFE_CRATES: [&str; 6] = ["pjsip-sys", "tests", "sendable-vad", "ggml-kernels", "worker-stt", "worker-tts"];

fn daemon() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The `Cargo.toml` of every crate of ours but the fuzz targets.
fn manifests() -> Vec<toml::Table> {
    let workspace = daemon().parent().unwrap();
    let mut folders = vec![workspace.join("pjsip-sys"), workspace.join("tests"), daemon().to_owned()];
    folders.push(daemon().join("crates/media/sendable-vad"));
    folders.extend(fs::read_dir(daemon().join("crates")).unwrap().map(|entry| entry.unwrap().path()));
    folders.iter().map(|folder| read(&folder.join("Cargo.toml")).parse().unwrap()).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A source's lines of code, numbered from 1; comments are left out.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = read(path);
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned());
    (1..).zip(lines).collect()
}

/// The module of `src/` that a source belongs to.
fn module_of(path: &Path) -> String {
    let first = path.strip_prefix(daemon().join("src")).unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The modules that a line names by `crate::`.
fn named_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        Some(&rest[..end]).filter(|name| name.is_empty() || name.starts_with(|c: char| c.is_ascii_lowercase()))
    })
}

#[test]
fn modules_import_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for path in sources(&daemon().join("src")) {
        let module = module_of(&path);
        if ABOVE.contains(&module.as_str()) {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            panic!("the module `{module}` ({}) has no line in MAY_IMPORT: say what it may import", path.display())
        };
        for (number, line) in code(&path) {
            for named in named_in(&line) {
                let place = format!("{}:{number}", path.display());
                if named.is_empty() {
                    wrong.push(format!("{place}: `use crate::{{…}}`: one module a line, so that this can be read"));
                } else if named != module && !allowed.contains(&named) {
                    wrong.push(format!("{place}: `{module}` may not import `{named}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_may_be_imported_stands_above_and_is_imported() {
    let mut above = BTreeSet::new();
    for (module, allowed) in MAY_IMPORT {
        let circle: Vec<_> = allowed.iter().filter(|name| !above.contains(*name)).collect();
        assert!(circle.is_empty(), "`{module}` would stand below {circle:?}");
        above.insert(module);
        let mut imported = BTreeSet::new();
        for path in sources(&daemon().join("src")).iter().filter(|path| module_of(path) == module) {
            for (_, line) in code(path) {
                imported.extend(named_in(&line).map(str::to_owned));
            }
        }
        let idle: Vec<_> = allowed.iter().filter(|name| !imported.contains(**name)).collect();
        assert!(idle.is_empty(), "`{module}` imports {idle:?} no more: take it out of MAY_IMPORT");
    }
}

#[test]
fn crates_are_built_from_those_below_them_only() {
    let manifests = manifests();
    assert_eq!(manifests.len(), MAY_DEPEND.len());
    for manifest in manifests {
        let name = manifest["package"]["name"].as_str().unwrap();
        let Some((_, allowed)) = MAY_DEPEND.iter().find(|(known, _)| *known == name) else {
            panic!("the crate `{name}` has no line in MAY_DEPEND: say what of ours it may be built from")
        };
        let given = manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
        let is_ours = |dependency: &str| MAY_DEPEND.iter().any(|(known, _)| *known == dependency);
        let ours: BTreeSet<_> = given.map(|(dependency, _)| dependency.as_str()).filter(|name| is_ours(name)).collect();
        assert_eq!(ours, allowed.iter().copied().collect(), "dependencies of `{name}`");
    }
}

#[test]
fn a_crate_without_a_room_for_unsafe_forbids_it() {
    let mut roots =
        vec![daemon().parent().unwrap().join("pjsip-sys/src"), daemon().parent().unwrap().join("tests/src")];
    roots.push(daemon().join("crates/media/sendable-vad/src"));
    roots.extend(fs::read_dir(daemon().join("crates")).unwrap().map(|entry| entry.unwrap().path().join("src")));
    for root in roots {
        let file = ["lib.rs", "main.rs"].map(|name| root.join(name)).into_iter().find(|file| file.exists()).unwrap();
        let has_room = UNSAFE_CRATES.iter().any(|name| root.parent().unwrap().ends_with(name));
        let forbids = read(&file).contains("#![forbid(unsafe_code)]");
        assert!(has_room != forbids, "{}: either forbids `unsafe`, or has a line in UNSAFE_CRATES", file.display());
    }
}

#[test]
fn unsafe_stands_in_its_rooms_only() {
    let rooms = UNSAFE.map(|room| daemon().join(room));
    for path in sources(&daemon().join("src")) {
        let is_room = rooms.iter().any(|room| path.with_extension("").starts_with(room));
        for (number, line) in code(&path).iter().filter(|_| !is_room) {
            let is_unsafe = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "unsafe");
            assert!(!is_unsafe, "{}:{number}: `unsafe` outside {UNSAFE:?}", path.display());
        }
    }
}
