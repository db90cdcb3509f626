//! How well turns are taken: who waits for how long, who is cut off, who stops for what.

mod ab;
mod answers;
mod interruptions;
mod joint;
mod load;
mod pauses;
mod report;
mod rows;
mod site;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use tests::daemon::Engines;
use tests::paths::{repository, run_dir, target};

use rows::Rows;
use site::{Material, Variant};

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Voice-to-voice, one call
    Latency,
    /// Utterances with a pause inside
    Pauses,
    /// Interruptions, backchannels, noises, and the exactness of resuming
    BargeIn,
    /// Many calls at once
    Load,
    /// Each technique off in turn
    Ab,
    /// Loss, jitter, reordering
    Network,
}

impl Part {
    const ALL: [Self; 6] = [Self::Latency, Self::Pauses, Self::BargeIn, Self::Load, Self::Ab, Self::Network];

    fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Pauses => "pauses",
            Self::BargeIn => "barge-in",
            Self::Load => "load",
            Self::Ab => "ab",
            Self::Network => "network",
        }
    }
}

/// What is measured, and how much of it.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    bench turn-taking                              everything, about an hour\n  \
    bench turn-taking --only latency --turns 20    a first look, two minutes\n  \
    bench turn-taking --engines real --only load   a crowd, with the models that people install\n  \
    bench turn-taking --report-only                writes the page again from what was measured last")]
pub struct Extent {
    /// What hears, thinks and speaks; with real engines all callers speak English
    #[arg(long, value_enum, default_value_t)]
    pub engines: Engines,
    /// Turns of which voice-to-voice is taken with one call; about 3.5 seconds each
    #[arg(long, default_value_t = 200)]
    pub turns: usize,
    /// Utterances with an inner pause, for each of 0.5, 1.0 and 1.5 s
    #[arg(long, default_value_t = 24)]
    pub pauses: usize,
    /// Interruptions of a long answer
    #[arg(long, default_value_t = 40)]
    pub interruptions: usize,
    /// Noises of each kind and level over a long answer, and joints; four times as many backchannels
    #[arg(long, default_value_t = 6)]
    pub noises: usize,
    /// Calls at once
    #[arg(long, default_values_t = [10, 30], value_delimiter = ',')]
    pub load: Vec<u32>,
    /// Turns in all at each of these loads
    #[arg(long, default_value_t = 210)]
    pub load_turns: usize,
    /// Turns for each row of the table in which one technique is off; as many noises and half as many pauses, where it matters
    #[arg(long, default_value_t = 24)]
    pub ab_turns: usize,
    /// Turns over a bad network
    #[arg(long, default_value_t = 40)]
    pub network_turns: usize,
    /// Decides which material is used, in which order
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only these parts; the others are taken from the last run
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Measures nothing, writes the page from the last run's rows
    #[arg(long)]
    pub report_only: bool,
    /// The report; turn-taking.md in docs/benchmarks, or turn-taking-real.md and so on
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl Extent {
    /// Everything on.
    fn plain(&self) -> Variant {
        Variant { engines: self.engines, ..Variant::default() }
    }

    fn languages(&self) -> Result<Vec<Material>> {
        let mut languages = Material::load(self.seed)?;
        // The small real recogniser knows no other than English, and writes something for every sound.
        languages.truncate(if self.engines == Engines::Embedded { languages.len() } else { 1 });
        Ok(languages)
    }
}

/// Measures and writes the page.
pub fn run(extent: &Extent) -> Result<()> {
    // Not in the folder of the run, which is emptied at its start.
    let name = format!("turn-taking{}", extent.engines.suffix());
    let rows_dir = target().join("test-runs").join(format!("{name}-rows"));
    std::fs::create_dir_all(&rows_dir)?;
    if !extent.report_only {
        let dir = run_dir(&format!("bench-{name}"))?;
        let languages = extent.languages()?;
        let english = &languages[0];
        let parts = if extent.only.is_empty() { Part::ALL.to_vec() } else { extent.only.clone() };
        for part in parts {
            eprintln!("bench: {} …", part.name());
            let mut rows = Rows::begin(&rows_dir, part.name())?;
            let dir = dir.join(part.name());
            match part {
                Part::Latency => answers::one_call(extent, &languages, &dir, &mut rows)?,
                Part::Pauses => pauses::measure(extent, &languages, &dir, &mut rows)?,
                Part::BargeIn => interruptions::measure(extent, &dir, &mut rows)?,
                Part::Load => load::measure(extent, english, &dir, &mut rows)?,
                Part::Ab => ab::measure(extent, english, &dir, &mut rows)?,
                Part::Network => answers::bad_network(extent, english, &dir, &mut rows)?,
            }
            rows.complete()?;
        }
    }
    let page = report::write(extent, &rows_dir)?;
    let out = extent.out.clone();
    let out = out.unwrap_or_else(|| repository().join("docs/benchmarks").join(name).with_extension("md"));
    crate::report::publish(&page, &out)
}
