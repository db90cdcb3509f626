//! `pjsua-agent-llm`: the language-model worker of pjsua-agent.

#![forbid(unsafe_code)]

mod engines;
mod service;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use inference::{
    proto::{DescribeReply, language_model_server::LanguageModelServer},
    worker::{self, Routes, ServeArgs},
};

use engines::{
    Engine,
    llama::{self, KvCache, Llama, LlamaSettings},
    rules::Rules,
};

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

#[derive(Args)]
struct EngineArgs {
    /// What answers
    #[arg(long, value_enum, default_value_t = EngineName::Rules)]
    engine: EngineName,
    /// llama: the GGUF file
    #[arg(long, value_name = "FILE", required_if_eq("engine", "llama"))]
    model: Option<PathBuf>,
    /// llama: tokens of a call's prompt and reply together, at most
    #[arg(long, value_name = "TOKENS", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    context: u32,
    /// llama: calls answered at once; more wait
    #[arg(long, value_name = "CALLS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    capacity: u32,
    /// llama: CPU threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=512))]
    threads: Option<u32>,
    /// llama: tokens of a reply when the daemon names no bound
    #[arg(long, value_name = "TOKENS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// llama: the instructions to compute with, as far as the processor has them: baseline, avx2, avx512 (x86-64), dotprod,
    /// i8mm (arm64) [default: the best]
    #[arg(long, value_name = "NAME")]
    kernels: Option<String>,
    /// llama: layers of the model to compute on the GPU, for a worker built with `--features cuda` or `vulkan` [default: all
    /// where there is a GPU, otherwise 0]
    #[arg(long, value_name = "N")]
    gpu_layers: Option<u32>,
    /// llama: the only GPU to use, from 0 [default: several cards share the layers]
    #[arg(long, value_name = "NUMBER")]
    gpu: Option<u32>,
    /// llama: the numbers that the cache of conversations is made of. q8_0 takes half the memory, and computes prompts of a
    /// thousand tokens slower by a third
    #[arg(long, value_enum, default_value_t = KvCache::F16)]
    kv_cache: KvCache,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineName {
    /// Keyword and slot rules of the agent's file
    Rules,
    /// Any GGUF model, by llama.cpp
    Llama,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Version) = cli.command {
        println!("pjsua-agent-llm {}", env!("CARGO_PKG_VERSION"));
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
    let engine: Arc<dyn Engine> = match (args.engine, args.model) {
        (EngineName::Rules, _) => Arc::new(Rules),
        (EngineName::Llama, Some(model)) => {
            llama::log_to_tracing();
            let kernels = ggml_kernels::select(args.kernels.as_deref())?;
            tracing::info!(kernels, "CPU");
            Arc::new(Llama::load(LlamaSettings {
                model,
                context: args.context,
                capacity: args.capacity,
                threads: args.threads.unwrap_or_else(cores),
                gpu_layers: args.gpu_layers,
                gpu: args.gpu,
                kv_cache: args.kv_cache,
                max_tokens: args.max_tokens,
            })?)
        }
        (EngineName::Llama, None) => anyhow::bail!("--engine llama wants --model FILE"),
    };
    let description = DescribeReply {
        engine: engine.name().to_owned(),
        model: engine.model(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capacity: engine.capacity(),
    };
    Ok((service::Service::new(engine), description))
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1))
}
