//! `pjsua-agent-stt`: the speech-recognition worker of pjsua-agent.

mod cores;
mod engines;
mod fate;
mod loudness;
mod machine;
mod pool;
mod service;
mod utterance;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use inference::{
    proto::{DescribeReply, speech_to_text_server::SpeechToTextServer},
    worker::{self, Routes, ServeArgs},
};

use engines::{
    Engine, EngineError,
    pocketsphinx::{DECODER_BYTES, DEFAULT_MODEL, Pocketsphinx},
    whisper::{self, GpuChoice, Whisper},
};
use machine::cores;
use pool::Pool;
use service::RecogniserService;

const EXAMPLES: &str = "\
Examples:
  Debian's English model, on this machine:
    pjsua-agent-stt --listen unix:/run/pjsua-agent/stt-0.sock
  A Whisper model in German, two utterances at once, on another host:
    pjsua-agent-stt --listen http://0.0.0.0:7001 --engine whisper --model ggml-small.bin --language de --capacity 2";

/// The speech-recognition worker of pjsua-agent
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
    /// What recognises
    #[arg(long, value_enum, default_value_t = EngineName::Pocketsphinx)]
    engine: EngineName,
    /// pocketsphinx: a folder with acoustic model, dictionary and language model [default: Debian's pocketsphinx-en-us];
    /// whisper: a ggml file
    #[arg(long, value_name = "PATH", required_if_eq("engine", "whisper"))]
    model: Option<PathBuf>,
    /// whisper: a smaller ggml file for what is told while the caller still speaks; the final transcript is the model's.
    /// Not used for languages that it does not know
    #[arg(long, value_name = "FILE")]
    quick_model: Option<PathBuf>,
    /// The language of the model (pocketsphinx), or of callers whose language is not told (whisper), as BCP 47
    #[arg(long, value_name = "TAG", default_value = "en")]
    language: String,
    /// Utterances heard at once; more wait up to 5 s [default: whisper 64, which hold no more than their audio;
    /// pocketsphinx 8 a core as far as a quarter of the free memory goes, 130 MB each]. With pocketsphinx as many as there
    /// are cores are searched at length, those beside them faster, for a few more misheard words
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    capacity: Option<u16>,
    /// whisper: CPU threads of one pass, at most; several only while other cores idle [default: one a core, up to 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// whisper: the instructions to compute with, as far as the processor has them: baseline, avx2, avx512 (x86-64), dotprod,
    /// i8mm (arm64) [default: the best]
    #[arg(long, value_name = "NAME")]
    kernels: Option<String>,
    /// whisper: the GPU to compute on, from 0, for a worker built with `--features cuda` or `vulkan`; or `off` [default: the
    /// first, if there is one]
    #[arg(long, value_name = "NUMBER|off")]
    gpu: Option<GpuChoice>,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineName {
    Pocketsphinx,
    Whisper,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Version) = cli.command {
        println!("pjsua-agent-stt {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Some(serve) = cli.serve else {
        Cli::command().error(ErrorKind::MissingRequiredArgument, "--listen ADDRESS is missing").exit()
    };
    worker::init_logging(&serve);
    let load = move || load(&cli.engine);
    worker::exit_code(worker::run(&serve, |engine| Routes::new(SpeechToTextServer::new(engine)), load))
}

fn load(args: &EngineArgs) -> Result<(RecogniserService, DescribeReply), EngineError> {
    let capacity = usize::from(args.capacity.unwrap_or_else(|| default_capacity(args.engine)));
    // Beyond four each brings little.
    let threads = args.threads.map_or_else(|| cores().min(4), usize::from);
    let engine: Arc<dyn Engine> = match args.engine {
        EngineName::Pocketsphinx => {
            let model = args.model.clone().unwrap_or_else(|| DEFAULT_MODEL.into());
            Arc::new(Pocketsphinx::new(&model, &args.language)?)
        }
        EngineName::Whisper => {
            let model = args.model.as_deref().expect("clap asks for the model of this engine");
            whisper::silence();
            let kernels =
                ggml_kernels::select(args.kernels.as_deref()).map_err(|error| EngineError(error.to_string()))?;
            tracing::info!(kernels, "CPU");
            Arc::new(Whisper::load(model, args.quick_model.as_deref(), &args.language, threads, args.gpu)?)
        }
    };
    let description = DescribeReply {
        engine: engine.name().into(),
        model: engine.model(),
        version: env!("CARGO_PKG_VERSION").into(),
        capacity: u32::try_from(capacity).expect("clap limits the capacity"),
    };
    tracing::info!(cores = cores(), threads, capacity, "recognisers");
    let pool = Pool::load(engine.clone(), capacity, cores())?;
    Ok((RecogniserService::new(engine, pool), description))
}

fn default_capacity(engine: EngineName) -> u16 {
    let capacity = match engine {
        EngineName::Whisper => 64,
        // A recogniser is a caller's for as long as he talks, and computes for a tenth to a third of that; in a crowd
        // `Cores` decides for whom.
        EngineName::Pocketsphinx => {
            let by_memory = machine::free_memory_bytes().map_or(4, |free| free / 4 / DECODER_BYTES);
            (8 * cores()).min(usize::try_from(by_memory).unwrap_or(usize::MAX)).clamp(1, 256)
        }
    };
    u16::try_from(capacity).expect("clamped")
}
