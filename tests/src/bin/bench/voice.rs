//! `bench voice`: how soon a clause is heard, what it costs, and how loud it is.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use inference::{Deadlines, proto::SynthesiseRequest};
use tests::material::active_level_dbfs;
use tests::paths::{repository, run_dir};
use tests::rtp::{AUDIBLE_RMS, Codec, FRAME, RATE_HZ, rms};

use crate::machine;
use crate::report::publish;
use crate::served::Served;
use crate::stats::Sample;

/// Clauses of four to eight words.
const SHORT: [&str; 12] = [
    "Yes, we can do that.",
    "Please hold the line.",
    "Your table is booked for seven.",
    "I will connect you now.",
    "We are open until six today.",
    "Could you repeat the number please?",
    "Thank you very much for calling.",
    "That costs twelve dollars and fifty cents.",
    "The doctor is free on Tuesday morning.",
    "Sorry, I did not understand you.",
    "What is your last name, please?",
    "We are open until six in the evening.",
];

/// Sentences of fourteen to twenty-one words.
const LONG: [&str; 8] = [
    "Your order number four five one seven leaves our shop tomorrow morning at nine.",
    "If you would like to speak with a person, please say so at any time.",
    "We are open every day from nine in the morning to six in the evening, except on Sundays and public holidays.",
    "The next free appointment with the dentist is on Wednesday the fourth at a quarter past ten.",
    "I have written down your address, and somebody from the office will call you back this afternoon.",
    "Unfortunately the technician cannot come before Friday because two of our vans are in the garage.",
    "There is a small car park behind the building that guests may use for free all day.",
    "To cancel your subscription, please tell me the number that is printed on your last invoice.",
];

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  bench voice --rounds 1    half a minute")]
pub struct Extent {
    /// How often each clause is spoken
    #[arg(long, default_value_t = 4)]
    rounds: u16,
    /// Numbers of threads of a clause
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<u32>,
    /// The report
    #[arg(long, value_name = "FILE", default_value_os_t = repository().join("docs/benchmarks/voice.md"))]
    out: PathBuf,
}

pub fn run(extent: &Extent) -> Result<()> {
    let dir = run_dir("bench-voice")?;
    let mut page = head(extent)?;
    for &threads in &extent.threads {
        eprintln!("bench: {threads} thread(s) …");
        let worker = Served::start("pjsua-agent-tts", &arguments(threads)?, Deadlines::default(), &dir)?;
        for (what, clauses) in [("4 to 8 words", &SHORT[..]), ("14 to 21 words", &LONG[..])] {
            let mut spoken = Vec::new();
            for round in 0..extent.rounds {
                for clause in clauses {
                    spoken.push(speak(&worker, clause, round)?);
                }
            }
            row(&mut page, threads, what, &spoken)?;
        }
    }
    publish(&page, &extent.out)
}

fn arguments(threads: u32) -> Result<Vec<String>> {
    let store = model_store::Store::open_default()?;
    let model = store.path("piper-en-us-joe")?.display().to_string();
    let library = store.path("onnxruntime")?.display().to_string();
    let threads = threads.to_string();
    let all = ["--engine", "piper", "--model", &model, "--onnxruntime", &library, "--threads", &threads];
    Ok(all.map(str::to_owned).into())
}

/// A clause as it came.
struct Spoken {
    first: Duration,
    all: Duration,
    /// Audio that was there and not yet due when the next piece came, at the least; after the first piece.
    in_hand_ms: f64,
    /// As a caller hears it.
    samples: Vec<i16>,
}

fn speak(worker: &Served, text: &str, round: u16) -> Result<Spoken> {
    // The worker keeps what it has spoken; at a rate that nobody hears it is another clause.
    let rate = 1.0 + f32::from(round) * 1e-4;
    let request =
        SynthesiseRequest { text: text.to_owned(), sample_rate_hz: RATE_HZ, rate, ..SynthesiseRequest::default() };
    let began = Instant::now();
    worker.runtime.block_on(async {
        let mut synthesis = worker.client.synthesise(request);
        let mut samples = Vec::new();
        let (mut first, mut before, mut in_hand_ms) = (None, Duration::ZERO, f64::INFINITY);
        while let Some(piece) = synthesis.next().await? {
            let now = began.elapsed();
            let first = *first.get_or_insert(now);
            // What comes at once was computed at once.
            if now - before > Duration::from_millis(5) && !samples.is_empty() {
                let due = first.as_secs_f64() + samples.len() as f64 / f64::from(RATE_HZ);
                in_hand_ms = f64::min(in_hand_ms, (due - now.as_secs_f64()) * 1e3);
            }
            before = now;
            samples.extend(piece);
        }
        let first = first.with_context(|| format!("nothing was spoken of “{text}”"))?;
        Ok(Spoken { first, all: began.elapsed(), in_hand_ms, samples: Codec::Pcmu.there_and_back(samples)? })
    })
}

fn head(extent: &Extent) -> Result<String> {
    Ok(format!(
        "# Voice: how soon a clause is heard, what it costs, how loud it is\n\n\
         Written by `bench voice --rounds {}`. The worker `pjsua-agent-tts` with engine `piper`, as the daemon asks it, one \
         clause at a time, none of them from its cache; times run from the request. *In hand* is the audio that was there and \
         not yet due when a further piece of the clause came, at the least: below 0 a caller would hear a hole. Levels are those \
         of active speech behind G.711 (ITU-T P.56), the peak is of single samples, *silence* is what stands before and behind a \
         clause below −47 dBFS.\n\n{}\n\
         | threads | clauses | n | first audio p50 / p95 (ms) | time ÷ length of audio | in hand (ms) | level, mean (least to \
         most), dBFS | peak, dBFS | silence before / behind, at most (ms) |\n|---|---|---|---|---|---|---|---|---|\n",
        extent.rounds,
        machine::table("Piper (joe)")?
    ))
}

fn row(page: &mut String, threads: u32, what: &str, spoken: &[Spoken]) -> Result<()> {
    let first: Sample = spoken.iter().map(|one| one.first.as_secs_f64() * 1e3).collect();
    let work: f64 = spoken.iter().map(|one| one.all.as_secs_f64()).sum();
    let audio: f64 = spoken.iter().map(|one| one.samples.len() as f64 / f64::from(RATE_HZ)).sum();
    let in_hand = spoken.iter().map(|one| one.in_hand_ms).fold(f64::INFINITY, f64::min);
    let levels: Sample = spoken.iter().map(|one| active_level_dbfs(&one.samples)).collect();
    let mean = spoken.iter().map(|one| active_level_dbfs(&one.samples)).sum::<f64>() / spoken.len() as f64;
    let peak = spoken.iter().flat_map(|one| &one.samples).map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    let (before, behind) = spoken
        .iter()
        .map(|one| silence_ms(&one.samples))
        .fold((0, 0), |most, silence| (usize::max(most.0, silence.0), usize::max(most.1, silence.1)));
    writeln!(
        page,
        "| {threads} | {what} | {} | {} | {:.2} | {in_hand:.0} | {mean:.1} ({:.1} to {:.1}) | {:.1} | {before} / {behind} |",
        first.len(),
        first.brief(),
        work / audio,
        levels.at(0.0),
        levels.at(1.0),
        20.0 * (f64::from(peak) / 32_768.0).log10(),
    )?;
    Ok(())
}

/// Of frames before the first and behind the last audible one.
fn silence_ms(samples: &[i16]) -> (usize, usize) {
    let is_audible = |frame: &[i16]| rms(frame) >= AUDIBLE_RMS;
    let before = samples.chunks(FRAME).position(is_audible).unwrap_or(0);
    let behind = samples.chunks(FRAME).rev().position(is_audible).unwrap_or(0);
    (before * 20, behind * 20)
}
