//! Logs of a worker: stderr, which the daemon reads.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::ServeArgs;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// Sends `tracing` events to stderr as `args` say. A filter that cannot be read is replaced by `info`, with a warning.
pub fn init_logging(args: &ServeArgs) {
    // What HTTP/2 has to say drowns a worker's own words; a filter that names it gets it.
    let filter = match args.log.as_str() {
        level @ ("debug" | "trace") => EnvFilter::try_new(format!("{level},h2=info,hyper=info,tonic=info,tower=info")),
        filter => EnvFilter::try_new(filter),
    };
    let problem = filter.as_ref().err().map(ToString::to_string);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(io::stderr);
    match args.log_format {
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().init(),
    }
    if let Some(problem) = problem {
        tracing::warn!(filter = args.log, problem, "the log filter is not understood; logging at info");
    }
}
