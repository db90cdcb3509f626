//! `pjsua-agent ask`: an agent asked in writing, without a call. What it answers is what a caller would hear: rules, model and
//! filter are those of a call.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use conversation::{Act, Entry, Input, Speaker, Spoken, TurnId};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::agent::{self, CallContext};
use crate::call::Reply;
use crate::config::{Agent, Config};
use crate::setup;
use crate::speech::Speech;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked, of whom.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AskArgs {
    /// Which agent [default: the only one]
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Each question begins a conversation of its own
    #[arg(long)]
    each: bool,
    /// A JSON object a line: question, answer, act (transfer, hang_up), first_ms, total_ms
    #[arg(long)]
    json: bool,
    /// What the caller says; without any, lines of the standard input
    questions: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  pjsua-agent ask --config conf/pjsua-agent.toml \"when do you open on saturday\" \"and on sunday\"
  pjsua-agent ask --config conf/pjsua-agent.toml --each --json < questions.txt";

/// What came of a question.
#[derive(Debug, Serialize)]
struct Answer {
    question: String,
    answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'static str>,
    /// Until the first text, in milliseconds.
    first_ms: u64,
    /// Until the last, in milliseconds.
    total_ms: u64,
}

/// Starts what answers, asks, and prints.
///
/// # Errors
/// An unknown agent, workers that do not serve, a question without an answer.
pub async fn run(config: &Config, args: &AskArgs) -> Result<()> {
    let agent = choose(config, args.agent.as_deref())?;
    let speech = Speech::start_without_voice(setup::speech_config(config)).await?;
    speech.read_prompt(&agent::request_ahead(agent)).await;
    let answered = converse(config, agent, &speech, args).await;
    speech.shutdown().await;
    answered
}

fn choose<'a>(config: &'a Config, wanted: Option<&str>) -> Result<&'a Agent> {
    let names = || config.agents.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match wanted {
        Some(name) => {
            config.agents.get(name).ok_or_else(|| anyhow!("there is no agent “{name}”. Name one of: {}", names()))
        }
        None if config.agents.len() == 1 => config.agents.values().next().context("a configuration has an agent"),
        None => bail!("--agent is missing. Name one of: {}", names()),
    }
}

async fn converse(config: &Config, agent: &Agent, speech: &Arc<Speech>, args: &AskArgs) -> Result<()> {
    let context = CallContext::default();
    let greeting = Spoken::from(context.fill(&agent.phrases.greeting));
    let begin = || Conversation {
        history: vec![Entry { speaker: Speaker::Agent, text: greeting.clone(), turn: TurnId(0) }],
        turn: 0,
    };
    let mut conversation = begin();
    let mut call = 1;
    let (mut stdin, mut given) = (std::io::stdin().lock().lines(), args.questions.iter());
    let mut next = || match args.questions.is_empty() {
        true => stdin.next().transpose().context("cannot read the standard input"),
        false => Ok(given.next().cloned()),
    };
    while let Some(question) = next()? {
        if question.trim().is_empty() {
            continue;
        }
        if args.each {
            (conversation, call) = (begin(), call + 1);
        }
        let answer = conversation.ask(call, question.trim(), config, agent, &context, speech).await?;
        print(&answer, args.json)?;
    }
    Ok(())
}

fn print(answer: &Answer, as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", serde_json::to_string(answer)?)?;
    } else {
        let act = answer.act.map(|act| format!(" [{act}]")).unwrap_or_default();
        writeln!(out, "> {}\n{}{act}  ({} ms)", answer.question, answer.answer, answer.first_ms)?;
    }
    Ok(out.flush()?)
}

struct Conversation {
    history: Vec<Entry>,
    turn: u32,
}

impl Conversation {
    async fn ask(
        &mut self,
        call: u64,
        question: &str,
        config: &Config,
        agent: &Agent,
        context: &CallContext,
        speech: &Arc<Speech>,
    ) -> Result<Answer> {
        self.turn += 1;
        let turn = TurnId(self.turn);
        self.history.push(Entry { speaker: Speaker::Caller, text: question.into(), turn });
        let (max_tokens, temperature) = (config.llm.max_tokens, config.llm.temperature);
        let request = agent::request_for(call, agent, context, &self.history, max_tokens, temperature);
        // Not bounded: one reply, of [llm] max_tokens pieces at most.
        let (report, mut inputs) = mpsc::unbounded_channel();
        let asked = Instant::now();
        let report = move |input| _ = report.send(input);
        let _reply = Reply::start(Arc::clone(speech), turn, request, agent.language.clone(), report);
        let mut text = String::new();
        let (mut act, mut first) = (None, None);
        loop {
            let input = tokio::time::timeout(PATIENCE, inputs.recv()).await;
            match input.with_context(|| format!("no answer within {PATIENCE:?}: {question}"))? {
                Some(Input::ReplyDelta { text: more, .. }) => {
                    first.get_or_insert_with(|| asked.elapsed());
                    text.push_str(&more);
                }
                Some(Input::ReplyAct { act: asked_for, .. }) => act = Some(asked_for),
                Some(Input::ReplyDone { .. }) => break,
                Some(Input::WorkerFailed { .. }) | None => bail!("the language model failed at: {question}"),
                Some(_) => {}
            }
        }
        let total = asked.elapsed();
        let text = text.trim().to_owned();
        if !text.is_empty() {
            self.history.push(Entry { speaker: Speaker::Agent, text: text.as_str().into(), turn });
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Ok(Answer {
            question: question.to_owned(),
            answer: text,
            act: act.map(|act| match act {
                Act::Transfer => "transfer",
                Act::HangUp => "hang_up",
            }),
            first_ms: millis(first.unwrap_or(total)),
            total_ms: millis(total),
        })
    }
}
