//! The emulator over a real socket.

use std::error::Error;
use std::time::Duration;

use northbound_emulator::{Emulator, Fault, FaultKind, Scenario, StartError, Task};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::support::{exchange, exchange_checked};

/// A connection on which this was sent.
async fn sent(emulator: &Emulator, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Whether the server closes the connection; gives up when it plainly does not.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    matches!(read, Ok(Ok(_)))
}

const GET: &str = "GET /iocm/app/batchtask/v1.1.0/taskDetails?taskId=demo HTTP/1.1\r\nhost: localhost\r\n";

#[tokio::test]
async fn a_login_and_a_page_go_over_the_wire_at_a_free_port_of_the_loopback_address() {
    let emulator = Emulator::builder().start().await.unwrap();
    assert_eq!(emulator.url(), format!("http://127.0.0.1:{}", emulator.addr().port()));
    let form = "appId=demo-app&secret=demo-secret";
    let login = format!(
        "POST /iocm/app/sec/v1.1.0/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let (_, body) = exchange_checked(&mut stream, &login).await.unwrap();
    let token = body.split(r#""accessToken":""#).nth(1).unwrap().split('"').next().unwrap();
    let get = format!("{GET}connection: close\r\napp_key: demo-app\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let (head, body) = exchange_checked(&mut stream, &get).await.unwrap();
    let begins = r#"{"totalCount":1000,"pageNo":0,"pageSize":25,"taskDetails":[{"status":""#;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body.starts_with(begins), "{head}{body}");
}

#[tokio::test]
async fn an_emulator_that_cannot_start_says_why() {
    let first = Emulator::builder().start().await.unwrap();
    let error = Emulator::builder().listen(first.addr()).start().await.unwrap_err();
    let text = "the port is in use; choose another one, or port 0 for a free one";
    assert_eq!(error.to_string(), format!("cannot listen on {}: {text}", first.addr()));
    assert!(error.source().is_none());
    let scenario = Scenario::empty().with_task(Task::generated("t", "nobody", 1));
    let error = Emulator::builder().scenario(scenario).start().await.unwrap_err();
    assert!(matches!(error, StartError::Scenario(_)));
    let text = "task 't' names the application 'nobody', which the scenario does not have";
    assert_eq!(error.source().unwrap().to_string(), text);
}

#[tokio::test]
async fn an_emulator_that_is_stopped_or_dropped_closes_idle_connections_and_frees_the_port() {
    for is_stopped in [true, false] {
        let emulator = Emulator::builder().start().await.unwrap();
        let addr = emulator.addr();
        let mut stream = sent(&emulator, &format!("{GET}\r\n")).await;
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        if is_stopped {
            emulator.stop().await;
            assert!(TcpStream::connect(addr).await.is_err());
        } else {
            drop(emulator);
        }
        assert!(is_closed(&mut stream).await);
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_emulator_stops() {
    let late = Fault::new(FaultKind::Latency { milliseconds: 1_000 });
    let scenario = Scenario::default().with_manual_clock().with_fault(late);
    let emulator = Emulator::builder().scenario(scenario).start().await.unwrap();
    let control = emulator.control().clone();
    let mut stream = sent(&emulator, &format!("{GET}\r\n")).await;
    while control.journal().entries.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut stop = std::pin::pin!(emulator.stop());
    for _ in 0..10 {
        tokio::select! {
            biased;
            () = &mut stop => panic!("it did not wait for the request"),
            () = tokio::task::yield_now() => {}
        }
    }
    control.advance(Duration::from_secs(1));
    stop.await;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 403 ") && reply.ends_with("is invalid.\"}"), "{reply}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_idle_or_sends_half_a_request_is_disconnected() {
    let emulator = Emulator::builder().start().await.unwrap();
    let login = "POST /iocm/app/sec/v1.1.0/login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 33\r\n\r\nappId=demo-app";
    for request in ["", "GET", GET, &format!("{GET}\r\n"), login] {
        let mut stream = sent(&emulator, request).await;
        assert!(is_closed(&mut stream).await, "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer_is_disconnected() {
    const SIZE: usize = 64 * 1024 * 1024;
    let fault = Fault::new(FaultKind::HugeBody { mebibytes: 64 });
    let emulator = Emulator::builder().scenario(Scenario::default().with_fault(fault)).start().await.unwrap();
    let mut stream = sent(&emulator, &format!("{GET}\r\n")).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    let mut taken = Vec::new();
    let _ = stream.read_to_end(&mut taken).await;
    assert!(taken.len() < SIZE, "{} bytes", taken.len());
}

#[tokio::test]
async fn the_server_refuses_web_pages_and_the_router_does_not() {
    let emulator = Emulator::builder().allow_host("emulator").start().await.unwrap();
    let clock = "GET /_emulator/clock HTTP/1.1\r\nconnection: close\r\n";
    let ask = async |headers: &str| {
        let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
        exchange(&mut stream, &format!("{clock}{headers}\r\n")).await.unwrap().0
    };
    for headers in ["host: emulator:1\r\n", &format!("host: {0}\r\norigin: http://{0}\r\n", emulator.addr())]
    {
        let reply = ask(headers).await;
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
    for headers in ["host: evil.example\r\n", "host: emulator\r\nsec-fetch-site: cross-site\r\n"] {
        let reply = ask(headers).await;
        assert!(reply.starts_with("HTTP/1.1 403 ") && reply.contains("text/plain"), "{reply}");
    }
    let request = axum::http::Request::get("/_emulator/clock").header("host", "evil.example");
    let response =
        emulator.control().router().oneshot(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn waiting_can_be_given_up_and_taken_up_again() {
    let mut emulator = Emulator::builder().start().await.unwrap();
    for _ in 0..2 {
        tokio::select! {
            biased;
            () = emulator.wait() => panic!("it ended by itself"),
            () = tokio::task::yield_now() => {}
        }
    }
    emulator.stop().await;
}
