//! Child processes that cannot outlive the suite.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

type Job = (Command, Sender<io::Result<Child>>);

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`, its output appended to `log`; the kernel kills it when this program dies.
    ///
    /// # Errors
    /// The program or the log cannot be opened.
    pub fn spawn(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let log_file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(log_file.try_clone()?).stderr(log_file);
        // SAFETY: between fork and exec only prctl(2) is called, which is async-signal-safe and allocates nothing.
        unsafe { command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)) };
        let child = spawn_from_lasting_thread(command).with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, status: None })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, unless the process has been reaped already.
    pub fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            let _ = kill(raw_pid(self.pid()), signal);
        }
    }

    /// Its exit status, when it has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// It still runs after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("{} (process {}) should end", self.name, self.pid());
        crate::until(&what, limit, || self.exited())
    }

    /// Kills it and waits for its end.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        if self.status.is_none() {
            self.status = self.child.wait().ok();
        }
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// It has ended.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// PR_SET_PDEATHSIG fires when the *thread* that forked ends, and the test harness runs each test in a thread of its own:
/// so one thread that lives as long as the program forks for all.
fn spawn_from_lasting_thread(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (jobs, inbox) = channel::<Job>();
        std::thread::Builder::new()
            .name("spawner".into())
            .spawn(move || {
                for (mut command, reply) in inbox {
                    let _ = reply.send(command.spawn());
                }
            })
            .expect("a thread can be started");
        Mutex::new(jobs)
    });
    let (reply, answer) = channel();
    spawner.lock().expect("no holder panics").send((command, reply)).expect("the spawner lives as long as the program");
    answer.recv().expect("the spawner answers each job")
}

fn raw_pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("process ids fit i32"))
}

/// What a process has used: from `/proc`.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// User and system time since its start, in steps of the kernel's clock tick (mostly 10 ms).
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
    /// When it was read.
    pub at: Instant,
}

impl Usage {
    /// Reads the usage of any process.
    ///
    /// # Errors
    /// There is no such process.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the process has ended")?;
        // The second field is the program's name in parentheses and may hold anything: count from the last ')'.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let ticks_per_second = sysconf(nix::unistd::SysconfVar::CLK_TCK);
        let page = sysconf(nix::unistd::SysconfVar::PAGE_SIZE);
        Ok(Self {
            cpu: Duration::from_micros((number(11) + number(12)) * 1_000_000 / ticks_per_second),
            resident: number(21) * page,
            at: Instant::now(),
        })
    }
}

fn sysconf(variable: nix::unistd::SysconfVar) -> u64 {
    let value = nix::unistd::sysconf(variable).ok().flatten().unwrap_or(1);
    u64::try_from(value).unwrap_or(1).max(1)
}

/// The children of a process, as `(pid, program name)`.
pub fn children_of(parent: u32) -> Vec<(u32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (head, rest) = stat.rsplit_once(')')?;
            let state_and_parent: Vec<&str> = rest.split_ascii_whitespace().take(2).collect();
            let is_child = state_and_parent.get(1)?.parse::<u32>().ok()? == parent && state_and_parent[0] != "Z";
            let program = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let program = String::from_utf8_lossy(program.split(|&byte| byte == 0).next()?).into_owned();
            let name = Path::new(&program).file_name().map_or_else(
                || head.split_once('(').map_or("", |(_, name)| name).to_owned(),
                |name| name.to_string_lossy().into_owned(),
            );
            is_child.then_some((pid, name))
        })
        .collect()
}

/// The last `lines` lines of a file, for error messages.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
