//! The one door to `pjsip-sys`: owned handles, safe functions, and the callbacks that C calls.
//!
//! The rules of `agent_shim.hpp` are kept by types: [`Endpoint`] is neither `Send` nor `Sync`, so it stays on the thread
//! that made it; the media clock thread is started and joined by it; a callback cannot unwind.

mod callbacks;

use std::cell::Cell;
use std::ffi::{c_int, c_uint};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use call_record::RtpStats;
use pjsip_sys::{Status, shim};
use sip_gate::{Challenge, Origin, Parsed, Verdict};

use callbacks::{
    frames, on_challenge, on_dtmf, on_ended, on_incoming, on_info, on_log, on_media, on_message, on_registration,
    on_resolve, on_transfer,
};

use super::overdue::Media;
use super::{Listen, Shared, Srtp, Transport, clock};
use crate::leg::FramePort;

const _: () = assert!(media::FRAME_SAMPLES == shim::AGENT_FRAME_SAMPLES as usize);

/// Above every thread that is not real-time, below the kernel's own.
const CLOCK_PRIORITY: c_int = 50;

/// A call into PJSIP that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// PJSIP's code.
    pub status: Status,
    /// What was attempted and why it failed, in PJSIP's words.
    pub detail: String,
}

/// What PJSIP reports. Slots are PJSUA's call indices.
#[derive(Debug)]
pub(super) enum Event {
    Registration { account: i32, status: i32, code: i32, reason: String, expires: Duration, source: Option<SocketAddr> },
    Incoming { account: i32, slot: i32, invite: Vec<u8>, source: SocketAddr },
    Media { slot: i32, active: bool, codec: String, clock_rate_hz: u32, remote: String },
    Dtmf { slot: i32, digit: char },
    Transfer { slot: i32, code: i32, done: bool },
    Ended { slot: i32, code: i32, reason: String, by_peer: bool },
    Resolve { lookup: u64, host: String },
}

/// Takes what the callbacks bring. Called within [`Endpoint`]'s functions, on the SIP thread; must not call them.
pub(super) trait Receiver {
    /// Judges a received message; may overwrite bytes of its body.
    fn judge(&self, data: &mut [u8], parsed: &Parsed<'_>, origin: Origin) -> Verdict;
    /// Takes an INFO of a call's dialog; the SIP status that answers it.
    fn info(&self, slot: i32, kind: &str, body: &[u8]) -> u16;
    /// Whether a 401 or 407 is answered with the account's credentials.
    fn challenge(&self, challenge: &Challenge<'_>) -> bool;
    /// Notes what happened.
    fn note(&self, event: Event);
}

struct Context {
    receiver: Rc<dyn Receiver>,
}

#[derive(Debug)]
pub(super) struct AccountSettings<'a> {
    pub(super) aor: &'a str,
    /// Empty for a local account, which never registers.
    pub(super) registrar: &'a str,
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) realm: &'a str,
    pub(super) expires: Duration,
    /// From [`Endpoint::listen`]; `None`: chosen by the URI.
    pub(super) listener: Option<i32>,
    pub(super) public_address: &'a str,
    pub(super) media_address: &'a str,
    pub(super) rtp_ports: (u16, u16),
    pub(super) srtp: Srtp,
}

/// PJSUA2's endpoint with everything in it.
pub(super) struct Endpoint {
    raw: NonNull<shim::agent_endpoint>,
    clock: Option<ClockThread>,
    /// Callbacks point into it; C forgets it with the endpoint.
    _context: Rc<Context>,
}

impl Endpoint {
    /// The shim permits one in a process; the caller sees to that.
    pub(super) fn create(
        user_agent: &str,
        max_calls: u32,
        log_level: u8,
        wake: OwnedFd,
        receiver: Rc<dyn Receiver>,
    ) -> Result<Self, Error> {
        let context = Rc::new(Context { receiver });
        let settings = shim::agent_settings {
            user_agent: view(user_agent),
            max_calls,
            log_level: log_level.into(),
            log: Some(on_log),
        };
        let events = shim::agent_events {
            user: Rc::as_ptr(&context).cast_mut().cast(),
            guard: Some(on_message),
            registration: Some(on_registration),
            incoming: Some(on_incoming),
            media: Some(on_media),
            dtmf: Some(on_dtmf),
            info: Some(on_info),
            challenge: Some(on_challenge),
            resolve: Some(on_resolve),
            transfer: Some(on_transfer),
            ended: Some(on_ended),
        };
        let mut raw = ptr::null_mut();
        // SAFETY: both structures are read during the call only; what `events.user` points to outlives the endpoint, since
        // `drop` destroys that first; the descriptor is handed over.
        check(unsafe { shim::agent_endpoint_create(&settings, &events, wake.into_raw_fd(), &mut raw) })?;
        let raw = NonNull::new(raw).expect("a created endpoint is not null");
        Ok(Self { raw, clock: None, _context: context })
    }

    /// Opens a listener and returns PJSUA's number of it.
    pub(super) fn listen(&self, listen: Listen, public_address: &str) -> Result<i32, Error> {
        let ip = listen.addr.ip().to_string();
        let transport = match listen.transport {
            Transport::Udp => shim::agent_transport::AGENT_TRANSPORT_UDP,
            Transport::Tcp => shim::agent_transport::AGENT_TRANSPORT_TCP,
        };
        let mut listener = -1;
        // SAFETY: the endpoint lives; the strings are copied during the call.
        check(unsafe {
            let (ip, public) = (view(&ip), view(public_address));
            let port = listen.addr.port();
            shim::agent_endpoint_listen(self.raw.as_ptr(), transport, ip, port, public, &mut listener)
        })?;
        Ok(listener)
    }

    /// Sets a codec's priority; 0 turns it off, an empty name means all.
    pub(super) fn set_codec(&self, name: &str, priority: u8) -> Result<(), Error> {
        // SAFETY: the endpoint lives; the string is copied during the call.
        check(unsafe { shim::agent_endpoint_codec(self.raw.as_ptr(), view(name), priority) })
    }

    pub(super) fn start(&self) -> Result<(), Error> {
        // SAFETY: the endpoint lives.
        check(unsafe { shim::agent_endpoint_start(self.raw.as_ptr()) })
    }

    /// Handles what has come in, waiting for it up to `timeout`. Callbacks run in here.
    pub(super) fn poll(&self, timeout: Duration) {
        let timeout_ms = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: the endpoint lives.
        if let Err(error) = check(unsafe { shim::agent_endpoint_poll(self.raw.as_ptr(), timeout_ms) }) {
            tracing::warn!(%error, "SIP event loop");
        }
    }

    /// Frame ports that have not been dropped yet.
    pub(super) fn live_ports(&self) -> u32 {
        // SAFETY: the endpoint lives.
        unsafe { shim::agent_endpoint_live_ports(self.raw.as_ptr()) }
    }

    /// Answers a [`Event::Resolve`]; without an address, what waited for it fails.
    pub(super) fn resolved(&self, lookup: u64, addresses: &[IpAddr]) {
        let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let raw: Vec<_> = texts.iter().map(|ip| shim::agent_address { ip: view(ip) }).collect();
        // SAFETY: the endpoint lives; the addresses are read during the call.
        let status = unsafe { shim::agent_endpoint_resolved(self.raw.as_ptr(), lookup, raw.as_ptr(), raw.len()) };
        if let Err(error) = check(status) {
            tracing::warn!(%error, "handing over the addresses of a name");
        }
    }

    /// Gives up TCP connections on which a request has waited for `limit` without anything coming in.
    pub(super) fn drop_dead_streams(&self, limit: Duration) {
        let limit_s = c_uint::try_from(limit.as_secs()).unwrap_or(c_uint::MAX);
        // SAFETY: the endpoint lives.
        if let Err(error) = check(unsafe { shim::agent_endpoint_drop_dead_streams(self.raw.as_ptr(), limit_s) }) {
            tracing::warn!(%error, "giving up dead connections");
        }
    }

    /// Starts the media clock thread; [`Endpoint::stop_clock`] or dropping the endpoint ends it.
    pub(super) fn start_clock(
        &mut self,
        shared: Arc<Shared>,
        tick: Box<dyn Fn() + Send + Sync>,
    ) -> Result<(), StartClock> {
        let mut raw = ptr::null_mut();
        // SAFETY: the endpoint lives.
        check(unsafe { shim::agent_clock_open(self.raw.as_ptr(), &mut raw) }).map_err(StartClock::Library)?;
        let clock = Clock(NonNull::new(raw).expect("an opened clock is not null"));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let stop = Arc::clone(&stop);
            std::thread::Builder::new().name("media-clock".into()).spawn(move || clock.run(&stop, &shared, &*tick))
        };
        self.clock = Some(ClockThread { stop, thread: thread.map_err(StartClock::Thread)? });
        Ok(())
    }

    /// Ends and joins the media clock thread. The bridge stands still from here on.
    pub(super) fn stop_clock(&mut self) {
        if let Some(clock) = self.clock.take() {
            clock.stop.store(true, Ordering::Relaxed);
            if let Ok(clock) = clock.thread.join() {
                // SAFETY: its thread was joined and gave it back; nobody else has it.
                unsafe { shim::agent_clock_close(clock.0.as_ptr()) };
            }
        }
    }

    pub(super) fn add_account(&self, settings: &AccountSettings<'_>) -> Result<i32, Error> {
        let raw = shim::agent_account_settings {
            aor: view(settings.aor),
            registrar: view(settings.registrar),
            username: view(settings.username),
            password: view(settings.password),
            realm: view(settings.realm),
            expires_s: u32::try_from(settings.expires.as_secs()).unwrap_or(u32::MAX),
            listener: settings.listener.unwrap_or(-1),
            public_address: view(settings.public_address),
            media_address: view(settings.media_address),
            rtp_port_min: settings.rtp_ports.0,
            rtp_port_max: settings.rtp_ports.1,
            srtp: match settings.srtp {
                Srtp::Off => shim::agent_srtp::AGENT_SRTP_OFF,
                Srtp::Optional => shim::agent_srtp::AGENT_SRTP_OPTIONAL,
                Srtp::Mandatory => shim::agent_srtp::AGENT_SRTP_MANDATORY,
            },
        };
        let mut account = -1;
        // SAFETY: the endpoint lives; the strings are copied during the call.
        check(unsafe { shim::agent_account_add(self.raw.as_ptr(), &raw, &mut account) })?;
        Ok(account)
    }

    /// Sends a REGISTER, or with `on` false the one that takes it back.
    pub(super) fn register(&self, account: i32, on: bool) -> Result<(), Error> {
        // SAFETY: the endpoint lives; an unknown account is an error, not undefined.
        check(unsafe { shim::agent_account_register(self.raw.as_ptr(), account, on.into()) })
    }

    pub(super) fn ring(&self, slot: i32) -> Result<(), Error> {
        // SAFETY: the endpoint lives; an unknown slot is an error, as for all calls below.
        check(unsafe { shim::agent_call_ring(self.raw.as_ptr(), slot) })
    }

    pub(super) fn answer(&self, slot: i32, port: Box<dyn FramePort>) -> Result<(), Error> {
        let frames = frames(port);
        // SAFETY: the endpoint lives; `frames` is handed over, and released by the callee whatever happens.
        check(unsafe { shim::agent_call_answer(self.raw.as_ptr(), slot, &frames) })
    }

    pub(super) fn reject(&self, slot: i32, code: u16, reason: &str, retry_after_s: u32) -> Result<(), Error> {
        let retry_after_s = c_int::try_from(retry_after_s).unwrap_or(c_int::MAX);
        // SAFETY: the endpoint lives; the string is copied during the call.
        check(unsafe { shim::agent_call_reject(self.raw.as_ptr(), slot, code.into(), view(reason), retry_after_s) })
    }

    /// `reason` becomes a Reason header (Q.850 cause 102) unless it is empty.
    pub(super) fn hang_up(&self, slot: i32, reason: &str) -> Result<(), Error> {
        // SAFETY: the endpoint lives; the string is copied during the call.
        check(unsafe { shim::agent_call_hang_up(self.raw.as_ptr(), slot, view(reason)) })
    }

    /// Ends a call without waiting for the peer.
    pub(super) fn abandon(&self, slot: i32) -> Result<(), Error> {
        // SAFETY: the endpoint lives.
        check(unsafe { shim::agent_call_abandon(self.raw.as_ptr(), slot) })
    }

    pub(super) fn transfer(&self, slot: i32, target: &str) -> Result<(), Error> {
        // SAFETY: the endpoint lives; the string is copied during the call.
        check(unsafe { shim::agent_call_transfer(self.raw.as_ptr(), slot, view(target)) })
    }

    pub(super) fn send_dtmf(&self, slot: i32, digits: &str) -> Result<(), Error> {
        // SAFETY: the endpoint lives; the string is copied during the call.
        check(unsafe { shim::agent_call_send_dtmf(self.raw.as_ptr(), slot, view(digits)) })
    }

    /// The call's audio stream, and how its RTP does; nothing of that without one.
    pub(super) fn media(&self, slot: i32) -> (Media, Option<RtpStats>) {
        let mut stats = shim::agent_media_stats::default();
        // SAFETY: the endpoint lives.
        let read = check(unsafe { shim::agent_call_stats(self.raw.as_ptr(), slot, &mut stats) });
        if read.is_err() || stats.has_media == 0 {
            return (Media::None, None);
        }
        let media = if stats.receiving != 0 { Media::Flowing(stats.rx_packets) } else { Media::Held };
        let rtp = RtpStats {
            received: stats.rx_packets,
            lost: stats.rx_lost,
            sent: stats.tx_packets,
            jitter_us: stats.rx_jitter_us,
            round_trip_us: (stats.rtt_us != 0).then_some(stats.rtt_us),
            jitter_buffer_ms: stats.jitter_buffer_ms,
        };
        (media, Some(rtp))
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop_clock();
        // SAFETY: created by `create`, not destroyed before, its clock closed.
        unsafe { shim::agent_endpoint_destroy(self.raw.as_ptr()) };
    }
}

/// Why the media clock did not start.
pub(super) enum StartClock {
    Library(Error),
    Thread(io::Error),
}

struct ClockThread {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Clock>,
}

/// The master port of the conference bridge.
struct Clock(NonNull<shim::agent_clock>);

// SAFETY: `agent_clock_enter` and `agent_clock_tick` may be called by any one thread (agent_shim.hpp, Threads); the SIP
// thread touches it again only after that thread was joined.
unsafe impl Send for Clock {}

thread_local! {
    static IS_MEDIA_CLOCK: Cell<bool> = const { Cell::new(false) };
}

impl Clock {
    fn run(self, stop: &AtomicBool, shared: &Shared, tick: &dyn Fn()) -> Self {
        IS_MEDIA_CLOCK.set(true);
        shared.clock.real_time.store(become_real_time(CLOCK_PRIORITY).is_ok(), Ordering::Relaxed);
        // SAFETY: the clock lives until this thread has returned it; it is entered once, by the thread that ticks it.
        let entered = Status::check(unsafe { shim::agent_clock_enter(self.0.as_ptr()) });
        entered.expect("a new thread is not registered with PJLIB yet");
        clock::run(stop, &shared.clock, || {
            // SAFETY: as above. A failed tick is a missing frame; the next one comes in 20 ms.
            let _ = unsafe { shim::agent_clock_tick(self.0.as_ptr()) };
            tick();
        });
        self
    }
}

/// SCHED_FIFO for the calling thread, or without permission at least exact timers.
fn become_real_time(priority: c_int) -> io::Result<()> {
    let parameter = libc::sched_param { sched_priority: priority };
    // SAFETY: the parameter is read during the call; 0 is the calling thread.
    if unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameter) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    // SAFETY: takes integers only; the slack of the calling thread in nanoseconds, 50,000 by default.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
    Err(error)
}

fn check(status: c_int) -> Result<(), Error> {
    Status::check(status).map_err(|status| {
        let mut text = [0_u8; 512];
        // SAFETY: the buffer is writable for the length passed.
        let length = unsafe { shim::agent_last_error(text.as_mut_ptr().cast(), text.len()) };
        Error { status, detail: String::from_utf8_lossy(&text[..length]).into_owned() }
    })
}

fn view(text: &str) -> shim::agent_str {
    shim::agent_str { ptr: text.as_ptr().cast(), len: text.len() }
}
