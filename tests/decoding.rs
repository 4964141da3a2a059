//! What the generated types make of the document's examples, and of replies that nobody documented.

use std::fmt::Write as _;

use northbound_client::types::{AccessToken, ErrorResponse, LoginRequest, SubtaskPage};
use northbound_client::{Seconds, Secret};
use northbound_openapi::document::reference;
use serde_json::{Value, json};
use xtask::load;

use crate::freshness::root;

/// The examples of every response, with the place where they stand.
fn examples() -> Vec<(String, Value)> {
    let document = load::read(root()).unwrap().value().clone();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut found = Vec::new();
    for operation in operations {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = reference::resolve(&document, response).unwrap();
            for (name, example) in response["content"]["application/json"]["examples"].as_object().unwrap() {
                let operation = operation["operationId"].as_str().unwrap();
                found.push((format!("{operation} {status} {name}"), example["value"].clone()));
            }
        }
    }
    found
}

#[test]
fn every_example_of_the_document_decodes_and_is_written_back_whole() {
    let mut seen = String::new();
    for (place, example) in examples() {
        let (decoded, written) = match place.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["listSubtasks", "200"] => both::<SubtaskPage>(&example),
            ["login", "200"] => both::<AccessToken>(&example),
            _ => both::<ErrorResponse>(&example),
        };
        assert!(is_whole(&written, &example), "{place}: {written}");
        writeln!(seen, "{place}\n{decoded}\n").unwrap();
    }
    assert!(!seen.contains("9a9f1c666261daa9e2664b12c6355"), "a token shows in Debug");
    insta::assert_snapshot!(seen);
}

/// Whether what came is written back: everything that came is there, and whatever else is there is null, because a member
/// that the document lists and the reply does not have reads as null.
pub(crate) fn is_whole(written: &Value, came: &Value) -> bool {
    match (written, came) {
        (Value::Object(written), Value::Object(came)) => {
            came.iter().all(|(name, came)| written.get(name).is_some_and(|written| is_whole(written, came)))
                && written.iter().all(|(name, written)| written.is_null() || came.contains_key(name))
        }
        (Value::Array(written), Value::Array(came)) => {
            written.len() == came.len()
                && written.iter().zip(came).all(|(written, came)| is_whole(written, came))
        }
        _ => written == came,
    }
}

fn both<T: serde::de::DeserializeOwned + serde::Serialize + std::fmt::Debug>(
    example: &Value,
) -> (String, Value) {
    let decoded: T = serde_json::from_value(example.clone()).unwrap();
    (format!("{decoded:#?}"), serde_json::to_value(&decoded).unwrap())
}

#[test]
fn an_error_under_200_decodes_as_an_empty_page_and_its_extra_members_give_it_away() {
    for body in [json!({ "error_code": "100203", "error_desc": "x" }), json!({ "resultcode": 1010005 })] {
        let page: SubtaskPage = serde_json::from_value(body.clone()).unwrap();
        assert_eq!((page.task_details, page.total_count), (None, None));
        assert_eq!(page.extra.json(), body.to_string());
    }
}

#[test]
fn what_is_missing_reads_as_null_and_null_is_written_as_null() {
    let came = json!({ "taskDetails": [{}, { "param": null }] });
    let page: SubtaskPage = serde_json::from_value(came.clone()).unwrap();
    let written = serde_json::to_value(page).unwrap();
    assert!(is_whole(&written, &came), "{written}");
    for name in ["error", "output", "param", "status"] {
        assert_eq!(written["taskDetails"][0].get(name), Some(&Value::Null), "{name}");
    }
    for name in ["pageNo", "pageSize", "totalCount"] {
        assert_eq!(written.get(name), Some(&Value::Null), "{name}");
    }
}

#[test]
fn a_lifetime_reads_quoted_or_not_and_a_token_type_with_its_blank() {
    for lifetime in [json!(3600), json!("3600")] {
        let body = json!({ "accessToken": "a", "expiresIn": lifetime, "tokenType": "Bearer " });
        let token: AccessToken = serde_json::from_value(body).unwrap();
        assert_eq!(
            (token.expires_in, token.token_type.as_deref()),
            (Some(Seconds::new(3600)), Some("Bearer "))
        );
    }
}

#[test]
fn no_type_shows_a_secret_in_debug() {
    let secret = Secret::from("s3cret");
    let login = LoginRequest { app_id: "demo-app".parse().unwrap(), secret: secret.clone() };
    let token: AccessToken =
        serde_json::from_value(json!({ "accessToken": "s3cret", "refreshToken": "s3cret" })).unwrap();
    let call = northbound_client::Call::new().authorized_by("s3cret-app", &secret).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls()).build().unwrap();
    let client = northbound_client::Client::new_with_client("http://127.0.0.1:1", http, call.clone());
    let shown = format!(
        "{secret:?} {login:?} {token:?} {call:?} {client:?} {:?}",
        client.login().body(login.clone())
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}

/// reqwest asks for a TLS provider even where none is used.
fn tls() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

#[test]
fn a_client_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send>(_: T) {}
    shared::<northbound::Client>();
    let builder = northbound::Client::builder("http://127.0.0.1:1");
    let token = northbound::Secret::from("t0ken");
    let client = builder.token(northbound::AppId::new("demo-app").unwrap(), token).build().unwrap();
    sent(client.subtasks("demo").page(0));
    sent(client.subtasks("demo").stream());
}
