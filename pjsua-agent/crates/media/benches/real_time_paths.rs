//! What one call costs the media clock and the audio thread, in nanoseconds a
//! frame: `cargo bench -p media`. Prints a table; asserts nothing.

use std::time::Instant;

use media::{AudioSettings, CallAudio, FRAME_SAMPLES, SILENCE, Samples, call_audio};

const FRAMES: usize = 20_000;

fn main() {
    println!("{FRAMES} frames of 20 ms each; nanoseconds a frame: mean / p99");
    println!("{:<44} {:>14} {:>14} {:>14}", "", "put_frame", "get_frame", "tick");
    let silence = vec![SILENCE];
    let voice = voice_like();
    let noise = noise_like();
    measure("silence both ways", &silence, None);
    measure("comfort noise in", &noise, None);
    measure("agent speaks, caller silent", &noise, Some(&voice));
    measure("caller speaks, driver listens", &voice, None);
    measure("both speak", &voice, Some(&voice));
}

fn measure(what: &str, caller: &[Samples], agent: Option<&[Samples]>) {
    let CallAudio { mut clock, mut audio, mut playout, mut events, stats } = call_audio(&AudioSettings::default());
    let mut times = [const { Vec::new() }; 3];
    let mut out = SILENCE;
    for number in 0..FRAMES {
        if let Some(agent) = agent {
            playout.push(1, &agent[number % agent.len()]);
        }
        times[0].push(nanoseconds(|| clock.put_frame(&caller[number % caller.len()])));
        times[1].push(nanoseconds(|| clock.get_frame(&mut out)));
        times[2].push(nanoseconds(|| {
            audio.tick();
        }));
        std::hint::black_box(&out);
        while events.try_recv().is_some() {}
    }
    let [put, get, tick] = times.map(summary);
    println!("{what:<44} {put:>14} {get:>14} {tick:>14}   ({} utterances)", stats.utterances());
}

fn nanoseconds(work: impl FnOnce()) -> u64 {
    let began = Instant::now();
    work();
    began.elapsed().as_nanos() as u64
}

fn summary(mut times: Vec<u64>) -> String {
    times.sort_unstable();
    let mean = times.iter().sum::<u64>() / times.len() as u64;
    format!("{mean} / {}", times[times.len() * 99 / 100])
}

/// Two seconds of a buzz with the spectrum and the rhythm of speech.
fn voice_like() -> Vec<Samples> {
    let sample = |i: usize| {
        let time = i as f32 / 16_000.0;
        let syllable = (time * 4.0 * std::f32::consts::PI).sin().abs();
        let harmonics = (1..12).map(|n| (std::f32::consts::TAU * 130.0 * n as f32 * time).sin() / n as f32);
        (harmonics.sum::<f32>() * syllable * 5_000.0) as i16
    };
    frames((0..32_000).map(sample))
}

/// Two seconds of noise at −55 dBFS.
fn noise_like() -> Vec<Samples> {
    let mut state = 1u32;
    let sample = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16 / 300
    };
    frames((0..32_000).map(sample))
}

fn frames(samples: impl Iterator<Item = i16>) -> Vec<Samples> {
    let samples: Vec<i16> = samples.collect();
    samples.chunks_exact(FRAME_SAMPLES).map(|frame| frame.try_into().expect("a frame")).collect()
}
