//! Where log lines go: stderr, systemd's journal or syslog; always with the spans they belong to.
//!
//! Code that works for a call runs in a span with the field `call`, so that each of its lines carries the call's id.
//! The `log` records of libraries take the same way. `PJSUA_AGENT_LOG` overrides the configured level, with one level
//! (`debug`) or with directives for parts (`info,pjsua_agent::sip=trace`).

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use syslog::{Facility, Formatter3164, LoggerBackend};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::config::{Log, LogFormat, LogTarget};

/// The environment variable that overrides the level.
pub const LEVEL_VARIABLE: &str = "PJSUA_AGENT_LOG";

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The override cannot be parsed.
    #[error(
        "{LEVEL_VARIABLE}: {0}; allowed: error, warn, info, debug, trace, or directives such as info,pjsua_agent::sip=debug"
    )]
    Directives(#[from] ParseError),
    /// journald does not listen here.
    #[error("journald cannot be reached: {0}; target = \"stderr\" needs no journald")]
    Journald(io::Error),
    /// No syslog daemon listens here.
    #[error("syslog cannot be reached: {0}; target = \"stderr\" needs no syslog")]
    Syslog(String),
    /// Something else logs in this process already.
    #[error("logging was started before")]
    AlreadyStarted,
}

/// Starts logging for the whole process.
///
/// # Errors
/// When the target cannot be reached, or `PJSUA_AGENT_LOG` is set and cannot be understood.
pub fn init(log: &Log) -> Result<(), LogError> {
    let directives = std::env::var(LEVEL_VARIABLE).ok().filter(|directives| !directives.trim().is_empty());
    let filter = filter(log.level, directives.as_deref())?;
    let sink = match log.target {
        LogTarget::Stderr => match log.format {
            LogFormat::Text => text(io::stderr, io::stderr().is_terminal()),
            LogFormat::Json => json(io::stderr),
        },
        LogTarget::Journald => journald().map_err(LogError::Journald)?,
        LogTarget::Syslog => syslog_lines(Syslog::connect(None)?),
    };
    let subscriber = Registry::default().with(sink.with_filter(filter));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::AlreadyStarted)?;
    tracing_log::LogTracer::init().map_err(|_| LogError::AlreadyStarted)
}

type Sink = Box<dyn Layer<Registry> + Send + Sync>;

fn filter(level: Level, directives: Option<&str>) -> Result<EnvFilter, ParseError> {
    let level = level.to_string();
    // The layers below the workers' protocol write a line a frame at debug level; who wants them names them.
    EnvFilter::builder()
        .parse(format!("h2=info,hyper=info,hyper_util=info,tower=info,tonic=info,{}", directives.unwrap_or(&level)))
}

fn text(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, colours: bool) -> Sink {
    tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours).boxed()
}

fn json(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) -> Sink {
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(writer).boxed()
}

/// Fields become `CALL=`, `ACCOUNT=` …, for `journalctl CALL=17`.
fn journald() -> io::Result<Sink> {
    let layer = tracing_journald::Layer::new()?.with_field_prefix(None).with_syslog_identifier(NAME.to_owned());
    Ok(layer.boxed())
}

const NAME: &str = "pjsua-agent";

fn syslog_lines<S>(syslog: Syslog) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(syslog).with_ansi(false).without_time().with_level(false);
    layer.boxed()
}

type Connection = syslog::Logger<LoggerBackend, Formatter3164>;

/// The local syslog daemon, connected again when it was restarted.
struct Syslog {
    path: Option<PathBuf>,
    connection: Mutex<Connection>,
}

impl Syslog {
    fn connect(path: Option<PathBuf>) -> Result<Syslog, LogError> {
        let connection = open(path.as_ref()).map_err(|error| LogError::Syslog(error.to_string()))?;
        Ok(Syslog { path, connection: Mutex::new(connection) })
    }

    fn send(&self, level: Level, line: &str) {
        let mut connection = self.connection.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if write(&mut connection, level, line).is_err()
            && let Ok(new) = open(self.path.as_ref())
        {
            *connection = new;
            // There is nowhere to report that a report failed.
            let _ = write(&mut connection, level, line);
        }
    }
}

fn open(path: Option<&PathBuf>) -> Result<Connection, syslog::Error> {
    let pid = std::process::id();
    let formatter = Formatter3164 { facility: Facility::LOG_DAEMON, hostname: None, process: NAME.to_owned(), pid };
    match path {
        Some(path) => syslog::unix_custom(formatter, path),
        None => syslog::unix(formatter),
    }
}

fn write(connection: &mut Connection, level: Level, line: &str) -> Result<(), syslog::Error> {
    match level {
        Level::ERROR => connection.err(line),
        Level::WARN => connection.warning(line),
        Level::INFO => connection.info(line),
        Level::DEBUG | Level::TRACE => connection.debug(line),
    }
}

impl<'w> MakeWriter<'w> for Syslog {
    type Writer = SyslogLine<'w>;

    fn make_writer(&'w self) -> SyslogLine<'w> {
        SyslogLine { syslog: self, level: Level::INFO, text: Vec::new() }
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> SyslogLine<'w> {
        SyslogLine { syslog: self, level: *metadata.level(), text: Vec::new() }
    }
}

/// One event on its way; sent when it is whole.
struct SyslogLine<'w> {
    syslog: &'w Syslog,
    level: Level,
    text: Vec<u8>,
}

impl Write for SyslogLine<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SyslogLine<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        for line in text.lines().filter(|line| !line.is_empty()) {
            self.syslog.send(self.level, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("no test panics in here").clone()).expect("UTF-8")
        }
    }

    impl Write for Lines {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no test panics in here").extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log_to(sink: Sink, filter: EnvFilter, log: impl FnOnce()) {
        tracing::subscriber::with_default(Registry::default().with(sink.with_filter(filter)), log);
    }

    fn two_lines() {
        tracing::info_span!("call", call = 17).in_scope(|| tracing::warn!(code = 486, "refused"));
        tracing::debug!("detail");
    }

    #[test]
    fn every_text_line_carries_its_call() {
        let lines = Lines::default();
        let writer = lines.clone();
        log_to(text(move || writer.clone(), false), filter(Level::INFO, None).expect("a level"), two_lines);
        let text = lines.text();
        assert!(text.contains("WARN call{call=17}:") && text.contains("refused code=486"), "{text}");
        assert!(!text.contains("detail"), "{text}");
    }

    #[test]
    fn every_json_line_is_an_object_with_its_call() {
        let lines = Lines::default();
        let writer = lines.clone();
        log_to(json(move || writer.clone()), filter(Level::INFO, Some("debug")).expect("a level"), two_lines);
        let text = lines.text();
        let objects: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(objects[0]["span"]["call"], 17);
        assert_eq!((&objects[0]["message"], &objects[0]["level"]), (&"refused".into(), &"WARN".into()));
        assert_eq!(objects[1]["message"], "detail");
    }

    #[test]
    fn an_override_that_makes_no_sense_is_refused() {
        assert!(filter(Level::INFO, Some("pjsua_agent=loud")).is_err());
        assert!(filter(Level::INFO, Some("info,pjsua_agent::sip=trace")).is_ok());
    }

    #[test]
    fn syslog_lines_have_their_severity_and_their_call_and_survive_a_restart_of_the_daemon() {
        let folder = std::env::temp_dir().join(format!("pjsua-agent-syslog-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("log");
        let listen = || {
            let _ = std::fs::remove_file(&path);
            let socket = UnixDatagram::bind(&path).expect("a socket");
            socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
            socket
        };
        let receive = |socket: &UnixDatagram| {
            let mut buffer = [0; 1024];
            let length = socket.recv(&mut buffer).expect("a line");
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };

        let first = listen();
        let subscriber =
            Registry::default().with(syslog_lines::<Registry>(Syslog::connect(Some(path.clone())).expect("syslog")));
        tracing::subscriber::with_default(subscriber, || {
            two_lines();
            // 28 = facility daemon (3) * 8 + warning (4)
            let line = receive(&first);
            assert!(line.starts_with("<28>") && line.contains("pjsua-agent["), "{line}");
            assert!(line.contains("call{call=17}:") && line.contains("refused code=486"), "{line}");
            assert!(receive(&first).starts_with("<31>"), "debug is 7");
            drop(first);
            let second = listen();
            tracing::error!("after the restart");
            assert!(receive(&second).contains("after the restart"));
        });
        std::fs::remove_dir_all(folder).expect("the folder goes");
    }
}
