use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::StartError;
use super::overdue::Bounds;
use crate::config::{Listen, Network};

/// Everything the SIP side needs to know. Start from [`SipConfig::default`].
#[derive(Clone, Debug)]
pub struct SipConfig {
    /// Where SIP is listened for. At least one, with its port.
    pub listen: Vec<Listen>,
    /// The address written into Contact, Via and SDP when a NAT lies between us and the PBX. `None`: the interface's own.
    pub public_address: Option<IpAddr>,
    /// Who may call without a registration.
    pub trusted: Vec<Network>,
    /// The User-Agent header.
    pub user_agent: String,
    /// INVITEs above this many calls at once are refused with 503. 1 to [`SipConfig::MAX_CALLS`].
    pub max_calls: u32,
    /// First and last UDP port for RTP; RTP takes the even ones, RTCP the odd ones. A call needs two.
    pub rtp_ports: (u16, u16),
    /// `PCMU`, `PCMA`, `G722`, `opus`, or PJSIP's longer forms (`PCMU/8000/1`), the preferred first; others are not offered.
    pub codecs: Vec<String>,
    /// Media encryption for every call.
    pub srtp: Srtp,
    /// How long a call may wait for what before it is ended.
    pub bounds: Bounds,
    /// Accounts that register.
    pub accounts: Vec<AccountConfig>,
    /// PJSIP's own scale: 0 nothing, 1 errors, 2 warnings, 3 events, 4 details, 5 whole SIP messages. Levels 3 and above
    /// carry phone numbers and are logged at `debug` and `trace`.
    pub log_level: u8,
}

impl SipConfig {
    /// Compiled into PJSIP with room to spare (`pjsip-sys/config_site.h`).
    pub const MAX_CALLS: u32 = 1000;

    pub(super) fn validate(&self) -> Result<(), StartError> {
        let bad = |what: String| Err(StartError::Config(what));
        if self.listen.is_empty() {
            return bad("listen: no address to listen on".into());
        }
        if !(1..=Self::MAX_CALLS).contains(&self.max_calls) {
            return bad(format!("max_calls: {} is not within 1 to {}", self.max_calls, Self::MAX_CALLS));
        }
        if self.rtp_ports.0 >= self.rtp_ports.1 || self.rtp_ports.0 == 0 {
            return bad(format!("rtp_ports: {} to {} is no range of ports", self.rtp_ports.0, self.rtp_ports.1));
        }
        Ok(())
    }
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
            bounds: Bounds::default(),
            accounts: Vec::new(),
            log_level: 3,
        }
    }
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
    /// Only a challenge for this realm is answered. `None`: for the one that the registrar takes.
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
        f.debug_struct("AccountConfig")
            .field("name", &self.name)
            .field("registrar", &self.registrar)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_does_not_show_its_password() {
        let account = AccountConfig::new("desk", "sip:a@b", "sip:b", "a", "hunter2");
        assert!(!format!("{account:?}").contains("hunter2"));
    }
}
