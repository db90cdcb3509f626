//! Whether the process works, and whether the next call could be answered: what `/live`, `/ready` and the systemd
//! watchdog are told.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The answer of `/ready`: ready when every check holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// What was looked at, in a stable order.
    pub checks: Vec<Check>,
}

impl Readiness {
    /// Whether the next call could be answered.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// Adds a check.
    pub fn check(&mut self, name: impl Into<String>, ok: bool, detail: impl Into<String>) {
        self.checks.push(Check { name: name.into(), ok, detail: detail.into() });
    }
}

/// One condition of readiness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// A stable name: `registration`, `stt`, `llm`, `tts`, `draining` …
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// For people: the state, or what is wrong.
    pub detail: String,
}

/// The answer of `/live`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    /// Whether the process works; a supervisor restarts it otherwise.
    pub alive: bool,
    /// For people.
    pub detail: String,
}

/// How long the heartbeat may stand still under a call: a hundred ticks of 20 ms. The caller has heard nothing for
/// as long, and a scheduling hiccup of a loaded host is an order shorter.
const STALL: Duration = Duration::from_secs(2);

/// Watches the audio thread's heartbeat. It is pure: the time is an argument, and the owner asks as often as he likes.
///
/// Without a call nothing drives the audio thread, so a heartbeat that stands still then means nothing.
#[derive(Debug)]
pub struct HeartbeatWatch {
    heartbeat: u64,
    moved_at: Instant,
}

impl HeartbeatWatch {
    /// Begins to watch.
    pub fn new(now: Instant) -> Self {
        Self { heartbeat: 0, moved_at: now }
    }

    /// Judges by the heartbeat and the number of calls of this moment.
    ///
    /// A call that began and a heartbeat that stopped between two questions cannot be told from a call that has just
    /// begun, so a stall is reported two seconds after the first question that saw it, not earlier.
    pub fn observe(&mut self, heartbeat: u64, calls: usize, now: Instant) -> Liveness {
        if heartbeat != self.heartbeat || calls == 0 {
            self.heartbeat = heartbeat;
            self.moved_at = now;
        }
        let still = now.saturating_duration_since(self.moved_at);
        if still > STALL {
            return Liveness {
                alive: false,
                detail: format!(
                    "the audio thread has not moved for {:.1} s, with {calls} calls up",
                    still.as_secs_f64()
                ),
            };
        }
        Liveness { alive: true, detail: format!("{calls} calls up, audio thread at tick {heartbeat}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive_after(steps: &[(u64, u64, usize)]) -> bool {
        let start = Instant::now();
        let mut watch = HeartbeatWatch::new(start);
        let mut last = true;
        for (at_ms, heartbeat, calls) in steps {
            last = watch.observe(*heartbeat, *calls, start + Duration::from_millis(*at_ms)).alive;
        }
        last
    }

    #[test]
    fn an_idle_daemon_is_alive_although_its_heartbeat_stands_still() {
        assert!(alive_after(&[(0, 7, 0), (60_000, 7, 0)]));
    }

    #[test]
    fn a_heartbeat_that_moves_under_a_call_is_alive() {
        assert!(alive_after(&[(0, 0, 1), (10_000, 500, 1), (20_000, 1000, 1)]));
    }

    #[test]
    fn a_heartbeat_that_stands_still_under_a_call_is_dead() {
        assert!(!alive_after(&[(0, 0, 0), (1_000, 5, 1), (3_100, 5, 1)]));
    }

    #[test]
    fn a_call_that_has_just_begun_after_a_long_idle_time_is_alive() {
        assert!(alive_after(&[(0, 9, 0), (60_000, 9, 0), (61_000, 9, 1)]));
    }

    #[test]
    fn a_heartbeat_that_moves_again_is_alive_again() {
        assert!(alive_after(&[(0, 1, 1), (5_000, 1, 1), (5_020, 2, 1)]));
    }
}
