//! `pjsua-agent-llm` with engine `llama`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use inference::proto::message::Role as Speaker;
use inference::proto::{self, GenerateRequest};
use inference::{Deadlines, GenerationEvent};

use super::{Clock, Message, Model, Reply, Role};
use crate::served::Served;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Worker(Served);

impl Worker {
    /// # Errors
    /// The worker was not built, or does not serve.
    pub fn start(model: &Path, calls: usize, dir: &Path) -> Result<Self> {
        let (model, calls) = (model.display().to_string(), calls.to_string());
        let arguments = ["--engine", "llama", "--context", "2048", "--model", &model, "--capacity", &calls];
        let deadlines = Deadlines { first_token: PATIENCE, next_token: PATIENCE, ..Deadlines::default() };
        Served::start("pjsua-agent-llm", &arguments.map(str::to_owned), deadlines, dir).map(Self)
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
        self.0.runtime.block_on(async {
            let mut clock = Clock::start();
            let mut generation = self.0.client.generate(request);
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
