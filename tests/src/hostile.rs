//! Broken and hostile SIP messages, the same for the same seed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// A message that no peer should send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostile {
    /// What is wrong with it.
    pub name: &'static str,
    /// The bytes on the wire.
    pub bytes: Vec<u8>,
}

type Make = fn(&Peer, &mut StdRng) -> Vec<u8>;

/// Every kind once in turn, until there are `count`.
pub fn messages(seed: u64, target: SocketAddr, own: SocketAddr, count: usize) -> Vec<Hostile> {
    let mut random = StdRng::seed_from_u64(seed);
    KINDS
        .iter()
        .cycle()
        .take(count)
        .enumerate()
        .map(|(number, &(name, make))| {
            let peer = Peer { target, own, call: format!("hostile-{seed}-{number}") };
            let mut bytes = make(&peer, &mut random);
            // The largest payload of a UDP datagram over IPv4.
            bytes.truncate(65_507);
            Hostile { name, bytes }
        })
        .collect()
}

/// Sends all of them as datagrams, a millisecond apart.
///
/// # Errors
/// The socket cannot be opened.
pub fn send_udp(target: SocketAddr, count: usize, seed: u64) -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_millis(1)))?;
    let mut answer = [0_u8; 2048];
    for message in messages(seed, target, socket.local_addr()?, count) {
        socket.send_to(&message.bytes, target).with_context(|| message.name)?;
        let _ = socket.recv(&mut answer);
    }
    Ok(())
}

/// Sends each of them over a connection of its own, which is closed soon after, in the middle of a message too.
///
/// # Errors
/// The daemon does not accept a connection any more.
pub fn send_tcp(target: SocketAddr, count: usize, seed: u64) -> Result<()> {
    for message in messages(seed, target, SocketAddr::from(([127, 0, 0, 1], 9)), count) {
        let mut stream = TcpStream::connect_timeout(&target, Duration::from_secs(2)).with_context(|| message.name)?;
        stream.set_read_timeout(Some(Duration::from_millis(10)))?;
        stream.set_write_timeout(Some(Duration::from_secs(1)))?;
        // A peer that closes a hostile connection early is right.
        let _ = stream.write_all(&message.bytes);
        let _ = stream.read(&mut [0_u8; 2048]);
    }
    Ok(())
}

struct Peer {
    target: SocketAddr,
    own: SocketAddr,
    call: String,
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n";

impl Peer {
    fn invite(&self, headers: &str, body: &str) -> String {
        self.request("INVITE", headers, body, &body.len().to_string())
    }

    fn request(&self, method: &str, headers: &str, body: &str, length: &str) -> String {
        let Self { target, own, call } = self;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} sip:agent@{target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call};rport\r\n\
             From: <sip:x@{own}>;tag=x\r\nTo: <sip:agent@{target}>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:x@{own}>\r\nMax-Forwards: 70\r\n{headers}{kind}Content-Length: {length}\r\n\r\n{body}"
        )
    }

    /// A sound request in which one line is replaced.
    fn with_line(&self, start: &str, line: &str) -> Vec<u8> {
        let message = self.invite("", SDP);
        let lines = message.split("\r\n").map(|old| if old.starts_with(start) { line } else { old });
        lines.collect::<Vec<_>>().join("\r\n").into_bytes()
    }

    fn with_sdp(&self, body: &str) -> Vec<u8> {
        self.invite("", body).into_bytes()
    }
}

const KINDS: &[(&str, Make)] = &[
    ("cut anywhere", |peer, random| {
        let mut bytes = peer.invite("", SDP).into_bytes();
        bytes.truncate(random.random_range(1..bytes.len()));
        bytes
    }),
    ("no end of the headers", |peer, _| peer.invite("", "").trim_end().as_bytes().to_vec()),
    ("a header of 60,000 bytes", |peer, random| {
        let letter = char::from(random.random_range(b'a'..=b'z'));
        peer.invite(&format!("X-Long: {}\r\n", letter.to_string().repeat(60_000)), SDP).into_bytes()
    }),
    ("2,000 headers", |peer, _| peer.invite(&"X-Many: 1\r\n".repeat(2_000), SDP).into_bytes()),
    ("a body of 60,000 bytes", |peer, _| peer.with_sdp(&format!("{SDP}a={}\r\n", "x".repeat(60_000)))),
    ("Content-Length too large", |peer, random| {
        peer.request("INVITE", "", SDP, &random.random_range(1_000..5_000_000_000_u64).to_string()).into_bytes()
    }),
    ("Content-Length too small", |peer, random| {
        peer.request("INVITE", "", SDP, &random.random_range(0..SDP.len()).to_string()).into_bytes()
    }),
    ("Content-Length negative", |peer, _| peer.request("INVITE", "", SDP, "-1").into_bytes()),
    ("Content-Length no number", |peer, _| peer.request("INVITE", "", SDP, "many").into_bytes()),
    ("NULs anywhere", |peer, random| {
        let mut bytes = peer.invite("", SDP).into_bytes();
        for _ in 0..random.random_range(1..20) {
            let place = random.random_range(0..bytes.len());
            bytes[place] = 0;
        }
        bytes
    }),
    ("NULs between header and body", |peer, _| peer.invite("X-Nul: \0\0\0\r\n", "\0\0\0\0").into_bytes()),
    ("bits turned over", |peer, random| {
        let mut bytes = peer.invite("", SDP).into_bytes();
        for _ in 0..random.random_range(1..30) {
            let place = random.random_range(0..bytes.len());
            bytes[place] ^= 1 << random.random_range(0..8);
        }
        bytes
    }),
    ("random bytes", |_, random| (0..random.random_range(1..3_000)).map(|_| random.random()).collect()),
    ("an endless a=crypto", |peer, random| {
        let key = "A".repeat(random.random_range(100..20_000));
        peer.with_sdp(&format!("{SDP}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20|1:32\r\n"))
    }),
    ("a=crypto without a key", |peer, _| {
        peer.with_sdp(&format!("{SDP}a=crypto:\r\na=crypto:1\r\na=crypto:1 X inline:\r\n"))
    }),
    ("a payload type out of range", |peer, random| {
        let number = *[128, 255, 256, 999, 65_536, -1].choose(random).unwrap_or(&999);
        peer.with_sdp(&format!("{}a=rtpmap:{number} PCMU/8000\r\n", SDP.replace("AVP 0", &format!("AVP {number} 0"))))
    }),
    ("a dynamic payload type without rtpmap", |peer, _| peer.with_sdp(&SDP.replace("AVP 0", "AVP 96 97 98"))),
    ("a rtpmap that maps nothing", |peer, _| {
        peer.with_sdp(&format!("{SDP}a=rtpmap:0\r\na=rtpmap:\r\na=rtpmap:0 /\r\n"))
    }),
    ("a clock rate of nought", |peer, _| {
        peer.with_sdp(&format!("{SDP}a=rtpmap:0 PCMU/0\r\na=ptime:0\r\na=maxptime:-5\r\n"))
    }),
    ("300 formats", |peer, _| {
        let formats: Vec<String> = (0..300).map(|number| (number % 128).to_string()).collect();
        peer.with_sdp(&SDP.replace("AVP 0", &format!("AVP {}", formats.join(" "))))
    }),
    ("500 media", |peer, _| peer.with_sdp(&format!("{SDP}{}", "m=audio 9000 RTP/AVP 0\r\n".repeat(500)))),
    ("no media", |peer, _| peer.with_sdp("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n")),
    ("no address", |peer, _| peer.with_sdp(&SDP.replace("c=IN IP4 127.0.0.1\r\n", "c=IN\r\n"))),
    ("a media port that is none", |peer, _| peer.with_sdp(&SDP.replace("9000", "999999"))),
    ("SDP lines without sense", |peer, random| {
        let mut body: Vec<u8> = SDP.bytes().collect();
        for _ in 0..5 {
            let place = random.random_range(0..body.len());
            body[place] = random.random_range(0x20..0x7f);
        }
        peer.with_sdp(&String::from_utf8_lossy(&body))
    }),
    ("multipart without an end", |peer, _| {
        let body = format!("--b\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--b");
        let length = body.len().to_string();
        peer.request("INVITE", "", &body, &length)
            .replace(
                "Content-Type: application/sdp\r\nContent-L",
                "Content-Type: multipart/mixed;boundary=b\r\nContent-L",
            )
            .into_bytes()
    }),
    ("multipart with an empty boundary", |peer, _| {
        let message = peer.invite("", "--\r\n\r\n----\r\n--");
        message.replace("application/sdp", "multipart/mixed;boundary=\"\"").into_bytes()
    }),
    ("no Via", |peer, _| peer.with_line("Via:", "X-Via: none")),
    ("a Via of commas", |peer, _| peer.with_line("Via:", "Via: ,,,,;;;,SIP/2.0/UDP ,")),
    ("a Via of another world", |peer, _| {
        peer.with_line("Via:", "Via: SIP/2.0/UDP [::::]:99999;branch=;rport=;received=%00")
    }),
    ("no tag", |peer, _| peer.with_line("From:", "From: <sip:x@127.0.0.1>")),
    ("a quote that is not closed", |peer, _| peer.with_line("From:", "From: \"x <sip:x@127.0.0.1>;tag=x")),
    ("a name of 8,000 bytes", |peer, _| {
        peer.with_line("From:", &format!("From: \"{}\" <sip:x@127.0.0.1>;tag=x", "n".repeat(8_000)))
    }),
    ("no number in CSeq", |peer, _| peer.with_line("CSeq:", "CSeq: INVITE")),
    ("a CSeq out of range", |peer, _| peer.with_line("CSeq:", "CSeq: 99999999999999999999 INVITE")),
    ("another method in CSeq", |peer, _| peer.with_line("CSeq:", "CSeq: 1 BYE")),
    ("an empty Call-ID", |peer, _| peer.with_line("Call-ID:", "Call-ID: ")),
    ("no hops left", |peer, _| peer.with_line("Max-Forwards:", "Max-Forwards: -1")),
    ("a URI that is none", |peer, random| {
        let uri = *["sip:@", "sip:[::1", "sip:a@b:99999", "sip:%zz@h", ":::", "tel:", "sip:a@;;;=?&"]
            .choose(random)
            .unwrap_or(&"");
        peer.with_line("INVITE", &format!("INVITE {uri} SIP/2.0"))
    }),
    ("SIP of another version", |peer, _| peer.with_line("INVITE", "INVITE sip:agent@127.0.0.1 SIP/9.9")),
    ("a method of 4,000 bytes", |peer, _| peer.request(&"M".repeat(4_000), "", "", "0").into_bytes()),
    ("a route of 3,000 hops", |peer, _| {
        peer.invite(&format!("Record-Route: {}\r\n", vec!["<sip:h;lr>"; 3_000].join(",")), SDP).into_bytes()
    }),
    ("a demand for the unknown", |peer, _| peer.invite("Require: mind-reading\r\n", SDP).into_bytes()),
    ("a response nobody asked for", |peer, _| {
        peer.invite("", SDP)
            .replacen(&format!("INVITE sip:agent@{} SIP/2.0", peer.target), "SIP/2.0 200 OK", 1)
            .into_bytes()
    }),
    ("a response with a code of 9999", |peer, _| {
        peer.invite("", SDP)
            .replacen(&format!("INVITE sip:agent@{} SIP/2.0", peer.target), "SIP/2.0 9999 \u{fffd}", 1)
            .into_bytes()
    }),
    ("BYE to nobody", |peer, _| peer.request("BYE", "", "", "0").into_bytes()),
    ("CANCEL of nothing", |peer, _| peer.request("CANCEL", "", "", "0").into_bytes()),
    ("REFER to nowhere", |peer, _| peer.request("REFER", "Refer-To: <<<sip:@@>>>\r\n", "", "0").into_bytes()),
    ("NOTIFY of nonsense", |peer, _| {
        let headers = "Event: refer\r\nSubscription-State: \0\r\n";
        peer.request("NOTIFY", headers, "SIP/2.0", "7").into_bytes()
    }),
    ("INFO with half a digit", |peer, _| peer.request("INFO", "", "Signal=\r\nDuration=", "18").into_bytes()),
    ("REGISTER at an agent", |peer, _| peer.request("REGISTER", "Contact: *\r\nExpires: -7\r\n", "", "0").into_bytes()),
    ("blank lines without end", |_, random| b"\r\n".repeat(random.random_range(1..20_000))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_messages() {
        let address = SocketAddr::from(([127, 0, 0, 1], 5060));
        let first = messages(7, address, address, 200);
        assert_eq!(first.len(), 200);
        assert_eq!(first, messages(7, address, address, 200));
        assert_ne!(first, messages(8, address, address, 200));
        assert!(first.iter().all(|message| !message.bytes.is_empty() && message.bytes.len() <= 65_507));
    }
}
