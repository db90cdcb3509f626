//! The page.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use tests::daemon::Engines;

use super::ab::VARIANTS;
use super::rows::{Overlap, Row, Stages, Turn, read};
use super::{Extent, Part};
use crate::machine;
use crate::stats::{Sample, Share};

/// Everything that was measured.
struct Measured {
    latency: Vec<Row>,
    pauses: Vec<Row>,
    barge_in: Vec<Row>,
    load: Vec<Row>,
    ab: Vec<Row>,
    network: Vec<Row>,
}

/// Adds what was measured of one part.
type Section = fn(&mut String, &[Row]) -> Result<()>;

/// Writes it from the rows of the last runs.
pub fn write(extent: &Extent, rows_dir: &Path) -> Result<String> {
    let rows = |part: Part| read(rows_dir, part.name());
    let measured = Measured {
        latency: rows(Part::Latency)?,
        pauses: rows(Part::Pauses)?,
        barge_in: rows(Part::BargeIn)?,
        load: rows(Part::Load)?,
        ab: rows(Part::Ab)?,
        network: rows(Part::Network)?,
    };
    let mut page = head(extent)?;
    let sections: [(Section, &[Row]); 6] = [
        (latency, &measured.latency),
        (pauses, &measured.pauses),
        (barge_in, &measured.barge_in),
        (load, &measured.load),
        (techniques, &measured.ab),
        (network, &measured.network),
    ];
    // A part that was never measured has no section; the table of targets says so.
    for (section, rows) in sections.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        section(&mut page, rows)?;
    }
    targets(&mut page, &measured, extent.engines)?;
    Ok(page)
}

fn head(extent: &Extent) -> Result<String> {
    let (command, callers) = match extent.engines {
        Engines::Embedded => (
            "bench turn-taking` (`make bench`)".to_owned(),
            "Callers are recorded people (Debian's asterisk-core-sounds in English, Spanish, French), flite's and espeak-ng's \
             voices; the recogniser knows English only, so that most answers to the others are the agent's fallback, and the \
             words it takes down tell nothing about their ends.",
        ),
        real => (
            format!("bench turn-taking --engines {}`", real.suffix().trim_start_matches('-')),
            "Callers are recorded people (Debian's asterisk-core-sounds in English), flite's and espeak-ng's voices.",
        ),
    };
    Ok(format!(
        "# Turn-taking: who waits, who is cut off, what stops the agent\n\n\
         Written by `{command}, seed {}. Packets are stamped by the kernel at the caller's socket, outside \
         the daemon; audible is a 20 ms packet of −47 dBFS or more. Voice-to-voice runs from the packet that carries the caller's \
         last speech sample to the agent's first audible one. {callers} Shares stand with Wilson's 95 % interval.\n\n{}\n",
        extent.seed,
        machine::table(&format!("{}; Silero VAD, smart-turn v3.2", extent.engines.names()))?
    ))
}

fn turns(rows: &[Row]) -> impl Iterator<Item = &Turn> {
    rows.iter().filter_map(|row| if let Row::Turn(turn) = row { Some(turn) } else { None })
}

fn stages(rows: &[Row]) -> impl Iterator<Item = &Stages> {
    rows.iter().filter_map(|row| if let Row::Stages(stages) = row { Some(stages) } else { None })
}

fn overlaps(rows: &[Row]) -> impl Iterator<Item = &Overlap> {
    rows.iter().filter_map(|row| if let Row::Overlap(overlap) = row { Some(overlap) } else { None })
}

fn latencies<'a>(turns: impl Iterator<Item = &'a Turn>) -> Sample {
    turns.filter_map(|turn| turn.latency_ms).collect()
}

fn late(rows: &[Row]) -> u32 {
    rows.iter().filter_map(|row| if let Row::Late { packets, .. } = row { Some(*packets) } else { None }).sum()
}

const HEADER: &str = "| | n | p50 | p95 | p99 | min | max |\n|---|---|---|---|---|---|---|";

fn latency(page: &mut String, rows: &[Row]) -> Result<()> {
    writeln!(page, "\n## Voice-to-voice, one call (ms)\n\n{HEADER}")?;
    writeln!(page, "| **all** | {} |", latencies(turns(rows)).cells())?;
    let mut kinds: Vec<&str> = turns(rows).map(|turn| turn.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        writeln!(page, "| {kind} | {} |", latencies(turns(rows).filter(|turn| turn.kind == kind)).cells())?;
    }
    let early = Share::of(turns(rows).map(|turn| turn.early));
    let unanswered = turns(rows).filter(|turn| !turn.early && turn.latency_ms.is_none()).count();
    writeln!(
        page,
        "\nAnswered before the caller's end: {}. Not answered within 6 s: {unanswered}. The probe sent {} packets more than 5 \
         ms late.\n\nWhere the time goes, by the daemon's own account (stages overlap where work is done ahead):\n\n{HEADER}",
        early.text(),
        late(rows)
    )?;
    waterfall(page, &stages(rows).collect::<Vec<_>>())?;
    let speculated = Share::of(stages(rows).map(|stages| stages.speculated));
    let cached = Share::of(stages(rows).map(|stages| stages.cached));
    let fillers = Share::of(stages(rows).map(|stages| stages.filler));
    writeln!(
        page,
        "\nPrepared ahead: {}. First clause from the cache: {}. Fillers: {}.",
        speculated.text(),
        cached.text(),
        fillers.text()
    )?;
    Ok(())
}

fn waterfall(page: &mut String, stages: &[&Stages]) -> Result<()> {
    let names = ["wait for the endpoint", "final transcript", "model", "voice", "daemon itself", "in all"];
    for (index, name) in names.iter().enumerate() {
        let sample: Sample = stages.iter().map(|stages| stages.ms[index]).filter(|ms| ms.is_finite()).collect();
        writeln!(page, "| {name} | {} |", sample.cells())?;
    }
    Ok(())
}

fn pauses(page: &mut String, rows: &[Row]) -> Result<()> {
    writeln!(
        page,
        "\n## Pauses inside an utterance\n\nAt an energy minimum between two words, filled with comfort noise.\n\n\
         | pause | the agent spoke too early | recorded | synthetic | latency at the true end, p50 / p95 (ms) |\n|---|---|---|---|---|"
    )?;
    let mut pauses: Vec<u64> = turns(rows).map(|turn| turn.pause_ms).collect();
    pauses.sort_unstable();
    pauses.dedup();
    for pause in pauses {
        let of = |test: &dyn Fn(&Turn) -> bool| {
            Share::of(turns(rows).filter(|turn| turn.pause_ms == pause && test(turn)).map(|turn| turn.early)).text()
        };
        let is_recorded = |turn: &Turn| turn.kind.starts_with("recorded");
        let latency = latencies(turns(rows).filter(|turn| turn.pause_ms == pause)).brief();
        writeln!(
            page,
            "| {pause} ms | {} | {} | {} | {latency} |",
            of(&|_| true),
            of(&is_recorded),
            of(&|turn| !is_recorded(turn))
        )?;
    }
    Ok(())
}

fn barge_in(page: &mut String, rows: &[Row]) -> Result<()> {
    let real: Vec<&Overlap> = overlaps(rows).filter(|overlap| overlap.kind == "interruption").collect();
    let duck: Sample = real.iter().filter_map(|overlap| overlap.duck_ms).collect();
    let stop: Sample = real.iter().filter_map(|overlap| overlap.stop_ms).collect();
    writeln!(
        page,
        "\n## Barge-in\n\nFrom the caller's first audible packet. Duck: to the agent's last audible packet. Stop: until the answer \
         was given up for good (the agent is silent in between).\n\n{HEADER}\n| duck (ms) | {} |\n| stop (ms) | {} |\n\n\
         Missed interruptions: {}.\n",
        duck.cells(),
        stop.cells(),
        Share::of(real.iter().map(|overlap| !overlap.ended)).text()
    )?;
    writeln!(
        page,
        "| what is no interruption | ended the answer | paused it | for, p50 / p95 (ms) |\n|---|---|---|---|"
    )?;
    let mut kinds: Vec<(&str, Option<u32>)> = Vec::new();
    for overlap in overlaps(rows).filter(|overlap| overlap.kind != "interruption") {
        if !kinds.contains(&(&overlap.kind, overlap.snr_db)) {
            kinds.push((&overlap.kind, overlap.snr_db));
        }
    }
    let mut line = |name: &str, some: &[&Overlap]| {
        let gaps: Sample = some.iter().filter_map(|overlap| overlap.gap_ms).collect();
        let ended = Share::of(some.iter().map(|overlap| overlap.ended)).text();
        let paused = Share::of(some.iter().map(|overlap| overlap.paused)).text();
        writeln!(page, "| {name} | {ended} | {paused} | {} |", gaps.brief())
    };
    for (kind, snr_db) in kinds {
        let some: Vec<_> = overlaps(rows).filter(|one| one.kind == kind && one.snr_db == snr_db).collect();
        let name = snr_db.map_or(kind.to_owned(), |snr| format!("{kind}, {snr} dB below speech"));
        line(&name, &some)?;
    }
    let all: Vec<_> = overlaps(rows).filter(|overlap| overlap.kind != "interruption").collect();
    line("**all**", &all)?;
    let joints: Vec<i64> = rows
        .iter()
        .filter_map(|row| if let Row::Joint { lost_samples } = row { Some(*lost_samples) } else { None })
        .collect();
    let exact = Share::of(joints.iter().map(|lost| *lost == 0));
    writeln!(
        page,
        "\nResumed at the exact sample (the received audio beside the same answer undisturbed; the 20 ms on each side of the gap \
         are faded): {}. Samples lost (negative: repeated), of the others: {:?}.",
        exact.text(),
        joints.iter().filter(|lost| **lost != 0).collect::<Vec<_>>()
    )?;
    Ok(())
}

fn load(page: &mut String, rows: &[Row]) -> Result<()> {
    writeln!(
        page,
        "\n## Calls at once: voice-to-voice (ms)\n\nAll callers talk, with 1 to 5 s of thought between turns; of 30, with 4 to 16 s.\n\n{HEADER}"
    )?;
    let mut loads: Vec<u32> = turns(rows).map(|turn| turn.calls).collect();
    loads.sort_unstable();
    loads.dedup();
    for calls in loads {
        let some = || turns(rows).filter(move |turn| turn.calls == calls && turn.variant.is_empty());
        let early = Share::of(some().map(|turn| turn.early)).text();
        let unanswered = some().filter(|turn| !turn.early && turn.latency_ms.is_none()).count();
        writeln!(
            page,
            "| {calls} calls; too early {early}; unanswered {unanswered}; ended by the agent {} | {} |",
            ended(rows, calls),
            latencies(some()).cells()
        )?;
    }
    let rush = latencies(turns(rows).filter(|turn| turn.variant == "rush"));
    writeln!(page, "| ten callers who ask within 4.5 s | {} |", rush.cells())?;
    writeln!(page, "\nThe probe, on the same two cores, sent {} packets more than 5 ms late.\n", late(rows))?;
    writeln!(page, "Where a filler came first its time is the one above: {}.", fillers(rows))?;
    for (calls, variant) in crowds(rows) {
        writeln!(
            page,
            "\nWhere the time goes, {calls} calls{}:\n\n{HEADER}",
            if variant.is_empty() { "" } else { " in a rush" }
        )?;
        waterfall(page, &of_crowd(rows, (calls, variant)))?;
    }
    Ok(())
}

/// Calls that the agent ended or handed over unasked.
fn ended(rows: &[Row], calls: u32) -> u32 {
    let of_row = |row: &Row| match row {
        Row::Ended { calls: at, ended } if *at == calls => *ended,
        _ => 0,
    };
    rows.iter().map(of_row).sum()
}

/// Calls at once, and the variant.
fn crowds(rows: &[Row]) -> Vec<(u32, &str)> {
    let mut crowds: Vec<_> = stages(rows).map(|stages| (stages.calls, &*stages.variant)).collect();
    crowds.sort_unstable();
    crowds.dedup();
    crowds
}

fn of_crowd<'a>(rows: &'a [Row], crowd: (u32, &str)) -> Vec<&'a Stages> {
    stages(rows).filter(|stages| (stages.calls, &*stages.variant) == crowd).collect()
}

/// How many of the answers heard at each load began with a filler.
fn fillers(rows: &[Row]) -> String {
    let load = |(calls, variant): (u32, &str)| {
        let own = of_crowd(rows, (calls, variant)).into_iter();
        let variant = if variant.is_empty() { String::new() } else { format!(" ({variant})") };
        format!("{calls} calls{variant} {}", Share::of(own.map(|stages| stages.filler)).text())
    };
    crowds(rows).into_iter().map(load).collect::<Vec<_>>().join("; ")
}

fn techniques(page: &mut String, rows: &[Row]) -> Result<()> {
    writeln!(
        page,
        "\n## Each technique off in turn\n\nThe same material each time.\n\n\
         | | voice-to-voice p50 / p95 (ms) | too early, 1 s pauses | too early, no pause | false interruptions | CPU per call-second \
         (µs) |\n|---|---|---|---|---|---|"
    )?;
    for variant in &VARIANTS {
        let own = || turns(rows).filter(|turn| turn.variant == variant.name);
        let plain = || own().filter(|turn| turn.pause_ms == 0);
        let false_ones = overlaps(rows).filter(|overlap| overlap.variant == variant.name).map(|overlap| overlap.ended);
        let cpu = rows.iter().find_map(|row| match row {
            Row::Cost { variant: name, cpu_us } if name == variant.name => Some(format!("{cpu_us:.0}")),
            _ => None,
        });
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            variant.name,
            latencies(plain()).brief(),
            Share::of(own().filter(|turn| turn.pause_ms > 0).map(|turn| turn.early)).text(),
            Share::of(plain().map(|turn| turn.early)).text(),
            Share::of(false_ones).text(),
            cpu.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn network(page: &mut String, rows: &[Row]) -> Result<()> {
    let answered = Share::of(turns(rows).map(|turn| turn.latency_ms.is_some()));
    writeln!(
        page,
        "\n## A bad network\n\n5 % loss, 20 to 80 ms of delay, 1 % of packets overtaken, in both directions (a seeded relay).\n\n\
         {HEADER}\n| voice-to-voice (ms) | {} |\n\nAnswered, and not too early: {}.",
        latencies(turns(rows)).cells(),
        answered.text()
    )?;
    Ok(())
}

fn targets(page: &mut String, measured: &Measured, engines: Engines) -> Result<()> {
    // Of one call and of ten: real models are given more time.
    let (p95_one, p95_ten) = if engines == Engines::Embedded { (450.0, 700.0) } else { (600.0, 900.0) };
    let one = latencies(turns(&measured.latency));
    let ten = latencies(turns(&measured.load).filter(|turn| turn.calls == 10 && turn.variant.is_empty()));
    let rush = latencies(turns(&measured.load).filter(|turn| turn.variant == "rush"));
    let own: Sample = stages(&measured.latency).map(|stages| stages.ms[4]).filter(|ms| ms.is_finite()).collect();
    let cut = Share::of(turns(&measured.pauses).filter(|turn| turn.pause_ms <= 1_000).map(|turn| turn.early));
    let real = || overlaps(&measured.barge_in).filter(|overlap| overlap.kind == "interruption");
    let duck: Sample = real().filter_map(|overlap| overlap.duck_ms).collect();
    let stop: Sample = real().filter_map(|overlap| overlap.stop_ms).collect();
    let missed_ones = Share::of(real().map(|overlap| !overlap.ended));
    let false_ones = Share::of(
        overlaps(&measured.barge_in).filter(|overlap| overlap.kind != "interruption").map(|overlap| overlap.ended),
    );
    writeln!(page, "\n## Targets\n\n| | target | measured | |\n|---|---|---|---|")?;
    let mut missed = Vec::new();
    let mut line = |name: &'static str, limit: f64, value: f64, count: usize, unit: &str, why: &'static str| {
        let verdict = if count == 0 {
            "not measured"
        } else if value <= limit {
            "met"
        } else {
            missed.push((name, why));
            "**missed**"
        };
        let value = if count == 0 { "–".to_owned() } else { format!("{value:.1} {unit}") };
        writeln!(page, "| {name} | ≤ {limit:.0} {unit} | {value} | {verdict} |")
    };
    line("voice-to-voice p50, one call", 300.0, one.at(0.50), one.len(), "ms", WHY_WAIT)?;
    line("voice-to-voice p95, one call", p95_one, one.at(0.95), one.len(), "ms", WHY_WAIT)?;
    line("voice-to-voice p95, ten calls", p95_ten, ten.at(0.95), ten.len(), "ms", WHY_WAIT)?;
    line("ten callers within 4.5 s, p95", 1_500.0, rush.at(0.95), rush.len(), "ms", WHY_QUEUE)?;
    line("the daemon's own share, p95", 60.0, own.at(0.95), own.len(), "ms", WHY_QUEUE)?;
    line("too early at pauses up to 1 s", 2.0, cut.percent(), cut.of, "%", WHY_CUT)?;
    line("barge-in, duck p95", 120.0, duck.at(0.95), duck.len(), "ms", WHY_DUCK)?;
    line("barge-in, stop p95", 200.0, stop.at(0.95), stop.len(), "ms", WHY_STOP)?;
    line("false interruptions", 5.0, false_ones.percent(), false_ones.of, "%", WHY_WORDS)?;
    line("missed interruptions", 2.0, missed_ones.percent(), missed_ones.of, "%", WHY_WORDS)?;
    if !missed.is_empty() {
        writeln!(page, "\nWhy, and what would reach it:\n")?;
    }
    for (name, why) in missed {
        writeln!(page, "- {name}: {why}")?;
    }
    Ok(())
}

const WHY_WAIT: &str = "where the end-of-turn score is not sure the agent waits for more than a second, so that a caller who \
    thinks is not cut off (the table of pauses). Shorter waits trade one for the other; a score that tells rests from ends \
    better, or a recogniser whose words can be relied on, would reach both.";
const WHY_QUEUE: &str = "the recognisers of the calls share two cores with the voice, the score and the probe itself.";
const WHY_CUT: &str = "the pauses stand where the speakers themselves rest; there the score is as high as at many an end \
    (docs/benchmarks/hearing.md), and the recogniser's words contradict it too rarely. A score \
    trained on hesitating callers on the telephone would tell.";
const WHY_DUCK: &str = "it is counted from the first audible packet, and words that begin with an \"s\", or with a short \
    syllable before a stop (\"ex-cuse\"), pause the agent for good from their first long vowel on. Who pauses at the hiss \
    pauses at every breath, cough and key as well.";
const WHY_STOP: &str = "the answer is given up when words claim the floor, when there are three of them, or after half a \
    second; the recogniser's first words come 150 to 300 ms after the onset. The caller does not hear the difference: the \
    agent has been silent since it was ducked. Deciding on the sound alone would stop for every \"uh-huh\".";
const WHY_WORDS: &str = "one short word is told from another by the recogniser alone, and it takes some of the synthetic voices' \
    for another. A better recogniser would tell.";
