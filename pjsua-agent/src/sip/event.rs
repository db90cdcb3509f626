use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use sip_gate::CallId;

use super::overdue::Wait;

/// What happened on the SIP side, in order.
#[derive(Debug)]
pub enum SipEvent {
    /// An account's registration changed, or was renewed.
    Registration {
        /// [`AccountConfig::name`](super::AccountConfig::name).
        account: String,
        /// What it is now.
        state: RegistrationState,
    },
    /// A call from a registrar of ours or a trusted peer. 100 was sent. Answer or reject it, else the caller's own timer
    /// ends it.
    IncomingCall(IncomingCall),
    /// Audio flows: after the answer, and again whenever the peer renegotiates it.
    MediaActive {
        /// Which call.
        call: CallId,
        /// RTP encoding name and clock rate, for instance `PCMU/8000`.
        codec: String,
        /// Where our RTP goes.
        remote: Option<SocketAddr>,
    },
    /// The caller pressed a key: RFC 4733, or INFO with `application/dtmf-relay` or `application/dtmf`.
    Dtmf {
        /// Which call.
        call: CallId,
        /// `0` to `9`, `A` to `D`, `*`, `#`.
        digit: char,
    },
    /// Progress of a blind transfer: 100 when the peer took the REFER, then what its NOTIFYs report. If the call ends
    /// before `done`, as some peers do on success, there is only the [`SipEvent::CallEnded`].
    Transfer {
        /// Which call.
        call: CallId,
        /// SIP status. 2xx with `done`: the caller is with the target; the call ends within two seconds.
        code: u16,
        /// The last report.
        done: bool,
    },
    /// The call has waited too long for something, and is ended for it; a transfer is given up instead.
    Overdue {
        /// Which call.
        call: CallId,
        /// For what.
        wait: Wait,
    },
    /// Exactly once a call, and its last event.
    CallEnded {
        /// Which call.
        call: CallId,
        /// SIP status: 200 after a BYE, else why it came to nothing.
        code: u16,
        /// In words.
        reason: String,
        /// The peer ended it (BYE or CANCEL), not we and not an error.
        by_peer: bool,
        /// We ended it, since it waited too long for this.
        overdue: Option<Wait>,
    },
}

/// State of an account at its registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationState {
    /// Known to the registrar.
    Registered {
        /// For this long unless renewed, which happens by itself.
        expires: Duration,
    },
    /// Not known, and tried again by itself.
    Failed {
        /// SIP status; 408 if nobody answered, 502 if its name could not be looked up, 503 if it could not be reached.
        code: u16,
        /// In words.
        reason: String,
        /// The registrar refused the credentials.
        wrong_password: bool,
        /// When the next try is made.
        retry_in: Duration,
    },
    /// Taken back at our wish.
    Unregistered,
}

/// An INVITE that was let in.
#[derive(Clone)]
pub struct IncomingCall {
    /// Our name for it.
    pub call: CallId,
    /// The account it came for; `None`: a direct call from a trusted peer.
    pub account: Option<String>,
    /// The Call-ID header.
    pub sip_call_id: String,
    /// The URI of From, without parameters of the header.
    pub from_uri: String,
    /// The display name of From; empty if there is none.
    pub from_name: String,
    /// The URI of To.
    pub to_uri: String,
    /// The Request-URI.
    pub request_uri: String,
    /// Where the INVITE came from.
    pub source: SocketAddr,
    /// All headers in their order, long names, values as sent and unfolded.
    pub headers: Vec<(String, String)>,
}

impl IncomingCall {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Without phone numbers: this ends up in logs.
impl fmt::Debug for IncomingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingCall")
            .field("call", &self.call)
            .field("account", &self.account)
            .field("sip_call_id", &self.sip_call_id)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
