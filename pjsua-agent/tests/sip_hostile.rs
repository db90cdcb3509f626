//! Broken and hostile messages while a call is up: none of them may crash anything, reach PJMEDIA or harm the call.

mod wire;

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use pjsua_agent::leg::{Leg, LegEvent, Refusal};
use pjsua_agent::sip::SipEvent;
use wire::{Agent, LOUD, Peer, Tone, header};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

/// An INVITE by a trusted peer, whole but for what the test breaks.
fn invite(agent: SocketAddr, body: &str) -> String {
    Peer::new(agent).request("INVITE", "Content-Type: application/sdp\r\n", body)
}

/// More than 200 messages, each broken in a way of its own.
fn broken(agent: SocketAddr) -> Vec<Vec<u8>> {
    let whole = invite(agent, SDP);
    let mut messages: Vec<Vec<u8>> = Vec::new();
    // Cut short at every few bytes, with Content-Length left as it was.
    messages.extend((1..whole.len()).step_by(5).map(|end| whole.as_bytes()[..end].to_vec()));
    // A NUL, a control character, a byte that is not UTF-8, in each part.
    for at in (0..whole.len()).step_by(12) {
        for byte in [0, 1, 0xff] {
            let mut message = whole.clone().into_bytes();
            message[at] = byte;
            messages.push(message);
        }
    }
    for length in ["-1", "999999", "4294967295", "99999999999999999999", "1", "x", ""] {
        messages.push(
            whole.replace(&format!("Content-Length: {}", SDP.len()), &format!("Content-Length: {length}")).into(),
        );
    }
    for media in [
        "m=audio 4000 RTP/AVP 128",
        "m=audio 4000 RTP/AVP 4294967295",
        "m=audio 4000 RTP/AVP -5",
        "m=audio 4000 RTP/AVP 97",
        "m=audio 99999 RTP/AVP 0",
        "m=audio",
        "m=",
        "m=audio 4000 RTP/AVP",
        "m=audio 4000 RTP/AVP 0\r\na=rtpmap:255 X/8000",
        "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97",
        "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 /",
        "m=audio 4000 RTP/AVP 0\r\na=ptime:0",
        "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 host.invalid",
        "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 239.1.1.1",
    ] {
        messages.push(invite(agent, &SDP.replace("m=audio 4000 RTP/AVP 0", media)).into());
    }
    let crypto = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n";
    messages.push(invite(agent, &format!("{SDP}{}", crypto.repeat(68))).into());
    messages.push(invite(agent, &format!("{SDP}{}", "a=x\r\n".repeat(1000))).into());
    messages.push(invite(agent, &"v=0\r\n".repeat(500)).into());
    messages.push(invite(agent, &"x".repeat(20_000)).into());
    let part = "--b\r\nContent-Type: application/sdp\r\n\r\n";
    for body in [part.repeat(50), format!("{part}{SDP}\r\n--b--"), "--b".into(), "--b\r\n".repeat(100)] {
        messages.push(Peer::new(agent).request("INVITE", "Content-Type: multipart/mixed;boundary=b\r\n", &body).into());
    }
    for (name, value) in
        [("To", "<"), ("From", "\"\\"), ("Via", "SIP/2.0"), ("CSeq", "99999999999 INVITE"), ("Contact", "*")]
    {
        let was = format!("{name}: {}", header(&whole, name));
        messages.push(whole.replace(&was, &format!("{name}: {value}")).into());
    }
    messages.push(whole.replace("Max-Forwards: 70\r\n", &"X: 1\r\n".repeat(400)).into());
    messages.push(whole.replace("Max-Forwards: 70", &format!("X: {}", "a".repeat(9000))).into());
    messages.push(whole.replace("INVITE sip:", &format!("INVITE sip:{}", "a".repeat(5000))).into());
    for garbage in ["", "\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\0\0\0\0", "INVITE"] {
        messages.push(garbage.into());
    }
    messages
}

#[test]
fn a_call_survives_every_broken_message() {
    let mut agent = Agent::start(|_| {});
    let mut peer = Peer::new(agent.addr);
    peer.invite("0");
    let call = agent.incoming().leg;
    let (tone, heard) = Tone::new(8000);
    agent.handle.leg(call).answer(tone);
    peer.accept();
    agent.media();

    let messages = broken(agent.addr);
    assert!(messages.len() > 200, "{}", messages.len());
    let attacker = Peer::new(agent.addr);
    for message in &messages {
        attacker.send(message);
        peer.speak(&LOUD);
        peer.hear();
    }
    for message in messages.iter().take(20) {
        let mut stream = TcpStream::connect(agent.addr).unwrap();
        // The agent may close at once.
        let _ = stream.write_all(message);
    }
    // Those whose damage lies in bytes that mean nothing are calls like any other; they are refused by hand.
    while let Some(event) = agent.event_within(Duration::from_millis(300)) {
        match event {
            SipEvent::Incoming(other) => {
                agent.handle.leg(other.leg).reject(Refusal { code: 486, reason: String::new(), retry_after: None })
            }
            SipEvent::Leg { leg: ended, event: LegEvent::Ended { .. } } => assert!(ended != call, "the call ended"),
            other => panic!("{other:?}"),
        }
    }
    // What was said meanwhile would be heard in a burst, and our answers with it.
    peer.rtp.set_nonblocking(true).unwrap();
    while peer.rtp.recv(&mut [0; 2000]).is_ok() {}
    peer.rtp.set_nonblocking(false).unwrap();
    while heard.try_recv().is_ok() {}
    let loud = (0..50).filter(|_| {
        peer.speak(&LOUD);
        peer.hear();
        heard.try_iter().any(|level| level > 4000)
    });
    assert!(loud.count() > 30, "the caller is still heard");
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    assert_eq!(agent.ended(call), (200, true));
}

#[test]
fn a_multipart_body_is_refused_with_what_is_accepted() {
    let agent = Agent::start(|_| {});
    let body = format!("--b\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--b--\r\n");
    let response = Peer::new(agent.addr).ask("INVITE", "Content-Type: multipart/mixed;boundary=b\r\n", &body);
    assert!(response.starts_with("SIP/2.0 415"), "{response}");
    assert_eq!(header(&response, "Accept"), "application/sdp");
}

#[test]
fn keys_in_an_ordinary_offer_do_not_stop_the_call() {
    let mut agent = Agent::start(|_| {});
    let mut peer = Peer::new(agent.addr);
    peer.invite("0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz");
    let call = agent.incoming().leg;
    agent.handle.leg(call).answer(Tone::new(8000).0);
    let response = peer.accept();
    assert!(!response.contains("crypto"), "{response}");
}
