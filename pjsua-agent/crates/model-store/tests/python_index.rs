//! A model that is a member of a wheel on a Python index, and `--from DIR`.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use model_store::{
    AssembleError, DownloadError, FetchError, IndexError, LocalError, PipConfig, Proxy, PullOptions, SourceError,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

mod kit;
use kit::{Reply, Request, Server, content, entry, files, options, pull, sha256, store};

const WHEEL: &str = "my_model-1.0-cp312-cp312-manylinux_2_28_x86_64.whl";

fn wheel(member: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("my_model/__init__.py", &b""[..]), ("my_model/data/m.onnx", member)] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn member_of(wheel: &[u8]) -> String {
    format!(
        "pypi.package = \"My_Model\"\npypi.version = \"1.0\"\npypi.wheel = \"{WHEEL}\"\npypi.size = {}\n\
         pypi.sha256 = \"{}\"\npypi.member = \"my_model/data/m.onnx\"",
        wheel.len(),
        sha256(wheel)
    )
}

fn html(sha256: &str) -> Reply {
    let page = format!(
        "<!DOCTYPE html><html><body>\n<a href=\"../../files/my_model-0.9-py3-none-any.whl\">0.9</a><br/>\n\
         <a href=\"../../files/{WHEEL}#sha256={sha256}\" data-requires-python=\"&gt;=3.12\">{WHEEL}</a>\n</body></html>"
    );
    Reply::page(&page, "text/html")
}

/// An index at `/simple` with the wheel at `/files`.
fn index(wheel: &[u8], page: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    let wheel = wheel.to_vec();
    Server::start(move |request| match request.path.as_str() {
        "/simple/my-model/" => page(request),
        path if path == format!("/files/{WHEEL}") => Reply::file(&wheel, request),
        _ => Reply::status("404 Not Found"),
    })
}

fn on(indexes: &[String]) -> PullOptions {
    let pip = PipConfig { indexes: indexes.to_vec(), certificates: None, proxy: Proxy::None };
    PullOptions { pip, ..options() }
}

fn simple(server: &Server) -> Vec<String> {
    vec![format!("{}/simple", server.url)]
}

fn source_error(result: Result<model_store::Pulled, FetchError>) -> SourceError {
    match result.unwrap_err() {
        FetchError::Sources(mut failures) => failures.remove(0).1,
        error => panic!("not a source's failure: {error}"),
    }
}

#[test]
fn a_member_comes_out_of_a_wheel_on_an_html_index() {
    let root = tempfile::tempdir().unwrap();
    let member = content(300_000);
    let wheel = wheel(&member);
    let hash = sha256(&wheel);
    let server = index(&wheel, move |_| html(&hash));
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    assert_eq!(fs::read(pull(&store, "m", &on(&simple(&server))).unwrap().path).unwrap(), member);
    assert_eq!(files(root.path()), ["m.bin"], "the wheel is gone");
}

#[test]
fn a_member_comes_out_of_a_wheel_on_a_json_index() {
    let root = tempfile::tempdir().unwrap();
    let member = content(1000);
    let wheel = wheel(&member);
    let page = format!(
        r#"{{"meta":{{"api-version":"1.0"}},"name":"my-model","files":[
             {{"filename":"{WHEEL}","url":"/files/{WHEEL}","hashes":{{"sha256":"{}"}}}}]}}"#,
        sha256(&wheel)
    );
    let server = index(&wheel, move |_| Reply::page(&page, "application/vnd.pypi.simple.v1+json"));
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    assert_eq!(fs::read(pull(&store, "m", &on(&simple(&server))).unwrap().path).unwrap(), member);
}

#[test]
fn a_wheel_that_broke_off_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let member = content(300_000);
    let (wheel, hash) = (wheel(&member), sha256(&wheel(&member)));
    let served = wheel.clone();
    let server = Server::start(move |request| match (request.path.as_str(), request.range) {
        ("/simple/my-model/", _) => html(&hash),
        (_, None) => Reply::file(&served, request).cut_after(100_000),
        (_, Some(_)) => Reply::file(&served, request),
    });
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    pull(&store, "m", &on(&simple(&server))).unwrap();
    assert_eq!(server.requests().last().unwrap().1, Some(100_000));
}

#[test]
fn an_index_in_trouble_is_asked_again_and_one_without_the_wheel_gives_way_to_the_next() {
    let root = tempfile::tempdir().unwrap();
    let member = content(1000);
    let (wheel, hash) = (wheel(&member), sha256(&wheel(&member)));
    let lagging = index(&wheel, |_| Reply::page("<a href=\"my_model-0.9-py3-none-any.whl\">0.9</a>", "text/html"));
    let server = index(&wheel, move |request| match request.earlier {
        0 => Reply::status("502 Bad Gateway"),
        _ => html(&hash),
    });
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    let error = source_error(pull(&store, "m", &on(&simple(&lagging))));
    assert!(matches!(&error, SourceError::Index(IndexError::NotThere { .. })), "{error}");
    assert!(error.to_string().contains(&format!("has no {WHEEL}")) && error.to_string().contains("PIP_INDEX_URL"));
    pull(&store, "m", &on(&[simple(&lagging), simple(&server)].concat())).unwrap();
}

#[test]
fn an_index_that_offers_another_wheel_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let member = content(1000);
    let wheel = wheel(&member);
    let server = index(&wheel, |_| html(&"0".repeat(64)));
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    let error = source_error(pull(&store, "m", &on(&simple(&server))));
    assert!(matches!(&error, SourceError::Index(IndexError::OtherFile { .. })), "{error}");
    assert!(error.to_string().contains(&sha256(&wheel)), "{error}");
    assert_eq!(server.requests().len(), 1, "the wheel is not fetched");
}

#[test]
fn a_wheel_with_a_wrong_byte_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let member = content(1000);
    let (wheel, hash) = (wheel(&member), sha256(&wheel(&member)));
    let mut changed = wheel.clone();
    changed[100] ^= 1;
    let server = index(&changed, move |_| html(&hash));
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    let error = source_error(pull(&store, "m", &on(&simple(&server))));
    assert!(matches!(&error, SourceError::Download(DownloadError::WrongHash { .. })), "{error}");
    assert!(files(root.path()).is_empty());
}

#[test]
fn a_member_that_is_missing_or_another_is_told() {
    let root = tempfile::tempdir().unwrap();
    let wheel = wheel(&content(1000));
    let hash = sha256(&wheel);
    let server = index(&wheel, move |_| html(&hash));
    let text = entry("other", b"abc", &[member_of(&wheel)])
        + &entry("none", b"abc", &[member_of(&wheel).replace("data/m.onnx", "m.onnx")]);
    let store = store(root.path(), &text);
    let error = source_error(pull(&store, "other", &on(&simple(&server))));
    assert!(matches!(&error, SourceError::Assemble(AssembleError::WrongHash { .. })), "{error}");
    let error = source_error(pull(&store, "none", &on(&simple(&server))));
    assert!(matches!(&error, SourceError::Assemble(AssembleError::NoMember { .. })), "{error}");
    assert!(!files(root.path()).iter().any(|name| name.ends_with(".bin")));
}

#[test]
fn what_is_no_index_is_told() {
    let root = tempfile::tempdir().unwrap();
    let wheel = wheel(b"abc");
    let server = index(&wheel, |_| Reply::page("{\"error\": 1}", "application/json"));
    let error =
        source_error(pull(&store(root.path(), &entry("m", b"abc", &[member_of(&wheel)])), "m", &on(&simple(&server))));
    assert!(error.to_string().contains("not a Python index"), "{error}");
}

#[test]
fn user_and_password_of_the_index_reach_its_files_and_no_error() {
    let root = tempfile::tempdir().unwrap();
    let member = content(1000);
    let (wheel, hash) = (wheel(&member), sha256(&wheel(&member)));
    let served = wheel.clone();
    let server = Server::start(move |request| match (request.authorization.as_deref(), request.path.as_str()) {
        // me:secret
        (Some("Basic bWU6c2VjcmV0"), "/simple/my-model/") => html(&hash),
        (Some("Basic bWU6c2VjcmV0"), _) => Reply::file(&served, request),
        _ => Reply::status("401 Unauthorized"),
    });
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
    let with = |secret: &str| on(&[format!("{}/simple", server.url.replace("://", &format!("://me:{secret}@")))]);
    let error = pull(&store, "m", &with("guessed")).unwrap_err().to_string();
    assert!(error.contains("401") && !error.contains("guessed"), "{error}");
    pull(&store, "m", &with("secret")).unwrap();
}

fn from(directory: &Path) -> PullOptions {
    PullOptions { from: Some(directory.to_owned()), ..options() }
}

#[test]
fn a_site_without_the_internet_brings_the_file_or_the_wheel_or_another_pythons_wheel() {
    let member = content(300_000);
    let wheel = wheel(&member);
    let other_python = WHEEL.replace("cp312", "cp314");
    for (name, bytes) in [("m.bin", &member), (WHEEL, &wheel), (other_python.as_str(), &wheel)] {
        let (root, media) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(media.path().join(name), bytes).unwrap();
        let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));
        assert_eq!(fs::read(pull(&store, "m", &from(media.path())).unwrap().path).unwrap(), member);
        assert!(media.path().join(name).exists(), "what was brought stays where it is");
        assert_eq!(files(root.path()), ["m.bin"]);
    }
}

#[test]
fn what_was_brought_is_checked_as_what_was_fetched() {
    let (root, media) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let member = content(1000);
    let wheel = wheel(&member);
    let store = store(root.path(), &entry("m", &member, &[member_of(&wheel)]));

    let error = pull(&store, "m", &from(media.path())).unwrap_err();
    assert!(matches!(&error, FetchError::Local(LocalError::NotThere { .. })), "{error}");
    assert!(error.to_string().contains("m.bin") && error.to_string().contains(WHEEL), "{error}");

    fs::write(media.path().join("m.bin"), content(999)).unwrap();
    let error = pull(&store, "m", &from(media.path())).unwrap_err();
    assert!(matches!(&error, FetchError::Local(LocalError::WrongHash { .. })), "{error}");

    fs::write(media.path().join("m.bin"), content(2_000_000)).unwrap();
    let error = pull(&store, "m", &from(media.path())).unwrap_err();
    assert!(matches!(&error, FetchError::Local(LocalError::WrongHash { .. })), "{error}");

    fs::remove_file(media.path().join("m.bin")).unwrap();
    fs::write(media.path().join(WHEEL), &wheel[..wheel.len() - 30]).unwrap();
    let error = pull(&store, "m", &from(media.path())).unwrap_err();
    assert!(matches!(&error, FetchError::Local(LocalError::Assemble(AssembleError::Damaged { .. }))), "{error}");
    assert!(files(root.path()).is_empty());

    let error = pull(&store, "m", &from(Path::new("/nonexistent"))).unwrap_err();
    assert!(error.to_string().starts_with("--from /nonexistent: "), "{error}");
}
