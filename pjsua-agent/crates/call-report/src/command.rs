//! `pjsua-agent inspect …` and `pjsua-agent replay …`.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use conversation::Settings;

use crate::inspect::{self, Inspection};
use crate::journal::{Journal, Start};
use crate::replay;
use crate::terminal::Terminal;

const INSPECT_EXAMPLES: &str = "\
Examples:
  pjsua-agent inspect journal/2026-01-31T101500Z-7-ab12.jsonl          a line a turn, and where its time went
  pjsua-agent inspect JOURNAL --html call.html                         the time line: levels, words, scores, turns
  pjsua-agent inspect JOURNAL --json | jq .summary                     for other programs

Journals are written when [journal] dir is set. NO_COLOR=1 switches colours off.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  pjsua-agent replay JOURNAL                                           does this version decide as on the day?
  pjsua-agent replay JOURNAL --config patient.toml                     what would other settings have decided?
  pjsua-agent replay JOURNAL --config new.toml --agent sales --html differences.html

Up to the first difference the call is replayed exactly. After it, it is a what-if: the caller speaks as he did, and
what the workers answered on the day is used at the new times.";

/// Draw one call from its journal: turns, latencies, interruptions
#[derive(Debug, Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub struct InspectCommand {
    /// The journal of the call, a .jsonl file
    journal: PathBuf,
    /// Write one self-contained HTML page with the time line
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Run the conversation machine over a recorded call again; print where it decides differently
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub struct ReplayCommand {
    /// The journal of the call, a .jsonl file
    journal: PathBuf,
    /// Decide with the settings of this configuration instead of those of the call
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The agent of that configuration [default: the one of the call, by its name]
    #[arg(long, value_name = "NAME", requires = "config")]
    agent: Option<String>,
    /// Write one self-contained HTML page with both time lines
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What another configuration has to know of the recorded call to say which settings it would have had.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The configuration to take them from.
    pub config: &'a Path,
    /// The agent to take them from.
    pub agent: &'a str,
    /// Who called whom; phrases may name them.
    pub start: &'a Start,
}

/// Runs `inspect`; prints to standard output, errors to standard error.
pub fn run_inspect(command: &InspectCommand) -> ExitCode {
    let journal = match Journal::read(&command.journal) {
        Ok(journal) => journal,
        Err(error) => return failure("inspect", &error),
    };
    let inspection = Inspection::of(&journal);
    if let Some(path) = &command.html {
        return write("inspect", path, &inspect::html(&journal, &inspection));
    }
    if command.json {
        say(format_args!("{:#}\n", inspect::json(&journal, &inspection)));
    } else {
        say(format_args!("{}", inspect::text(&journal, &inspection, Terminal::of_stdout())));
    }
    ExitCode::SUCCESS
}

/// Runs `replay`; prints to standard output, errors to standard error. `settings_of` reads another configuration; its
/// error is printed as it is.
pub fn run_replay(
    command: &ReplayCommand,
    settings_of: impl FnOnce(Recorded<'_>) -> Result<Settings, String>,
) -> ExitCode {
    let journal = match Journal::read(&command.journal) {
        Ok(journal) => journal,
        Err(error) => return failure("replay", &error),
    };
    let other = command.config.as_deref().map(|config| {
        let agent = command.agent.as_deref().unwrap_or(&journal.start.agent);
        settings_of(Recorded { config, agent, start: &journal.start })
    });
    let other = match other.transpose() {
        Ok(other) => other,
        Err(error) => return failure("replay", &error),
    };
    let replay = replay::replay(&journal, other.as_ref());
    if let Some(path) = &command.html {
        return write("replay", path, &replay::html(&journal, &replay));
    }
    say(format_args!("{}", replay::text(&journal, &replay, Terminal::of_stdout())));
    ExitCode::SUCCESS
}

/// What `inspect` prints, without colours.
#[must_use]
pub fn inspect_text(journal: &Journal) -> String {
    inspect::text(journal, &Inspection::of(journal), Terminal { has_colour: false })
}

/// What `replay` prints, without colours.
#[must_use]
pub fn replay_text(journal: &Journal, other: Option<&Settings>) -> String {
    replay::text(journal, &replay::replay(journal, other), Terminal { has_colour: false })
}

fn write(command: &str, path: &Path, page: &str) -> ExitCode {
    match std::fs::write(path, page) {
        Ok(()) => {
            say(format_args!("{}\n", path.display()));
            ExitCode::SUCCESS
        }
        Err(error) => failure(
            command,
            &format!("{}: {error}. Give --html a file in a folder that exists and can be written to", path.display()),
        ),
    }
}

fn failure(command: &str, error: &dyn fmt::Display) -> ExitCode {
    eprintln!("pjsua-agent {command}: {error}");
    ExitCode::FAILURE
}

/// To standard output; a reader that has seen enough (`| head`) is no error.
fn say(text: fmt::Arguments<'_>) {
    let _ = io::stdout().write_fmt(text);
}
