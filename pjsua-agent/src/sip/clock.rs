//! The media clock: ticks the conference bridge every 20 ms at absolute times.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

const PERIOD: Duration = Duration::from_millis(20);

/// A tick later than this is not made up for: the machine was suspended, or is hopelessly overloaded.
const GIVE_UP: Duration = Duration::from_millis(200);

/// Upper bounds in microseconds of the classes of [`ClockReport::lateness`]; the last class has none.
pub const LATENESS_BOUNDS_US: [u64; 9] = [20, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];

/// How evenly the media clock has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockReport {
    /// Whether the thread got a real-time priority (SCHED_FIFO).
    pub real_time: bool,
    /// Ticks since the start.
    pub ticks: u64,
    /// Ticks left out since the start, because the thread did not run for 200 ms.
    pub skipped: u64,
    /// Ticks since the start by how late they began: up to each bound of [`LATENESS_BOUNDS_US`], and above all.
    pub lateness: [u64; LATENESS_BOUNDS_US.len() + 1],
    /// The latest tick since the last report.
    pub latest: Duration,
    /// The longest tick since the last report: all calls' frames, decoding and encoding.
    pub longest: Duration,
    /// Time spent in ticks since the start.
    pub busy: Duration,
}

impl ClockReport {
    /// Ticks that began later than `bound_us`, one of [`LATENESS_BOUNDS_US`].
    pub fn later_than(&self, bound_us: u64) -> u64 {
        let within = LATENESS_BOUNDS_US.partition_point(|bound| *bound <= bound_us);
        self.lateness[within..].iter().sum()
    }
}

#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) real_time: AtomicBool,
    ticks: AtomicU64,
    skipped: AtomicU64,
    lateness: [AtomicU64; LATENESS_BOUNDS_US.len() + 1],
    latest_us: AtomicU64,
    longest_us: AtomicU64,
    busy_us: AtomicU64,
}

impl Stats {
    fn note(&self, late: Duration, took: Duration) {
        let late_us = micros(late);
        let class = LATENESS_BOUNDS_US.partition_point(|bound| *bound < late_us);
        self.lateness[class].fetch_add(1, Ordering::Relaxed);
        self.latest_us.fetch_max(late_us, Ordering::Relaxed);
        self.longest_us.fetch_max(micros(took), Ordering::Relaxed);
        self.busy_us.fetch_add(micros(took), Ordering::Relaxed);
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn report(&self) -> ClockReport {
        ClockReport {
            real_time: self.real_time.load(Ordering::Relaxed),
            ticks: self.ticks.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            lateness: std::array::from_fn(|class| self.lateness[class].load(Ordering::Relaxed)),
            latest: Duration::from_micros(self.latest_us.swap(0, Ordering::Relaxed)),
            longest: Duration::from_micros(self.longest_us.swap(0, Ordering::Relaxed)),
            busy: self.busy(),
        }
    }

    pub(super) fn busy(&self) -> Duration {
        Duration::from_micros(self.busy_us.load(Ordering::Relaxed))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Calls `tick` every 20 ms until `stop`. Ticks that are late are made up for one after the other.
///
/// # Threads
///
/// Is the media clock thread.
pub(super) fn run(stop: &AtomicBool, stats: &Stats, mut tick: impl FnMut()) {
    let mut due = now() + PERIOD;
    while !stop.load(Ordering::Relaxed) {
        sleep_until(due);
        let began = now();
        let late = began.saturating_sub(due);
        tick();
        stats.note(late, now().saturating_sub(began));
        due += PERIOD;
        if late > GIVE_UP {
            let skipped = late.as_nanos() / PERIOD.as_nanos();
            stats.skipped.fetch_add(u64::try_from(skipped).unwrap_or(u64::MAX), Ordering::Relaxed);
            due = now() + PERIOD;
        }
    }
}

/// Since an arbitrary point; does not jump.
fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).expect("Linux has a monotonic clock").into()
}

fn sleep_until(due: Duration) {
    let due = TimeSpec::from_duration(due);
    while clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &due) == Err(Errno::EINTR) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_at_their_absolute_times_however_long_one_takes() {
        let (stop, stats) = (AtomicBool::new(false), Stats::default());
        let began = now();
        let mut ticks = 0;
        run(&stop, &stats, || {
            ticks += 1;
            if ticks == 2 {
                std::thread::sleep(Duration::from_millis(50));
            }
            stop.store(ticks == 10, Ordering::Relaxed);
        });
        assert!(now() - began >= 10 * PERIOD, "no tick before its time");
        let report = stats.report();
        assert_eq!((report.ticks, report.lateness.iter().sum::<u64>()), (10, 10));
        assert!((1..10).contains(&report.later_than(10_000)), "the third tick had to wait for the second: {report:?}");
        assert!(report.longest >= Duration::from_millis(50));
        assert_eq!(stats.report().longest, Duration::ZERO, "a report takes the maxima with it");
    }

    #[test]
    fn a_stopped_machine_does_not_make_a_burst() {
        let (stop, stats) = (AtomicBool::new(false), Stats::default());
        let mut ticks = 0;
        run(&stop, &stats, || {
            ticks += 1;
            if ticks == 1 {
                std::thread::sleep(GIVE_UP + 3 * PERIOD);
            }
            stop.store(ticks == 4, Ordering::Relaxed);
        });
        assert!(stats.report().skipped >= 10, "{:?}", stats.report());
    }
}
