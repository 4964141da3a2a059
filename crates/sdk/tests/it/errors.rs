//! What a user reads when a call fails.

use std::fmt::Write as _;

use northbound::client_layer::DOCUMENTED_ERRORS;
use northbound::{Client, Error, reqwest};
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Platform, json_reply};

use crate::support::{Clients as _, credentials};

async fn error_of(platform: &Platform) -> Error {
    platform.client().subtasks("5c8ba99030344005c02316ad").page(0).await.unwrap_err()
}

/// What the predicates say of an error.
fn kinds(error: &Error) -> String {
    let kinds = [
        ("refused", error.is_refused()),
        ("throttled", error.is_throttled()),
        ("invalid token", error.is_invalid_token()),
        ("task not found", error.is_task_not_found()),
        ("invalid input", error.is_invalid_input()),
        ("misconfigured", error.is_misconfigured()),
        ("platform fault", error.is_platform_fault()),
        ("connection", error.is_connection()),
        ("timeout", error.is_timeout()),
        ("redirect", error.is_redirect()),
        ("undecodable", error.is_undecodable()),
        ("too large", error.is_too_large()),
        ("incomplete", error.is_incomplete()),
    ];
    kinds.iter().filter(|(_, is)| *is).map(|(kind, _)| *kind).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn every_error_row_of_the_page_reads_as_one_sentence() {
    let mut seen = String::new();
    for row in DOCUMENTED_ERRORS.iter().filter(|row| row.operation == "listSubtasks") {
        for code in row.codes {
            let body = serde_json::json!({ "error_code": code, "error_desc": code.info().unwrap().text });
            let platform = Platform::always(row.status, "application/json", body.to_string()).await;
            let error = error_of(&platform).await;
            assert_eq!(error.code(), Some(code));
            assert_eq!(error.status().map(|status| status.as_u16()), Some(row.status));
            writeln!(seen, "[{}]\n{error}\n", kinds(&error)).unwrap();
        }
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn both_envelopes_read_alike_under_every_status() {
    let bodies = [
        r#"{"error_code":"1010005","error_desc":"Invalid access token or appId."}"#,
        r#"{"error_code":1010005,"error_desc":"Invalid access token or appId."}"#,
        r#"{"resultcode":"1010005","resultmsg":"Invalid access token or appId."}"#,
        r#"{"resultcode":1010005,"resultmsg":"Invalid access token or appId."}"#,
    ];
    for body in bodies {
        for status in [200, 403, 401, 429, 503, 500] {
            let platform = Platform::always(status, "text/plain", body).await;
            let error = error_of(&platform).await;
            assert!(error.is_invalid_token(), "{status} {body}: {error:?}");
            assert_eq!(kinds(&error), "invalid token", "{status} {body}");
            assert_eq!(error.description(), Some("Invalid access token or appId."));
            assert_eq!(error.status().unwrap(), status);
        }
    }
}

#[tokio::test]
async fn replies_that_are_no_error_of_the_platform_show_what_came() {
    let cases = [
        ("a gateway's page", 502, "text/html", "<html>\n<body><h1>502 Bad Gateway</h1></body>\n</html>"),
        ("an empty 500", 500, "text/plain", ""),
        (
            "an unknown code",
            400,
            "application/json",
            r#"{"error_code":"999001","error_desc":"Something new."}"#,
        ),
        ("an unknown code without words", 409, "application/json", r#"{"error_code":"999001"}"#),
        (
            "a documented status with another body",
            403,
            "application/json",
            r#"{"message":"blocked by policy"}"#,
        ),
        ("throttling by a proxy", 429, "text/plain", "slow down"),
        (
            "an error under 200",
            200,
            "application/json",
            r#"{"error_code":"100203","error_desc":"The application is not existed."}"#,
        ),
        ("an empty object", 200, "application/json", "{}"),
        ("a page without its list", 200, "application/json", r#"{"totalCount":3,"pageNo":0,"pageSize":25}"#),
        ("HTML under 200", 200, "text/html", "<html>Welcome</html>"),
        ("a cut reply", 200, "application/json", r#"{"totalCount":1,"taskDetails":[{"status":"Fa"#),
        ("a list of the wrong type", 200, "application/json", r#"{"taskDetails":{}}"#),
        ("something after the page", 200, "application/json", r#"{"taskDetails":[]} {"#),
        ("no content", 204, "text/plain", ""),
    ];
    let mut seen = String::new();
    for (name, status, content_type, body) in cases {
        let error = error_of(&Platform::always(status, content_type, body).await).await;
        assert_eq!(error.status().unwrap().as_u16(), status, "{name}");
        writeln!(seen, "{name} [{}]\n{error}\n", kinds(&error)).unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let elsewhere = Platform::always(200, "application/json", "{}").await;
    let target = format!("{}/elsewhere", elsewhere.url());
    let platform = Platform::start(move |_| {
        Response::builder().status(302).header("location", &target).body(Body::empty()).unwrap()
    })
    .await;
    let client =
        platform.builder().http(|http| http.redirect(reqwest::redirect::Policy::limited(5))).build().unwrap();
    let error = client.subtasks("demo").page(0).await.unwrap_err();
    assert_eq!(kinds(&error), "redirect");
    assert!(
        error.to_string().contains(&format!("HTTP 302 points to {}/elsewhere", elsewhere.url())),
        "{error}"
    );
    assert!(elsewhere.calls() == 0, "application id and token went to another host");
}

#[tokio::test]
async fn plain_http_to_this_machine_goes_through_no_proxy() {
    let proxy = Platform::always(200, "application/json", "{}").await;
    let platform = Platform::always(200, "application/json", r#"{"taskDetails":[]}"#).await;
    let url = proxy.url();
    let builder = platform.builder().http(|http| http.proxy(reqwest::Proxy::all(url).unwrap()));
    builder.build().unwrap().subtasks("demo").page(0).await.unwrap();
    assert_eq!((proxy.calls(), platform.calls()), (0, 1), "the token went to another host");
}

/// Stands in for the resolver that refuses names of other machines, which no test has here.
struct Refusing(Error);

impl reqwest::dns::Resolve for Refusing {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let error = self.0.clone();
        Box::pin(async { Err(error.into()) })
    }
}

#[tokio::test]
async fn a_name_that_is_refused_when_a_call_connects_is_reported_as_refused() {
    let refused = northbound::AppId::new("").unwrap_err();
    let client = Client::builder("https://platform.example").no_proxy().http({
        let refused = refused.clone();
        |http| http.dns_resolver(Refusing(refused))
    });
    let client = client.credentials(credentials()).build().unwrap();
    let error = client.subtasks("demo").page(0).await.unwrap_err();
    assert_eq!((error.found(), error.is_refused(), error.attempts()), (refused.found(), true, 0));
}

#[tokio::test]
async fn a_login_that_fails_says_so_without_the_secret() {
    let cases = [
        (401, r#"{"error_code":"100208","error_desc":"AppId or secret is not right."}"#),
        (200, r#"{"error_code":"100203","error_desc":"demo-secret is not existed."}"#),
        (200, r#"{"scope":"default"}"#),
        (200, r#"{"accessToken":"t0ken-in-the-reply","expiresIn":"soon"}"#),
        (200, r#"{"accessToken":12345678,"expiresIn":3600}"#),
        (502, "<html>demo-secret</html>"),
        (502, "<html>accessToken=t0ken-in-the-reply</html>"),
        (201, r#"{"accessToken":"t0ken-in-the-reply","expiresIn":"soon"}"#),
        (400, r#"{"appId":"demo-app","refreshToken":"t0ken-in-the-reply"}"#),
        (200, "{\"accessToken\":\"t0ken-in-the-reply\\n\"}"),
    ];
    let mut seen = String::new();
    for (status, body) in cases {
        let platform = Platform::start(move |_| json_reply(status, body)).await;
        let client = platform.with_login().build().unwrap();
        let error = client.subtasks("demo").page(0).await.unwrap_err();
        let shown = format!("{error}\n{error:?}\n{client:?}");
        for secret in ["demo-secret", "t0ken-in-the-reply", "12345678"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        writeln!(seen, "[{}]\n{error}\n", kinds(&error)).unwrap();
    }
    insta::assert_snapshot!(seen);
}
