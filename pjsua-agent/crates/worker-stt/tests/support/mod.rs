//! A worker process, and speech for it.

// Each suite is a program of its own and uses but a part.
#![allow(dead_code)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use inference::{InferenceError, RecognitionEvent, RecognitionStream, WorkerClient};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pjsua-agent-stt");

/// The path of an empty folder of this test's own.
pub fn folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("pjsua-agent-stt-test-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// A running worker; dropping it kills it.
pub struct Worker {
    pub child: Child,
    pub socket: PathBuf,
    pub client: WorkerClient,
    folder: PathBuf,
}

impl Worker {
    /// Starts a worker without waiting for it.
    pub fn start(options: &[&str]) -> Worker {
        Worker::start_by(&[], options)
    }

    /// The same, by a program that runs programs.
    pub fn start_by(runner: &[&str], options: &[&str]) -> Worker {
        let folder = folder();
        let socket = folder.join("stt.sock");
        let address = format!("unix:{}", socket.display());
        let program = [runner, &[PROGRAM]].concat();
        let child = Command::new(program[0])
            .args(&program[1..])
            .args(["--listen", &address])
            .args(options)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Worker { child, socket, client: WorkerClient::connect_lazy(&address.parse().unwrap()), folder }
    }

    /// Starts a worker and waits until it is SERVING.
    pub async fn serving(options: &[&str]) -> Worker {
        Worker::serving_by(&[], options).await
    }

    /// The same, by a program that runs programs.
    pub async fn serving_by(runner: &[&str], options: &[&str]) -> Worker {
        let mut worker = Worker::start_by(runner, options);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !matches!(worker.client.is_serving().await, Ok(true)) {
            assert!(worker.child.try_wait().unwrap().is_none(), "the worker has ended");
            assert!(Instant::now() < deadline, "the worker does not serve");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker
    }

    /// Waits for the worker's end.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the worker does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// How speech gets to the worker.
#[derive(Clone, Copy)]
pub enum Line {
    Wideband,
    /// G.711 µ-law at 8 kHz.
    Telephone,
}

/// `text` in a voice of flite, with what is before and after speech that a voice detector lets through.
pub fn speech(voice: &str, text: &str, line: Line) -> Vec<i16> {
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    run("flite", &["-voice", voice, "-t", text, "-o", path_str(&path("said.wav"))]);
    let (rate, encoding) = match line {
        Line::Wideband => ("16000", ["-e", "signed", "-b", "16"]),
        Line::Telephone => ("8000", ["-e", "u-law", "-b", "8"]),
    };
    let (said, sent, heard) = (path("said.wav"), path("sent.wav"), path("heard.raw"));
    let mut send = vec![path_str(&said), "-r", rate, "-c", "1"];
    send.extend(encoding);
    send.extend([path_str(&sent), "pad", "0.1", "0.2"]);
    run("sox", &send);
    let receive = [path_str(&sent), "-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-L", path_str(&heard)];
    run("sox", &receive);
    let bytes = fs::read(&heard).unwrap();
    let _ = fs::remove_dir_all(&folder);
    bytes.as_chunks::<2>().0.iter().map(|&sample| i16::from_le_bytes(sample)).collect()
}

fn path_str(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What came of an utterance.
#[derive(Debug)]
pub struct Heard {
    pub text: String,
    pub partials: Vec<String>,
    pub adaptation: Vec<u8>,
}

/// Streams `samples` in 20 ms frames at four times their speed, and waits for the final.
pub async fn say(mut recognition: RecognitionStream, samples: &[i16]) -> Result<Heard, InferenceError> {
    let mut partials = Vec::new();
    // In real time: partial transcripts are for a recogniser that keeps up.
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for frame in samples.chunks(320) {
        tick.tick().await;
        recognition.send(frame).unwrap();
    }
    recognition.finish();
    loop {
        match recognition.next().await? {
            Some(RecognitionEvent::Partial(text)) => partials.push(text),
            Some(RecognitionEvent::Final { text, adaptation, .. }) => {
                assert_eq!(recognition.next().await?, None, "nothing follows the final");
                return Ok(Heard { text, partials, adaptation });
            }
            None => panic!("no final"),
        }
    }
}
