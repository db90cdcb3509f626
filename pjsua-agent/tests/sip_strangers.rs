//! Who gets in, and who may do what in whose call: on the wire, over both transports.

mod wire;

use std::time::Duration;

use pjsua_agent::leg::{Leg, LegEvent};
use pjsua_agent::sip::{SipConfig, SipEvent, Transport};
use wire::{Agent, LOUD, Peer, TRANSPORTS, header};

const INFO: &str = "Content-Type: application/dtmf-relay\r\n";
const SOON: Duration = Duration::from_millis(150);

/// Trusts nobody that these tests can be.
fn trusting_others(config: &mut SipConfig) {
    config.trusted = vec!["192.0.2.0/24".parse().expect("a network")];
}

/// The INVITE of a stranger, with another To.
fn invite_to(peer: &mut Peer, to: &str) -> String {
    let offer = peer.offer("0");
    let request = peer.request("INVITE", "Content-Type: application/sdp\r\n", &offer);
    request.replace("To: <sip:agent@127.0.0.1>", to)
}

/// Each of them was taken for a request of a dialog by one parser, and for a new call by the other.
const TO: [(&str, u16); 11] = [
    ("To: <sip:agent@127.0.0.1>;tag=", 400),
    ("To: <sip:agent@127.0.0.1>;tag", 400),
    ("To: <sip:agent@127.0.0.1>\r\nTo: <sip:agent@127.0.0.1>;tag=x", 400),
    ("To: <sip:agent@127.0.0.1>;tag=x\r\nTo: <sip:agent@127.0.0.1>", 400),
    ("t: <sip:agent@127.0.0.1>;tag=x\r\nTo: <sip:agent@127.0.0.1>", 400),
    ("To: <sip:agent@127.0.0.1>\r\nt: <sip:agent@127.0.0.1>;tag=x", 400),
    ("To: <sip:agent@127.0.0.1>;x=\";tag=y\"", 403),
    ("To: <sip:agent@127.0.0.1>;tag=x&To: <sip:agent@127.0.0.1>", 400),
    ("To: <sip:agent@127.0.0.1>;tag=x\r\nMax-Forwards: 70&To: <sip:agent@127.0.0.1>", 400),
    ("To: \"<sip:agent@127.0.0.1>;tag=x\" <sip:agent@127.0.0.1>", 403),
    ("To: <sip:agent@127.0.0.1;tag=x>", 403),
];

#[test]
fn a_malformed_to_lets_no_stranger_in() {
    let mut agent = Agent::start(trusting_others);
    for transport in TRANSPORTS {
        for (to, code) in TO {
            let mut peer = Peer::over(transport, agent.addr);
            let invite = invite_to(&mut peer, to);
            peer.send(invite);
            assert_eq!(peer.status(wire::PATIENCE), Some(code), "{transport:?} {to}");
        }
    }
    assert!(agent.event_within(SOON).is_none());
    assert_eq!(agent.handle.calls(), 0);
}

#[test]
fn a_strangers_answer_goes_to_where_he_is() {
    let agent = Agent::start(trusting_others);
    let elsewhere = std::net::UdpSocket::bind("127.0.0.3:0").unwrap();
    elsewhere.set_read_timeout(Some(SOON)).unwrap();
    for maddr in [elsewhere.local_addr().unwrap().ip().to_string(), "host.invalid".into()] {
        let mut peer = Peer::new(agent.addr);
        let invite = invite_to(&mut peer, "To: <sip:agent@127.0.0.1>");
        peer.send(invite.replace(";rport;", &format!(";maddr={maddr};")));
        assert_eq!(peer.status(wire::PATIENCE), Some(403), "{maddr}");
    }
    assert!(elsewhere.recv(&mut [0; 100]).is_err());
}

#[test]
fn nor_does_it_for_a_peer_who_may_call_get_past_the_limits() {
    let mut agent = Agent::start(|config| config.max_calls = 1);
    let (mut first, id, _heard) = agent.call(Transport::Udp, "0");
    for transport in TRANSPORTS {
        for (to, code) in TO {
            let mut peer = Peer::over(transport, agent.addr);
            let invite = invite_to(&mut peer, to);
            peer.send(invite);
            let expected = if code == 403 { 503 } else { code };
            assert_eq!(peer.status(wire::PATIENCE), Some(expected), "{transport:?} {to}");
        }
        // The Call-ID of a call that is up is no way round them either.
        let mut other = first.twin(transport);
        (other.from_tag, other.to_tag) = ("other".into(), None);
        other.invite("0");
        assert_eq!(other.status(wire::PATIENCE), Some(503), "{transport:?}");
    }
    agent.handle.refuse_new_calls(Duration::from_secs(30));
    assert!(first.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    assert_eq!(agent.ended(id), (200, true));
    let mut late = Peer::new(agent.addr);
    let invite = invite_to(&mut late, "To: <sip:agent@127.0.0.1>;x=\";tag=y\"");
    late.send(invite);
    assert_eq!(late.status(wire::PATIENCE), Some(503), "draining");
    assert!(agent.event_within(SOON).is_none());
}

#[test]
fn a_replaces_header_is_found_wherever_it_hides() {
    let agent = Agent::start(|_| {});
    for transport in TRANSPORTS {
        for (headers, code) in [
            ("Replaces: a;to-tag=1;from-tag=2\r\n", 603),
            ("Max-Forwards: 70&Replaces: a;to-tag=1;from-tag=2\r\n", 400),
            ("Session-Expires: 90&Replaces: a;to-tag=1;from-tag=2\r\n", 400),
        ] {
            let mut peer = Peer::over(transport, agent.addr);
            let offer = peer.offer("0");
            let request = peer.request("INVITE", &format!("{headers}Content-Type: application/sdp\r\n"), &offer);
            let request = match headers.starts_with("Max") {
                true => request.replace("Max-Forwards: 70\r\n", ""),
                false => request,
            };
            peer.send(request);
            assert_eq!(peer.status(wire::PATIENCE), Some(code), "{transport:?} {headers}");
        }
    }
}

/// Ways of not quite knowing a dialog: what is changed of the right one.
fn misnamed(peer: &Peer, transport: Transport) -> Vec<(&'static str, Peer)> {
    let mut wrong = Vec::new();
    let mut add = |what, change: &dyn Fn(&mut Peer)| {
        let mut twin = peer.twin(transport);
        // A number that would shut the caller out, were it taken.
        twin.cseq = 1_000_000;
        change(&mut twin);
        wrong.push((what, twin));
    };
    add("another To tag", &|twin| twin.to_tag = Some("x".into()));
    add("another From tag", &|twin| twin.from_tag = "x".into());
    add("tags exchanged", &|twin| {
        let to_tag = twin.to_tag.replace(twin.from_tag.clone());
        twin.from_tag = to_tag.unwrap_or_default();
    });
    add("no To tag", &|twin| twin.to_tag = None);
    add("another Call-ID", &|twin| twin.call_id = "x".into());
    wrong
}

#[test]
fn a_call_id_alone_presses_no_keys() {
    let mut agent = Agent::start(|_| {});
    for transport in TRANSPORTS {
        let (mut peer, id, _heard) = agent.call(transport, "0");
        for (what, mut stranger) in misnamed(&peer, transport) {
            let answer = stranger.ask("INFO", INFO, "Signal=9\r\n");
            assert!(answer.starts_with("SIP/2.0 481"), "{transport:?} {what}: {answer}");
        }
        assert!(agent.event_within(SOON).is_none(), "no key was pressed");
        assert!(peer.ask("INFO", INFO, "Signal=5\r\n").starts_with("SIP/2.0 200"));
        assert!(matches!(agent.event(), SipEvent::Leg { leg, event: LegEvent::Dtmf('5') } if leg == id));
        assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
        assert_eq!(agent.ended(id), (200, true));
    }
}

#[test]
fn nobody_without_both_tags_touches_a_call() {
    let mut agent = Agent::start(|_| {});
    for transport in TRANSPORTS {
        let (mut peer, id, _heard) = agent.call(transport, "0");
        let offer = peer.offer("0");
        let sdp = "Content-Type: application/sdp\r\n";
        for (method, headers, body) in [
            ("BYE", "", ""),
            ("UPDATE", sdp, offer.as_str()),
            ("INVITE", sdp, &offer),
            ("NOTIFY", "Event: refer\r\nSubscription-State: terminated\r\n", ""),
            ("REFER", "Refer-To: <sip:premium@example.com>\r\n", ""),
            ("MESSAGE", "Content-Type: text/plain\r\n", "hello"),
            ("PRACK", "RAck: 1 1 INVITE\r\n", ""),
            ("CANCEL", "", ""),
            ("ACK", "", ""),
        ] {
            for (what, mut stranger) in misnamed(&peer, transport) {
                if (method, what) == ("INVITE", "no To tag") {
                    // A call like any other.
                    continue;
                }
                let request = stranger.request(method, headers, body);
                stranger.send(request);
                // Outside of any dialog some of them mean something, which is refused for its own reason.
                let expected = match (method, what) {
                    ("ACK", _) => None,
                    ("NOTIFY", "no To tag") => Some(489),
                    ("REFER", "no To tag") => Some(603),
                    ("MESSAGE", "no To tag") => Some(501),
                    _ => Some(481),
                };
                let limit = if expected.is_some() { wire::PATIENCE } else { Duration::from_millis(30) };
                assert_eq!(stranger.status(limit), expected, "{transport:?} {method} with {what}");
            }
        }
        let event = agent.event_within(SOON);
        assert!(event.is_none(), "{event:?}");
        peer.speak(&LOUD);
        assert!(peer.ask("INFO", INFO, "Signal=5\r\n").starts_with("SIP/2.0 200"), "the caller goes on");
        assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('5'), .. }));
        assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
        assert_eq!(agent.ended(id), (200, true));
    }
}

#[test]
fn requests_of_a_dialog_come_in_their_order() {
    let mut agent = Agent::start(|_| {});
    for transport in TRANSPORTS {
        let (mut peer, id, _heard) = agent.call(transport, "0");
        assert!(peer.ask("INFO", INFO, "Signal=1\r\n").starts_with("SIP/2.0 200"));
        assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('1'), .. }));
        for method in ["INFO", "BYE", "UPDATE", "INVITE"] {
            peer.cseq -= 2;
            let headers = if method == "INFO" { INFO } else { "" };
            let request = peer.request(method, headers, if method == "INFO" { "Signal=2\r\n" } else { "" });
            let fresh_branch = request.replace("branch=z9hG4bK-", "branch=z9hG4bK-late-");
            peer.send(fresh_branch);
            assert_eq!(peer.status(wire::PATIENCE), Some(500), "{transport:?} {method} with an old number");
            peer.cseq += 1;
        }
        // An ACK that nothing waits for moves no number, however high it is.
        let real = std::mem::replace(&mut peer.cseq, 1_000_000);
        let ack = peer.request("ACK", "", "");
        peer.send(ack);
        peer.cseq = real;
        assert!(peer.ask("INFO", INFO, "Signal=3\r\n").starts_with("SIP/2.0 200"));
        assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('3'), .. }));
        assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
        assert_eq!(agent.ended(id), (200, true));
    }
}

#[test]
fn an_info_that_is_sent_again_counts_once_and_an_empty_one_is_answered() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, id, _heard) = agent.call(Transport::Udp, "0");
    let request = peer.request("INFO", INFO, "Signal=7\r\n");
    for _ in 0..3 {
        peer.send(&request);
        assert!(peer.response().starts_with("SIP/2.0 200"));
    }
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('7'), .. }));
    assert!(peer.ask("INFO", "", "").starts_with("SIP/2.0 200"));
    assert!(peer.ask("INFO", "Content-Type: application/dtmf\r\n", "#").starts_with("SIP/2.0 200"));
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('#'), .. }));
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    assert_eq!(agent.ended(id), (200, true));
    assert!(peer.ask("INFO", INFO, "Signal=7\r\n").starts_with("SIP/2.0 481"), "the dialog is gone");
}

#[test]
fn a_cancel_must_name_its_invite_in_full() {
    let mut agent = Agent::start(|_| {});
    for transport in TRANSPORTS {
        let mut peer = Peer::over(transport, agent.addr);
        peer.invite("0");
        let id = agent.incoming().leg;
        agent.handle.leg(id).ring();
        while !peer.receive().starts_with("SIP/2.0 180") {}
        let cancel = peer.request("CANCEL", "", "");
        for (what, wrong) in [
            ("another From tag", cancel.replace("tag=peer", "tag=x")),
            ("another Call-ID", cancel.replace(&format!("Call-ID: {}", peer.call_id), "Call-ID: x")),
            ("another number", cancel.replace("CSeq: 1 ", "CSeq: 2 ")),
            ("another branch", cancel.replace("branch=z9hG4bK-", "branch=z9hG4bK-x-")),
        ] {
            peer.send(wrong);
            assert_eq!(peer.status(wire::PATIENCE), Some(481), "{transport:?} {what}");
        }
        assert!(agent.event_within(SOON).is_none(), "it still rings");
        peer.send(cancel);
        let mut statuses = [peer.status(wire::PATIENCE), peer.status(wire::PATIENCE)];
        statuses.sort_unstable();
        assert_eq!(statuses, [Some(200), Some(487)]);
        assert_eq!(agent.ended(id), (487, true));
        let ack = peer.request("ACK", "", "");
        peer.send(ack);
    }
}

#[test]
fn a_caller_gets_no_digest_for_a_challenge_of_his_own() {
    let mut agent = Agent::start(|_| {});
    for transport in TRANSPORTS {
        for challenge in ["401 Unauthorized\r\nWWW", "407 Proxy Authentication Required\r\nProxy"] {
            let (status, kind) = challenge.split_once("\r\n").unwrap();
            let (peer, id, _heard) = agent.call(transport, "0");
            agent.handle.leg(id).hang_up();
            let bye = loop {
                let message = peer.receive();
                if message.starts_with("BYE ") {
                    break message;
                }
            };
            let challenge = format!("{kind}-Authenticate: Digest realm=\"pbx\",nonce=\"mine\",algorithm=MD5\r\n");
            peer.answer(&bye, status, &challenge);
            assert_eq!(agent.ended(id), (200, false));
            let again = peer.receive_within(SOON).unwrap_or_default();
            assert!(!again.contains("uthorization:"), "{transport:?}: {again}");
            assert!(header(&again, "CSeq").is_empty(), "{transport:?}: {again}");
        }
    }
}
