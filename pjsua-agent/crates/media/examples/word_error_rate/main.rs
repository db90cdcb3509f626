//! What noise suppression does to recognition, and what it costs:
//! `word_error_rate WORKER [OPTION…]` starts the recogniser's worker program with
//! the options, sends it flite's sentences through a telephone line with and
//! without noise, suppressed and not, and prints tables in Markdown.

mod material;
mod recogniser;
#[path = "../../tests/suppressor/mod.rs"]
mod suppressor;
mod words;

use std::error::Error;
use std::time::Instant;

use material::{Noise, SENTENCES};
use media::{FRAME_SAMPLES, Suppressor};
use recogniser::Recogniser;
use suppressor::samples_in_ms;
use words::Errors;

/// Noise of each kind and level is made so often; the spread is over these.
const SEEDS: u64 = 2;
/// What the recogniser hears before the first word: the daemon's pre-roll.
const LEAD_MS: usize = 300;
const TAIL_MS: usize = 200;
/// How much of the line a suppressor that runs all the time has heard before.
const EARLIER_MS: usize = 3_000;

/// What becomes of the audio on its way to the recogniser.
#[derive(Clone, Copy)]
enum Path {
    AsItIs,
    /// The suppressor starts with the utterance.
    Suppressed,
    /// It has heard the line for a while.
    SuppressedAllTheTime,
}

const PATHS: [Path; 3] = [Path::AsItIs, Path::Suppressed, Path::SuppressedAllTheTime];

impl Path {
    /// `line` starts [`EARLIER_MS`] before what is recognised.
    fn take(self, line: &[i16]) -> Vec<i16> {
        let earlier = samples_in_ms(EARLIER_MS);
        match self {
            Path::AsItIs => line[earlier..].to_vec(),
            Path::Suppressed => suppressor::suppress(&line[earlier..]),
            Path::SuppressedAllTheTime => suppressor::suppress(line).split_off(earlier),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let worker = args.next().ok_or("usage: word_error_rate WORKER [OPTION…]")?;
    let recogniser = Recogniser::start(&worker, args).await?;

    println!("| noise | SNR (dB) | words | as it is | suppressed | suppressed all the time |");
    println!("|---|---|---|---|---|---|");
    let clean = [(Noise::None, f64::INFINITY)];
    let noises = [Noise::White, Noise::Babble, Noise::Hum].map(|noise| [20.0, 10.0, 5.0].map(|snr_db| (noise, snr_db)));
    for (noise, snr_db) in clean.into_iter().chain(noises.into_iter().flatten()) {
        let seeds = if matches!(noise, Noise::None) { 1 } else { SEEDS };
        let mut errors = [const { Vec::new() }; PATHS.len()];
        for seed in 1..=seeds {
            let mut of_this_seed = [Errors::default(); PATHS.len()];
            for (number, text) in SENTENCES.iter().enumerate() {
                let line = noise.line(text, number as u64 + seed * 1_000, snr_db, EARLIER_MS + LEAD_MS, TAIL_MS);
                for (errors, path) in of_this_seed.iter_mut().zip(PATHS) {
                    let heard = recogniser.recognise(&path.take(&line)).await?;
                    errors.add(text, &heard);
                }
            }
            for (all, errors) in errors.iter_mut().zip(of_this_seed) {
                all.push(errors);
            }
        }
        let words = errors[0].iter().map(|errors| errors.words).sum::<usize>();
        let snr = if snr_db.is_finite() { format!("{snr_db:.0}") } else { "–".into() };
        let [as_it_is, suppressed, all_the_time] = errors.map(|errors| words::rate_and_spread(&errors));
        println!("| {} | {snr} | {words} | {as_it_is} | {suppressed} | {all_the_time} |", noise.name());
    }
    println!("\n{}", cost());
    Ok(())
}

/// Time a frame takes, over a minute of noisy speech.
fn cost() -> String {
    let line = Noise::White.line(SENTENCES[0], 1, 10.0, 1_000, 1_000);
    let mut suppressor = Suppressor::new();
    let mut times = Vec::new();
    for samples in line.chunks_exact(FRAME_SAMPLES).cycle().take(3_000) {
        let mut frame: [i16; FRAME_SAMPLES] = samples.try_into().expect("a whole frame");
        let began = Instant::now();
        suppressor.process(&mut frame);
        times.push(began.elapsed().as_nanos() as f64 / 1_000.0);
        std::hint::black_box(frame);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[times.len() * part / 100];
    format!("µs a frame of 20 ms: p50 {:.0}, p95 {:.0}, p99 {:.0}", at(50), at(95), at(99))
}
