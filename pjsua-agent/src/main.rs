//! The daemon's life: arguments, configuration, build, run, drain.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pjsua_agent::app::{App, describe};
use pjsua_agent::config::Config;
use pjsua_agent::{drain, logging};

/// A SIP voice agent that registers on your PBX as an ordinary extension.
#[derive(Parser)]
#[command(name = "pjsua-agent", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  pjsua-agent check --config /etc/pjsua-agent/pjsua-agent.toml   say what is wrong with a configuration, start nothing
  pjsua-agent run --config conf/pjsua-agent.toml                 register and answer calls until SIGTERM
  PJSUA_AGENT_LOG=debug pjsua-agent run --config …               log more than the configuration says";

#[derive(Subcommand)]
enum Command {
    /// Register, answer calls, and drain at SIGTERM or SIGINT
    Run {
        /// The configuration; the agents' files are found through it
        #[arg(long, value_name = "FILE", default_value = "/etc/pjsua-agent/pjsua-agent.toml")]
        config: PathBuf,
    },
    /// Read a configuration and its agents; print every problem with its file and line
    Check {
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "/etc/pjsua-agent/pjsua-agent.toml")]
        config: PathBuf,
    },
    /// Print the versions of this program and of the SIP stack in it
    Version,
}

/// Exit status for a bad configuration, as `EX_CONFIG` of sysexits.h; systemd units can tell it from a crash.
const BAD_CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run { config } => run(&config),
        Command::Check { config } => match load(&config) {
            Ok(config) => {
                println!("{}", describe(&config));
                ExitCode::SUCCESS
            }
            Err(code) => code,
        },
        Command::Version => {
            println!("pjsua-agent {}", env!("CARGO_PKG_VERSION"));
            println!("PJSIP {}", pjsua_agent::sip::version());
            ExitCode::SUCCESS
        }
    }
}

fn run(path: &Path) -> ExitCode {
    let config = match load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(error) = logging::init(&config.log) {
        eprintln!("pjsua-agent: [log]: {error}");
        return ExitCode::FAILURE;
    }
    match serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    let mut signals = drain::Signals::new()?;
    let drain_timeout = config.daemon.drain_timeout;
    let app = tokio::select! {
        app = App::build(config) => app?,
        signal = signals.next() => {
            tracing::info!(signal, "told to end while starting");
            return Ok(());
        }
    };
    let watchdog = drain::Watchdog::start(app.heartbeat());
    sd_notify::notify(false, &[sd_notify::NotifyState::Ready])?;
    tracing::info!("ready");

    let signal = signals.next().await;
    tracing::info!(signal, "draining");
    sd_notify::notify(false, &[sd_notify::NotifyState::Stopping])?;
    drain::drain(app, drain_timeout, signals).await;
    watchdog.stop();
    tracing::info!("ended");
    Ok(())
}

fn load(path: &Path) -> Result<Config, ExitCode> {
    match Config::load(path) {
        Ok(config) => {
            for warning in &config.warnings {
                eprintln!("warning: {warning}");
            }
            Ok(config)
        }
        Err(error) => {
            eprintln!("{error}");
            Err(ExitCode::from(BAD_CONFIGURATION))
        }
    }
}
