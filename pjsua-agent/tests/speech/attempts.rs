//! What a request does when its worker fails: once more, at another one, and then it tells why.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use inference::proto::{GenerateRequest, SynthesiseRequest};
use inference::{GenerationEvent, RecognitionEvent};
use pjsua_agent::speech::{RequestError, Speech, SpeechConfig, StageConfig, Timing};

use super::kit::*;

/// Two workers a stage, which write down what they are asked.
struct Pair {
    folder: Folder,
    speech: Arc<Speech>,
}

impl Pair {
    /// The first worker of each stage has the options `first`, the second one `second`.
    async fn start(first: &[&str], second: &[&str]) -> Pair {
        let folder = Folder::new();
        let stage_of = |name: &str| -> StageConfig {
            let log = log_of(&folder, name);
            let with_log = |options: &[&str]| command(&[&["--asked", log.to_str().unwrap()], options].concat());
            stage([with_log(first), with_log(second)])
        };
        let (stt, llm, tts) = (stage_of("stt"), stage_of("llm"), stage_of("tts"));
        let speech = start(SpeechConfig { stt, llm, tts, ..config(&folder) }).await;
        for name in ["stt-0", "stt-1", "llm-0", "llm-1", "tts-0", "tts-1"] {
            until(Duration::from_secs(5), || worker(&speech, name).engine.is_some()).await;
        }
        Pair { folder, speech }
    }

    /// Whom a stage's requests went to, in their order.
    fn asked(&self, stage: &str) -> Vec<String> {
        let log = std::fs::read_to_string(log_of(&self.folder, stage)).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// The process ids of a stage's two workers.
    fn both(&self, stage: &str) -> Vec<String> {
        (0..2).map(|index| worker(&self.speech, &format!("{stage}-{index}")).pid.unwrap().to_string()).collect()
    }
}

fn log_of(folder: &Folder, stage: &str) -> PathBuf {
    folder.path().join(format!("{stage}.log"))
}

#[tokio::test]
async fn what_a_worker_fails_at_is_done_by_another_one() {
    let pair = Pair::start(&["--break-after", "0"], &[]).await;
    assert_eq!(transcript(&pair.speech).await.unwrap(), pair.both("stt")[1]);
    assert_eq!(reply(&pair.speech, "a").await.unwrap(), pair.both("llm")[1]);
    assert_eq!(clause(&pair.speech, "hello").await.unwrap(), 50 * 320);
    for stage in ["stt", "llm", "tts"] {
        assert_eq!(pair.asked(stage), pair.both(stage), "{stage}");
    }
    pair.speech.shutdown().await;
}

#[tokio::test]
async fn what_fails_at_two_workers_is_not_tried_a_third_time_and_says_why() {
    let broken = ["--break-after", "0"];
    let pair = Pair::start(&broken, &broken).await;
    let failures = [
        ("stt", transcript(&pair.speech).await.unwrap_err()),
        ("llm", reply(&pair.speech, "a").await.unwrap_err()),
        ("tts", clause(&pair.speech, "hello").await.unwrap_err()),
    ];
    for (stage, reason) in failures {
        assert!(reason.contains("the engine broke") && reason.contains(&format!("{stage}-1")), "{stage}: {reason}");
        assert_eq!(pair.asked(stage), pair.both(stage), "{stage}");
    }
    pair.speech.shutdown().await;
}

#[tokio::test]
async fn an_utterance_whose_worker_breaks_off_is_heard_by_the_next_one_from_its_beginning() {
    let pair = Pair::start(&["--break-after", "1"], &[]).await;
    let mut recognition = pair.speech.recognise(Default::default());
    recognition.send(&[0; 320]);
    let both = pair.both("stt");
    assert_eq!(recognition.next().await.unwrap(), Some(RecognitionEvent::Partial(both[0].clone())));
    recognition.send(&[0; 320]);
    assert_eq!(recognition.next().await.unwrap(), Some(RecognitionEvent::Partial(both[1].clone())));
    recognition.send(&[0; 160]);
    recognition.finish();
    recognition.send(&[0; 999]);
    let heard = loop {
        match recognition.next().await.unwrap() {
            Some(RecognitionEvent::Final { adaptation, .. }) => break String::from_utf8(adaptation).unwrap(),
            Some(RecognitionEvent::Partial(_)) => {}
            None => panic!("no final transcript"),
        }
    };
    assert_eq!((heard.as_str(), pair.asked("stt")), ("800", both));
    assert_eq!(recognition.next().await, Ok(None));
    pair.speech.shutdown().await;
}

#[tokio::test]
async fn a_clause_whose_worker_breaks_off_goes_on_where_it_was() {
    let pair = Pair::start(&["--break-after", "10"], &[]).await;
    let mut synthesis = pair.speech.synthesise(SynthesiseRequest::default()).await.unwrap();
    let mut handed_on = 0;
    while let Some(samples) = synthesis.next().await.unwrap() {
        handed_on += samples.len();
    }
    assert_eq!((handed_on, synthesis.into_whole().len()), (50 * 320, 50 * 320));
    assert_eq!(pair.asked("tts"), pair.both("tts"));
    pair.speech.shutdown().await;
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_told_and_begins_again_only_for_who_has_not_spoken_it() {
    let breaks_off = ["--break-after", "1"];
    let pair = Pair::start(&breaks_off, &breaks_off).await;
    let mut generation = pair.speech.generate(GenerateRequest::default()).await.unwrap();
    let both = pair.both("llm");
    assert_eq!(generation.next().await, Ok(Some(GenerationEvent::Delta(both[0].clone()))));
    let broke = generation.next().await.unwrap_err();
    assert_eq!(generation.next().await, Ok(None), "nobody wants it again unless he says so");
    assert_eq!(pair.asked("llm").len(), 1);

    generation.begin_again(broke).unwrap();
    assert_eq!(generation.next().await, Ok(Some(GenerationEvent::Delta(both[1].clone()))));
    let broke = generation.next().await.unwrap_err();
    assert_eq!(generation.begin_again(broke.clone()), Err(broke.clone()));
    assert!(broke.to_string().contains("the engine broke"), "{broke}");
    assert_eq!((generation.next().await, pair.asked("llm")), (Ok(None), both));
    pair.speech.shutdown().await;
}

#[tokio::test]
async fn a_request_for_whose_second_attempt_nobody_is_there_tells_of_both() {
    let folder = Folder::new();
    let died = folder.path().join("died");
    let tts = stage([command(&["--die-once", died.to_str().unwrap()])]);
    // The worker comes back too late.
    let timing = Timing { patience: Duration::from_millis(50), restart_first: Duration::from_secs(10), ..timing() };
    let speech = start_with(SpeechConfig { tts, ..config(&folder) }, timing).await;
    let mut synthesis = speech.synthesise(SynthesiseRequest::default()).await.unwrap();
    let error = synthesis.next().await.unwrap_err();
    let RequestError::NotAgain { failed, unavailable } = &error else { panic!("{error}") };
    assert!(failed.worker.contains("tts-0") && unavailable.reasons.contains("tts-0"), "{error}");
    assert_eq!(synthesis.next().await, Ok(None));
    speech.shutdown().await;
}
