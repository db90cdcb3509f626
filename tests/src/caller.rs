//! A caller: SIPp's signalling and a voice of our own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::relay::Relay;
use crate::rtp::{Codec, Endpoint, Mode};
use crate::sipp::{Options, Sipp};

/// Whom to call, and how.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Where the INVITE goes.
    pub peer: SocketAddr,
    /// The user part that is dialled.
    pub user: String,
    /// The caller's own user part.
    pub caller: String,
    /// The only codec offered.
    pub codec: Codec,
    /// Further header lines of the INVITE.
    pub headers: Vec<(String, String)>,
    /// The address the call comes from.
    pub local: Ipv4Addr,
    /// Signalling over TCP.
    pub tcp: bool,
    /// What the media probe keeps.
    pub mode: Mode,
}

impl Dial {
    /// A G.711 call from 127.0.0.1.
    pub fn new(peer: SocketAddr, user: &str) -> Self {
        Self {
            peer,
            user: user.to_owned(),
            caller: "caller".to_owned(),
            codec: Codec::Pcmu,
            headers: Vec::new(),
            local: Ipv4Addr::LOCALHOST,
            tcp: false,
            mode: Mode::Full,
        }
    }

    /// Offers another codec.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of an added header line.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The call that a Refer-To URI asks for: `sip:user@address:port?Header=value&…` (RFC 3261, 19.1.1).
    fn referred_to(uri: &str, codec: Codec) -> Result<Self> {
        let (target, headers) = uri.split_once('?').unwrap_or((uri, ""));
        let target = target.trim_start_matches("sip:").split(';').next().unwrap_or("");
        let (user, host) = target.split_once('@').with_context(|| format!("no user in {uri}"))?;
        let peer = host.parse().with_context(|| format!("no address and port in {uri}"))?;
        let mut dial = Self::new(peer, user).codec(codec);
        for (name, value) in headers.split('&').filter_map(|header| header.split_once('=')) {
            dial.headers.push((unescape(name), unescape(value)));
        }
        Ok(dial)
    }

    fn options(&self, scenario: &'static str, ports: &[u16]) -> Options {
        // The scenario's placeholder must be a whole header line, also when there is nothing to say.
        let mut lines: Vec<String> = vec!["Subject: test call".to_owned()];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let mut options = Options::new(scenario)
            .key("dialled", &self.user)
            .key("caller", &self.caller)
            .key("codec_pt", self.codec.payload_type().to_string())
            .key("codec_map", self.codec.rtpmap())
            .key("more_headers", lines.join("\r\n"));
        options.remote = Some(self.peer);
        options.local = self.local;
        options.tcp = self.tcp;
        options.fields = ports.iter().map(ToString::to_string).collect();
        options
    }
}

/// One caller of a running SIPp.
pub struct Caller {
    sipp: Arc<Mutex<Sipp>>,
    number: u32,
    rtp: Arc<Endpoint>,
    relay: Option<Relay>,
}

impl Caller {
    /// Dials; files go to `dir`.
    ///
    /// # Errors
    /// SIPp or the media endpoint cannot be started.
    pub fn dial(dial: &Dial, dir: &Path) -> Result<Self> {
        let rtp = Arc::new(Endpoint::open(dial.codec, dial.mode)?);
        Self::dial_with(dial, rtp, dir)
    }

    /// Dials with a voice that is there already: what a phone does that was told to call somebody else.
    ///
    /// # Errors
    /// SIPp cannot be started.
    pub fn dial_with(dial: &Dial, rtp: Arc<Endpoint>, dir: &Path) -> Result<Self> {
        let options = dial.options("uac_calls_and_talks.xml", &[rtp.port()]);
        let sipp = Arc::new(Mutex::new(Sipp::start(&options, dir)?));
        Ok(Self { sipp, number: 1, rtp, relay: None })
    }

    /// Dials from behind a bad network: all RTP of the call goes through `relay`.
    ///
    /// # Errors
    /// SIPp or the media endpoint cannot be started.
    pub fn dial_through(dial: &Dial, relay: Relay, dir: &Path) -> Result<Self> {
        let rtp = Arc::new(Endpoint::open(dial.codec, dial.mode)?);
        relay.set_caller(SocketAddr::from((Ipv4Addr::LOCALHOST, rtp.port())));
        let options = dial.options("uac_calls_and_talks.xml", &[relay.far_port()]);
        let sipp = Arc::new(Mutex::new(Sipp::start(&options, dir)?));
        Ok(Self { sipp, number: 1, rtp, relay: Some(relay) })
    }

    /// Several callers of one SIPp, `rate` new calls a second.
    ///
    /// # Errors
    /// SIPp or a media endpoint cannot be started.
    pub fn dial_many(dial: &Dial, count: u32, rate: u32, dir: &Path) -> Result<Vec<Self>> {
        let endpoints = (0..count).map(|_| Endpoint::open(dial.codec, dial.mode)).collect::<Result<Vec<_>>>()?;
        let ports: Vec<u16> = endpoints.iter().map(Endpoint::port).collect();
        let mut options = dial.options("uac_calls_and_talks.xml", &ports);
        options.rate = rate;
        options.limit = Duration::from_secs(1_200);
        let sipp = Arc::new(Mutex::new(Sipp::start(&options, dir)?));
        let numbered = (1..).zip(endpoints);
        Ok(numbered
            .map(|(number, rtp)| Self { sipp: Arc::clone(&sipp), number, rtp: Arc::new(rtp), relay: None })
            .collect())
    }

    /// Dials and expects to be refused; gives the code and the seconds of Retry-After.
    ///
    /// # Errors
    /// The call was answered, or nothing came.
    pub fn dial_refused(dial: &Dial, dir: &Path) -> Result<(u16, Option<u32>)> {
        let mut sipp = Sipp::start(&dial.options("uac_is_refused.xml", &[loopback_ports::block(2)?]), dir)?;
        sipp.finish(Duration::from_secs(40))?;
        let code = sipp.event(1, "refused").context("SIPp logged no code")?.parse()?;
        let retry_after = sipp.event(1, "retry_after").and_then(|seconds| seconds.parse().ok());
        Ok((code, retry_after))
    }

    /// Waits for the 200 and turns the voice towards the address of its SDP.
    ///
    /// # Errors
    /// The call was not answered.
    pub fn answered(&self, limit: Duration) -> Result<SocketAddr> {
        let event = self.wait_event("answered", limit)?;
        let remote = media_address(&event)?;
        match &self.relay {
            Some(relay) => {
                relay.set_other(remote);
                self.rtp.set_remote(Some(relay.near()));
            }
            None => self.rtp.set_remote(Some(remote)),
        }
        Ok(remote)
    }

    /// The network between this caller and the other side, when it is a bad one.
    pub fn relay(&self) -> Option<&Relay> {
        self.relay.as_ref()
    }

    /// The voice and the ears.
    pub fn rtp(&self) -> &Arc<Endpoint> {
        &self.rtp
    }

    /// Waits for an event of the scenario: `ringing`, `referred URI`, `peer_hung_up`, …
    ///
    /// # Errors
    /// It did not come within `limit`.
    pub fn wait_event(&self, name: &str, limit: Duration) -> Result<String> {
        wait_event(&self.sipp, self.number, name, limit)
    }

    /// An event, if it has happened.
    pub fn event(&self, name: &str) -> Option<String> {
        self.sipp().event(self.number, name)
    }

    /// Waits for a REFER and gives the call that it asks for.
    ///
    /// # Errors
    /// None came, or its target is no address with a port.
    pub fn referral(&self, limit: Duration) -> Result<Dial> {
        let target = self.wait_event("referred", limit)?;
        Dial::referred_to(&target, self.rtp.codec())
    }

    /// Makes the call that a REFER asked for, with the voice of this call.
    ///
    /// # Errors
    /// SIPp cannot be started.
    pub fn dial_referred(&self, referral: &Dial, dir: &Path) -> Result<Self> {
        self.rtp.set_remote(None);
        Self::dial_with(referral, Arc::clone(&self.rtp), dir)
    }

    /// Hangs up and waits for the 200 to the BYE.
    ///
    /// # Errors
    /// None came.
    pub fn hang_up(&self) -> Result<()> {
        self.rtp.set_remote(None);
        self.sipp().hang_up(self.number)?;
        self.wait_event("hung_up", Duration::from_secs(12)).map(drop)
    }

    /// Waits until the other side hangs up.
    ///
    /// # Errors
    /// It did not within `limit`.
    pub fn peer_hangs_up(&self, limit: Duration) -> Result<()> {
        self.wait_event("peer_hung_up", limit)?;
        self.rtp.set_remote(None);
        Ok(())
    }

    /// Insists that all calls of this SIPp ended as the scenario wants it.
    ///
    /// # Errors
    /// One did not.
    pub fn finish(&self) -> Result<()> {
        self.sipp().finish(Duration::from_secs(12))
    }

    fn sipp(&self) -> MutexGuard<'_, Sipp> {
        self.sipp.lock().expect("no holder panics")
    }
}

/// A person's phone, which answers one call.
pub struct Person {
    sipp: Mutex<Sipp>,
    rtp: Endpoint,
}

impl Person {
    /// Waits for a call at [`address`](Self::address).
    ///
    /// # Errors
    /// SIPp or the media endpoint cannot be started.
    pub fn at_desk(codec: Codec, dir: &Path) -> Result<Self> {
        let rtp = Endpoint::open(codec, Mode::Full)?;
        let options = Options::new("uas_answers_and_talks.xml")
            .key("codec_pt", codec.payload_type().to_string())
            .key("codec_map", codec.rtpmap())
            .key("rtp_port", rtp.port().to_string());
        Ok(Self { sipp: Mutex::new(Sipp::start(&options, dir)?), rtp })
    }

    /// Where the phone is.
    pub fn address(&self) -> SocketAddr {
        self.sipp().address()
    }

    /// Waits until the phone was rung and answered, and turns the voice towards the caller.
    ///
    /// # Errors
    /// Nobody called.
    pub fn answered(&self, limit: Duration) -> Result<()> {
        let event = wait_event(&self.sipp, 1, "answered", limit)?;
        self.rtp.set_remote(Some(media_address(&event)?));
        Ok(())
    }

    /// The voice and the ears.
    pub fn rtp(&self) -> &Endpoint {
        &self.rtp
    }

    /// Hangs up.
    ///
    /// # Errors
    /// The BYE was not answered.
    pub fn hang_up(&self) -> Result<()> {
        self.rtp.set_remote(None);
        self.sipp().hang_up(1)?;
        wait_event(&self.sipp, 1, "hung_up", Duration::from_secs(12)).map(drop)
    }

    /// Waits until the other side hangs up.
    ///
    /// # Errors
    /// It did not within `limit`.
    pub fn peer_hangs_up(&self, limit: Duration) -> Result<()> {
        wait_event(&self.sipp, 1, "peer_hung_up", limit).map(drop)
    }

    fn sipp(&self) -> MutexGuard<'_, Sipp> {
        self.sipp.lock().expect("no holder panics")
    }
}

/// `%41` to `A`.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Several callers share a SIPp, so the lock is held only for a look.
fn wait_event(sipp: &Mutex<Sipp>, number: u32, name: &str, limit: Duration) -> Result<String> {
    let lock = || sipp.lock().expect("no holder panics");
    let what = format!("call {number} should be {name}");
    match crate::until(&what, limit, || lock().check_event(number, name)) {
        Ok(event) => event,
        Err(error) => Err(error.context(lock().trouble())),
    }
}

/// `ADDRESS PORT PAYLOAD_TYPE` of a scenario's log.
fn media_address(event: &str) -> Result<SocketAddr> {
    let mut words = event.split_ascii_whitespace();
    let address = words.next().and_then(|word| word.parse::<Ipv4Addr>().ok());
    let port = words.next().and_then(|word| word.parse::<u16>().ok());
    address.zip(port).map(SocketAddr::from).with_context(|| format!("no media address in SIPp's log: {event}"))
}
