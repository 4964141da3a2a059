//! What goes over the wire.

use northbound::{Client, Credentials, SubtaskStatus};

use crate::platform::{Platform, reply};

const EMPTY_PAGE: &str = r#"{"totalCount":0,"pageNo":0,"pageSize":25,"taskDetails":[]}"#;

#[tokio::test]
async fn list_subtasks_sends_task_and_both_page_numbers() {
    let platform = Platform::always(200, "application/json", EMPTY_PAGE).await;
    platform.client().subtasks("5c8ba99030344005c02316ad").page(0).await.unwrap();
    insta::assert_snapshot!(platform.asked().join("\n"));
}

#[tokio::test]
async fn list_subtasks_sends_the_request_example_of_the_page() {
    let platform = Platform::always(200, "application/json", EMPTY_PAGE).await;
    let query =
        platform.client().subtasks("5c8ba99030344005c02316ad").app_id("demo-app").status(SubtaskStatus::Fail);
    query.page_size(250).page(3).await.unwrap();
    insta::assert_snapshot!(platform.asked().join("\n"));
}

#[tokio::test]
async fn every_filter_is_escaped() {
    let platform = Platform::always(200, "application/json", EMPTY_PAGE).await;
    let query = platform.client().subtasks("a&b=c d/é").device_id("d&1").command_id("c%2");
    query.page(0).await.unwrap();
    insta::assert_snapshot!(platform.asked()[0].lines().next().unwrap_or_default());
}

#[tokio::test]
async fn login_sends_a_form_and_no_token() {
    let platform = Platform::answering(|number| match number {
        0 => reply(
            200,
            "application/json",
            r#"{"accessToken":"t0ken","expiresIn":"3600","tokenType":"Bearer "}"#,
        ),
        _ => reply(200, "application/json", EMPTY_PAGE),
    })
    .await;
    let credentials = Credentials::new("demo-app", "demo-secret").unwrap();
    let client = Client::builder(platform.url()).credentials(credentials).build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    let asked = platform.asked();
    assert_eq!(asked.len(), 3, "one login for two calls");
    insta::assert_snapshot!(asked[0]);
}

#[tokio::test]
async fn a_service_over_http_sees_and_changes_what_is_sent() {
    let platform = Platform::always(200, "application/json", EMPTY_PAGE).await;
    let adds = |client: reqwest::Client| {
        tower::service_fn(move |request: http::Request<reqwest::Body>| {
            let client = client.clone();
            async move {
                let mut request = reqwest::Request::try_from(request)?;
                request.url_mut().query_pairs_mut().append_pair("added", "1");
                client.execute(request).await.map(http::Response::from)
            }
        })
    };
    let client = platform.builder().service_over(adds).build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    let asked = platform.asked();
    let line = asked[0].lines().next().unwrap();
    assert_eq!(line, "GET /iocm/app/batchtask/v1.1.0/taskDetails?pageNo=0&pageSize=25&taskId=demo&added=1");
}

#[tokio::test]
async fn a_task_id_of_nothing_sends_nothing() {
    let platform = Platform::always(200, "application/json", EMPTY_PAGE).await;
    let client = platform.client();
    assert!(client.subtasks("").page(0).await.unwrap_err().is_refused());
    assert!(client.subtasks("demo").page_size(0).page(0).await.unwrap_err().is_refused());
    assert!(client.subtasks("demo").page_size(251).stream().try_next().await.unwrap_err().is_refused());
    assert!(client.subtasks("demo").page(u32::MAX).await.unwrap_err().is_refused());
    assert!(platform.asked().is_empty());
}
