//! The test kit: real Asterisk, SIPp, and a caller whose voice is judged on the wire.
//!
//! The suites beside `src/` place real SIP calls to the real daemon and look at RTP packets. A call has two halves here:
//! SIPp ([`sipp`]) does the signalling from a scenario in `sipp-scenarios/`, and [`rtp::Endpoint`] owns the media socket which
//! the scenario's SDP names: it speaks recorded speech at an exact 20 ms pace and stamps every packet it gets with the
//! kernel's receive time. [`caller::Caller`] joins the two.
//!
//! Nothing here outlives its owner: each process is killed by the kernel when the suite dies, Asterisk's mounts exist
//! only in its own mount namespace, and files stay under `target/` (`target/test-runs/` holds the logs of the last run).

pub mod asterisk;
pub mod caller;
pub mod daemon;
pub mod hostile;
pub mod journal;
pub mod material;
pub mod mounts;
pub mod paths;
pub mod process;
pub mod recognise;
pub mod relay;
pub mod rtp;
pub mod scene;
pub mod setup;
pub mod sipp;
pub mod speech;
pub mod wait;
pub mod wav;

/// Waits for a condition; see [`wait::until`].
pub use wait::until;
