//! What is known of one worker, shared by its supervisor and the requests that use it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inference::proto::DescribeReply;
use inference::{Address, Failure, InferenceError, WorkerClient};
use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::WorkerKind;
use crate::metrics;

/// So many deadlines passed in a row, with nothing delivered to any request in between, and the worker hangs.
const MISSED_DEADLINES: u32 = 2;

/// Lines that are looked back at for the reason of a worker's end.
const KEPT_LINES: usize = 10;

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Started or connected to, not SERVING yet.
    Starting,
    /// Takes requests.
    Serving,
    /// A request failed on it; its health is being asked.
    Suspect,
    /// It runs, and says that it does not serve, or cannot be reached.
    NotServing,
    /// It died or hung, and is started again after the backoff.
    Restarting,
    /// The daemon is ending.
    Stopped,
}

/// A worker as operators see it.
#[derive(Clone, Debug, Serialize)]
pub struct WorkerStatus {
    /// `stt-0`, as in the log.
    pub name: String,
    /// Its stage.
    pub stage: WorkerKind,
    /// What it is doing.
    pub state: WorkerState,
    /// Its process, when the daemon started it and it runs.
    pub pid: Option<u32>,
    /// Where it listens.
    pub address: String,
    /// Requests that it is working on.
    pub in_flight: usize,
    /// How often it was started again.
    pub restarts: u64,
    /// Its engine, once it has served.
    pub engine: Option<String>,
    /// Its model or voice, once it has served.
    pub model: Option<String>,
    /// Why it is not serving, or why it last failed.
    pub last_error: Option<String>,
}

/// Where a worker comes from, resolved.
#[derive(Debug)]
pub(super) enum Source {
    Command { program: PathBuf, args: Vec<String>, socket: PathBuf },
    Remote,
}

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) stage: WorkerKind,
    pub(super) address: Address,
    pub(super) source: Source,
    /// A request failed: the health is to be asked now.
    pub(super) probe: Notify,
    /// Requests pass their deadlines: see [`Worker::is_hung`].
    pub(super) hung: Notify,
    record: Mutex<Record>,
    in_flight: AtomicUsize,
    silence: Mutex<Silence>,
    changed: watch::Sender<()>,
}

/// What speaks for a worker that hangs.
#[derive(Debug)]
struct Silence {
    /// When it last delivered something, or began.
    since: Instant,
    /// Deadlines that have passed since, each after a silence as long as the deadline.
    missed: u32,
}

impl Silence {
    fn begin() -> Self {
        Self { since: Instant::now(), missed: 0 }
    }
}

#[derive(Debug)]
struct Record {
    state: WorkerState,
    client: Option<WorkerClient>,
    incarnation: u64,
    pid: Option<u32>,
    serving_since: Option<Instant>,
    has_served: bool,
    unserved_ends: u32,
    restarts: u64,
    description: Option<DescribeReply>,
    /// What its health last said, or why it said nothing; nothing while it serves.
    health: Option<String>,
    /// How it last ended.
    last_end: Option<String>,
    last_lines: VecDeque<(bool, String)>,
}

impl Record {
    /// While it starts again, why it had to is of more use than that it has not answered yet.
    fn last_error(&self) -> Option<&String> {
        match self.state {
            WorkerState::NotServing => self.health.as_ref().or(self.last_end.as_ref()),
            _ => self.last_end.as_ref().or(self.health.as_ref()),
        }
    }
}

impl Worker {
    pub(super) fn new(
        stage: WorkerKind,
        index: usize,
        address: Address,
        source: Source,
        changed: watch::Sender<()>,
    ) -> Arc<Self> {
        let worker = Self {
            name: format!("{}-{index}", stage.file_name()),
            stage,
            address,
            source,
            probe: Notify::new(),
            hung: Notify::new(),
            record: Mutex::new(Record {
                state: WorkerState::Starting,
                client: None,
                incarnation: 0,
                pid: None,
                serving_since: None,
                has_served: false,
                unserved_ends: 0,
                restarts: 0,
                description: None,
                health: None,
                last_end: None,
                last_lines: VecDeque::new(),
            }),
            in_flight: AtomicUsize::new(0),
            silence: Mutex::new(Silence::begin()),
            changed,
        };
        metrics::worker_up(stage.as_str(), &worker.name, false);
        Arc::new(worker)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, record: &mut Record, state: WorkerState) {
        let was = std::mem::replace(&mut record.state, state);
        if was == state {
            return;
        }
        if (was == WorkerState::Serving) != (state == WorkerState::Serving) {
            metrics::worker_up(self.stage.as_str(), &self.name, state == WorkerState::Serving);
        }
        self.changed.send_replace(());
    }

    /// A process was started, or a connection is tried afresh.
    pub(super) fn begins(&self, client: WorkerClient, pid: Option<u32>) {
        let mut record = self.record();
        record.incarnation += 1;
        record.client = Some(client);
        record.pid = pid;
        record.serving_since = None;
        record.health = None;
        record.last_lines.clear();
        self.delivered();
        self.enter(&mut record, WorkerState::Starting);
    }

    /// Its health is SERVING. Returns whether that is the first time since [`Worker::begins`].
    pub(super) fn serves(&self) -> bool {
        let mut record = self.record();
        let first = record.serving_since.is_none();
        record.serving_since.get_or_insert_with(Instant::now);
        record.has_served = true;
        record.health = None;
        self.enter(&mut record, WorkerState::Serving);
        first
    }

    pub(super) fn is_described(&self, description: DescribeReply) {
        self.record().description = Some(description);
    }

    /// Its health is anything else. Returns whether that is news.
    pub(super) fn does_not_serve(&self, reason: String) -> bool {
        let mut record = self.record();
        record.health = Some(reason);
        if record.serving_since.is_none() {
            return false;
        }
        let news = record.state != WorkerState::NotServing;
        self.enter(&mut record, WorkerState::NotServing);
        news
    }

    /// It died, was killed or could not be started. Returns how long it had served.
    pub(super) fn ends(&self, reason: String) -> Duration {
        let mut record = self.record();
        record.client = None;
        record.pid = None;
        record.last_end = Some(reason);
        let served = record.serving_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if !record.has_served {
            record.unserved_ends += 1;
            // A starter that gives up early has to learn of every end.
            self.changed.send_replace(());
        }
        self.enter(&mut record, WorkerState::Restarting);
        served
    }

    pub(super) fn is_restarted(&self) {
        self.record().restarts += 1;
        metrics::worker_restarted(self.stage.as_str());
    }

    pub(super) fn stops(&self) {
        let mut record = self.record();
        record.client = None;
        record.pid = None;
        self.enter(&mut record, WorkerState::Stopped);
    }

    /// The worker wrote a line to its error output.
    pub(super) fn wrote(&self, line: &str, is_error: bool) {
        let lines = &mut self.record().last_lines;
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back((is_error, line.to_owned()));
    }

    /// The last error among its last lines.
    pub(super) fn last_error_line(&self) -> Option<String> {
        self.record().last_lines.iter().rev().find(|(is_error, _)| *is_error).map(|(_, line)| line.clone())
    }

    /// The last line.
    pub(super) fn last_line(&self) -> Option<String> {
        self.record().last_lines.back().map(|(_, line)| line.clone())
    }

    /// Whether requests passed their deadlines, one after the other, and nothing was delivered to any other meanwhile. A
    /// worker that is only overloaded lets as many pass, but delivers something to others.
    pub(super) fn is_hung(&self) -> bool {
        self.silence().missed >= MISSED_DEADLINES
    }

    /// It delivered something, or begins: silence is counted from now on.
    fn delivered(&self) {
        *self.silence() = Silence::begin();
    }

    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_serving(&self) -> bool {
        self.record().state == WorkerState::Serving
    }

    /// Whether it has served since [`Worker::begins`].
    pub(super) fn has_served_now(&self) -> bool {
        self.record().serving_since.is_some()
    }

    /// How often it ended without ever having served.
    pub(super) fn unserved_ends(&self) -> u32 {
        self.record().unserved_ends
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A place at this worker, if it serves.
    pub(super) fn lease(self: &Arc<Self>) -> Option<Lease> {
        let record = self.record();
        if record.state != WorkerState::Serving {
            return None;
        }
        let client = record.client.clone()?;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Some(Lease { worker: Arc::clone(self), client, incarnation: record.incarnation })
    }

    pub(super) fn status(&self) -> WorkerStatus {
        let record = self.record();
        WorkerStatus {
            name: self.name.clone(),
            stage: self.stage,
            state: record.state,
            pid: record.pid,
            address: self.address.to_string(),
            in_flight: self.in_flight(),
            restarts: record.restarts,
            engine: record.description.as_ref().map(|description| description.engine.clone()),
            model: record.description.as_ref().map(|description| description.model.clone()),
            last_error: record.last_error().cloned(),
        }
    }
}

/// A request's place at a worker; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Lease {
    worker: Arc<Worker>,
    client: WorkerClient,
    incarnation: u64,
}

impl Lease {
    pub(super) fn client(&self) -> &WorkerClient {
        &self.client
    }

    pub(super) fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    /// The worker delivered something.
    pub(super) fn progressed(&self) {
        self.worker.delivered();
    }

    /// The request failed: the worker's health is asked at once, unless the failure says nothing about it.
    pub(super) fn failed(&self, error: &InferenceError) {
        let worker = &self.worker;
        let suspect = match &error.failure {
            Failure::Timeout(waited) => {
                let mut silence = worker.silence();
                silence.missed += u32::from(silence.since.elapsed() >= *waited);
                worker.hung.notify_one();
                true
            }
            Failure::Unreachable(_) | Failure::NotReady(_) | Failure::Lost(_) | Failure::Incomplete => true,
            // A model's engine refuses what it cannot begin in time, so it is at work. Elsewhere the places are counted
            // before the engine, which may hang in all of them.
            Failure::Busy(_) if worker.stage == WorkerKind::Llm => {
                worker.delivered();
                false
            }
            Failure::Busy(_) | Failure::Refused(_) | Failure::Failed(_) | Failure::Cancelled => false,
        };
        let mut record = worker.record();
        // A late failure says nothing about the process that has replaced the failed one.
        if suspect && record.incarnation == self.incarnation && record.state == WorkerState::Serving {
            worker.enter(&mut record, WorkerState::Suspect);
            worker.probe.notify_one();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.worker.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
