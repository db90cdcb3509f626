//! Who may call, which account a call is for, and what a request in a dialog must bring along.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::guard::{self, Packet, Refusal};
use super::message::{Message, uri_user};
use super::reading::Reading;
use super::{Network, Transport};

/// An account as the gate sees it.
#[derive(Debug)]
pub struct Owner {
    /// PJSUA's account.
    pub index: i32,
    /// The user of its AOR, which is also that of its Contact.
    pub user: String,
    /// Where its registrar answered from last.
    pub registrar: Option<SocketAddr>,
    /// Further addresses its calls may come from.
    pub networks: Vec<Network>,
    /// The realm that its password is for: configured, or learnt when the registrar took it.
    pub realm: Realm,
}

/// The realm of digest authentication that an account's password is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Realm {
    /// By configuration.
    Configured(String),
    /// Nothing is known yet; the last one that a REGISTER was answered for, if any.
    Asked(Option<String>),
    /// The registrar has taken an answer for it; the last one that a REGISTER was answered for since, if any.
    Learnt(String, Option<String>),
}

impl Realm {
    /// Of an account that was just read: `None` is any.
    pub fn new(configured: Option<String>) -> Self {
        configured.map_or(Self::Asked(None), Self::Configured)
    }

    fn is(&self, realm: &str) -> bool {
        match self {
            Self::Configured(known) | Self::Learnt(known, _) => known.eq_ignore_ascii_case(realm),
            Self::Asked(_) => false,
        }
    }
}

/// A challenge (401, 407) to a request of ours.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// PJSUA's account, whose credentials are asked for.
    pub account: i32,
    /// The challenged request is a REGISTER.
    pub is_register: bool,
    /// Where the challenge came from.
    pub source: IpAddr,
    /// Where the challenged request was sent to.
    pub sent_to: Option<IpAddr>,
    /// Of each WWW-Authenticate and Proxy-Authenticate header.
    pub realms: &'a [String],
}

/// A local account that takes direct calls arriving at one listener.
#[derive(Debug)]
pub struct Direct {
    /// PJSUA's account.
    pub index: i32,
    /// The listener's.
    pub transport: Transport,
    /// The listener's port.
    pub port: u16,
}

/// Where a message came from, and by which listener.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Address and port.
    pub source: SocketAddr,
    /// By which it came.
    pub transport: Transport,
    /// Of the listener.
    pub local_port: u16,
}

/// What PJSIP read of a message, and what it has for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parsed<'a> {
    /// Of a request its own; of a response that of its CSeq.
    pub method: &'a [u8],
    /// Call-ID.
    pub call_id: &'a [u8],
    /// Of From; empty: none.
    pub from_tag: &'a [u8],
    /// Of To; empty: none, which PJSIP takes for a request outside of any dialog.
    pub to_tag: &'a [u8],
    /// The number of CSeq.
    pub cseq: u32,
    /// The method of CSeq.
    pub cseq_method: &'a [u8],
    /// PJSIP found a header twice of which there is one.
    pub is_repeated: bool,
    /// PJSIP found a Replaces header.
    pub has_replaces: bool,
    /// A transaction that the request belongs to: it is a retransmission, or the ACK of a refusal.
    pub has_transaction: bool,
    /// Of a CANCEL: the INVITE it cancels has its Call-ID, From tag and CSeq number.
    pub cancels: bool,
    /// The dialog with this Call-ID and both tags.
    pub dialog: Option<Dialog>,
}

/// What of a dialog bears on its next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// Its call is up. After the BYE a subscription may be left (RFC 5057), to which NOTIFYs belong.
    pub has_call: bool,
    /// The peer's highest CSeq number so far.
    pub remote_cseq: Option<u32>,
    /// CSeq number of the INVITE that waits for its ACK.
    pub awaits_ack: Option<u32>,
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To PJSIP's upper layers, which must not make a call of it.
    Pass,
    /// To PJSIP's upper layers, which may make a call for this account of it.
    Admit {
        /// PJSUA's.
        account: i32,
    },
    /// Answered (a request) or dropped (a response, an ACK).
    Refuse(Refusal),
}

/// The state of admission.
#[derive(Debug)]
pub struct Gate {
    /// Accounts that register.
    pub owners: Vec<Owner>,
    /// Accounts for calls without a registration.
    pub directs: Vec<Direct>,
    trusted: Vec<Network>,
    srtp: bool,
    max_calls: usize,
    refusing: Option<Duration>,
    calls: usize,
}

/// Asks callers to come back when there may be room.
const BUSY_RETRY_S: u32 = 5;

const NO_DIALOG: Refusal = Refusal::new(481, "Call/Transaction Does Not Exist");

impl Gate {
    /// Nobody but `trusted` is known yet. With `srtp` off, keys in an offer are struck out.
    pub fn new(trusted: Vec<Network>, srtp: bool, max_calls: u32) -> Self {
        let (owners, directs) = (Vec::new(), Vec::new());
        Self { owners, directs, trusted, srtp, max_calls: max_calls as usize, refusing: None, calls: 0 }
    }

    /// From now on new calls get 503 and Retry-After.
    pub fn refuse_new_calls(&mut self, retry_after: Duration) {
        self.refusing = Some(retry_after);
    }

    /// A call takes a line.
    pub fn call_began(&mut self) {
        self.calls += 1;
    }

    /// A line is free again.
    pub fn call_ended(&mut self) {
        self.calls = self.calls.saturating_sub(1);
    }

    /// The registrar of `account` has accepted a REGISTER: its calls come from there, and the realm that it was answered
    /// for is its own.
    pub fn registrar_answered(&mut self, account: i32, from: SocketAddr) {
        let Some(owner) = self.owners.iter_mut().find(|owner| owner.index == account) else { return };
        owner.registrar = Some(from);
        if let Realm::Asked(Some(realm)) | Realm::Learnt(_, Some(realm)) = &owner.realm {
            owner.realm = Realm::Learnt(realm.clone(), None);
        }
    }

    /// Whether a challenge is answered with the account's credentials.
    ///
    /// A digest is a password to be guessed at leisure, and an answer for whoever relays the challenge. So it goes to the
    /// registrar alone: for a REGISTER to where that was sent, for other requests to where the registrar has answered
    /// from; and only for the configured realm, or for the one that the registrar has taken. Until it has, and when it
    /// gives itself a new one, a REGISTER may be answered for any. Where the realm is configured, a registrar may answer a
    /// REGISTER from another address than it was asked at, as some behind a virtual address do.
    pub fn answers(&mut self, challenge: &Challenge<'_>) -> bool {
        let Some(owner) = self.owners.iter_mut().find(|owner| owner.index == challenge.account) else { return false };
        let [realm, more @ ..] = challenge.realms else { return false };
        if more.iter().any(|other| !other.eq_ignore_ascii_case(realm)) {
            return false;
        }
        if !challenge.is_register {
            let is_registrar = owner.registrar.is_some_and(|registrar| same_ip(registrar.ip(), challenge.source));
            return is_registrar && owner.realm.is(realm);
        }
        let is_from_there = challenge.sent_to.is_some_and(|sent_to| same_ip(sent_to, challenge.source));
        match &mut owner.realm {
            Realm::Configured(known) => known.eq_ignore_ascii_case(realm),
            Realm::Asked(_) | Realm::Learnt(..) if !is_from_there => false,
            Realm::Asked(asked) | Realm::Learnt(_, asked) => {
                *asked = Some(realm.clone());
                true
            }
        }
    }

    /// Judges `data`, which PJSIP has read as `parsed`, and overwrites in it what must not reach PJMEDIA.
    pub fn judge(&mut self, data: &mut [u8], parsed: &Parsed<'_>, origin: Origin) -> Verdict {
        let packet = Packet { data, is_stream: origin.transport == Transport::Tcp };
        let (verdict, strike) = match guard::check(&packet, self.srtp) {
            Ok(checked) => (self.admit(&checked.message, parsed, origin), checked.strike),
            Err(refusal) => (Verdict::Refuse(refusal), Vec::new()),
        };
        for range in strike {
            // An attribute of this name means nothing to anybody.
            data[range].copy_from_slice(b"x-null");
        }
        verdict
    }

    fn admit(&self, message: &Message<'_>, parsed: &Parsed<'_>, origin: Origin) -> Verdict {
        if !message.is_request() {
            // PJSIP matches it with a transaction by its branch, which nobody can guess.
            return Verdict::Pass;
        }
        let reading = match Reading::of(message) {
            Ok(reading) => reading,
            Err(reason) => return Verdict::Refuse(Refusal::new(400, reason)),
        };
        if let Err(refusal) = reading.agrees(parsed) {
            return Verdict::Refuse(refusal);
        }
        if parsed.is_repeated {
            return Verdict::Refuse(Refusal::new(400, "Header given twice"));
        }
        if parsed.has_transaction {
            return Verdict::Pass;
        }
        if reading.method == "CANCEL" {
            return if parsed.cancels { Verdict::Pass } else { Verdict::Refuse(NO_DIALOG) };
        }
        if parsed.to_tag.is_empty() {
            self.outside_dialogs(&reading, parsed.has_replaces, origin)
        } else {
            within_dialog(&reading, parsed.dialog)
        }
    }

    fn outside_dialogs(&self, reading: &Reading<'_>, has_replaces: bool, origin: Origin) -> Verdict {
        match reading.method {
            "INVITE" => self.admit_call(reading, has_replaces, origin),
            // Small, so that nobody gains by sending it with a forged source.
            "OPTIONS" if !self.is_known(origin.source) => Verdict::Refuse(Refusal::new(200, "OK")),
            "OPTIONS" => Verdict::Pass,
            "ACK" | "BYE" | "INFO" | "PRACK" | "UPDATE" => Verdict::Refuse(NO_DIALOG),
            "NOTIFY" => Verdict::Refuse(Refusal::new(489, "Bad Event")),
            method => refuse_method(method),
        }
    }

    fn admit_call(&self, reading: &Reading<'_>, has_replaces: bool, origin: Origin) -> Verdict {
        let Some(account) = self.account_for(reading, origin) else {
            return Verdict::Refuse(Refusal::new(403, "Forbidden"));
        };
        if has_replaces {
            return Verdict::Refuse(Refusal::new(603, "Decline"));
        }
        if let Some(retry_after) = self.refusing {
            let retry_after_s = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1);
            return Verdict::Refuse(Refusal { retry_after_s, ..Refusal::new(503, "Shutting down") });
        }
        if self.calls >= self.max_calls {
            return Verdict::Refuse(Refusal {
                retry_after_s: BUSY_RETRY_S,
                ..Refusal::new(503, "All lines are taken")
            });
        }
        Verdict::Admit { account }
    }

    /// The most certain reading first: several accounts may live on one registrar, and a registrar may be a trusted peer
    /// as well, with other callers on its address.
    fn account_for(&self, reading: &Reading<'_>, origin: Origin) -> Option<i32> {
        let ip = origin.source.ip();
        let owners: Vec<&Owner> = self.owners.iter().filter(|owner| owner.is_called_from(ip)).collect();
        for user in [uri_user(reading.request_uri), uri_user(&reading.to.uri)] {
            if let Some(owner) = owners.iter().find(|owner| !user.is_empty() && owner.user == user) {
                return Some(owner.index);
            }
        }
        let exact: Vec<&&Owner> =
            owners.iter().filter(|o| o.registrar.is_some_and(|r| same(r, origin.source))).collect();
        if let [owner] = exact.as_slice() {
            return Some(owner.index);
        }
        if self.is_trusted(ip) {
            let listener = |d: &&Direct| d.transport == origin.transport && d.port == origin.local_port;
            let direct = self.directs.iter().find(listener).or(self.directs.first());
            return direct.map(|direct| direct.index);
        }
        match owners.as_slice() {
            [owner] => Some(owner.index),
            _ => None,
        }
    }

    fn is_trusted(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(ip))
    }

    fn is_known(&self, source: SocketAddr) -> bool {
        self.is_trusted(source.ip()) || self.owners.iter().any(|owner| owner.is_called_from(source.ip()))
    }
}

impl Owner {
    fn is_called_from(&self, ip: IpAddr) -> bool {
        self.registrar.is_some_and(|registrar| same_ip(registrar.ip(), ip))
            || self.networks.iter().any(|network| network.contains(ip))
    }
}

/// RFC 3261 section 12.2.2: the dialog is that of Call-ID and both tags, and its requests come in their order.
fn within_dialog(reading: &Reading<'_>, dialog: Option<Dialog>) -> Verdict {
    let Some(dialog) = dialog else { return Verdict::Refuse(NO_DIALOG) };
    if reading.method == "ACK" {
        // Any other one would only move the peer's sequence number.
        let is_due = dialog.awaits_ack == Some(reading.cseq);
        return if is_due { Verdict::Pass } else { Verdict::Refuse(NO_DIALOG) };
    }
    if dialog.remote_cseq.is_some_and(|last| reading.cseq <= last) {
        return Verdict::Refuse(Refusal::new(500, "CSeq out of order"));
    }
    match reading.method {
        "NOTIFY" => Verdict::Pass,
        _ if !dialog.has_call => Verdict::Refuse(NO_DIALOG),
        "BYE" | "INFO" | "INVITE" | "OPTIONS" | "PRACK" | "UPDATE" => Verdict::Pass,
        method => refuse_method(method),
    }
}

fn refuse_method(method: &str) -> Verdict {
    Verdict::Refuse(match method {
        // Whoever could refer us could make us dial.
        "REFER" => Refusal::new(603, "Decline"),
        _ => Refusal::new(501, "Not Implemented"),
    })
}

fn same_ip(a: IpAddr, b: IpAddr) -> bool {
    a.to_canonical() == b.to_canonical()
}

fn same(a: SocketAddr, b: SocketAddr) -> bool {
    same_ip(a.ip(), b.ip()) && a.port() == b.port()
}

#[cfg(test)]
mod tests;
