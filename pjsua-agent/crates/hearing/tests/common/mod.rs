//! The models where they are present, voices and noises, and an ear whose events can be waited for.
#![allow(dead_code)]

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use hearing::{Ear, EarEvent, EndOfTurnSettings, HearingConfig, Models};
use model_store::Store;

/// Samples in a millisecond.
pub const MS: usize = 16;
/// No event comes this late on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Both models; without them a loud line and nothing, or a failure where `CI=true`.
pub fn config() -> Option<HearingConfig> {
    let reason = match from_store() {
        Ok(config) => return Some(config),
        Err(reason) => reason,
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
    eprintln!("SKIPPED: hearing was not tested with its models: {reason}");
    None
}

/// As the daemon finds them.
fn from_store() -> Result<HearingConfig, Box<dyn Error>> {
    let store = Store::open_default()?;
    // However slow the machine is.
    let end_of_turn = EndOfTurnSettings { max_wait: PATIENCE, ..EndOfTurnSettings::default() };
    Ok(HearingConfig {
        end_of_turn,
        vad_model: Some(store.path("silero-vad-16k")?),
        end_of_turn_model: Some(store.path("smart-turn-v3.2-cpu")?),
        ..HearingConfig::new(store.path("onnxruntime")?)
    })
}

/// Models with both models.
pub fn hearing() -> Option<Models> {
    Some(Models::start(config()?).expect("the models load"))
}

/// An ear and what it reports.
pub fn ear(hearing: &Models) -> (Ear, Receiver<EarEvent>) {
    let (send, receive) = channel();
    (hearing.ear(move |event| _ = send.send(event)), receive)
}

/// The verdicts on utterance 0, which most tests have only.
pub const CONFIRMED: EarEvent = EarEvent::Confirmed { utterance: 0 };
pub const DISMISSED: EarEvent = EarEvent::Dismissed { utterance: 0 };

pub fn next(events: &Receiver<EarEvent>) -> EarEvent {
    events.recv_timeout(PATIENCE).expect("an event comes")
}

/// Whole frames of a signal, the last filled with silence.
pub fn frames(signal: &[i16]) -> impl Iterator<Item = [i16; 320]> {
    signal.chunks(320).map(|chunk| {
        let mut frame = [0; 320];
        frame[..chunk.len()].copy_from_slice(chunk);
        frame
    })
}

/// Waits until nothing happens any more.
pub fn settle(hearing: &Models) {
    let mut before = hearing.counts();
    loop {
        std::thread::sleep(Duration::from_millis(150));
        let now = hearing.counts();
        if now == before {
            return;
        }
        before = now;
    }
}

/// A whole utterance as stage 1 would bring it, with a pre-roll of silence.
pub fn say(ear: &Ear, signal: &[i16]) {
    say_nth(0, ear, signal);
}

pub fn say_nth(nth: u32, ear: &Ear, signal: &[i16]) {
    ear.speech_started(nth);
    frames(&[0; 300 * MS]).chain(frames(signal)).for_each(|frame| ear.frame(&frame));
}

/// What flite says on a telephone line (G.711 µ-law), at 16 kHz, without the silence around it.
pub fn speak(voice: &str, text: &str) -> Vec<i16> {
    let dir = Folder::new();
    let spoken = dir.file("spoken.wav");
    run(Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&spoken));
    without_silence(&by_telephone(&spoken)).to_vec()
}

/// What comes of a recording through a telephone line (G.711 µ-law), at 16 kHz.
pub fn by_telephone(recording: &Path) -> Vec<i16> {
    let dir = Folder::new();
    let line = dir.file("line.wav");
    let telephone = ["-r", "8000", "-c", "1", "-e", "mu-law"];
    let mut sox = Command::new("sox");
    sox.args(["-G", "-D"]).arg(recording).args(telephone).arg(&line);
    run(&mut sox);
    read(&line)
}

/// From the first sound to the last.
pub fn without_silence(samples: &[i16]) -> &[i16] {
    let loud = |piece: &[i16]| piece.iter().any(|sample| sample.unsigned_abs() > 600);
    let first = samples.chunks(80).position(loud).expect("there is a sound") * 80;
    let last = samples.chunks(80).rposition(loud).expect("there is a sound") * 80;
    &samples[first..(last + 80).min(samples.len())]
}

/// A sound that sox makes: its `synth` effect and what follows.
pub fn sound(effects: &[&str]) -> Vec<i16> {
    let dir = Folder::new();
    let file = dir.file("sound.wav");
    run(Command::new("sox").args(["-R", "-n", "-r", "16000", "-b", "16", "-c", "1"]).arg(&file).args(effects));
    read(&file)
}

/// A file that sox knows, at 16 kHz.
pub fn read(file: &Path) -> Vec<i16> {
    let raw = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-L", "-c", "1", "-"];
    let bytes = run(Command::new("sox").args(["-G", "-D"]).arg(file).args(raw));
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// White noise, uniform up to `peak` (Numerical Recipes' generator).
pub fn noise(samples: usize, peak: i16) -> Vec<i16> {
    let mut random = 1_u32;
    let mut sample = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((random >> 16) as i16) % (peak + 1)
    };
    (0..samples).map(|_| sample()).collect()
}

/// A chirp whose level wavers, with noise (Numerical Recipes' generator).
pub fn signal(samples: usize) -> Vec<i16> {
    let mut random = 12_345_u32;
    let sample = |nth: usize| {
        let time = nth as f64 / 16_000.0;
        let phase = std::f64::consts::TAU * (200.0 * time + 150.0 * time * time);
        let level = 0.5 + 0.5 * (std::f64::consts::TAU * 3.0 * time).sin();
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from((random >> 16) % 401) - 200.0;
        (8_000.0 * phase.sin() * level + noise).round_ties_even() as i16
    };
    (0..samples).map(sample).collect()
}

pub fn mix(signal: &[i16], noise: &[i16]) -> Vec<i16> {
    signal.iter().zip(noise.iter().cycle()).map(|(signal, noise)| signal.saturating_add(*noise)).collect()
}

/// A program that the project requires (flite, sox).
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A folder of this test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = path.join(format!("hearing-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for this test");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
