//! `pjsua-agent-tts`: the speech-synthesis worker of pjsua-agent.

mod audio;
mod engines;
mod service;
mod text;

use std::{ops::ControlFlow, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use inference::{
    proto::{DescribeReply, text_to_speech_server::TextToSpeechServer},
    worker::{self, Routes, ServeArgs},
};

use audio::resample::ResampleError;
use engines::{
    Audio, Engine, SpeakError, Speech,
    espeak::Espeak,
    flite::Flite,
    piper::{Piper, PiperSettings},
};

const EXAMPLES: &str = "\
Examples:
  English, nothing to install:
    pjsua-agent-tts --listen unix:/run/pjsua-agent/tts-0.sock --engine flite --voice slt
  Any of a hundred languages:
    pjsua-agent-tts --listen unix:/run/pjsua-agent/tts-0.sock --engine espeak --voice de
  A neural voice, with ONNX Runtime from a file, on another host:
    pjsua-agent-tts --listen http://0.0.0.0:7003 --engine piper --model en_US-lessac-medium.onnx \\
      --onnxruntime /usr/local/lib/libonnxruntime.so";

/// The speech-synthesis worker of pjsua-agent
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
    /// What speaks
    #[arg(long, value_enum, default_value_t = EngineName::Flite)]
    engine: EngineName,
    /// The voice of requests that name none
    ///
    /// flite: slt, rms, awb or kal16. espeak: as in `espeak-ng --voices`, perhaps with a variant: en-us, de+f3. piper: a
    /// speaker of a model with several, by name or number.
    #[arg(long, value_name = "NAME", default_value = "")]
    voice: String,
    /// piper: the voice's ONNX file; its description is beside it, with .json appended
    #[arg(long, value_name = "FILE", required_if_eq("engine", "piper"))]
    model: Option<PathBuf>,
    /// piper: the library of ONNX Runtime, 1.17 or later [default: libonnxruntime.so, where the system finds it]
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    onnxruntime: Option<PathBuf>,
    /// piper: clauses spoken at once; each holds a copy of the model
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    capacity: u32,
    /// piper: CPU threads for each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineName {
    /// CMU Flite: English
    Flite,
    /// eSpeak NG: over a hundred languages
    Espeak,
    /// Piper: neural voices
    Piper,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Version) = cli.command {
        println!("pjsua-agent-tts {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Some(serve) = cli.serve else {
        Cli::command().error(ErrorKind::MissingRequiredArgument, "--listen ADDRESS is required").exit();
    };
    worker::init_logging(&serve);
    let load = move || load(cli.engine);
    let routes = |engine| Routes::new(TextToSpeechServer::new(engine));
    worker::exit_code(worker::run(&serve, routes, load))
}

fn load(args: EngineArgs) -> Result<(service::Service, DescribeReply), anyhow::Error> {
    let engine: Arc<dyn Engine> = match (args.engine, args.model) {
        (EngineName::Flite, _) => Arc::new(Flite::load(&args.voice)?),
        (EngineName::Espeak, _) => Arc::new(Espeak::load(&args.voice)?),
        (EngineName::Piper, Some(model)) => Arc::new(Piper::load(&PiperSettings {
            model,
            speaker: args.voice,
            onnxruntime: args.onnxruntime,
            capacity: args.capacity,
            threads: args.threads,
        })?),
        (EngineName::Piper, None) => anyhow::bail!("--engine piper wants --model FILE"),
    };
    warm(engine.as_ref())?;
    let description = DescribeReply {
        engine: engine.name().to_owned(),
        model: engine.model(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capacity: engine.capacity(),
    };
    Ok((service::Service::new(engine), description))
}

/// One clause for nobody: the first one pays for pages and caches that the caller should not wait for.
fn warm(engine: &dyn Engine) -> Result<(), SpeakError> {
    struct Nobody;
    impl Audio for Nobody {
        fn begin(&mut self, _: u32) -> Result<(), ResampleError> {
            Ok(())
        }
        fn push(&mut self, _: &[i16]) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn is_wanted(&self) -> bool {
            true
        }
    }
    let hello = Speech { text: "Hello, 1.".to_owned(), voice: String::new(), language: String::new(), rate: 1.0 };
    engine.speak(&hello, &mut Nobody)
}
