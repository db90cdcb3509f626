//! `suppress IN.wav OUT.wav`: the suppressor's effect on a recording, 16 kHz, mono,
//! 16 bits, to listen to or to recognise. The delay is taken out.

use std::error::Error;

use media::{FRAME_SAMPLES, SAMPLE_RATE_HZ, Suppressor};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(noisy), Some(clean)) = (args.next(), args.next()) else {
        return Err("usage: suppress IN.wav OUT.wav".into());
    };
    let reader = hound::WavReader::open(&noisy)?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (SAMPLE_RATE_HZ, 1, 16) {
        return Err(format!("{}: not 16 kHz, mono, 16 bits but {spec:?}", noisy.display()).into());
    }
    let samples: Vec<i16> = reader.into_samples().collect::<Result<_, _>>()?;
    let mut suppressor = Suppressor::new();
    let late = suppressor.delay().as_micros() as usize * SAMPLE_RATE_HZ as usize / 1_000_000;
    let mut output = Vec::new();
    for start in (0..samples.len() + late).step_by(FRAME_SAMPLES) {
        let mut frame = std::array::from_fn(|i| samples.get(start + i).copied().unwrap_or(0));
        suppressor.process(&mut frame);
        output.extend(frame);
    }
    let mut writer = hound::WavWriter::create(&clean, spec)?;
    for sample in &output[late..late + samples.len()] {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(())
}
