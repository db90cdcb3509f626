//! `[api]`, `[journal]`, `[daemon]` and `[log]`.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kinds;
use super::reader::{Reading, Section, Value};

/// `[api]`: health, metrics and calls over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// A loopback address; `None` (`listen = "off"`): no HTTP
    pub listen: Option<SocketAddr>,
}

/// `[journal]`: a file of JSON lines for each call.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// Made when it is missing
    pub dir: PathBuf,
    /// Whether what was said is written down, too
    pub transcripts: bool,
}

/// `[daemon]`
#[derive(Clone, Debug, PartialEq)]
pub struct Daemon {
    /// How long calls may go on after SIGTERM
    pub drain_timeout: Duration,
    /// For the workers' sockets; made when it is missing
    pub runtime_dir: PathBuf,
    /// While requests wait longer, work that may be thrown away is not begun
    pub busy_from: Duration,
    /// While requests wait longer, calls are answered with 503; no shorter than `busy_from`
    pub refuse_from: Duration,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// Where lines go
    pub target: LogTarget,
    /// How they look, on stderr
    pub format: LogFormat,
    /// The least severe level that is written
    pub level: tracing::Level,
}

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard error
    Stderr,
    /// systemd's journal, with fields
    Journald,
    /// The local syslog daemon
    Syslog,
}

/// How log lines look on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people
    Text,
    /// One object a line
    Json,
}

/// Room for the path of a Unix socket, with its closing NUL (`sun_path`, unix(7)).
pub(super) const SUN_PATH_BYTES: usize = 108;

/// Reads `[api]`.
pub(super) fn read_api(mut section: Section<'_>) -> Api {
    let default = Some(SocketAddr::from(([127, 0, 0, 1], 8088)));
    let listen = section.or("listen", kinds::or_off(loopback_socket), default);
    section.finish();
    Api { listen }
}

/// Reads `[journal]`, when there is one.
pub(super) fn read_journal(mut section: Section<'_>) -> Option<Journal> {
    let dir = match section.is_present() {
        true => section.required("dir", kinds::path),
        false => section.optional("dir", kinds::path),
    };
    let transcripts = section.or("transcripts", kinds::boolean, true);
    section.finish();
    dir.map(|dir| Journal { dir, transcripts })
}

/// Reads `[daemon]`.
pub(super) fn read(mut section: Section<'_>, environment: &dyn Fn(&str) -> Option<String>) -> Daemon {
    /// `/stt-63-4294967295.sock` and the like
    const SOCKET_NAME_BYTES: usize = 32;
    let drain_timeout = section.or("drain_timeout", kinds::duration(0..=3_600_000), Duration::from_secs(30));
    let runtime_dir = section.optional("runtime_dir", kinds::path).unwrap_or_else(|| default_runtime_dir(environment));
    if runtime_dir.as_os_str().len() + SOCKET_NAME_BYTES > SUN_PATH_BYTES {
        let message = format!("{} is too long for sockets in it; allowed: 76 bytes", runtime_dir.display());
        section.fault("runtime_dir", message);
    }
    let busy_from = section.or("busy_from", kinds::duration(10..=60_000), Duration::from_millis(150));
    let refuse_from = section.or("refuse_from", kinds::duration(10..=60_000), Duration::from_millis(1_500));
    if refuse_from < busy_from {
        section.fault("refuse_from", "is shorter than busy_from; allowed: as long or longer");
    }
    section.finish();
    Daemon { drain_timeout, runtime_dir, busy_from, refuse_from }
}

/// Reads `[log]`.
pub(super) fn read_log(mut section: Section<'_>, environment: &dyn Fn(&str) -> Option<String>) -> Log {
    const TARGETS: &[(&str, LogTarget)] =
        &[("stderr", LogTarget::Stderr), ("journald", LogTarget::Journald), ("syslog", LogTarget::Syslog)];
    const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
    const LEVELS: &[(&str, tracing::Level)] = &[
        ("error", tracing::Level::ERROR),
        ("warn", tracing::Level::WARN),
        ("info", tracing::Level::INFO),
        ("debug", tracing::Level::DEBUG),
        ("trace", tracing::Level::TRACE),
    ];
    let target = section.optional("target", kinds::one_of(TARGETS)).unwrap_or_else(|| default_target(environment));
    let format = section.or("format", kinds::one_of(FORMATS), LogFormat::Text);
    let level = section.or("level", kinds::one_of(LEVELS), tracing::Level::INFO);
    section.finish();
    Log { target, format, level }
}

fn loopback_socket(value: Value<'_>) -> Reading<SocketAddr> {
    const ALLOWED: &str = "allowed: 127.0.0.1:PORT, [::1]:PORT";
    let text = kinds::text(value)?;
    match text.parse::<SocketAddr>() {
        Ok(addr) if addr.ip().is_loopback() => Ok(addr),
        Ok(_) => {
            value.refuse(format!("{} is open to others, and there is no authentication; {ALLOWED}", value.source()))
        }
        Err(_) => value.refuse(format!("{} is not a socket address; {ALLOWED}", value.source())),
    }
}

fn default_runtime_dir(environment: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    // Set by systemd for RuntimeDirectory=; several folders are separated by colons.
    if let Some(dirs) = environment("RUNTIME_DIRECTORY") {
        return PathBuf::from(dirs.split(':').next().unwrap_or_default());
    }
    if let Some(dir) = environment("XDG_RUNTIME_DIR").filter(|dir| dir.starts_with('/')) {
        return Path::new(&dir).join("pjsua-agent");
    }
    let user = nix::unistd::geteuid();
    if user.is_root() {
        PathBuf::from("/run/pjsua-agent")
    } else {
        std::env::temp_dir().join(format!("pjsua-agent-{user}"))
    }
}

/// journald when systemd connected our stderr with it (systemd.exec(5), `$JOURNAL_STREAM`), else stderr.
fn default_target(environment: &dyn Fn(&str) -> Option<String>) -> LogTarget {
    let own = || {
        let stderr = std::io::stderr().as_fd().try_clone_to_owned().ok()?;
        let metadata = std::fs::File::from(stderr).metadata().ok()?;
        Some(format!("{}:{}", metadata.dev(), metadata.ino()))
    };
    match environment("JOURNAL_STREAM") {
        Some(stream) if own().is_some_and(|own| own == stream) => LogTarget::Journald,
        _ => LogTarget::Stderr,
    }
}
