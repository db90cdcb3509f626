//! `pjsua-agent-llm`: the language-model worker of pjsua-agent.

#![forbid(unsafe_code)]

// Without llama.cpp nobody reads what only it takes.
#[cfg_attr(not(feature = "llama"), allow(dead_code))]
mod args;
#[cfg_attr(not(feature = "llama"), allow(dead_code))]
mod engines;
mod service;

use std::{process::ExitCode, sync::Arc};

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use inference::{
    proto::{DescribeReply, language_model_server::LanguageModelServer},
    worker::{self, Routes, ServeArgs},
};

use args::{EngineArgs, EngineName};
use engines::{Engine, rules::Rules};

const EXAMPLES: &str = "\
Examples:
  The agent's own rules, no model:
    pjsua-agent-llm --listen unix:/run/pjsua-agent/llm-0.sock --engine rules
  A model, four calls at once, on another host:
    pjsua-agent-llm --listen http://0.0.0.0:7002 --engine llama --model qwen2.5-1.5b-instruct-q4_k_m.gguf --capacity 4";

/// The language-model worker of pjsua-agent
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Option<ServeArgs>,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Print the version
    Version,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Version) = cli.command {
        let engines = if cfg!(feature = "llama") { "rules, llama" } else { "rules" };
        println!("pjsua-agent-llm {} (engines: {engines})", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Some(mut serve) = cli.serve else {
        Cli::command().error(ErrorKind::MissingRequiredArgument, "--listen ADDRESS is required").exit();
    };
    // llama.cpp tells a page of details at info.
    if !serve.log.contains("llama-cpp-2") {
        serve.log.push_str(",llama-cpp-2=warn");
    }
    worker::init_logging(&serve);
    let load = move || load(cli.engine);
    let routes = |engine| Routes::new(LanguageModelServer::new(engine));
    worker::exit_code(worker::run(&serve, routes, load))
}

fn load(args: EngineArgs) -> Result<(service::Service, DescribeReply), anyhow::Error> {
    let engine: Arc<dyn Engine> = match args.engine {
        EngineName::Rules => Arc::new(Rules),
        EngineName::Llama => load_llama(args)?,
    };
    let description = DescribeReply {
        engine: engine.name().to_owned(),
        model: engine.model(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capacity: engine.capacity(),
    };
    Ok((service::Service::new(engine), description))
}

#[cfg(feature = "llama")]
fn load_llama(args: EngineArgs) -> Result<Arc<dyn Engine>, anyhow::Error> {
    use engines::llama::{self, Llama, LlamaSettings};

    let Some(model) = args.model else { anyhow::bail!("--engine llama wants --model FILE") };
    llama::log_to_tracing();
    let kernels = ggml_kernels::select(args.kernels.as_deref())?;
    tracing::info!(kernels, "CPU");
    let cores = || std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    Ok(Arc::new(Llama::load(LlamaSettings {
        model,
        context: args.context,
        capacity: args.capacity,
        threads: args.threads.unwrap_or_else(cores),
        gpu_layers: args.gpu_layers,
        gpu: args.gpu,
        kv_cache: args.kv_cache,
        max_tokens: args.max_tokens,
    })?))
}

#[cfg(not(feature = "llama"))]
fn load_llama(_: EngineArgs) -> Result<Arc<dyn Engine>, anyhow::Error> {
    anyhow::bail!("this pjsua-agent-llm was built without llama.cpp, for the demo; run make build for one with it")
}
