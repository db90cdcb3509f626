//! A recogniser of its own, fed as the daemon feeds it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use inference::proto::RecogniseOptions;
use inference::{Deadlines, RecognitionEvent};
use tests::rtp::FRAME;
use tokio::time::{Instant, interval};

use crate::served::Served;

/// A running `pjsua-agent-stt`.
pub struct Recogniser(Served);

/// What came of an utterance.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub text: String,
    pub language: String,
    pub adaptation: Vec<u8>,
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
    /// The worker was not built, or does not serve.
    pub fn start(arguments: &[String], dir: &Path) -> Result<Self> {
        let deadlines = Deadlines { final_transcript: Duration::from_secs(60), ..Deadlines::default() };
        Served::start("pjsua-agent-stt", arguments, deadlines, dir).map(Self)
    }

    /// Processor time so far.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu(&self) -> Result<Duration> {
        Ok(self.0.process.usage()?.cpu)
    }

    /// Feeds `samples`, of which the last `silence` are silent, asks, and waits.
    ///
    /// # Errors
    /// It gives no final transcript.
    pub fn hear(&self, samples: &[i16], silence: Duration, options: RecogniseOptions, pace: Pace) -> Result<Heard> {
        self.0.runtime.block_on(async {
            let (mut audio, mut events) = self.0.client.recognise(options).split();
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
                    RecognitionEvent::Final { text, adaptation, language, .. } => {
                        let (asked, _audio) = sender.await??;
                        let final_ms = (asked.elapsed() + silence).as_secs_f64() * 1e3;
                        return Ok(Heard { text, language, adaptation, partials, final_ms });
                    }
                }
            }
            bail!("the recogniser gave no final transcript")
        })
    }
}
