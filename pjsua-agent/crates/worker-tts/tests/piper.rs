//! The real worker with the engine `piper`: ONNX Runtime loads and runs a tiny voice that is written here.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Folder, Worker, onnx, run_to_end, runtime, say};

async fn start(folder: &Folder, sample_rate: u32) -> Worker {
    let library = runtime::library();
    let model = folder.0.join("tiny.onnx");
    onnx::write_voice(&model, sample_rate);
    let options = ["--engine", "piper", "--model", model.to_str().unwrap(), "--onnxruntime", library.to_str().unwrap()];
    Worker::start(&options).await
}

/// The `count` phoneme numbers that the model was given, read off the loudness of each stretch of its signal, against the
/// loudest. Of the quiet ones at the beginning a part is cut.
fn ids(samples: &[i16], count: usize, loudest: i64) -> Vec<i64> {
    let mut whole = vec![0; count * onnx::SAMPLES_PER_ID - samples.len()];
    whole.extend_from_slice(samples);
    let full_scale = whole.iter().map(|sample| f64::from(*sample).abs()).fold(0.0, f64::max);
    whole
        .chunks(onnx::SAMPLES_PER_ID)
        .map(|stretch| {
            let peak = stretch.iter().map(|sample| f64::from(*sample).abs()).fold(0.0, f64::max);
            (peak / full_scale * loudest as f64).round() as i64
        })
        .collect()
}

#[tokio::test]
async fn phonemes_of_espeak_reach_the_model_as_its_numbers() {
    let folder = Folder::new();
    let worker = start(&folder, 16_000).await;
    assert_eq!(worker.client.describe().await.unwrap().model, "tiny.onnx");
    let spoken = worker.speak(say("Hello.")).await.unwrap();
    // ^ h ə l ˈ o ʊ . $ with padding between, as Piper trains its voices.
    let expected = [1, 0, 20, 0, 59, 0, 24, 0, 120, 0, 27, 0, 100, 0, 10, 0, 2];
    assert_eq!(ids(&spoken.samples, expected.len(), 120), expected);
}

#[tokio::test]
async fn sentences_are_spoken_one_after_the_other_with_a_rest_between() {
    let folder = Folder::new();
    let worker = start(&folder, 16_000).await;
    let one = worker.speak(say("Hello.")).await.unwrap().samples;
    let two = worker.speak(say("Hello. Hello.")).await.unwrap().samples;
    assert_eq!(two.len(), 2 * one.len() + 3_200);
    assert_eq!(two[..one.len()], one);
    assert!(two[one.len()..one.len() + 3_200].iter().all(|sample| *sample == 0));
}

#[tokio::test]
async fn a_voice_of_another_sample_rate_is_resampled() {
    let folder = Folder::new();
    let worker = start(&folder, 22_050).await;
    let spoken = worker.speak(say("Hello.")).await.unwrap();
    let expected = 17.0 * onnx::SAMPLES_PER_ID as f64 / 22_050.0 * 16_000.0;
    // Less what is cut of the quiet ends.
    let cut = expected - spoken.samples.len() as f64;
    assert!((-2.0..=320.0).contains(&cut), "{} and {expected}", spoken.samples.len());
    println!("piper with a trivial model: first audio {:?}", spoken.first_audio.unwrap());
}

#[tokio::test]
async fn several_calls_are_served_at_once_and_more_wait() {
    let folder = Folder::new();
    let worker = start(&folder, 22_050).await;
    let all = futures_util::future::join_all((0..20).map(|_| worker.speak(say("Hello, hello. Hello.")))).await;
    let lengths: std::collections::HashSet<usize> =
        all.into_iter().map(|spoken| spoken.unwrap().samples.len()).collect();
    assert_eq!(lengths.len(), 1);
}

/// As it is heard behind G.711 at 8 kHz.
fn on_the_telephone(samples: &[i16]) -> Vec<i16> {
    let folder = Folder::new();
    let path = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(path("spoken.raw"), bytes).unwrap();
    let sox = |arguments: &[&str]| {
        assert!(std::process::Command::new("sox").args(arguments).status().unwrap().success(), "sox {arguments:?}");
    };
    let raw = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1"];
    let (spoken, line, heard) = (path("spoken.raw"), path("line.wav"), path("heard.raw"));
    sox(&[&raw[..], &[&spoken, "-r", "8000", "-e", "u-law", "-b", "8", &line]].concat());
    sox(&[&line, "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", &heard]);
    std::fs::read(heard).unwrap().as_chunks::<2>().0.iter().map(|&sample| i16::from_le_bytes(sample)).collect()
}

#[tokio::test]
async fn a_real_voice_is_loud_enough_trimmed_and_never_clipped() {
    let library = runtime::library();
    let store = model_store::Store::open_default().unwrap();
    let model = store.path("piper-en-us-joe").unwrap_or_else(|error| panic!("{error} (or: make models)"));
    let options = ["--engine", "piper", "--model", model.to_str().unwrap(), "--onnxruntime", library.to_str().unwrap()];
    let worker = Worker::start(&options).await;
    for text in ["Yes.", "We are open until six in the evening.", "Your order number 4517 leaves our shop tomorrow."] {
        let spoken = worker.speak(say(text)).await.unwrap();
        // It would draw other random numbers if it were spoken anew.
        assert_eq!(worker.speak(say(text)).await.unwrap().samples, spoken.samples, "from the cache: {text}");
        let heard = on_the_telephone(&spoken.samples);
        let frames: Vec<f64> = heard
            .chunks(160)
            .map(|frame| frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / frame.len() as f64)
            .collect();
        let loudest = frames.iter().copied().fold(0.0, f64::max);
        let active: Vec<f64> = frames.iter().copied().filter(|energy| *energy > loudest / 1_000.0).collect();
        let level = 10.0 * (active.iter().sum::<f64>() / active.len() as f64 / 32_768.0f64.powi(2)).log10();
        assert!((-23.0..=-17.0).contains(&level), "{level:.1} dBFS: {text}");
        assert!(heard.iter().all(|sample| sample.unsigned_abs() < 32_000), "clipped: {text}");
        let lead = frames.iter().position(|energy| *energy > loudest / 10_000.0).unwrap();
        assert!(lead <= 3, "{} ms of silence before: {text}", lead * 20);
        println!("piper joe: {text} first audio {:?}", spoken.first_audio.unwrap());
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::new();
    let model = folder.0.join("tiny.onnx");
    let address = format!("unix:{}/tts.sock", folder.0.display());
    let fails = |library: &str| {
        let options =
            ["--listen", &address, "--engine", "piper", "--model", model.to_str().unwrap(), "--onnxruntime", library];
        let output = run_to_end(&options);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let error = fails("/nowhere/libonnxruntime.so");
    assert!(error.contains("tiny.onnx.json") && error.contains("pair of files"), "{error}");
    onnx::write_voice(&model, 16_000);
    let error = fails("/nowhere/libonnxruntime.so");
    assert!(error.contains("/nowhere/libonnxruntime.so") && error.contains("ORT_DYLIB_PATH"), "{error}");
    std::fs::write(&model, "no model").unwrap();
    let error = fails(runtime::library().to_str().unwrap());
    assert!(error.contains("no model of a Piper voice"), "{error}");
}
