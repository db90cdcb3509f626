//! smart-turn's scores of finished and of broken-off utterances as the daemon hears them:
//! `cargo bench -p hearing --bench scores -- [--band] [--recorded] [--each] FOLDER…`, where the folders hold Asterisk's
//! sounds (Debian's `asterisk-core-sounds-*-wav`). `--band`: a line of 300 to 3,400 Hz; `--recorded`: without flite's
//! voices; `--each`: every utterance's scores as well.

mod common;

use std::{path::Path, sync::mpsc::channel, time::Duration};

use common::{SENTENCES, Spoken, VOICES, flite, kit, prompts, quantile, recorded, sorted};
use hearing::{EarEvent, Models};

/// Milliseconds of silence after the last sound.
const SILENCES: [usize; 5] = [0, 100, 200, 400, 800];
const THRESHOLDS: [f32; 7] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9];

/// What follows the last sound.
#[derive(Clone, Copy, Debug)]
enum Silence {
    Zeros,
    /// −60 dBFS.
    Noise,
}

fn main() {
    let Some(hearing) = kit::hearing() else { return };
    let spoken: Vec<Spoken> =
        VOICES.iter().flat_map(|voice| SENTENCES.iter().map(|sentence| flite(voice, sentence))).collect();
    if !std::env::args().any(|argument| argument == "--recorded") {
        table(&hearing, "flite", &spoken);
    }
    let folders: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for folder in folders {
        let folder = Path::new(&folder);
        let recordings: Vec<Spoken> = prompts(folder).iter().map(|file| recorded(file)).collect();
        table(&hearing, &folder.file_name().unwrap_or_default().to_string_lossy(), &recordings);
    }
    let counts = hearing.counts();
    let each = |time: Duration| time.as_secs_f64() * 1e3 / counts.scores as f64;
    println!(
        "{} scores: log-mel {:.2} ms, model {:.1} ms each",
        counts.scores,
        each(counts.features_time),
        each(counts.score_time)
    );
}

fn table(hearing: &Models, what: &str, spoken: &[Spoken]) {
    println!("\n### {what}: {} utterances\n", spoken.len());
    println!(
        "| after the last sound | utterance | n | p5 | p25 | p50 | p75 | p95 | {} |",
        THRESHOLDS.map(|t| format!("≥ {t}")).join(" | ")
    );
    println!("|{}", "---|".repeat(8 + THRESHOLDS.len()));
    for silence in [Silence::Zeros, Silence::Noise] {
        let lengths = SILENCES.into_iter().filter(|&length_ms| length_ms > 0 || matches!(silence, Silence::Noise));
        for length_ms in lengths {
            let whole = spoken.iter().map(|spoken| score(hearing, &spoken.samples, silence, length_ms));
            row(silence, length_ms, "finished", whole.collect());
            let cut = |what: &str, at: fn(&Spoken) -> &[usize]| {
                let cut = spoken.iter().flat_map(|spoken| at(spoken).iter().map(|&cut| &spoken.samples[..cut]));
                row(silence, length_ms, what, cut.map(|cut| score(hearing, cut, silence, length_ms)).collect());
            };
            cut("between words", |spoken| &spoken.cuts);
            if spoken.iter().any(|spoken| !spoken.pauses.is_empty()) {
                cut("at an inner pause", |spoken| &spoken.pauses);
            }
        }
    }
    if std::env::args().any(|argument| argument == "--each") {
        each(hearing, spoken);
    }
}

fn row(silence: Silence, length_ms: usize, what: &str, scores: Vec<f32>) {
    let scores = sorted(scores);
    let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| format!("{:.2}", quantile(&scores, share)));
    let reached = THRESHOLDS.map(|threshold| {
        let reached = scores.iter().filter(|&&score| score >= threshold).count();
        format!("{:.0} %", 100.0 * reached as f64 / scores.len().max(1) as f64)
    });
    let silence = if length_ms == 0 { "0 ms".to_owned() } else { format!("{length_ms} ms {silence:?}").to_lowercase() };
    println!("| {silence} | {what} | {} | {} | {} |", scores.len(), quantiles.join(" | "), reached.join(" | "));
}

/// Each utterance's scores after 200 ms: of its cuts, then of the whole.
fn each(hearing: &Models, spoken: &[Spoken]) {
    for spoken in spoken {
        let ends = spoken.cuts.iter().copied().chain([spoken.samples.len()]);
        let scores = ends.map(|end| format!("{:.2}", score(hearing, &spoken.samples[..end], Silence::Noise, 200)));
        println!("{} — {}", scores.collect::<Vec<_>>().join(" "), spoken.name);
    }
}

fn score(hearing: &Models, said: &[i16], silence: Silence, length_ms: usize) -> f32 {
    let mut heard = said.to_vec();
    heard.resize(said.len() + length_ms * kit::MS, 0);
    if let Silence::Noise = silence {
        // Uniform up to 57: −60 dBFS.
        heard = kit::mix(&heard, &kit::noise(heard.len(), 57));
    }
    let (send, receive) = channel();
    let ear = hearing.ear(move |event| {
        if let EarEvent::Score { probability, .. } = event {
            let _ = send.send(probability);
        }
    });
    ear.speech_started(0);
    kit::frames(&heard).for_each(|frame| ear.frame(&frame));
    ear.score_end_of_turn(0, Duration::ZERO);
    receive.recv_timeout(kit::PATIENCE).expect("a score comes")
}
