//! The three worker programs with their embedded engines, killed while they work.

use std::io::Write;
use std::time::Duration;

use inference::proto::SynthesiseRequest;
use nix::sys::signal::Signal;
use pjsua_agent::speech::{Speech, SpeechConfig, StageConfig, WorkerSource};
use tokio::time::Instant;

use super::kit::*;

/// The stage with its real worker; none, and loudly, when that is not built.
fn real(name: &str, engine: &str) -> Option<StageConfig> {
    let program = programs().join(name);
    let help = std::process::Command::new(&program).arg("--help").output();
    if !help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--listen")) {
        let line = format!("SKIPPED: {} is not built; `cargo build --release` does\n", program.display());
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
        // Not by `eprintln!`, whose output the test harness keeps to itself when a test passes.
        let _ = std::io::stderr().write_all(line.as_bytes());
        return None;
    }
    let args = vec!["--engine".into(), engine.into()];
    Some(StageConfig { engine: engine.into(), workers: vec![WorkerSource::Command { program, args }] })
}

async fn started(config: SpeechConfig) -> std::sync::Arc<Speech> {
    let began = Instant::now();
    let speech = start(config).await;
    println!("serving after {:?}", began.elapsed());
    speech
}

async fn killed_and_replaced(speech: &Speech, name: &str) {
    let old = worker(speech, name).pid.unwrap();
    signal(old, Signal::SIGKILL);
    let took = until_replaced(speech, name, old, Duration::from_secs(20)).await;
    println!("{name} serves again {took:?} after kill -9");
}

#[tokio::test]
async fn flite_speaks_is_killed_in_mid_clause_and_speaks_again() {
    let folder = Folder::new();
    let Some(tts) = real("pjsua-agent-tts", "flite") else {
        return;
    };
    let speech = started(SpeechConfig { tts, ..config(&folder) }).await;
    let text = "Good morning. How can I help you?";
    let whole = clause(&speech, text).await.unwrap();
    assert!((16_000..80_000).contains(&whole), "{whole} samples");
    let mut broken = speech.synthesise(SynthesiseRequest { text: text.into(), ..Default::default() }).await.unwrap();
    broken.next().await.unwrap();
    killed_and_replaced(&speech, "tts-0").await;
    let began = Instant::now();
    signal(worker(&speech, "tts-0").pid.unwrap(), Signal::SIGKILL);
    assert_eq!(clause(&speech, text).await.unwrap(), whole);
    println!("a clause asked for right after kill -9 took {:?}", began.elapsed());
    speech.shutdown().await;
}

#[tokio::test]
async fn pocketsphinx_listens_is_killed_and_listens_again() {
    let folder = Folder::new();
    let Some(stt) = real("pjsua-agent-stt", "pocketsphinx") else {
        return;
    };
    let speech = started(SpeechConfig { stt, ..config(&folder) }).await;
    transcript(&speech).await.unwrap();
    killed_and_replaced(&speech, "stt-0").await;
    transcript(&speech).await.unwrap();
    speech.shutdown().await;
}

#[tokio::test]
async fn the_rules_answer_are_killed_and_answer_again() {
    let folder = Folder::new();
    let Some(llm) = real("pjsua-agent-llm", "rules") else {
        return;
    };
    let speech = started(SpeechConfig { llm, ..config(&folder) }).await;
    let first = reply(&speech, "a").await;
    killed_and_replaced(&speech, "llm-0").await;
    assert_eq!(reply(&speech, "a").await, first);
    signal(worker(&speech, "llm-0").pid.unwrap(), Signal::SIGKILL);
    assert_eq!(reply(&speech, "a").await, first);
    println!("{first:?}");
    speech.shutdown().await;
}
