//! The recogniser's worker, as the daemon runs it.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use inference::proto::RecogniseOptions;
use inference::{Deadlines, RecognitionEvent, WorkerClient};
use media::FRAME_SAMPLES;

/// Longer than any model takes to load.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A running worker; dropping it ends it.
pub struct Recogniser {
    child: Child,
    client: WorkerClient,
    folder: PathBuf,
}

impl Recogniser {
    /// Starts the worker and waits until it serves.
    pub async fn start(worker: &OsStr, options: impl Iterator<Item = OsString>) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("word-error-rate-{}", std::process::id()));
        let address = format!("unix:{}", folder.join("stt.sock").display());
        let child = Command::new(worker).args(["--listen", &address, "--capacity", "1"]).args(options).spawn()?;
        // The whole utterance is sent at once, so the recogniser is late by its length.
        let deadlines = Deadlines { final_transcript: START_WITHIN, ..Deadlines::default() };
        let client = WorkerClient::connect_lazy(&address.parse()?).with_deadlines(deadlines);
        let mut recogniser = Self { child, client, folder };
        let deadline = Instant::now() + START_WITHIN;
        while !matches!(recogniser.client.is_serving().await, Ok(true)) {
            if recogniser.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err("the worker does not serve".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(recogniser)
    }

    /// The transcript of an utterance of a caller who was not heard before.
    pub async fn recognise(&self, samples: &[i16]) -> Result<String, Box<dyn Error>> {
        let mut recognition = self.client.recognise(RecogniseOptions::default());
        for frame in samples.chunks(FRAME_SAMPLES) {
            recognition.send(frame)?;
        }
        recognition.finish();
        loop {
            match recognition.next().await? {
                Some(RecognitionEvent::Partial(_)) => {}
                Some(RecognitionEvent::Final { text, .. }) => return Ok(text),
                None => return Err("no final transcript".into()),
            }
        }
    }
}

impl Drop for Recogniser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
