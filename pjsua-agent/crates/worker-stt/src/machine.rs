//! What the machine has, and how busy it is.

use std::thread::available_parallelism;

/// Cores that this process may use.
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Threads that run or would like to, of all programs and with the caller's own: the fourth field of proc_loadavg(5).
pub fn running() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().nth(3)?.split('/').next()?.parse().ok()
}

/// Memory that programs can have: `MemAvailable` of proc_meminfo(5).
pub fn free_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_tells_what_there_is() {
        assert!(running().unwrap() >= 1, "this thread");
        assert!(free_memory_bytes().unwrap() > 1 << 20);
    }
}
