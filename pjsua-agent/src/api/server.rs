//! The listener and its life.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{ApiState, router};

/// How long answers in progress may take once shutdown was asked for.
const SHUTDOWN_BOUND: Duration = Duration::from_secs(2);

/// Why the API could not listen.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address is reachable from other hosts.
    #[error(
        "[api] listen = \"{listen}\": the API has no authentication yet and listens on loopback only; \
         write 127.0.0.1:{port} or [::1]:{port}, and put a reverse proxy in front of it to reach it from elsewhere",
        port = listen.port()
    )]
    NotLoopback {
        /// The refused address.
        listen: SocketAddr,
    },
    /// The operating system refused the address.
    #[error("[api] listen = \"{listen}\": {source}; {}", remedy(source))]
    Bind {
        /// The refused address.
        listen: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program, or another pjsua-agent, has this port: `ss -ltnp` shows which; stop it or choose another port"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher one",
        std::io::ErrorKind::AddrNotAvailable => "this host has no such address: write 127.0.0.1 and a port",
        _ => "choose another address",
    }
}

/// The API while it is served.
#[derive(Debug)]
pub struct ApiServer {
    local_addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl ApiServer {
    /// Listens on `listen`, a loopback address (port 0: any free one), and serves until [`ApiServer::shutdown`].
    ///
    /// # Errors
    /// [`ApiError`] when the address is not loopback or cannot be had.
    pub async fn start(listen: SocketAddr, state: ApiState) -> Result<Self, ApiError> {
        if !listen.ip().is_loopback() {
            return Err(ApiError::NotLoopback { listen });
        }
        let bind_error = |source| ApiError::Bind { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(bind_error)?;
        let local_addr = listener.local_addr().map_err(bind_error)?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router(state)).with_graceful_shutdown(async {
                // A dropped server and a shut-down one end the same way.
                let _ = stopped.await;
            });
            if let Err(error) = served.await {
                tracing::error!(%error, "the API stopped");
            }
        });
        tracing::info!(address = %local_addr, "API listening");
        Ok(Self { local_addr, stop, task })
    }

    /// The address that is listened on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Accepts no more connections, lets answers in progress end within two seconds, and closes the rest.
    pub async fn shutdown(self) {
        let Self { stop, mut task, .. } = self;
        let _ = stop.send(());
        if timeout(SHUTDOWN_BOUND, &mut task).await.is_err() {
            task.abort();
        }
    }
}
