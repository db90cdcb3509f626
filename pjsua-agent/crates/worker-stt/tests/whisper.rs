//! The worker with whisper.cpp and a model that has the form of one and says nonsense: loading, running, streaming and
//! stopping are real, the text is not.

#![allow(clippy::unwrap_used)]

#[path = "support/ggml.rs"]
mod ggml;
mod support;

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use inference::{Failure, proto::RecogniseOptions};
use support::{Line, Worker, say, speech};

fn model() -> &'static str {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    let path = MODEL.get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ggml-senseless.bin");
        let new = path.with_extension(std::process::id().to_string());
        ggml::write_senseless_model(&new).unwrap();
        fs::rename(&new, &path).unwrap();
        path
    });
    path.to_str().unwrap()
}

async fn worker(more: &[&str]) -> Worker {
    Worker::serving(&[&["--engine", "whisper", "--model", model()], more].concat()).await
}

#[tokio::test]
async fn a_model_file_is_loaded_and_run_with_partials_on_the_way() {
    let worker = worker(&["--capacity", "1", "--threads", "1"]).await;
    let description = worker.client.describe().await.unwrap();
    assert_eq!((&*description.engine, &*description.model), ("whisper", "ggml-senseless.bin"));
    let samples = speech("rms", "what are your opening hours on saturday", Line::Telephone);
    let first = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
    assert!(first.text.starts_with('w'), "`{}` is not of the model's vocabulary", first.text);
    assert!(!first.partials.is_empty());
    let second = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
    assert_eq!(first.text, second.text, "nothing is left of an utterance when the next begins");
}

#[tokio::test]
async fn audio_too_short_for_whisper_and_none_at_all_are_finals_too() {
    let worker = worker(&["--capacity", "1", "--threads", "1"]).await;
    for samples in [&[][..], &[0; 160], &[0; 1_600]] {
        say(worker.client.recognise(RecogniseOptions::default()), samples).await.unwrap();
    }
}

#[tokio::test]
async fn a_cancelled_run_stops() {
    let worker = worker(&["--capacity", "1", "--threads", "1"]).await;
    let samples = speech("awb", "tell me about your history", Line::Wideband);
    for _ in 0..5 {
        let mut recognition = worker.client.recognise(RecogniseOptions::default());
        for _ in 0..10 {
            recognition.send(&samples).unwrap();
        }
        recognition.finish();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let started = Instant::now();
    say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_english_model_refuses_other_languages() {
    let worker = worker(&["--capacity", "1", "--threads", "1"]).await;
    let options = RecogniseOptions { language: "fr".into(), ..Default::default() };
    let error = worker.client.recognise(options).next().await.unwrap_err();
    assert!(matches!(&error.failure, Failure::Refused(reason) if reason.contains("`fr`")), "{error}");
}

#[test]
fn a_file_that_cannot_be_loaded_is_named_with_the_reason() {
    let folder = support::folder();
    fs::create_dir_all(&folder).unwrap();
    let complaint = |model: &str, more: &[&str]| {
        let listen = format!("unix:{}", folder.join("stt.sock").display());
        let output = Command::new(env!("CARGO_BIN_EXE_pjsua-agent-stt"))
            .args(["--listen", &listen, "--engine", "whisper", "--model", model])
            .args(more)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(complaint("/nowhere/ggml-tiny.bin", &[]).contains("/nowhere/ggml-tiny.bin: No such file"));

    let half = folder.join("half.bin");
    let whole = fs::read(model()).unwrap();
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let error = complaint(half.to_str().unwrap(), &[]);
    assert!(error.contains("half.bin: whisper.cpp cannot load it; it is damaged"), "{error}");

    fs::write(&half, b"GGUF and more").unwrap();
    assert!(complaint(half.to_str().unwrap(), &[]).contains("a GGUF file"));
    assert!(complaint(model(), &["--language", "de"]).contains("does not know the language `de`"));
    let _ = fs::remove_dir_all(&folder);
}
