//! One way to ask a server: certificates and proxy of the machine, timeouts that know a stall from a slow line, and
//! errors sorted by whether another try may help.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::pip::{PipConfig, Proxy};
use crate::url;

/// Name look-up, connection and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// When and how often to try again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Tries in a row that bring nothing new before it is given up.
    pub attempts: u32,
    /// Before the second try; doubles with each.
    pub first_wait: Duration,
    /// No wait is longer.
    pub longest_wait: Duration,
}

impl Default for Retry {
    /// Half a minute in all: longer than a router's restart of a line, short enough to watch.
    fn default() -> Retry {
        Retry { attempts: 6, first_wait: Duration::from_secs(1), longest_wait: Duration::from_secs(16) }
    }
}

impl Retry {
    /// How long to wait after this many tries that brought nothing.
    pub(crate) fn wait(&self, failures: u32) -> Duration {
        let factor = 2u32.saturating_pow(failures.saturating_sub(1));
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

/// Why a request did not bring what it should.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no way to the server.
    #[error(
        "cannot reach {host}: {reason}. Is there a way to the internet (a proxy, HTTPS_PROXY)? Without one: --from DIR"
    )]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The connection ended before the answer did.
    #[error("the connection to {host} was cut: {reason}")]
    Interrupted {
        /// Host and port.
        host: String,
        /// How it ended.
        reason: String,
    },
    /// The server's certificate is not trusted here.
    #[error(
        "the certificate of {host} is not trusted: {reason}. Install ca-certificates, or let SSL_CERT_FILE or pip's \
         `cert` name the certificates of your site"
    )]
    Untrusted {
        /// Host and port.
        host: String,
        /// What the TLS library said.
        reason: String,
    },
    /// The server says no.
    #[error("{url}: the server answers {status}{}", status_hint(*status))]
    Status {
        /// Without user and password.
        url: String,
        /// HTTP status code.
        status: u16,
    },
    /// It cannot be asked at all.
    #[error("{url}: {reason}")]
    Impossible {
        /// Without user and password.
        url: String,
        /// Why.
        reason: String,
    },
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => ": it wants other credentials, or does not give this to you",
        404 | 410 => ": it is not there (any more)",
        429 => ": too many requests; try later",
        500.. => ": it is in trouble; try later",
        _ => "",
    }
}

impl RequestError {
    /// Whether the same request may succeed in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            RequestError::Unreachable { .. } | RequestError::Interrupted { .. } => true,
            RequestError::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            RequestError::Untrusted { .. } | RequestError::Impossible { .. } => false,
        }
    }
}

/// The certificates to trust could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}: {reason}; pip's `cert` (PIP_CERT, pip.conf), REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names it", path.display()
)]
pub struct CertificatesError {
    /// The bundle.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A client that many threads may use.
#[derive(Clone)]
pub(crate) struct Http {
    agent: Agent,
}

impl Http {
    /// `stall_timeout`: how long a server may send nothing.
    pub(crate) fn new(pip: &PipConfig, stall_timeout: Duration) -> Result<Http, CertificatesError> {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(certificates(pip)?)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let proxy = match &pip.proxy {
            Proxy::Environment => ureq::Proxy::try_from_env(),
            Proxy::Url(url) => ureq::Proxy::new(url).ok(),
            Proxy::None => None,
        };
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy)
            .http_status_as_error(false)
            .user_agent(concat!("pjsua-agent/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(stall_timeout))
            .timeout_per_read(Some(stall_timeout))
            .build()
            .new_agent();
        Ok(Http { agent })
    }

    /// Asks for what lies there; from a byte on, if `from` is not 0. Success, and 416 for a byte past the end, come
    /// back as responses.
    pub(crate) fn get(&self, address: &str, accept: &str, from: u64) -> Result<Response<Body>, RequestError> {
        let mut request = self.agent.get(address).header("Accept", accept).header("Accept-Encoding", "identity");
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let response = request.call().map_err(|error| sorted(error, address))?;
        match response.status().as_u16() {
            200..300 => Ok(response),
            416 if from > 0 => Ok(response),
            status => Err(RequestError::Status { url: url::shown(address), status }),
        }
    }
}

/// What a failed read of a body means.
pub(crate) fn read_error(error: io::Error, address: &str) -> RequestError {
    sorted(ureq::Error::from(error), address)
}

fn sorted(error: ureq::Error, address: &str) -> RequestError {
    use io::ErrorKind;
    let host = url::host(address).to_owned();
    match error {
        ureq::Error::HostNotFound => {
            RequestError::Unreachable { host, reason: "the name is not known here (DNS)".to_owned() }
        }
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            RequestError::Unreachable { host, reason: "no answer in time".to_owned() }
        }
        ureq::Error::ConnectionFailed => RequestError::Unreachable { host, reason: "no connection".to_owned() },
        ureq::Error::ConnectProxyFailed(reason) => {
            RequestError::Unreachable { host, reason: format!("the proxy says: {reason}") }
        }
        ureq::Error::Timeout(_) => {
            RequestError::Interrupted { host, reason: "the server sends nothing any more".to_owned() }
        }
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                RequestError::Interrupted { host, reason: "reset by the other side".to_owned() }
            }
            ErrorKind::UnexpectedEof => {
                RequestError::Interrupted { host, reason: "closed before everything had come".to_owned() }
            }
            _ if is_tls(&error) => RequestError::Untrusted { host, reason: error.to_string() },
            _ => RequestError::Unreachable { host, reason: error.to_string() },
        },
        ureq::Error::Rustls(error) => RequestError::Untrusted { host, reason: error.to_string() },
        ureq::Error::Tls(reason) => RequestError::Untrusted { host, reason: reason.to_owned() },
        ureq::Error::Protocol(error) => RequestError::Interrupted { host, reason: error.to_string() },
        error => RequestError::Impossible { url: url::shown(address), reason: error.to_string() },
    }
}

/// rustls reports a bad certificate through the socket's error type.
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// The system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` count) and those that pip is told of.
fn certificates(pip: &PipConfig) -> Result<Vec<Certificate<'static>>, CertificatesError> {
    let system = rustls_native_certs::load_native_certs().certs;
    let mut all: Vec<_> = system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(path) = &pip.certificates {
        let wrong = |reason: String| CertificatesError { path: path.clone(), reason };
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        for item in parse_pem(&pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
                all.push(certificate);
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let retry = Retry::default();
        let waits: Vec<u64> = (1..=6).map(|failures| retry.wait(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 16]);
    }

    #[test]
    fn a_missing_file_is_not_asked_for_again_and_a_server_in_trouble_is() {
        let status = |status| RequestError::Status { url: String::new(), status };
        assert!([408, 429, 500, 503].into_iter().all(|code| status(code).is_transient()));
        assert!(![401, 403, 404, 410].into_iter().any(|code| status(code).is_transient()));
    }
}
