//! Bringing the endpoint up: codecs, listeners, accounts.

use std::time::{Duration, Instant};

use sip_gate::{Direct, Owner, Realm, uri_user};

use super::account::Registration;
use super::endpoint::Account;
use super::ffi::{self, AccountSettings, Endpoint};
use super::{Listen, SipConfig, StartError, Transport};

pub(super) fn set_codecs(endpoint: &Endpoint, names: &[String]) -> Result<(), StartError> {
    endpoint.set_codec("", 0)?;
    for (name, priority) in names.iter().zip((1..=250).rev()) {
        endpoint.set_codec(name, priority).map_err(|_| StartError::Codec { name: name.clone() })?;
    }
    Ok(())
}

pub(super) fn listen(endpoint: &Endpoint, config: &SipConfig) -> Result<Vec<(Listen, i32)>, StartError> {
    let public = public_address(config);
    let open = |listen: &Listen| {
        let listener = endpoint.listen(*listen, &public);
        let failed = |e: ffi::Error| StartError::Listen { address: listen.addr, status: e.status, detail: e.detail };
        Ok((*listen, listener.map_err(failed)?))
    };
    config.listen.iter().map(open).collect()
}

/// One local account a listener: it answers with that listener's address in Contact and SDP.
pub(super) fn add_direct_accounts(
    endpoint: &Endpoint,
    config: &SipConfig,
    listeners: &[(Listen, i32)],
) -> Result<Vec<Direct>, StartError> {
    let public = public_address(config);
    let add = |(listen, listener): &(Listen, i32)| {
        let parameter = if listen.transport == Transport::Tcp { ";transport=tcp" } else { "" };
        let aor = format!("sip:agent@{}{parameter}", listen.addr);
        let settings = AccountSettings {
            aor: &aor,
            registrar: "",
            username: "",
            password: "",
            realm: "",
            listener: Some(*listener),
            expires: Duration::ZERO,
            media_address: &media_address(listen),
            ..common(config, &public)
        };
        Ok(Direct { index: endpoint.add_account(&settings)?, transport: listen.transport, port: listen.addr.port() })
    };
    listeners.iter().map(add).collect()
}

pub(super) fn add_accounts(
    endpoint: &Endpoint,
    config: &SipConfig,
    listeners: &[(Listen, i32)],
) -> Result<(Vec<Account>, Vec<Owner>), StartError> {
    let (now, public) = (Instant::now(), public_address(config));
    let udp = listeners.iter().find(|(listen, _)| listen.transport == Transport::Udp);
    let (first, _) = udp.or(listeners.first()).expect("there is a listener");
    let mut accounts = Vec::new();
    let mut owners = Vec::new();
    for account in &config.accounts {
        let names_transport = account.registrar.to_ascii_lowercase().contains(";transport=");
        let registrar = match udp {
            None if !names_transport => format!("{};transport=tcp", account.registrar),
            _ => account.registrar.clone(),
        };
        let settings = AccountSettings {
            aor: &account.aor,
            registrar: &registrar,
            username: &account.username,
            password: &account.password,
            realm: account.realm.as_deref().unwrap_or("*"),
            listener: udp.filter(|_| !names_transport).map(|(_, listener)| *listener),
            expires: account.expires,
            media_address: &media_address(first),
            ..common(config, &public)
        };
        let failed =
            |e: ffi::Error| StartError::Account { name: account.name.clone(), status: e.status, detail: e.detail };
        let index = endpoint.add_account(&settings).map_err(failed)?;
        accounts.push(Account { index, name: account.name.clone(), registration: Registration::new(account, now) });
        let user = uri_user(&account.aor).to_owned();
        let (networks, realm) = (account.networks.clone(), Realm::new(account.realm.clone()));
        owners.push(Owner { index, user, registrar: None, networks, realm });
    }
    Ok((accounts, owners))
}

fn public_address(config: &SipConfig) -> String {
    config.public_address.map(|address| address.to_string()).unwrap_or_default()
}

fn common<'a>(config: &SipConfig, public_address: &'a str) -> AccountSettings<'a> {
    AccountSettings {
        aor: "",
        registrar: "",
        username: "",
        password: "",
        realm: "",
        expires: Duration::ZERO,
        listener: None,
        public_address,
        media_address: "",
        rtp_ports: config.rtp_ports,
        srtp: config.srtp,
    }
}

/// RTP is bound where SIP is; nowhere in particular if that listens everywhere.
fn media_address(listen: &Listen) -> String {
    let ip = listen.addr.ip();
    if ip.is_unspecified() { String::new() } else { ip.to_string() }
}
