//! The worker with its embedded engine, from its start to its end.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, Instant},
};

use inference::{Awaited, Failure, RecognitionEvent, WorkerClient, proto::RecogniseOptions};
use support::{Line, Worker, say, speech};

const QUESTION: &str = "what are your opening hours on saturday";

#[tokio::test]
async fn it_listens_before_it_is_loaded_and_serves_once_it_is_warm() {
    let worker = Worker::start(&["--capacity", "1"]);
    let (mut not_yet, deadline) = (0, Instant::now() + Duration::from_secs(60));
    while !matches!(worker.client.is_serving().await, Ok(true)) {
        if let Ok(false) = worker.client.is_serving().await {
            not_yet += 1;
            let error = worker.client.describe().await;
            assert!(!matches!(error, Err(error) if error.stage != Awaited::Describe));
        }
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(not_yet > 0, "it said SERVING before the model can have been loaded");
    let description = worker.client.describe().await.unwrap();
    assert_eq!((&*description.engine, &*description.model, description.capacity), ("pocketsphinx", "en-us", 1));
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(worker.socket.as_path()), mode(worker.socket.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn a_question_over_the_telephone_is_understood() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let samples = speech("rms", QUESTION, Line::Telephone);
    let heard = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
    assert_eq!(heard.text, QUESTION);
    assert!(heard.partials.len() >= 2, "{:?}", heard.partials);
    assert!(heard.partials.windows(2).all(|pair| pair[0] != pair[1]), "an unchanged partial was sent again");
    assert!(!heard.adaptation.is_empty());
}

#[tokio::test]
async fn the_agents_own_voice_is_understood_too() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let text = "On Saturday we are open from ten in the morning until four in the afternoon.";
    for line in [Line::Wideband, Line::Telephone] {
        let heard =
            say(worker.client.recognise(RecogniseOptions::default()), &speech("slt", text, line)).await.unwrap();
        for word in ["saturday", "ten", "morning", "four", "afternoon"] {
            assert!(heard.text.split(' ').any(|heard| heard == word), "`{word}` is missing in `{}`", heard.text);
        }
    }
}

#[tokio::test]
async fn what_was_learnt_of_a_caller_is_taken_to_his_next_utterance() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let mut options = RecogniseOptions { language: "en-GB".into(), ..Default::default() };
    for text in [QUESTION, "what is the status of my order", "four five one seven", "goodbye"] {
        let samples = speech("rms", text, Line::Telephone);
        let heard = say(worker.client.recognise(options.clone()), &samples).await.unwrap();
        assert_eq!(heard.text, text);
        assert_ne!(heard.adaptation, options.adaptation);
        options.adaptation = heard.adaptation;
    }
    // Nonsense is ignored, not obeyed.
    options.adaptation = vec![1; 57];
    let samples = speech("rms", QUESTION, Line::Telephone);
    assert_eq!(say(worker.client.recognise(options), &samples).await.unwrap().text, QUESTION);
}

#[tokio::test]
async fn a_cancelled_recognition_frees_its_recogniser_at_once() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let samples = speech("rms", QUESTION, Line::Telephone);
    for finishes in [false, true] {
        for _ in 0..10 {
            let mut recognition = worker.client.recognise(RecogniseOptions::default());
            recognition.send(&samples).unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            if finishes {
                recognition.finish();
            }
        }
        let started = Instant::now();
        let heard = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
        assert_eq!(heard.text, QUESTION);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn when_all_recognisers_are_busy_an_utterance_waits_and_then_is_refused() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let samples = speech("rms", QUESTION, Line::Telephone);
    let mut first = worker.client.recognise(RecogniseOptions::default());
    first.send(&samples[..16_000]).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let mut waiting = worker.client.recognise(RecogniseOptions::default());
    waiting.send(&samples).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let third = worker.client.recognise(RecogniseOptions::default());
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(first);
    waiting.finish();
    let mut text = String::new();
    while let Some(event) = waiting.next().await.unwrap() {
        if let RecognitionEvent::Final { text: last, .. } = event {
            text = last;
        }
    }
    assert_eq!(text, QUESTION, "the audio of the wait was kept");
    // The third has the recogniser now and says nothing.
    let mut fourth = worker.client.recognise(RecogniseOptions::default());
    let started = Instant::now();
    let error = fourth.next().await.unwrap_err();
    assert!(matches!(error.failure, Failure::Busy(_)), "{error}");
    assert!((4..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    drop(third);
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_with_its_reason() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let refusal = async |options| worker.client.recognise(options).next().await.unwrap_err();
    let error = refusal(RecogniseOptions { sample_rate_hz: 8_000, ..Default::default() }).await;
    assert!(matches!(&error.failure, Failure::Refused(reason) if reason.contains("16000")), "{error}");
    let error = refusal(RecogniseOptions { language: "de-DE".into(), ..Default::default() }).await;
    assert!(matches!(&error.failure, Failure::Refused(reason) if reason.contains("de-DE")), "{error}");
    assert!(error.to_string().contains("stt.sock"), "{error}");
}

#[tokio::test]
async fn a_killed_worker_is_an_error_within_a_moment() {
    let mut worker = Worker::serving(&["--capacity", "1"]).await;
    let mut recognition = worker.client.recognise(RecogniseOptions::default());
    recognition.send(&[0; 320]).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    worker.child.kill().unwrap();
    let started = Instant::now();
    let error = recognition.next().await.unwrap_err();
    assert!(matches!(error.failure, Failure::Lost(_)), "{error}");
    assert!(started.elapsed() < Duration::from_millis(500));
    let error = worker.client.recognise(RecogniseOptions::default()).next().await.unwrap_err();
    assert!(matches!(error.failure, Failure::Unreachable(_)), "{error}");

    // The socket that it left is taken over by its successor, whom the same client finds.
    let address = format!("unix:{}", worker.socket.display());
    worker.child = Command::new(env!("CARGO_BIN_EXE_pjsua-agent-stt"))
        .args(["--listen", &address, "--capacity", "1"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !matches!(worker.client.is_serving().await, Ok(true)) {
        assert!(started.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A third finds the address taken, and leaves the second alone.
    let third = Command::new(env!("CARGO_BIN_EXE_pjsua-agent-stt")).args(["--listen", &address]).output().unwrap();
    let complaint = String::from_utf8_lossy(&third.stderr).into_owned();
    assert!(!third.status.success() && complaint.contains("a running worker listens there"), "{complaint}");
    assert!(worker.client.is_serving().await.unwrap());
}

#[tokio::test]
async fn a_hung_worker_is_an_error_within_the_deadline() {
    let worker = Worker::serving(&["--capacity", "1"]).await;
    let signal = |name: &str| {
        let pid = worker.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let started = Instant::now();
    let error = worker.client.recognise(RecogniseOptions::default()).next().await.unwrap_err();
    // A connection that was being made when the worker stopped may break instead.
    assert!(matches!(error.failure, Failure::Timeout(_) | Failure::Lost(_)), "{error}");
    // Not a measurement: it ends at all.
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(matches!(worker.client.is_serving().await.unwrap_err().failure, Failure::Timeout(_)));
    signal("-CONT");
}

#[tokio::test]
async fn at_sigterm_a_running_utterance_is_completed_and_the_socket_removed() {
    let mut worker = Worker::serving(&["--capacity", "1"]).await;
    let samples = speech("rms", QUESTION, Line::Telephone);
    let mut recognition = worker.client.recognise(RecogniseOptions::default());
    recognition.send(&samples[..8_000]).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(Command::new("kill").arg(worker.child.id().to_string()).status().unwrap().success());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let heard = say(recognition, &samples[8_000..]).await.unwrap();
    assert_eq!(heard.text, QUESTION);
    assert!(worker.ended().await.success());
    assert!(!worker.socket.exists());
}

#[tokio::test]
async fn it_ends_with_its_parent() {
    let folder = support::folder();
    let address = format!("unix:{}", folder.join("stt.sock").display());
    // The shell is the parent; it starts the worker, and ends while the worker serves.
    let script = "\"$0\" --listen \"$1\" --capacity 1 --parent-pid $$ & read line";
    let mut parent = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_pjsua-agent-stt"), &address])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let client = WorkerClient::connect_lazy(&address.parse().unwrap());
    let started = Instant::now();
    while !matches!(client.is_serving().await, Ok(true)) {
        assert!(started.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    parent.kill().unwrap();
    parent.wait().unwrap();
    let killed = Instant::now();
    while client.is_serving().await.is_ok() {
        assert!(killed.elapsed() < Duration::from_secs(20), "the worker outlives its parent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn wrong_options_are_explained() {
    let complaint = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pjsua-agent-stt")).args(args).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(complaint(&[]).contains("--listen"));
    assert!(complaint(&["--listen", "here"]).contains("unix:/path/of.sock"));
    assert!(complaint(&["--listen", "unix:/tmp/x.sock", "--engine", "whisper"]).contains("--model"));
    let socket = support::folder().join("x.sock");
    let listen = format!("unix:{}", socket.display());
    let error = complaint(&["--listen", &listen, "--model", "/usr/share"]);
    assert!(error.contains("error: cannot load the engine: /usr/share is no pocketsphinx model"), "{error}");
    let _ = std::fs::remove_dir_all(socket.parent().unwrap());

    let version = Command::new(env!("CARGO_BIN_EXE_pjsua-agent-stt")).arg("version").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&version.stdout), "pjsua-agent-stt 0.1.0\n");
}
