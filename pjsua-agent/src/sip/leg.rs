//! A call's leg on the SIP side.

use super::SipHandle;
use super::endpoint::Command;
use crate::leg::{FramePort, Leg, LegId, Refusal};

/// A SIP call as its owner commands it: answered with 200, ended with BYE (603 if it was not answered), transferred with
/// REFER (RFC 3515).
#[derive(Clone, Debug)]
pub struct SipLeg {
    call: LegId,
    handle: SipHandle,
}

impl SipLeg {
    pub(super) fn new(call: LegId, handle: SipHandle) -> Self {
        Self { call, handle }
    }

    /// Sends 180 Ringing.
    pub fn ring(&self) {
        self.handle.send(Command::Ring { call: self.call });
    }

    /// Sends keys (`0`-`9`, `A`-`D`, `*`, `#`) by RFC 4733, or by INFO to a peer without it.
    pub fn send_dtmf(&self, digits: &str) {
        self.handle.send(Command::SendDtmf { call: self.call, digits: digits.to_owned() });
    }
}

impl Leg for SipLeg {
    fn id(&self) -> LegId {
        self.call
    }

    fn answer(&self, port: Box<dyn FramePort>) {
        self.handle.send(Command::Answer { call: self.call, port });
    }

    fn reject(&self, refusal: Refusal) {
        self.handle.send(Command::Reject { call: self.call, refusal });
    }

    fn hang_up(&self) {
        self.handle.send(Command::HangUp { call: self.call });
    }

    fn transfer(&self, target_uri: &str) {
        self.handle.send(Command::Transfer { call: self.call, target_uri: target_uri.to_owned() });
    }
}
