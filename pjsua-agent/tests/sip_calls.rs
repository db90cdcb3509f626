//! Calls on the wire, in the order of a call's life.

mod wire;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use pjsua_agent::leg::{Leg, LegEvent, Refusal, Wait};
use pjsua_agent::sip::{SipEvent, Transport};
use wire::{Agent, LOUD, Peer, SILENCE, Tone, header};

const TELEPHONE: &str = "0 101\r\na=rtpmap:101 telephone-event/8000";

#[test]
fn an_invite_is_shown_with_its_headers() {
    let mut agent = Agent::start(|_| {});
    let mut peer = Peer::new(agent.addr);
    let offer = peer.offer("0");
    let headers =
        "X-Customer: 4711\r\nDiversion: <sip:200@pbx>;reason=unconditional\r\nContent-Type: application/sdp\r\n";
    let request = peer.request("INVITE", headers, &offer);
    peer.send(request);
    let incoming = agent.incoming();
    assert_eq!(incoming.from_uri, "sip:+4930123@127.0.0.1");
    assert_eq!((incoming.from_name.as_str(), incoming.account.as_deref()), ("Ann", None));
    assert_eq!(incoming.header("x-customer"), Some("4711"));
    assert_eq!(incoming.header("Diversion"), Some("<sip:200@pbx>;reason=unconditional"));
    assert_eq!(incoming.source, peer.sip.local_addr().unwrap());
    assert!(!format!("{incoming:?}").contains("4930123"), "no number in a log");
}

#[test]
fn frames_flow_both_ways() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, call, heard) = agent.call(Transport::Udp, TELEPHONE);
    let loud = (0..50).map(|_| {
        peer.speak(&LOUD);
        let (payload_type, payload) = peer.hear();
        assert_eq!((payload_type, payload.len()), (0, 160));
        payload
    });
    let spoken = loud.last().unwrap();
    assert!(spoken.iter().any(|sample| *sample & 0x7f < 0x40), "the agent is heard: {spoken:?}");
    let loud = heard.try_iter().filter(|level| *level > 4000).count();
    assert!(loud > 30, "the caller is heard in {loud} frames");
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    assert_eq!(agent.ended(call), (200, true));
}

#[test]
fn the_owner_learns_how_many_packets_were_lost() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, call, _heard) = agent.call(Transport::Udp, "0");
    for number in 0..120 {
        // Lost on the way: the number is used, the packet is not sent.
        if number % 20 == 19 {
            peer.sequence += 1;
        } else {
            peer.speak(&LOUD);
        }
        peer.hear();
    }
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    let mut last = None;
    let is_end = |event: &SipEvent| matches!(event, SipEvent::Leg { event: LegEvent::Ended { .. }, .. });
    while let Some(event) = agent.find_within(wire::PATIENCE, |_| true) {
        match event {
            SipEvent::Leg { leg, event: LegEvent::Rtp(stats) } if leg == call => last = Some(stats),
            event if is_end(&event) => break,
            _ => {}
        }
    }
    let stats = last.expect("a report comes before the end");
    assert!((40..=114).contains(&stats.received) && (2..=6).contains(&stats.lost), "{stats:?}");
    assert!(stats.sent >= stats.received, "{stats:?}");
}

#[test]
fn each_codec_is_negotiated() {
    let mut agent = Agent::start(|_| {});
    for (media, codec) in [
        ("0", "PCMU/8000"),
        ("8", "PCMA/8000"),
        ("9\r\na=rtpmap:9 G722/8000", "G722/16000"),
        ("96\r\na=rtpmap:96 opus/48000/2", "opus/16000"),
    ] {
        let mut peer = Peer::new(agent.addr);
        peer.invite(media);
        let call = agent.incoming().leg;
        agent.handle.leg(call).answer(Tone::new(8000).0);
        peer.accept();
        assert_eq!(agent.media(), codec);
        assert!(!peer.hear().1.is_empty());
        agent.handle.leg(call).hang_up();
        peer.expect("BYE", "200 OK");
        assert_eq!(agent.ended(call), (200, false));
    }
}

#[test]
fn a_codec_that_is_not_configured_is_refused() {
    let mut agent = Agent::start(|config| config.codecs = vec!["PCMU".into()]);
    let mut peer = Peer::new(agent.addr);
    peer.invite("8");
    assert!(peer.response().starts_with("SIP/2.0 488"));
    assert!(agent.event_within(Duration::from_millis(200)).is_none());
}

#[test]
fn a_call_can_be_refused_with_a_reason_and_a_time() {
    let mut agent = Agent::start(|_| {});
    let mut peer = Peer::new(agent.addr);
    peer.invite("0");
    let call = agent.incoming().leg;
    let (reason, retry_after) = ("Busy\r\nX-Evil: 1".into(), Some(Duration::from_secs(7)));
    agent.handle.leg(call).reject(Refusal { code: 486, reason, retry_after });
    let response = peer.response();
    assert!(response.starts_with("SIP/2.0 486 BusyX-Evil: 1"), "{response}");
    assert_eq!(header(&response, "Retry-After"), "7");
    assert_eq!(header(&response, "Reason"), "SIP;cause=486;text=\"BusyX-Evil: 1\"");
    assert_eq!(agent.ended(call), (486, false));
}

#[test]
fn a_caller_who_gives_up_ends_the_call_once() {
    let mut agent = Agent::start(|_| {});
    let mut peer = Peer::new(agent.addr);
    peer.invite("0");
    let call = agent.incoming().leg;
    agent.handle.leg(call).ring();
    while !peer.receive().starts_with("SIP/2.0 180") {}
    let cancel = peer.request("CANCEL", "", "");
    peer.send(cancel);
    assert!(peer.response().starts_with("SIP/2.0 200"));
    assert!(peer.response().starts_with("SIP/2.0 487"));
    assert_eq!(agent.ended(call), (487, true));
    agent.handle.leg(call).answer(Tone::new(1).0);
    agent.handle.leg(call).hang_up();
    assert!(agent.event_within(Duration::from_millis(300)).is_none());
}

#[test]
fn keys_come_by_rtp_and_by_info_and_go_by_rtp() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, call, _heard) = agent.call(Transport::Udp, TELEPHONE);
    for (end, duration) in [(0, 160_u16), (0, 320), (0x80, 480), (0x80, 480), (0x80, 480)] {
        let [high, low] = duration.to_be_bytes();
        peer.send_rtp(101, 1600, &[5, end | 10, high, low]);
    }
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('5'), .. }));
    let info = "Content-Type: application/dtmf-relay\r\n";
    assert!(peer.ask("INFO", info, "Signal=9\r\nDuration=200\r\n").starts_with("SIP/2.0 200"));
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Dtmf('9'), .. }));
    assert!(peer.ask("INFO", "Content-Type: text/plain\r\n", "hello").starts_with("SIP/2.0 415"));
    agent.handle.leg(call).send_dtmf("3");
    let until = Instant::now() + wire::PATIENCE;
    while peer.hear().0 != 101 {
        assert!(Instant::now() < until);
    }
    assert!(agent.event_within(Duration::from_millis(100)).is_none(), "the call is still up");
}

#[test]
fn a_transfer_reports_its_progress_and_ends_the_leg() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, call, _heard) = agent.call(Transport::Udp, "0");
    agent.handle.leg(call).transfer("sip:human@127.0.0.1:5099");
    let refer = peer.expect("REFER", "202 Accepted");
    assert_eq!(header(&refer, "Refer-To"), "sip:human@127.0.0.1:5099");
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 100, done: false }, .. }));
    let notify =
        |state: &str| format!("Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag\r\n");
    assert!(peer.ask("NOTIFY", &notify("active;expires=60"), "SIP/2.0 180 Ringing\r\n").starts_with("SIP/2.0 200"));
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 180, done: false }, .. }));
    assert!(peer.ask("NOTIFY", &notify("terminated"), "SIP/2.0 200 OK\r\n").starts_with("SIP/2.0 200"));
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 200, done: true }, .. }));
    peer.expect("BYE", "200 OK");
    assert_eq!(agent.ended(call), (200, false));
}

#[test]
fn a_refused_transfer_leaves_the_call_up() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, call, _heard) = agent.call(Transport::Udp, "0");
    agent.handle.leg(call).transfer("not a uri");
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 400, done: true }, .. }));
    agent.handle.leg(call).transfer("sip:nobody@127.0.0.1");
    peer.expect("REFER", "603 Decline");
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 603, done: true }, .. }));
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    assert_eq!(agent.ended(call), (200, true));
}

#[test]
fn the_peer_cannot_make_us_dial() {
    let mut agent = Agent::start(|_| {});
    let (mut peer, _, _heard) = agent.call(Transport::Udp, "0");
    assert!(peer.ask("REFER", "Refer-To: <sip:premium@example.com>\r\n", "").starts_with("SIP/2.0 603"));
    assert!(agent.event_within(Duration::from_millis(200)).is_none());
}

#[test]
fn a_caller_whose_rtp_stops_is_hung_up() {
    let mut agent = Agent::start(|config| config.bounds.rtp = Duration::from_secs(1));
    let (mut peer, call, _heard) = agent.call(Transport::Udp, "0");
    for _ in 0..100 {
        peer.speak(&SILENCE);
        peer.hear();
    }
    assert!(agent.event_within(Duration::ZERO).is_none(), "silence is not absence");
    let bye = peer.expect("BYE", "200 OK");
    assert_eq!(header(&bye, "Reason"), "Q.850;cause=102;text=\"no RTP from the caller\"");
    assert!(matches!(agent.event(), SipEvent::Overdue { wait: Wait::Rtp, .. }));
    assert_eq!(agent.ended(call), (200, false));
}

#[test]
fn a_stranger_is_refused() {
    let mut agent = Agent::start(|config| config.trusted = vec!["192.0.2.0/24".parse().unwrap()]);
    let mut peer = Peer::new(agent.addr);
    peer.invite("0");
    assert!(peer.response().starts_with("SIP/2.0 403"));
    assert!(Peer::new(agent.addr).ask("OPTIONS", "", "").starts_with("SIP/2.0 200"));
    assert!(agent.event_within(Duration::from_millis(200)).is_none());
}

#[test]
fn a_full_or_draining_agent_says_when_to_come_back() {
    let mut agent = Agent::start(|config| config.max_calls = 1);
    let (mut first, call, _heard) = agent.call(Transport::Udp, "0");
    let mut second = Peer::new(agent.addr);
    second.invite("0");
    let response = second.response();
    assert!(response.starts_with("SIP/2.0 503") && header(&response, "Retry-After") == "5", "{response}");
    agent.handle.refuse_new_calls(Duration::from_secs(30));
    assert!(first.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    agent.ended(call);
    let mut third = Peer::new(agent.addr);
    third.invite("0");
    let response = third.response();
    assert!(response.starts_with("SIP/2.0 503") && header(&response, "Retry-After") == "30", "{response}");
}

#[test]
fn a_call_over_tcp_is_taken() {
    let mut agent = Agent::start(|_| {});
    let mut peer = Peer::new(agent.addr);
    let mut stream = TcpStream::connect(agent.addr).unwrap();
    stream.set_read_timeout(Some(wire::PATIENCE)).unwrap();
    let offer = peer.offer("0");
    let invite =
        peer.request("INVITE", "Content-Type: application/sdp\r\n", &offer).replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    let (head, tail) = invite.as_bytes().split_at(100);
    stream.write_all(head).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    stream.write_all(tail).unwrap();
    let call = agent.incoming().leg;
    agent.handle.leg(call).answer(Tone::new(8000).0);
    let mut received = String::new();
    let mut buffer = [0; 4096];
    while !received.contains("SIP/2.0 200") {
        let length = stream.read(&mut buffer).unwrap();
        received.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    agent.media();
}

#[test]
fn stopping_hangs_up_and_reports_every_end() {
    let mut agent = Agent::start(|_| {});
    let (peer, call, _heard) = agent.call(Transport::Udp, "0");
    let handle = agent.handle.clone();
    let peer = std::thread::spawn(move || peer.expect("BYE", "200 OK"));
    let mut events = agent.stop();
    peer.join().unwrap();
    assert!(
        matches!(events.try_recv(), Ok(SipEvent::Leg { leg: ended, event: LegEvent::Ended { by_peer: false, .. } }) if ended == call)
    );
    assert!(events.try_recv().is_err());
    handle.leg(call).hang_up();
}
