//! Where a gateway listens: an address, or a Unix socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// Where a gateway listens.
///
/// ```
/// use northbound_gateway::Listen;
///
/// let listen = Listen::Tcp("127.0.0.1:8744".parse()?);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listen {
    /// An address of this machine; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket, which only the same user can open. The folder has to exist.
    #[cfg(unix)]
    Unix(PathBuf),
}

/// Why a gateway did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens there.
    #[error("cannot listen on {0}: it is in use; choose another place, such as port 0, which is a free one")]
    InUse(String),
    /// The system does not let us listen there.
    #[error("cannot listen on {0}")]
    Listen(String, #[source] io::Error),
    /// Without a key, whoever reaches the gateway could use the application.
    #[error("a gateway that listens on {0}, beyond this machine, needs a key")]
    NoKey(SocketAddr),
    /// Without a key, whoever reaches the gateway could create batch tasks.
    #[error("a gateway that creates batch tasks needs a key")]
    NoKeyForCreating,
}

impl StartError {
    pub(crate) fn of(listen: &Listen, error: io::Error) -> Self {
        let place = match listen {
            Listen::Tcp(addr) => addr.to_string(),
            #[cfg(unix)]
            Listen::Unix(path) => path.display().to_string(),
        };
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(place),
            _ => Self::Listen(place, error),
        }
    }
}

/// A socket that is listened on.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, PathBuf),
}

/// What a connection is made of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A new connection, and the address of this machine that it goes to; none for a Unix socket.
pub(crate) type Accepted = (Box<dyn Stream>, Option<IpAddr>);

impl Listener {
    /// Listens; with the base URL under which the gateway is reached.
    pub(crate) async fn bind(listen: &Listen) -> io::Result<(Self, String)> {
        match listen {
            Listen::Tcp(addr) => {
                let listener = TcpListener::bind(addr).await?;
                let url = format!("http://{}", listener.local_addr()?);
                Ok((Self::Tcp(listener), url))
            }
            #[cfg(unix)]
            Listen::Unix(path) => {
                let url = format!("unix:{}", path.display());
                Ok((Self::Unix(private_socket(path)?, path.clone()), url))
            }
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Without it, the end of a page may wait until its beginning is acknowledged. It works without, too.
                let _ = stream.set_nodelay(true);
                let local = stream.local_addr()?.ip();
                Ok((Box::new(stream), Some(local)))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok((Box::new(listener.accept().await?.0), None)),
        }
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // A socket that stays behind is replaced by the next gateway.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A socket that nobody else can open at any time: it is made in a private folder, and then moved to its place. A socket that
/// a gateway has left behind is replaced.
#[cfg(unix)]
fn private_socket(path: &std::path::Path) -> io::Result<tokio::net::UnixListener> {
    use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
    use std::os::unix::net::UnixStream;

    let is_other = path.symlink_metadata().is_ok_and(|file| !file.file_type().is_socket());
    if is_other || UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let folder = path.with_extension(std::process::id().to_string());
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let made = folder.join("s");
    let listener = tokio::net::UnixListener::bind(&made).and_then(|listener| {
        std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&made, path)?;
        Ok(listener)
    });
    let _ = std::fs::remove_file(&made);
    std::fs::remove_dir(&folder)?;
    listener
}
