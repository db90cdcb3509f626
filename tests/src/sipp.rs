//! SIPp: the signalling of callers and of the people they are transferred to.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::process::{Process, tail};

/// How SIPp is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// File name in `sipp-scenarios/`.
    pub scenario: &'static str,
    /// The peer; `None` waits for calls.
    pub remote: Option<SocketAddr>,
    /// The address it sends from and names in its headers.
    pub local: Ipv4Addr,
    /// Over TCP instead of UDP.
    pub tcp: bool,
    /// Values of `[name]` in the scenario.
    pub keys: Vec<(String, String)>,
    /// `[field0]` of each call, in turn; as many calls are made. Empty for a scenario that waits: one call.
    pub fields: Vec<String>,
    /// New calls a second.
    pub rate: u32,
    /// SIPp ends itself, as failed, after this time.
    pub limit: Duration,
}

impl Options {
    /// One call over UDP from 127.0.0.1, bounded to five minutes.
    pub fn new(scenario: &'static str) -> Self {
        Self {
            scenario,
            remote: None,
            local: Ipv4Addr::LOCALHOST,
            tcp: false,
            keys: Vec::new(),
            fields: Vec::new(),
            rate: 10,
            limit: Duration::from_secs(300),
        }
    }

    /// Sets `[name]`.
    #[must_use]
    pub fn key(mut self, name: &str, value: impl Into<String>) -> Self {
        self.keys.push((name.to_owned(), value.into()));
        self
    }
}

/// A running SIPp. Dropping it kills it.
#[derive(Debug)]
pub struct Sipp {
    process: Process,
    dir: PathBuf,
    scenario: &'static str,
    address: SocketAddr,
}

impl Sipp {
    /// Starts SIPp; its files go to the folder `dir`, which must not be another one's.
    ///
    /// # Errors
    /// SIPp is missing or no port is free.
    pub fn start(options: &Options, dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let port = loopback_ports::one()?;
        let address = SocketAddr::from((options.local, port));
        let process = Process::spawn("sipp", command(options, dir, address)?, &dir.join("screen.txt"))?;
        Ok(Self { process, dir: dir.to_path_buf(), scenario: options.scenario, address })
    }

    /// Where it receives SIP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its `<log>` actions have written: the words after `call N` of each line of that call.
    pub fn events(&self, call: u32) -> Vec<String> {
        let log = std::fs::read_to_string(self.dir.join("log.txt")).unwrap_or_default();
        let prefix = format!("call {call} ");
        // The last line may be half written.
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        whole.lines().filter_map(|line| line.strip_prefix(&prefix)).map(|rest| rest.trim().to_owned()).collect()
    }

    /// The rest of the first event of that name.
    pub fn event(&self, call: u32, name: &str) -> Option<String> {
        self.events(call).into_iter().find_map(|event| {
            let rest = event.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim().to_owned())
        })
    }

    /// The event, if it has come, or why it cannot come any more.
    pub fn check_event(&mut self, call: u32, name: &str) -> Option<Result<String>> {
        // In this order: the event may be written just before SIPp ends.
        let ended = self.process.exited().is_some();
        match self.event(call, name) {
            Some(event) => Some(Ok(event)),
            None if ended => Some(Err(anyhow!("SIPp ended before call {call} was {name}\n{}", self.trouble()))),
            None => None,
        }
    }

    /// Tells a call of the running scenario to hang up: a request HANGUP with its Call-ID, which the scenario awaits.
    ///
    /// # Errors
    /// The datagram cannot be sent.
    pub fn hang_up(&self, call: u32) -> Result<()> {
        let call_id = self.event(call, "id").unwrap_or_else(|| format!("{call}-{}@kit", self.process.pid()));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let own = socket.local_addr()?;
        let request = format!(
            "HANGUP sip:caller@{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKkit{call}\r\n\
             From: <sip:kit@{own}>;tag=kit\r\nTo: <sip:caller@{address}>\r\nCall-ID: {call_id}\r\nCSeq: 1 HANGUP\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            address = self.address
        );
        socket.send_to(request.as_bytes(), self.address)?;
        Ok(())
    }

    /// Waits for the end of all calls and insists that they went as the scenario wants it.
    ///
    /// # Errors
    /// A call failed, or SIPp still runs after `limit`; the error shows SIPp's own.
    pub fn finish(&mut self, limit: Duration) -> Result<()> {
        let status = self.process.wait(limit).with_context(|| self.trouble())?;
        ensure!(status.success(), "SIPp ended with {status}\n{}", self.trouble());
        Ok(())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.exited().is_none()
    }

    /// Its errors and the last messages, for a report.
    pub fn trouble(&self) -> String {
        let mut report = String::new();
        for (file, lines) in [("errors.txt", 30), ("messages.txt", 60), ("screen.txt", 8)] {
            let text = tail(&self.dir.join(file), lines);
            if !text.trim().is_empty() {
                let _ = writeln!(report, "--- {} of {}\n{text}", file, self.scenario);
            }
        }
        report
    }
}

fn command(options: &Options, dir: &Path, address: SocketAddr) -> Result<Command> {
    let mut command = Command::new("sipp");
    if let Some(remote) = options.remote {
        command.arg(remote.to_string());
    }
    let scenario = crate::paths::repository().join("sipp-scenarios").join(options.scenario);
    ensure!(scenario.is_file(), "{} is missing", scenario.display());
    let local = address.ip().to_string();
    command.arg("-sf").arg(scenario);
    command.args(["-i", &local, "-mi", &local, "-bind_local", "-p", &address.port().to_string()]);
    command.args(["-cp", &loopback_ports::one()?.to_string()]);
    command.args(["-t", if options.tcp { "t1" } else { "u1" }]);
    // The Call-ID is known beforehand, for hang_up.
    command.args(["-cid_str", "%u-%p@kit", "-nostdin"]);
    command.args(["-m", &options.fields.len().max(1).to_string(), "-l", &options.fields.len().max(1).to_string()]);
    command.args(["-r", &options.rate.to_string()]);
    command.args(["-timeout", &options.limit.as_secs().to_string(), "-timeout_error"]);
    for (switch, option, file) in [
        ("-trace_err", "-error_file", "errors.txt"),
        ("-trace_msg", "-message_file", "messages.txt"),
        ("-trace_logs", "-log_file", "log.txt"),
    ] {
        command.args([switch, option]).arg(dir.join(file));
    }
    for (name, value) in &options.keys {
        command.args(["-key", name, value]);
    }
    if !options.fields.is_empty() {
        let table = dir.join("calls.csv");
        let mut file = std::fs::File::create(&table)?;
        writeln!(file, "SEQUENTIAL")?;
        for field in &options.fields {
            writeln!(file, "{field}")?;
        }
        command.arg("-inf").arg(table);
    }
    command.env("TERM", "dumb").current_dir(dir);
    Ok(command)
}
