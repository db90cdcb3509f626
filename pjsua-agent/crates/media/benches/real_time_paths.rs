//! What one call costs the media clock and the audio thread, in nanoseconds a
//! frame: `cargo bench -p media`. Prints a table; asserts nothing.

use std::time::{Duration, Instant};

use media::{AudioSettings, CallAudio, FRAME_SAMPLES, Playout, SILENCE, Samples, call_audio};

const FRAMES: usize = 20_000;

fn main() {
    println!("{FRAMES} frames of 20 ms each; nanoseconds a frame: median / p99");
    println!("{:<44} {:>14} {:>14} {:>14}", "", "put_frame", "get_frame", "tick");
    let silence = vec![SILENCE];
    let voice = voice_like();
    let noise = noise_like();
    let plain = AudioSettings::default();
    let drawn = AudioSettings { levels_interval: Duration::from_millis(100), ..AudioSettings::default() };
    measure("silence both ways", &plain, &silence, None, |_, _| {});
    measure("comfort noise in", &plain, &noise, None, |_, _| {});
    measure("agent speaks, caller silent", &plain, &noise, Some(&voice), |_, _| {});
    measure("caller speaks, driver listens", &plain, &voice, None, |_, _| {});
    measure("both speak", &plain, &voice, Some(&voice), |_, _| {});
    measure("both speak, levels are told", &drawn, &voice, Some(&voice), |_, _| {});
    measure("both speak, ducked", &plain, &voice, Some(&voice), |playout, number| {
        if number == 0 {
            playout.duck(-18.0);
        }
    });
    measure("both speak, a ramp in each frame", &plain, &voice, Some(&voice), |playout, number| match number % 2 {
        0 => playout.duck(-18.0),
        _ => playout.resume(),
    });
    measure("both speak, paused and resumed", &plain, &voice, Some(&voice), |playout, number| match number % 2 {
        0 => playout.pause(),
        _ => playout.resume(),
    });
}

fn measure(
    what: &str,
    settings: &AudioSettings,
    caller: &[Samples],
    agent: Option<&[Samples]>,
    act: impl Fn(&Playout, usize),
) {
    let CallAudio { mut clock, mut audio, mut playout, mut events, stats } = call_audio(settings);
    let mut times = [const { Vec::new() }; 3];
    let mut out = SILENCE;
    for number in 0..FRAMES {
        if let Some(agent) = agent {
            playout.push(1, &agent[number % agent.len()]);
        }
        act(&playout, number);
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
    format!("{} / {}", times[times.len() / 2], times[times.len() * 99 / 100])
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
