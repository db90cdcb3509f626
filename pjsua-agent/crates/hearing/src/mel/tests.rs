//! The reference values are those of `transformers.WhisperFeatureExtractor(chunk_length=8)` 5.23 and of the numpy code
//! that pipecat-ai 1.14 runs smart-turn with, which agree to 2e-7.

use super::*;
use crate::{common::signal, smart_turn::SAMPLES};

fn features(heard: &[i16]) -> Vec<f32> {
    let mut features = Vec::new();
    Mel::new().features(heard, &mut features);
    features
}

/// Compares with (band, frame, value) and the sum of all.
fn assert_close(heard: &[i16], sum: f64, cells: [(usize, usize, f32); 8]) {
    let features = features(heard);
    for (band, frame, value) in cells {
        let ours = features[band * FRAMES + frame];
        assert!((ours - value).abs() < 1e-3, "band {band}, frame {frame}: {ours} instead of {value}");
    }
    let ours: f64 = features.iter().map(|&value| f64::from(value)).sum();
    assert!((ours - sum).abs() < 64_000.0 * 1e-4, "the sum is {ours} instead of {sum}");
}

#[test]
fn five_seconds_padded_on_the_left_give_the_features_of_the_reference() {
    let cells = [
        (0, 0, -0.166_066_15),
        (0, 799, 0.599_591_6),
        (10, 400, 1.128_494_7),
        (20, 700, 0.543_213_9),
        (40, 500, 0.436_340_96),
        (79, 799, 0.427_865_3),
        (79, 310, 0.459_769_4),
        (33, 797, 0.247_415_9),
    ];
    assert_close(&signal(5 * 16_000), 15_590.483, cells);
}

#[test]
fn of_nine_seconds_the_last_eight_give_the_features_of_the_reference() {
    let cells = [
        (0, 0, 1.134_984_9),
        (0, 799, 0.345_427_7),
        (10, 400, 0.421_323_4),
        (20, 700, 0.451_422_3),
        (40, 500, 0.392_760_13),
        (79, 799, 0.429_406_4),
        (79, 310, 0.548_489),
        (33, 797, 0.352_828_06),
    ];
    assert_close(&signal(9 * 16_000), 27_206.498, cells);
}

#[test]
fn a_short_sound_stands_above_the_cut_floor_as_in_the_reference() {
    let floor = 0.095_578_23;
    let cells = [
        (0, 0, floor),
        (0, 799, 0.938_993_3),
        (10, 400, floor),
        (20, 700, floor),
        (40, 500, floor),
        (79, 799, 0.758_735),
        (79, 310, floor),
        (33, 797, 0.849_651_5),
    ];
    assert_close(&signal(4_800), 7_812.025, cells);
}

#[test]
fn silence_and_nothing_at_all_give_finite_features() {
    for heard in [&[][..], &[0; SAMPLES], &[i16::MIN; SAMPLES]] {
        assert!(features(heard).iter().all(|value| value.is_finite()));
    }
}
