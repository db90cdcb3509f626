//! The written result.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use tests::rtp::{Pacing, percentile};

use crate::Extent;
use crate::cost::{Cost, worst};
use crate::machine;
use crate::talk::{InnerPause, Turns};

/// Prints a page, and writes it to `file`.
pub fn publish(page: &str, file: &Path) -> Result<()> {
    println!("{page}");
    std::fs::create_dir_all(file.parent().context("a file in a folder")?)?;
    std::fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("bench: written to {}", file.display());
    Ok(())
}

/// The whole page.
pub fn write(
    extent: &Extent,
    turns: &Turns,
    pauses: &[InnerPause],
    interruptions: &[f64],
    agent: &Cost,
    echo: Option<&Cost>,
) -> Result<String> {
    let mut page = head(extent)?;
    latency(&mut page, turns, pauses, interruptions)?;
    pacing(&mut page, turns, agent, echo)?;
    cost(&mut page, extent, agent, echo)?;
    Ok(page)
}

fn head(extent: &Extent) -> Result<String> {
    Ok(format!(
        "# First call: what a caller waits for, what a call costs\n\n\
         Written by `bench first-call --turns {} --interruptions {} --calls {} --seconds {}` (`make bench`). Packets are \
         stamped by the kernel at the caller's socket, outside the daemon; audible is a 20 ms packet of −47 dBFS or more.\n\n{}\n",
        extent.turns,
        extent.interruptions,
        extent.calls,
        extent.seconds,
        machine::table("pocketsphinx, rules, flite (slt); callers' voices rms and awb")?,
    ))
}

fn latency(page: &mut String, turns: &Turns, pauses: &[InnerPause], interruptions: &[f64]) -> Result<()> {
    writeln!(page, "## Latency (ms)\n\n| | n | p50 | p95 | p99 | min | max |\n|---|---|---|---|---|---|---|")?;
    row(page, "voice-to-voice, on the wire", &turns.latencies)?;
    for (stage, values) in &turns.stages {
        row(page, &format!("— the daemon's own account: {stage}"), values)?;
    }
    row(page, "barge-in, on the wire", interruptions)?;
    writeln!(
        page,
        "\n{} of {} answers were the right ones. Voice-to-voice runs from the caller's last audible packet to the agent's \
         first; barge-in from the caller's first audible packet to the agent's last (an agent in a rest between two words \
         is silent already). The probe itself sent {} packets more than 5 ms late.\n",
        turns.right,
        turns.latencies.len(),
        turns.probe_late
    )?;
    writeln!(page, "| pause inside an utterance | tried | the agent spoke too early |\n|---|---|---|")?;
    for InnerPause { pause, tried, interrupted } in pauses {
        writeln!(page, "| {} ms | {tried} | {interrupted} |", pause.as_millis())?;
    }
    Ok(())
}

fn row(page: &mut String, name: &str, sorted: &[f64]) -> Result<()> {
    let at = |share| percentile(sorted, share);
    let (low, high) = (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(0.0));
    writeln!(
        page,
        "| {name} | {} | {:.0} | {:.0} | {:.0} | {low:.0} | {high:.0} |",
        sorted.len(),
        at(0.50),
        at(0.95),
        at(0.99)
    )?;
    Ok(())
}

fn pacing(page: &mut String, turns: &Turns, agent: &Cost, echo: Option<&Cost>) -> Result<()> {
    writeln!(
        page,
        "\n## Pacing\n\n|Δt − 20 ms| of RTP from one source, in ms, of the call with the worst p99.\n\n\
         | | intervals | p50 | p99 | p99.9 | max | lost |\n|---|---|---|---|---|---|---|"
    )?;
    let one = worst(&turns.pacing);
    let mut line = |name: &str, pacing: &Pacing| {
        writeln!(
            page,
            "| {name} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {} |",
            pacing.count, pacing.p50_ms, pacing.p99_ms, pacing.p999_ms, pacing.max_ms, pacing.lost
        )
    };
    line("one call, in conversation", &one)?;
    line("many calls, no AI", &agent.pacing)?;
    if let Some(echo) = echo {
        line("many calls, Asterisk's Echo() (paced by the caller)", &echo.pacing)?;
    }
    Ok(())
}

fn cost(page: &mut String, extent: &Extent, agent: &Cost, echo: Option<&Cost>) -> Result<()> {
    writeln!(
        page,
        "\n## Cost of a call\n\n{} calls at once for {} s, RTP both ways, VAD on, no AI at work; CPU and resident memory of the \
         daemon without its workers.\n\n| | CPU per call-second (µs) | memory per call (KiB) | memory without calls (MiB) | late probe \
         packets |\n|---|---|---|---|---|",
        extent.calls, extent.seconds
    )?;
    let mut line = |name: &str, cost: &Cost| {
        let base = cost.base as f64 / 1_048_576.0;
        writeln!(
            page,
            "| {name} | {:.0} | {:.0} | {base:.1} | {} |",
            cost.cpu_us,
            cost.memory / 1024.0,
            cost.probe_late
        )
    };
    line("pjsua-agent", agent)?;
    match echo {
        Some(echo) => {
            line("Asterisk 22, Echo()", echo)?;
            writeln!(page, "\nRatio of CPU: {:.2}.", agent.cpu_us / echo.cpu_us)?;
        }
        None => writeln!(page, "\nAsterisk could not be started on this machine.")?,
    }
    Ok(())
}
