//! Keeps web pages of other sites away from a running emulator.
//!
//! A browser sends a simple POST to this machine for any page that asks for it. The owner of a page can also make a name of his own
//! point to this machine (DNS rebinding); then the browser lets the page read the replies, too. A browser says in three
//! headers what it does: `Host` names the machine, `Origin` the page, and `Sec-Fetch-Site` how far apart the two are.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Request, StatusCode, Version};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A refusal, for the person who reads it.
type Rejection = (StatusCode, String);

/// Decides which requests may come in.
#[derive(Debug)]
pub(crate) struct Guard {
    listen: IpAddr,
    allowed: Vec<Host>,
}

/// A host and perhaps a port, in the one spelling in which they are compared.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<String>,
}

impl Guard {
    pub(crate) fn new(listen: IpAddr, allowed: &[String]) -> Self {
        Self { listen, allowed: allowed.iter().map(|host| Host::new(host)).collect() }
    }

    /// Whether this request may come in over a connection to the address `local`.
    pub(crate) fn check<B>(&self, request: &Request<B>, local: IpAddr) -> Result<(), Rejection> {
        let headers = request.headers();
        let hosts: Vec<String> = values(headers, &HOST).collect();
        // A browser always sends one, and HTTP/1.1 requires it; old tools that ask whether a server is up do not.
        if hosts.len() > 1 || (hosts.is_empty() && request.version() >= Version::HTTP_11) {
            let text = format!("a request needs one Host header, and this one has {}\n", hosts.len());
            return Err((StatusCode::BAD_REQUEST, text));
        }
        // A target in absolute form (`GET http://host/path`) names the host as well, and counts before the header.
        let named: Vec<String> =
            request.uri().authority().map(ToString::to_string).into_iter().chain(hosts).collect();
        if let Some(host) = named.iter().find(|host| !self.knows(&Host::new(host), local)) {
            return Err(forbidden(format!(
                "this request is for the host '{host}', which the emulator does not know: a web page of another site may have \
                 sent it. If you use this name yourself, start the emulator with --allow-host {host} (in Rust: \
                 Builder::allow_host)"
            )));
        }
        let host = named.first().map(|host| Host::new(host));
        if let Some(origin) = values(headers, &ORIGIN)
            .find(|origin| origin.split_once("://").is_none_or(|(_, own)| Some(Host::new(own)) != host))
        {
            return Err(forbidden(format!(
                "this request comes from a web page of another site (Origin: {origin}); no option allows that. Call the \
                 emulator from a program, or from its own page /docs/"
            )));
        }
        if let Some(site) = values(headers, &SEC_FETCH_SITE)
            .find(|site| !["same-origin", "none"].contains(&site.to_ascii_lowercase().as_str()))
        {
            return Err(forbidden(format!(
                "a web page of another site caused this request (Sec-Fetch-Site: {site}); no option allows that. To open a \
                 page of the emulator in a browser, type its address"
            )));
        }
        Ok(())
    }

    fn knows(&self, host: &Host, local: IpAddr) -> bool {
        let allowed = |allowed: &Host| {
            allowed.name == host.name && (allowed.port.is_none() || allowed.port == host.port)
        };
        // A name under localhost points to this machine in every browser.
        let is_local = host.name == "localhost" || host.name.ends_with(".localhost");
        is_local
            || self.allowed.iter().any(allowed)
            || host.address().is_some_and(|address| {
                address.is_loopback()
                    || [self.listen, local].map(|ours| ours.to_canonical()).contains(&address)
            })
    }
}

impl Host {
    /// Case and the dot at the end of a full name make no difference.
    fn new(text: &str) -> Self {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
            _ => (text, None),
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        Self { name, port: port.map(str::to_owned) }
    }

    fn address(&self) -> Option<IpAddr> {
        let in_brackets = self.name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let address = match in_brackets {
            Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => self.name.parse().ok().filter(IpAddr::is_ipv4),
        };
        address.map(|address| address.to_canonical())
    }
}

fn values(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn forbidden(text: String) -> Rejection {
    (StatusCode::FORBIDDEN, text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the emulator at 192.0.2.7, reached through 127.0.0.1, answers to a request with this target and these headers.
    fn status(version: Version, target: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::get(target).version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let guard =
            Guard::new([192, 0, 2, 7].into(), &["emulator".to_owned(), "Build.Example:8743".to_owned()]);
        let checked = guard.check(&request.body(()).unwrap(), [127, 0, 0, 1].into());
        checked.map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn the_host_is_this_machine_the_address_listened_on_or_allowed() {
        let of = |host| status(Version::HTTP_11, "/", &[("host", host)]);
        let known = "127.0.0.1 127.0.0.1:8743 127.8.9.1:1 192.0.2.7:8743 [::1]:8743 [::1] [::ffff:127.0.0.1] \
             localhost LocalHost:80 localhost. localhost.:8743 demo.localhost:8743 emulator \
             EMULATOR.:1 build.example:8743 127.0.0.1:";
        for host in known.split(' ') {
            assert_eq!(of(host), 200, "{host}");
        }
        let unknown = "evil.example evil.example:8743 192.0.2.8 198.51.100.7:8743 0.0.0.0 [::2] ::1 \
             localhost.evil.example evillocalhost 127.0.0.1.evil.example 127.0.0.1@evil.example \
             127.0.0.1:80:evil user@localhost [::1]evil 127.1 build.example build.example:8744 \
             emulator.example localhost..";
        for host in unknown.split(' ').chain([""]) {
            assert_eq!(of(host), 403, "{host}");
        }
    }

    #[test]
    fn every_way_to_name_a_host_is_looked_at() {
        let local = ("host", "127.0.0.1:8743");
        for (version, target, headers, expected) in [
            (Version::HTTP_11, "/", &[][..], 400),
            (Version::HTTP_10, "/", &[], 200),
            (Version::HTTP_10, "/", &[("host", "evil.example")], 403),
            (Version::HTTP_10, "/", &[("origin", "null")], 403),
            (Version::HTTP_11, "/", &[local, local], 400),
            (Version::HTTP_11, "/", &[local, ("host", "evil.example")], 400),
            (Version::HTTP_11, "http://127.0.0.1:8743/", &[local], 200),
            (Version::HTTP_11, "http://evil.example/", &[local], 403),
            (Version::HTTP_11, "http://127.0.0.1:8743/", &[("host", "evil.example")], 403),
        ] {
            assert_eq!(status(version, target, headers), expected, "{version:?} {target} {headers:?}");
        }
    }

    #[test]
    fn a_web_page_may_come_from_the_emulator_alone() {
        let with = |name, value| status(Version::HTTP_11, "/", &[("host", "localhost:8743"), (name, value)]);
        for origin in ["http://localhost:8743", "https://LOCALHOST:8743"] {
            assert_eq!(with("origin", origin), 200, "{origin}");
        }
        let others = "null https://evil.example http://localhost http://localhost:3000 localhost:8743";
        for origin in others.split(' ').chain([""]) {
            assert_eq!(with("origin", origin), 403, "{origin}");
        }
        for (site, expected) in
            [("same-origin", 200), ("none", 200), ("same-site", 403), ("Cross-Site", 403), ("", 403)]
        {
            assert_eq!(with("sec-fetch-site", site), expected, "{site}");
        }
    }

    #[test]
    fn a_refusal_says_why_and_what_helps() {
        let guard = Guard::new([127, 0, 0, 1].into(), &[]);
        let request = Request::get("/").header("host", "emulator:8743").body(()).unwrap();
        let (_, text) = guard.check(&request, [127, 0, 0, 1].into()).unwrap_err();
        assert!(
            text.contains("the host 'emulator:8743'") && text.contains("--allow-host emulator:8743"),
            "{text}"
        );
    }
}
