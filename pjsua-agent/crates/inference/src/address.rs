//! Where a worker listens.

use std::{fmt, path::PathBuf, str::FromStr};

/// The longest path a Unix-domain socket can have on Linux (`sun_path` less its NUL), in bytes.
const LONGEST_SOCKET_PATH: usize = 107;

/// Where a worker listens: a Unix-domain socket on this machine, or a TCP port of any.
///
/// Written `unix:/run/pjsua-agent/stt-0.sock` or `http://10.0.0.7:7001`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// The absolute path of a Unix-domain socket.
    Unix(PathBuf),
    /// A host name or IP address and a port. There is no TLS: the way must be trusted, or end in a proxy that encrypts.
    Tcp {
        /// A name, an IPv4 address or a bracketed IPv6 address.
        host: String,
        /// 0 lets a listening worker choose; it is refused for connecting by the system.
        port: u16,
    },
}

/// What is wrong with the text of an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no worker address: {problem}; write `unix:/path/of.sock` or `http://host:port`")]
pub struct AddressError {
    text: String,
    problem: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = |problem| AddressError { text: text.to_owned(), problem };
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(wrong("the path is missing")),
                _ if !path.starts_with('/') => Err(wrong("the path must begin with `/`")),
                _ if path.ends_with('/') => Err(wrong("the path must not end with `/`")),
                _ if path.len() > LONGEST_SOCKET_PATH => Err(wrong("a socket path has at most 107 bytes")),
                _ => Ok(Address::Unix(path.into())),
            };
        }
        if text.starts_with("https://") {
            return Err(wrong("TLS is not spoken"));
        }
        let rest = text.strip_prefix("http://").ok_or_else(|| wrong("it begins with neither `unix:` nor `http://`"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        let port = port.parse().map_err(|_| wrong("the port is no number from 0 to 65535"))?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() {
            return Err(wrong("the host is missing"));
        }
        if host.contains(['/', '@', ' ']) || (host.contains(':') && !bracketed) {
            return Err(wrong("the host is no name, IPv4 address or [IPv6 address]"));
        }
        Ok(Address::Tcp { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Tcp { host, port } => write!(f, "http://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read_and_written_back() {
        for text in ["unix:/run/a.sock", "http://127.0.0.1:7001", "http://[::1]:7001", "http://gpu.lan:80"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("unix:///run/a.sock".parse(), Ok(Address::Unix("/run/a.sock".into())));
        assert_eq!("http://h:1/".parse(), Ok(Address::Tcp { host: "h".into(), port: 1 }));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write_instead() {
        for (text, problem) in [
            ("/run/a.sock", "neither"),
            ("unix:", "missing"),
            ("unix:a.sock", "begin with `/`"),
            ("unix:/run/", "end with `/`"),
            ("https://h:1", "TLS"),
            ("http://h", "port is missing"),
            ("http://h:99999", "0 to 65535"),
            ("http://:1", "host is missing"),
            ("http://::1:1", "IPv6"),
            ("http://a/b:1", "no name"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("`unix:/path/of.sock`"), "{text}: {error}");
        }
        assert!(format!("unix:/{}", "a".repeat(200)).parse::<Address>().is_err());
    }
}
