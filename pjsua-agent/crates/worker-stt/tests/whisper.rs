//! The worker with whisper.cpp: with tiny.en of the model store where words matter, and elsewhere with a model that has the
//! form of one and knows nothing.

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

use inference::{Deadlines, Failure, RecognitionEvent, proto::RecogniseOptions};
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

/// The worker with tiny.en, which `make models` fetches.
async fn worker_that_understands(more: &[&str]) -> Worker {
    let store = model_store::Store::open_default().unwrap();
    let model = store.path("whisper-tiny.en").unwrap_or_else(|error| panic!("{error} (or: make models)"));
    Worker::serving(&[&["--engine", "whisper", "--model", model.to_str().unwrap()], more].concat()).await
}

/// Without case and punctuation.
fn plain(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn what_is_asked_on_the_telephone_is_understood_with_partials_on_the_way() {
    let worker = worker_that_understands(&[]).await;
    let description = worker.client.describe().await.unwrap();
    assert_eq!((&*description.engine, &*description.model), ("whisper", "ggml-tiny.en.bin"));
    let questions = [
        ("rms", "what are your opening hours on saturday"),
        ("awb", "can i speak to a human please"),
        ("slt", "i have been waiting for my order for two weeks"),
    ];
    let mut wrong = Vec::new();
    for (voice, question) in questions {
        let samples = speech(voice, question, Line::Telephone);
        let heard = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
        let text = plain(&heard.text);
        wrong
            .extend(question.split(' ').filter(|word| !text.split(' ').any(|heard| heard == *word)).map(str::to_owned));
        let partials: Vec<String> = heard.partials.iter().map(|text| plain(text)).collect();
        assert!(partials.iter().any(|partial| !partial.is_empty()), "{partials:?}");
    }
    // A model this small misses an article now and then.
    assert!(wrong.len() <= 1, "{wrong:?}");
}

#[tokio::test]
async fn digits_that_are_dictated_arrive_as_digits() {
    let worker = worker_that_understands(&[]).await;
    let samples = speech("rms", "my order number is four five one seven", Line::Telephone);
    let heard = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
    let digits: String = heard.text.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, "4517", "{}", heard.text);
}

#[tokio::test]
async fn when_the_caller_falls_silent_all_of_it_is_told_before_anybody_asks() {
    let worker = worker_that_understands(&[]).await;
    let question = "where is my order";
    let mut recognition = worker.client.recognise(RecogniseOptions::default());
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for frame in speech("rms", question, Line::Telephone).chunks(320) {
        tick.tick().await;
        recognition.send(frame).unwrap();
    }
    // No `finish`: the audio stops, as it does when the daemon's gate closes.
    let told = async {
        while let Some(event) = recognition.next().await.unwrap() {
            if let RecognitionEvent::Partial(text) = event
                && plain(&text) == question
            {
                return;
            }
        }
        panic!("it ended without")
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("all of it should be told");
    recognition.finish();
    let last = recognition.next().await.unwrap();
    assert!(matches!(&last, Some(RecognitionEvent::Final { text, .. }) if plain(text) == question), "{last:?}");
}

/// Seconds of it, as 16 kHz samples; sox makes it, the telephone narrows it.
fn noise(effects: &[&str]) -> Vec<i16> {
    let folder = support::folder();
    fs::create_dir_all(&folder).unwrap();
    let (sent, heard) = (folder.join("sent.wav"), folder.join("heard.raw"));
    let sox = |args: &[&str]| assert!(Command::new("sox").args(args).status().unwrap().success(), "sox {args:?}");
    let telephone = ["-n", "-r", "8000", "-c", "1", "-e", "u-law", "-b", "8", sent.to_str().unwrap()];
    sox(&[&telephone[..], effects].concat());
    sox(&[
        sent.to_str().unwrap(),
        "-t",
        "raw",
        "-r",
        "16000",
        "-e",
        "signed",
        "-b",
        "16",
        "-L",
        heard.to_str().unwrap(),
    ]);
    let bytes = fs::read(&heard).unwrap();
    let _ = fs::remove_dir_all(&folder);
    bytes.as_chunks::<2>().0.iter().map(|&sample| i16::from_le_bytes(sample)).collect()
}

#[tokio::test]
async fn of_silence_noise_and_tones_no_word_is_made() {
    let worker = worker_that_understands(&[]).await;
    let noises: [(&str, &[&str]); 6] = [
        ("silence", &["trim", "0", "3"]),
        ("white noise", &["synth", "3", "whitenoise", "vol", "0.1"]),
        ("brown noise", &["synth", "3", "brownnoise", "vol", "0.4"]),
        ("dial tone", &["synth", "3", "sine", "425", "vol", "0.3"]),
        ("a key", &["synth", "0.3", "sine", "770", "sine", "1336", "vol", "0.3"]),
        ("breath", &["synth", "1.2", "pinknoise", "fade", "0.5", "1.2", "0.5", "vol", "0.15"]),
    ];
    for (name, effects) in noises {
        let mut recognition = worker.client.recognise(RecogniseOptions::default());
        recognition.send(&noise(effects)).unwrap();
        recognition.finish();
        let last = recognition.next().await.unwrap();
        assert!(matches!(&last, Some(RecognitionEvent::Final { text, .. }) if text.is_empty()), "{name}: {last:?}");
    }
}

#[tokio::test]
async fn a_model_that_knows_nothing_is_loaded_and_run_and_not_believed() {
    let worker = worker(&["--capacity", "1", "--threads", "1", "--gpu", "off"]).await;
    let description = worker.client.describe().await.unwrap();
    assert_eq!((&*description.engine, &*description.model), ("whisper", "ggml-senseless.bin"));
    let samples = speech("rms", "what are your opening hours on saturday", Line::Telephone);
    let heard = say(worker.client.recognise(RecogniseOptions::default()), &samples).await.unwrap();
    assert_eq!(heard.text, "");
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
    if cfg!(not(any(feature = "cuda", feature = "vulkan"))) {
        let error = complaint(model(), &["--gpu", "0"]);
        assert!(error.contains("--gpu: this worker was built without a GPU backend; build with"), "{error}");
    }
    let _ = fs::remove_dir_all(&folder);
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn one_program_runs_on_the_oldest_processors_and_takes_what_newer_ones_offer() {
    let words = speech("slt", "hello", Line::Telephone);
    for (processor, kernels) in [("Nehalem", "baseline"), ("Haswell", "avx2")] {
        let emulated = ["qemu-x86_64", "-cpu", processor];
        let options = ["--engine", "whisper", "--model", model(), "--kernels", kernels];
        let worker = Worker::serving_by(&emulated, &options).await;
        // An emulated processor is a hundred times slower.
        let patient = Deadlines { final_transcript: Duration::from_secs(120), ..Deadlines::default() };
        let recognition = worker.client.clone().with_deadlines(patient).recognise(RecogniseOptions::default());
        say(recognition, &words).await.unwrap_or_else(|error| panic!("{processor}: {error}"));
    }
    let options =
        ["--listen", "unix:/nowhere/stt.sock", "--engine", "whisper", "--model", model(), "--kernels", "avx2"];
    let output =
        Command::new("qemu-x86_64").args(["-cpu", "Nehalem", support::PROGRAM]).args(options).output().unwrap();
    assert!(!output.status.success());
}
