//! SIP and RTP: accounts that register, calls that come in, and their audio.
//!
//! # Life of a call
//!
//! [`start`] brings up PJSIP on a thread of its own, and a media clock on another. Each message is shown to the guard
//! (crate `sip-gate`) before PJSIP's upper layers: what is not well formed, not from a registrar of ours and not from a trusted
//! peer goes no further. An admitted INVITE is a [`SipEvent::Incoming`]; the owner of the events decides and calls
//! [`Leg::answer`] with a [`FramePort`] or [`Leg::reject`] of its [`SipLeg`]. From [`LegEvent::Media`] on, the port is
//! called every 20 ms. Whatever happens, [`LegEvent::Ended`] comes once and last.
//!
//! # Threads
//!
//! One SIP thread owns every PJSUA2 object. Handles only enqueue commands and wake it; callbacks of PJSIP only enqueue
//! events. The media clock thread drives the conference bridge and, through it, the frame ports.

mod account;
mod bring_up;
mod call;
mod clock;
mod endpoint;
mod event;
#[allow(unsafe_code, reason = "the one door to PJSIP")]
mod ffi;
mod inbox;
mod leg;
mod log_line;
mod names;
mod overdue;
mod rtp;
mod settings;
mod transfer;

use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

pub use crate::config::{Listen, Network, Transport};
pub use clock::{ClockReport, LATENESS_BOUNDS_US};
pub use event::{RegistrationState, SipEvent};
pub use leg::SipLeg;
pub use overdue::Bounds;
pub use pjsip_sys::Status;
pub use settings::{AccountConfig, SipConfig, Srtp};

use crate::leg::LegId;
#[cfg(doc)]
use crate::leg::{FramePort, Leg, LegEvent};
use endpoint::Command;

/// The version of PJSIP this was built with.
pub fn version() -> &'static str {
    pjsip_sys::VERSION
}

/// Why [`start`] could not.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// PJSIP is a singleton and already runs in this process.
    #[error("the SIP endpoint already runs in this process")]
    AlreadyRunning,
    /// [`SipConfig`] contradicts itself.
    #[error("sip: {0}")]
    Config(String),
    /// A listening socket could not be opened.
    #[error("cannot listen on {address}: {detail}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// PJSIP's code.
        status: Status,
        /// PJSIP's words.
        detail: String,
    },
    /// An account was refused, most often for a malformed URI.
    #[error("account {name}: {detail}")]
    Account {
        /// [`AccountConfig::name`].
        name: String,
        /// PJSIP's code.
        status: Status,
        /// PJSIP's words.
        detail: String,
    },
    /// PJSIP does not know a codec of this name.
    #[error("no codec {name}; there are PCMU, PCMA, G722, opus")]
    Codec {
        /// From [`SipConfig::codecs`].
        name: String,
    },
    /// PJSIP did not come up.
    #[error("PJSIP: {0}")]
    Library(#[from] ffi::Error),
    /// No thread or socket could be had.
    #[error("cannot start the SIP thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The running SIP side. Dropping it is [`Sip::shutdown`].
#[derive(Debug)]
pub struct Sip {
    handle: SipHandle,
    thread: Option<JoinHandle<()>>,
}

/// Brings up SIP: opens the listeners, starts registering, and from then on sends events.
///
/// `tick` is called by the media clock thread after each 20 ms tick of the bridge, when all frame ports have been called;
/// it must not block. Events end when the receiver is dropped, which hangs up nothing by itself.
///
/// # Errors
///
/// See [`StartError`]. Nothing runs afterwards.
///
/// # Threads
///
/// Any. Blocks until the listeners are open, some tens of milliseconds.
pub fn start(
    config: SipConfig,
    tick: impl Fn() + Send + Sync + 'static,
    events: UnboundedSender<SipEvent>,
) -> Result<Sip, StartError> {
    let running = endpoint::spawn(config, Box::new(tick), events)?;
    Ok(Sip { handle: running.0, thread: Some(running.1) })
}

impl Sip {
    /// A handle for those who command the SIP side and its calls.
    pub fn handle(&self) -> SipHandle {
        self.handle.clone()
    }

    /// Takes back registrations, hangs up what is left (BYE, CallEnded), destroys the endpoint and joins its threads.
    ///
    /// # Threads
    ///
    /// Any but the SIP thread. Blocks, three seconds at most.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        self.handle.shutdown();
        if let Some(thread) = self.thread.take() {
            // A panic of the SIP thread has been logged by the panic hook; there is nothing left to join.
            let _ = thread.join();
        }
    }
}

impl Drop for Sip {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Commands to the SIP side, enqueued and carried out in their order.
///
/// # Threads
///
/// Any; never blocks.
#[derive(Clone, Debug)]
pub struct SipHandle {
    commands: crossbeam_channel::Sender<Command>,
    wake: Arc<UnixDatagram>,
    shared: Arc<Shared>,
}

/// What handles may read without asking the SIP thread.
#[derive(Debug, Default)]
struct Shared {
    calls: AtomicUsize,
    clock: clock::Stats,
}

impl SipHandle {
    /// What commands one call; commands for a call that is not there are ignored.
    pub fn leg(&self, call: LegId) -> SipLeg {
        SipLeg::new(call, self.clone())
    }

    /// From now on new INVITEs are refused with 503 and Retry-After. Calls that are up go on.
    pub fn refuse_new_calls(&self, retry_after: Duration) {
        self.send(Command::RefuseNewCalls { retry_after });
    }

    /// Takes back all registrations; each is confirmed by [`RegistrationState::Unregistered`].
    pub fn unregister(&self) {
        self.send(Command::Unregister);
    }

    /// Asks for [`Sip::shutdown`] without waiting for it.
    pub fn shutdown(&self) {
        self.send(Command::Shutdown);
    }

    /// Calls that are up or being set up.
    pub fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// How evenly the media clock has run. Each report takes the maxima with it, so there is one who asks.
    pub fn clock_report(&self) -> ClockReport {
        self.shared.clock.report()
    }

    /// The media clock thread's time spent in ticks, since the start.
    pub fn clock_busy(&self) -> Duration {
        self.shared.clock.busy()
    }

    fn send(&self, command: Command) {
        // The thread is gone only after a shutdown, when there is nothing left to command.
        if self.commands.send(command).is_ok() {
            // A full socket means that a wake-up is already on its way.
            let _ = self.wake.send(&[0]);
        }
    }
}
