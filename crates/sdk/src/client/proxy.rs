//! Which proxy the environment sets. reqwest reads the same variables, but ignores a proxy that it cannot read.

use std::ffi::{OsStr, OsString};

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;

use crate::error::Error;

/// Host and port of the proxy that calls to this address go through, if any.
///
/// # Errors
/// When the variable that decides holds no proxy that can be used.
pub(crate) fn of_environment(
    url: &Url,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<(String, u16)>, Error> {
    // A CGI script must not take a proxy from its environment, because its callers can set these variables.
    if environment("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    // An empty variable in capitals hides the other one.
    let set = |[upper, lower]: [&'static str; 2]| {
        let small = environment(lower).filter(|value| !value.is_empty());
        match environment(upper) {
            Some(value) => (small.is_some() || !value.is_empty()).then_some((upper, value)),
            None => Some((lower, small?)),
        }
    };
    let own = match url.scheme() {
        "http" => ["HTTP_PROXY", "http_proxy"],
        _ => ["HTTPS_PROXY", "https_proxy"],
    };
    let Some((name, value)) = set(own).or_else(|| set(["ALL_PROXY", "all_proxy"])) else {
        return Ok(None);
    };
    let excluded = environment("NO_PROXY").or_else(|| environment("no_proxy")).unwrap_or_default();
    let excluded = excluded.to_string_lossy();
    let through = |proxy: &str| {
        let matcher = Matcher::builder().all(proxy.to_owned()).no(excluded.clone().into_owned()).build();
        matcher.intercept(&url.as_str().parse().ok()?)
    };
    if through("http://any").is_none() {
        return Ok(None);
    }
    let proxy = OsStr::to_str(&value).and_then(through).and_then(|proxy| address(&proxy));
    proxy.map(Some).ok_or_else(|| {
        let found = format!("the environment variable {name} holds no proxy that can be used");
        Error::refused(found, "write it like http://proxy.example:3128, with http or https; or unset it")
    })
}

fn address(proxy: &Intercept) -> Option<(String, u16)> {
    let uri = proxy.uri();
    let standard = match uri.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ if cfg!(feature = "socks") => 1080,
        _ => return None,
    };
    let (host, authority) = (uri.host().filter(|host| !host.is_empty())?, uri.authority()?);
    let port = if authority.as_str() == host { standard } else { uri.port_u16().filter(|port| *port > 0)? };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy_of(url: &str, variables: &[(&str, &str)]) -> Result<Option<(String, u16)>, Error> {
        let of =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into());
        of_environment(&url.parse().unwrap(), of)
    }

    const PLATFORM: &str = "https://platform.example:8743";

    #[test]
    fn the_proxy_of_the_scheme_goes_before_the_one_of_all() {
        let all = ("ALL_PROXY", "http://all.example");
        let proxy = |url, variables: &[(&str, &str)]| proxy_of(url, variables).unwrap();
        assert_eq!(proxy(PLATFORM, &[]), None);
        assert_eq!(proxy(PLATFORM, &[all, ("HTTPS_PROXY", "")]), Some(("all.example".to_owned(), 80)));
        let own = ("https_proxy", "https://me:pa55@[::1]");
        assert_eq!(proxy(PLATFORM, &[all, own]), Some(("[::1]".to_owned(), 443)));
        let bare = ("HTTP_PROXY", "proxy.example:3128");
        assert_eq!(proxy("http://platform.example", &[all, bare]), Some(("proxy.example".to_owned(), 3128)));
        assert_eq!(proxy(PLATFORM, &[own, ("REQUEST_METHOD", "GET")]), None);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_by_the_name_of_its_variable() {
        for value in [
            "http://[",
            "http://",
            "htp://proxy.example:3128",
            "http//proxy.example:3128",
            "//proxy.example:3128",
            "http://:3128",
            "http://me:pa55@",
            "http://proxy.example:",
            "http://proxy.example:0",
            "http://proxy.example:99999",
            "http://proxy.example:port",
            " http://proxy.example:3128",
            "\"http://me:pa55@proxy.example:3128\"",
            "http://me:pa55 @proxy.example:3128",
            "/etc/proxy",
            " ",
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let error = proxy_of(PLATFORM, &[(name, value)]).unwrap_err();
                let text = format!("{error} {error:?}");
                assert!(
                    error.is_refused() && text.contains(name) && !text.contains("pa55"),
                    "{value}: {text}"
                );
            }
        }
        let hidden = [("HTTPS_PROXY", ""), ("https_proxy", "http://proxy.example")];
        assert!(proxy_of(PLATFORM, &hidden).unwrap_err().to_string().contains("HTTPS_PROXY"));
        let socks = proxy_of(PLATFORM, &[("ALL_PROXY", "socks5h://proxy.example")]);
        assert_eq!(socks.is_ok(), cfg!(feature = "socks"));
    }

    #[test]
    fn a_variable_that_does_not_decide_may_hold_anything() {
        let good = ("HTTPS_PROXY", "http://proxy.example");
        assert!(proxy_of(PLATFORM, &[good, ("ALL_PROXY", "http://[")]).unwrap().is_some());
        assert!(proxy_of(PLATFORM, &[good, ("https_proxy", "http://[")]).unwrap().is_some());
        assert_eq!(proxy_of(PLATFORM, &[("HTTP_PROXY", "http://[")]).unwrap(), None);
        for excluded in ["platform.example", "*", ".example,10.0.0.0/8"] {
            let variables = [("HTTPS_PROXY", "http://["), ("no_proxy", excluded)];
            assert_eq!(proxy_of(PLATFORM, &variables).unwrap(), None, "{excluded}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_refused() {
        let value: OsString = std::os::unix::ffi::OsStringExt::from_vec(b"http://pr\xffxy.example".to_vec());
        let of = |name: &str| (name == "HTTPS_PROXY").then(|| value.clone());
        assert!(of_environment(&PLATFORM.parse().unwrap(), of).unwrap_err().is_refused());
    }
}
