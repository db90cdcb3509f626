//! How soon the gate notices that somebody speaks, and how often it is mistaken:
//! `onset [--sure-margin DB] SNR_DB LEVEL_DBFS FILE…` with WAV files of 16 kHz, mono,
//! 16 bits. Each file is put into a line with so much white noise, a second after
//! its beginning, in four positions against the frames. Times count from the first
//! 5 ms that are within 30 dB of the file's loudest.

use std::error::Error;
use std::path::Path;

use media::{AudioEvent, AudioSettings, FRAME_SAMPLES, call_audio};

const LEAD_SAMPLES: usize = 16_000;
const STEP_SAMPLES: usize = 80;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut settings = AudioSettings::default();
    if args.len() > 1 && args[0] == "--sure-margin" {
        settings.sure_margin_db = args[1].parse()?;
        args.drain(..2);
    }
    let [snr_db, level_dbfs, files @ ..] = &args[..] else {
        return Err("usage: onset [--sure-margin DB] SNR_DB LEVEL_DBFS FILE…".into());
    };
    let (snr_db, level_dbfs): (f64, f64) = (snr_db.parse()?, level_dbfs.parse()?);
    let (mut onsets, mut unheard) = (Vec::new(), 0);
    for file in files {
        let samples = scaled(&read(Path::new(file))?, level_dbfs);
        let onset = first_audible(&samples);
        let mut utterances = Vec::new();
        for offset in (0..FRAME_SAMPLES).step_by(STEP_SAMPLES) {
            let line = with_noise(&samples, offset, level_dbfs - snr_db);
            let starts = starts_in(&settings, &line);
            utterances.push(starts.len());
            let true_onset = LEAD_SAMPLES + offset + onset;
            match starts.iter().find(|&&start| start > true_onset) {
                Some(start) => onsets.push((start - true_onset) as f64 / 16.0),
                None => unheard += 1,
            }
        }
        println!("{file}: {utterances:?} utterances");
    }
    onsets.sort_by(f64::total_cmp);
    if let Some(last) = onsets.len().checked_sub(1) {
        let at = |part: f64| onsets[(last as f64 * part) as usize];
        println!(
            "{} onsets, {unheard} unheard; ms from onset to SpeechStarted: p50 {:.0}, p90 {:.0}, p95 {:.0}, max {:.0}",
            onsets.len(),
            at(0.5),
            at(0.9),
            at(0.95),
            at(1.0)
        );
    }
    Ok(())
}

/// Captured samples at the moment of each `SpeechStarted`.
fn starts_in(settings: &AudioSettings, line: &[i16]) -> Vec<usize> {
    let mut call = call_audio(settings);
    let mut starts = Vec::new();
    for (number, frame) in (1..).zip(line.as_chunks::<FRAME_SAMPLES>().0) {
        call.clock.put_frame(frame);
        call.audio.tick();
        while let Some(event) = call.events.try_recv() {
            if let AudioEvent::SpeechStarted { .. } = event {
                starts.push(number * FRAME_SAMPLES);
            }
        }
    }
    starts
}

fn read(file: &Path) -> Result<Vec<i16>, Box<dyn Error>> {
    let reader = hound::WavReader::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (16_000, 1, 16) {
        return Err(format!("{}: not 16 kHz, mono, 16 bits but {spec:?}", file.display()).into());
    }
    Ok(reader.into_samples().collect::<Result<_, _>>()?)
}

fn power(samples: &[i16]) -> f64 {
    samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

fn first_audible(samples: &[i16]) -> usize {
    let powers: Vec<f64> = samples.chunks(STEP_SAMPLES).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    STEP_SAMPLES * powers.iter().position(|&power| power > loudest / 1_000.0).unwrap_or(0)
}

/// To the level, in dBFS, of what is within 30 dB of the loudest.
fn scaled(samples: &[i16], dbfs: f64) -> Vec<i16> {
    let powers: Vec<f64> = samples.chunks(STEP_SAMPLES).map(power).collect();
    let loudest = powers.iter().copied().fold(1.0, f64::max);
    let active: Vec<f64> = powers.into_iter().filter(|&power| power > loudest / 1_000.0).collect();
    let mean = active.iter().sum::<f64>() / active.len().max(1) as f64;
    let gain = 10f64.powf(dbfs / 20.0) * 32_768.0 / mean.max(1.0).sqrt();
    samples.iter().map(|&s| (f64::from(s) * gain) as i16).collect()
}

/// Noise of the level, in dBFS, and the samples a second and `offset` later.
fn with_noise(samples: &[i16], offset: usize, noise_dbfs: f64) -> Vec<i16> {
    // A linear congruential generator (D. E. Knuth's MMIX); the sum of four
    // uniform numbers of variance 1/3 each.
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    let gain = 10f64.powf(noise_dbfs / 20.0) * 32_768.0 * 0.75f64.sqrt();
    let mut line: Vec<i16> = (0..LEAD_SAMPLES + offset + samples.len() + LEAD_SAMPLES)
        .map(|_| ((0..4).map(|_| uniform()).sum::<f64>() * gain) as i16)
        .collect();
    for (line, &sample) in line[LEAD_SAMPLES + offset..].iter_mut().zip(samples) {
        *line = line.saturating_add(sample);
    }
    line
}
