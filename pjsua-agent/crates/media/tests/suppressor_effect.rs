//! What the suppressor does to silence, to speech and to noise.

mod suppressor;

use std::time::Duration;

use media::{FRAME_SAMPLES, SAMPLE_RATE_HZ, Suppressor};
use suppressor::{delayed, level_dbfs, mix, segmental_snr_db, speak, suppress, white};

const SENTENCES: [&str; 3] = [
    "What are your opening hours on Saturday?",
    "Where is my order number four two seven?",
    "I would like to speak to somebody in sales.",
];

#[test]
fn silence_stays_silence() {
    assert_eq!(suppress(&vec![0; 100 * FRAME_SAMPLES]), vec![0; 100 * FRAME_SAMPLES]);
}

#[test]
fn what_comes_out_is_as_late_as_it_says() {
    let delay = Suppressor::new().delay();
    assert_eq!(delay, Duration::from_millis(12));
    let samples = delay.as_micros() as usize * SAMPLE_RATE_HZ as usize / 1_000_000;
    let speech = speak("slt", SENTENCES[0], -22.0);
    let output = suppress(&speech);
    let likeness = |late: usize| {
        let products = speech.iter().zip(&output[late..]).map(|(&a, &b)| f64::from(a) * f64::from(b));
        products.sum::<f64>()
    };
    let best = (0..600).max_by(|&a, &b| likeness(a).total_cmp(&likeness(b))).expect("delays");
    assert!(best.abs_diff(samples) <= 1, "{best} samples, not {samples}");
}

#[test]
fn speech_on_a_clean_line_is_hardly_changed() {
    for voice in ["rms", "slt", "awb"] {
        for text in SENTENCES {
            let speech = speak(voice, text, -22.0);
            let output = suppress(&speech);
            let change = segmental_snr_db(&delayed(&speech), &output);
            let (before, after) = (level_dbfs(&delayed(&speech)), level_dbfs(&output));
            println!("{voice}: {change:.1} dB segmental SNR, {:+.1} dB level, {text}", after - before);
            assert!(change > 8.0, "{voice}: {change} dB, {text}");
            assert!((after - before).abs() < 1.0, "{voice}: {before} dBFS became {after}, {text}");
        }
    }
}

#[test]
fn noise_is_lowered_between_the_words_and_below_them() {
    for snr_db in [10.0, 5.0] {
        let speech = speak("slt", SENTENCES[1], -22.0);
        let line = [vec![0; 2 * 16_000], speech.clone(), vec![0; 16_000]].concat();
        let noisy = mix(&line, &white(level_dbfs(&speech) - snr_db, line.len(), 1));
        let output = suppress(&noisy);
        let pause = 16_000..2 * 16_000;
        let reduction = level_dbfs(&noisy[pause.clone()]) - level_dbfs(&output[pause]);
        let words = 2 * 16_000..2 * 16_000 + speech.len();
        let (clean, late) = (delayed(&line), delayed(&noisy));
        let before = segmental_snr_db(&clean[words.clone()], &late[words.clone()]);
        let after = segmental_snr_db(&clean[words.clone()], &output[words]);
        println!(
            "white noise at {snr_db} dB SNR: {reduction:.1} dB less in the pause; words {before:.1} -> {after:.1} dB"
        );
        assert!(reduction > 12.0, "{reduction} dB");
        assert!(after > before + 2.0, "{before} dB became {after}");
    }
}
