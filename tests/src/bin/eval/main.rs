//! `make eval`: whether agents answer rightly what callers ask them; by rules, by models, and by both.

mod aloud;
mod judge;
mod question;
mod report;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use serde::Deserialize;
use tests::paths::{program, repository, run_dir};

use judge::{Judge, Verdict};
use question::{Question, Questions};

/// Asks agents hundreds of questions in writing, judges the answers, and writes docs/benchmarks/evaluation.md.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:\n  eval --answerers rules,smollm2-135m --every 5    about 2 minutes\n  \
                    eval --aloud --answerers rules,smollm2-135m      about 25 minutes")]
struct Arguments {
    /// Who answers: rules, a model of the store beside the rules, or alone (alone:MODEL)
    #[arg(long, value_delimiter = ',', default_value = "rules,smollm2-135m,qwen2.5-0.5b,alone:qwen2.5-0.5b")]
    answerers: Vec<String>,
    /// Files of tests/evaluation
    #[arg(long, value_delimiter = ',', default_value = "shop,clinic,help-desk")]
    agents: Vec<String>,
    /// Every so many-th question only
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Ask the questions that are marked for it aloud, each in a call, with Whisper tiny.en and Piper
    #[arg(long)]
    aloud: bool,
    /// Tell the recogniser nothing of the agent's vocabulary
    #[arg(long, requires = "aloud")]
    without_vocabulary: bool,
    /// The report; by default docs/benchmarks/evaluation.md, or evaluation-aloud.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Arguments {
    fn out(&self) -> PathBuf {
        let page = if self.aloud { "evaluation-aloud.md" } else { "evaluation.md" };
        self.out.clone().unwrap_or_else(|| repository().join("docs/benchmarks").join(page))
    }
}

/// What `pjsua-agent ask --json` prints.
#[derive(Debug, Clone, Deserialize)]
struct Answer {
    question: String,
    answer: String,
    act: Option<String>,
    first_ms: u64,
    /// What the recogniser made of a question that was asked aloud.
    #[serde(skip)]
    heard: Option<String>,
}

/// One question and what became of it.
struct Outcome {
    question: Question,
    answer: Answer,
    verdict: Verdict,
}

/// By answerer and agent.
type Results = BTreeMap<(usize, String), Vec<Outcome>>;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let dir = run_dir("eval")?;
    let mut results = Results::new();
    for (place, answerer) in arguments.answerers.iter().enumerate() {
        for agent in &arguments.agents {
            let questions = Questions::read(&repository().join(format!("tests/evaluation/{agent}.toml")))?;
            eprintln!("eval: {agent}, answered by {answerer} …");
            let asked = questions.all.iter().filter(|question| question.aloud || !arguments.aloud);
            let asked: Vec<Question> = asked.step_by(arguments.every.max(1)).cloned().collect();
            let dir = dir.join(format!("{place}-{agent}"));
            let answers = if arguments.aloud {
                let file = match arguments.without_vocabulary {
                    true => &aloud::without_vocabulary(&questions.agent, &dir)?,
                    false => &questions.agent,
                };
                aloud::ask(file, aloud::engines(answerer)?, &asked, &dir)?
            } else {
                ask(&configuration(answerer, &questions.agent, &dir)?, &asked)?
            };
            let judge = Judge::of(&questions)?;
            let outcomes = asked.into_iter().zip(answers).map(|(question, answer)| {
                let verdict = judge.judge(&question, &answer.answer, answer.act.as_deref());
                Outcome { question, answer, verdict }
            });
            results.insert((place, agent.clone()), outcomes.collect());
        }
    }
    let text = report::page(&arguments, &results)?;
    let out = arguments.out();
    std::fs::write(&out, &text).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}", text.split("\n## What").next().unwrap_or_default());
    eprintln!("eval: written to {}", out.display());
    Ok(())
}

/// The delivered configuration with this agent and this answerer.
fn configuration(answerer: &str, agent: &Path, dir: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(dir.join("agents"))?;
    // The name that the delivered configuration knows.
    std::fs::copy(agent, dir.join("agents/demo.toml")).with_context(|| agent.display().to_string())?;
    let delivered = std::fs::read_to_string(repository().join("conf/pjsua-agent.toml"))?;
    let (model, rules) = match answerer.strip_prefix("alone:") {
        Some(model) => (model, "off"),
        None => (answerer, "first"),
    };
    let text = if answerer == "rules" {
        delivered
    } else {
        let lines = format!("engine = \"llama\"\nmodel = \"{model}\"\nrules = \"{rules}\"");
        ensure!(delivered.matches("engine = \"rules\"").count() == 1, "conf/pjsua-agent.toml has other lines");
        delivered.replace("engine = \"rules\"", &lines)
    };
    let config = dir.join("pjsua-agent.toml");
    std::fs::write(&config, text)?;
    Ok(config)
}

fn ask(config: &Path, questions: &[Question]) -> Result<Vec<Answer>> {
    let mut process = Command::new(program("pjsua-agent")?)
        .args(["ask", "--each", "--json", "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = process.stdin.take().context("it has a standard input")?;
    // Fewer bytes than a pipe holds.
    for question in questions {
        writeln!(stdin, "{}", question.ask)?;
    }
    drop(stdin);
    let output = process.wait_with_output()?;
    if !output.status.success() {
        bail!("pjsua-agent ask: {}", output.status);
    }
    let lines = String::from_utf8(output.stdout)?;
    let answers: Vec<Answer> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let in_order = answers.iter().zip(questions).all(|(answer, question)| answer.question == question.ask);
    ensure!(in_order && answers.len() == questions.len(), "{} answers to {} questions", answers.len(), questions.len());
    Ok(answers)
}
