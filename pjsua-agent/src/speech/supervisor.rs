//! One worker's life: started, watched, ended, started again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inference::{Deadlines, Failure, WorkerClient};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::Timing;
use super::backoff::Backoff;
use super::process::{Process, ProcessEnd};
use super::worker::{Source, Worker};

/// Between two health checks of a worker that is about to serve, or under suspicion.
const EAGER_PERIOD: Duration = Duration::from_millis(25);
/// The same once it has not served for [`EAGER_FOR`]: it loads something large, or its host is away.
const PATIENT_PERIOD: Duration = Duration::from_millis(200);
const EAGER_FOR: Duration = Duration::from_secs(2);

/// Keeps a worker alive, or connected, until `stop` says true or its sender has gone.
pub(super) async fn supervise(worker: Arc<Worker>, timing: Timing, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::new(&timing);
    loop {
        let end = match &worker.source {
            Source::Command { program, args, socket } => {
                run_process(&worker, program, args, socket, &timing, &mut stop).await
            }
            Source::Remote => stay_connected(&worker, &timing, &mut stop).await,
        };
        let End::Failed(reason) = end else {
            break;
        };
        let served = worker.ends(reason.clone());
        let wait = backoff.next(served, rand::random());
        warn!(
            worker = worker.name,
            reason,
            served_s = served.as_secs_f32(),
            again_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "speech worker lost"
        );
        tokio::select! {
            () = stopped(&mut stop) => break,
            () = sleep(wait) => {}
        }
        if matches!(worker.source, Source::Command { .. }) {
            worker.is_restarted();
        }
    }
    worker.stops();
}

enum End {
    Stopped,
    Failed(String),
}

async fn run_process(
    worker: &Arc<Worker>,
    program: &Path,
    args: &[String],
    socket: &PathBuf,
    timing: &Timing,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let mut process = match Process::spawn(worker, program, args) {
        Ok(process) => process,
        Err(error) => return End::Failed(format!("{} cannot be started: {error}", program.display())),
    };
    let client = WorkerClient::connect_lazy(&worker.address);
    worker.begins(client.clone(), process.pid());
    info!(worker = worker.name, pid = process.pid(), "speech worker started");
    let end = tokio::select! {
        end = process.wait() => End::Failed(with_reason(worker, end)),
        reason = watch_health(worker, &client, timing) => {
            process.kill().await;
            End::Failed(reason)
        }
        () = stopped(stop) => {
            process.terminate(timing.terminate_grace).await;
            End::Stopped
        }
    };
    // A worker that was killed leaves its socket behind.
    let _ = std::fs::remove_file(socket);
    end
}

async fn stay_connected(worker: &Worker, timing: &Timing, stop: &mut watch::Receiver<bool>) -> End {
    let client = WorkerClient::connect_lazy(&worker.address);
    worker.begins(client.clone(), None);
    tokio::select! {
        reason = watch_health(worker, &client, timing) => End::Failed(reason),
        () = stopped(stop) => End::Stopped,
    }
}

/// A worker that ends by itself says why; one that is killed has no time to.
fn with_reason(worker: &Worker, end: ProcessEnd) -> String {
    let line = match end.by_itself {
        true => worker.last_error_line().or_else(|| worker.last_line()),
        false => worker.last_error_line(),
    };
    match line {
        Some(line) => format!("{}: {line}", end.text),
        None => end.text,
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender has gone, and with it everything that the workers were for.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Returns the reason why the worker, or the connection to it, has to be given up.
async fn watch_health(worker: &Worker, client: &WorkerClient, timing: &Timing) -> String {
    let hung = async {
        loop {
            worker.hung.notified().await;
            // The notice may be a left-over of the process before.
            if worker.is_hung() {
                return "it hangs: requests passed their deadlines one after the other".to_owned();
            }
        }
    };
    tokio::select! {
        reason = ask_health(worker, client, timing) => reason,
        reason = hung => reason,
    }
}

async fn ask_health(worker: &Worker, client: &WorkerClient, timing: &Timing) -> String {
    let asking = client.clone().with_deadlines(Deadlines { health: timing.hung_after, ..Deadlines::default() });
    let began = Instant::now();
    let mut answered = None;
    let mut described = false;
    loop {
        let serving = match asking.is_serving().await {
            Ok(serving) => {
                answered = Some(Instant::now());
                if serving {
                    let first = worker.serves();
                    if !described {
                        described = introduce(worker, client, began.elapsed(), first).await;
                    }
                } else if worker.does_not_serve("its health is NOT_SERVING".into()) {
                    warn!(worker = worker.name, "speech worker does not serve");
                }
                serving
            }
            Err(error) if matches!(error.failure, Failure::Timeout(_)) => {
                return format!("it hangs: its health was not answered within {:?}", timing.hung_after);
            }
            Err(error) => {
                worker.does_not_serve(error.failure.to_string());
                let silent = answered.unwrap_or(began).elapsed();
                if answered.is_some() && silent > timing.hung_after {
                    return format!("{} for {:.1} s", error.failure, silent.as_secs_f64());
                }
                false
            }
        };
        if !serving && !worker.has_served_now() && began.elapsed() > timing.start_timeout {
            return format!("not SERVING within {:?} of its start", timing.start_timeout);
        }
        let pause = match serving {
            true => timing.health_period,
            false if answered.is_some() || began.elapsed() < EAGER_FOR => EAGER_PERIOD,
            false => PATIENT_PERIOD,
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = worker.probe.notified() => {}
        }
    }
}

/// Asks a worker that serves what it is; `first` writes the line that says who has come. Returns whether it answered.
async fn introduce(worker: &Worker, client: &WorkerClient, took: Duration, first: bool) -> bool {
    let after_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let described = client.describe().await;
    match &described {
        Ok(description) if first => info!(
            worker = worker.name,
            engine = description.engine,
            model = description.model,
            version = description.version,
            capacity = description.capacity,
            after_ms,
            "speech worker serving"
        ),
        Err(error) if first => {
            info!(worker = worker.name, after_ms, %error, "speech worker serving, without a description");
        }
        _ => {}
    }
    described.map(|description| worker.is_described(description)).is_ok()
}
