//! Creating a batch task: what goes out, what proves that nothing was carried out, and what does not.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use northbound::{
    BatchTaskStatus, Client, ClientBuilder, CreateBatchTask, DeviceCommand, Error, ErrorKind, Quota, Remedy,
    SubtaskStatus, Targets, TaskTimeout, TaskType,
};
use northbound_emulator::{Control, Fault, FaultKind, Operation, Scenario};
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Act, Authority, Emulated, Platform, Raw, json_reply};
use serde_json::json;

use crate::support::{Clients as _, credentials, nobody, without_rest};

/// The rows of the page "What happens when…" that are tested here.
pub(crate) const ROWS: [&str; 12] = [
    "create-no-connection",
    "create-no-handshake",
    "create-no-reply",
    "create-reply-cut",
    "create-deadline",
    "create-quota-deadline",
    "create-status-failed",
    "create-success-without-id",
    "create-status-201",
    "create-token-refused",
    "create-throttled",
    "create-refused",
];

const CREATED: &str = r#"{"taskID":"5c8ba99030344005c02316ad"}"#;
const LOGIN: &str = r#"{"accessToken":"t0ken","expiresIn":3600}"#;

fn create(client: &Client) -> CreateBatchTask {
    let targets = Targets::devices(["4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7", "d4a1c6de-6f7b"]);
    let command = DeviceCommand::new("WaterMeter", "SET_TEMPERATURE_READ_PERIOD");
    let command = command.paras(json!({ "value": "12" }));
    client.create_batch_task("Every 12 minutes", targets, command, TaskTimeout::try_from(10).unwrap())
}

fn is_unknown(error: &Error) -> bool {
    let is_unknown = error.is_outcome_unknown();
    assert_eq!(is_unknown, error.kind() == ErrorKind::OutcomeUnknown);
    assert_eq!(is_unknown, *error.remedy() == Remedy::LookForTask);
    assert!(!is_unknown || error.source().is_some_and(|cause| cause.is::<Error>()), "{error:?}");
    assert!(!is_unknown || !error.is_retryable(), "{error:?}");
    is_unknown
}

#[tokio::test]
async fn a_create_sends_what_the_page_has() {
    let platform = Platform::start(|_| json_reply(200, CREATED)).await;
    let task = create(&platform.client()).app_id("demo-app").callback_url("https://na.example:9443/results");
    let task = task.max_retransmit(3).group_tag("north").tag("district", "north");
    assert_eq!(task.await.unwrap().as_str(), "5c8ba99030344005c02316ad");
    insta::assert_snapshot!(platform.asked()[0].text);
}

#[tokio::test]
async fn what_is_refused_is_not_sent() {
    let platform = Platform::start(|_| json_reply(200, CREATED)).await;
    let client = platform.with_login().build().unwrap();
    let error = create(&client).max_retransmit(4).await.unwrap_err();
    assert!(error.is_refused() && !is_unknown(&error), "{error:?}");
    assert!(client.batch_task("").await.unwrap_err().is_refused());
    assert!(client.batch_task("..").await.unwrap_err().is_refused());
    assert_eq!(platform.calls(), 0);
}

/// A client that may repeat as ever, of a platform that gives this answer to the first create, and the id to others.
async fn answered_first(status: u16, body: String) -> (Platform, Result<(), Error>) {
    let platform = Platform::in_process(move |asked| match asked.number {
        _ if asked.is_login() => json_reply(200, LOGIN),
        1 => json_reply(status, &body),
        _ => json_reply(200, CREATED),
    });
    let quota = Quota::new(100, Duration::from_secs(60)).unwrap();
    let client = platform.with_login().retry(without_rest()).quota(quota).build().unwrap();
    let outcome = create(&client).await.map(|_| ());
    (platform, outcome)
}

// create-status-failed, create-success-without-id, create-token-refused, create-throttled, create-refused
#[tokio::test(start_paused = true)]
async fn a_reply_is_a_task_a_refusal_or_an_unknown_outcome() {
    const CODES: [&str; 17] = [
        "", "0", "100203", "101001", "105001", "105002", "105201", "105202", "50400", "100028", "100217",
        "100208", "1010009", "1010005", "50252", "100501", "999001",
    ];
    let mut table = "      ".to_owned();
    CODES.iter().for_each(|code| write!(table, " {:>7}", if code.is_empty() { "-" } else { code }).unwrap());
    for status in [200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 409, 429, 500, 501, 502, 503, 504] {
        write!(table, "\n  {status} ").unwrap();
        for code in CODES {
            let body = if code.is_empty() { json!({}) } else { json!({ "error_code": code }) };
            let (platform, outcome) = answered_first(status, body.to_string()).await;
            let creates = platform.asked().iter().filter(|asked| asked.is_create()).count();
            let shown = match outcome {
                Ok(()) => "again",
                Err(error) if is_unknown(&error) => "unknown",
                Err(_) => "no",
            };
            assert_eq!(creates, if shown == "again" { 2 } else { 1 }, "{status} {code}");
            write!(table, " {shown:>7}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_reply_of_success_that_is_no_reply_leaves_the_outcome_unknown() {
    for body in
        ["", "<html>", "{", "[]", "null", r#"{"taskID":null}"#, r#"{"taskID":""}"#, r#"{"taskID":{}}"#]
    {
        for status in [200, 201] {
            let (platform, outcome) = answered_first(status, body.to_owned()).await;
            assert!(is_unknown(&outcome.unwrap_err()), "{status} {body}");
            assert_eq!(platform.calls(), 2, "{status} {body}");
        }
    }
    // create-status-201
    for body in [CREATED, r#"{"taskID":5,"error_code":"0"}"#, "\u{feff}{\"taskID\":\"a\"}"] {
        let (platform, outcome) = answered_first(200, body.to_owned()).await;
        assert_eq!((outcome.is_ok(), platform.calls()), (true, 2), "{body}");
    }
    for status in [201, 202] {
        assert!(answered_first(status, CREATED.to_owned()).await.1.is_ok());
    }
    let (_, outcome) = answered_first(400, CREATED.to_owned()).await;
    assert!(!is_unknown(&outcome.unwrap_err()));
}

async fn one_create(server: &Raw, builder: ClientBuilder) -> Error {
    let error = create(&builder.build().unwrap()).await.unwrap_err();
    assert_eq!((server.requests(), error.attempts()), (1, 1), "{error:?}");
    error
}

// create-no-reply
#[tokio::test]
async fn without_a_reply_the_outcome_is_unknown() {
    let mut seen = String::new();
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 41\r\n\r\n{".to_vec();
    for (name, act) in [
        ("the connection is reset", Act::Reset),
        ("the connection is closed", Act::Write(Vec::new())),
        ("no reply comes", Act::Hang(Vec::new())),
        ("a reply begins", Act::Hang(begun)),
        ("it is no HTTP", Act::Write(b"SSH-2.0\r\n".to_vec())),
    ] {
        let server = Raw::start(vec![act]).await;
        let error = one_create(&server, server.builder().timeout(Duration::from_millis(500))).await;
        assert!(is_unknown(&error), "{error:?}");
        writeln!(seen, "{name}\n{error}\n").unwrap();
    }
    let seen =
        seen.split("http://127.0.0.1:").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    insta::assert_snapshot!(seen.collect::<Vec<_>>().join("http://127.0.0.1:"));
}

// create-reply-cut
#[tokio::test]
async fn a_reply_that_breaks_off_at_any_byte_leaves_the_outcome_unknown() {
    for reply in [Act::json(200, CREATED), Act::json(200, r#"{"error_code":"105002"}"#), Act::json(403, "{}")]
    {
        let Act::Write(bytes) = reply else { panic!("it is written") };
        for cut in 0..bytes.len() {
            let server = Raw::start(vec![Act::Write(bytes[..cut].to_vec())]).await;
            assert!(is_unknown(&one_create(&server, server.builder()).await), "cut after {cut} bytes");
        }
    }
}

// create-deadline, create-quota-deadline
#[tokio::test]
async fn a_deadline_leaves_the_outcome_unknown_only_once_the_request_is_under_way() {
    let server = Raw::start(vec![Act::Hang(Vec::new())]).await;
    let error = one_create(&server, server.builder().deadline(Duration::from_millis(500))).await;
    assert!(is_unknown(&error), "{error:?}");

    let server = Raw::start(vec![Act::json(200, CREATED)]).await;
    let quota = Quota::new(1, Duration::from_secs(60)).unwrap();
    let client = server.builder().quota(quota).deadline(Duration::from_secs(10)).build().unwrap();
    create(&client).await.unwrap();
    let error = create(&client).await.unwrap_err();
    assert!(error.is_timeout() && !is_unknown(&error), "{error:?}");
    assert_eq!(server.requests(), 1);
}

// create-no-connection
#[tokio::test]
async fn a_create_without_a_connection_is_tried_four_times_and_known_not_to_have_happened() {
    let client = nobody().retry(without_rest()).build().unwrap();
    let with_token = |builder: ClientBuilder| {
        builder
            .token(northbound::AppId::new("demo-app").unwrap(), "t0ken")
            .retry(without_rest())
            .build()
            .unwrap()
    };
    for client in [client.clone(), with_token(Client::builder(client.endpoint()))] {
        let error = create(&client).await.unwrap_err();
        assert!(error.is_connection() && !is_unknown(&error), "{error:?}");
        assert_eq!(error.attempts(), 4);
    }
}

// create-no-handshake
#[tokio::test]
async fn a_create_whose_handshake_fails_is_known_not_to_have_happened() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let closing = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let builder = |endpoint: &str| {
        let builder = Client::builder(endpoint).token(northbound::AppId::new("demo-app").unwrap(), "t0ken");
        builder.retry(without_rest())
    };
    let error = create(&builder(&endpoint).build().unwrap()).await.unwrap_err();
    assert!(error.is_connection() && !is_unknown(&error), "{error:?}");
    assert_eq!(error.attempts(), 4, "it may be repeated");
    closing.abort();

    let certificate = Authority::new().issue("platform.example", |_| {});
    let given = northbound_emulator::Certificates::given(Authority::new().pem(), certificate.pem());
    let platform = northbound_emulator::Emulator::builder().allow_host("platform.example").tls(given);
    let platform = platform.start().await.unwrap();
    let endpoint = format!("https://platform.example:{}", platform.addr().port());
    let client = builder(&endpoint).resolve("platform.example", platform.addr()).build().unwrap();
    let error = create(&client).await.unwrap_err();
    assert!(error.is_tls() && !is_unknown(&error), "{error:?}");
}

#[tokio::test]
async fn a_created_task_is_what_was_asked_for() {
    let emulator = Emulated::start().await;
    let client = emulator.without_credentials().credentials(credentials()).build().unwrap();
    let id = create(&client).tag("district", "north").await.unwrap();
    let task = client.batch_task(id.clone()).tags().await.unwrap();
    assert_eq!((task.task_id(), task.name()), (Some(id.as_str()), Some("Every 12 minutes")));
    assert_eq!((task.task_type(), task.timeout()), (Some(&TaskType::DeviceCmd), Some(600)), "in minutes");
    assert_eq!((task.total(), task.status()), (Some(2), Some(&BatchTaskStatus::Pending)));
    assert_eq!(task.tags().unwrap()[0].tag_value.as_deref(), Some("north"));
    let command = task.command().unwrap();
    assert_eq!(
        (command.service_id(), command.parameters().unwrap().json()),
        ("WaterMeter", r#"{"value":"12"}"#)
    );
    assert_eq!(task.task_param().unwrap().device_list.unwrap().len(), 2);
    assert!(task.started().unwrap().elapsed().unwrap() < Duration::from_secs(600));
    assert_eq!(client.batch_task(id.clone()).await.unwrap().tags(), None);
    assert_eq!(
        client.subtasks(id).status(SubtaskStatus::Pending).page(0).await.unwrap().total_count(),
        Some(2)
    );

    let error = create(&client).await.unwrap_err();
    assert!(error.is_name_taken() && !error.is_invalid_input() && !is_unknown(&error), "{error:?}");
    let (targets, command) = (Targets::everything(), DeviceCommand::new("s", "m"));
    let timeout = TaskTimeout::try_from(10).unwrap();
    let error = client.create_batch_task("another", targets, command, timeout).await.unwrap_err();
    assert!(error.is_task_unfinished() && !is_unknown(&error), "{error:?}");
    assert!(client.batch_task("nothing").await.unwrap_err().is_task_not_found());
}

#[tokio::test]
async fn a_task_whose_reply_was_lost_exists_once() {
    let lost = Fault::new(FaultKind::CreateReplyLost).on(Operation::CreateBatchTask);
    let control = Control::new(Scenario::default().with_fault(lost)).unwrap();
    let emulator = Emulated::serving(&control).await;
    let before = control.tasks().len();
    let client =
        emulator.without_credentials().credentials(credentials()).retry(without_rest()).build().unwrap();
    assert!(is_unknown(&create(&client).await.unwrap_err()));
    assert_eq!(control.tasks().len(), before + 1);
    control.clear_faults();
    assert!(create(&client).await.unwrap_err().is_name_taken());
    assert_eq!(control.tasks().len(), before + 1);
}

#[tokio::test]
async fn a_query_is_one_call_and_keeps_what_comes() {
    let body =
        r#"{"taskId":"demo","totalCnt":"10","successCnt":3.0,"param":[1.50],"more":89860000000000000001}"#;
    let platform = Platform::start(move |_| json_reply(200, body)).await;
    let task = platform.client().batch_task("a/b").app_id("other app").tags().await.unwrap();
    assert_eq!(
        platform.asked()[0].line(),
        "GET /iocm/app/batchtask/v1.1.0/tasks/a%2Fb?appId=other+app&select=tag"
    );
    assert_eq!((task.success(), task.param().unwrap().as_str()), (Some(3), "[1.50]"));
    assert_eq!(task.extra().get("more").unwrap().json(), "89860000000000000001");

    for body in ["{}", r#"{"error_code":"105005"}"#, "<html>", r#"{"taskDetails":[]}"#] {
        let platform = Platform::always(200, "application/json", body).await;
        let error = platform.client().batch_task("demo").await.unwrap_err();
        assert!(error.is_undecodable() || error.is_task_not_found(), "{body}: {error:?}");
    }
    let gone = Platform::start(|_| Response::builder().status(404).body(Body::empty()).unwrap()).await;
    let error = gone.client().batch_task("demo").await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Status, 404));
}
