//! What hearing costs: `cargo bench -p hearing --bench cost`.
//!
//! Silero: 1, 8 and 64 calls whose windows wait at once, judged one by one and in batches, in turn. smart-turn: one request
//! after the other.

mod common;

use std::{
    sync::mpsc::channel,
    time::{Duration, Instant},
};

use common::{kit, quantile, sorted};
use hearing::{EarEvent, EndOfTurnSettings, HearingConfig, Models, VadSettings};

const ROUNDS: usize = 9;
/// Frames of a round: 2 s.
const FRAMES: usize = 100;

fn main() {
    let Some(config) = kit::config() else { return };
    println!("| calls | windows a run, at most | µs a window, median | min | max |\n|---|---|---|---|---|");
    for calls in [1, 8, 64] {
        // One after the other in each round, so that a change of the machine's speed meets all.
        let batches: Vec<usize> = [1, 8, 64].into_iter().filter(|&batch| batch <= calls).collect();
        let mut times = vec![Vec::new(); batches.len()];
        for _ in 0..ROUNDS {
            for (times, &batch) in times.iter_mut().zip(&batches) {
                times.push(window_us(&config, calls, batch));
            }
        }
        for (times, batch) in times.into_iter().zip(batches) {
            row(&[calls.to_string(), batch.to_string()], times);
        }
    }
    println!(
        "\n| smart-turn, threads | log-mel, ms, median | min | max | model, ms, median | min | max |\n|---|---|---|---|---|---|---|"
    );
    for threads in [1, 2] {
        let (features, model) = score_ms(&config, threads);
        let figures = [features, model].map(sorted).map(|times| figures(&times));
        println!("| {threads} | {} | {} |", figures[0], figures[1]);
    }
}

fn row(what: &[String], times: Vec<f32>) {
    println!("| {} | {} |", what.join(" | "), figures(&sorted(times)));
}

fn figures(sorted: &[f32]) -> String {
    [0.5, 0.0, 1.0].map(|share| format!("{:.1}", quantile(sorted, share))).join(" | ")
}

/// The time of the model for one window when that many calls have the same backlog of noise.
fn window_us(config: &HearingConfig, calls: usize, max_batch: usize) -> f32 {
    let vad =
        VadSettings { max_batch, judge_every_frame: false, queue: calls * (FRAMES + 2), ..VadSettings::default() };
    let hearing =
        Models::start(HearingConfig { vad, end_of_turn_model: None, ..config.clone() }).expect("the models load");
    let noise = kit::noise(FRAMES * 320, 300);
    let ears: Vec<_> = (0..calls).map(|_| hearing.ear(|_| {})).collect();
    ears.iter().for_each(|ear| ear.speech_started(0));
    for frame in kit::frames(&noise) {
        ears.iter().for_each(|ear| ear.frame(&frame));
    }
    let expected = (calls * (FRAMES * 320 / 512)) as u64;
    let begun = Instant::now();
    while hearing.counts().windows < expected {
        assert!(begun.elapsed() < kit::PATIENCE, "{:?}", hearing.counts());
        std::thread::sleep(Duration::from_millis(1));
    }
    let counts = hearing.counts();
    assert_eq!(counts.frames_dropped, 0);
    (counts.vad_time.as_secs_f64() * 1e6 / counts.windows as f64) as f32
}

/// Times of the features and of the model, one score after the other.
fn score_ms(config: &HearingConfig, threads: usize) -> (Vec<f32>, Vec<f32>) {
    let end_of_turn = EndOfTurnSettings { threads_per_score: threads, ..EndOfTurnSettings::default() };
    let hearing =
        Models::start(HearingConfig { end_of_turn, vad_model: None, ..config.clone() }).expect("the models load");
    let (send, receive) = channel();
    let ear = hearing.ear(move |event| _ = send.send(event));
    kit::frames(&kit::noise(8 * 16_000, 3_000)).for_each(|frame| ear.frame(&frame));
    let (mut features, mut model) = (Vec::new(), Vec::new());
    let mut before = hearing.counts();
    for pause in 0..50 {
        ear.score_end_of_turn(pause, Duration::ZERO);
        let event = receive.recv_timeout(kit::PATIENCE).expect("a score comes");
        assert!(matches!(event, EarEvent::Score { .. }));
        let now = hearing.counts();
        features.push((now.features_time - before.features_time).as_secs_f32() * 1e3);
        model.push((now.score_time - before.score_time).as_secs_f32() * 1e3);
        before = now;
    }
    (features, model)
}
