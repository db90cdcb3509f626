//! `make bench`: what a caller waits for, and what a call costs; measured outside the daemon, written to a file.

mod cost;
mod inference;
mod machine;
mod recognition;
mod report;
mod served;
mod stats;
mod talk;
mod turns;
mod voice;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use tests::paths::{repository, run_dir};

/// Measures on packets outside the daemon, and writes docs/benchmarks.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  bench turn-taking --only latency --turns 20")]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What a caller waits for and what a call costs
    FirstCall(Extent),
    /// Who waits, who is cut off, what stops the agent
    TurnTaking(turns::Extent),
    /// How well callers are understood, how soon, and at what cost
    Recognition(recognition::Extent),
    /// How soon callers of other languages are followed
    Languages(recognition::languages::Extent),
    /// How soon and how fast a model answers several calls
    Inference(inference::Extent),
    /// How soon a clause is heard, what it costs, and how loud it is
    Voice(voice::Extent),
}

/// Nothing but the subcommand's own arguments, with their defaults.
fn defaults<T: Args>() -> Result<T> {
    Ok(T::from_arg_matches(&T::augment_args(clap::Command::new("bench")).get_matches_from(["bench"]))?)
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  bench first-call --turns 200    about 20 minutes")]
struct Extent {
    /// Questions of which the voice-to-voice latency is taken; about six seconds each
    #[arg(long, default_value_t = 60)]
    turns: usize,
    /// Long answers that are talked over
    #[arg(long, default_value_t = 12)]
    interruptions: usize,
    /// Calls at once, for cost and memory
    #[arg(long, default_value_t = 30)]
    calls: u32,
    /// How long they last
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The report
    #[arg(long, value_name = "FILE", default_value_os_t = repository().join("docs/benchmarks/first-call.md"))]
    out: PathBuf,
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        Some(What::FirstCall(extent)) => first_call(&extent),
        Some(What::TurnTaking(extent)) => turns::run(&extent),
        Some(What::Recognition(extent)) => recognition::run(&extent),
        Some(What::Languages(extent)) => recognition::languages::run(&extent),
        Some(What::Inference(extent)) => inference::run(&extent),
        Some(What::Voice(extent)) => voice::run(&extent),
        None => {
            first_call(&defaults()?)?;
            turns::run(&defaults()?)?;
            recognition::run(&defaults()?)?;
            recognition::languages::run(&defaults()?)?;
            inference::run(&defaults()?)?;
            voice::run(&defaults()?)
        }
    }
}

fn first_call(extent: &Extent) -> Result<()> {
    let dir = run_dir("bench")?;
    eprintln!("bench: voice-to-voice, {} turns (about {} s) …", extent.turns, extent.turns * 6);
    let turns = talk::voice_to_voice(extent.turns, &dir.join("turns"))?;
    eprintln!("bench: utterances with a pause inside …");
    let pauses = talk::inner_pauses(&dir.join("pauses"))?;
    eprintln!("bench: barge-in, {} interruptions …", extent.interruptions);
    let interruptions = talk::barge_in(extent.interruptions, &dir.join("barge-in"))?;
    eprintln!("bench: {} calls for {} s, pjsua-agent …", extent.calls, extent.seconds);
    let agent = cost::of_agent(extent, &dir.join("agent"))?;
    eprintln!("bench: {} calls for {} s, Asterisk's Echo() …", extent.calls, extent.seconds);
    let echo = cost::of_echo(extent, &dir.join("echo"))?;
    let text = report::write(extent, &turns, &pauses, &interruptions, &agent, echo.as_ref())?;
    report::publish(&text, &extent.out)
}
