//! Each technique off in turn: does it earn its place?

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tests::caller::{Caller, Dial};
use tests::daemon::{Daemon, Engines};
use tests::scene::PATIENCE;
use tests::speech::Speech;

use super::rows::{Row, Rows};
use super::site::{self, Material, Variant};
use super::{Extent, answers, interruptions, pauses};

const ALL_ON: Variant =
    Variant { engines: Engines::Embedded, name: "all on", turns: "", tts: "", on_pauses: false, on_noises: false };

/// What is compared.
pub const VARIANTS: [Variant; 6] = [
    Variant { on_pauses: true, on_noises: true, ..ALL_ON },
    Variant { name: "no end-of-turn score", turns: "end_of_turn_score = false", on_pauses: true, ..ALL_ON },
    Variant { name: "no speculation", turns: "speculation = false", ..ALL_ON },
    Variant { name: "no phrase cache", tts: "phrase_cache = false", ..ALL_ON },
    Variant { name: "no second VAD", turns: "second_vad = false", on_noises: true, ..ALL_ON },
    Variant {
        name: "all off",
        turns: "end_of_turn_score = false\nspeculation = false\nsecond_vad = false",
        tts: "phrase_cache = false",
        on_pauses: true,
        on_noises: true,
        ..ALL_ON
    },
];

/// All variants with the same material; pauses and noises where the technique can matter.
pub fn measure(extent: &Extent, material: &Material, dir: &Path, rows: &mut Rows) -> Result<()> {
    for variant in &VARIANTS.map(|variant| Variant { engines: extent.engines, ..variant }) {
        eprintln!("bench:   {} …", variant.name);
        let dir = dir.join(variant.name.replace(' ', "-"));
        answers::turns(extent.ab_turns, material, variant, &dir.join("turns"), rows)?;
        if variant.on_pauses {
            pauses::some(extent.ab_turns.div_ceil(2), &[1_000], material, variant, &dir.join("pauses"), rows)?;
        }
        let daemon = site::start_talkative(variant, &dir.join("noises"))?;
        if variant.on_noises {
            interruptions::mixed_noises(
                extent.ab_turns,
                material.seed,
                variant.name,
                &daemon,
                &dir.join("noises"),
                rows,
            )?;
        }
        let cpu_us = cost(&daemon, &dir.join("cost"))?;
        rows.add(&Row::Cost { variant: variant.name.to_owned(), cpu_us })?;
    }
    Ok(())
}

/// A caller on a noisy line who does not speak.
fn cost(daemon: &Daemon, dir: &Path) -> Result<f64> {
    let caller = Caller::dial(&Dial::new(daemon.sip(), "agent"), dir)?;
    site::greeted(&caller)?;
    caller.rtp().say(&Speech::noise(Duration::from_secs(34), 50)?);
    let before = daemon.usage()?;
    // CPU time is counted in ticks of 10 ms.
    std::thread::sleep(Duration::from_secs(30));
    let after = daemon.usage()?;
    caller.hang_up()?;
    daemon.wait_calls(0, PATIENCE)?;
    Ok((after.cpu - before.cpu).as_secs_f64() * 1e6 / (after.at - before.at).as_secs_f64())
}
