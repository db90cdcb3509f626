//! `bench inference`: how soon and how fast a model answers several calls, beside llama.cpp's own server on the same file.

mod llama_server;
mod report;
mod worker;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use tests::paths::{repository, run_dir};

use crate::report::publish;
use llama_server::LlamaServer;
use worker::Worker;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  bench inference --models smollm2-135m --calls 1,4 --rounds 2    about 2 minutes")]
pub struct Extent {
    /// Models of the store
    #[arg(long, value_delimiter = ',', default_value = "qwen2.5-0.5b")]
    models: Vec<String>,
    /// Calls at once
    #[arg(long, value_delimiter = ',', default_value = "1,4,8")]
    calls: Vec<usize>,
    /// How often each number of calls is tried, the two engines in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Tokens of a reply, at most
    #[arg(long, default_value_t = 48)]
    tokens: u32,
    /// The report
    #[arg(long, value_name = "FILE", default_value_os_t = repository().join("docs/benchmarks/inference.md"))]
    out: PathBuf,
}

/// What callers ask, one turn after another.
const QUESTIONS: [&str; 3] = [
    "What are your opening hours on Saturday?",
    "And how much is the blue teapot, please?",
    "Where exactly do I find you, and can I park near the shop?",
];

/// One message of a conversation.
#[derive(Debug, Clone)]
struct Message {
    role: Role,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    System,
    Agent,
    Caller,
}

/// A reply and its times.
#[derive(Debug, Clone)]
struct Reply {
    text: String,
    tokens: u32,
    /// From the request to the first text.
    first: Duration,
    /// Between pieces of text.
    gaps: Vec<Duration>,
}

/// What takes the times of a stream of text.
struct Clock {
    asked: Instant,
    last: Option<Instant>,
    reply: Reply,
}

impl Clock {
    fn start() -> Self {
        let reply = Reply { text: String::new(), tokens: 0, first: Duration::ZERO, gaps: Vec::new() };
        Self { asked: Instant::now(), last: None, reply }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let now = Instant::now();
        match self.last {
            Some(last) => self.reply.gaps.push(now - last),
            None => self.reply.first = now - self.asked,
        }
        self.last = Some(now);
        self.reply.text.push_str(text);
    }
}

/// What answers.
trait Model: Sync {
    fn name(&self) -> &'static str;
    fn reply(&self, call: &str, messages: &[Message], tokens: u32) -> Result<Reply>;
}

/// What one engine did with so many calls.
#[derive(Debug, Clone, Default)]
struct Round {
    uncached: Vec<f64>,
    later: Vec<f64>,
    gaps: Vec<f64>,
    tokens: u32,
    seconds: f64,
}

/// All of it.
struct Row {
    engine: &'static str,
    calls: usize,
    rounds: Vec<Round>,
}

pub fn run(extent: &Extent) -> Result<()> {
    let dir = run_dir("bench-inference")?;
    let prompt = agents_prompt()?;
    let mut sections = Vec::new();
    for model in &extent.models {
        let path = model_store::Store::open_default()?.path(model)?;
        let mut rows = Vec::new();
        for &calls in &extent.calls {
            eprintln!("bench: {model}, {calls} calls …");
            rows.extend(compare(extent, &path, calls, &prompt, &dir.join(format!("{model}-{calls}")))?);
        }
        sections.push((model.clone(), rows));
    }
    let text = report::page(extent, &sections)?;
    publish(&text, &extent.out)
}

/// Both engines with so many calls, in turn; neither runs while the other is measured.
fn compare(extent: &Extent, model: &Path, calls: usize, prompt: &str, dir: &Path) -> Result<Vec<Row>> {
    let worker = Worker::start(model, calls, &dir.join("worker"))?;
    let server = LlamaServer::start(model, calls, &dir.join("llama-server"))?;
    let engines: [&dyn Model; 2] = [&worker, &server];
    let mut rows = engines.map(|engine| Row { engine: engine.name(), calls, rounds: Vec::new() });
    for round in 0..extent.rounds {
        for (engine, row) in engines.iter().zip(&mut rows) {
            row.rounds.push(measure(*engine, round, calls, prompt, extent.tokens)?);
        }
    }
    Ok(rows.into())
}

/// A conversation of each call, all at once.
fn measure(model: &dyn Model, round: usize, calls: usize, prompt: &str, tokens: u32) -> Result<Round> {
    let began = Instant::now();
    let conversations: Vec<Result<Vec<Reply>>> = thread::scope(|scope| {
        let callers: Vec<_> = (0..calls)
            .map(|call| scope.spawn(move || converse(model, &format!("{round}-{call}"), prompt, tokens)))
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller does not panic")).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let mut all = Round { seconds, ..Round::default() };
    let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
    for replies in conversations {
        for (turn, reply) in replies?.into_iter().enumerate() {
            if turn == 0 { &mut all.uncached } else { &mut all.later }.push(millis(reply.first));
            all.gaps.extend(reply.gaps.into_iter().map(millis));
            all.tokens += reply.tokens;
        }
    }
    Ok(all)
}

fn converse(model: &dyn Model, call: &str, prompt: &str, tokens: u32) -> Result<Vec<Reply>> {
    // A prompt that nobody has asked with: neither engine has any of it in its cache.
    let system = format!("Call {call}.\n{prompt}");
    let mut messages = vec![Message { role: Role::System, text: system }];
    let mut replies = Vec::new();
    for question in QUESTIONS {
        messages.push(Message { role: Role::Caller, text: question.into() });
        let reply = model.reply(call, &messages, tokens)?;
        messages.push(Message { role: Role::Agent, text: reply.text.clone() });
        replies.push(reply);
    }
    Ok(replies)
}

/// The prompt of the delivered agent.
fn agents_prompt() -> Result<String> {
    let path = repository().join("conf/agents/demo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let prompt = text.split("prompt = \"\"\"").nth(1).and_then(|rest| rest.split("\"\"\"").next());
    Ok(prompt.context("conf/agents/demo.toml has no prompt")?.trim().to_owned())
}
