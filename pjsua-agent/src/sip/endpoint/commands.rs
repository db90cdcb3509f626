//! What the rest of the daemon asks of the SIP thread.

use std::time::{Duration, Instant};

use sip_gate::dtmf;
use tracing::warn;

use super::SipThread;
use crate::leg::{FramePort, LegEvent, LegId, Refusal, Wait};
use crate::sip::ffi::{self, Endpoint};
use crate::sip::overdue::Watch;
use crate::sip::transfer::{self, Transfer};

/// What the SIP thread is asked to do.
pub(in crate::sip) enum Command {
    Ring { call: LegId },
    Answer { call: LegId, port: Box<dyn FramePort> },
    Reject { call: LegId, refusal: Refusal },
    HangUp { call: LegId },
    Transfer { call: LegId, target_uri: String },
    SendDtmf { call: LegId, digits: String },
    RefuseNewCalls { retry_after: Duration },
    Unregister,
    Shutdown,
}

impl SipThread {
    pub(super) fn carry_out(&mut self, command: Command) {
        match command {
            Command::RefuseNewCalls { retry_after } => self.inbox.inner.borrow_mut().gate.refuse_new_calls(retry_after),
            Command::Unregister => {
                self.accounts.iter_mut().for_each(|account| account.registration.take_back(Instant::now()))
            }
            Command::Ring { call } => self.on_call(call, "ring", |endpoint, slot| endpoint.ring(slot)),
            Command::Answer { call, port } => self.answer(call, port),
            Command::Reject { call, refusal: Refusal { code, reason, retry_after } } => {
                let code = if (300..700).contains(&code) { code } else { 500 };
                let reason = header_safe(&reason);
                let retry_after_s = retry_after.map_or(0, |d| u32::try_from(d.as_secs()).unwrap_or(u32::MAX).max(1));
                self.on_call(call, "reject", |endpoint, slot| endpoint.reject(slot, code, &reason, retry_after_s));
                self.watch(call, |watch| watch.ending(Instant::now()));
            }
            Command::HangUp { call } => self.hang_up(call, None),
            Command::Transfer { call, target_uri } => self.transfer(call, &target_uri),
            Command::SendDtmf { call, digits } => {
                let digits = dtmf::sendable(&digits);
                if !digits.is_empty() {
                    self.on_call(call, "send DTMF", |endpoint, slot| endpoint.send_dtmf(slot, &digits));
                }
            }
            Command::Shutdown => {}
        }
    }

    /// Slot and Call-ID of a call that is there. No borrow is left: what follows may call back.
    pub(super) fn find(&self, call: LegId) -> Option<(i32, String)> {
        self.inbox.inner.borrow_mut().calls.get(call).map(|call| (call.slot, call.sip_call_id.clone()))
    }

    pub(super) fn on_call(&self, call: LegId, what: &str, act: impl FnOnce(&Endpoint, i32) -> Result<(), ffi::Error>) {
        let Some((slot, sip_call_id)) = self.find(call) else { return };
        if let Err(error) = act(&self.endpoint, slot) {
            warn!(call = call.0, sip_call_id, %error, "could not {what}");
        }
    }

    fn answer(&self, call: LegId, port: Box<dyn FramePort>) {
        let Some((slot, sip_call_id)) = self.find(call) else { return };
        self.watch(call, |watch| watch.answered(Instant::now()));
        if let Err(error) = self.endpoint.answer(slot, port) {
            warn!(call = call.0, sip_call_id, %error, "could not answer; hanging up");
            self.hang_up(call, None);
        }
    }

    pub(super) fn watch(&self, call: LegId, note: impl FnOnce(&mut Watch)) {
        if let Some(call) = self.inbox.inner.borrow_mut().calls.get(call) {
            note(&mut call.watch);
        }
    }

    /// BYE, or 603 if the call was not answered; `overdue` says what it has waited for too long.
    pub(super) fn hang_up(&self, call: LegId, overdue: Option<Wait>) {
        if let Some(call) = self.inbox.inner.borrow_mut().calls.get(call) {
            call.watch.ending(Instant::now());
            call.overdue = call.overdue.or(overdue);
        }
        let reason = overdue.map(|wait| wait.to_string()).unwrap_or_default();
        self.on_call(call, "hang up", |endpoint, slot| endpoint.hang_up(slot, &reason));
    }

    fn transfer(&self, call: LegId, target: &str) {
        let Some((slot, sip_call_id)) = self.find(call) else { return };
        let report = |code| self.send_of(call, LegEvent::Transfer { code, done: true });
        if !transfer::is_target(target) {
            warn!(call = call.0, sip_call_id, "the transfer target is not a SIP or telephone URI");
            return report(400);
        }
        self.set_transfer(call, Transfer::Running(Instant::now() + self.bounds.transfer));
        if let Err(error) = self.endpoint.transfer(slot, target) {
            warn!(call = call.0, sip_call_id, %error, "could not transfer");
            self.set_transfer(call, Transfer::None);
            report(500);
        }
    }

    pub(super) fn set_transfer(&self, call: LegId, transfer: Transfer) {
        if let Some(call) = self.inbox.inner.borrow_mut().calls.get(call) {
            call.transfer = transfer;
        }
    }
}

/// What may stand in a reason phrase and in a quoted string.
fn header_safe(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !"\"\\".contains(*c)).take(120).collect()
}
