//! What a recording says, by pocketsphinx: the judge of what a caller could understand.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use inference::proto::RecogniseOptions;
use inference::{Address, Deadlines, RecognitionEvent, WorkerClient};
use tokio::runtime::Runtime;

use crate::process::{Process, tail};
use crate::rtp::{FRAME, rms};

struct Judge {
    _worker: Process,
    client: WorkerClient,
    runtime: Runtime,
}

/// The words in `samples` (16 kHz), in lower case, silences and all.
///
/// A worker of our own recognises, not the daemon's; it is started at the first use and lives as long as the suite.
///
/// # Errors
/// The worker was not built, or does not answer.
pub fn words(samples: &[i16]) -> Result<String> {
    static JUDGE: OnceLock<Mutex<Option<Judge>>> = OnceLock::new();
    let judge = JUDGE.get_or_init(Mutex::default);
    // A judge that another test's panic left here is as good as new: it holds no state between utterances.
    let mut judge = judge.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if judge.is_none() {
        *judge = Some(Judge::start()?);
    }
    let words = judge.as_ref().context("the judge was just started")?.words(samples);
    if words.is_err() {
        // A worker that failed one recording is not asked about the next.
        *judge = None;
    }
    words
}

impl Judge {
    fn start() -> Result<Self> {
        let dir = std::env::temp_dir();
        let socket = dir.join(format!("pjsua-agent-judge-{}.sock", std::process::id()));
        let log = crate::paths::target().join("test-runs").join("judge.log");
        std::fs::create_dir_all(log.parent().unwrap_or(&dir))?;
        let mut command = Command::new(crate::paths::program("pjsua-agent-stt")?);
        command.arg("--listen").arg(unix(&socket)).args(["--engine", "pocketsphinx"]);
        let worker = Process::spawn("pjsua-agent-stt", command, &log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let address: Address = unix(&socket).parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        let client = runtime.block_on(async {
            let deadlines = Deadlines { final_transcript: Duration::from_secs(60), ..Deadlines::default() };
            WorkerClient::connect_lazy(&address).with_deadlines(deadlines)
        });
        crate::until("the recogniser should serve", Duration::from_secs(30), || {
            runtime.block_on(client.is_serving()).ok().filter(|&serving| serving)
        })
        .with_context(|| tail(&log, 20))?;
        // The connection stands, so the name is needed no more, and nobody has to remove it at the end.
        std::fs::remove_file(&socket)?;
        Ok(Self { _worker: worker, client, runtime })
    }

    fn words(&self, samples: &[i16]) -> Result<String> {
        let mut words = Vec::new();
        let mut adaptation = Vec::new();
        // Twice: the first pass teaches the recogniser the level and colour of this line, as a call in progress would.
        for pass in 0..2 {
            words.clear();
            for phrase in phrases(samples) {
                let (text, learnt) = self.runtime.block_on(self.recognise(phrase, adaptation.clone()))?;
                adaptation = learnt;
                words.push(text);
            }
            if pass == 0 && adaptation.is_empty() {
                break;
            }
        }
        Ok(words.join(" ").to_lowercase())
    }

    async fn recognise(&self, samples: &[i16], adaptation: Vec<u8>) -> Result<(String, Vec<u8>)> {
        let options =
            RecogniseOptions { sample_rate_hz: 16_000, language: "en".into(), adaptation, ..Default::default() };
        let mut recognition = self.client.recognise(options);
        for piece in samples.chunks(FRAME * 5) {
            recognition.send(piece)?;
        }
        recognition.finish();
        while let Some(event) = recognition.next().await? {
            if let RecognitionEvent::Final { text, adaptation, .. } = event {
                return Ok((text, adaptation));
            }
        }
        anyhow::bail!("the recogniser gave no final transcript")
    }
}

fn unix(socket: &Path) -> String {
    format!("unix:{}", socket.display())
}

/// Cuts at silences of 300 ms and more, and leaves a little of them around each phrase.
fn phrases(samples: &[i16]) -> Vec<&[i16]> {
    const QUIET_FRAMES: usize = 15;
    const MARGIN: usize = 5;
    let loud: Vec<bool> = samples.chunks(FRAME).map(|frame| rms(frame) >= crate::rtp::AUDIBLE_RMS).collect();
    let mut phrases = Vec::new();
    let mut start = None;
    let mut quiet = 0;
    for (index, &loud) in loud.iter().chain(std::iter::repeat_n(&false, QUIET_FRAMES)).enumerate() {
        quiet = if loud { 0 } else { quiet + 1 };
        match start {
            None if loud => start = Some(index),
            Some(first) if quiet >= QUIET_FRAMES => {
                let from = first.saturating_sub(MARGIN) * FRAME;
                let to = ((index + 1 - quiet + MARGIN) * FRAME).min(samples.len());
                phrases.push(&samples[from..to]);
                start = None;
            }
            _ => {}
        }
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_cut_at_long_silences_only() {
        let tone = |frames: usize| vec![3000_i16; frames * FRAME];
        let quiet = |frames: usize| vec![0_i16; frames * FRAME];
        let line = [quiet(30), tone(20), quiet(8), tone(20), quiet(40), tone(10)].concat();
        let cut = phrases(&line);
        assert_eq!(cut.iter().map(|phrase| phrase.len() / FRAME).collect::<Vec<_>>(), [5 + 48 + 5, 5 + 10]);
    }
}
