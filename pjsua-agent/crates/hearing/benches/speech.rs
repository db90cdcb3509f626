//! How soon speech is confirmed and what else is: `cargo bench -p hearing --bench speech -- NOISE SPEECH…`, a folder
//! of noises and folders of Asterisk's sounds (Debian's `asterisk-core-sounds-*-wav`). Sixteen calls at a time, in real time.
//!
//! Stage 1 is imagined: it needs 60 ms of an onset, then brings 300 ms from before it.

mod common;

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::{SENTENCES, VOICES, files, kit, prompts, quantile, sorted};
use hearing::{EarEvent, HearingConfig, Models, VadSettings};

const PRE_ROLL: usize = 300 * kit::MS;
const STAGE_1: usize = 60 * kit::MS;
/// Of each utterance from the onset on.
const LENGTH: usize = 1_500 * kit::MS;
const AT_ONCE: usize = 16;

/// What became of one onset: milliseconds from the onset to the first verdict of each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    confirmed_ms: Option<f32>,
    dismissed_ms: Option<f32>,
}

fn main() {
    let Some(config) = kit::config() else { return };
    let folders: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let [noise, speech @ ..] = folders.as_slice() else { panic!("name a folder of noises and folders of speech") };
    let mut spoken: Vec<Vec<i16>> = Vec::new();
    for voice in VOICES {
        spoken.extend(SENTENCES.iter().map(|sentence| utterance(&kit::speak(voice, &sentence.replace(" |", "")))));
    }
    for folder in speech {
        spoken.extend(prompts(Path::new(folder)).iter().map(|file| utterance(&kit::by_telephone(file))));
    }
    let noises: Vec<(String, Vec<Vec<i16>>)> = files(Path::new(noise)).iter().map(|file| excerpts(file)).collect();

    println!("| settings | onsets | n | confirmed: p50 ms | p95 | max | dismissed first | never confirmed |");
    println!("|{}", "---|".repeat(8));
    let defaults = VadSettings::default();
    let variants = [
        ("the defaults", defaults.clone()),
        ("whole windows only", VadSettings { judge_every_frame: false, ..defaults.clone() }),
        ("two windows in a row", VadSettings { confirm_windows: 2, ..defaults.clone() }),
        ("probability 0.3", VadSettings { confirm_probability: 0.3, ..defaults.clone() }),
    ];
    for (name, vad) in &variants {
        let hearing = Models::start(HearingConfig { vad: vad.clone(), end_of_turn_model: None, ..config.clone() })
            .expect("the models load");
        for (line, level_db) in
            [("quiet line", None), ("noise 20 dB below", Some(20.0)), ("noise 10 dB below", Some(10.0))]
        {
            let spoken: Vec<Vec<i16>> = spoken.iter().map(|spoken| with_noise(spoken, level_db)).collect();
            row(name, line, &listen(&hearing, &spoken));
        }
        let noises: Vec<Vec<i16>> = noises.iter().flat_map(|(_, noises)| noises.iter().cloned()).collect();
        row(name, "no speech", &listen(&hearing, &noises));
    }
    println!("\n| no speech, the defaults | n | taken for speech | dismissed: p50 ms | max |\n|---|---|---|---|---|");
    let hearing = Models::start(HearingConfig { end_of_turn_model: None, ..config }).expect("the models load");
    for (name, noises) in &noises {
        let outcomes = listen(&hearing, noises);
        let confirmed = outcomes.iter().filter(|outcome| outcome.confirmed_ms.is_some()).count();
        let dismissed = sorted(outcomes.iter().filter_map(|outcome| outcome.dismissed_ms).collect());
        println!(
            "| {name} | {} | {confirmed} | {:.0} | {:.0} |",
            outcomes.len(),
            quantile(&dismissed, 0.5),
            quantile(&dismissed, 1.0)
        );
    }
}

/// The pre-roll and what follows the onset, which is where the level comes within 26 dB of the peak.
fn utterance(samples: &[i16]) -> Vec<i16> {
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    let loud = |piece: &[i16]| piece.iter().any(|sample| sample.unsigned_abs() > peak / 20);
    let onset = samples.chunks(80).position(loud).expect("there is a sound") * 80;
    let mut utterance = vec![0; PRE_ROLL.saturating_sub(onset)];
    utterance.extend_from_slice(&samples[onset.saturating_sub(PRE_ROLL)..samples.len().min(onset + LENGTH)]);
    utterance
}

/// A noise as so many onsets, one a second.
fn excerpts(file: &Path) -> (String, Vec<Vec<i16>>) {
    let samples = kit::by_telephone(file);
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let excerpts = samples.windows(PRE_ROLL + LENGTH).step_by(1_000 * kit::MS).take(16);
    (name, excerpts.map(<[i16]>::to_vec).collect())
}

/// White noise under the whole utterance, that much below the speech's level.
fn with_noise(spoken: &[i16], below_db: Option<f32>) -> Vec<i16> {
    let Some(below_db) = below_db else { return spoken.to_vec() };
    let energy: f32 = spoken[PRE_ROLL..].iter().map(|&sample| f32::from(sample).powi(2)).sum();
    let rms = (energy / (spoken.len() - PRE_ROLL) as f32).sqrt();
    let peak = rms * 3.0_f32.sqrt() * 10.0_f32.powf(-below_db / 20.0);
    kit::mix(spoken, &kit::noise(spoken.len(), peak as i16))
}

fn row(settings: &str, what: &str, outcomes: &[Outcome]) {
    let confirmed = sorted(outcomes.iter().filter_map(|outcome| outcome.confirmed_ms).collect());
    let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / outcomes.len() as f64);
    println!(
        "| {settings} | {what} | {} | {:.0} | {:.0} | {:.0} | {} | {} |",
        outcomes.len(),
        quantile(&confirmed, 0.5),
        quantile(&confirmed, 0.95),
        quantile(&confirmed, 1.0),
        share(outcomes.iter().filter(|outcome| outcome.dismissed_ms.is_some()).count()),
        share(outcomes.len() - confirmed.len()),
    );
}

fn listen(hearing: &Models, utterances: &[Vec<i16>]) -> Vec<Outcome> {
    utterances.chunks(AT_ONCE).flat_map(|group| listen_at_once(hearing, group)).collect()
}

/// Calls that begin together.
fn listen_at_once(hearing: &Models, utterances: &[Vec<i16>]) -> Vec<Outcome> {
    let stage_1_ms = STAGE_1 as f32 / kit::MS as f32;
    let begun = Instant::now();
    let calls: Vec<_> = utterances
        .iter()
        .map(|utterance| {
            let outcome = Arc::new(Mutex::new(Outcome::default()));
            let heard = outcome.clone();
            let ear = hearing.ear(move |event| {
                let after_ms = Some(begun.elapsed().as_secs_f32() * 1e3 + stage_1_ms);
                let mut outcome = heard.lock().expect("no reporter panics");
                match event {
                    EarEvent::Confirmed { .. } => outcome.confirmed_ms = after_ms,
                    EarEvent::Dismissed { .. } => outcome.dismissed_ms = after_ms,
                    EarEvent::Score { .. } => {}
                }
            });
            (ear, kit::frames(utterance).collect::<Vec<_>>(), outcome)
        })
        .collect();
    let burst = (PRE_ROLL + STAGE_1) / 320;
    for (ear, frames, _) in &calls {
        ear.speech_started(0);
        frames.iter().take(burst).for_each(|frame| ear.frame(frame));
    }
    let longest = calls.iter().map(|(_, frames, _)| frames.len()).max().unwrap_or(0);
    for nth in burst..longest {
        let due = begun + Duration::from_millis(20) * (nth + 1 - burst) as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for (ear, frames, _) in &calls {
            frames.get(nth).into_iter().for_each(|frame| ear.frame(frame));
        }
    }
    calls.iter().for_each(|(ear, ..)| ear.speech_ended());
    std::thread::sleep(Duration::from_millis(100));
    calls.iter().map(|(_, _, outcome)| *outcome.lock().expect("no reporter panics")).collect()
}
