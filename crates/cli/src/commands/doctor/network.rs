//! The route to the platform below HTTP: which proxy, which address, and whether its port answers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::arguments::global::Resolved;

/// How long a name or a port may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How the platform is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The platform or the proxy: its name is looked up, and its port is tried.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether that is a proxy.
    pub(super) is_proxy: bool,
    /// Whether the user gives the address.
    pub(super) is_given: bool,
    pub(super) addresses: Result<Vec<IpAddr>, String>,
    /// Which address answers.
    pub(super) connected: Result<IpAddr, NoAnswer>,
}

/// Why a port does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    NoAddress,
    Refused(IpAddr),
    TimedOut(IpAddr),
    Other(String),
}

/// Looks the name up and tries the port.
pub(super) async fn explore(url: &Url, resolved: Option<&Resolved>, proxy: Option<(String, u16)>) -> Route {
    let is_proxy = proxy.is_some();
    let (host, port) = proxy.unwrap_or_else(|| {
        (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or(443))
    });
    let given = resolved.filter(|resolved| !is_proxy && resolved.host.eq_ignore_ascii_case(&host));
    // A URL puts brackets around some addresses.
    let addresses = match (given, host.trim_matches(['[', ']']).parse()) {
        (Some(resolved), _) => Ok(vec![resolved.address.ip()]),
        (None, Ok(address)) => Ok(vec![address]),
        (None, Err(_)) => look_up(&host, port).await,
    };
    let connected = connect(addresses.as_deref().unwrap_or_default(), port).await;
    Route { host, port, is_proxy, is_given: given.is_some(), addresses, connected }
}

async fn look_up(host: &str, port: u16) -> Result<Vec<IpAddr>, String> {
    match timeout(PATIENCE, lookup_host((host, port))).await {
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(addresses)) => {
            let mut addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
            addresses.dedup();
            if addresses.is_empty() { Err("no address".to_owned()) } else { Ok(addresses) }
        }
    }
}

/// Tries one address after the other; the error is that of the last one.
async fn connect(addresses: &[IpAddr], port: u16) -> Result<IpAddr, NoAnswer> {
    let mut no_answer = NoAnswer::NoAddress;
    for &address in addresses {
        no_answer = match timeout(PATIENCE, TcpStream::connect(SocketAddr::new(address, port))).await {
            Ok(Ok(_connected)) => return Ok(address),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => NoAnswer::Refused(address),
            Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => NoAnswer::TimedOut(address),
            Ok(Err(error)) => NoAnswer::Other(error.to_string()),
            Err(_) => NoAnswer::TimedOut(address),
        };
    }
    Err(no_answer)
}

#[cfg(test)]
impl Route {
    /// One without a proxy, on which this comes of a try to connect.
    pub(super) fn straight(connected: impl FnOnce(IpAddr) -> Result<IpAddr, NoAnswer>) -> Self {
        let address = IpAddr::from([10, 0, 0, 7]);
        Self {
            host: "platform.example".to_owned(),
            port: 8743,
            is_proxy: false,
            is_given: false,
            addresses: Ok(vec![address]),
            connected: connected(address),
        }
    }
}
