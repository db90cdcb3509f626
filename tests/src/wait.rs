//! Bounded waiting.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks `check` every few milliseconds until it gives a value.
///
/// # Errors
/// Nothing came within `limit`; `what` names what was awaited.
pub fn until<T>(what: &str, limit: Duration, mut check: impl FnMut() -> Option<T>) -> Result<T> {
    let started = Instant::now();
    let mut nap = Duration::from_millis(2);
    loop {
        if let Some(value) = check() {
            return Ok(value);
        }
        if started.elapsed() >= limit {
            bail!("waited {:.1} s in vain: {what}", limit.as_secs_f64());
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(20));
    }
}
