//! Who may call, and which account a call is for. Pure: the state of admission as the SIP thread keeps it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::dtmf;
use super::guard::{self, Checked, Packet, Refusal};
use super::message::{Message, NameAddr, uri_user};
use super::{CallId, Network};

/// An account as the gate sees it.
#[derive(Debug)]
pub(super) struct Owner {
    /// PJSUA's account.
    pub(super) index: i32,
    /// The user of its AOR, which is also that of its Contact.
    pub(super) user: String,
    /// Where its registrar answered from last.
    pub(super) registrar: Option<SocketAddr>,
    /// Further addresses its calls may come from.
    pub(super) networks: Vec<Network>,
}

/// A local account that takes direct calls arriving at one listener.
#[derive(Debug)]
pub(super) struct Direct {
    pub(super) index: i32,
    pub(super) is_stream: bool,
    pub(super) port: u16,
}

/// Where a message came from, and by which listener.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) source: SocketAddr,
    pub(super) is_stream: bool,
    pub(super) local_port: u16,
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To PJSIP's upper layers; a new INVITE to this account.
    Pass { account: Option<i32> },
    /// Answered (a request) or dropped (a response, an ACK).
    Refuse(Refusal),
    /// An INFO with a key: answered with 200 here; `None` for a retransmission.
    Key { call: CallId, digit: Option<char> },
}

#[derive(Debug)]
struct Live {
    call: CallId,
    /// CSeq of the last INFO that was answered here.
    info: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Gate {
    pub(super) owners: Vec<Owner>,
    pub(super) directs: Vec<Direct>,
    trusted: Vec<Network>,
    srtp: bool,
    max_calls: usize,
    refusing: Option<Duration>,
    live: HashMap<String, Live>,
}

/// Asks callers to come back when there may be room.
const BUSY_RETRY_S: u32 = 5;

impl Gate {
    pub(super) fn new(trusted: Vec<Network>, srtp: bool, max_calls: u32) -> Self {
        let (owners, directs, live) = (Vec::new(), Vec::new(), HashMap::new());
        Self { owners, directs, trusted, srtp, max_calls: max_calls as usize, refusing: None, live }
    }

    pub(super) fn refuse_new_calls(&mut self, retry_after: Duration) {
        self.refusing = Some(retry_after);
    }

    pub(super) fn call_began(&mut self, sip_call_id: String, call: CallId) {
        self.live.insert(sip_call_id, Live { call, info: None });
    }

    pub(super) fn call_ended(&mut self, sip_call_id: &str) {
        self.live.remove(sip_call_id);
    }

    pub(super) fn registrar_answered(&mut self, account: i32, from: SocketAddr) {
        if let Some(owner) = self.owners.iter_mut().find(|owner| owner.index == account) {
            owner.registrar = Some(from);
        }
    }

    /// Judges `data` and overwrites in it what must not reach PJMEDIA.
    pub(super) fn judge(&mut self, data: &mut [u8], origin: Origin) -> Verdict {
        let packet = Packet { data, is_stream: origin.is_stream };
        let (verdict, strike) = match guard::check(&packet, self.srtp) {
            Ok(checked) => (self.admit(&checked, origin), checked.strike),
            Err(refusal) => (Verdict::Refuse(refusal), Vec::new()),
        };
        for range in strike {
            // An attribute of this name means nothing to anybody.
            data[range].copy_from_slice(b"x-null");
        }
        verdict
    }

    fn admit(&mut self, checked: &Checked<'_>, origin: Origin) -> Verdict {
        if !checked.is_request {
            return Verdict::Pass { account: None };
        }
        let message = &checked.message;
        let in_dialog = NameAddr::parse(message.value("To")).tag.is_some();
        match message.method() {
            "INVITE" if !in_dialog => self.admit_call(message, origin),
            "INFO" => self.take_info(message, checked),
            "OPTIONS" if !in_dialog && !self.is_known(origin.source) => {
                // Small, so that nobody gains by sending it with a forged source.
                Verdict::Refuse(Refusal::new(200, "OK"))
            }
            // PJSIP matches these against its dialogs and transactions, and answers 481.
            "ACK" | "CANCEL" | "BYE" | "INVITE" | "UPDATE" | "PRACK" | "OPTIONS" => Verdict::Pass { account: None },
            "NOTIFY" if in_dialog => Verdict::Pass { account: None },
            "NOTIFY" => Verdict::Refuse(Refusal::new(489, "Bad Event")),
            // Whoever could refer us could make us dial.
            "REFER" => Verdict::Refuse(Refusal::new(603, "Decline")),
            _ => Verdict::Refuse(Refusal::new(501, "Not Implemented")),
        }
    }

    fn admit_call(&self, message: &Message<'_>, origin: Origin) -> Verdict {
        let Some(account) = self.account_for(message, origin) else {
            return Verdict::Refuse(Refusal::new(403, "Forbidden"));
        };
        if self.live.contains_key(message.value("Call-ID")) {
            // A retransmission, or a loop that PJSIP detects.
            return Verdict::Pass { account: Some(account) };
        }
        if message.values("Replaces").next().is_some() {
            return Verdict::Refuse(Refusal::new(603, "Decline"));
        }
        if let Some(retry_after) = self.refusing {
            let retry_after_s = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1);
            return Verdict::Refuse(Refusal { retry_after_s, ..Refusal::new(503, "Shutting down") });
        }
        if self.live.len() >= self.max_calls {
            return Verdict::Refuse(Refusal {
                retry_after_s: BUSY_RETRY_S,
                ..Refusal::new(503, "All lines are taken")
            });
        }
        Verdict::Pass { account: Some(account) }
    }

    /// The most certain reading first: several accounts may live on one registrar, and a registrar may be a trusted peer
    /// as well, with other callers on its address.
    fn account_for(&self, message: &Message<'_>, origin: Origin) -> Option<i32> {
        let ip = origin.source.ip();
        let from_registrar = |owner: &&Owner| {
            let registrar = owner.registrar.is_some_and(|r| same_ip(r.ip(), ip));
            registrar || owner.networks.iter().any(|network| network.contains(ip))
        };
        let owners: Vec<&Owner> = self.owners.iter().filter(from_registrar).collect();
        let to = NameAddr::parse(message.value("To"));
        for user in [uri_user(message.request_uri()), uri_user(to.uri)] {
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
            let listener = |d: &&Direct| d.is_stream == origin.is_stream && d.port == origin.local_port;
            let direct = self.directs.iter().find(listener).or(self.directs.first());
            return direct.map(|direct| direct.index);
        }
        match owners.as_slice() {
            [owner] => Some(owner.index),
            _ => None,
        }
    }

    fn take_info(&mut self, message: &Message<'_>, checked: &Checked<'_>) -> Verdict {
        let Some(live) = self.live.get_mut(message.value("Call-ID")) else {
            return Verdict::Refuse(Refusal::new(481, "Call/Transaction Does Not Exist"));
        };
        let Some(kind) = message.content_type() else {
            // RFC 6086 section 4.2.2: without a package and a body it asks for nothing but the 200.
            return Verdict::Key { call: live.call, digit: None };
        };
        let again = live.info.is_some() && live.info >= message.cseq();
        live.info = live.info.max(message.cseq());
        let digit = dtmf::from_info(&kind, checked.body);
        Verdict::Key { call: live.call, digit: digit.filter(|_| !again) }
    }

    fn is_trusted(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(ip))
    }

    fn is_known(&self, source: SocketAddr) -> bool {
        self.is_trusted(source.ip())
            || self.owners.iter().any(|owner| {
                owner.registrar.is_some_and(|r| same_ip(r.ip(), source.ip()))
                    || owner.networks.iter().any(|network| network.contains(source.ip()))
            })
    }
}

fn same_ip(a: IpAddr, b: IpAddr) -> bool {
    a.to_canonical() == b.to_canonical()
}

fn same(a: SocketAddr, b: SocketAddr) -> bool {
    same_ip(a.ip(), b.ip()) && a.port() == b.port()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PBX: &str = "192.0.2.1:5060";
    const PEER: &str = "198.51.100.7:5060";
    const STRANGER: &str = "203.0.113.66:5060";

    fn gate() -> Gate {
        let mut gate = Gate::new(vec!["198.51.100.0/24".parse().unwrap()], false, 2);
        for (index, user) in [(0, "desk"), (1, "sales")] {
            gate.owners.push(Owner { index, user: user.into(), registrar: None, networks: Vec::new() });
            gate.registrar_answered(index, PBX.parse().unwrap());
        }
        gate.directs.push(Direct { index: 5, is_stream: false, port: 5080 });
        gate.directs.push(Direct { index: 6, is_stream: true, port: 5080 });
        gate
    }

    fn from(source: &str) -> Origin {
        Origin { source: source.parse().unwrap(), is_stream: false, local_port: 5080 }
    }

    fn message(method: &str, user: &str, call_id: &str, more: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!(
            "{method} sip:{user}@192.0.2.5:5080 SIP/2.0\r\nTo: <sip:{user}@pbx>\r\nCall-ID: {call_id}\r\n\
             CSeq: 1 {method}\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn invite(user: &str, source: &str) -> Verdict {
        gate().judge(&mut message("INVITE", user, "new", "", ""), from(source))
    }

    fn refused(verdict: &Verdict) -> u16 {
        match verdict {
            Verdict::Refuse(refusal) => refusal.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_from_the_registrar_goes_to_the_account_it_names() {
        assert_eq!(invite("desk", PBX), Verdict::Pass { account: Some(0) });
        assert_eq!(invite("sales", PBX), Verdict::Pass { account: Some(1) });
        assert_eq!(invite("sales", "192.0.2.1:40000"), Verdict::Pass { account: Some(1) }, "from another port");
    }

    #[test]
    fn a_call_for_nobody_in_particular_goes_to_the_only_account_of_its_registrar() {
        let mut gate = gate();
        gate.owners.pop();
        let verdict = gate.judge(&mut message("INVITE", "s", "new", "", ""), from(PBX));
        assert_eq!(verdict, Verdict::Pass { account: Some(0) });
        assert_eq!(refused(&invite("s", PBX)), 403, "with two accounts it is anybody's");
    }

    #[test]
    fn a_trusted_peer_calls_directly_by_the_listener_it_used() {
        assert_eq!(invite("anything", PEER), Verdict::Pass { account: Some(5) });
        let tcp = Origin { is_stream: true, ..from(PEER) };
        assert_eq!(gate().judge(&mut message("INVITE", "x", "new", "", ""), tcp), Verdict::Pass { account: Some(6) });
    }

    #[test]
    fn a_peer_on_the_registrars_address_is_not_taken_for_it() {
        let mut gate = Gate::new(vec!["127.0.0.1/32".parse().unwrap()], false, 2);
        gate.owners.push(Owner { index: 0, user: "desk".into(), registrar: None, networks: Vec::new() });
        gate.directs.push(Direct { index: 5, is_stream: false, port: 5080 });
        gate.registrar_answered(0, "127.0.0.1:5070".parse().unwrap());
        let mut call =
            |port| gate.judge(&mut message("INVITE", "x", "new", "", ""), from(&format!("127.0.0.1:{port}")));
        assert_eq!(call(5070), Verdict::Pass { account: Some(0) });
        assert_eq!(call(5999), Verdict::Pass { account: Some(5) });
    }

    #[test]
    fn a_stranger_is_refused_and_may_only_ask_for_options() {
        assert_eq!(refused(&invite("desk", STRANGER)), 403);
        assert_eq!(refused(&gate().judge(&mut message("OPTIONS", "x", "o", "", ""), from(STRANGER))), 200);
        assert_eq!(
            gate().judge(&mut message("OPTIONS", "x", "o", "", ""), from(PEER)),
            Verdict::Pass { account: None }
        );
    }

    #[test]
    fn an_account_may_name_further_networks() {
        let mut gate = gate();
        gate.owners[0].networks.push("203.0.113.0/24".parse().unwrap());
        let verdict = gate.judge(&mut message("INVITE", "s", "new", "", ""), from(STRANGER));
        assert_eq!(verdict, Verdict::Pass { account: Some(0) });
    }

    #[test]
    fn nobody_can_make_us_dial_or_publish() {
        for (method, code) in [("REFER", 603), ("SUBSCRIBE", 501), ("MESSAGE", 501), ("REGISTER", 501), ("NOTIFY", 489)]
        {
            assert_eq!(refused(&gate().judge(&mut message(method, "desk", "x", "", ""), from(PBX))), code, "{method}");
        }
        let verdict =
            gate().judge(&mut message("INVITE", "desk", "new", "Replaces: a;to-tag=1;from-tag=2\r\n", ""), from(PBX));
        assert_eq!(refused(&verdict), 603);
    }

    #[test]
    fn calls_above_the_limit_are_refused_but_retransmissions_pass() {
        let mut gate = gate();
        gate.call_began("a".into(), CallId(1));
        gate.call_began("b".into(), CallId(2));
        let verdict = gate.judge(&mut message("INVITE", "desk", "c", "", ""), from(PBX));
        assert_eq!(verdict, Verdict::Refuse(Refusal { retry_after_s: 5, ..Refusal::new(503, "All lines are taken") }));
        let again = gate.judge(&mut message("INVITE", "desk", "b", "", ""), from(PBX));
        assert_eq!(again, Verdict::Pass { account: Some(0) });
        gate.call_ended("a");
        let verdict = gate.judge(&mut message("INVITE", "desk", "c", "", ""), from(PBX));
        assert_eq!(verdict, Verdict::Pass { account: Some(0) });
    }

    #[test]
    fn a_draining_daemon_refuses_new_calls_and_says_when_to_come_back() {
        let mut gate = gate();
        gate.refuse_new_calls(Duration::from_secs(30));
        let verdict = gate.judge(&mut message("INVITE", "desk", "c", "", ""), from(PBX));
        assert_eq!(verdict, Verdict::Refuse(Refusal { retry_after_s: 30, ..Refusal::new(503, "Shutting down") }));
        assert_eq!(refused(&gate.judge(&mut message("INVITE", "desk", "c", "", ""), from(STRANGER))), 403);
    }

    #[test]
    fn requests_within_a_dialog_are_left_to_pjsip() {
        for method in ["BYE", "INVITE", "UPDATE", "ACK", "CANCEL", "PRACK", "NOTIFY"] {
            let mut data = message(method, "desk", "x", "", "");
            let text = String::from_utf8(data).unwrap().replace("To: <sip:desk@pbx>", "To: <sip:desk@pbx>;tag=1");
            data = text.into_bytes();
            assert_eq!(gate().judge(&mut data, from(STRANGER)), Verdict::Pass { account: None }, "{method}");
        }
    }

    #[test]
    fn a_key_by_info_is_taken_once() {
        let mut gate = gate();
        gate.call_began("a".into(), CallId(9));
        let relay = "Content-Type: application/dtmf-relay\r\n";
        let mut press = |call_id, cseq, body| {
            let data = message("INFO", "desk", call_id, relay, body);
            let data = String::from_utf8(data).unwrap().replace("CSeq: 1", &format!("CSeq: {cseq}"));
            gate.judge(&mut data.into_bytes(), from(PBX))
        };
        assert_eq!(press("a", 2, "Signal=5\r\n"), Verdict::Key { call: CallId(9), digit: Some('5') });
        assert_eq!(press("a", 2, "Signal=5\r\n"), Verdict::Key { call: CallId(9), digit: None }, "retransmission");
        assert_eq!(press("a", 3, "Signal=5\r\n"), Verdict::Key { call: CallId(9), digit: Some('5') });
        assert_eq!(refused(&press("b", 4, "Signal=5\r\n")), 481);
    }

    #[test]
    fn an_empty_info_is_answered_so_that_it_does_not_end_the_call() {
        let mut gate = gate();
        gate.call_began("a".into(), CallId(9));
        let verdict = gate.judge(&mut message("INFO", "desk", "a", "", ""), from(PBX));
        assert_eq!(verdict, Verdict::Key { call: CallId(9), digit: None });
    }

    #[test]
    fn keys_are_overwritten_in_the_packet_itself() {
        let body = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n";
        let mut data = message("INVITE", "desk", "new", "Content-Type: application/sdp\r\n", body);
        assert_eq!(gate().judge(&mut data, from(PBX)), Verdict::Pass { account: Some(0) });
        let text = String::from_utf8(data).unwrap();
        assert!(text.contains("a=x-null:1 AES") && !text.contains("crypto"), "{text}");
    }
}
