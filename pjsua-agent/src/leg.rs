//! One party of a call as the call knows it, whatever line it came by.
//!
//! A [`Leg`] does what the call wants of the party, a [`LegEvent`] tells what became of it, and a [`FramePort`] carries its
//! voice. SIP is the one kind of line there is (`sip::SipLeg`); another one makes an [`Incoming`] and a [`Leg`] of its own,
//! and the call does not know the difference.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use call_record::RtpStats;
use media::{ClockEnd, Samples};

/// The daemon's own number of a leg; never reused within a process. A call has the number of its first leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

impl LegId {
    /// A number that no leg of this process has had, of whatever kind.
    pub fn next() -> LegId {
        static LAST: AtomicU64 = AtomicU64::new(0);
        LegId(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Somebody who calls and waits for an answer.
#[derive(Clone)]
pub struct Incoming {
    /// Our name for the leg.
    pub leg: LegId,
    /// The account it came for; `None`: straight from a trusted peer.
    pub account: Option<String>,
    /// The other side's name for it: SIP's `Call-ID`.
    pub call_id: String,
    /// The caller's URI, without parameters of the header.
    pub from_uri: String,
    /// The caller's display name; empty if there is none.
    pub from_name: String,
    /// The URI that was called.
    pub to_uri: String,
    /// Where it came from.
    pub source: SocketAddr,
    /// All that was said about the call, by name, in its order: SIP's headers, long names, values as sent and unfolded.
    pub headers: Vec<(String, String)>,
}

impl Incoming {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Without telephone numbers, since debug forms end up in logs.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("leg", &self.leg)
            .field("account", &self.account)
            .field("call_id", &self.call_id)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// What became of a leg, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEvent {
    /// Audio flows: after the answer, and again whenever the peer renegotiates it.
    Media {
        /// RTP encoding name and clock rate, for instance `PCMU/8000`.
        codec: String,
    },
    /// How its RTP does: every five seconds while there is audio, and before the end.
    Rtp(RtpStats),
    /// The party pressed a key: `0` to `9`, `A` to `D`, `*`, `#`.
    Dtmf(char),
    /// Progress of a blind transfer: 100 when the peer took the request, then what it reports. If the leg ends before
    /// `done`, as some peers do on success, there is only [`LegEvent::Ended`].
    Transfer {
        /// SIP status. 2xx with `done`: the party is with the target; the leg ends within two seconds.
        code: u16,
        /// The last report.
        done: bool,
    },
    /// Exactly once a leg, and its last event.
    Ended {
        /// SIP status: 200 after a BYE, else why it came to nothing.
        code: u16,
        /// In words.
        reason: String,
        /// The party ended it (BYE or CANCEL), not we and not an error.
        by_peer: bool,
        /// We ended it, since it waited too long for this.
        overdue: Option<Wait>,
    },
}

/// What a leg is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// That its owner answers or refuses it.
    Answer,
    /// That audio is negotiated, after the answer: an offer on hold, an ACK without SDP.
    Media,
    /// For the next RTP packet.
    Rtp,
    /// That the peer takes it off hold.
    Hold,
    /// For the outcome of a transfer.
    Transfer,
    /// For the ACK of our answer, or the answer to a request of ours: PJSIP ends the call after 32 s (RFC 3261 timers F, H).
    Peer,
    /// That it ends, after it was told to. PJSUA lets go of a call at once; this is for one that it failed to end.
    End,
}

impl Wait {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Answer, Self::Media, Self::Rtp, Self::Hold, Self::Transfer, Self::Peer, Self::End];

    /// The value of the metric's label `wait`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Media => "media",
            Self::Rtp => "rtp",
            Self::Hold => "hold",
            Self::Transfer => "transfer",
            Self::Peer => "peer",
            Self::End => "end",
        }
    }
}

/// Why the leg was ended, for logs, journals and the Reason header.
impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer => "not answered in time",
            Self::Media => "no media in time after the answer",
            Self::Rtp => "no RTP from the caller",
            Self::Hold => "on hold for too long",
            Self::Transfer => "no outcome of the transfer in time",
            Self::Peer => "the other side has stopped answering",
            Self::End => "did not end in time",
        })
    }
}

/// How a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// SIP status, 300 to 699.
    pub code: u16,
    /// Said to the peer: the reason phrase and a Reason header (RFC 3326). Empty: the code's own.
    pub reason: String,
    /// The peer may try again then; a Retry-After header in whole seconds.
    pub retry_after: Option<Duration>,
}

/// Takes the wishes of a call for one party. Each is carried out in its order; one for a leg that has ended is ignored.
///
/// # Threads
///
/// Any; none of them blocks.
pub trait Leg: fmt::Debug + Send + Sync {
    /// Our name for it.
    fn id(&self) -> LegId;
    /// Answers and connects `port`. If the party has gone meanwhile, `port` is just dropped.
    fn answer(&self, port: Box<dyn FramePort>);
    /// Refuses instead of answering.
    fn reject(&self, refusal: Refusal);
    /// Ends the leg, answered or not.
    fn hang_up(&self);
    /// Blind transfer to a `sip:`, `sips:` or `tel:` URI, reported by [`LegEvent::Transfer`]; a target that is no such URI
    /// by code 400.
    fn transfer(&self, target_uri: &str);
}

/// A leg's end of the audio path.
///
/// # Threads
///
/// Both functions run on the media clock thread, `put_frame` after `get_frame` or before it, once each per 20 ms, and must
/// not allocate, lock, block or log. A panic silences the port; the call goes on. The port is dropped on the line's own
/// thread, that of SIP.
pub trait FramePort: Send {
    /// What the party said. Zeros while nothing arrives.
    fn put_frame(&mut self, samples: &Samples);
    /// What the party is to hear; must fill all of it.
    fn get_frame(&mut self, samples: &mut Samples);
}

impl FramePort for ClockEnd {
    fn put_frame(&mut self, samples: &Samples) {
        ClockEnd::put_frame(self, samples);
    }

    fn get_frame(&mut self, samples: &mut Samples) {
        ClockEnd::get_frame(self, samples);
    }
}
