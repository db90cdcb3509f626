//! `make bench`: what a caller waits for, and what a call costs; measured outside the daemon, written to a file.

mod cost;
mod report;
mod talk;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use tests::paths::{repository, run_dir};

/// Measures what a caller waits for and what a call costs, on packets outside the daemon.
#[derive(Debug, Clone, Parser)]
#[command(after_help = "Example:\n  bench --turns 200    as many turns as docs/benchmarks asks for; about 20 minutes")]
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
    let extent = Extent::parse();
    let dir = run_dir("bench")?;
    eprintln!("bench: voice-to-voice, {} turns (about {} s) …", extent.turns, extent.turns * 6);
    let turns = talk::voice_to_voice(extent.turns, &dir.join("turns"))?;
    eprintln!("bench: utterances with a pause inside …");
    let pauses = talk::inner_pauses(&dir.join("pauses"))?;
    eprintln!("bench: barge-in, {} interruptions …", extent.interruptions);
    let interruptions = talk::barge_in(extent.interruptions, &dir.join("barge-in"))?;
    eprintln!("bench: {} calls for {} s, pjsua-agent …", extent.calls, extent.seconds);
    let agent = cost::of_agent(&extent, &dir.join("agent"))?;
    eprintln!("bench: {} calls for {} s, Asterisk's Echo() …", extent.calls, extent.seconds);
    let echo = cost::of_echo(&extent, &dir.join("echo"))?;
    let text = report::write(&extent, &turns, &pauses, &interruptions, &agent, echo.as_ref())?;
    println!("{text}");
    std::fs::create_dir_all(extent.out.parent().context("a file in a folder")?)?;
    std::fs::write(&extent.out, text).with_context(|| format!("cannot write {}", extent.out.display()))?;
    eprintln!("bench: written to {}", extent.out.display());
    Ok(())
}
