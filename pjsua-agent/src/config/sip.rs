//! `[sip]`, `[[account]]` and `[sip.direct]`.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::reader::{Reading, Section, Value, nearest};
use super::{HeaderPattern, Listen, Network, Secret, SipUri, kinds};

/// `[sip]`: our side of the signalling, and what every call offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sip {
    /// Sockets we listen on; at least one
    pub listen: Vec<Listen>,
    /// Peers that may call without a registration
    pub trusted: Vec<Network>,
    /// The address peers reach us at, when it is not the socket's own (NAT, cloud)
    pub public_address: Option<IpAddr>,
    /// The `User-Agent` and `Server` header
    pub user_agent: String,
    /// Calls at once; further ones are answered with 503
    pub max_calls: u32,
    /// First and last UDP port of RTP and RTCP, both included
    pub rtp_ports: (u16, u16),
    /// In order of preference; never empty
    pub codecs: Vec<Codec>,
    /// The first pause after a failed registration; doubles with jitter up to `retry_max`
    pub retry_min: Duration,
    /// The longest pause between two attempts to register
    pub retry_max: Duration,
    /// How long an answered call may be without media
    pub media_start_timeout: Duration,
    /// How long a caller may send no RTP while he is not on hold
    pub rtp_timeout: Duration,
    /// How long a call may be on hold
    pub hold_timeout: Duration,
    /// Headers of the INVITE that the agent's prompt is told
    pub context_headers: Vec<HeaderPattern>,
    /// `[sip.direct] noise_suppression`: as an account's
    pub direct_noise_suppression: bool,
    /// `[sip.direct] agent`: who answers calls of a trusted peer that no account owns; `None`: they get 404
    pub direct_agent: Option<String>,
}

/// A codec that can be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Opus, 48 kHz on the wire (RFC 7587)
    Opus,
    /// G.722, wideband
    G722,
    /// G.711 µ-law
    Pcmu,
    /// G.711 A-law
    Pcma,
}

/// `[[account]]`: one registration on a PBX.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Unique; in logs, metrics and the name of its environment variable
    pub name: String,
    /// The address of record, `sip:extension@pbx`
    pub aor: SipUri,
    /// Where to register
    pub registrar: SipUri,
    /// For digest authentication
    pub username: String,
    /// For digest authentication
    pub password: Secret,
    /// The realm to answer to; `None`: the one that the registrar takes
    pub realm: Option<String>,
    /// The time a registration is asked for; `[sip] expires` unless the account has its own
    pub expires: Duration,
    /// Whether to register at all
    pub enabled: bool,
    /// The agent that answers; it exists
    pub agent: String,
    /// Whether noise is taken out of the caller's audio before it is recognised
    pub noise_suppression: bool,
}

const CODECS: &[(&str, Codec)] =
    &[("opus", Codec::Opus), ("G722", Codec::G722), ("PCMU", Codec::Pcmu), ("PCMA", Codec::Pcma)];

const USER_AGENT: &str = concat!("pjsua-agent/", env!("CARGO_PKG_VERSION"));

/// Reads `[sip]`, and the time that its accounts register for unless they say otherwise.
pub(super) fn read(mut section: Section<'_>, agents: &BTreeSet<String>) -> (Option<Sip>, Duration) {
    let listen = section.required("listen", kinds::list(1, kinds::parsed::<Listen>));
    let trusted = section.or("trusted", kinds::list(0, kinds::parsed), Vec::new());
    let public_address = section.optional("public_address", ip_address);
    let user_agent = section.or("user_agent", header_text, USER_AGENT.to_owned());
    let max_calls = section.or("max_calls", kinds::integer(1..=1000), 100);
    let rtp_ports = section.or("rtp_ports", port_range, (20_000, 29_999));
    let codecs =
        section.or("codecs", kinds::list(1, kinds::one_of(CODECS)), CODECS.iter().map(|(_, codec)| *codec).collect());
    let retry_min = section.or("retry_min", kinds::duration(100..=60_000), Duration::from_secs(1));
    let retry_max = section.or("retry_max", kinds::duration(1000..=3_600_000), Duration::from_secs(20));
    let expires = section.or("expires", kinds::duration(EXPIRES_MS), Duration::from_secs(300));
    let wait = |section: &mut Section<'_>, key, longest_ms, default_s| {
        section.or(key, kinds::duration(1000..=longest_ms), Duration::from_secs(default_s))
    };
    let media_start_timeout = wait(&mut section, "media_start_timeout", 600_000, 20);
    let rtp_timeout = wait(&mut section, "rtp_timeout", 3_600_000, 60);
    let hold_timeout = wait(&mut section, "hold_timeout", 86_400_000, 600);
    let context_headers = section.or("context_headers", kinds::list(0, kinds::parsed), default_context_headers());

    if let Some(twice) = listen.as_ref().and_then(|listen| first_repeated(listen)) {
        section.fault("listen", format!("{twice} is listed twice; allowed: each socket once"));
    }
    if first_repeated(&codecs).is_some() {
        section.fault("codecs", "a codec is listed twice; allowed: each once");
    }
    if retry_max < retry_min {
        section.fault("retry_max", "is shorter than retry_min; allowed: as long or longer");
    }
    let calls_with_ports = u32::from(rtp_ports.1 - rtp_ports.0).div_ceil(2);
    if calls_with_ports < max_calls {
        let message = format!(
            "has ports for {calls_with_ports} calls, but max_calls is {max_calls}; allowed: two ports for each call"
        );
        section.fault("rtp_ports", message);
    }
    let mut direct = section.table("direct");
    let direct_agent = match direct.is_present() {
        true => direct.required("agent", existing_agent(agents)),
        false => None,
    };
    let direct_noise_suppression = direct.or("noise_suppression", kinds::boolean, false);
    if !trusted.is_empty() && !direct.is_present() {
        section.warn("trusted", "trusted peers have nobody to talk to; name an agent in [sip.direct]");
    }
    direct.finish();
    section.finish();
    let sip = listen.map(|listen| Sip {
        listen,
        trusted,
        public_address,
        user_agent,
        max_calls,
        rtp_ports,
        codecs,
        retry_min,
        retry_max,
        media_start_timeout,
        rtp_timeout,
        hold_timeout,
        context_headers,
        direct_agent,
        direct_noise_suppression,
    });
    (sip, expires)
}

const EXPIRES_MS: std::ops::RangeInclusive<u64> = 30_000..=86_400_000;

/// Reads every `[[account]]`.
pub(super) fn read_accounts(
    sections: Vec<Section<'_>>,
    agents: &BTreeSet<String>,
    expires: Duration,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Vec<Account> {
    let mut names = BTreeSet::new();
    let mut accounts = Vec::with_capacity(sections.len());
    for mut section in sections {
        let name = section.required("name", kinds::name);
        // Names that differ only in case or dashes would share one environment variable.
        if let Some(name) = name.as_ref().filter(|name| !names.insert(password_variable(name))) {
            section.fault("name", format!("“{name}” is the name of another account, too; allowed: a name of its own"));
        }
        let aor = section.required("aor", uri_with_user);
        let registrar = section.required("registrar", kinds::parsed::<SipUri>);
        let username = section.required("username", kinds::text);
        let password = read_password(&mut section, name.as_deref(), environment);
        let realm = section.optional("realm", kinds::text);
        let expires = section.or("expires", kinds::duration(EXPIRES_MS), expires);
        let enabled = section.or("enabled", kinds::boolean, true);
        let agent = section.required("agent", existing_agent(agents));
        let noise_suppression = section.or("noise_suppression", kinds::boolean, false);
        section.finish();
        let read = || {
            Some(Account {
                name: name?,
                aor: aor?,
                registrar: registrar?,
                username: username?,
                password: password?,
                realm,
                expires,
                enabled,
                agent: agent?,
                noise_suppression,
            })
        };
        accounts.extend(read());
    }
    accounts
}

/// The environment variable with the password of the account `name`.
fn password_variable(name: &str) -> String {
    format!("PJSUA_AGENT_PASSWORD_{}", name.to_ascii_uppercase().replace('-', "_"))
}

fn read_password(
    section: &mut Section<'_>,
    name: Option<&str>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Option<Secret> {
    let inline = section.optional("password", kinds::secret);
    let file = section.optional("password_file", kinds::existing_path);
    if section.has("password") && section.has("password_file") {
        section.fault("password_file", "stands beside password; allowed: one of the two");
    }
    let from_environment = name.and_then(|name| environment(&password_variable(name)));
    if let Some(password) = from_environment.filter(|password| !password.is_empty()) {
        return Some(Secret::new(password));
    }
    if let Some(file) = file {
        return password_from(section, &file);
    }
    if inline.is_none() && !section.has("password") && !section.has("password_file") {
        let variable = password_variable(name.unwrap_or("NAME"));
        section.fault("password", format!("is missing; allowed: password, password_file or the variable {variable}"));
    }
    inline
}

fn password_from(section: &Section<'_>, file: &Path) -> Option<Secret> {
    const READABLE_BY_OTHERS: u32 = 0o004;
    let shown = file.display();
    let password = match std::fs::read_to_string(file) {
        Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
        Err(error) => {
            section.fault("password_file", format!("{shown} cannot be read: {error}"));
            return None;
        }
    };
    if password.is_empty() || password.contains(['\r', '\n']) {
        section.fault("password_file", format!("{shown} does not hold a password; allowed: one line of text"));
        return None;
    }
    if file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & READABLE_BY_OTHERS != 0) {
        section.warn("password_file", format!("everyone on this machine may read {shown}; chmod o= {shown}"));
    }
    Some(Secret::new(password))
}

/// The name of an agent that there is.
fn existing_agent(agents: &BTreeSet<String>) -> impl Fn(Value<'_>) -> Reading<String> {
    move |value| {
        let name = kinds::text(value)?;
        // Without any agent that is the problem, and it is reported already.
        if agents.is_empty() || agents.contains(&name) {
            return Ok(name);
        }
        let nearest = nearest(&name, agents.iter().map(String::as_str));
        let suggestion = nearest.map(|nearest| format!(", did you mean “{nearest}”?")).unwrap_or_default();
        let known = agents.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        value.refuse(format!("there is no agent “{name}”{suggestion}; allowed: {known}"))
    }
}

/// A SIP URI that names somebody.
pub(super) fn uri_with_user(value: Value<'_>) -> Reading<SipUri> {
    let uri: SipUri = kinds::parsed(value)?;
    if uri.user().is_some() {
        Ok(uri)
    } else {
        value.refuse(format!("{} names nobody; allowed: sip:USER@HOST", value.source()))
    }
}

fn ip_address(value: Value<'_>) -> Reading<IpAddr> {
    let text = kinds::text(value)?;
    match text.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() => Ok(address),
        _ => value.refuse(format!("{} is not a peer's way to us; allowed: an IP address", value.source())),
    }
}

fn header_text(value: Value<'_>) -> Reading<String> {
    let text = kinds::text(value)?;
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        Ok(text)
    } else {
        value.refuse(format!("{} does not fit a header; allowed: printable ASCII", value.source()))
    }
}

fn port_range(value: Value<'_>) -> Reading<(u16, u16)> {
    let ports = kinds::list(2, kinds::integer(1024..=65_535u16))(value)?;
    match ports[..] {
        [first, last] if first < last => Ok((first, last)),
        _ => value.refuse(format!("{} is not a range; allowed: [FIRST, LAST], FIRST less than LAST", value.source())),
    }
}

fn default_context_headers() -> Vec<HeaderPattern> {
    ["X-*", "User-to-User", "Diversion"].map(|text| text.parse().expect("a built-in pattern is valid")).to_vec()
}

fn first_repeated<T: PartialEq>(items: &[T]) -> Option<&T> {
    items.iter().enumerate().find(|(index, item)| items[..*index].contains(item)).map(|(_, item)| item)
}
