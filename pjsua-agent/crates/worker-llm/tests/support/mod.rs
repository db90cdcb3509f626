//! A worker process under test.

#![allow(dead_code)] // each suite uses its own part

pub mod gguf;

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use inference::{
    Deadlines, GenerationAct, GenerationEvent, InferenceError, WorkerClient,
    proto::{GenerateRequest, Message, message::Role},
};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pjsua-agent-llm");

/// A folder of its own, removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("pjsua-agent-llm-{}-{number}", std::process::id()));
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
        Self::start_by(&[], options).await
    }

    /// The same, by a program that runs programs.
    pub async fn start_by(runner: &[&str], options: &[&str]) -> Self {
        let folder = Folder::new();
        let address = format!("unix:{}/llm.sock", folder.0.display());
        let program = [runner, &[PROGRAM]].concat();
        let process =
            Command::new(program[0]).args(&program[1..]).args(["--listen", &address]).args(options).spawn().unwrap();
        // An emulated or a busy processor is no fault.
        let patient = Deadlines { first_token: Duration::from_secs(60), ..Deadlines::default() };
        let client = WorkerClient::connect_lazy(&address.parse().unwrap()).with_deadlines(patient);
        let worker = Self { process, client, _folder: folder };
        let begin = Instant::now();
        while !worker.client.is_serving().await.unwrap_or(false) {
            assert!(begin.elapsed() < Duration::from_secs(60), "the worker does not serve");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker
    }

    pub async fn reply(&self, request: GenerateRequest) -> Result<Reply, InferenceError> {
        let mut generation = self.client.generate(request);
        let mut reply = Reply::default();
        while let Some(event) = generation.next().await? {
            match event {
                GenerationEvent::Delta(text) => {
                    assert_eq!(reply.act, None, "text came after the act");
                    reply.deltas += 1;
                    reply.text.push_str(&text);
                }
                GenerationEvent::Act(act) => reply.act = Some(act),
                GenerationEvent::Done { prompt_tokens, cached_tokens, generated_tokens } => {
                    reply.prompt_tokens = prompt_tokens;
                    reply.cached_tokens = cached_tokens;
                    reply.generated_tokens = generated_tokens;
                }
            }
        }
        Ok(reply)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub text: String,
    pub act: Option<GenerationAct>,
    pub deltas: u32,
    pub prompt_tokens: u32,
    pub cached_tokens: u32,
    pub generated_tokens: u32,
}

/// The program's end with options under which it must not serve.
pub fn run_to_end(options: &[&str]) -> Output {
    Command::new(PROGRAM).args(options).stdin(Stdio::null()).output().unwrap()
}

pub fn message(role: Role, text: &str) -> Message {
    Message { role: role.into(), text: text.to_owned() }
}

pub fn ask(call_id: &str, text: &str) -> GenerateRequest {
    GenerateRequest {
        call_id: call_id.to_owned(),
        messages: vec![message(Role::System, "You answer for a shop."), message(Role::Caller, text)],
        ..GenerateRequest::default()
    }
}
