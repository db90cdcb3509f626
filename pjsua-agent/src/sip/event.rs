use std::time::Duration;

use crate::leg::{Incoming, LegEvent, LegId, Wait};

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
    Incoming(Incoming),
    /// Something happened to a call that is there. DTMF: RFC 4733, or INFO with `application/dtmf-relay` or
    /// `application/dtmf`.
    Leg {
        /// Which call.
        leg: LegId,
        /// What.
        event: LegEvent,
    },
    /// The call has waited too long for something, and is ended for it; a transfer is given up instead.
    Overdue {
        /// Which call.
        leg: LegId,
        /// For what.
        wait: Wait,
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
