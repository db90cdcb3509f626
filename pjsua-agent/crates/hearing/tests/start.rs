//! Starting: what is missing or wrong is said, where and what to do.

mod common;

use std::path::PathBuf;

use hearing::{HearingConfig, HearingError, Models};

fn refused(config: HearingConfig) -> HearingError {
    Models::start(config).err().expect("it is refused")
}

fn temporary(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hearing-{}-{name}", std::process::id()));
    std::fs::write(&path, content).expect("the file is written");
    path
}

#[test]
fn without_models_every_onset_is_speech_and_no_score_comes() {
    let hearing = Models::start(HearingConfig::new("/nowhere/libonnxruntime.so")).unwrap();
    let (ear, events) = common::ear(&hearing);
    ear.speech_started(0);
    ear.frame(&[0; 320]);
    ear.score_end_of_turn(1, std::time::Duration::ZERO);
    ear.speech_ended();
    assert_eq!(events.try_recv(), Ok(common::CONFIRMED));
    drop(ear);
    assert!(events.recv().is_err());
}

#[test]
fn a_missing_runtime_is_named_with_the_command_that_fetches_it() {
    let config = HearingConfig {
        vad_model: Some("/nowhere/silero.onnx".into()),
        ..HearingConfig::new("/nowhere/libonnxruntime.so")
    };
    let error = refused(config);
    assert!(matches!(&error, HearingError::File { model: "onnxruntime", .. }));
    let text = error.to_string();
    assert!(text.contains("/nowhere/libonnxruntime.so"), "{text}");
    assert!(text.contains("pjsua-agent models pull onnxruntime"), "{text}");
}

#[test]
fn a_missing_model_a_broken_one_and_another_one_are_refused() {
    let Some(config) = common::config() else { return };
    let missing = HearingConfig { vad_model: Some("/nowhere/silero.onnx".into()), ..config.clone() };
    let error = refused(missing).to_string();
    assert!(error.contains("/nowhere/silero.onnx") && error.contains("models pull silero-vad-16k"), "{error}");

    let broken = HearingConfig { end_of_turn_model: Some(temporary("broken.onnx", b"onnx?")), ..config.clone() };
    let error = refused(broken).to_string();
    assert!(error.contains("broken.onnx") && error.contains("models pull smart-turn-v3.2-cpu"), "{error}");

    let swapped = HearingConfig { end_of_turn_model: config.vad_model.clone(), ..config };
    let error = refused(swapped).to_string();
    assert!(error.contains("no input \"input_features\""), "{error}");
}

#[test]
fn a_second_hearing_shares_the_runtime_and_another_library_is_refused() {
    let Some(config) = common::config() else { return };
    let first = Models::start(config.clone()).unwrap();
    drop(Models::start(config.clone()).unwrap());
    drop(first);
    let again = Models::start(config.clone()).unwrap();
    assert_eq!(again.counts(), hearing::HearingCounts::default());
    let other = HearingConfig { onnxruntime: temporary("other.so", b""), ..config };
    assert!(matches!(refused(other), HearingError::OtherRuntime { .. }));
}
