//! Who calls: the two headers of every call but login, and the form of the login.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::api::refusal::{INVALID_TOKEN, MISSING_PARAMETER, Refusal};
use crate::api::{LoginRequest, MAX_LOGIN_TEXT, Secret};

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
        if !is_form(headers) {
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

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(FORM))
}

fn login_text(name: &str, given: Option<String>) -> Result<String, Refusal> {
    let reason = match given {
        None => "is missing",
        Some(text) if text.is_empty() => "is empty",
        Some(text) if text.chars().count() > MAX_LOGIN_TEXT => "has more than 256 characters",
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

    fn caller_reason(pairs: &[(&'static str, &'static str)]) -> String {
        let headers = headers(pairs);
        let Err(refusal) = Caller::from_headers(&headers) else { panic!("accepted") };
        assert_eq!(refusal.row, INVALID_TOKEN);
        refusal.reason
    }

    fn login(body: &str) -> Result<LoginRequest, String> {
        LoginRequest::parse(&headers(&[("content-type", FORM)]), body.as_bytes()).map_err(|refusal| {
            assert_eq!(refusal.row, MISSING_PARAMETER);
            refusal.reason
        })
    }

    #[test]
    fn both_headers_make_a_caller() {
        let headers = headers(&[("app_key", "app"), ("authorization", "Bearer t0k")]);
        let caller = Caller::from_headers(&headers).unwrap_or_else(|refusal| panic!("{}", refusal.reason));
        assert_eq!((caller.app_key, caller.token), ("app", "t0k"));
    }

    #[test]
    fn each_header_is_needed_once() {
        assert_eq!(caller_reason(&[("authorization", "Bearer t")]), "the header app_key is missing");
        assert_eq!(caller_reason(&[("app_key", "a")]), "the header authorization is missing");
        assert_eq!(
            caller_reason(&[("app_key", "a"), ("app_key", "a"), ("authorization", "Bearer t")]),
            "the header app_key is given twice"
        );
    }

    #[test]
    fn a_malformed_authorization_is_refused() {
        for value in ["t", "Bearer", "Bearer ", "Bearer  t", "bearer t", "Basic t", "Bearer t t"] {
            assert_eq!(
                caller_reason(&[("app_key", "a"), ("authorization", value)]),
                "the header authorization is not 'Bearer {accessToken}'",
                "{value}"
            );
        }
    }

    #[test]
    fn a_form_is_read_and_decoded() {
        let request = login("appId=a%26b&secret=s+1&other=x").unwrap();
        assert_eq!(request, LoginRequest { app_id: "a&b".into(), secret: Secret("s 1".into()) });
    }

    #[test]
    fn a_login_needs_both_texts_once() {
        assert_eq!(login("secret=s").unwrap_err(), "appId is missing");
        assert_eq!(login("appId=a").unwrap_err(), "secret is missing");
        assert_eq!(login("appId=&secret=s").unwrap_err(), "appId is empty");
        assert_eq!(login("appId=a&secret=").unwrap_err(), "secret is empty");
        assert_eq!(login("appId=a&secret=s&appId=a").unwrap_err(), "appId is given twice");
    }

    #[test]
    fn a_text_of_256_characters_is_the_longest() {
        let (fits, too_long) = ("é".repeat(256), "é".repeat(257));
        assert!(login(&format!("appId={fits}&secret={fits}")).is_ok());
        assert_eq!(
            login(&format!("appId={too_long}&secret=s")).unwrap_err(),
            "appId has more than 256 characters"
        );
    }

    #[test]
    fn only_a_form_is_read() {
        let json = headers(&[("content-type", "application/json")]);
        assert!(LoginRequest::parse(&json, b"appId=a&secret=s").is_err());
        assert!(LoginRequest::parse(&HeaderMap::new(), b"appId=a&secret=s").is_err());
        let charset = headers(&[("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")]);
        assert!(LoginRequest::parse(&charset, b"appId=a&secret=s").is_ok());
    }
}
