//! Callers who stop to think in the middle of a sentence.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::material;

use super::Extent;
use super::rows::{Row, Rows};
use super::site::{self, Material, Variant};

const PAUSES_MS: [u64; 3] = [500, 1_000, 1_500];

/// A call is not kept for longer: the agent learns how a caller pauses, and callers change.
const TURNS_A_CALL: usize = 5;

/// Utterances with each pause.
pub fn measure(extent: &Extent, languages: &[Material], dir: &Path, rows: &mut Rows) -> Result<()> {
    for (material, share) in site::shares(languages) {
        let count = extent.pauses.div_ceil(share);
        some(count, &PAUSES_MS, material, &extent.plain(), &dir.join(material.language), rows)?;
    }
    Ok(())
}

/// Utterances with some pauses and techniques.
pub fn some(
    count: usize,
    pauses_ms: &[u64],
    material: &Material,
    variant: &Variant,
    dir: &Path,
    rows: &mut Rows,
) -> Result<()> {
    let daemon = site::start(variant, dir)?;
    let mut rng = StdRng::seed_from_u64(material.seed);
    for &pause_ms in pauses_ms {
        let pause = Duration::from_millis(pause_ms);
        let mut utterances = material.from(0, usize::MAX).filter_map(|(kind, prompt)| {
            let (paused, _) = material::with_inner_pause(prompt, pause, &mut rng)?;
            Some((kind, paused))
        });
        let mut early = 0;
        for first in (0..count).step_by(TURNS_A_CALL) {
            let caller = site::call(&daemon, &dir.join(format!("call-{pause_ms}-{first}")))?;
            for (kind, prompt) in utterances.by_ref().take(TURNS_A_CALL.min(count - first)) {
                let turn = site::ask(&caller, kind, &prompt, 1, variant)?;
                early += usize::from(turn.early);
                rows.add(&Row::Turn(super::rows::Turn { pause_ms, ..turn }))?;
            }
            caller.hang_up()?;
            daemon.wait_calls(0, tests::scene::PATIENCE)?;
        }
        eprintln!("bench:   a pause of {pause_ms} ms: {early} of {count} cut off");
    }
    Ok(())
}
