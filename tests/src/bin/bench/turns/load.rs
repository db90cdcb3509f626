//! Many callers at once.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tests::caller::{Caller, Dial};
use tests::daemon::Daemon;
use tests::rtp::Codec;

use super::Extent;
use super::rows::{Row, Rows, Turn};
use super::site::{self, Material, Variant};

/// Pause of a caller between an answer and what he says next, in milliseconds: the time of people who think, and it keeps
/// the calls from falling into step. Of more than ten callers each says less: all of them talking would be more than two
/// cores recognise.
fn think_ms(calls: u32) -> std::ops::Range<u64> {
    if calls > 10 { 4_000..16_000 } else { 1_000..5_000 }
}

/// The rush of TARGETS.md: ten callers ask within this time.
const RUSH: Duration = Duration::from_millis(4_500);

/// Each load, and the rush.
pub fn measure(extent: &Extent, material: &Material, dir: &Path, rows: &mut Rows) -> Result<()> {
    for &calls in &extent.load {
        eprintln!("bench:   {calls} calls …");
        let daemon = site::start(&extent.plain(), &dir.join(calls.to_string()))?;
        let each = extent.load_turns.div_ceil(calls as usize);
        let heard = crowd(&daemon, calls, &dir.join(calls.to_string()), |number, caller| {
            let mut rng = StdRng::seed_from_u64(material.seed + number as u64);
            let mut turns = Vec::new();
            for (kind, prompt) in material.from(number * each, each) {
                std::thread::sleep(Duration::from_millis(rng.random_range(think_ms(calls))));
                turns.push(site::ask(caller, kind, prompt, calls, &extent.plain())?);
            }
            Ok(turns)
        })?;
        heard.add(calls, rows)?;
        site::add_stages(&daemon, calls, "", rows)?;
    }
    eprintln!("bench:   ten callers within {} s …", RUSH.as_secs_f64());
    let daemon = site::start(&extent.plain(), &dir.join("rush"))?;
    let rush = Variant { name: "rush", ..extent.plain() };
    for round in 0..3 {
        let heard = crowd(&daemon, 10, &dir.join(format!("rush-{round}")), |number, caller| {
            std::thread::sleep(RUSH.mul_f64(number as f64 / 10.0));
            let utterance =
                material.from(round * 10 + number, 1).map(|(kind, prompt)| site::ask(caller, kind, prompt, 10, &rush));
            utterance.collect()
        })?;
        heard.add(10, rows)?;
    }
    site::add_stages(&daemon, 10, "rush", rows)
}

/// What became of a crowd.
struct Heard {
    turns: Vec<Turn>,
    /// Calls that the agent ended or handed over.
    ended: u32,
    /// Packets that the probe sent late.
    late: u32,
}

impl Heard {
    fn add(self, calls: u32, rows: &mut Rows) -> Result<()> {
        for turn in self.turns {
            rows.add(&Row::Turn(turn))?;
        }
        rows.add(&Row::Ended { calls, ended: self.ended })?;
        rows.add(&Row::Late { calls, packets: self.late })
    }
}

/// All callers are on the line and greeted before any of them speaks.
fn crowd(
    daemon: &Daemon,
    calls: u32,
    dir: &Path,
    talk: impl Fn(usize, &Caller) -> Result<Vec<Turn>> + Sync,
) -> Result<Heard> {
    let dial = Dial::new(daemon.sip(), "agent").codec(Codec::Pcmu);
    let callers = Caller::dial_many(&dial, calls, 5, &dir.join("callers"))?;
    for caller in &callers {
        site::greeted(caller)?;
    }
    let all = Mutex::new(Vec::new());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (number, caller) in callers.iter().enumerate() {
            let (all, failures, talk) = (&all, &failures, &talk);
            scope.spawn(move || match talk(number, caller) {
                Ok(turns) => all.lock().expect("no thread panics with the lock").extend(turns),
                Err(error) => failures.lock().expect("no thread panics with the lock").push(error),
            });
        }
    });
    for failure in failures.into_inner()? {
        eprintln!("bench:   a caller gave up: {failure:#}");
    }
    let late = callers.iter().map(|caller| caller.rtp().own_late_packets()).sum();
    let mut ended = 0;
    for (number, caller) in callers.iter().enumerate() {
        if caller.event("peer_hung_up").is_some() {
            eprintln!("bench:   the agent ended call {number}");
            ended += 1;
        } else {
            caller.hang_up()?;
        }
    }
    if ended == 0 {
        callers[0].finish()?;
    }
    daemon.wait_calls(0, tests::scene::PATIENCE)?;
    Ok(Heard { turns: all.into_inner()?, ended, late })
}
