//! The caller's RTP socket: one thread that sends on time and stamps what comes in.

use std::collections::VecDeque;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use super::codec::{Codec, Decoder, Encoder};
use super::heard::{Heard, Received};
use super::packet::{Digit, EVENT_PAYLOAD_TYPE, Header, parse_digit};
use super::priority::prefer_this_thread;
use super::{AUDIBLE_RMS, FRAME, RATE_HZ, Recording, WireTime, rms};
use crate::speech::Speech;

const PERIOD: Duration = Duration::from_millis(20);

/// What the endpoint does with the packets it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Decodes and keeps them.
    Full,
    /// Keeps only headers and times: for load, where the probe must cost little.
    Light,
}

/// When an utterance was on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The first packet with audible speech was sent.
    pub onset: WireTime,
    /// The packet with the last audible speech was sent.
    pub end: WireTime,
    /// The packet with the utterance's last speech sample was sent, however soft that is.
    pub last: WireTime,
}

enum Item {
    Speech { id: usize, samples: Arc<[i16]>, last_speech: usize, position: usize },
    Digit(Digit, Option<u32>),
}

#[derive(Default)]
struct State {
    remote: Option<SocketAddr>,
    queue: VecDeque<Item>,
    said: Vec<(Option<Said>, bool)>,
    sent_start: Option<WireTime>,
    sent: Vec<i16>,
    received: Vec<Received>,
    late: u32,
    failure: Option<String>,
    echo: Option<Echo>,
}

/// What the line brings back of the other side.
struct Echo {
    gain: f32,
    line: VecDeque<i16>,
}

impl Echo {
    fn mix_into(&mut self, samples: &mut [i16]) {
        for sample in samples {
            let echo = f32::from(self.line.pop_front().unwrap_or(0)) * self.gain;
            *sample = sample.saturating_add(echo as i16);
        }
    }
}

/// A media endpoint on 127.0.0.1. It sends from the moment it knows the peer's address until it is dropped: what was queued
/// with [`say`](Self::say) and [`press`](Self::press), silence otherwise.
///
/// # Threads
/// All methods may be called from any thread; packets are handled by a thread of its own.
pub struct Endpoint {
    codec: Codec,
    port: u16,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    // RTCP comes here and is not read: a bound port answers no ICMP.
    _rtcp: UdpSocket,
}

impl Endpoint {
    /// Binds an RTP port of 127.0.0.1 and starts the media thread.
    ///
    /// # Errors
    /// No port is free, or the codec cannot be opened.
    pub fn open(codec: Codec, mode: Mode) -> Result<Self> {
        let port = loopback_ports::block(2)?;
        let address = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let socket = UdpSocket::bind(address(port)).context("RTP port")?;
        let rtcp = UdpSocket::bind(address(port + 1)).context("RTCP port")?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).context("SO_TIMESTAMPNS")?;
        setsockopt(&socket, sockopt::RcvBuf, &(1 << 20)).context("SO_RCVBUF")?;

        let state = Arc::new(Mutex::new(State::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let media = MediaThread {
            codec,
            mode,
            socket,
            encoder: Encoder::new(codec)?,
            decoder: Decoder::new(codec)?,
            header: Header {
                marker: true,
                payload_type: codec.payload_type(),
                sequence: rand::random(),
                timestamp: rand::random(),
                ssrc: rand::random(),
            },
            state: Arc::clone(&state),
        };
        let thread = std::thread::Builder::new().name(format!("rtp {port}")).spawn({
            let stop = Arc::clone(&stop);
            move || media.run(&stop)
        })?;
        Ok(Self { codec, port, state, stop, thread: Some(thread), _rtcp: rtcp })
    }

    /// The RTP port, for the SDP.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Where to send, from the peer's SDP; `None` stops sending and forgets what was to be said: nothing of one call
    /// reaches the next.
    pub fn set_remote(&self, remote: Option<SocketAddr>) {
        let mut state = self.lock();
        state.remote = remote;
        if remote.is_none() {
            state.queue.clear();
        }
    }

    /// Queues an utterance; the number is for [`said`](Self::said).
    pub fn say(&self, speech: &Speech) -> usize {
        let mut state = self.lock();
        let id = state.said.len();
        state.said.push((None, false));
        state.queue.push_back(Item::Speech {
            id,
            samples: speech.samples(),
            last_speech: speech.last_speech(),
            position: 0,
        });
        id
    }

    /// Queues a key press (RFC 4733). Unknown keys are ignored.
    pub fn press(&self, key: char) {
        if let Some(digit) = Digit::new(key) {
            self.lock().queue.push_back(Item::Digit(digit, None));
        }
    }

    /// From now on the line brings back what the other side says, `delay` later and changed by `gain_db`. Needs
    /// [`Mode::Full`].
    pub fn echo(&self, gain_db: f32, delay: Duration) {
        let silence = (delay.as_secs_f64() * f64::from(RATE_HZ)) as usize;
        let line = std::iter::repeat_n(0, silence).collect();
        self.lock().echo = Some(Echo { gain: 10_f32.powf(gain_db / 20.0), line });
    }

    /// When an utterance was on the wire, once it is over.
    pub fn said(&self, id: usize) -> Option<Said> {
        self.lock().said.get(id).and_then(|&(said, done)| said.filter(|_| done))
    }

    /// When an utterance's first audible packet was sent, as soon as it was.
    pub fn onset(&self, id: usize) -> Option<WireTime> {
        self.lock().said.get(id).and_then(|(said, _)| said.map(|said| said.onset))
    }

    /// Says something and waits until its last packet is on the wire.
    ///
    /// # Errors
    /// The endpoint has no peer, so nothing is sent.
    pub fn say_and_wait(&self, speech: &Speech) -> Result<Said> {
        let id = self.say(speech);
        let limit = speech.duration() + Duration::from_secs(3);
        crate::until("the utterance should be sent", limit, || self.said(id))
    }

    /// Looks at what came in so far.
    pub fn heard<T>(&self, look: impl FnOnce(&Heard<'_>) -> T) -> T {
        look(&Heard::new(&self.lock().received, self.codec))
    }

    /// Waits for the first audible packet after `since`.
    ///
    /// # Errors
    /// None came within `limit`.
    pub fn wait_audible(&self, since: WireTime, limit: Duration) -> Result<WireTime> {
        crate::until("the other side should be audible", limit, || self.heard(|heard| heard.first_audible_after(since)))
    }

    /// Waits until the other side has been audible for `amount` in all since `since`.
    ///
    /// # Errors
    /// It was not, within `limit`.
    pub fn wait_audible_for(&self, amount: Duration, since: WireTime, limit: Duration) -> Result<()> {
        let what = format!("the other side should speak for {} ms", amount.as_millis());
        crate::until(&what, limit, || self.heard(|heard| heard.audible_since(since) >= amount).then_some(()))
    }

    /// Waits until the other side has said something after `since` and then nothing for `quiet`; gives the arrival of its last
    /// audible packet.
    ///
    /// # Errors
    /// It said nothing, or did not stop, within `limit`.
    pub fn wait_finished(&self, since: WireTime, quiet: Duration, limit: Duration) -> Result<WireTime> {
        let what = format!("the other side should speak and then be silent for {} ms", quiet.as_millis());
        crate::until(&what, limit, || {
            let last = self.heard(|heard| heard.last_audible())?;
            (last > since && WireTime::now().since(last) >= quiet).then_some(last)
        })
    }

    /// Both sides on one time line.
    pub fn recording(&self) -> Recording {
        let state = self.lock();
        Recording::new(state.sent_start, &state.sent, &state.received, self.codec)
    }

    /// Packets that this endpoint itself sent more than 5 ms late: a hint that the machine was too busy to judge it.
    pub fn own_late_packets(&self) -> u32 {
        self.lock().late
    }

    /// What went wrong in the media thread, if anything did.
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the media thread does not panic")
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Outgoing {
    datagram: Vec<u8>,
    samples: Vec<i16>,
    /// To which utterance the samples belong, and whether there is speech of it in them or after them.
    utterance: Option<(usize, bool)>,
}

struct MediaThread {
    codec: Codec,
    mode: Mode,
    socket: UdpSocket,
    encoder: Encoder,
    decoder: Decoder,
    header: Header,
    state: Arc<Mutex<State>>,
}

impl MediaThread {
    fn run(mut self, stop: &AtomicBool) {
        prefer_this_thread();
        let mut next = Instant::now() + PERIOD;
        while !stop.load(Ordering::Relaxed) {
            self.receive();
            let now = Instant::now();
            if now >= next {
                if let Err(error) = self.send(now - next) {
                    self.lock().failure.get_or_insert_with(|| format!("{error:#}"));
                }
                next += PERIOD;
                // After a long stall (a suspended machine), go on from now instead of sending a burst.
                if now > next + Duration::from_millis(200) {
                    next = now + PERIOD;
                }
                continue;
            }
            let mut waited = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            let _ = ppoll(&mut waited, Some(TimeSpec::from_duration(next - now)), None);
        }
    }

    fn send(&mut self, lateness: Duration) -> Result<()> {
        let state = Arc::clone(&self.state);
        let mut state = state.lock().expect("no holder panics");
        let Some(remote) = state.remote else { return Ok(()) };
        if lateness > Duration::from_millis(5) {
            state.late += 1;
        }
        let Outgoing { datagram, samples, utterance } = self.next_packet(&mut state)?;
        let now = WireTime::now();
        // A peer that has gone is no failure of ours: the suite sees it in the signalling.
        let _ = self.socket.send_to(&datagram, remote);
        state.sent_start.get_or_insert(now);
        if let Some((id, is_speech)) = utterance {
            note_said(&mut state, id, &samples, is_speech, now);
        }
        if self.mode == Mode::Full {
            state.sent.extend_from_slice(&samples);
        }
        Ok(())
    }

    fn next_packet(&mut self, state: &mut State) -> Result<Outgoing> {
        let ticks = self.codec.ticks();
        let mut datagram = Vec::with_capacity(512);
        if let Some(Item::Digit(digit, start)) = state.queue.front_mut() {
            if let Some((payload, first)) = digit.next_payload(ticks) {
                // RFC 4733, 2.2.1: all packets of an event carry the timestamp of its start.
                let timestamp = *start.get_or_insert(self.header.timestamp);
                Header { marker: first, payload_type: EVENT_PAYLOAD_TYPE, timestamp, ..self.header }
                    .write(&mut datagram);
                datagram.extend_from_slice(&payload);
                self.advance(ticks);
                return Ok(Outgoing { datagram, samples: vec![0; FRAME], utterance: None });
            }
            state.queue.pop_front();
        }
        let mut samples = vec![0; FRAME];
        let mut utterance = None;
        if let Some(Item::Speech { id, samples: all, last_speech, position }) = state.queue.front_mut() {
            let count = FRAME.min(all.len() - *position);
            samples[..count].copy_from_slice(&all[*position..*position + count]);
            utterance = Some((*id, *position <= *last_speech));
            *position += count;
        }
        if let Some(echo) = &mut state.echo {
            echo.mix_into(&mut samples);
        }
        self.header.write(&mut datagram);
        datagram.extend_from_slice(&self.encoder.encode(&samples)?);
        self.advance(ticks);
        Ok(Outgoing { datagram, samples, utterance })
    }

    fn advance(&mut self, ticks: u32) {
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(ticks);
    }

    fn receive(&mut self) {
        let mut buffer = [0_u8; 2048];
        loop {
            let mut control = nix::cmsg_space!(libc::timespec);
            let mut parts = [IoSliceMut::new(&mut buffer)];
            let message =
                recvmsg::<SockaddrIn>(self.socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT);
            let Ok(message) = message else { return };
            let stamp = message.cmsgs().ok().and_then(|mut all| {
                all.find_map(|one| match one {
                    ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
                    _ => None,
                })
            });
            let at = stamp.map_or_else(WireTime::now, |stamp| WireTime::from_timespec(stamp.tv_sec(), stamp.tv_nsec()));
            let source = message.address.map(|address| SocketAddr::V4(address.into()));
            let size = message.bytes;
            self.note_received(&buffer[..size], at, source);
        }
    }

    fn note_received(&mut self, datagram: &[u8], at: WireTime, source: Option<SocketAddr>) {
        let Some((header, payload)) = Header::parse(datagram) else { return };
        let mut received = Received { at, source, header, rms: 0.0, samples: Vec::new(), digit: None };
        if header.payload_type == EVENT_PAYLOAD_TYPE {
            received.digit = parse_digit(payload);
        } else if header.payload_type == self.codec.payload_type() && self.mode == Mode::Full {
            match self.decoder.decode(payload) {
                Ok(samples) => {
                    received.rms = rms(&samples);
                    received.samples = samples;
                }
                Err(error) => {
                    self.lock().failure.get_or_insert_with(|| format!("undecodable RTP payload: {error:#}"));
                }
            }
        }
        let mut state = self.lock();
        if let Some(echo) = &mut state.echo {
            echo.line.extend(&received.samples);
        }
        state.received.push(received);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

fn note_said(state: &mut State, id: usize, samples: &[i16], is_speech: bool, now: WireTime) {
    if let Some((said, _)) = state.said.get_mut(id) {
        if rms(samples) >= AUDIBLE_RMS {
            said.get_or_insert(Said { onset: now, end: now, last: now }).end = now;
        }
        if let Some(said) = said.as_mut().filter(|_| is_speech) {
            said.last = now;
        }
    }
    let over =
        matches!(state.queue.front(), Some(Item::Speech { samples, position, .. }) if *position >= samples.len());
    if over {
        state.queue.pop_front();
        if let Some((_, done)) = state.said.get_mut(id) {
            *done = true;
        }
    }
}
