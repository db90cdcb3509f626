//! A recogniser of its own, fed as the daemon feeds it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use inference::proto::RecogniseOptions;
use inference::{Address, Deadlines, RecognitionEvent, WorkerClient};
use tests::paths::program;
use tests::process::{Process, tail};
use tests::rtp::FRAME;
use tokio::runtime::Runtime;
use tokio::time::{Instant, interval};

/// A running `pjsua-agent-stt`.
pub struct Recogniser {
    process: Process,
    client: WorkerClient,
    runtime: Runtime,
}

/// What came of an utterance.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub text: String,
    pub partials: usize,
    /// From the caller's last sound to the final transcript, in milliseconds.
    pub final_ms: f64,
}

/// How fast an utterance is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    RealTime,
    AtOnce,
}

impl Recogniser {
    /// # Errors
    /// It was not built, or does not serve.
    pub fn start(arguments: &[String], dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let socket = std::env::temp_dir().join(format!("pjsua-agent-bench-stt-{}.sock", std::process::id()));
        let address = format!("unix:{}", socket.display());
        let mut command = Command::new(program("pjsua-agent-stt")?);
        command.args(["--listen", &address]).args(arguments);
        let log = dir.join("stt.log");
        let process = Process::spawn("pjsua-agent-stt", command, &log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let address: Address = address.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        let client = runtime.block_on(async {
            let deadlines = Deadlines { final_transcript: Duration::from_secs(60), ..Deadlines::default() };
            WorkerClient::connect_lazy(&address).with_deadlines(deadlines)
        });
        tests::until("the recogniser should serve", Duration::from_secs(60), || {
            runtime.block_on(client.is_serving()).ok().filter(|&serving| serving)
        })
        .with_context(|| tail(&log, 20))?;
        Ok(Self { process, client, runtime })
    }

    /// Processor time so far.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu(&self) -> Result<Duration> {
        Ok(self.process.usage()?.cpu)
    }

    /// Feeds `samples`, of which the last `silence` are silent, asks, and waits.
    ///
    /// # Errors
    /// It gives no final transcript.
    pub fn hear(&self, samples: &[i16], silence: Duration, language: &str, pace: Pace) -> Result<Heard> {
        self.runtime.block_on(async {
            let options =
                RecogniseOptions { sample_rate_hz: 16_000, language: language.into(), ..RecogniseOptions::default() };
            let (mut audio, mut events) = self.client.recognise(options).split();
            let samples = samples.to_vec();
            let sender = tokio::spawn(async move {
                let mut tick = interval(Duration::from_millis(20));
                for frame in samples.chunks(FRAME) {
                    if pace == Pace::RealTime {
                        tick.tick().await;
                    }
                    audio.send(frame)?;
                }
                let asked = Instant::now();
                audio.finish();
                Ok::<_, inference::SendError>((asked, audio))
            });
            let mut partials = 0;
            while let Some(event) = events.next().await? {
                match event {
                    RecognitionEvent::Partial(_) => partials += 1,
                    RecognitionEvent::Final { text, .. } => {
                        let (asked, _audio) = sender.await??;
                        let final_ms = (asked.elapsed() + silence).as_secs_f64() * 1e3;
                        return Ok(Heard { text, partials, final_ms });
                    }
                }
            }
            bail!("the recogniser gave no final transcript")
        })
    }
}
