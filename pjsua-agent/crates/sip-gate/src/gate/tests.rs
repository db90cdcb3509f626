use super::*;

const PBX: &str = "192.0.2.1:5060";
const PEER: &str = "198.51.100.7:5060";
const STRANGER: &str = "203.0.113.66:5060";

fn owner(index: i32, user: &str) -> Owner {
    Owner { index, user: user.into(), registrar: None, networks: Vec::new(), realm: Realm::new(None) }
}

fn gate() -> Gate {
    let mut gate = Gate::new(vec!["198.51.100.0/24".parse().unwrap()], false, 2);
    for (index, user) in [(0, "desk"), (1, "sales")] {
        gate.owners.push(owner(index, user));
        gate.registrar_answered(index, PBX.parse().unwrap());
    }
    gate.directs.push(Direct { index: 5, transport: Transport::Udp, port: 5080 });
    gate.directs.push(Direct { index: 6, transport: Transport::Tcp, port: 5080 });
    gate
}

fn from(source: &str) -> Origin {
    Origin { source: source.parse().unwrap(), transport: Transport::Udp, local_port: 5080 }
}

/// A message and what PJSIP makes of it when both read the same.
struct Sent {
    method: &'static str,
    user: &'static str,
    to_tag: &'static str,
    cseq: u32,
    more: &'static str,
    body: String,
    has_transaction: bool,
    cancels: bool,
    dialog: Option<Dialog>,
    is_repeated: bool,
    has_replaces: bool,
}

fn sent(method: &'static str, user: &'static str) -> Sent {
    let (to_tag, more, body) = ("", "", String::new());
    let (has_transaction, cancels, dialog, is_repeated, has_replaces) = (false, false, None, false, false);
    Sent { method, user, to_tag, cseq: 1, more, body, has_transaction, cancels, dialog, is_repeated, has_replaces }
}

impl Sent {
    fn data(&self) -> Vec<u8> {
        let Self { method, user, cseq, more, body, .. } = self;
        let to_tag = if self.to_tag.is_empty() { String::new() } else { format!(";tag={}", self.to_tag) };
        format!(
            "{method} sip:{user}@192.0.2.5:5080 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
             From: <sip:ann@pbx>;tag=a\r\nTo: <sip:{user}@pbx>{to_tag}\r\nCall-ID: c\r\n\
             CSeq: {cseq} {method}\r\n{more}Content-Length: {length}\r\n\r\n{body}",
            length = body.len(),
        )
        .into_bytes()
    }

    fn parsed(&self) -> Parsed<'_> {
        let method = self.method.as_bytes();
        Parsed {
            method,
            call_id: b"c",
            from_tag: b"a",
            to_tag: self.to_tag.as_bytes(),
            cseq: self.cseq,
            cseq_method: method,
            is_repeated: self.is_repeated,
            has_replaces: self.has_replaces,
            has_transaction: self.has_transaction,
            cancels: self.cancels,
            dialog: self.dialog,
        }
    }

    fn to(&self, gate: &mut Gate, origin: Origin) -> Verdict {
        gate.judge(&mut self.data(), &self.parsed(), origin)
    }
}

fn invite(user: &'static str, source: &str) -> Verdict {
    sent("INVITE", user).to(&mut gate(), from(source))
}

fn refused(verdict: &Verdict) -> u16 {
    match verdict {
        Verdict::Refuse(refusal) => refusal.code,
        other => panic!("{other:?}"),
    }
}

const ADMIT_0: Verdict = Verdict::Admit { account: 0 };

#[test]
fn a_call_from_the_registrar_goes_to_the_account_it_names() {
    assert_eq!(invite("desk", PBX), ADMIT_0);
    assert_eq!(invite("sales", PBX), Verdict::Admit { account: 1 });
    assert_eq!(invite("sales", "192.0.2.1:40000"), Verdict::Admit { account: 1 }, "from another port");
}

#[test]
fn a_call_for_nobody_in_particular_goes_to_the_only_account_of_its_registrar() {
    let mut gate = gate();
    gate.owners.pop();
    assert_eq!(sent("INVITE", "s").to(&mut gate, from(PBX)), ADMIT_0);
    assert_eq!(refused(&invite("s", PBX)), 403, "with two accounts it is anybody's");
}

#[test]
fn a_trusted_peer_calls_directly_by_the_listener_it_used() {
    assert_eq!(invite("anything", PEER), Verdict::Admit { account: 5 });
    let tcp = Origin { transport: Transport::Tcp, ..from(PEER) };
    assert_eq!(sent("INVITE", "x").to(&mut gate(), tcp), Verdict::Admit { account: 6 });
}

#[test]
fn a_peer_on_the_registrars_address_is_not_taken_for_it() {
    let mut gate = Gate::new(vec!["127.0.0.1/32".parse().unwrap()], false, 2);
    gate.owners.push(owner(0, "desk"));
    gate.directs.push(Direct { index: 5, transport: Transport::Udp, port: 5080 });
    gate.registrar_answered(0, "127.0.0.1:5070".parse().unwrap());
    let mut call = |port| sent("INVITE", "x").to(&mut gate, from(&format!("127.0.0.1:{port}")));
    assert_eq!(call(5070), ADMIT_0);
    assert_eq!(call(5999), Verdict::Admit { account: 5 });
}

#[test]
fn a_stranger_is_refused_and_may_only_ask_for_options() {
    assert_eq!(refused(&invite("desk", STRANGER)), 403);
    assert_eq!(refused(&sent("OPTIONS", "x").to(&mut gate(), from(STRANGER))), 200);
    assert_eq!(sent("OPTIONS", "x").to(&mut gate(), from(PEER)), Verdict::Pass);
}

#[test]
fn an_account_may_name_further_networks() {
    let mut gate = gate();
    gate.owners[0].networks.push("203.0.113.0/24".parse().unwrap());
    assert_eq!(sent("INVITE", "s").to(&mut gate, from(STRANGER)), ADMIT_0);
}

#[test]
fn nobody_can_make_us_dial_or_publish() {
    let dialog = Some(Dialog { has_call: true, remote_cseq: Some(0), awaits_ack: None });
    for (method, code) in [("REFER", 603), ("SUBSCRIBE", 501), ("MESSAGE", 501), ("REGISTER", 501), ("PUBLISH", 501)] {
        assert_eq!(refused(&sent(method, "desk").to(&mut gate(), from(PBX))), code, "{method}");
        let within = Sent { to_tag: "t", dialog, ..sent(method, "desk") };
        assert_eq!(refused(&within.to(&mut gate(), from(PBX))), code, "{method} in a dialog");
    }
    assert_eq!(refused(&sent("NOTIFY", "desk").to(&mut gate(), from(PBX))), 489);
    let replaces = Sent { has_replaces: true, ..sent("INVITE", "desk") };
    assert_eq!(refused(&replaces.to(&mut gate(), from(PBX))), 603);
}

#[test]
fn calls_above_the_limit_are_refused_but_retransmissions_pass() {
    let mut gate = gate();
    gate.call_began();
    gate.call_began();
    let verdict = sent("INVITE", "desk").to(&mut gate, from(PBX));
    assert_eq!(verdict, Verdict::Refuse(Refusal { retry_after_s: 5, ..Refusal::new(503, "All lines are taken") }));
    let again = Sent { has_transaction: true, ..sent("INVITE", "desk") };
    assert_eq!(again.to(&mut gate, from(PBX)), Verdict::Pass, "no call is made of it");
    gate.call_ended();
    assert_eq!(sent("INVITE", "desk").to(&mut gate, from(PBX)), ADMIT_0);
}

#[test]
fn a_draining_daemon_refuses_new_calls_and_says_when_to_come_back() {
    let mut gate = gate();
    gate.refuse_new_calls(Duration::from_secs(30));
    let verdict = sent("INVITE", "desk").to(&mut gate, from(PBX));
    assert_eq!(verdict, Verdict::Refuse(Refusal { retry_after_s: 30, ..Refusal::new(503, "Shutting down") }));
    assert_eq!(refused(&sent("INVITE", "desk").to(&mut gate, from(STRANGER))), 403);
}

#[test]
fn what_names_a_dialog_needs_one() {
    for method in ["ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "REFER", "UPDATE"]
    {
        let stray = Sent { to_tag: "t", ..sent(method, "desk") };
        assert_eq!(refused(&stray.to(&mut gate(), from(PBX))), 481, "{method}");
    }
    for method in ["ACK", "BYE", "CANCEL", "INFO", "PRACK", "UPDATE"] {
        assert_eq!(refused(&sent(method, "desk").to(&mut gate(), from(PBX))), 481, "{method} without a tag");
    }
}

#[test]
fn requests_of_a_dialog_come_in_their_order() {
    let dialog = Some(Dialog { has_call: true, remote_cseq: Some(7), awaits_ack: None });
    for method in ["BYE", "INFO", "INVITE", "NOTIFY", "OPTIONS", "PRACK", "UPDATE"] {
        let next = Sent { to_tag: "t", cseq: 8, dialog, ..sent(method, "desk") };
        assert_eq!(next.to(&mut gate(), from(STRANGER)), Verdict::Pass, "{method}");
        let late = Sent { cseq: 7, ..next };
        assert_eq!(refused(&late.to(&mut gate(), from(STRANGER))), 500, "{method}");
        let again = Sent { has_transaction: true, ..late };
        assert_eq!(again.to(&mut gate(), from(STRANGER)), Verdict::Pass, "{method}, a retransmission");
    }
}

#[test]
fn when_the_call_is_over_only_a_subscription_is_left() {
    let dialog = Some(Dialog { has_call: false, remote_cseq: Some(7), awaits_ack: None });
    let next = |method| Sent { to_tag: "t", cseq: 8, dialog, ..sent(method, "desk") }.to(&mut gate(), from(PBX));
    assert_eq!(next("NOTIFY"), Verdict::Pass);
    for method in ["ACK", "BYE", "INFO", "INVITE", "OPTIONS", "UPDATE"] {
        assert_eq!(refused(&next(method)), 481, "{method}");
    }
}

#[test]
fn an_ack_is_that_of_the_invite_which_waits_for_it() {
    let ack = |awaits_ack, cseq| {
        let dialog = Some(Dialog { has_call: true, remote_cseq: Some(9), awaits_ack });
        Sent { to_tag: "t", cseq, dialog, ..sent("ACK", "desk") }.to(&mut gate(), from(PBX))
    };
    assert_eq!(ack(Some(7), 7), Verdict::Pass);
    for (awaits_ack, cseq) in [(Some(7), 8), (None, 7), (Some(7), 4_000)] {
        assert_eq!(refused(&ack(awaits_ack, cseq)), 481, "dropped");
    }
}

#[test]
fn a_cancel_is_that_of_an_invite_with_its_name() {
    let cancel = Sent { cancels: true, ..sent("CANCEL", "desk") };
    assert_eq!(cancel.to(&mut gate(), from(PBX)), Verdict::Pass);
    assert_eq!(refused(&Sent { cancels: false, ..cancel }.to(&mut gate(), from(PBX))), 481);
}

#[test]
fn a_message_that_is_read_in_two_ways_is_refused() {
    let invite = sent("INVITE", "desk");
    let differing = [
        Parsed { to_tag: b"x", ..invite.parsed() },
        Parsed { from_tag: b"x", ..invite.parsed() },
        Parsed { call_id: b"x", ..invite.parsed() },
        Parsed { cseq: 2, ..invite.parsed() },
        Parsed { method: b"BYE", ..invite.parsed() },
        Parsed { cseq_method: b"BYE", ..invite.parsed() },
        Parsed { is_repeated: true, ..invite.parsed() },
    ];
    for parsed in differing {
        assert_eq!(refused(&gate().judge(&mut invite.data(), &parsed, from(PBX))), 400, "{parsed:?}");
    }
}

#[test]
fn keys_are_overwritten_in_the_packet_itself() {
    let body = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n\
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n";
    let invite = Sent { more: "Content-Type: application/sdp\r\n", body: body.into(), ..sent("INVITE", "desk") };
    let mut data = invite.data();
    assert_eq!(gate().judge(&mut data, &invite.parsed(), from(PBX)), ADMIT_0);
    let text = String::from_utf8(data).unwrap();
    assert!(text.contains("a=x-null:1 AES") && !text.contains("crypto"), "{text}");
}

/// A challenge by the host of `source`, to a request that was sent to the PBX.
fn challenged(gate: &mut Gate, is_register: bool, source: &str, realms: &[&str]) -> bool {
    let realms: Vec<String> = realms.iter().map(|realm| (*realm).to_owned()).collect();
    let ip = |address: &str| address.parse::<SocketAddr>().unwrap().ip();
    gate.answers(&Challenge { account: 0, is_register, source: ip(source), sent_to: Some(ip(PBX)), realms: &realms })
}

fn unregistered(realm: Option<&str>) -> Gate {
    let mut gate = Gate::new(Vec::new(), false, 2);
    gate.owners.push(Owner { realm: Realm::new(realm.map(str::to_owned)), ..owner(0, "desk") });
    gate
}

#[test]
fn a_challenge_is_answered_to_the_registrar_alone() {
    let mut gate = unregistered(None);
    assert!(!challenged(&mut gate, false, PBX, &["pbx"]), "nobody has accepted us yet");
    assert!(!challenged(&mut gate, true, STRANGER, &["pbx"]), "the REGISTER went elsewhere");
    assert!(challenged(&mut gate, true, PBX, &["pbx"]));
    gate.registrar_answered(0, PBX.parse().unwrap());
    assert!(challenged(&mut gate, false, PBX, &["pbx"]), "a BYE, say");
    assert!(!challenged(&mut gate, false, STRANGER, &["pbx"]), "a caller who answers our BYE with 407");
    assert!(!challenged(&mut gate, false, PBX, &["elsewhere"]));
    assert!(!challenged(&mut gate, false, PBX, &["pbx", "elsewhere"]));
    assert!(!challenged(&mut gate, false, PBX, &[]));
}

#[test]
fn a_realm_is_learnt_only_when_the_registrar_has_taken_the_answer() {
    let mut gate = unregistered(None);
    assert!(challenged(&mut gate, true, PBX, &["first"]));
    assert!(challenged(&mut gate, true, PBX, &["second"]));
    gate.registrar_answered(0, PBX.parse().unwrap());
    assert!(challenged(&mut gate, false, PBX, &["second"]) && !challenged(&mut gate, false, PBX, &["first"]));
    assert!(challenged(&mut gate, true, PBX, &["renamed"]), "a registrar may rename itself");
    assert!(challenged(&mut gate, false, PBX, &["second"]), "and until it has taken the answer, nothing changes");
    gate.registrar_answered(0, PBX.parse().unwrap());
    assert!(challenged(&mut gate, false, PBX, &["renamed"]));
}

#[test]
fn a_configured_realm_is_the_only_one() {
    let mut gate = unregistered(Some("pbx"));
    assert!(!challenged(&mut gate, true, PBX, &["other"]) && challenged(&mut gate, true, PBX, &["PBX"]));
    assert!(challenged(&mut gate, true, PEER, &["pbx"]), "a registrar behind a virtual address");
    gate.registrar_answered(0, PBX.parse().unwrap());
    assert!(challenged(&mut gate, false, PBX, &["pbx"]) && !challenged(&mut gate, false, PBX, &["other"]));
}
