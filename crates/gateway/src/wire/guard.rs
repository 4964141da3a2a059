//! Keeps web pages away from a gateway on this machine.
//!
//! A page of any site can have a browser send requests to this machine, and the owner of a page can make a name of his own point
//! here. A browser says what it does in three headers: `Host` names the machine, `Origin` the page, and `Sec-Fetch-Site` how far
//! apart the two are.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Request};

use crate::http::own::{FOREIGN_HOST, FOREIGN_PAGE};
use crate::http::refusal::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Decides which requests may come in.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Names, with a port or without, in lower case.
    pub(crate) allowed: Vec<String>,
}

impl Guard {
    /// Whether this request may come in over a connection to the address `local`: none if it is a Unix socket, which no browser
    /// reaches.
    pub(crate) fn check<B>(&self, request: &Request<B>, local: Option<IpAddr>) -> Result<(), Refusal> {
        let Some(local) = local else { return Ok(()) };
        let headers = request.headers();
        let target = request.uri().authority().map(|host| host.as_str().to_ascii_lowercase());
        let hosts: Vec<String> = target.into_iter().chain(values(headers, &HOST)).collect();
        // A client of HTTP/1.0 may leave it out; a browser never does.
        if let Some(host) = hosts.iter().find(|host| !self.knows(host, local)) {
            return Err(FOREIGN_HOST.because(format!(
                "the request is for the host '{host}', which this gateway does not know; if you use this name yourself, start \
                 the gateway with --allow-host {host}"
            )));
        }
        let is_own = |origin: &String| {
            origin.split_once("://").is_some_and(|(_, own)| hosts.iter().any(|host| host == own))
        };
        if let Some(origin) = values(headers, &ORIGIN).find(|origin| !is_own(origin)) {
            return Err(FOREIGN_PAGE
                .because(format!("a web page of another site sent the request (Origin: {origin})")));
        }
        let is_near = |site: &String| ["same-origin", "none"].contains(&site.as_str());
        if let Some(site) = values(headers, &SEC_FETCH_SITE).find(|site| !is_near(site)) {
            let text = format!("a web page of another site caused the request (Sec-Fetch-Site: {site})");
            return Err(FOREIGN_PAGE.because(text));
        }
        Ok(())
    }

    fn knows(&self, host: &str, local: IpAddr) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host();
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_allowed = |allowed: &String| allowed == name || allowed == host;
        let is_here = |address: IpAddr| {
            let address = address.to_canonical();
            address.is_loopback() || address == local.to_canonical()
        };
        let address = name.trim_start_matches('[').trim_end_matches(']').parse();
        // A name under localhost points to this machine in every browser.
        !host.contains('@')
            && (name == "localhost"
                || name.ends_with(".localhost")
                || self.allowed.iter().any(is_allowed)
                || address.is_ok_and(is_here))
    }
}

/// The values of a header, in lower case.
fn values(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).to_ascii_lowercase();
    headers.get_all(name).iter().map(move |value| text(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code with which a gateway at 192.0.2.7 refuses a request with these headers.
    fn refused(target: &str, headers: &[(&str, &str)]) -> Option<&'static str> {
        let mut request = Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let guard = Guard { allowed: vec!["gateway".into(), "build.example:8743".into()] };
        let checked = guard.check(&request.body(()).unwrap(), Some([192, 0, 2, 7].into()));
        checked.err().map(|refusal| if refusal.code == FOREIGN_HOST.code { "host" } else { "page" })
    }

    #[test]
    fn the_host_is_this_machine_or_allowed() {
        let known = "127.0.0.1 127.0.0.1:8743 127.8.9.1:1 192.0.2.7:8743 [::1]:8743 [::1] [::ffff:127.0.0.1] localhost \
             LocalHost:80 localhost. demo.localhost:8743 gateway GATEWAY.:1 build.example:8743";
        for host in known.split(' ') {
            assert_eq!(refused("/", &[("host", host)]), None, "{host}");
        }
        let unknown = "evil.example evil.example:8743 192.0.2.8 0.0.0.0 [::2] localhost.evil.example evillocalhost \
             127.0.0.1.evil.example 127.0.0.1@evil.example user@localhost 127.1 build.example build.example:8744";
        for host in unknown.split(' ').chain([""]) {
            assert_eq!(refused("/", &[("host", host)]), Some("host"), "{host}");
        }
        assert_eq!(refused("http://evil.example/", &[("host", "localhost")]), Some("host"));
    }

    #[test]
    fn a_web_page_may_come_from_the_gateway_alone() {
        let with = |name, value| refused("/", &[("host", "localhost:8743"), (name, value)]);
        for origin in ["http://localhost:8743", "https://LOCALHOST:8743"] {
            assert_eq!(with("origin", origin), None, "{origin}");
        }
        for origin in ["null", "https://evil.example", "http://localhost", "localhost:8743", ""] {
            assert_eq!(with("origin", origin), Some("page"), "{origin}");
        }
        for (site, expected) in
            [("same-origin", None), ("none", None), ("same-site", Some("page")), ("Cross-Site", Some("page"))]
        {
            assert_eq!(with("sec-fetch-site", site), expected, "{site}");
        }
    }
}
