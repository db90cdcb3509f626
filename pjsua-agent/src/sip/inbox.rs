//! What PJSIP's callbacks bring, kept until the SIP thread is out of them again.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use sip_gate::{Challenge, Gate, Message, Origin, Parsed, Reading, Verdict, dtmf};
use tracing::{debug, info, warn};

use super::SipEvent;
use super::account::Answer;
use super::call::Calls;
use super::ffi::{self, Event};
use crate::leg::{Incoming, LegEvent, LegId, Wait};

/// What the callbacks of PJSIP and the SIP thread share; both run on that thread, never at once.
pub(super) struct Inbox {
    pub(super) inner: RefCell<Inner>,
}

pub(super) struct Inner {
    pub(super) gate: Gate,
    pub(super) calls: Calls,
    /// PJSUA's account and our name for it.
    pub(super) accounts: Vec<(i32, String)>,
    pub(super) happenings: VecDeque<Happening>,
}

/// What the SIP thread has to pass on.
pub(super) enum Happening {
    Event(SipEvent),
    Registration {
        account: i32,
        answer: Answer,
    },
    Transfer {
        call: LegId,
        code: u16,
        done: bool,
    },
    /// PJSIP wants to know the addresses of a host, as its lookup of this number.
    Resolve {
        lookup: u64,
        host: String,
    },
}

impl Happening {
    fn of(leg: LegId, event: LegEvent) -> Self {
        Self::Event(SipEvent::Leg { leg, event })
    }
}

impl Inbox {
    pub(super) fn new(gate: Gate) -> Self {
        let (calls, accounts, happenings) = (Calls::default(), Vec::new(), VecDeque::new());
        Self { inner: RefCell::new(Inner { gate, calls, accounts, happenings }) }
    }

    /// The call in `slot` has ended, although PJSIP does not say so.
    pub(super) fn forget(&self, slot: i32) {
        ffi::Receiver::note(self, Event::Ended { slot, code: 408, reason: String::new(), by_peer: false });
    }
}

impl ffi::Receiver for Inbox {
    fn judge(&self, data: &mut [u8], parsed: &Parsed<'_>, origin: Origin) -> Verdict {
        let verdict = self.inner.borrow_mut().gate.judge(data, parsed, origin);
        if let Verdict::Refuse(refusal) = &verdict {
            debug!(source = %origin.source, code = refusal.code, reason = refusal.reason, "SIP message refused");
        }
        verdict
    }

    fn info(&self, slot: i32, kind: &str, body: &[u8]) -> u16 {
        let inner = &mut *self.inner.borrow_mut();
        let call = inner.calls.in_slot(slot).map(|call| call.id);
        let digit = dtmf::from_info(&kind.to_ascii_lowercase(), body);
        if let (Some(leg), Some(digit)) = (call, digit) {
            inner.happenings.push_back(Happening::of(leg, LegEvent::Dtmf(digit)));
        }
        // RFC 6086 section 4.2.2: without a package and a body it asks for nothing but the 200. Bodies of other kinds
        // were refused by the gate.
        200
    }

    fn challenge(&self, challenge: &Challenge<'_>) -> bool {
        let inner = &mut *self.inner.borrow_mut();
        let is_answered = inner.gate.answers(challenge);
        if !is_answered {
            let account = inner.account_name(challenge.account);
            warn!(account, source = %challenge.source, realms = ?challenge.realms,
                "asked for the password of this account by somebody it is not for; not answered. If that is the registrar \
                 under another address or name, configure its realm");
        }
        is_answered
    }

    fn note(&self, event: Event) {
        let inner = &mut *self.inner.borrow_mut();
        if let Some(happening) = inner.translate(event) {
            inner.happenings.push_back(happening);
        }
    }
}

impl Inner {
    /// Slots become names here and now: a slot may have another call in it by the time events are sent.
    fn translate(&mut self, event: Event) -> Option<Happening> {
        Some(match event {
            Event::Registration { account, status, code, reason, expires, source } => {
                let code = u16::try_from(code).unwrap_or_default();
                if let Some(source) = source.filter(|_| status == 0 && (200..300).contains(&code)) {
                    self.gate.registrar_answered(account, source);
                }
                // PJSIP's words name a function that nobody has called.
                let is_name = reason.contains("PJ_ERESOLVE");
                let reason = if is_name { "its host name cannot be looked up".to_owned() } else { reason };
                Happening::Registration { account, answer: Answer { status, code, reason, expires } }
            }
            Event::Incoming { account, slot, invite, source } => {
                let (incoming, lost) = self.begin_call(account, slot, &invite, source);
                if let Some(lost) = lost {
                    self.happenings.push_back(lost);
                }
                Happening::Event(SipEvent::Incoming(incoming))
            }
            Event::Media { active: false, .. } => return None,
            Event::Media { slot, codec, clock_rate_hz, remote, .. } => {
                let leg = self.calls.in_slot(slot)?.id;
                debug!(call = leg.0, codec, remote, "audio flows");
                let codec = format!("{codec}/{clock_rate_hz}");
                Happening::of(leg, LegEvent::Media { codec })
            }
            Event::Dtmf { slot, digit } => {
                let (leg, digit) = (self.calls.in_slot(slot)?.id, dtmf::normal(digit)?);
                Happening::of(leg, LegEvent::Dtmf(digit))
            }
            Event::Transfer { slot, code, done } => {
                let code = u16::try_from(code).unwrap_or(500);
                Happening::Transfer { call: self.calls.in_slot(slot)?.id, code, done }
            }
            Event::Ended { slot, code, reason, by_peer } => {
                let call = self.calls.end(slot)?;
                self.gate.call_ended();
                let code = u16::try_from(code).unwrap_or_default();
                // 408 is PJSIP's own then: nobody has sent it.
                let has_gone = code == 408 && !by_peer && call.overdue.is_none();
                if has_gone {
                    let overdue = SipEvent::Overdue { leg: call.id, wait: Wait::Peer };
                    self.happenings.push_back(Happening::Event(overdue));
                }
                let overdue = call.overdue.or(has_gone.then_some(Wait::Peer));
                let reason = overdue.map_or(reason, |wait| wait.to_string());
                info!(call = call.id.0, sip_call_id = call.sip_call_id, code, reason, by_peer, "SIP call ended");
                if let Some(stats) = call.rtp.last() {
                    self.happenings.push_back(Happening::of(call.id, LegEvent::Rtp(stats)));
                }
                Happening::of(call.id, LegEvent::Ended { code, reason, by_peer, overdue })
            }
            Event::Resolve { lookup, host } => Happening::Resolve { lookup, host },
        })
    }

    fn account_name(&self, index: i32) -> Option<String> {
        self.accounts.iter().find(|(known, _)| *known == index).map(|(_, name)| name.clone())
    }

    fn begin_call(
        &mut self,
        account: i32,
        slot: i32,
        invite: &[u8],
        source: SocketAddr,
    ) -> (Incoming, Option<Happening>) {
        // The guard has parsed the same bytes.
        let message = Message::parse(invite).expect("a message that was let in is well formed");
        let sip_call_id = message.value("Call-ID").to_owned();
        let (leg, lost) = self.calls.begin(slot, sip_call_id.clone(), Instant::now());
        let lost = lost.map(|lost| {
            self.gate.call_ended();
            let event = LegEvent::Ended { code: 500, reason: "lost".into(), by_peer: false, overdue: None };
            Happening::of(lost.id, event)
        });
        self.gate.call_began();
        let account = self.account_name(account);
        info!(call = leg.0, sip_call_id, account, %source, "SIP call");
        let reading = Reading::of(&message).expect("a message that was let in is well formed");
        let Reading { from, to, .. } = reading;
        let incoming = Incoming {
            leg,
            account,
            call_id: sip_call_id,
            from_uri: from.uri,
            from_name: from.name,
            to_uri: to.uri,
            source,
            headers: message.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        };
        (incoming, lost)
    }
}
