//! `pjsua-agent-llm` with engine `llama`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use inference::proto::message::Role as Speaker;
use inference::proto::{self, GenerateRequest};
use inference::{Address, Deadlines, GenerationEvent, WorkerClient};
use tests::paths::program;
use tests::process::{Process, tail};
use tokio::runtime::Runtime;

use super::{Clock, Message, Model, Reply, Role};

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Worker {
    _process: Process,
    client: WorkerClient,
    runtime: Runtime,
}

impl Worker {
    /// # Errors
    /// It was not built, or does not serve.
    pub fn start(model: &Path, calls: usize, dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let socket = std::env::temp_dir().join(format!("pjsua-agent-bench-llm-{}.sock", std::process::id()));
        let address = format!("unix:{}", socket.display());
        let mut command = Command::new(program("pjsua-agent-llm")?);
        command.args(["--listen", &address, "--engine", "llama", "--context", "2048", "--model"]).arg(model);
        command.args(["--capacity", &calls.to_string()]);
        let log = dir.join("llm.log");
        let process = Process::spawn("pjsua-agent-llm", command, &log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let address: Address = address.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        let client = runtime.block_on(async {
            let deadlines = Deadlines { first_token: PATIENCE, next_token: PATIENCE, ..Deadlines::default() };
            WorkerClient::connect_lazy(&address).with_deadlines(deadlines)
        });
        tests::until("the worker should serve", Duration::from_secs(60), || {
            runtime.block_on(client.is_serving()).ok().filter(|&serving| serving)
        })
        .with_context(|| tail(&log, 20))?;
        Ok(Self { _process: process, client, runtime })
    }
}

impl Model for Worker {
    fn name(&self) -> &'static str {
        "pjsua-agent-llm"
    }

    fn reply(&self, call: &str, messages: &[Message], tokens: u32) -> Result<Reply> {
        let request = GenerateRequest {
            call_id: call.to_owned(),
            messages: messages.iter().map(message).collect(),
            max_tokens: tokens,
            temperature: 0.0,
            ..GenerateRequest::default()
        };
        self.runtime.block_on(async {
            let mut clock = Clock::start();
            let mut generation = self.client.generate(request);
            while let Some(event) = generation.next().await? {
                match event {
                    GenerationEvent::Delta(text) => clock.text(&text),
                    GenerationEvent::Act(_) => {}
                    GenerationEvent::Done { generated_tokens, .. } => clock.reply.tokens = generated_tokens,
                }
            }
            Ok(clock.reply)
        })
    }
}

fn message(message: &Message) -> proto::Message {
    let role = match message.role {
        Role::System => Speaker::System,
        Role::Agent => Speaker::Agent,
        Role::Caller => Speaker::Caller,
    };
    proto::Message { role: role.into(), text: message.text.clone() }
}
