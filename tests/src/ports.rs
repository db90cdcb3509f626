//! Port numbers on the loopback that nobody uses.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};

// Below Linux's ephemeral range (32768–60999), so that no outgoing connection can take one in between.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The first of `count` successive ports, all free for UDP and TCP on 127.0.0.1; it is even, as RTP wants it.
///
/// # Errors
/// There is no such block.
pub fn block(count: u16) -> Result<u16> {
    let count = u32::from(count.div_ceil(2) * 2);
    let start = std::process::id().wrapping_mul(397) % COUNT;
    for _ in 0..COUNT / count {
        let offset = NEXT.fetch_add(count, Ordering::Relaxed);
        let base = FIRST + ((start + offset) % (COUNT - count)) / 2 * 2;
        let ports: Vec<u16> = (base..base + count).filter_map(|port| u16::try_from(port).ok()).collect();
        if ports.iter().all(|&port| is_free(port)) {
            return Ok(ports[0]);
        }
    }
    bail!("no {count} successive free ports between {FIRST} and {}", FIRST + COUNT);
}

/// One port that is free for UDP and TCP.
///
/// # Errors
/// None is free.
pub fn one() -> Result<u16> {
    block(2)
}

fn is_free(port: u16) -> bool {
    UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
}
