//! Real Asterisk 22, from a debootstrap tree in the cache, one process a test.
//!
//! The tree is shared and never written to: configuration, run folder, log and spool of a test are bind-mounted over it in a
//! mount namespace that only this Asterisk lives in, and that is gone when it is.

mod chroot;
mod config;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

pub use config::Pbx;

use crate::process::{Process, Usage, tail};

const BOOT_LIMIT: Duration = Duration::from_secs(20);

/// A running Asterisk. Dropping it kills it.
#[derive(Debug)]
pub struct Asterisk {
    tree: PathBuf,
    dir: PathBuf,
    sip_port: u16,
    process: Option<Process>,
}

impl Asterisk {
    /// Starts Asterisk for a suite. Where that is impossible: a panic when `CI=true`, otherwise a loud message and `None`.
    ///
    /// # Panics
    /// When `CI=true` and Asterisk cannot be started; anywhere when it starts but does not come up.
    pub fn for_suite(pbx: &Pbx, dir: &Path) -> Option<Self> {
        match tree() {
            Ok(tree) => match Self::start(tree, pbx, dir) {
                Ok(asterisk) => Some(asterisk),
                Err(error) => panic!("Asterisk does not come up: {error:#}"),
            },
            Err(error) if std::env::var("CI").is_ok_and(|value| value == "true") => {
                panic!("CI=true, and there is no Asterisk: {error:#}")
            }
            Err(error) => {
                eprintln!("\n!!!!!!!! SKIPPED, nothing was tested: there is no Asterisk: {error:#}\n");
                None
            }
        }
    }

    fn start(tree: PathBuf, pbx: &Pbx, dir: &Path) -> Result<Self> {
        let sip_port = loopback_ports::one()?;
        for folder in chroot::FOLDERS {
            std::fs::create_dir_all(dir.join(folder.name))?;
        }
        config::write(pbx, sip_port, &dir.join("etc"))?;
        let mut asterisk = Self { tree, dir: dir.to_path_buf(), sip_port, process: None };
        asterisk.boot()?;
        Ok(asterisk)
    }

    fn boot(&mut self) -> Result<()> {
        let console = self.dir.join("console.txt");
        let mut command = Command::new("/usr/sbin/asterisk");
        command.args(["-f", "-n"]);
        // In each call it looks the machine's own name up, and in vain; a name server that does not answer holds all calls up.
        command.env("RES_OPTIONS", "timeout:1 attempts:1");
        chroot::enter_new(&mut command, &self.tree, &self.dir)?;
        self.process = Some(Process::spawn("asterisk", command, &console)?);
        let booted = crate::until("Asterisk should boot", BOOT_LIMIT, || {
            if self.process.as_mut().and_then(Process::exited).is_some() {
                return Some(false);
            }
            let answer = self.command("core waitfullybooted").ok()?;
            answer.contains("fully booted").then_some(true)
        });
        match booted {
            Ok(true) => Ok(()),
            Ok(false) => bail!("Asterisk ended\n{}", self.log_tail(30)),
            Err(error) => Err(error.context(self.log_tail(30))),
        }
    }

    /// Where it receives SIP, over UDP and TCP.
    pub fn sip(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.sip_port))
    }

    /// Runs a command of its console.
    ///
    /// # Errors
    /// Asterisk does not run or does not answer.
    pub fn command(&self, line: &str) -> Result<String> {
        let process = self.process.as_ref().context("Asterisk is stopped")?;
        let mut command = Command::new("/usr/sbin/asterisk");
        command.args(["-rx", line]);
        chroot::enter_existing(&mut command, &self.tree, process.pid())?;
        let output = command.output().context("asterisk -rx")?;
        ensure!(output.status.success(), "asterisk -rx: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The contact that is registered for an address of record, if any.
    pub fn contact(&self, aor: &str) -> Option<String> {
        let prefix = format!("{aor}/");
        let contacts = self.command("pjsip show contacts").ok()?;
        contacts.split_ascii_whitespace().find_map(|word| word.strip_prefix(&prefix)).map(str::to_owned)
    }

    /// Waits until somebody has registered for `aor`; gives the contact.
    ///
    /// # Errors
    /// Nobody did within `limit`.
    pub fn wait_registered(&self, aor: &str, limit: Duration) -> Result<String> {
        let what = format!("{aor} should be registered on Asterisk");
        crate::until(&what, limit, || self.contact(aor)).with_context(|| self.log_tail(15))
    }

    /// Waits until nobody is registered for `aor`.
    ///
    /// # Errors
    /// Somebody still is after `limit`.
    pub fn wait_unregistered(&self, aor: &str, limit: Duration) -> Result<()> {
        let what = format!("{aor} should be unregistered");
        crate::until(&what, limit, || self.contact(aor).is_none().then_some(()))
    }

    /// How many channels are up.
    ///
    /// # Errors
    /// Asterisk does not answer.
    pub fn channel_count(&self) -> Result<usize> {
        let answer = self.command("core show channels count")?;
        let count = answer.lines().find_map(|line| line.split_once(" active channel"));
        count.and_then(|(count, _)| count.trim().parse().ok()).context("no channel count")
    }

    /// Waits until exactly `count` channels are up.
    ///
    /// # Errors
    /// Another number is up after `limit`.
    pub fn wait_channels(&self, count: usize, limit: Duration) -> Result<()> {
        let what = format!("Asterisk should have {count} channels");
        crate::until(&what, limit, || (self.channel_count().ok()? == count).then_some(()))
            .with_context(|| self.command("core show channels concise").unwrap_or_default())
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// It does not run.
    pub fn usage(&self) -> Result<Usage> {
        self.process.as_ref().context("Asterisk is stopped")?.usage()
    }

    /// Stops it in good order: calls are ended, nothing is answered afterwards.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::SIGTERM);
            process.wait(Duration::from_secs(15))?;
        }
        Ok(())
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port. It has forgotten all registrations, like one whose database was lost.
    ///
    /// # Errors
    /// It does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        self.kill();
        for file in std::fs::read_dir(self.dir.join("spool"))?.flatten() {
            if file.file_name().to_string_lossy().starts_with("astdb") {
                std::fs::remove_file(file.path())?;
            }
        }
        self.boot()
    }

    /// The end of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        let log = tail(&self.dir.join("log").join("messages.log"), lines);
        if log.is_empty() { tail(&self.dir.join("console.txt"), lines) } else { log }
    }
}

/// The unpacked Asterisk; made on the first use.
fn tree() -> Result<PathBuf> {
    ensure!(nix::unistd::geteuid().is_root(), "the suites with Asterisk must be run as root (they chroot)");
    let script = crate::paths::repository().join("vendor/fetch-asterisk");
    let output = Command::new(&script).stderr(std::process::Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", script.display()))?;
    ensure!(output.status.success(), "vendor/fetch-asterisk failed");
    let answer = String::from_utf8(output.stdout)?;
    Ok(PathBuf::from(answer.lines().last().context("vendor/fetch-asterisk said nothing")?))
}
