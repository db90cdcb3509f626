use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Everything the SIP side needs to know. Start from [`SipConfig::default`].
#[derive(Clone, Debug)]
pub struct SipConfig {
    /// Where SIP is listened for. At least one. The port 0 lets the system choose; see [`Sip::local_addresses`].
    ///
    /// [`Sip::local_addresses`]: super::Sip::local_addresses
    pub listen: Vec<Listen>,
    /// The address written into Contact, Via and SDP when a NAT lies between us and the PBX. `None`: the interface's own.
    pub public_address: Option<IpAddr>,
    /// Who may call without a registration.
    pub trusted: Vec<Network>,
    /// The User-Agent header.
    pub user_agent: String,
    /// INVITEs above this many calls at once are refused with 486. 1 to [`SipConfig::MAX_CALLS`].
    pub max_calls: u32,
    /// First and last UDP port for RTP; RTP takes the even ones, RTCP the odd ones. A call needs two.
    pub rtp_ports: (u16, u16),
    /// `PCMU`, `PCMA`, `G722`, `opus`, the preferred first; anything not named here is not offered.
    pub codecs: Vec<String>,
    /// Media encryption for every call.
    pub srtp: Srtp,
    /// A call that should receive RTP and gets none for this long is hung up. `None`: never.
    pub media_timeout: Option<Duration>,
    /// Accounts that register.
    pub accounts: Vec<AccountConfig>,
    /// PJSIP's own scale: 0 nothing, 1 errors, 2 warnings, 3 events, 4 details, 5 whole SIP messages. Levels 3 and above
    /// carry phone numbers and are logged at `debug` and `trace`.
    pub log_level: u8,
}

impl SipConfig {
    /// Compiled into PJSIP with room to spare (`pjsip-sys/config_site.h`).
    pub const MAX_CALLS: u32 = 256;
}

impl Default for SipConfig {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            public_address: None,
            trusted: Vec::new(),
            user_agent: concat!("pjsua-agent/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_calls: 64,
            rtp_ports: (16_384, 20_479),
            codecs: ["opus", "G722", "PCMU", "PCMA"].map(str::to_owned).to_vec(),
            srtp: Srtp::Off,
            media_timeout: Some(Duration::from_secs(60)),
            accounts: Vec::new(),
            log_level: 3,
        }
    }
}

/// A listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Protocol.
    pub transport: Transport,
    /// Address and port.
    pub addr: SocketAddr,
}

/// What carries SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

/// Media encryption by SDES.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Srtp {
    /// Never; keys in an offer are not looked at.
    #[default]
    Off,
    /// Accepted when offered.
    Optional,
    /// Calls without it are refused.
    Mandatory,
}

/// An account that registers with a PBX.
#[derive(Clone)]
pub struct AccountConfig {
    /// Ours, unique; appears in events and logs.
    pub name: String,
    /// Address of record, `sip:user@domain`.
    pub aor: String,
    /// `sip:host[:port][;transport=tcp]`.
    pub registrar: String,
    /// For digest authentication.
    pub username: String,
    /// For digest authentication; never logged.
    pub password: String,
    /// Only a challenge for this realm is answered. `None`: any.
    pub realm: Option<String>,
    /// What is asked for in Expires.
    pub expires: Duration,
    /// A registration is renewed after half its granted time, or after this if that is sooner: a registrar that has
    /// forgotten us (a restart) knows us again within this time.
    pub refresh_max: Duration,
    /// First delay after a failure; it doubles with each further one.
    pub retry_min: Duration,
    /// Longest delay after a failure other than refused credentials.
    pub retry_max: Duration,
    /// Delay after refused credentials, which no haste repairs and some registrars punish.
    pub retry_refused: Duration,
    /// Further addresses this account's calls may come from, besides the one its registrar answers from.
    pub networks: Vec<Network>,
}

impl AccountConfig {
    /// An account with the default times: 300 s expiry, renewed every 20 s, retried after 1 to 15 s, after 60 s if refused.
    pub fn new(
        name: impl Into<String>,
        aor: impl Into<String>,
        registrar: impl Into<String>,
        username: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            aor: aor.into(),
            registrar: registrar.into(),
            username: username.into(),
            password: password.into(),
            realm: None,
            expires: Duration::from_secs(300),
            refresh_max: Duration::from_secs(20),
            retry_min: Duration::from_secs(1),
            retry_max: Duration::from_secs(15),
            retry_refused: Duration::from_secs(60),
            networks: Vec::new(),
        }
    }
}

impl fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountConfig").field("name", &self.name).field("registrar", &self.registrar).finish_non_exhaustive()
    }
}

/// A range of addresses, `192.0.2.0/24` or `2001:db8::/32`; a bare address is the range of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// `None` if `prefix` is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        (prefix <= bits(address).1).then_some(Self { address, prefix })
    }

    /// Whether `address` lies within. An IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (ours, width) = bits(self.address.to_canonical());
        let (theirs, their_width) = bits(address.to_canonical());
        let host_bits = u32::from(width - self.prefix.min(width));
        width == their_width && (ours ^ theirs).checked_shr(host_bits).unwrap_or(0) == 0
    }
}

fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

/// Why a text is no [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network; write an address with a prefix length, like 192.0.2.0/24 or 2001:db8::/32")]
pub struct NetworkError;

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let prefix = prefix.map_or(Ok(bits(address).1), |p| p.parse().map_err(|_| NetworkError))?;
        Network::new(address, prefix).ok_or(NetworkError)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_contains_its_own_addresses_only() {
        assert!(contains("192.0.2.0/24", "192.0.2.255"));
        assert!(!contains("192.0.2.0/24", "192.0.3.0"));
        assert!(contains("127.0.0.1/32", "127.0.0.1"));
        assert!(contains("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(contains("::/0", "2001:db8::1"));
    }

    #[test]
    fn a_prefix_longer_than_the_address_is_refused() {
        for text in ["192.0.2.0/33", "2001:db8::/129", "192.0.2/24", "localhost", "", "1.2.3.4/"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
        }
    }

    #[test]
    fn an_account_does_not_show_its_password() {
        let account = AccountConfig::new("desk", "sip:a@b", "sip:b", "a", "hunter2");
        assert!(!format!("{account:?}").contains("hunter2"));
    }
}
