//! The server under test, over HTTP.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use ureq::http::{Request, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig};

use crate::report::print;

/// How long one reply may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest body that is read, in bytes: a full page has some 70,000.
const LONGEST_BODY: u64 = 16 * 1024 * 1024;

/// A server that claims to be this API, and the time that passes for it.
pub trait Server {
    /// Sends a request, whose URI is path and query alone, and waits for the reply; redirects are not followed.
    ///
    /// # Errors
    /// When there is no reply.
    fn answer(&mut self, request: Request<String>) -> io::Result<Response<Vec<u8>>>;

    /// Whether it runs on this machine. Then it is no platform with real devices, and calls that act on devices may be sent to it.
    fn is_on_this_machine(&self) -> bool;

    /// Time since some moment.
    fn now(&self) -> Duration;

    /// Lets time pass.
    fn wait(&mut self, time: Duration);
}

/// A server at the other end of a wire.
pub struct Http {
    base: String,
    is_on_this_machine: bool,
    agent: ureq::Agent,
    start: Instant,
}

impl Http {
    /// A server at `url`, trusted by the authority in `ca` if there is one, else by those that the web trusts.
    ///
    /// # Errors
    /// A URL that would send secrets in clear to another machine, or an authority that cannot be read.
    pub fn new(url: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        let is_on_this_machine = check(&base)?;
        let tls = match ca {
            None => TlsConfig::default(),
            Some(path) => TlsConfig::builder().root_certs(authorities(path)?).build(),
        };
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .tls_config(tls);
        Ok(Self { base, is_on_this_machine, agent: config.build().new_agent(), start: Instant::now() })
    }
}

/// Whether a server is on this machine. Secrets go over the wire: in clear to this machine only.
fn check(url: &str) -> anyhow::Result<bool> {
    let uri: Uri = url.parse().with_context(|| format!("{url:?} is no URL"))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback =
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") if uri.query().is_none() => Ok(is_loopback),
        Some("http") if is_loopback && uri.query().is_none() => Ok(true),
        Some("http") => bail!("{url} would send the secret in clear: use https, or a server on this machine"),
        _ => bail!("{url:?} is no base URL: give one such as https://platform.example:8743"),
    }
}

fn authorities(path: &Path) -> anyhow::Result<RootCerts> {
    let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let items = ureq::tls::parse_pem(&pem).collect::<Result<Vec<_>, _>>();
    let items = items.with_context(|| format!("{} is no PEM", path.display()))?.into_iter();
    let certificate = |item| if let PemItem::Certificate(one) = item { Some(one) } else { None };
    let found: Vec<_> = items.filter_map(certificate).collect();
    ensure!(!found.is_empty(), "{} holds no certificate", path.display());
    Ok(RootCerts::from(found))
}

impl Server for Http {
    fn answer(&mut self, mut request: Request<String>) -> io::Result<Response<Vec<u8>>> {
        let url = format!("{}{}", self.base, request.uri());
        *request.uri_mut() = url.parse().map_err(io::Error::other)?;
        let (head, mut body) = self.agent.run(request).map_err(ureq::Error::into_io)?.into_parts();
        let body = body.with_config().limit(LONGEST_BODY).read_to_vec().map_err(ureq::Error::into_io)?;
        Ok(Response::from_parts(head, body))
    }

    fn is_on_this_machine(&self) -> bool {
        self.is_on_this_machine
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait(&mut self, time: Duration) {
        print(&format!("      … waiting {} s", time.as_secs()));
        std::thread::sleep(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_clear_to_this_machine_only() {
        for url in "https://platform.example:8743 http://127.0.0.1:1 http://localhost:1 http://[::1]:1/base"
            .split(' ')
        {
            assert_eq!(check(url).unwrap(), !url.contains("platform"), "{url}");
        }
        let remote = "http://platform.example ftp://127.0.0.1 platform.example https://a.example/?b http://127.0.0.1.example";
        for url in remote.split(' ').chain([""]) {
            assert!(check(url).is_err(), "{url}");
        }
    }
}
