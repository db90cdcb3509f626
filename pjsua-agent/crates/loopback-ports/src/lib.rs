//! Port numbers on the loopback for sockets that are opened later, by another process or library.
//!
//! A number that the kernel chose for port 0 is a bad one for that: it lies in the ephemeral range, so an outgoing
//! connection may take it in between, and it was free only for the protocol that was asked.

#![forbid(unsafe_code)]

use std::io::{Error, ErrorKind, Result};
use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

// Below Linux's ephemeral range (32768–60999).
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The first of `count` successive ports, all free for UDP and TCP on 127.0.0.1; it is even, as RTP wants it. Threads
/// of one process get different ones.
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
    let range = format!("no {count} successive free ports between {FIRST} and {}", FIRST + COUNT);
    Err(Error::new(ErrorKind::AddrInUse, range))
}

/// One port that is free for UDP and TCP.
///
/// # Errors
/// No port is free.
pub fn one() -> Result<u16> {
    block(2)
}

fn is_free(port: u16) -> bool {
    UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_even_free_and_nobody_elses() {
        let first = block(3).unwrap();
        assert_eq!(first % 2, 0);
        assert!((first..first + 4).all(is_free));
        assert!(!(first..first + 4).contains(&one().unwrap()));
    }

    #[test]
    fn a_port_taken_for_either_protocol_is_not_free() {
        let (udp, tcp) = (one().unwrap(), one().unwrap());
        let _udp = UdpSocket::bind(("127.0.0.1", udp)).unwrap();
        let _tcp = TcpListener::bind(("127.0.0.1", tcp)).unwrap();
        assert!(!is_free(udp) && !is_free(tcp));
    }
}
