//! Where the platform is: the address, checked before a secret goes there.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::{Error, Remedy};
use crate::invisible::check_secret;

/// The address of a platform: scheme, host, port, and a path in front of the platform's own, if a proxy adds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    pub(crate) is_loopback: bool,
    /// Whether the endpoint is plain http, so that the secret must not leave this machine.
    pub(crate) stays_here: bool,
    /// Host and port of the proxy on the way, if the environment sets one.
    pub(crate) proxy: Option<(String, u16)>,
}

impl Endpoint {
    /// Checks an address, which plain http must not leave unless it is allowed to; `given` are the hosts whose addresses are not
    /// looked up, and no other host than that of the endpoint is among them.
    ///
    /// No message repeats the text: it may hold a password, in many spellings.
    pub(crate) fn parse(
        text: &str,
        allows_plain_http: bool,
        given: &[(String, SocketAddr)],
    ) -> Result<Self, Error> {
        let refuse = |fault: String| {
            Error::refused(format!("the endpoint {fault}"), "write it like https://platform.example:8743")
        };
        // The parser reads many spellings of a URL, but none with a user name or a password has no `@`.
        if ["@", "%40"].iter().any(|at| text.contains(at)) {
            let fault = "the endpoint holds a user name or password";
            return Err(Error::refused(fault, "take it out: credentials are given apart from the address"));
        }
        check_secret("endpoint", text)?;
        let url = Url::parse(text).map_err(|fault| refuse(format!("is no URL ({fault})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("is no address of http or https".to_owned()));
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(refuse("names no host".to_owned()));
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("has a query or a fragment".to_owned()));
        }
        if let Some((other, _)) = given.iter().find(|(name, _)| bare(name) != bare(host)) {
            let found = format!("an address is given for {other:?}, and the endpoint names {host}");
            return Err(Error::refused(found, Remedy::ResolveName));
        }
        let is_loopback = names_this_machine(host, given);
        let stays_here = url.scheme() == "http" && !allows_plain_http;
        if stays_here && !is_loopback {
            return Err(elsewhere(&url.origin().ascii_serialization()));
        }
        Ok(Self { url, is_loopback, stays_here, proxy: None })
    }

    /// The address without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

/// Looks names up and uses only addresses of this machine, whatever a hosts file says about `localhost`.
pub(crate) struct ThisMachine;

impl Resolve for ThisMachine {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(on_this_machine(name.as_str(), found)?.into_iter()) as Addrs)
        })
    }
}

fn on_this_machine(name: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Error> {
    let here: Vec<_> = found.filter(|address| is_loopback(address.ip())).collect();
    if here.is_empty() { Err(elsewhere(&format!("http://{name}"))) } else { Ok(here) }
}

fn elsewhere(origin: &str) -> Error {
    Error::refused(
        format!(
            "the endpoint {origin} is plain http to another machine, where everybody on the way can read secret and token"
        ),
        Remedy::UseHttps,
    )
}

/// Whether the host is an address of this machine, or a name that should have one. Names are looked up when a call connects.
fn names_this_machine(host: &str, given: &[(String, SocketAddr)]) -> bool {
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        return is_loopback(address);
    }
    let host = bare(host);
    let is_local = host == "localhost" || host.ends_with(".localhost");
    is_local && given.iter().all(|(_, address)| is_loopback(address.ip()))
}

/// A name as it is compared with another.
fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Endpoint, Error> {
        Endpoint::parse(text, false, &[])
    }

    fn parse_given(text: &str, given: &[(&str, &str)]) -> Result<Endpoint, Error> {
        let given: Vec<_> =
            given.iter().map(|(host, address)| ((*host).to_owned(), address.parse().unwrap())).collect();
        Endpoint::parse(text, false, &given)
    }

    #[test]
    fn https_goes_anywhere_and_plain_http_stays_on_this_machine() {
        for text in [
            "https://platform.example:8743",
            "http://127.0.0.1:8743",
            "http://127.9.9.9",
            "http://2130706433",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://127.0.0.1.",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
            "http://localhost.",
            "http://x.localhost",
            "HTTP://LOCALHOST/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://platform.example",
            "http://10.0.0.1:8743",
            "http://0.0.0.0",
            "http://[::]",
            "http://[::ffff:10.0.0.1]",
            "http://167772161",
            "http://localhost.example",
            "http://127.0.0.1.example",
        ] {
            assert!(parse(text).unwrap_err().to_string().contains("plain http"), "{text}");
            assert!(Endpoint::parse(text, true, &[]).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_name_of_this_machine_with_an_address_of_another_one_is_refused() {
        for (host, address) in [
            ("localhost", "198.51.100.7:0"),
            ("LOCALHOST", "198.51.100.7:0"),
            ("localhost.", "[2001:db8::7]:0"),
            ("localhost", "0.0.0.0:0"),
        ] {
            let error = parse_given("http://localhost:8743", &[(host, address)]).unwrap_err();
            assert!(error.is_refused() && error.to_string().contains("plain http"), "{host}: {error}");
        }
        assert!(parse_given("http://localhost", &[("localhost", "[::1]:0")]).is_ok());
        for endpoint in ["https://localhost", "https://10.0.0.7"] {
            let error = parse_given(endpoint, &[("other.example", "10.0.0.7:0")]).unwrap_err();
            assert!(error.is_refused() && error.found().contains("for \"other.example\""), "{error}");
        }
        assert!(parse_given("https://localhost", &[("localhost", "198.51.100.7:0")]).is_ok());
    }

    #[test]
    fn only_addresses_of_this_machine_are_used_for_a_name() {
        let found = |addresses: &[&str]| {
            let addresses: Vec<SocketAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
            on_this_machine("x.localhost", addresses.into_iter()).map(|here| here.len())
        };
        assert_eq!(found(&["127.0.0.1:0", "[::1]:0", "198.51.100.7:0"]).unwrap(), 2);
        let error = found(&["198.51.100.7:0"]).unwrap_err();
        assert!(
            error.is_refused() && error.to_string().contains("http://x.localhost is plain http"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_address_of_a_platform_is_refused() {
        for text in [
            "",
            "platform.example",
            "ftp://platform.example",
            "https://",
            "https://h?x=1",
            "https://h#x",
            "127.0.0.1:8743",
            "https://platform.example\r",
            "https://platform\u{200b}.example",
        ] {
            assert!(parse(text).unwrap_err().is_refused(), "{text}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for text in [
            "https://user:s3cret@platform.example",
            "user:s3cret@platform.example",
            "https://s3cret@h",
            "https:///user:s3cret@h",
            "HTTPS:/user:s3cret@h",
            "https:user:s3cret@h",
            "https:\\\\user:s3cret@h",
            "ht\ttps:/\n/user:s3cret@h",
            "https://:s3cret@h",
            "https://user%40example:s3cret@h",
            "https://user:s3cret%40h",
            "https://user:1/s3cret@h",
            "https://h/user:s3cret%40h",
            "https://h?password=s3cret",
            "https://h#s3cret",
            "https://user:s3cret",
            "s3cret://h",
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.is_refused() && !format!("{error} {error:?}").contains("s3cret"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_path_in_front_is_kept_without_its_slash() {
        assert_eq!(parse("https://proxy.example/iot/").unwrap().base(), "https://proxy.example/iot");
    }
}
