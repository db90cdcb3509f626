//! The daemon's life: arguments, configuration, build, run, drain.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pjsua_agent::app::{App, describe, missing_models, settings_of};
use pjsua_agent::ask::{self, AskArgs};
use pjsua_agent::config::Config;
use pjsua_agent::drain::Request;
use pjsua_agent::{drain, logging};
use sd_notify::NotifyState;

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
  pjsua-agent ask --config conf/pjsua-agent.toml                 a conversation in writing, without a call
  pjsua-agent models pull --all                                  fetch what is not shipped
  kill -HUP $(pidof pjsua-agent)                                 read the configuration again, for the next calls
  PJSUA_AGENT_LOG=debug pjsua-agent run --config …               log more than the configuration says";

#[derive(Subcommand)]
enum Command {
    /// Register, answer calls, reload the configuration at SIGHUP, and drain at SIGTERM or SIGINT
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
    /// Ask an agent in writing, without a call: what a caller would hear
    Ask {
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "/etc/pjsua-agent/pjsua-agent.toml")]
        config: PathBuf,
        #[command(flatten)]
        args: AskArgs,
    },
    /// Fetch, check and find the models and libraries that are not shipped
    Models(model_store::ModelsCommand),
    Inspect(call_report::InspectCommand),
    Replay(call_report::ReplayCommand),
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
                for warning in missing_models(&config) {
                    eprintln!("warning: {warning}");
                }
                println!("{}", describe(&config));
                ExitCode::SUCCESS
            }
            Err(code) => code,
        },
        Command::Ask { config, args } => ask(&config, &args),
        Command::Models(command) => model_store::run(command),
        Command::Inspect(command) => call_report::run_inspect(&command),
        Command::Replay(command) => call_report::run_replay(&command, settings_elsewhere),
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

fn ask(path: &Path, args: &AskArgs) -> ExitCode {
    let config = match load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from);
    match runtime.and_then(|runtime| runtime.block_on(ask::run(&config, args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pjsua-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    let mut signals = drain::Signals::new()?;
    let app = tokio::select! {
        app = App::build(config) => app?,
        signal = signals.next_end() => {
            tracing::info!(signal, "told to end while starting");
            return Ok(());
        }
    };
    let watchdog = drain::Watchdog::start(app.heartbeat());
    sd_notify::notify(false, &[NotifyState::Ready])?;
    tracing::info!("ready");

    let signal = loop {
        match signals.next().await {
            Request::End(signal) => break signal,
            Request::Reload => {
                tracing::info!("reading the configuration again");
                sd_notify::notify(false, &[NotifyState::Reloading, NotifyState::monotonic_usec_now()?])?;
                app.reload().await;
                sd_notify::notify(false, &[NotifyState::Ready])?;
            }
        }
    };
    tracing::info!(signal, "draining");
    sd_notify::notify(false, &[NotifyState::Stopping])?;
    let drain_timeout = app.drain_timeout();
    drain::drain(app, drain_timeout, signals).await;
    watchdog.stop();
    tracing::info!("ended");
    Ok(())
}

/// The settings a recorded call would have had with another configuration.
fn settings_elsewhere(recorded: call_report::Recorded<'_>) -> Result<conversation::Settings, String> {
    let config = Config::load(recorded.config).map_err(|error| error.to_string())?;
    settings_of(&config, recorded.agent, recorded.start).ok_or_else(|| {
        let names: Vec<_> = config.agents.keys().map(ToString::to_string).collect();
        let (file, agent) = (recorded.config.display(), recorded.agent);
        format!("{file}: there is no agent “{agent}”. Name one with --agent: {}", names.join(", "))
    })
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
