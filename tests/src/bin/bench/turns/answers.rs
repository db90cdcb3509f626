//! Voice-to-voice: one call at a time, and over a bad network.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::caller::{Caller, Dial};
use tests::daemon::Daemon;
use tests::relay::{Impairment, Jitter, Relay};
use tests::rtp::Codec;

use super::Extent;
use super::rows::{Row, Rows};
use super::site::{self, Material, Variant};
use crate::stats::Share;

/// A call is not kept for longer than this many turns: callers change.
const TURNS_A_CALL: usize = 15;

/// The network of the issue: it is as bad in both directions.
const BAD: Impairment = Impairment {
    loss: 0.05,
    delay: Duration::from_millis(20),
    jitter: Jitter::Uniform(Duration::from_millis(60)),
    reorder: 0.01,
    detour: Duration::from_millis(30),
    duplicate: 0.0,
};

/// Many turns, one call after another: half of them in English, a quarter in each other language.
pub fn one_call(extent: &Extent, languages: &[Material], dir: &Path, rows: &mut Rows) -> Result<()> {
    for (material, share) in site::shares(languages) {
        let count = extent.turns.div_ceil(share);
        turns(count, material, &extent.plain(), &dir.join(material.language), rows)?;
    }
    Ok(())
}

/// The same with some techniques off.
pub fn turns(count: usize, material: &Material, variant: &Variant, dir: &Path, rows: &mut Rows) -> Result<()> {
    let daemon = site::start(variant, dir)?;
    talk(count, material, variant, &daemon, dir, rows, |dir| site::call(&daemon, dir))?;
    site::add_stages(&daemon, 1, variant.name, rows)
}

/// Turns through a relay that loses, delays and reorders.
pub fn bad_network(extent: &Extent, material: &Material, dir: &Path, rows: &mut Rows) -> Result<()> {
    let variant = Variant { name: "network", ..extent.plain() };
    let daemon = site::start(&variant, dir)?;
    let mut seed = material.seed;
    talk(extent.network_turns, material, &variant, &daemon, dir, rows, |dir| {
        seed += 1;
        let dial = Dial::new(daemon.sip(), "agent").codec(Codec::Pcmu);
        let caller = Caller::dial_through(&dial, Relay::open(seed, BAD)?, dir)?;
        site::greeted(&caller)?;
        Ok(caller)
    })?;
    site::add_stages(&daemon, 1, variant.name, rows)
}

fn talk(
    count: usize,
    material: &Material,
    variant: &Variant,
    daemon: &Daemon,
    dir: &Path,
    rows: &mut Rows,
    mut dial: impl FnMut(&Path) -> Result<Caller>,
) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(material.seed);
    let mut late = 0;
    let mut early = Vec::new();
    for first in (0..count).step_by(TURNS_A_CALL) {
        let caller = dial(&site::call_dir(dir, first))?;
        for (kind, prompt) in material.from(first, TURNS_A_CALL.min(count - first)) {
            let turn = site::ask(&caller, kind, prompt, 1, variant)?;
            early.push(turn.early);
            rows.add(&Row::Turn(turn))?;
            site::think(&mut rng);
        }
        late += caller.rtp().own_late_packets();
        caller.hang_up()?;
        daemon.wait_calls(0, tests::scene::PATIENCE)?;
        eprintln!("bench:   {} of {count} turns, too early {}", early.len(), Share::of(early.iter().copied()).text());
    }
    rows.add(&Row::Late { calls: 1, packets: late })
}
