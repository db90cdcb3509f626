//! The real worker with the engine `piper`: ONNX Runtime loads and runs a tiny voice that is written here.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Folder, Worker, onnx, run_to_end, runtime, say};

async fn start(folder: &Folder, sample_rate: u32) -> Option<Worker> {
    let library = runtime::library()?;
    let model = folder.0.join("tiny.onnx");
    onnx::write_voice(&model, sample_rate);
    let options = ["--engine", "piper", "--model", model.to_str()?, "--onnxruntime", library.to_str()?];
    Some(Worker::start(&options).await)
}

/// The phoneme numbers that the model was given, read off the loudness of each stretch of its signal: the peak of
/// the loudest is full scale.
fn ids(samples: &[i16], loudest: i64) -> Vec<i64> {
    samples
        .chunks(onnx::SAMPLES_PER_ID)
        .map(|stretch| {
            let peak = stretch.iter().map(|sample| f64::from(*sample).abs()).fold(0.0, f64::max);
            (peak / 32_767.0 * loudest as f64).round() as i64
        })
        .collect()
}

#[tokio::test]
async fn phonemes_of_espeak_reach_the_model_as_its_numbers() {
    let folder = Folder::new();
    let Some(worker) = start(&folder, 16_000).await else { return };
    assert_eq!(worker.client.describe().await.unwrap().model, "tiny.onnx");
    let spoken = worker.speak(say("Hello.")).await.unwrap();
    // ^ h ə l ˈ o ʊ . $ with padding between, as Piper trains its voices.
    let expected = [1, 0, 20, 0, 59, 0, 24, 0, 120, 0, 27, 0, 100, 0, 10, 0, 2];
    assert_eq!(ids(&spoken.samples, 120), expected);
}

#[tokio::test]
async fn sentences_are_spoken_one_after_the_other_with_a_rest_between() {
    let folder = Folder::new();
    let Some(worker) = start(&folder, 16_000).await else { return };
    let one = worker.speak(say("Hello.")).await.unwrap().samples;
    let two = worker.speak(say("Hello. Hello.")).await.unwrap().samples;
    assert_eq!(two.len(), 2 * one.len() + 3_200);
    assert_eq!(two[..one.len()], one);
    assert!(two[one.len()..one.len() + 3_200].iter().all(|sample| *sample == 0));
}

#[tokio::test]
async fn a_voice_of_another_sample_rate_is_resampled() {
    let folder = Folder::new();
    let Some(worker) = start(&folder, 22_050).await else { return };
    let spoken = worker.speak(say("Hello.")).await.unwrap();
    let expected = 17.0 * onnx::SAMPLES_PER_ID as f64 / 22_050.0 * 16_000.0;
    assert!((spoken.samples.len() as f64 - expected).abs() <= 2.0, "{} and {expected}", spoken.samples.len());
    println!("piper with a trivial model: first audio {:?}", spoken.first_audio.unwrap());
}

#[tokio::test]
async fn several_calls_are_served_at_once_and_more_wait() {
    let folder = Folder::new();
    let Some(worker) = start(&folder, 22_050).await else { return };
    let all = futures_util::future::join_all((0..20).map(|_| worker.speak(say("Hello, hello. Hello.")))).await;
    let lengths: std::collections::HashSet<usize> =
        all.into_iter().map(|spoken| spoken.unwrap().samples.len()).collect();
    assert_eq!(lengths.len(), 1);
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
    if let Some(library) = runtime::library() {
        std::fs::write(&model, "no model").unwrap();
        let error = fails(library.to_str().unwrap());
        assert!(error.contains("no model of a Piper voice"), "{error}");
    }
}
