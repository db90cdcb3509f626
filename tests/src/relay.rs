//! A bad network between two parties of a call: a UDP relay that loses, delays, reorders and repeats RTP packets as a seed wills.
//!
//! ```text
//!              near port                far port
//!   caller  ──────────────▶  relay  ──────────────▶  Asterisk or the daemon
//!  (Endpoint) ◀────────────         ◀──────────────
//!                                   named in the caller's SDP
//! ```
//!
//! The caller's SDP names the relay's far port, and the caller sends his own RTP to its near port:
//! [`Caller::dial_through`](crate::caller::Caller::dial_through) does both. The other side sees one address that sends and
//! receives, as it would see a phone; signalling takes the straight way. RTCP is received and thrown away.
//!
//! What happens to a packet depends on nothing but the seed, its direction and its number in it, so a run can be repeated
//! although its timing cannot. Delay alone never changes the order of packets, as in a router's queue; those that shall be
//! overtaken are chosen on their own.

mod fate;
mod route;

use std::collections::BinaryHeap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeSpec;

pub use fate::{Direction, Fate, Impairment, Jitter};
pub use route::Counts;

use route::{Departure, Route};

/// How soon the thread notices that it shall end.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// A running relay. Dropping it ends it; packets under way are lost.
///
/// # Threads
/// All methods may be called from any thread; packets are handled by a thread of its own.
#[derive(Debug)]
pub struct Relay {
    near: SocketAddr,
    far: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    // A bound port answers no ICMP.
    _rtcp: UdpSocket,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    caller: Option<SocketAddr>,
    other: Option<SocketAddr>,
    counts: [Counts; 2],
}

impl Relay {
    /// Opens a relay on 127.0.0.1 that treats both directions alike, though not the same packets of each.
    ///
    /// # Errors
    /// No ports are free.
    pub fn open(seed: u64, impairment: Impairment) -> Result<Self> {
        Self::with(seed, impairment, impairment)
    }

    /// The same with an impairment for each direction.
    ///
    /// # Errors
    /// No ports are free.
    pub fn with(seed: u64, from_caller: Impairment, to_caller: Impairment) -> Result<Self> {
        let port = loopback_ports::block(4)?;
        let bind = |port: u16| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).context("a port of the relay");
        let (far, rtcp, near) = (bind(port)?, bind(port + 1)?, bind(port + 2)?);
        for socket in [&far, &near] {
            socket.set_nonblocking(true)?;
            setsockopt(socket, sockopt::RcvBuf, &(1 << 20)).context("SO_RCVBUF")?;
        }
        let (near_address, far_address) = (near.local_addr()?, far.local_addr()?);
        let shared = Arc::new(Shared::default());
        let relaying = RelayThread {
            near,
            far,
            routes: [
                Route::new(seed, Direction::FromCaller, from_caller),
                Route::new(seed, Direction::ToCaller, to_caller),
            ],
            departures: BinaryHeap::new(),
            shared: Arc::clone(&shared),
        };
        let thread = std::thread::Builder::new().name(format!("relay {port}")).spawn(move || relaying.run())?;
        Ok(Self { near: near_address, far: far_address, shared, thread: Some(thread), _rtcp: rtcp })
    }

    /// Where the caller sends to.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// The port for the caller's SDP.
    pub fn far_port(&self) -> u16 {
        self.far.port()
    }

    /// Where the caller is.
    pub fn set_caller(&self, caller: SocketAddr) {
        self.lock().caller = Some(caller);
    }

    /// Where the other side is, from its SDP. What comes before is lost.
    pub fn set_other(&self, other: SocketAddr) {
        self.lock().other = Some(other);
    }

    /// What it has done so far to packets of a direction.
    pub fn counts(&self, direction: Direction) -> Counts {
        self.lock().counts[direction as usize]
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect("the relay's thread does not panic")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct RelayThread {
    near: UdpSocket,
    far: UdpSocket,
    routes: [Route; 2],
    departures: BinaryHeap<Departure>,
    shared: Arc<Shared>,
}

impl RelayThread {
    fn run(mut self) {
        crate::rtp::prefer_this_thread();
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.receive();
            self.send_due();
            let next = self.departures.peek().map_or(LONGEST_WAIT, |departure| {
                departure.due.saturating_duration_since(Instant::now()).min(LONGEST_WAIT)
            });
            let waited = [&self.near, &self.far];
            let mut waited = waited.map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN));
            let _ = ppoll(&mut waited, Some(TimeSpec::from_duration(next)), None);
        }
    }

    fn receive(&mut self) {
        let mut buffer = [0_u8; 2048];
        for direction in [Direction::FromCaller, Direction::ToCaller] {
            loop {
                let socket = if direction == Direction::FromCaller { &self.near } else { &self.far };
                let Ok(size) = socket.recv(&mut buffer) else { break };
                let route = &mut self.routes[direction as usize];
                self.departures.extend(route.admit(&buffer[..size], Instant::now()));
                self.shared.state.lock().expect("no holder panics").counts[direction as usize] = route.counts();
            }
        }
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        while self.departures.peek().is_some_and(|departure| departure.due <= now) {
            let Some(departure) = self.departures.pop() else { break };
            let (caller, other) = {
                let state = self.shared.state.lock().expect("no holder panics");
                (state.caller, state.other)
            };
            let (socket, target) = match departure.direction {
                Direction::FromCaller => (&self.far, other),
                Direction::ToCaller => (&self.near, caller),
            };
            if let Some(target) = target {
                // A peer that has gone is seen in the signalling.
                let _ = socket.send_to(&departure.datagram, target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party() -> UdpSocket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
        socket
    }

    fn received(socket: &UdpSocket) -> Vec<u8> {
        let mut buffer = [0; 16];
        std::iter::from_fn(|| socket.recv(&mut buffer).ok().map(|_| buffer[0])).collect()
    }

    #[test]
    fn both_directions_pass_and_lose_what_the_seed_says() {
        let impairment = Impairment { loss: 0.2, delay: Duration::from_millis(5), ..Impairment::NONE };
        let relay = Relay::open(11, impairment).unwrap();
        let (caller, other) = (party(), party());
        relay.set_caller(caller.local_addr().unwrap());
        relay.set_other(other.local_addr().unwrap());
        for number in 0..100 {
            caller.send_to(&[number], relay.near()).unwrap();
            other.send_to(&[number], (Ipv4Addr::LOCALHOST, relay.far_port())).unwrap();
        }
        for (direction, socket) in [(Direction::FromCaller, &other), (Direction::ToCaller, &caller)] {
            let kept = |&number: &u8| !impairment.fate(11, direction, u64::from(number)).lost;
            let expected: Vec<u8> = (0..100).filter(kept).collect();
            assert_eq!(received(socket), expected);
            let counts = relay.counts(direction);
            assert_eq!((counts.arrived, counts.lost), (100, 100 - expected.len() as u64));
        }
    }

    #[test]
    fn the_other_side_sees_the_address_that_the_sdp_named() {
        let relay = Relay::open(1, Impairment::NONE).unwrap();
        let (caller, other) = (party(), party());
        relay.set_other(other.local_addr().unwrap());
        caller.send_to(b"voice", relay.near()).unwrap();
        let mut buffer = [0; 16];
        let (size, source) = other.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..size], source.port()), (b"voice".as_slice(), relay.far_port()));
    }

    #[test]
    fn a_relay_that_is_dropped_frees_its_ports() {
        let relay = Relay::open(1, Impairment::NONE).unwrap();
        let port = relay.far_port();
        drop(relay);
        assert!(UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }
}
