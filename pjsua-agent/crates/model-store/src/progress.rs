//! How a fetch is shown: bars on a terminal, a line now and then elsewhere.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, MultiProgress, ProgressBar, ProgressStyle};

use crate::http::RequestError;

/// Often enough to see that it lives, seldom enough for a log.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

const TEMPLATE: &str =
    "{prefix:20!} {msg:24!} {bar:24} {decimal_bytes:>10} of {decimal_total_bytes:10} {decimal_bytes_per_sec:>12} {eta}";

/// Where progress goes.
pub struct Progress {
    kind: Kind,
}

enum Kind {
    Bars(MultiProgress),
    Lines,
    Silent,
}

impl Progress {
    /// On standard error: bars if it is a terminal, else lines.
    pub fn on_stderr() -> Progress {
        let bars = MultiProgress::new();
        let kind = if bars.is_hidden() { Kind::Lines } else { Kind::Bars(bars) };
        Progress { kind }
    }

    /// Nowhere.
    pub fn silent() -> Progress {
        Progress { kind: Kind::Silent }
    }

    /// Shows the work on one model; the bar goes when the task is dropped.
    pub(crate) fn task(&self, name: &str) -> Task<'_> {
        let bar = match &self.kind {
            Kind::Bars(bars) => bars.add(ProgressBar::new(0).with_prefix(name.to_owned())),
            Kind::Lines | Kind::Silent => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        Task { progress: self, name: name.to_owned(), bar, last_line: Mutex::new(Instant::now()) }
    }

    fn line(&self, text: &str) {
        match &self.kind {
            Kind::Bars(bars) => drop(bars.println(text)),
            Kind::Lines => eprintln!("{text}"),
            Kind::Silent => {}
        }
    }
}

/// The work on one model.
pub(crate) struct Task<'a> {
    progress: &'a Progress,
    name: String,
    bar: ProgressBar,
    last_line: Mutex<Instant>,
}

impl Task<'_> {
    /// Begins a part of the work, of which `done` bytes are there already.
    pub(crate) fn begin(&self, what: &'static str, total: u64, done: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.reset_eta();
        self.bar.set_message(what);
        if matches!(self.progress.kind, Kind::Lines) {
            let from = if done > 0 { format!(", from {} on", DecimalBytes(done)) } else { String::new() };
            self.note(&format!("{what}, {}{from}", DecimalBytes(total)));
        }
    }

    /// So many bytes more.
    pub(crate) fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
        if !matches!(self.progress.kind, Kind::Lines) {
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            let total = self.bar.length().unwrap_or_default();
            self.note(&format!("{} of {}", DecimalBytes(self.bar.position()), DecimalBytes(total)));
        }
    }

    /// Says why, and waits before the next try.
    pub(crate) fn pause(&self, reason: &RequestError, wait: Duration) {
        self.note(&format!("{reason}; again in {} s", wait.as_secs_f32()));
        thread::sleep(wait);
    }

    /// A line that stays.
    pub(crate) fn note(&self, text: &str) {
        self.progress.line(&format!("{}: {text}", self.name));
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
