//! Each fault, as a client meets it.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use northbound_emulator::{Control, Emulator, Fault, FaultKind, Operation, Scenario};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::promise::{BREAKING, breach, is_breaking};
use crate::support::{Caller, Reply, TASK_DETAILS, held, rows};

const PAGE: &str = "taskId=demo&pageSize=10&pageNo=3";

/// Whether a reply that suffers a fault, beside the one that does not, is what the fault is to make of it.
type Check = fn(&Reply, &Reply) -> bool;

/// Every other test of this crate fails on a reply that is not as documented, unless the fault is one of those that break it.
#[tokio::test]
async fn each_fault_changes_the_reply_in_its_own_way() {
    let checks: [(FaultKind, Check); 16] = [
        (FaultKind::TruncatedBody, |bad, good| {
            bad.status == 200 && bad.bytes == good.bytes[..good.bytes.len() / 2]
        }),
        (FaultKind::WrongContentType, |bad, good| bad.is(200, "text/html") && bad.bytes == good.bytes),
        (FaultKind::BadGateway, |bad, _| bad.is(502, "text/html") && bad.bytes.starts_with(b"<html>")),
        (FaultKind::EmptyError, |bad, _| bad.status == 500 && bad.bytes.is_empty()),
        (FaultKind::InternalError, |bad, _| bad.status == 500 && bad.body["error_code"] == "50252"),
        (FaultKind::Unavailable { retry_after_seconds: Some(7) }, |bad, _| {
            bad.status == 503 && bad.headers["retry-after"] == "7"
        }),
        (FaultKind::Unavailable { retry_after_seconds: None }, |bad, _| {
            bad.status == 503 && !bad.headers.contains_key("retry-after")
        }),
        (FaultKind::HugeBody { mebibytes: 3 }, |bad, good| {
            bad.bytes.len() == good.bytes.len() + 3 * 1024 * 1024 && bad.body == good.body
        }),
        (FaultKind::UnknownStatus, |bad, good| {
            let (bad, good) = (rows(&bad.body), rows(&good.body));
            bad[0]["status"] == "Stopped" && bad[1..] == good[1..]
        }),
        (FaultKind::ExtraMembers, |bad, good| {
            let mut pairs = rows(&bad.body).iter().zip(rows(&good.body));
            bad.body["serverTime"].is_object()
                && pairs.all(|(bad, good)| {
                    let extra = bad["retransmissions"].is_number() && bad["param"]["nodeId"].is_string();
                    extra && bad["param"]["deviceId"] == good["param"]["deviceId"]
                })
        }),
        (FaultKind::NullParam, |bad, _| {
            rows(&bad.body).len() == 10 && rows(&bad.body).iter().all(|row| row["param"].is_null())
        }),
        (FaultKind::RepeatedPage, |bad, good| bad.body["pageNo"] == 3 && rows(&bad.body) != rows(&good.body)),
        (FaultKind::Redirect { location: "https://other.example/x".to_owned() }, |bad, _| {
            bad.status == 307 && bad.headers["location"] == "https://other.example/x"
        }),
        (FaultKind::ErrorUnder200 { code: "105005".to_owned() }, |bad, _| {
            bad.status == 200 && bad.body["error_code"] == "105005"
        }),
        (FaultKind::Throttle, |bad, _| bad.status == 403 && bad.body["error_code"] == "1010009"),
        (FaultKind::Gzip, |bad, good| {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&*bad.bytes).read_to_end(&mut unpacked).unwrap();
            bad.headers["content-encoding"] == "gzip" && unpacked == good.bytes
        }),
    ];
    let (control, demo) = held(Scenario::default()).await;
    let good = demo.get(PAGE).await;
    let mut broken = std::collections::BTreeSet::new();
    for (kind, is_right) in checks {
        control.add_fault(Fault::new(kind.clone()).next(1)).unwrap();
        let bad = demo.get(PAGE).await;
        assert!(is_right(&bad, &good), "{kind:?}: {} {:?} {}", bad.status, bad.headers, bad.body);
        assert_eq!(demo.get(PAGE).await.bytes, good.bytes, "{kind:?} is over");
        let breach = breach("GET", TASK_DETAILS, &bad);
        assert_eq!(breach.is_some(), is_breaking(Some(kind.name())), "{kind:?}: {breach:?}");
        broken.extend(breach.map(|_| kind.name()));
    }
    assert_eq!(broken.len(), BREAKING.len());
}

#[tokio::test]
async fn a_repeated_page_has_the_rows_of_the_one_before() {
    let (control, demo) = held(Scenario::default()).await;
    let (zero, two) = ("taskId=demo&pageSize=10", "taskId=demo&pageSize=10&pageNo=2");
    let (zero, two) = (demo.page(zero).await, demo.page(two).await);
    control.add_fault(Fault::new(FaultKind::RepeatedPage)).unwrap();
    assert_eq!(rows(&demo.page(PAGE).await), rows(&two));
    assert_eq!(demo.page("taskId=demo&pageSize=10").await, zero, "there is no page before page 0");
}

#[tokio::test]
async fn a_dead_token_works_again_after_a_login_alone() {
    let (control, demo) = held(Scenario::default().with_gateway_envelope()).await;
    control.add_fault(Fault::new(FaultKind::TokenDead).next(1)).unwrap();
    for _ in 0..2 {
        let refused = demo.get(PAGE).await;
        assert_eq!((refused.status.as_u16(), &refused.body["resultcode"]), (403, &"1010005".into()));
    }
    let again = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    again.page(PAGE).await;
    let faults = control.journal().entries.into_iter().map(|entry| entry.fault);
    assert_eq!(faults.collect::<Vec<_>>(), [None, Some("token-dead".to_owned()), None, None, None]);
}

#[tokio::test(start_paused = true)]
async fn latency_and_slow_drip_take_their_time() {
    let good = Caller::demo().await.get(PAGE).await;
    let late = Fault::new(FaultKind::Latency { milliseconds: 3_000 }).next(1);
    let control = Control::new(Scenario::default().with_fault(late)).unwrap();
    let drip = Fault::new(FaultKind::SlowDrip { milliseconds: 500 }).on(Operation::ListSubtasks);
    control.add_fault(drip).unwrap();
    let caller = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    assert!(control.clock().now().abs_diff(Duration::from_secs(3)) < Duration::from_millis(20));
    assert_eq!(caller.get(PAGE).await.bytes, good.bytes);
    assert!(control.clock().now().abs_diff(Duration::from_secs(8)) < Duration::from_millis(50));
}

#[tokio::test]
async fn latency_follows_a_manual_clock() {
    let (control, demo) = held(Scenario::default()).await;
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
    let (control, demo) = held(Scenario::default().with_quota(3)).await;
    for (kind, calls, status) in
        [(FaultKind::BadGateway, 5, 502), (FaultKind::Throttle, 4, 403), (FaultKind::TruncatedBody, 2, 200)]
    {
        control.add_fault(Fault::new(kind).next(calls)).unwrap();
        for _ in 0..calls {
            assert_eq!(demo.get(PAGE).await.status, status);
        }
    }
    demo.get(PAGE).await.expect_error(403, "1010009", "app throttle exceed.");
}

#[tokio::test]
async fn without_a_socket_a_reset_and_a_close_half_way_break_the_body() {
    for (kind, before) in [(FaultKind::Reset, false), (FaultKind::CloseHalfWay, true)] {
        let (control, demo) = held(Scenario::default()).await;
        control.add_fault(Fault::new(kind)).unwrap();
        let request = Request::get(format!("{TASK_DETAILS}?{PAGE}"))
            .header("app_key", "demo-app")
            .header("authorization", demo.authorization());
        let response = control.router().oneshot(request.body(Body::empty()).unwrap()).await;
        let mut body = response.unwrap().into_body();
        if before {
            assert!(body.frame().await.unwrap().is_ok());
        }
        assert!(body.frame().await.unwrap().is_err());
    }
}

/// What comes back over a connection of its own, up to its end or its error, from an emulator with this fault.
async fn over_the_wire(kind: FaultKind) -> (Emulator, String, Option<ErrorKind>) {
    let fault = Fault::new(kind).on(Operation::ListSubtasks);
    let emulator = Emulator::builder().scenario(Scenario::default().with_fault(fault)).start().await.unwrap();
    let caller = Caller::at(emulator.control());
    let caller = caller.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let head = format!("GET {TASK_DETAILS}?{PAGE} HTTP/1.1\r\nhost: localhost\r\napp_key: demo-app\r\n");
    let request = format!("{head}authorization: {}\r\n\r\n", caller.authorization());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let end = stream.read_to_end(&mut reply).await;
    (emulator, String::from_utf8(reply).unwrap(), end.err().map(|error| error.kind()))
}

#[tokio::test]
async fn a_reset_connection_is_reset_before_any_byte_of_the_answer() {
    let (emulator, reply, end) = over_the_wire(FaultKind::Reset).await;
    assert_eq!((reply.len(), end), (0, Some(ErrorKind::ConnectionReset)));
    let entry = emulator.control().journal().entries.pop().unwrap();
    assert_eq!((entry.status, entry.reason.as_str()), (None, "10 of 1000 subtasks"), "the platform did it");
}

#[tokio::test]
async fn a_connection_closed_half_way_ends_short_of_its_length() {
    let (_emulator, reply, end) = over_the_wire(FaultKind::CloseHalfWay).await;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let length = head.split_once("content-length: ").unwrap().1.split("\r\n").next().unwrap();
    assert_eq!((body.len(), end), (length.parse::<usize>().unwrap() / 2, None));
}
