//! Where the platform is: the address, checked before a secret goes there.

use std::net::IpAddr;

use reqwest::Url;

use crate::Error;

/// The address of a platform: scheme, host, port, and a path in front of the platform's own, if a proxy adds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    base: String,
    is_loopback: bool,
    is_plain_http: bool,
}

/// Whether plain http may leave this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    LoopbackOnly,
    Anywhere,
}

impl Endpoint {
    pub(crate) fn parse(text: &str, plain_http: PlainHttp) -> Result<Self, Error> {
        let refuse = |fault: String, advice: &'static str| {
            Error::refused(format!("the endpoint {text:?} {fault}"), advice)
        };
        let example = "write it like https://platform.example:8743";
        if hides_user_info(text) {
            let fault = "the endpoint holds a user name or password".to_owned();
            return Err(Error::refused(fault, "take it out: credentials are given apart from the address"));
        }
        let url = Url::parse(text).map_err(|fault| refuse(format!("is no URL ({fault})"), example))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse(format!("has the scheme {:?}", url.scheme()), example));
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(refuse("names no host".to_owned(), example));
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("has a query or a fragment".to_owned(), example));
        }
        let (is_loopback, is_plain_http) = (is_loopback(host), url.scheme() == "http");
        if is_plain_http && !is_loopback && plain_http == PlainHttp::LoopbackOnly {
            return Err(refuse(
                "is plain http to another machine, where everybody on the way can read secret and token"
                    .to_owned(),
                "use https; a program can opt in with danger_allow_plain_http()",
            ));
        }
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), is_loopback, is_plain_http })
    }

    /// The address without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    pub(crate) fn is_plain_http(&self) -> bool {
        self.is_plain_http
    }
}

/// Whether the part before the host holds credentials, which no message may repeat.
fn hides_user_info(text: &str) -> bool {
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().is_some_and(|authority| authority.contains('@'))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address
        .map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Endpoint, Error> {
        Endpoint::parse(text, PlainHttp::LoopbackOnly)
    }

    #[test]
    fn https_goes_anywhere_and_plain_http_stays_at_home() {
        for text in [
            "https://platform.example:8743",
            "http://127.0.0.1:8743",
            "http://[::1]:1",
            "http://localhost",
            "HTTP://LOCALHOST/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://platform.example",
            "http://10.0.0.1:8743",
            "http://localhost.example",
            "http://127.0.0.1.example",
        ] {
            assert!(parse(text).unwrap_err().to_string().contains("plain http"), "{text}");
            assert!(Endpoint::parse(text, PlainHttp::Anywhere).is_ok(), "{text}");
        }
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
        ] {
            assert!(parse(text).unwrap_err().is_refused(), "{text}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for text in
            ["https://user:s3cret@platform.example", "user:s3cret@platform.example", "https://s3cret@h"]
        {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn only_plain_http_goes_without_tls() {
        assert!(parse("HTTP://LOCALHOST/").unwrap().is_plain_http());
        assert!(!parse("https://localhost").unwrap().is_plain_http());
    }

    #[test]
    fn a_path_in_front_is_kept_without_its_slash() {
        assert_eq!(parse("https://proxy.example/iot/").unwrap().base(), "https://proxy.example/iot");
    }
}
