//! Each fault, as a client meets it.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use northbound_emulator::{Control, Emulator, Fault, FaultKind, Operation, Scenario};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::promise::{breach, is_breaking};
use crate::support::{Caller, Reply, TASK_DETAILS, rows};

const PAGE: &str = "taskId=demo&pageSize=10&pageNo=3";

/// A program that has logged in before faults come.
async fn demo() -> (Control, Caller) {
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    let caller = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    (control, caller)
}

/// The reply to one call that suffers this fault, beside the one that does not.
async fn with(kind: FaultKind) -> (Reply, Reply) {
    let (control, demo) = demo().await;
    let good = demo.get(PAGE).await;
    control.add_fault(Fault::new(kind).next(1)).unwrap();
    let bad = demo.get(PAGE).await;
    assert_eq!(demo.get(PAGE).await.bytes, good.bytes, "the fault is over");
    (bad, good)
}

/// Each other reply of these tests keeps to the documents: whoever calls sees to that.
#[tokio::test]
async fn the_faults_that_are_to_break_the_promise_break_it_and_the_others_do_not() {
    let (control, demo) = demo().await;
    let mut broken = 0;
    for kind in [
        FaultKind::TruncatedBody,
        FaultKind::WrongContentType,
        FaultKind::BadGateway,
        FaultKind::EmptyError,
        FaultKind::InternalError,
        FaultKind::Unavailable { retry_after_seconds: None },
        FaultKind::HugeBody { mebibytes: 1 },
        FaultKind::UnknownStatus,
        FaultKind::ExtraMembers,
        FaultKind::NullParam,
        FaultKind::RepeatedPage,
        FaultKind::Redirect { location: "https://other.example/".to_owned() },
        FaultKind::Gzip,
    ] {
        control.add_fault(Fault::new(kind.clone()).next(1)).unwrap();
        let reply = demo.get(PAGE).await;
        let fault = demo.fault(&reply).unwrap();
        let breach = breach("GET", TASK_DETAILS, &reply);
        assert_eq!(breach.is_some(), is_breaking(Some(&fault)), "{fault}: {breach:?}");
        broken += usize::from(breach.is_some());
    }
    assert_eq!(broken, crate::promise::BREAKING.len());
}

#[tokio::test]
async fn a_truncated_body_is_half_of_the_text() {
    let (bad, good) = with(FaultKind::TruncatedBody).await;
    assert_eq!(bad.status, 200);
    assert_eq!(bad.bytes, good.bytes[..good.bytes.len() / 2]);
}

#[tokio::test]
async fn the_wrong_content_type_labels_the_right_body() {
    let (bad, good) = with(FaultKind::WrongContentType).await;
    assert_eq!((bad.status, bad.headers["content-type"].to_str().unwrap()), (good.status, "text/html"));
    assert_eq!(bad.bytes, good.bytes);
}

#[tokio::test]
async fn a_bad_gateway_speaks_html() {
    let (bad, _) = with(FaultKind::BadGateway).await;
    assert_eq!((bad.status.as_u16(), bad.headers["content-type"].to_str().unwrap()), (502, "text/html"));
    assert!(bad.bytes.starts_with(b"<html>"));
}

#[tokio::test]
async fn an_empty_error_has_no_body() {
    let (bad, _) = with(FaultKind::EmptyError).await;
    assert_eq!((bad.status.as_u16(), bad.bytes.len()), (500, 0));
}

#[tokio::test]
async fn an_internal_error_is_the_row_of_the_page() {
    let (bad, _) = with(FaultKind::InternalError).await;
    bad.expect_error(500, "50252", "Internal server error.");
}

#[tokio::test]
async fn an_unavailable_platform_may_say_when_to_come_back() {
    let (bad, _) = with(FaultKind::Unavailable { retry_after_seconds: Some(7) }).await;
    assert_eq!((bad.status.as_u16(), bad.headers["retry-after"].to_str().unwrap()), (503, "7"));
    let (bad, _) = with(FaultKind::Unavailable { retry_after_seconds: None }).await;
    assert_eq!((bad.status.as_u16(), bad.headers.get("retry-after")), (503, None));
}

#[tokio::test]
async fn an_unknown_status_stands_in_the_first_row() {
    let (bad, good) = with(FaultKind::UnknownStatus).await;
    assert_eq!(rows(&bad.body)[0]["status"], "Stopped");
    assert_eq!(rows(&bad.body)[1..], rows(&good.body)[1..]);
}

#[tokio::test]
async fn extra_members_stand_beside_what_was_there() {
    let (bad, good) = with(FaultKind::ExtraMembers).await;
    assert!(bad.body["serverTime"].is_object());
    for (bad, good) in rows(&bad.body).iter().zip(rows(&good.body)) {
        assert!(bad["retransmissions"].is_number() && bad["param"]["nodeId"].is_string());
        assert_eq!(
            (&bad["status"], &bad["param"]["deviceId"]),
            (&good["status"], &good["param"]["deviceId"])
        );
    }
}

#[tokio::test]
async fn param_may_be_null() {
    let (bad, _) = with(FaultKind::NullParam).await;
    assert_eq!(rows(&bad.body).len(), 10);
    assert!(rows(&bad.body).iter().all(|row| row["param"].is_null()));
}

#[tokio::test]
async fn a_repeated_page_has_the_rows_of_the_one_before_under_its_own_number() {
    let (control, demo) = demo().await;
    let (zero, two) =
        (demo.page("taskId=demo&pageSize=10").await, demo.page("taskId=demo&pageSize=10&pageNo=2").await);
    control.add_fault(Fault::new(FaultKind::RepeatedPage)).unwrap();
    let repeated = demo.page(PAGE).await;
    assert_eq!((rows(&repeated), &repeated["pageNo"]), (rows(&two), &Value::from(3)));
    assert_eq!(demo.page("taskId=demo&pageSize=10").await, zero, "there is no page before page 0");
}

#[tokio::test]
async fn a_redirect_names_another_host() {
    let (bad, _) = with(FaultKind::Redirect { location: "https://other.example/x".to_owned() }).await;
    assert_eq!(
        (bad.status.as_u16(), bad.headers["location"].to_str().unwrap()),
        (307, "https://other.example/x")
    );
}

#[tokio::test]
async fn gzip_comes_unasked() {
    let (bad, good) = with(FaultKind::Gzip).await;
    assert_eq!(bad.headers["content-encoding"], "gzip");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*bad.bytes).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, good.bytes);
}

#[tokio::test]
async fn a_huge_body_is_blanks_after_the_page() {
    let (bad, good) = with(FaultKind::HugeBody { mebibytes: 3 }).await;
    assert_eq!(bad.bytes.len(), good.bytes.len() + 3 * 1024 * 1024);
    assert_eq!(bad.body, good.body);
}

#[tokio::test(start_paused = true)]
async fn latency_and_slow_drip_take_their_time() {
    let demo = Caller::of(Scenario::default()).await;
    let late = Control::new(
        Scenario::default().with_fault(Fault::new(FaultKind::Latency { milliseconds: 3_000 }).next(1)),
    )
    .unwrap();
    late.add_fault(Fault::new(FaultKind::SlowDrip { milliseconds: 500 }).on(Operation::ListSubtasks))
        .unwrap();
    let caller = Caller::at(&late).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    assert!(late.clock().now().abs_diff(Duration::from_secs(3)) < Duration::from_millis(20));
    assert_eq!(caller.get(PAGE).await.bytes, demo.get(PAGE).await.bytes);
    assert!(late.clock().now().abs_diff(Duration::from_secs(8)) < Duration::from_millis(50));
}

#[tokio::test]
async fn latency_follows_a_manual_clock() {
    let (control, demo) = demo().await;
    control.add_fault(Fault::new(FaultKind::Latency { milliseconds: 1_000 })).unwrap();
    let mut call = std::pin::pin!(demo.get(PAGE));
    for _ in 0..3 {
        tokio::select! {
            biased;
            _ = &mut call => panic!("it did not wait"),
            () = tokio::task::yield_now() => {}
        }
    }
    control.advance(Duration::from_secs(1));
    assert_eq!(call.await.status, 200);
}

#[tokio::test]
async fn what_stands_in_place_of_the_answer_costs_no_quota_and_what_spoils_it_does() {
    let control = Control::new(Scenario::default().with_quota(3).with_manual_clock()).unwrap();
    let demo = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    control.add_fault(Fault::new(FaultKind::BadGateway).next(5)).unwrap();
    for _ in 0..5 {
        assert_eq!(demo.get(PAGE).await.status, 502);
    }
    control.add_fault(Fault::new(FaultKind::TruncatedBody).next(2)).unwrap();
    for _ in 0..2 {
        assert_eq!(demo.get(PAGE).await.status, 200);
    }
    demo.get(PAGE).await.expect_error(403, "1010009", "app throttle exceed.");
}

#[tokio::test]
async fn without_a_socket_a_reset_and_a_close_half_way_break_the_body() {
    for (kind, before) in [(FaultKind::Reset, false), (FaultKind::CloseHalfWay, true)] {
        let (control, demo) = demo().await;
        control.add_fault(Fault::new(kind)).unwrap();
        let request = Request::get(format!("{TASK_DETAILS}?{PAGE}"))
            .header("app_key", "demo-app")
            .header("authorization", demo.authorization())
            .body(Body::empty())
            .unwrap();
        let mut body = control.router().oneshot(request).await.unwrap().into_body();
        if before {
            assert!(body.frame().await.unwrap().is_ok());
        }
        assert!(body.frame().await.unwrap().is_err());
    }
}

/// What comes back over a connection of its own, up to its end or its error.
async fn over_the_wire(emulator: &Emulator) -> (Vec<u8>, Option<ErrorKind>) {
    let caller = Caller::at(emulator.control());
    let authorization = caller.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = format!(
        "GET {TASK_DETAILS}?{PAGE} HTTP/1.1\r\nhost: localhost\r\napp_key: demo-app\r\nauthorization: {}\r\n\r\n",
        authorization.authorization()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let end = stream.read_to_end(&mut reply).await;
    (reply, end.err().map(|error| error.kind()))
}

async fn faulty(kind: FaultKind) -> Emulator {
    let fault = Fault::new(kind).on(Operation::ListSubtasks);
    Emulator::builder().scenario(Scenario::default().with_fault(fault)).start().await.unwrap()
}

#[tokio::test]
async fn a_reset_connection_is_reset_before_any_byte_of_the_answer() {
    let emulator = faulty(FaultKind::Reset).await;
    let (reply, end) = over_the_wire(&emulator).await;
    assert_eq!((reply.len(), end), (0, Some(ErrorKind::ConnectionReset)));
    let entry = emulator.control().journal().entries.pop().unwrap();
    assert_eq!((entry.status, entry.reason.as_str()), (None, "10 of 1000 subtasks"), "the platform did it");
}

#[tokio::test]
async fn a_connection_closed_half_way_ends_short_of_its_length() {
    let emulator = faulty(FaultKind::CloseHalfWay).await;
    let (reply, end) = over_the_wire(&emulator).await;
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let length = head.split_once("content-length: ").unwrap().1.split("\r\n").next().unwrap();
    assert_eq!((body.len(), end), (length.parse::<usize>().unwrap() / 2, None));
}
