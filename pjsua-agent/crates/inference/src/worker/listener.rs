//! The listening socket.

use std::{
    fs::{self, DirBuilder, Permissions},
    future::Future,
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio_stream::{
    StreamExt,
    wrappers::{TcpListenerStream, UnixListenerStream},
};
use tonic::{service::Routes, transport::server::Server};

use crate::Address;

pub(super) enum Listener {
    Unix(UnixListener, SocketFile),
    Tcp(TcpListener),
}

impl Listener {
    pub(super) async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Unix(path) => {
                let (listener, file) = bind_unix(path).await?;
                Ok(Listener::Unix(listener, file))
            }
            Address::Tcp { host, port } => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                Ok(Listener::Tcp(TcpListener::bind((host, *port)).await?))
            }
        }
    }

    /// Serves until `stop` resolves and the connections have ended.
    pub(super) async fn serve(
        self,
        routes: Routes,
        stop: impl Future<Output = ()>,
    ) -> Result<(), tonic::transport::Error> {
        let router = Server::builder()
            .http2_keepalive_interval(Some(Duration::from_secs(10)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            .add_routes(routes);
        match self {
            Listener::Unix(listener, _file) => {
                router.serve_with_incoming_shutdown(UnixListenerStream::new(listener), stop).await
            }
            Listener::Tcp(listener) => {
                let incoming = TcpListenerStream::new(listener).map(|accepted| {
                    let stream = accepted?;
                    stream.set_nodelay(true)?;
                    io::Result::Ok(stream)
                });
                router.serve_with_incoming_shutdown(incoming, stop).await
            }
        }
    }
}

/// A socket's name, removed when dropped unless another worker has put its own in place.
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match fs::symlink_metadata(path) {
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path is taken by a file that is no socket"));
        }
        Ok(_) if UnixStream::connect(path).await.is_ok() => {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "a running worker listens there"));
        }
        // Missing, or left by a worker that was killed: the renaming below replaces it.
        Ok(_) | Err(_) => {}
    }
    // Under its own name the socket is never there with wider permissions, nor without a listener.
    let new = path.with_extension(format!("{}", std::process::id()));
    let _ = fs::remove_file(&new);
    let listener = UnixListener::bind(&new)?;
    let placed = fs::set_permissions(&new, Permissions::from_mode(0o600))
        .and_then(|()| fs::symlink_metadata(&new))
        .and_then(|file| fs::rename(&new, path).map(|()| file.ino()));
    match placed {
        Ok(inode) => Ok((listener, SocketFile { path: path.to_owned(), inode })),
        Err(error) => {
            let _ = fs::remove_file(&new);
            Err(error)
        }
    }
}
