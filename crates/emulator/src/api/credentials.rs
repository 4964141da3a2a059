//! Who calls: the two headers of every call but login, and the form of the login.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::api::refusal::{INVALID_TOKEN, MISSING_PARAMETER, Refusal};
use crate::api::{LoginRequest, Secret};

/// The header that carries the application id.
pub(crate) const APP_KEY: &str = "app_key";

const FORM: &str = "application/x-www-form-urlencoded";

/// What the two headers say, not yet checked against anything.
#[derive(PartialEq, Eq)]
pub(crate) struct Caller<'h> {
    pub(crate) app_key: &'h str,
    pub(crate) token: &'h str,
}

impl<'h> Caller<'h> {
    /// Reads both headers.
    ///
    /// The page writes the value as `Bearer {accessToken}`, and that is what is asked for: HTTP would let the scheme be
    /// written in any case, but nobody has seen the platform accept it.
    pub(crate) fn from_headers(headers: &'h HeaderMap) -> Result<Self, Refusal> {
        let app_key = single(headers, APP_KEY)?;
        let token = single(headers, AUTHORIZATION.as_str())?
            .strip_prefix("Bearer ")
            .filter(|token| !token.is_empty() && !token.contains(' '))
            .ok_or_else(|| INVALID_TOKEN.because("the header authorization is not 'Bearer {accessToken}'"))?;
        Ok(Self { app_key, token })
    }
}

/// The value of a header that must be given exactly once.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(INVALID_TOKEN.because(format!("the header {name} is missing"))),
        (Some(_), Some(_)) => Err(INVALID_TOKEN.because(format!("the header {name} is given twice"))),
        (Some(value), None) => std::str::from_utf8(value.as_bytes())
            .map_err(|_| INVALID_TOKEN.because(format!("the header {name} is not UTF-8"))),
    }
}

impl LoginRequest {
    /// Reads a login from the body of a request.
    ///
    /// Only one error is documented for a login that cannot be read (102202), so every fault of the form gets it.
    pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        if !is_of_type(headers, FORM) {
            return Err(MISSING_PARAMETER.because(format!("the content type is not {FORM}")));
        }
        let (mut app_id, mut secret) = (None, None);
        for (name, value) in form_urlencoded::parse(body) {
            let slot = match &*name {
                "appId" => &mut app_id,
                "secret" => &mut secret,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(MISSING_PARAMETER.because(format!("{name} is given twice")));
            }
        }
        Ok(Self { app_id: login_text("appId", app_id)?, secret: Secret(login_text("secret", secret)?) })
    }
}

/// Whether a body is of this type, whatever parameters the type has.
pub(crate) fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

fn login_text(name: &str, given: Option<String>) -> Result<String, Refusal> {
    let reason = match given {
        None => "is missing",
        Some(text) if text.is_empty() => "is empty",
        Some(text) if text.chars().count() > 256 => "has more than 256 characters",
        Some(text) => return Ok(text),
    };
    Err(MISSING_PARAMETER.because(format!("{name} {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn login(body: &str) -> Result<LoginRequest, String> {
        LoginRequest::parse(&headers(&[("content-type", FORM)]), body.as_bytes()).map_err(|refusal| {
            assert_eq!(refusal.row, MISSING_PARAMETER);
            refusal.reason
        })
    }

    #[test]
    fn each_header_is_needed_once_and_in_its_form() {
        let good = headers(&[("app_key", "app"), ("authorization", "Bearer t0k")]);
        let caller = Caller::from_headers(&good).unwrap_or_else(|refusal| panic!("{}", refusal.reason));
        assert_eq!((caller.app_key, caller.token), ("app", "t0k"));
        let reason = |pairs: &[(&'static str, &'static str)]| {
            let Err(refusal) = Caller::from_headers(&headers(pairs)) else { panic!("accepted: {pairs:?}") };
            assert_eq!(refusal.row, INVALID_TOKEN);
            refusal.reason
        };
        let (app_key, token) = (("app_key", "a"), ("authorization", "Bearer t"));
        assert_eq!(reason(&[token]), "the header app_key is missing");
        assert_eq!(reason(&[app_key]), "the header authorization is missing");
        assert_eq!(reason(&[app_key, app_key, token]), "the header app_key is given twice");
        for value in ["t", "Bearer", "Bearer ", "Bearer  t", "bearer t", "Basic t", "Bearer t t"] {
            let malformed = reason(&[app_key, ("authorization", value)]);
            assert_eq!(malformed, "the header authorization is not 'Bearer {accessToken}'", "{value}");
        }
    }

    #[test]
    fn a_login_needs_both_texts_once_and_no_longer_than_256_characters() {
        let request = login("appId=a%26b&secret=s+1&other=x").unwrap();
        assert_eq!(request, LoginRequest { app_id: "a&b".into(), secret: Secret("s 1".into()) });
        let (fits, too_long) = ("é".repeat(256), "é".repeat(257));
        assert!(login(&format!("appId={fits}&secret={fits}")).is_ok());
        for (form, reason) in [
            ("secret=s", "appId is missing"),
            ("appId=a", "secret is missing"),
            ("appId=&secret=s", "appId is empty"),
            ("appId=a&secret=", "secret is empty"),
            ("appId=a&secret=s&appId=a", "appId is given twice"),
            (&format!("appId={too_long}&secret=s"), "appId has more than 256 characters"),
        ] {
            assert_eq!(login(form).unwrap_err(), reason);
        }
    }

    #[test]
    fn only_a_form_is_read() {
        let of = |headers: &HeaderMap| LoginRequest::parse(headers, b"appId=a&secret=s").is_ok();
        assert!(!of(&headers(&[("content-type", "application/json")])) && !of(&HeaderMap::new()));
        assert!(of(&headers(&[("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")])));
    }
}
