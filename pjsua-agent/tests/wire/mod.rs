//! The other side of the wire: a SIP user agent and registrar written out by hand, so that each test says exactly what
//! is sent and sees exactly what comes back.

// Not every test uses all of it.
#![allow(dead_code)]

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pjsua_agent::leg::{FramePort, Incoming, Leg, LegEvent, LegId};
use pjsua_agent::sip::{self, Listen, Sip, SipConfig, SipEvent, SipHandle, Transport};
use tokio::sync::mpsc::{UnboundedReceiver, error::TryRecvError, unbounded_channel};

/// Long enough for any answer on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// PJSIP is one a process, and tests run in threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The endpoint under test, at `addr`.
pub struct Agent {
    sip: Option<Sip>,
    pub handle: SipHandle,
    pub addr: SocketAddr,
    events: UnboundedReceiver<SipEvent>,
    _alone: MutexGuard<'static, ()>,
}

impl Agent {
    /// Trusting the loopback, on UDP and TCP, changed by `change`.
    pub fn start(change: impl FnOnce(&mut SipConfig)) -> Agent {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let addr = free_port();
        let mut config = SipConfig {
            listen: vec![Listen { transport: Transport::Udp, addr }, Listen { transport: Transport::Tcp, addr }],
            trusted: vec!["127.0.0.1/32".parse().expect("a network")],
            rtp_ports: (38_000, 38_999),
            ..SipConfig::default()
        };
        change(&mut config);
        let (events_in, events) = unbounded_channel();
        let sip = sip::start(config, || {}, events_in).expect("the endpoint starts");
        Agent { handle: sip.handle(), sip: Some(sip), addr, events, _alone: alone }
    }

    /// The next event; panics if none comes.
    pub fn event(&mut self) -> SipEvent {
        self.event_within(PATIENCE).expect("an event")
    }

    /// The next event but for reports about RTP, which come whenever they are due.
    pub fn event_within(&mut self, limit: Duration) -> Option<SipEvent> {
        let is_report = |event: &SipEvent| matches!(event, SipEvent::Leg { event: LegEvent::Rtp(_), .. });
        self.find_within(limit, |event| !is_report(event))
    }

    /// The first event that is so; those before it are lost.
    pub fn find_within(&mut self, limit: Duration, is_so: impl Fn(&SipEvent) -> bool) -> Option<SipEvent> {
        let until = Instant::now() + limit;
        loop {
            match self.events.try_recv() {
                Ok(event) if is_so(&event) => return Some(event),
                Ok(_) => {}
                Err(TryRecvError::Empty) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
                Err(_) => return None,
            }
        }
    }

    /// The next event must be a new call.
    pub fn incoming(&mut self) -> Incoming {
        match self.event() {
            SipEvent::Incoming(call) => call,
            other => panic!("not a call: {other:?}"),
        }
    }

    /// A peer in an answered call for an offer of `media`, and how loud the agent hears each frame of it.
    pub fn call(&mut self, transport: Transport, media: &str) -> (Peer, LegId, crossbeam_channel::Receiver<u16>) {
        let mut peer = Peer::over(transport, self.addr);
        peer.invite(media);
        let (call, heard) = self.answer(&mut peer);
        self.media();
        (peer, call, heard)
    }

    /// Answers the call that the peer's INVITE has made, and lets it acknowledge that.
    pub fn answer(&mut self, peer: &mut Peer) -> (LegId, crossbeam_channel::Receiver<u16>) {
        let call = self.incoming().leg;
        let (tone, heard) = Tone::new(8000);
        self.handle.leg(call).answer(tone);
        peer.accept();
        (call, heard)
    }

    /// The next event must be audio that flows; its codec.
    pub fn media(&mut self) -> String {
        match self.event() {
            SipEvent::Leg { event: LegEvent::Media { codec }, .. } => codec,
            other => panic!("no media: {other:?}"),
        }
    }

    /// The next event must be the end of `call`, and nothing must follow it.
    pub fn ended(&mut self, call: LegId) -> (u16, bool) {
        match self.event() {
            SipEvent::Leg { leg: ended, event: LegEvent::Ended { code, by_peer, .. } } if ended == call => {
                (code, by_peer)
            }
            other => panic!("not the end of {call}: {other:?}"),
        }
    }

    pub fn stop(mut self) -> UnboundedReceiver<SipEvent> {
        let sip = self.sip.take().expect("it runs");
        sip.shutdown();
        let (_, none) = unbounded_channel();
        std::mem::replace(&mut self.events, none)
    }
}

pub fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], loopback_ports::one().expect("a free port")))
}

/// Says a constant level, and reports the loudest sample of each frame heard.
pub struct Tone {
    pub level: i16,
    pub heard: crossbeam_channel::Sender<u16>,
    phase: usize,
}

impl Tone {
    pub fn new(level: i16) -> (Box<Tone>, crossbeam_channel::Receiver<u16>) {
        let (heard, frames) = crossbeam_channel::unbounded();
        (Box::new(Tone { level, heard, phase: 0 }), frames)
    }
}

impl FramePort for Tone {
    fn put_frame(&mut self, samples: &media::Samples) {
        let _ = self.heard.send(samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0));
    }

    fn get_frame(&mut self, samples: &mut media::Samples) {
        // 500 Hz at 16 kHz: 32 samples a period.
        for sample in samples {
            self.phase = (self.phase + 1) % 32;
            *sample = if self.phase < 16 { self.level } else { -self.level };
        }
    }
}

/// Both transports, for tests that hold for either.
pub const TRANSPORTS: [Transport; 2] = [Transport::Udp, Transport::Tcp];

/// A connection and what has come in but was not read.
pub struct Stream {
    pub socket: TcpStream,
    unread: Vec<u8>,
}

impl Stream {
    pub fn new(socket: TcpStream) -> Stream {
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Stream { socket, unread: Vec::new() }
    }

    /// The next message, framed by its Content-Length; keep-alives are passed over. `None`: it did not come in time.
    pub fn receive(&mut self) -> Option<String> {
        loop {
            let text = String::from_utf8_lossy(&self.unread).into_owned();
            let start = text.len() - text.trim_start_matches(['\r', '\n']).len();
            if let Some(end) = text[start..].find("\r\n\r\n") {
                let head = &text[start..start + end];
                let length: usize = header(head, "Content-Length").parse().unwrap_or(0);
                let whole = start + end + 4 + length;
                if text.len() >= whole {
                    self.unread.drain(..whole);
                    return Some(text[start..whole].to_owned());
                }
            }
            let mut buffer = [0; 4096];
            let length = self.socket.read(&mut buffer).ok()?;
            assert!(length > 0, "the connection was closed");
            self.unread.extend_from_slice(&buffer[..length]);
        }
    }
}

/// A SIP peer on UDP or TCP with an RTP socket.
pub struct Peer {
    pub sip: UdpSocket,
    pub stream: Option<RefCell<Stream>>,
    pub rtp: UdpSocket,
    pub agent: SocketAddr,
    pub call_id: String,
    pub from_tag: String,
    pub to_tag: Option<String>,
    pub contact: String,
    pub cseq: u32,
    pub sequence: u16,
}

impl Peer {
    pub fn new(agent: SocketAddr) -> Peer {
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            socket
        };
        let call_id = format!("{:x}", rand::random::<u64>());
        let contact = format!("sip:agent@{agent}");
        let (sip, rtp, to_tag, from_tag) = (socket(), socket(), None, "peer".to_owned());
        Peer { sip, stream: None, rtp, agent, call_id, from_tag, to_tag, contact, cseq: 0, sequence: 0 }
    }

    /// The same over a transport of choice.
    pub fn over(transport: Transport, agent: SocketAddr) -> Peer {
        let connect = || RefCell::new(Stream::new(TcpStream::connect(agent).expect("a connection")));
        let stream = (transport == Transport::Tcp).then(connect);
        Peer { stream, ..Peer::new(agent) }
    }

    /// Another one who knows all there is to know of this one's call, from an address of his own.
    pub fn twin(&self, transport: Transport) -> Peer {
        let (call_id, to_tag, contact) = (self.call_id.clone(), self.to_tag.clone(), self.contact.clone());
        let from_tag = self.from_tag.clone();
        Peer { call_id, to_tag, from_tag, contact, cseq: self.cseq, ..Peer::over(transport, self.agent) }
    }

    pub fn address(&self) -> SocketAddr {
        match &self.stream {
            Some(stream) => stream.borrow().socket.local_addr().expect("an address"),
            None => self.sip.local_addr().expect("an address"),
        }
    }

    pub fn offer(&self, media: &str) -> String {
        let port = self.rtp.local_addr().expect("an address").port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {media}\r\n\
             a=ptime:20\r\n"
        )
    }

    /// A request of this call, as text.
    pub fn request(&mut self, method: &str, headers: &str, body: &str) -> String {
        if !matches!(method, "ACK" | "CANCEL") {
            self.cseq += 1;
        }
        let me = self.address();
        let (transport, suffix) = match self.stream {
            Some(_) => ("TCP", ";transport=tcp"),
            None => ("UDP", ""),
        };
        let tag =
            self.to_tag.as_ref().filter(|_| method != "CANCEL").map_or(String::new(), |tag| format!(";tag={tag}"));
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {me};rport;branch=z9hG4bK-{id}-{cseq}{ack}\r\nMax-Forwards: 70\r\n\
             From: \"Ann\" <sip:+4930123@127.0.0.1>;tag={from}\r\nTo: <sip:agent@127.0.0.1>{tag}\r\nCall-ID: {id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:peer@{me}{suffix}>\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
            from = self.from_tag,
            uri = self.contact,
            id = self.call_id,
            cseq = self.cseq,
            ack = if method == "ACK" { "-ack" } else { "" },
            length = body.len(),
        )
    }

    pub fn send(&self, message: impl AsRef<[u8]>) {
        match &self.stream {
            Some(stream) => stream.borrow_mut().socket.write_all(message.as_ref()).expect("sent"),
            None => assert_eq!(self.sip.send_to(message.as_ref(), self.agent).expect("sent"), message.as_ref().len()),
        }
    }

    pub fn ask(&mut self, method: &str, headers: &str, body: &str) -> String {
        let request = self.request(method, headers, body);
        self.send(request);
        self.response()
    }

    /// The next final response.
    pub fn response(&mut self) -> String {
        loop {
            let message = self.receive();
            if message.starts_with("SIP/2.0 ") && !message.starts_with("SIP/2.0 1") {
                return message;
            }
        }
    }

    pub fn receive(&self) -> String {
        self.receive_within(PATIENCE).expect("a SIP message")
    }

    /// The next request of this method; it is answered with `status`.
    pub fn expect(&self, method: &str, status: &str) -> String {
        loop {
            let message = self.receive();
            if message.starts_with(&format!("{method} ")) {
                self.answer(&message, status, "");
                return message;
            }
        }
    }

    /// Answers a request by copying what RFC 3261 section 8.2.6 says.
    pub fn answer(&self, request: &str, status: &str, headers: &str) {
        let copied: String = request
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)))
            .map(|line| match line.strip_prefix("To:") {
                Some(to) if !to.contains("tag=") => format!("To:{to};tag=peer\r\n"),
                _ => format!("{line}\r\n"),
            })
            .collect();
        self.send(format!("SIP/2.0 {status}\r\n{copied}{headers}Content-Length: 0\r\n\r\n"));
    }

    pub fn invite(&mut self, media: &str) {
        let offer = self.offer(media);
        self.invite_with(&offer);
    }

    pub fn invite_with(&mut self, offer: &str) {
        let request = self.request("INVITE", "Content-Type: application/sdp\r\n", offer);
        self.send(request);
    }

    /// The status of the next final response; `None` if none comes.
    pub fn status(&self, limit: Duration) -> Option<u16> {
        let until = Instant::now() + limit;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            let message = self.receive_within(left)?;
            let status = message.strip_prefix("SIP/2.0 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
            if let Some(status @ 200..) = status {
                return Some(status);
            }
        }
        None
    }

    /// The next message; `None` if none comes.
    pub fn receive_within(&self, limit: Duration) -> Option<String> {
        let patience = |limit| match &self.stream {
            Some(stream) => stream.borrow().socket.set_read_timeout(Some(limit)),
            None => self.sip.set_read_timeout(Some(limit)),
        };
        patience(limit).expect("a timeout");
        let message = match &self.stream {
            Some(stream) => stream.borrow_mut().receive(),
            None => {
                let mut buffer = [0; 20_000];
                let length = self.sip.recv(&mut buffer);
                length.ok().map(|length| String::from_utf8_lossy(&buffer[..length]).into_owned())
            }
        };
        patience(PATIENCE).expect("a timeout");
        message
    }

    /// Waits for the 200 and acknowledges it; returns it.
    pub fn accept(&mut self) -> String {
        let response = self.response();
        assert!(response.starts_with("SIP/2.0 200"), "{response}");
        self.to_tag = header(&response, "To").split("tag=").nth(1).map(str::to_owned);
        self.contact = header(&response, "Contact").trim_matches(['<', '>']).to_owned();
        let ack = self.request("ACK", "", "");
        self.send(ack);
        let answered = sdp_port(&response);
        self.rtp.connect(("127.0.0.1", answered)).expect("connected");
        response
    }

    /// One G.711 µ-law packet of 20 ms.
    pub fn speak(&mut self, payload: &[u8; 160]) {
        self.send_rtp(0, u32::from(self.sequence) * 160, payload);
    }

    pub fn send_rtp(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = vec![0x80, payload_type];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&[1, 2, 3, 4]);
        packet.extend_from_slice(payload);
        self.rtp.send(&packet).expect("sent");
    }

    /// The next RTP packet: payload type and payload.
    pub fn hear(&self) -> (u8, Vec<u8>) {
        let mut buffer = [0; 2000];
        let length = self.rtp.recv(&mut buffer).expect("an RTP packet");
        (buffer[1] & 0x7f, buffer[12..length].to_vec())
    }
}

pub fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let prefix = format!("{name}:");
    message.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().trim()
}

pub fn sdp_port(message: &str) -> u16 {
    let line = message.lines().find_map(|line| line.strip_prefix("m=audio ")).expect("an audio line");
    line.split(' ').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// A loud µ-law square wave, and silence.
pub const LOUD: [u8; 160] = {
    let mut samples = [0x9f; 160];
    let mut i = 0;
    while i < 160 {
        if i % 16 < 8 {
            samples[i] = 0x1f;
        }
        i += 1;
    }
    samples
};
pub const SILENCE: [u8; 160] = [0xff; 160];
