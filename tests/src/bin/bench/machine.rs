//! On what it was measured.

use std::process::Command;

use anyhow::Result;
use tests::paths::program;

/// Machine and versions, as the rows of a table.
pub fn table(engines: &str) -> Result<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("").trim_start_matches(['\t', ' ', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    Ok(format!(
        "| | |\n|---|---|\n| machine | {model}, {cores} cores, Linux {} |\n| pjsua-agent | {} |\n| SIPp | {} |\n\
         | engines | {engines} |\n| call | G.711 µ-law, straight to the daemon, 127.0.0.1; caller, SIPp, workers and daemon \
         share the machine |\n",
        std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        first_lines(Command::new(program("pjsua-agent")?).arg("version"), 2),
        first_lines(Command::new("sipp").arg("-v"), 1),
    ))
}

fn first_lines(command: &mut Command, count: usize) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).take(count).collect::<Vec<_>>().join(", ")
}
