//! The daemon under test, with a configuration of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::journal::Journal;
use crate::process::{Process, Usage, children_of, tail};
pub use crate::setup::{Account, Engines, Setup};

/// Loading the recogniser's model takes most of it; two cores may be shared.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// A running daemon. Dropping it kills it; its log is printed when the test fails.
#[derive(Debug)]
pub struct Daemon {
    dir: PathBuf,
    config: PathBuf,
    sip: SocketAddr,
    api: SocketAddr,
    resolv_conf: Option<PathBuf>,
    process: Option<Process>,
}

impl Daemon {
    /// Writes the configuration, starts the daemon and waits until it can take calls.
    ///
    /// # Errors
    /// It was not built, ends, or is not ready in time.
    pub fn start(setup: Setup, dir: &Path) -> Result<Self> {
        let mut daemon = Self::start_unready(setup, dir)?;
        daemon.wait_ready()?;
        Ok(daemon)
    }

    /// Starts the daemon without waiting.
    ///
    /// # Errors
    /// It was not built.
    pub fn start_unready(setup: Setup, dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let api = SocketAddr::from((Ipv4Addr::LOCALHOST, loopback_ports::one()?));
        setup.write(api, dir)?;
        let resolv_conf = setup.resolv_conf.map(|text| (dir.join("resolv.conf"), text));
        if let Some((path, text)) = &resolv_conf {
            std::fs::write(path, text)?;
        }
        let resolv_conf = resolv_conf.map(|(path, _)| path);
        Self::launch(&dir.join("pjsua-agent.toml"), setup.sip, api, resolv_conf, dir)
    }

    /// Starts the daemon with a configuration that somebody else wrote, which names these two addresses and keeps its journal
    /// in `dir/journal`; its log goes to `dir`.
    ///
    /// # Errors
    /// It was not built.
    pub fn start_with(config: &Path, sip: SocketAddr, api: SocketAddr, dir: &Path) -> Result<Self> {
        Self::launch(config, sip, api, None, dir)
    }

    fn launch(
        config: &Path,
        sip: SocketAddr,
        api: SocketAddr,
        resolv_conf: Option<PathBuf>,
        dir: &Path,
    ) -> Result<Self> {
        let (dir, config) = (dir.to_path_buf(), config.to_path_buf());
        let mut daemon = Self { dir, config, sip, api, resolv_conf, process: None };
        daemon.start_again()?;
        Ok(daemon)
    }

    /// Starts it (again) with the same configuration; what still ran is killed.
    ///
    /// # Errors
    /// It was not built.
    pub fn start_again(&mut self) -> Result<()> {
        self.process = None;
        let mut command = Command::new(crate::paths::program("pjsua-agent")?);
        command.args(["run", "--config"]).arg(&self.config).current_dir(&self.dir);
        if let Some(file) = &self.resolv_conf {
            crate::mounts::bind(&mut command, &[(file.clone(), PathBuf::from("/etc/resolv.conf"))])?;
        }
        self.process = Some(Process::spawn("pjsua-agent", command, &self.log_path())?);
        Ok(())
    }

    /// Waits for `/ready`.
    ///
    /// # Errors
    /// It is not ready in time; the error shows its log.
    pub fn wait_ready(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the daemon is stopped")?;
        let ready_or_ended = || {
            let is_ready = self.get("/ready").is_ok_and(|(code, _)| code == 200);
            (is_ready || process.exited().is_some()).then_some(is_ready)
        };
        let waited = crate::until("the daemon should be ready", READY_LIMIT, ready_or_ended);
        self.process = Some(process);
        if !waited.with_context(|| self.not_ready())? {
            bail!("the daemon ended instead of getting ready: {}", self.not_ready());
        }
        Ok(())
    }

    fn not_ready(&self) -> String {
        let answer =
            self.get("/ready").map_or_else(|error| format!("{error:#}"), |(code, body)| format!("{code} {body}"));
        format!("/ready: {answer}\n{}", tail(&self.log_path(), 40))
    }

    /// Where it receives SIP.
    pub fn sip(&self) -> SocketAddr {
        self.sip
    }

    /// Its process id.
    ///
    /// # Errors
    /// It was stopped.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.process.as_ref().context("the daemon is stopped")?.pid())
    }

    /// What it has used so far, without its workers.
    ///
    /// # Errors
    /// It has ended.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid()?)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.exited().is_none())
    }

    /// Its workers: process ids of the program of that name.
    pub fn workers(&self, program: &str) -> Vec<u32> {
        let children = self.pid().map(children_of).unwrap_or_default();
        children.into_iter().filter(|(_, name)| name == program).map(|(pid, _)| pid).collect()
    }

    /// An HTTP request to its API: status and body.
    ///
    /// # Errors
    /// Nothing answers, or not HTTP.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        http_get(self.api, path)
    }

    /// The calls it knows of.
    ///
    /// # Errors
    /// The API does not answer.
    pub fn calls(&self) -> Result<Vec<Value>> {
        let (_, body) = self.get("/api/v1/calls")?;
        match serde_json::from_str(&body)? {
            Value::Array(calls) => Ok(calls),
            Value::Object(mut object) => match object.remove("calls") {
                Some(Value::Array(calls)) => Ok(calls),
                _ => bail!("no calls in {body}"),
            },
            other => bail!("unexpected answer: {other}"),
        }
    }

    /// Waits until it has exactly `count` calls.
    ///
    /// # Errors
    /// It has another number after `limit`.
    pub fn wait_calls(&self, count: usize, limit: Duration) -> Result<()> {
        let what = format!("the daemon should have {count} calls");
        crate::until(&what, limit, || (self.calls().ok()?.len() == count).then_some(()))
            .with_context(|| self.log_tail())
    }

    /// The sum of all samples of a metric whose name ends like this; 0 when there is none.
    ///
    /// # Errors
    /// The API does not answer.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let (_, body) = self.get("/metrics")?;
        let samples = body.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let series_name = series.split('{').next()?;
            series_name.ends_with(name).then(|| value.parse::<f64>().ok())?
        });
        Ok(samples.sum())
    }

    /// The journals of its calls, oldest first.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn journals(&self) -> Result<Vec<Journal>> {
        Journal::read_all(&self.dir.join("journal"))
    }

    /// The journal of its newest call, which may still be written to; `None` before the first.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn running_journal(&self) -> Result<Option<Journal>> {
        Journal::read_newest(&self.dir.join("journal"))
    }

    /// Waits for the complete journal of its only call, or of its newest.
    ///
    /// # Errors
    /// It is not complete after some seconds.
    pub fn newest_journal(&self) -> Result<Journal> {
        crate::until("a complete journal", Duration::from_secs(8), || {
            self.running_journal().ok()?.filter(Journal::is_complete)
        })
        .with_context(|| self.log_tail())
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It still runs after `limit`.
    pub fn wait_end(&mut self, limit: Duration) -> Result<ExitStatus> {
        let log = self.log_path();
        let process = self.process.as_mut().context("the daemon is stopped")?;
        process.wait(limit).with_context(|| tail(&log, 40))
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// The end of its log.
    pub fn log_tail(&self) -> String {
        tail(&self.log_path(), 40)
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("daemon.log")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the daemon's log ({})\n{}\n---", self.log_path().display(), self.log_tail());
        }
        // In order, so that workers and sockets go with it; the kill of `Process` is the net.
        if let Some(process) = &mut self.process {
            process.signal(Signal::SIGTERM);
            process.signal(Signal::SIGTERM);
            let _ = process.wait(Duration::from_secs(6));
        }
        self.process = None;
        if let Ok(dir) = crate::setup::runtime_dir(&self.dir) {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

fn http_get(address: SocketAddr, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP status")?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Ok((code, if chunked { unchunk(body) } else { body.to_owned() }))
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { break };
        let Some(chunk) = rest.get(..size) else { break };
        if size == 0 {
            break;
        }
        whole.push_str(chunk);
        body = rest.get(size + 2..).unwrap_or("");
    }
    whole
}
