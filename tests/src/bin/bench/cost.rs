//! What a call costs: CPU and memory, beside Asterisk's Echo() under the same load.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tests::asterisk::{Asterisk, Pbx};
use tests::caller::{Caller, Dial};
use tests::daemon::{Daemon, Setup};
use tests::paths::repository;
use tests::process::Usage;
use tests::rtp::{Mode, Pacing, WireTime};
use tests::scene::PATIENCE;
use tests::speech::Speech;

use crate::Extent;

/// What was measured over one load.
pub struct Cost {
    /// CPU per second of a call, in microseconds.
    pub cpu_us: f64,
    /// Resident memory per call, in bytes.
    pub memory: f64,
    /// Resident memory with no call, in bytes.
    pub base: u64,
    /// Pacing of all packets that came back.
    pub pacing: Pacing,
    /// Packets that the probes sent late.
    pub probe_late: u32,
}

/// Callers who are on the line and say nothing that the recogniser would have to hear; RTP both ways all the time.
pub fn of_agent(extent: &Extent, dir: &Path) -> Result<Cost> {
    let setup = Setup {
        agent_file: repository().join("tests/agents/brief.toml"),
        // Longer than the measurement: nobody is asked whether he is still there.
        max_calls: extent.calls + 1,
        more: "[turns]\nno_input_after = \"2m\"\n".into(),
        ..Setup::new()?
    };
    let daemon = Daemon::start(setup, &dir.join("daemon"))?;
    let cost = measure(extent, &Dial::new(daemon.sip(), "agent"), dir, || daemon.usage())?;
    daemon.wait_calls(0, PATIENCE)?;
    Ok(cost)
}

/// The same callers at Asterisk's Echo(); `None` where Asterisk cannot be started.
pub fn of_echo(extent: &Extent, dir: &Path) -> Result<Option<Cost>> {
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir.join("asterisk")) else { return Ok(None) };
    measure(extent, &Dial::new(asterisk.sip(), "echo"), dir, || asterisk.usage()).map(Some)
}

fn measure(extent: &Extent, dial: &Dial, dir: &Path, usage: impl Fn() -> Result<Usage>) -> Result<Cost> {
    let dial = Dial { mode: Mode::Light, ..dial.clone() };
    // One call before the count, so that what is allocated once is not taken for a call's share.
    let first = Caller::dial(&dial, &dir.join("first"))?;
    first.answered(PATIENCE)?;
    std::thread::sleep(Duration::from_secs(3));
    first.hang_up()?;
    std::thread::sleep(Duration::from_secs(1));
    let idle = usage()?;

    let callers = Caller::dial_many(&dial, extent.calls, 20, &dir.join("callers"))?;
    for caller in &callers {
        caller.answered(PATIENCE)?;
        // Not digital silence: a voice detector must have something to look at.
        caller.rtp().say(&Speech::noise(Duration::from_secs(extent.seconds + 10), 50)?);
    }
    // The greetings are over then.
    std::thread::sleep(Duration::from_secs(5));
    let (before, from) = (usage()?, WireTime::now());
    std::thread::sleep(Duration::from_secs(extent.seconds));
    let (after, to) = (usage()?, WireTime::now());

    let mut pacings = Vec::new();
    let mut probe_late = 0;
    for caller in &callers {
        pacings.push(caller.rtp().heard(|heard| heard.pacing(from, to)));
        probe_late += caller.rtp().own_late_packets();
        caller.hang_up()?;
    }
    callers[0].finish()?;
    let call_seconds = f64::from(extent.calls) * (after.at - before.at).as_secs_f64();
    Ok(Cost {
        cpu_us: (after.cpu - before.cpu).as_secs_f64() * 1e6 / call_seconds,
        memory: after.resident.saturating_sub(idle.resident) as f64 / f64::from(extent.calls),
        base: idle.resident,
        pacing: worst(&pacings),
        probe_late,
    })
}

/// The call with the worst 99th percentile stands for all: an average would hide it.
pub fn worst(pacings: &[Pacing]) -> Pacing {
    let lost = pacings.iter().map(|pacing| pacing.lost).sum();
    let count = pacings.iter().map(|pacing| pacing.count).sum();
    let worst = pacings.iter().max_by(|one, other| one.p99_ms.total_cmp(&other.p99_ms)).cloned().unwrap_or_default();
    let max_ms = pacings.iter().map(|pacing| pacing.max_ms).fold(0.0, f64::max);
    Pacing { count, lost, max_ms, ..worst }
}
