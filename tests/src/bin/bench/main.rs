//! `make bench`: what a caller waits for, and what a call costs; measured outside the daemon, written to a file.
//!
//! Options: `--turns N` (voice-to-voice, 60), `--interruptions N` (12), `--calls N` (30), `--seconds N` (30), `--out FILE`.

mod cost;
mod report;
mod talk;

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use tests::paths::{repository, run_dir};

/// How much is measured.
#[derive(Debug, Clone)]
struct Extent {
    turns: usize,
    interruptions: usize,
    calls: u32,
    seconds: u64,
    out: PathBuf,
}

fn main() -> Result<()> {
    let extent = Extent::from_arguments()?;
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

impl Extent {
    fn from_arguments() -> Result<Self> {
        let mut extent = Self {
            turns: 60,
            interruptions: 12,
            calls: 30,
            seconds: 30,
            out: repository().join("docs/benchmarks/first-call.md"),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--turns" => extent.turns = number(&name, &value)?,
                "--interruptions" => extent.interruptions = number(&name, &value)?,
                "--calls" => extent.calls = number(&name, &value)?,
                "--seconds" => extent.seconds = number(&name, &value)?,
                "--out" => extent.out = value.into(),
                _ => bail!("unknown option {name}; there are --turns --interruptions --calls --seconds --out"),
            }
        }
        Ok(extent)
    }
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T> {
    value.parse().ok().with_context(|| format!("{name} wants a number, not {value}"))
}
