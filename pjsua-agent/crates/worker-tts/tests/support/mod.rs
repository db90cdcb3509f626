//! A worker process under test.

#![allow(dead_code)] // each suite uses its own part

pub mod onnx;
pub mod runtime;

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use inference::{InferenceError, WorkerClient, proto::SynthesiseRequest};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pjsua-agent-tts");

/// A folder of its own, removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("pjsua-agent-tts-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Worker {
    pub process: Child,
    pub client: WorkerClient,
    _folder: Folder,
}

impl Worker {
    /// Starts the program and waits for SERVING.
    pub async fn start(options: &[&str]) -> Self {
        let folder = Folder::new();
        let address = format!("unix:{}/tts.sock", folder.0.display());
        let process = Command::new(PROGRAM).args(["--listen", &address]).args(options).spawn().unwrap();
        let client = WorkerClient::connect_lazy(&address.parse().unwrap());
        let worker = Self { process, client, _folder: folder };
        let begin = Instant::now();
        while !worker.client.is_serving().await.unwrap_or(false) {
            assert!(begin.elapsed() < Duration::from_secs(30), "the worker does not serve");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker
    }

    pub async fn speak(&self, request: SynthesiseRequest) -> Result<Spoken, InferenceError> {
        let begin = Instant::now();
        let mut synthesis = self.client.synthesise(request);
        let mut spoken = Spoken::default();
        while let Some(samples) = synthesis.next().await? {
            spoken.first_audio.get_or_insert_with(|| begin.elapsed());
            spoken.longest_chunk = spoken.longest_chunk.max(samples.len());
            spoken.samples.extend(samples);
        }
        spoken.all_audio = begin.elapsed();
        Ok(spoken)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Debug, Default)]
pub struct Spoken {
    pub samples: Vec<i16>,
    pub longest_chunk: usize,
    pub first_audio: Option<Duration>,
    pub all_audio: Duration,
}

impl Spoken {
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / 16_000.0
    }

    pub fn loudness(&self) -> f64 {
        (self.samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / self.samples.len().max(1) as f64)
            .sqrt()
    }
}

pub fn say(text: &str) -> SynthesiseRequest {
    SynthesiseRequest { text: text.to_owned(), ..SynthesiseRequest::default() }
}

/// The program's end with options under which it must not serve.
pub fn run_to_end(options: &[&str]) -> Output {
    Command::new(PROGRAM).args(options).stdin(Stdio::null()).output().unwrap()
}
