//! Speech, noise and their measures, for the tests and the examples.
#![allow(dead_code)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use media::{FRAME_SAMPLES, SAMPLE_RATE_HZ, Suppressor};

/// What the suppressor makes of a signal, of which it keeps the length.
pub fn suppress(signal: &[i16]) -> Vec<i16> {
    let mut suppressor = Suppressor::new();
    let mut output = Vec::with_capacity(signal.len() + FRAME_SAMPLES);
    for samples in signal.chunks(FRAME_SAMPLES) {
        let mut frame = [0; FRAME_SAMPLES];
        frame[..samples.len()].copy_from_slice(samples);
        suppressor.process(&mut frame);
        output.extend(frame);
    }
    output.truncate(signal.len());
    output
}

/// The signal as late as the suppressor would make it.
pub fn delayed(signal: &[i16]) -> Vec<i16> {
    let late = Suppressor::new().delay().as_micros() as usize * SAMPLE_RATE_HZ as usize / 1_000_000;
    let mut output = vec![0; late];
    output.extend(&signal[..signal.len() - late]);
    output
}

/// Mean over the frames with speech of the ratio of signal to difference, each
/// between −10 and 35 dB (J. H. L. Hansen, B. L. Pellom, ICSLP 1998).
pub fn segmental_snr_db(signal: &[i16], changed: &[i16]) -> f64 {
    let energy = |samples: &[f64]| samples.iter().map(|s| s * s).sum::<f64>();
    let ratios: Vec<f64> = signal
        .chunks_exact(FRAME_SAMPLES)
        .zip(changed.chunks_exact(FRAME_SAMPLES))
        .filter(|(signal, _)| level_dbfs(signal) > -45.0)
        .map(|(signal, changed)| {
            let wanted: Vec<f64> = signal.iter().map(|&s| f64::from(s)).collect();
            let error: Vec<f64> = signal.iter().zip(changed).map(|(&a, &b)| f64::from(a) - f64::from(b)).collect();
            (10.0 * (energy(&wanted) / energy(&error).max(1.0)).log10()).clamp(-10.0, 35.0)
        })
        .collect();
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

pub fn level_dbfs(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum();
    10.0 * (energy / samples.len() as f64 / 32_768f64.powi(2) + 1e-12).log10()
}

pub fn mix(a: &[i16], b: &[i16]) -> Vec<i16> {
    a.iter().zip(b).map(|(&a, &b)| a.saturating_add(b)).collect()
}

pub fn scale(samples: &[i16], dbfs: f64) -> Vec<i16> {
    let gain = 10f64.powf((dbfs - level_dbfs(samples)) / 20.0);
    samples.iter().map(|&sample| (f64::from(sample) * gain).round() as i16).collect()
}

/// White noise of the given level; the same for the same seed (xorshift64*).
pub fn white(dbfs: f64, len: usize, seed: u64) -> Vec<i16> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    let noise: Vec<i16> = (0..len).map(|_| ((0..6).map(|_| uniform()).sum::<f64>() * 5_000.0) as i16).collect();
    scale(&noise, dbfs)
}

/// A sentence spoken by flite through a telephone line, of the given RMS level.
pub fn speak(voice: &str, text: &str, dbfs: f64) -> Vec<i16> {
    let spoken = scratch("spoken.wav");
    run(Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&spoken));
    scale(&through_line(spoken), dbfs)
}

/// What a G.711 µ-law line makes of a signal.
pub fn telephone(signal: &[i16]) -> Vec<i16> {
    let wav = scratch("sent.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&wav, spec).expect("the folder for temporary files is writable");
    for &sample in signal {
        writer.write_sample(sample).expect("there is room");
    }
    writer.finalize().expect("there is room");
    let mut heard = through_line(wav);
    heard.resize(signal.len(), 0);
    heard
}

/// Samples in `ms` milliseconds.
pub fn samples_in_ms(ms: usize) -> usize {
    ms * SAMPLE_RATE_HZ as usize / 1_000
}

fn scratch(kind: &str) -> PathBuf {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("noise-suppression-{}-{number}-{kind}", std::process::id()))
}

fn through_line(sent: PathBuf) -> Vec<i16> {
    let (line, raw) = (scratch("line.wav"), scratch("heard.raw"));
    run(Command::new("sox").arg("-D").arg(&sent).args(["-r", "8000", "-e", "mu-law"]).arg(&line));
    let linear = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-L", "-c", "1"];
    run(Command::new("sox").arg("-D").arg(&line).args(linear).arg(&raw));
    let bytes = std::fs::read(&raw).expect("sox wrote the file");
    for file in [sent, line, raw] {
        let _ = std::fs::remove_file(file);
    }
    bytes.as_chunks::<2>().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect()
}

/// A program that the project requires (flite, sox).
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
