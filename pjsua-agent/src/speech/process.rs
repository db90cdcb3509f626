//! The process of a local worker: found, started, listened to, ended.

use std::env;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::worker::Worker;

/// The longest line of a worker that is kept; the rest of a longer one is left out.
const LINE_BYTES: usize = 2_000;
/// How long an ended worker's last lines may take to arrive.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Finds a worker program: a path as it is, a bare name beside the daemon's own program and then in `PATH`.
///
/// # Errors
/// Every path that was looked at.
pub(super) fn locate(program: &Path) -> Result<PathBuf, Vec<PathBuf>> {
    let candidates: Vec<PathBuf> = if program.components().count() > 1 || program.is_absolute() {
        vec![program.to_owned()]
    } else {
        let own = env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
        let path = env::var_os("PATH").unwrap_or_default();
        own.into_iter().chain(env::split_paths(&path)).map(|folder| folder.join(program)).collect()
    };
    match candidates.iter().find(|path| is_executable(path)) {
        Some(found) => Ok(found.clone()),
        None => Err(candidates),
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// A running worker process.
pub(super) struct Process {
    child: Child,
    output: JoinHandle<()>,
}

impl Process {
    /// Starts the worker, in a process group of its own: a Ctrl-C at the terminal is meant for the daemon, which
    /// drains its calls and still needs its workers for that.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(super) fn spawn(worker: &Arc<Worker>, program: &Path, args: &[String]) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(args)
            .arg("--listen")
            .arg(worker.address.to_string())
            .arg("--parent-pid")
            .arg(std::process::id().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let stderr = child.stderr.take().expect("stderr is piped");
        let output = tokio::spawn(forward(Arc::clone(worker), stderr));
        Ok(Self { child, output })
    }

    /// Its process id, until it has been waited for.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end. May be dropped and called again.
    pub(super) async fn wait(&mut self) -> ProcessEnd {
        let end = match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => ProcessEnd { text: format!("cannot be waited for: {error}"), by_itself: false },
        };
        if !self.output.is_finished() {
            let _ = timeout(LAST_LINES, &mut self.output).await;
        }
        end
    }

    /// Kills it, by its id, and waits for its end.
    pub(super) async fn kill(&mut self) {
        // It may have ended by itself meanwhile; waiting reaps it either way.
        let _ = self.child.start_kill();
        let _ = self.child.wait().await;
    }

    /// Asks it to end with SIGTERM, and kills it when it has not within `grace`.
    pub(super) async fn terminate(&mut self, grace: Duration) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        if timeout(grace, self.child.wait()).await.is_err() {
            self.kill().await;
        }
    }
}

/// How a process ended.
pub(super) struct ProcessEnd {
    /// `exited with code 1`, `killed by SIGKILL`.
    pub(super) text: String,
    /// It returned an exit code.
    pub(super) by_itself: bool,
}

fn describe(status: ExitStatus) -> ProcessEnd {
    let text = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(name) => format!("killed by {name}"),
            Err(_) => format!("killed by signal {signal}"),
        },
        (None, None) => "ended".into(),
    };
    ProcessEnd { text, by_itself: status.code().is_some() }
}

/// Passes the worker's lines on to the daemon's log until it closes its error output.
async fn forward(worker: Arc<Worker>, mut stderr: impl AsyncRead + Unpin) {
    let mut buffer = [0; 4096];
    let mut line = Vec::new();
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        for &byte in &buffer[..read] {
            if byte == b'\n' {
                pass_on(&worker, &line);
                line.clear();
            } else if line.len() < LINE_BYTES {
                line.push(byte);
            }
        }
    }
    pass_on(&worker, &line);
}

fn pass_on(worker: &Worker, line: &[u8]) {
    let line = String::from_utf8_lossy(line);
    let (level, text) = level_and_text(line.trim());
    if text.is_empty() {
        return;
    }
    let name = worker.name.as_str();
    worker.wrote(text, level == tracing::Level::ERROR);
    match level {
        tracing::Level::ERROR => tracing::error!(target: "worker", worker = name, "{text}"),
        tracing::Level::WARN => tracing::warn!(target: "worker", worker = name, "{text}"),
        tracing::Level::INFO => tracing::info!(target: "worker", worker = name, "{text}"),
        tracing::Level::DEBUG => tracing::debug!(target: "worker", worker = name, "{text}"),
        tracing::Level::TRACE => tracing::trace!(target: "worker", worker = name, "{text}"),
    }
}

/// Separates the time and level that `tracing` writes from the rest. What an engine's library prints by itself has
/// neither, and may hold what a caller said: it is passed on at debug level.
fn level_and_text(line: &str) -> (tracing::Level, &str) {
    if let Some((time, rest)) = line.split_once(' ')
        && time.starts_with(|first: char| first.is_ascii_digit())
        && let Some((level, text)) = rest.trim_start().split_once(' ')
        && let Ok(level) = level.parse()
        && !level_is_number(rest)
    {
        return (level, text.trim_start());
    }
    if line.starts_with("error:") || line.contains("panicked at") {
        return (tracing::Level::ERROR, line);
    }
    (tracing::Level::DEBUG, line)
}

/// `tracing::Level` also parses 1 to 5.
fn level_is_number(text: &str) -> bool {
    text.trim_start().starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_line_of_tracing_keeps_its_level_and_loses_its_time() {
        assert_eq!(
            level_and_text("2026-01-02T03:04:05.678Z  WARN pjsua_agent_tts: no such voice"),
            (Level::WARN, "pjsua_agent_tts: no such voice")
        );
    }

    #[test]
    fn what_a_library_prints_is_for_debugging_only() {
        assert_eq!(
            level_and_text("INFO: ngram_search.c(1288): words"),
            (Level::DEBUG, "INFO: ngram_search.c(1288): words")
        );
        assert_eq!(level_and_text("12 3 frames"), (Level::DEBUG, "12 3 frames"));
    }

    #[test]
    fn a_fatal_line_is_an_error() {
        assert_eq!(level_and_text("error: cannot load").0, Level::ERROR);
        assert_eq!(level_and_text("thread 'main' panicked at x.rs:1").0, Level::ERROR);
    }

    #[test]
    fn a_bare_name_is_looked_for_beside_the_daemon_and_in_path() {
        assert!(locate(Path::new("sh")).is_ok_and(|path| path.ends_with("sh")));
        let looked_at = locate(Path::new("no-such-worker")).unwrap_err();
        let own = env::current_exe().unwrap().parent().unwrap().join("no-such-worker");
        assert_eq!(looked_at[0], own);
        assert_eq!(locate(Path::new("./no-such-worker")), Err(vec!["./no-such-worker".into()]));
    }
}
