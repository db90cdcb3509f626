//! SIP and RTP: accounts that register, calls that come in, and their audio.
//!
//! # Life of a call
//!
//! [`start`] brings up PJSIP on a thread of its own, and a media clock on another. Each message is shown to the guard
//! (crate `sip-gate`) before PJSIP's upper layers: what is not well formed, not from a registrar of ours and not from a trusted
//! peer goes no further. An admitted INVITE is a [`SipEvent::IncomingCall`]; the owner of the events decides and calls
//! [`SipHandle::answer`] with a [`FramePort`] or [`SipHandle::reject`]. From [`SipEvent::MediaActive`] on, the port is
//! called every 20 ms. Whatever happens, [`SipEvent::CallEnded`] comes once and last.
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
mod ffi;
mod inbox;
mod log_line;
mod names;
mod overdue;
mod settings;
mod transfer;

use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

pub use clock::{ClockReport, LATENESS_BOUNDS_US};
pub use event::{IncomingCall, RegistrationState, SipEvent};
pub use overdue::{Bounds, Wait};
pub use pjsip_sys::Status;
pub use settings::{AccountConfig, SipConfig, Srtp};
pub use sip_gate::CallId;

pub use crate::config::{Listen, Network, Transport};

use endpoint::Command;

/// Samples in a frame: 20 ms at 16 kHz, mono, signed 16 bit.
pub const FRAME_SAMPLES: usize = 320;

/// A call's end of the audio path.
///
/// # Threads
///
/// Both functions run on the media clock thread, `put_frame` after `get_frame` or before it, once each per 20 ms, and must
/// not allocate, lock, block or log. A panic silences the port; the call goes on. The port is dropped on the SIP thread.
pub trait FramePort: Send {
    /// What the caller said. Zeros while nothing arrives.
    fn put_frame(&mut self, samples: &[i16; FRAME_SAMPLES]);
    /// What the caller is to hear; must fill all of it.
    fn get_frame(&mut self, samples: &mut [i16; FRAME_SAMPLES]);
}

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
    /// A handle for those who command calls.
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

/// Commands to the SIP side. Each is enqueued and carried out in order; one for a call that has ended is ignored.
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
    /// Sends 180 Ringing.
    pub fn ring(&self, call: CallId) {
        self.send(Command::Ring { call });
    }

    /// Answers with 200 and connects `port`. If the caller has gone meanwhile, `port` is just dropped.
    pub fn answer(&self, call: CallId, port: Box<dyn FramePort>) {
        self.send(Command::Answer { call, port });
    }

    /// Refuses with `code` (300 to 699). `reason` becomes the reason phrase and a Reason header (RFC 3326); `retry_after` a
    /// Retry-After header in whole seconds.
    pub fn reject(&self, call: CallId, code: u16, reason: Option<String>, retry_after: Option<Duration>) {
        self.send(Command::Reject { call, code, reason, retry_after });
    }

    /// Ends the call: BYE, or 603 if it has not been answered.
    pub fn hang_up(&self, call: CallId) {
        self.send(Command::HangUp { call });
    }

    /// Blind transfer (REFER, RFC 3515) to a `sip:`, `sips:` or `tel:` URI. Reported by [`SipEvent::Transfer`]; a target that
    /// is no such URI by code 400.
    pub fn transfer(&self, call: CallId, target_uri: String) {
        self.send(Command::Transfer { call, target_uri });
    }

    /// Sends keys (`0`-`9`, `A`-`D`, `*`, `#`) by RFC 4733, or by INFO to a peer without it.
    pub fn send_dtmf(&self, call: CallId, digits: String) {
        self.send(Command::SendDtmf { call, digits });
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

    /// How evenly the media clock has run since the last report.
    pub fn clock_report(&self) -> ClockReport {
        self.shared.clock.report()
    }

    fn send(&self, command: Command) {
        // The thread is gone only after a shutdown, when there is nothing left to command.
        if self.commands.send(command).is_ok() {
            // A full socket means that a wake-up is already on its way.
            let _ = self.wake.send(&[0]);
        }
    }
}
