//! Streams WAV files (16 kHz, mono, 16 bits) to a running worker as one caller's utterances, and prints for each the
//! transcript, its confidence, and how long after the last frame it came.
//!
//! `transcribe ADDRESS SPEED FILE…`: SPEED 1 is real time, 0 as fast as possible. From the environment: `SPOKEN`, the language;
//! `OTHER_LANGUAGES` and `VOCABULARY`, with commas between; `ONE_CALLER`, where one caller says all.

use std::{env, error::Error, fs, time::Duration};

use inference::{
    RecognitionEvent, WorkerClient,
    proto::{OtherLanguage, RecogniseOptions},
};
use tokio::time::{Instant, sleep_until};

const FRAME_SAMPLES: usize = 320;
const WAV_HEADER_BYTES: usize = 44;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(address), Some(speed)) = (args.next(), args.next()) else {
        return Err("usage: transcribe ADDRESS SPEED FILE…".into());
    };
    let client = WorkerClient::connect_lazy(&address.parse()?);
    let speed: f64 = speed.parse()?;
    let keep = env::var_os("ONE_CALLER").is_some();
    let list = |name| -> Vec<String> {
        env::var(name).map(|words| words.split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let vocabulary = list("VOCABULARY");
    let other = |language| OtherLanguage { language, ..OtherLanguage::default() };
    let other_languages: Vec<OtherLanguage> = list("OTHER_LANGUAGES").into_iter().map(other).collect();
    let mut adaptation = Vec::new();
    for file in args {
        let bytes = fs::read(&file)?;
        let (samples, _) = bytes[WAV_HEADER_BYTES.min(bytes.len())..].as_chunks::<2>();
        let samples: Vec<i16> = samples.iter().map(|&sample| i16::from_le_bytes(sample)).collect();
        let options = RecogniseOptions {
            adaptation: adaptation.clone(),
            vocabulary: vocabulary.clone(),
            other_languages: other_languages.clone(),
            language: env::var("SPOKEN").unwrap_or_default(),
            ..Default::default()
        };
        let (mut audio, mut events) = client.recognise(options).split();
        let started = Instant::now();
        let sender = tokio::spawn(async move {
            for (number, frame) in samples.chunks(FRAME_SAMPLES).enumerate() {
                audio.send(frame)?;
                if speed > 0.0 {
                    sleep_until(started + Duration::from_millis(20).mul_f64((number + 1) as f64 / speed)).await;
                }
            }
            audio.finish();
            Ok::<_, inference::SendError>((Instant::now(), audio))
        });
        let mut partials = 0;
        while let Some(event) = events.next().await? {
            match event {
                RecognitionEvent::Partial(_) => partials += 1,
                RecognitionEvent::Final { text, confidence, adaptation: learnt, language } => {
                    let (finished, _audio) = sender.await??;
                    let latency_ms = finished.elapsed().as_secs_f64() * 1e3;
                    println!("{file}\t{partials}\t{latency_ms:.0}\t{confidence:.3}\t{text}\t{language}");
                    if keep {
                        adaptation = learnt;
                    }
                    break;
                }
            }
        }
    }
    Ok(())
}
