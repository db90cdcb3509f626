//! What the three worker programs have in common: the socket, health, signals, the end of the parent, logs.
//!
//! A worker's `main` parses its options, of which [`ServeArgs`] are a part, and calls [`run`]:
//!
//! ```ignore
//! fn main() -> ExitCode {
//!     let cli = Cli::parse();
//!     worker::init_logging(&cli.serve);
//!     let load = move || engines::load(&cli.engine);   // blocks, warms; runs on a thread of its own
//!     worker::exit_code(worker::run(&cli.serve, |engine| Routes::new(SpeechToTextServer::new(engine)), load))
//! }
//! ```
//!
//! The handlers of a service must return their stream at once and work behind it: a client counts the time to the
//! response headers against [`Deadlines::connect`](crate::Deadlines). When a client cancels, the stream is dropped:
//! a failing send into the stream's channel, or `Sender::closed`, is how the engine's thread learns of it.

mod late;
mod listener;
mod logging;
mod signals;

pub use late::Late;
pub use logging::{LogFormat, init_logging};

pub use tonic::service::Routes;

use std::{error::Error, process::ExitCode, time::Duration};

use tokio::sync::{oneshot, watch};
use tonic_health::ServingStatus;

use crate::{Address, proto};
use late::Describer;

/// Any error of an engine; `anyhow::Error` converts into it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The options that every worker takes. For `#[command(flatten)]`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Where to listen: unix:/absolute/path.sock or http://host:port
    ///
    /// A socket is made with mode 0600, in a folder of mode 0700 if that is missing; one that nobody listens at any
    /// more is replaced.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Address,
    /// End as soon as this process, which must have started the worker, has ended
    #[arg(long, value_name = "PID")]
    pub parent_pid: Option<i32>,
    /// At SIGTERM or SIGINT, how many seconds running requests may take to complete
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub grace: u64,
    /// What to log to stderr: error, warn, info, debug, trace, or a tracing filter
    #[arg(long, value_name = "FILTER", default_value = "info", env = "PJSUA_AGENT_WORKER_LOG")]
    pub log: String,
    /// How to log
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Why a worker could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The async runtime did not start.
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where.
        address: Address,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A signal handler or the watch over the parent could not be set up.
    #[error("cannot watch for signals")]
    Signals(#[source] std::io::Error),
    /// The engine did not load.
    #[error("cannot load the engine")]
    Load(#[source] BoxError),
    /// The engine's loader panicked.
    #[error("the engine's loader panicked")]
    LoaderPanicked,
    /// The gRPC server failed.
    #[error("the server failed")]
    Server(#[source] tonic::transport::Error),
}

/// Serves until SIGTERM, SIGINT or the parent's end, on a runtime of its own.
///
/// Listens and answers health checks with NOT_SERVING at once; `load` meanwhile loads and warms the engine on a thread
/// of its own, and SERVING follows. `routes` makes the gRPC service round the engine to come:
/// `|engine| Routes::new(SpeechToTextServer::new(engine))`.
///
/// # Errors
///
/// When the address is taken by a running worker, the engine does not load, or the server fails.
pub fn run<T, E>(
    args: &ServeArgs,
    routes: impl FnOnce(Late<T>) -> Routes,
    load: impl FnOnce() -> Result<(T, proto::DescribeReply), E> + Send + 'static,
) -> Result<(), ServeError>
where
    T: Send + Sync + 'static,
    E: Into<BoxError>,
{
    // Before the runtime has threads: the parent's end is signalled to the thread that asked for it.
    signals::follow_parent(args.parent_pid).map_err(ServeError::Signals)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?;
    let served = runtime.block_on(serve(args, routes, load));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn serve<T, E>(
    args: &ServeArgs,
    routes: impl FnOnce(Late<T>) -> Routes,
    load: impl FnOnce() -> Result<(T, proto::DescribeReply), E> + Send + 'static,
) -> Result<(), ServeError>
where
    T: Send + Sync + 'static,
    E: Into<BoxError>,
{
    let ending = signals::ending(args.parent_pid).map_err(ServeError::Signals)?;
    let listener = listener::Listener::bind(&args.listen)
        .await
        .map_err(|source| ServeError::Listen { address: args.listen.clone(), source })?;
    tracing::info!(address = %args.listen, "listening; loading the engine");

    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::NotServing).await;
    let engine = Late::default();
    let describer = Describer::default();
    let routes = routes(engine.clone())
        .add_service(health_service)
        .add_service(proto::worker_server::WorkerServer::new(describer.clone()));

    let (stop, stopping) = watch::channel(false);
    let mut server = std::pin::pin!(listener.serve(routes, until(stopping.clone())));
    let mut loading = std::pin::pin!(load_on_a_thread(load));
    let mut ending = std::pin::pin!(ending);
    let mut loaded = false;
    loop {
        tokio::select! {
            served = &mut server => return served.map_err(ServeError::Server),
            result = &mut loading, if !loaded => {
                loaded = true;
                let (value, description) = result?;
                tracing::info!(
                    engine = description.engine, model = description.model, capacity = description.capacity, "serving"
                );
                describer.set(description);
                engine.set(value);
                health.set_service_status("", ServingStatus::Serving).await;
            }
            reason = &mut ending => {
                tracing::info!(reason, grace_s = args.grace, "ending");
                health.set_service_status("", ServingStatus::NotServing).await;
                stop.send_replace(true);
                let grace = Duration::from_secs(if reason == signals::PARENT_ENDED { 0 } else { args.grace });
                return match tokio::time::timeout(grace, server).await {
                    Ok(served) => served.map_err(ServeError::Server),
                    // Requests that still run are cut off; their clients see the connection close.
                    Err(_) => Ok(()),
                };
            }
        }
    }
}

async fn until(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender has gone, and with it all that is served.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn load_on_a_thread<T, E>(
    load: impl FnOnce() -> Result<(T, proto::DescribeReply), E> + Send + 'static,
) -> Result<(T, proto::DescribeReply), ServeError>
where
    T: Send + 'static,
    E: Into<BoxError>,
{
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("engine-load".into())
        .spawn(move || {
            // A receiver that has gone means that the worker is ending.
            let _ = sender.send(load().map_err(Into::into));
        })
        .map_err(ServeError::Runtime)?;
    match receiver.await {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(error)) => Err(ServeError::Load(error)),
        Err(_) => Err(ServeError::LoaderPanicked),
    }
}

/// The exit code for `result`, having written its error with all causes to stderr in one line.
pub fn exit_code(result: Result<(), ServeError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut line = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                line = format!("{line}: {error}");
                cause = error.source();
            }
            eprintln!("error: {line}");
            ExitCode::FAILURE
        }
    }
}
