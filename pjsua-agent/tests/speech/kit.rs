//! What the suites share: configurations of test workers, and waiting.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use inference::GenerationEvent;
use inference::proto::{GenerateRequest, SynthesiseRequest};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pjsua_agent::speech::{
    Generation, RequestError, Rules, Speech, SpeechConfig, StageConfig, Timing, WorkerSource, WorkerState, WorkerStatus,
};
use tokio::time::{Instant, sleep};

/// A directory of this test, removed at its end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pjsua-agent-speech-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Where cargo puts programs: this test lies in its `deps`.
pub fn programs() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned()
}

pub fn test_worker() -> PathBuf {
    programs().join("examples").join("test_worker")
}

pub fn command(args: &[&str]) -> WorkerSource {
    WorkerSource::Command { program: test_worker(), args: args.iter().map(ToString::to_string).collect() }
}

pub fn stage(workers: impl IntoIterator<Item = WorkerSource>) -> StageConfig {
    StageConfig { engine: "test".into(), workers: workers.into_iter().collect() }
}

/// One test worker a stage, and no fallback.
pub fn config(folder: &Folder) -> SpeechConfig {
    let one = || stage([command(&[])]);
    let runtime_dir = folder.path().join("run");
    SpeechConfig {
        stt: one(),
        llm: one(),
        llm_fallback: None,
        rules: Rules::Beside,
        llm_small: None,
        tts: one(),
        runtime_dir,
    }
}

/// As in the daemon, but for what would make tests slow.
pub fn timing() -> Timing {
    Timing { start_timeout: Duration::from_secs(20), ..Timing::default() }
}

pub async fn start(config: SpeechConfig) -> Arc<Speech> {
    start_with(config, timing()).await
}

pub async fn start_with(config: SpeechConfig, timing: Timing) -> Arc<Speech> {
    Speech::start_with(config, timing).await.unwrap_or_else(|error| panic!("{error}"))
}

pub fn worker(speech: &Speech, name: &str) -> WorkerStatus {
    speech.workers().into_iter().find(|worker| worker.name == name).expect("the worker is known")
}

pub fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

/// Stops a process, and waits until every thread of it has stopped: the signal reaches them one after the other.
pub async fn stop(pid: u32) {
    let has_stopped = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap();
        stat.rsplit(") ").next().unwrap().starts_with('T')
    };
    signal(pid, Signal::SIGSTOP);
    until(Duration::from_secs(5), || {
        std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().all(|task| has_stopped(task.unwrap()))
    })
    .await;
}

pub fn exists(pid: u32) -> bool {
    kill(Pid::from_raw(pid.try_into().unwrap()), None).is_ok()
}

/// Waits until `what` holds; returns how long that took.
pub async fn until(bound: Duration, what: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < bound, "not within {bound:?}");
        sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

/// Waits until a worker serves in another process than `old`; returns how long that took.
pub async fn until_replaced(speech: &Speech, name: &str, old: u32, bound: Duration) -> Duration {
    until(bound, || {
        let now = worker(speech, name);
        now.state == WorkerState::Serving && now.pid.is_some_and(|pid| pid != old)
    })
    .await
}

pub async fn within<T>(bound: Duration, what: impl Future<Output = T>) -> T {
    tokio::time::timeout(bound, what).await.unwrap_or_else(|_| panic!("not within {bound:?}"))
}

/// The reply's text: test workers say their process id.
pub async fn reply(speech: &Speech, call_id: &str) -> Result<String, String> {
    let request = GenerateRequest { call_id: call_id.into(), ..Default::default() };
    said(speech.generate(request).await).await
}

/// The same of the small model.
pub async fn first_words(speech: &Speech) -> Result<String, String> {
    said(speech.pre_response(GenerateRequest::default()).await).await
}

async fn said(generation: Result<Generation, RequestError>) -> Result<String, String> {
    let mut generation = generation.map_err(|error| error.to_string())?;
    let mut text = String::new();
    loop {
        match generation.next().await.map_err(|error| error.to_string())? {
            Some(GenerationEvent::Delta(more)) => text += &more,
            Some(GenerationEvent::Act(_)) => {}
            Some(GenerationEvent::Done { .. }) => return Ok(text),
            None => return Err("no end".into()),
        }
    }
}

/// How many samples a clause has.
pub async fn clause(speech: &Speech, text: &str) -> Result<usize, String> {
    let request = SynthesiseRequest { text: text.into(), ..Default::default() };
    let mut synthesis = speech.synthesise(request).await.map_err(|error| error.to_string())?;
    let mut samples = 0;
    while let Some(more) = synthesis.next().await.map_err(|error| error.to_string())? {
        samples += more.len();
    }
    Ok(samples)
}

/// What is recognised of 100 ms of silence.
pub async fn transcript(speech: &Speech) -> Result<String, String> {
    let mut recognition = speech.recognise(Default::default());
    recognition.send(&[0; 1_600]);
    recognition.finish();
    loop {
        match recognition.next().await.map_err(|error| error.to_string())? {
            Some(inference::RecognitionEvent::Final { text, .. }) => return Ok(text),
            Some(inference::RecognitionEvent::Partial(_)) => {}
            None => return Err("no final transcript".into()),
        }
    }
}
