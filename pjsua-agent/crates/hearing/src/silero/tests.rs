//! A batch gives each call what it gets alone.

use super::*;
use crate::{common, runtime, windows::Windows};

fn silero() -> Option<Silero> {
    let config = common::config()?;
    Some(Silero::load(&runtime::environment(&config.onnxruntime).unwrap(), &config.vad_model.unwrap()).unwrap())
}

struct Call {
    windows: Windows,
    memory: Memory,
    probabilities: Vec<f32>,
}

impl Call {
    fn new(signal: &[i16]) -> Self {
        let mut windows = Windows::new();
        windows.push(signal);
        Self { windows, memory: Memory::new(), probabilities: Vec::new() }
    }
}

/// One run over these calls' next windows.
fn run(silero: &mut Silero, calls: &mut [&mut Call]) {
    silero.clear();
    for call in calls.iter() {
        let window = call.windows.next(false).unwrap();
        silero.add(window.samples, window.gain, &call.memory);
    }
    let hear = |nth: usize, probability, memory| {
        let call: &mut Call = calls[nth];
        call.memory = memory;
        call.probabilities.push(probability);
        call.windows.judged(true);
    };
    silero.run(hear).unwrap();
}

#[test]
fn calls_in_one_batch_get_the_probabilities_that_they_get_alone() {
    let Some(mut silero) = silero() else { return };
    let signals = [
        common::speak("rms", "Hello, is anybody there?"),
        vec![0; 16_000],
        common::sound(&["synth", "2", "pinknoise", "vol", "0.3"]),
        common::speak("slt", "No, that is not what I meant."),
    ];
    let mut alone: Vec<Call> = signals.iter().map(|signal| Call::new(signal)).collect();
    for call in &mut alone {
        (0..25).for_each(|_| run(&mut silero, &mut [call]));
    }
    let mut together: Vec<Call> = signals.iter().map(|signal| Call::new(signal)).collect();
    for _ in 0..25 {
        run(&mut silero, &mut together.iter_mut().collect::<Vec<_>>());
    }
    for (alone, together) in alone.iter().zip(&together) {
        for (alone, together) in alone.probabilities.iter().zip(&together.probabilities) {
            assert!((alone - together).abs() < 1e-4, "{alone} alone, {together} together");
        }
    }
    let loudest = |call: &Call| call.probabilities.iter().copied().fold(0.0, f32::max);
    let loudest: Vec<f32> = alone.iter().map(loudest).collect();
    assert!(loudest[0] > 0.5 && loudest[1] < 0.3 && loudest[3] > 0.5, "{loudest:?}");
}
