//! Signals and helpers shared by the suites.
#![allow(dead_code)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use media::{AudioEvent, AudioSettings, CallAudio, FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples};

pub const FRAME: u64 = FRAME_SAMPLES as u64;

/// Samples in `ms` milliseconds.
pub fn ms(ms: usize) -> usize {
    ms * SAMPLE_RATE_HZ as usize / 1_000
}

/// Settings under which what is played is exactly what was pushed.
pub fn without_fades() -> AudioSettings {
    AudioSettings { fade: std::time::Duration::ZERO, ..AudioSettings::default() }
}

pub fn next_frame(call: &mut CallAudio) -> Samples {
    let mut frame = [i16::MAX; FRAME_SAMPLES];
    call.clock.get_frame(&mut frame);
    frame
}

pub fn events(call: &mut CallAudio) -> Vec<AudioEvent> {
    std::iter::from_fn(|| call.events.try_recv()).collect()
}

pub fn ramp(from: i16, len: usize) -> Vec<i16> {
    (0..len).map(|i| from + i as i16).collect()
}

/// A small generator (xorshift64*), so that every run hears the same noise.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Uniform in -1..1.
    pub fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// Near enough Gaussian, of standard deviation 1.
    pub fn gaussian(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() / 2.0
    }
}

pub fn amplitude(dbfs: f32) -> f32 {
    32_768.0 * 10f32.powf(dbfs / 20.0)
}

/// White Gaussian noise of the given RMS level.
pub fn noise(dbfs: f32, len: usize, seed: u64) -> Vec<i16> {
    let mut noise = Noise::new(seed);
    (0..len).map(|_| (noise.gaussian() * amplitude(dbfs)) as i16).collect()
}

/// A sum of sines, each of the given RMS level.
pub fn tones(tones: &[(f32, f32)], len: usize) -> Vec<i16> {
    let sample = |i: usize| {
        let time = i as f32 / SAMPLE_RATE_HZ as f32;
        let value = |&(hz, dbfs): &(f32, f32)| {
            amplitude(dbfs) * std::f32::consts::SQRT_2 * (std::f32::consts::TAU * hz * time).sin()
        };
        tones.iter().map(value).sum::<f32>() as i16
    };
    (0..len).map(sample).collect()
}

pub fn mix(a: &[i16], b: &[i16]) -> Vec<i16> {
    let at = |signal: &[i16], i: usize| signal.get(i).copied().unwrap_or(0);
    let sample = |i| at(a, i).saturating_add(at(b, i));
    (0..a.len().max(b.len())).map(sample).collect()
}

pub fn rms_dbfs(samples: &[i16]) -> f32 {
    let energy: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum();
    (10.0 * (energy / samples.len() as f64 / 32_768f64.powi(2) + 1e-12).log10()) as f32
}

/// A sentence spoken by flite, through a G.711 µ-law line if asked for: the
/// speech itself without the silence around it, of the given RMS level.
pub fn speak(voice: &str, text: &str, dbfs: f32, by_telephone: bool) -> Vec<i16> {
    static SPOKEN: AtomicU32 = AtomicU32::new(0);
    let number = SPOKEN.fetch_add(1, Ordering::Relaxed);
    let name = format!("spoken-{}-{number}", std::process::id());
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (spoken, line) = (dir.join(format!("{name}.wav")), dir.join(format!("{name}-line.wav")));
    run(Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&spoken));
    let raw = dir.join(format!("{name}.raw"));
    let mut source = &spoken;
    if by_telephone {
        let telephone = ["-r", "8000", "-e", "mu-law"];
        run(Command::new("sox").args(["-G", "-D"]).arg(source).args(telephone).arg(&line));
        source = &line;
    }
    let linear = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-L", "-c", "1"];
    run(Command::new("sox").args(["-G", "-D"]).arg(source).args(linear).arg(&raw));
    let bytes = std::fs::read(&raw).expect("sox wrote the file");
    for file in [spoken, line, raw] {
        let _ = std::fs::remove_file(file);
    }
    let samples: Vec<i16> = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    scale(trim(&samples), dbfs)
}

/// A program that the project requires (flite, sox).
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// From the first to the last 5 ms that are within 30 dB of the loudest.
fn trim(samples: &[i16]) -> &[i16] {
    let step = ms(5);
    let levels: Vec<f32> = samples.chunks_exact(step).map(rms_dbfs).collect();
    let loudest = levels.iter().copied().fold(f32::MIN, f32::max);
    let is_speech = |&level: &f32| level > loudest - 30.0;
    let first = levels.iter().position(is_speech).expect("there is speech");
    let last = levels.iter().rposition(is_speech).expect("there is speech");
    &samples[first * step..(last + 1) * step]
}

pub fn scale(samples: &[i16], dbfs: f32) -> Vec<i16> {
    let gain = 10f32.powf((dbfs - rms_dbfs(samples)) / 20.0);
    samples.iter().map(|&sample| (f32::from(sample) * gain) as i16).collect()
}

/// What the gate makes of a signal, each event with the captured samples at the
/// moment when it came.
pub fn listen(call: &mut CallAudio, signal: &[i16]) -> Vec<(u64, AudioEvent)> {
    let mut heard = Vec::new();
    for (index, samples) in (1u64..).zip(signal.chunks_exact(FRAME_SAMPLES)) {
        call.clock.put_frame(samples.try_into().expect("a whole frame"));
        call.audio.tick();
        heard.extend(events(call).into_iter().map(|event| (index * FRAME, event)));
    }
    heard
}

/// The same without the frames.
pub fn utterances(heard: &[(u64, AudioEvent)]) -> Vec<(u64, AudioEvent)> {
    let is_frame = |event: &AudioEvent| matches!(event, AudioEvent::Frame(_));
    heard.iter().filter(|(_, event)| !is_frame(event)).cloned().collect()
}
