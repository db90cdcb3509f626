//! The `models` command on its own: `cargo run --release -p model-store --example models -- list`.

use std::process::ExitCode;

use clap::Parser;
use model_store::ModelsCommand;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    models: ModelsCommand,
}

fn main() -> ExitCode {
    model_store::run(Cli::parse().models)
}
