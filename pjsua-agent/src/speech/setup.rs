//! From a configuration to workers that serve.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::pool::Pool;
use super::process::locate;
use super::worker::{Source, Worker};
use super::{SpeechConfig, SpeechError, StageConfig, Timing, WorkerKind, WorkerSource};
use crate::metrics;

/// A worker that ended so often before it ever served will not serve: a wrong option, a missing model.
const HOPELESS_ENDS: u32 = 3;

/// The workers by stage.
pub(super) struct Workers {
    pub(super) stt: Vec<Arc<Worker>>,
    pub(super) llm: Vec<Arc<Worker>>,
    pub(super) llm_fallback: Vec<Arc<Worker>>,
    pub(super) llm_small: Vec<Arc<Worker>>,
    pub(super) tts: Vec<Arc<Worker>>,
}

impl Workers {
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Worker>> {
        [&self.stt, &self.llm, &self.llm_fallback, &self.llm_small, &self.tts].into_iter().flatten()
    }
}

/// Checks everything that can be checked before a process is started.
pub(super) fn resolve(
    config: &SpeechConfig,
    with_voice: bool,
    changed: &watch::Sender<()>,
) -> Result<Workers, SpeechError> {
    let runtime_dir = prepare(&config.runtime_dir)?;
    let stage = |stage, config: &StageConfig| resolve_stage(stage, config, &runtime_dir, changed);
    let optional =
        |each, config: &Option<StageConfig>| config.as_ref().map_or(Ok(Vec::new()), |config| stage(each, config));
    let voice = |each, config: &StageConfig| if with_voice { stage(each, config) } else { Ok(Vec::new()) };
    Ok(Workers {
        stt: voice(WorkerKind::Stt, &config.stt)?,
        llm: stage(WorkerKind::Llm, &config.llm)?,
        llm_fallback: optional(WorkerKind::LlmFallback, &config.llm_fallback)?,
        llm_small: optional(WorkerKind::LlmSmall, &config.llm_small)?,
        tts: voice(WorkerKind::Tts, &config.tts)?,
    })
}

fn resolve_stage(
    stage: WorkerKind,
    config: &StageConfig,
    runtime_dir: &Path,
    changed: &watch::Sender<()>,
) -> Result<Vec<Arc<Worker>>, SpeechError> {
    if config.workers.is_empty() {
        return Err(SpeechError::NoWorkers { stage });
    }
    metrics::worker_restarts_known(stage.as_str());
    tracing::debug!(%stage, engine = config.engine, workers = config.workers.len(), "speech stage");
    let worker = |(index, source): (usize, &WorkerSource)| {
        let (address, source) = match source {
            WorkerSource::Address(text) => {
                (text.parse().map_err(|source| SpeechError::Address { stage, source })?, Source::Remote)
            }
            WorkerSource::Command { program, args } => {
                let found = locate(program).map_err(|looked_at| SpeechError::ProgramNotFound {
                    stage,
                    program: program.clone(),
                    looked_at,
                })?;
                let socket = runtime_dir.join(socket_name(stage, index));
                let address = format!("unix:{}", socket.display()).parse().map_err(SpeechError::SocketPath)?;
                (address, Source::Command { program: found, args: args.clone(), socket })
            }
        };
        Ok(Worker::new(stage, index, address, source, changed.clone()))
    };
    config.workers.iter().enumerate().map(worker).collect()
}

/// The daemon's process id keeps two daemons apart that share a directory.
fn socket_name(stage: WorkerKind, index: usize) -> String {
    format!("{}-{}-{index}.sock", std::process::id(), stage.file_name())
}

/// Makes the directory if it is missing, and removes the sockets of daemons that were killed.
fn prepare(runtime_dir: &Path) -> Result<PathBuf, SpeechError> {
    let error = |source| SpeechError::RuntimeDir { path: runtime_dir.to_owned(), source };
    let path = std::path::absolute(runtime_dir).map_err(error)?;
    DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(error)?;
    for entry in fs::read_dir(&path).map_err(error)?.flatten() {
        if entry.file_name().to_str().and_then(daemon_of).is_some_and(is_gone) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(path)
}

/// Whose socket this is, by its name.
fn daemon_of(file: &str) -> Option<i32> {
    let (pid, rest) = file.strip_suffix(".sock")?.split_once('-')?;
    let (stage, index) = rest.rsplit_once('-')?;
    let ours = WorkerKind::ALL.iter().any(|each| each.file_name() == stage);
    (ours && index.parse::<usize>().is_ok()).then(|| pid.parse().ok())?.filter(|pid| *pid > 0)
}

fn is_gone(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
}

/// Waits until every pool has a worker that serves.
pub(super) async fn serving(
    pools: &[&Pool],
    timing: &Timing,
    mut changes: watch::Receiver<()>,
) -> Result<(), SpeechError> {
    let began = Instant::now();
    loop {
        changes.borrow_and_update();
        let Some(missing) = pools.iter().find(|pool| !pool.is_serving()) else {
            return Ok(());
        };
        let hopeless = |pool: &&&Pool| pool.workers.iter().all(|worker| worker.unserved_ends() >= HOPELESS_ENDS);
        if let Some(pool) = pools.iter().find(hopeless) {
            return Err(not_serving(pool, began));
        }
        if timeout_at(began + timing.start_timeout, changes.changed()).await.is_err() {
            return Err(not_serving(missing, began));
        }
    }
}

fn not_serving(pool: &Pool, began: Instant) -> SpeechError {
    let worker = pool.workers.first().expect("a pool without workers was refused");
    let mut reason = worker.status().last_error.unwrap_or_else(|| "its health is not answered".into());
    let line = worker.last_error_line().or_else(|| worker.last_line());
    if let Some(line) = line.filter(|line| !reason.contains(line.as_str())) {
        reason = format!("{reason}, its last line: {line}");
    }
    let hint = match &worker.source {
        Source::Command { program, args, .. } => format!(
            "to see more, run it by hand: {} {} --listen unix:/tmp/worker.sock",
            program.display(),
            args.join(" ")
        ),
        Source::Remote => format!("see that a worker runs at {} and can be reached from here", worker.address),
    };
    SpeechError::NotServing { worker: worker.name.clone(), waited: began.elapsed(), reason, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_known_by_its_name_and_nothing_else_is() {
        assert_eq!(daemon_of(&socket_name(WorkerKind::LlmFallback, 3)), i32::try_from(std::process::id()).ok());
        for other in ["a.sock", "12-x-0.sock", "-1-stt-0.sock", "0-stt-0.sock", "12-stt-0", "12-stt-0.sock.77"] {
            assert_eq!(daemon_of(other), None, "{other}");
        }
    }
}
