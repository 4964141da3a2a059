//! What goes over the wire.

use northbound::{SubtaskStatus, reqwest};
use northbound_testkit::{Platform, json_reply};

use crate::support::Clients as _;

const EMPTY_PAGE: &str = r#"{"totalCount":0,"pageNo":0,"pageSize":25,"taskDetails":[]}"#;

async fn platform() -> Platform {
    Platform::always(200, "application/json", EMPTY_PAGE).await
}

#[tokio::test]
async fn list_subtasks_sends_task_and_both_page_numbers() {
    let platform = platform().await;
    platform.client().subtasks("5c8ba99030344005c02316ad").page(0).await.unwrap();
    insta::assert_snapshot!(platform.asked()[0].text);
}

#[tokio::test]
async fn list_subtasks_sends_the_request_example_of_the_page() {
    let platform = platform().await;
    let query =
        platform.client().subtasks("5c8ba99030344005c02316ad").app_id("demo-app").status(SubtaskStatus::Fail);
    query.page_size(250).page(3).await.unwrap();
    insta::assert_snapshot!(platform.asked()[0].text);
}

#[tokio::test]
async fn every_filter_is_escaped() {
    let platform = platform().await;
    let query = platform.client().subtasks("a&b=c d/é").device_id("d&1").command_id("c%2");
    query.page(0).await.unwrap();
    insta::assert_snapshot!(platform.asked()[0].line());
}

#[tokio::test]
async fn login_sends_a_form_and_no_token() {
    let platform = Platform::start(|asked| {
        let token = r#"{"accessToken":"t0ken","expiresIn":"3600","tokenType":"Bearer "}"#;
        json_reply(200, if asked.is_login() { token } else { EMPTY_PAGE })
    })
    .await;
    let client = platform.with_login().build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    let asked = platform.asked();
    assert_eq!(asked.len(), 3, "one login for two calls");
    insta::assert_snapshot!(asked[0].text);
}

#[tokio::test]
async fn a_service_over_http_sees_and_changes_what_is_sent() {
    let platform = platform().await;
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
    assert_eq!(
        asked[0].line(),
        "GET /iocm/app/batchtask/v1.1.0/taskDetails?pageNo=0&pageSize=25&taskId=demo&added=1"
    );
}

#[tokio::test]
async fn nothing_is_sent_for_an_empty_task_id_or_a_page_that_is_not_allowed() {
    let platform = platform().await;
    let client = platform.client();
    assert!(client.subtasks("").page(0).await.unwrap_err().is_refused());
    assert!(client.subtasks("demo").page_size(0).page(0).await.unwrap_err().is_refused());
    assert!(client.subtasks("demo").page_size(251).stream().try_next().await.unwrap_err().is_refused());
    assert!(client.subtasks("demo").page(u32::MAX).await.unwrap_err().is_refused());
    assert!(platform.calls() == 0);
}

#[test]
fn a_client_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send>(_: T) {}
    shared::<northbound::Client>();
    let client = Platform::in_process(|_| json_reply(200, EMPTY_PAGE)).client();
    sent(client.subtasks("demo").page(0));
    sent(client.subtasks("demo").stream());
}
