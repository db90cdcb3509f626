//! One file from a server that behaves well, badly, or not at all.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use model_store::{
    DiskError, DownloadError, FetchError, PathError, Progress, PullError, RequestError, SourceError, State,
};

mod kit;
use kit::{Reply, Server, content, entry, files, options, pull, sha256, store, url};

/// The one failure of a model with one source.
fn source_error(result: Result<model_store::Pulled, FetchError>) -> SourceError {
    match result.unwrap_err() {
        FetchError::Sources(mut failures) => failures.remove(0).1,
        error => panic!("not a source's failure: {error}"),
    }
}

#[test]
fn a_model_that_is_not_here_names_the_command_that_brings_it() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::status("500 Trouble"));
    let store = store(root.path(), &entry("m", b"abc", &[url(&server, "m")]));
    let error = store.path("m").unwrap_err().to_string();
    let remedy = format!("Run: pjsua-agent models pull m --store {}", root.path().display());
    assert!(error.contains("`m` is not in") && error.ends_with(&remedy), "{error}");
    assert_eq!(store.list()[0].1, State::Missing);
}

#[test]
fn a_model_comes_whole_and_is_not_fetched_twice() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| Reply::file(&served, request));
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    let pulled = pull(&store, "m", &options()).unwrap();
    assert!(pulled.fetched);
    assert_eq!(fs::read(&pulled.path).unwrap(), bytes);
    assert_eq!(store.path("m").unwrap(), pulled.path);
    assert_eq!(store.list()[0].1, State::Verified);
    assert!(!pull(&store, "m", &options()).unwrap().fetched);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(files(root.path()), ["m.bin"]);
}

#[test]
fn a_cut_connection_goes_on_where_it_broke_off() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.earlier {
        0 => Reply::file(&served, request).cut_after(100_000),
        1 => Reply::file(&served, request).cut_after(50_000),
        _ => Reply::file(&served, request),
    });
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    let pulled = pull(&store, "m", &options()).unwrap();
    assert_eq!(fs::read(pulled.path).unwrap(), bytes);
    let starts: Vec<_> = server.requests().into_iter().map(|(_, start)| start).collect();
    assert_eq!(starts, [None, Some(100_000), Some(150_000)]);
}

#[test]
fn a_server_that_stalls_is_left_and_asked_again() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.earlier {
        0 => Reply::file(&served, request).stalled_after(100_000),
        _ => Reply::file(&served, request),
    });
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    let options = model_store::PullOptions { stall_timeout: Duration::from_millis(300), ..options() };
    pull(&store, "m", &options).unwrap();
    assert_eq!(server.requests()[1].1, Some(100_000));
}

#[test]
fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.earlier {
        0 => Reply::whole(&served).cut_after(100_000),
        _ => Reply::whole(&served),
    });
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    assert_eq!(fs::read(pull(&store, "m", &options()).unwrap().path).unwrap(), bytes);
    assert_eq!(server.requests()[1].1, Some(100_000));
}

#[test]
fn a_connection_that_is_always_cut_says_how_far_it_came_and_the_next_pull_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.earlier {
        0 => Reply::file(&served, request).cut_after(100_000),
        1..=3 => Reply::file(&served, request).cut_after(0),
        _ => Reply::file(&served, request),
    });
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    let error = source_error(pull(&store, "m", &options()));
    assert!(
        matches!(&error, SourceError::Download(DownloadError::Cut { got_bytes: 100_000, attempts: 3, .. })),
        "{error}"
    );
    assert!(error.to_string().contains("100.00 kB of 300.00 kB have come and are kept"), "{error}");
    assert_eq!(store.list()[0].1, State::Partial(100_000));
    let requests = server.requests().len();
    pull(&store, "m", &options()).unwrap();
    assert_eq!(server.requests()[requests..], [("/m".to_owned(), Some(100_000))]);
}

#[test]
fn a_wrong_byte_is_found_and_what_came_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let mut served = bytes.clone();
    served[200_000] ^= 1;
    let got = sha256(&served);
    let server = Server::start(move |request| Reply::file(&served, request));
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    let error = source_error(pull(&store, "m", &options()));
    assert!(matches!(&error, SourceError::Download(DownloadError::WrongHash { .. })), "{error}");
    let text = error.to_string();
    assert!(text.contains(&sha256(&bytes)) && text.contains(&got) && text.contains("--from DIR"), "{text}");
    assert!(files(root.path()).is_empty(), "{:?}", files(root.path()));
    assert!(matches!(store.path("m"), Err(PathError::Missing { .. })));
}

#[test]
fn what_is_left_of_another_version_is_fetched_anew() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| Reply::file(&served, request));
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    fs::create_dir_all(root.path().join(".pull")).unwrap();
    fs::write(root.path().join(".pull/m.bin.part"), [0; 1000]).unwrap();
    assert_eq!(fs::read(pull(&store, "m", &options()).unwrap().path).unwrap(), bytes);
    let starts: Vec<_> = server.requests().into_iter().map(|(_, start)| start).collect();
    assert_eq!(starts, [Some(1000), None]);
}

#[test]
fn a_file_of_another_size_is_refused_before_it_comes() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::whole(&content(2000)));
    let store = store(root.path(), &entry("m", &content(1000), &[url(&server, "m")]));
    let error = source_error(pull(&store, "m", &options()));
    let expected =
        matches!(&error, SourceError::Download(DownloadError::OtherSize { got_bytes: 2000, size_bytes: 1000, .. }));
    assert!(expected, "{error}");
    assert!(files(root.path()).is_empty());
}

#[test]
fn a_source_that_fails_gives_way_to_the_next() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(1000);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.path.as_str() {
        "/gone" => Reply::status("404 Not Found"),
        _ => Reply::file(&served, request),
    });
    let text = entry("m", &bytes, &[url(&server, "gone"), url(&server, "m")])
        + &entry("n", &bytes, &[url(&server, "gone"), url(&server, "gone")]);
    let store = store(root.path(), &text);
    pull(&store, "m", &options()).unwrap();
    assert_eq!(server.requests().len(), 2, "what is not there is not asked for again");
    let error = pull(&store, "n", &options()).unwrap_err().to_string();
    assert_eq!(error.matches("the server answers 404: it is not there").count(), 2, "{error}");
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.earlier {
        0 | 1 => Reply::status("503 Service Unavailable"),
        _ => Reply::whole(b"abc"),
    });
    pull(&store(root.path(), &entry("m", b"abc", &[url(&server, "m")])), "m", &options()).unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn without_a_network_it_says_so_and_names_the_other_way() {
    let root = tempfile::tempdir().unwrap();
    let nobody = loopback_ports::one().unwrap();
    let store = store(root.path(), &entry("m", b"abc", &[format!("url = \"http://127.0.0.1:{nobody}/m\"")]));
    let error = source_error(pull(&store, "m", &options()));
    assert!(
        matches!(&error, SourceError::Download(DownloadError::Request(RequestError::Unreachable { .. }))),
        "{error:?}"
    );
    assert!(error.to_string().contains("--from DIR"), "{error}");
}

#[test]
fn an_unknown_id_stops_everything_before_it_begins() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::whole(b"abc"));
    let store = store(root.path(), &entry("model-1", b"abc", &[url(&server, "m")]));
    let ids = ["model-1".to_owned(), "model1".to_owned()];
    let error = store.pull(&ids, &options(), &Progress::silent()).unwrap_err().to_string();
    assert!(error.contains("no model `model1`: did you mean `model-1`?"), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_file_that_was_damaged_is_found_out_and_replaced() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(1000);
    let served = bytes.clone();
    let server = Server::start(move |request| Reply::file(&served, request));
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    let path = pull(&store, "m", &options()).unwrap().path;
    let mut damaged = bytes.clone();
    damaged[500] ^= 1;
    fs::write(&path, damaged).unwrap();
    let error = store.path("m").unwrap_err();
    assert!(matches!(&error, PathError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("Run: pjsua-agent models pull m"), "{error}");
    assert!(pull(&store, "m", &options()).unwrap().fetched);
    assert_eq!(fs::read(path).unwrap(), bytes);
}

#[test]
fn damage_that_leaves_size_and_time_alone_is_found_by_verify_and_then_remembered() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::whole(b"abc"));
    let store = store(root.path(), &entry("m", b"abc", &[url(&server, "m")]));
    let path = pull(&store, "m", &options()).unwrap().path;
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, b"abd").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    store.path("m").unwrap();
    assert!(matches!(store.verify("m", |_| {}), Err(PathError::Damaged { .. })));
    assert!(matches!(store.path("m"), Err(PathError::Damaged { .. })));
}

#[test]
fn several_models_come_at_once_and_no_more_than_were_allowed() {
    let bytes = content(1000);
    for jobs in [1, 2] {
        let root = tempfile::tempdir().unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // Answers only when as many ask as may.
        let (served, meeting, peak) = (bytes.clone(), Barrier::new(jobs), Arc::clone(&most));
        let server = Server::start(move |request| {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            meeting.wait();
            now.fetch_sub(1, Ordering::SeqCst);
            Reply::file(&served, request)
        });
        let ids: Vec<String> = (0..4).map(|number| format!("m{number}")).collect();
        let text: String = ids.iter().map(|id| entry(id, &bytes, &[url(&server, id)])).collect();
        let options = model_store::PullOptions { jobs, ..options() };
        let results = store(root.path(), &text).pull(&ids, &options, &Progress::silent()).unwrap();
        assert!(results.iter().all(|(_, result)| result.is_ok()));
        assert_eq!(results.iter().map(|(id, _)| id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), jobs);
    }
}

#[test]
fn one_models_failure_does_not_stop_the_others() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.path.as_str() {
        "/bad" => Reply::status("404 Not Found"),
        _ => Reply::whole(b"abc"),
    });
    let text = entry("bad", b"abc", &[url(&server, "bad")]) + &entry("good", b"abc", &[url(&server, "good")]);
    let ids = ["bad".to_owned(), "good".to_owned()];
    let results = store(root.path(), &text).pull(&ids, &options(), &Progress::silent()).unwrap();
    assert!(results[0].1.is_err() && results[1].1.is_ok());
}

#[test]
fn what_cannot_fit_is_not_begun() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::whole(b"abc"));
    let text = entry("m", b"abc", &[url(&server, "m")]).replace("size = 3", "size = 1000000000000000000");
    let error = store(root.path(), &text).pull(&["m".to_owned()], &options(), &Progress::silent()).unwrap_err();
    assert!(matches!(&error, PullError::Disk(DiskError::Full { .. })), "{error}");
    assert!(error.to_string().contains("1.00 EB more needed"), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_disk_that_fills_up_while_it_is_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |request| Reply::file(&served, request));
    let store = store(root.path(), &entry("m", &bytes, &[url(&server, "m")]));
    fs::create_dir_all(root.path().join(".pull")).unwrap();
    // The device that has no room for anything: every write fails with ENOSPC.
    std::os::unix::fs::symlink("/dev/full", root.path().join(".pull/m.bin.part")).unwrap();
    let error = pull(&store, "m", &options()).unwrap_err();
    assert!(matches!(&error, FetchError::Disk(DiskError::Full { needed_bytes: 300_000, .. })), "{error}");
    assert!(error.to_string().contains("300.00 kB more needed"), "{error}");
}
