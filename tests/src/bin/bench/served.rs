//! A worker of its own, without the daemon.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use inference::{Address, Deadlines, WorkerClient};
use tests::paths::program;
use tests::process::{Process, tail};
use tokio::runtime::Runtime;

/// A running worker that serves, and what asks it.
pub struct Served {
    pub process: Process,
    pub client: WorkerClient,
    pub runtime: Runtime,
}

impl Served {
    /// Runs the worker `name` with `arguments`, logging into `dir`.
    ///
    /// # Errors
    /// The worker was not built, or does not serve.
    pub fn start(name: &str, arguments: &[String], deadlines: Deadlines, dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let socket = std::env::temp_dir().join(format!("{name}-bench-{}.sock", std::process::id()));
        let address = format!("unix:{}", socket.display());
        let mut command = Command::new(program(name)?);
        command.args(["--listen", &address]).args(arguments);
        let log = dir.join(format!("{name}.log"));
        let process = Process::spawn(name, command, &log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let address: Address = address.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        let client = runtime.block_on(async { WorkerClient::connect_lazy(&address).with_deadlines(deadlines) });
        tests::until(&format!("{name} should serve"), Duration::from_secs(60), || {
            runtime.block_on(client.is_serving()).ok().filter(|&serving| serving)
        })
        .with_context(|| tail(&log, 20))?;
        Ok(Self { process, client, runtime })
    }
}
