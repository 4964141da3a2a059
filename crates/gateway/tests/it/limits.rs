//! What callers may not do: pages in a browser, foreign hosts, slow readers, idle connections, long bodies.

use northbound_emulator::Scenario;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::{DETAILS, Gate, LOGIN, Reply, TASKS, ask, caller, request};

#[tokio::test]
async fn a_page_in_a_browser_and_a_foreign_host_name_are_refused() {
    let gate =
        Gate::of(Scenario::default().with_quota(0), |gateway| gateway.allow_host("Gateway.Example")).await;
    let token = gate.log_in("app", "x").await.token();
    for (path, login) in [
        (format!("GET {DETAILS}?taskId=demo&pageSize=1"), caller("app", &token)),
        ("GET /v1/tasks/demo/summary".to_owned(), String::new()),
    ] {
        for (host, more, code) in [
            ("localhost", "origin: http://evil.example\r\n", "gateway-foreign-page"),
            ("localhost", "origin: null\r\n", "gateway-foreign-page"),
            ("localhost", "sec-fetch-site: cross-site\r\n", "gateway-foreign-page"),
            ("evil.example", "", "gateway-foreign-host"),
            ("127.0.0.1.evil.example:80", "", "gateway-foreign-host"),
            ("gateway.example:8744", "", ""),
            ("127.0.0.1:1", "sec-fetch-site: same-origin\r\n", ""),
        ] {
            let text = request(&path, &format!("{login}{more}"), "").replace("localhost", host);
            let reply = crate::send(TcpStream::connect(gate.at).await.unwrap(), &text).await;
            let expected = if code.is_empty() { (200, String::new()) } else { (403, code.to_owned()) };
            assert_eq!(reply.error(), expected, "{host} {more}");
        }
    }
}

/// Reads nothing of a long answer: the gateway holds a few pages at most, and others are served.
#[tokio::test]
async fn a_slow_reader_holds_back_its_own_read_alone() {
    let scenario = Scenario::default().with_quota(0).with_demo_subtasks(20_000);
    let gate = Gate::of(scenario, |gateway| gateway).await;
    let slow = TcpSocket::new_v4().unwrap();
    slow.set_recv_buffer_size(8 * 1024).unwrap();
    let mut slow = slow.connect(gate.at).await.unwrap();
    slow.write_all(request("GET /v1/tasks/demo/subtasks", "", "").as_bytes()).await.unwrap();
    slow.readable().await.unwrap();
    // The read goes on until buffers are full, then no call is made any more.
    let calls = || gate.control.journal().entries.len();
    let mut still = (calls(), 0);
    while still.1 < 50 {
        assert_eq!(ask(gate.at, "GET /healthz", "", "").await.status, 200);
        still = if calls() == still.0 { (still.0, still.1 + 1) } else { (calls(), 0) };
    }
    assert!(still.0 < 60, "{} of 80 pages were read for nobody", still.0);
    let token = gate.log_in("app", "x").await.token();
    assert_eq!(gate.get(&token, &format!("{TASKS}/demo")).await.status, 200);
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(String::from_utf8_lossy(&rest).contains(r#"{"end":{"complete":true,"rows":20000}}"#));
}

#[tokio::test]
async fn with_two_thousand_idle_connections_a_new_caller_is_served() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let gate = Gate::start().await;
    let mut idle = Vec::new();
    for number in 0..2_000 {
        let mut stream = TcpStream::connect(gate.at).await.unwrap();
        if number % 2 == 0 {
            // Half of a head, as of a caller that never finishes it.
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.unwrap();
        }
        idle.push(stream);
    }
    let metrics = ask(gate.at, "GET /metrics", "", "").await;
    assert!(metrics.body.contains("northbound_gateway_connections 1500\n"), "{metrics:?}");
    let token = gate.log_in("app", "x").await.token();
    assert_eq!(gate.get(&token, &format!("{TASKS}/demo")).await.status, 200);
}

#[tokio::test]
async fn a_body_of_a_gigabyte_is_refused_before_it_has_come() {
    let gate = Gate::of(Scenario::default(), |gateway| gateway.key("k3y").allow_create(true)).await;
    let token = gate.log_in("app", "k3y").await.token();
    let create = format!("{}content-type: application/json\r\n", caller("app", &token));
    let form = "content-type: application/x-www-form-urlencoded\r\n".to_owned();
    for (path, headers) in [(TASKS, create), (LOGIN, form)] {
        for framing in ["content-length: 1073741824\r\n", "transfer-encoding: chunked\r\n"] {
            let stream = TcpStream::connect(gate.at).await.unwrap();
            let (mut read, mut write) = stream.into_split();
            write
                .write_all(request(&format!("POST {path}"), &format!("{headers}{framing}"), "").as_bytes())
                .await
                .unwrap();
            let sending = tokio::spawn(async move {
                let piece = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
                let mut sent = 0;
                while sent < 1 << 30 && write.write_all(&piece).await.is_ok() {
                    sent += 0x10000;
                }
                sent
            });
            let mut reply = vec![0; 4096];
            let length = read.read(&mut reply).await.unwrap();
            let reply = Reply::of(&String::from_utf8_lossy(&reply[..length]));
            assert_eq!(reply.error(), (413, "gateway-body-too-long".to_owned()), "{path} {framing}");
            drop(read);
            let sent = sending.await.unwrap();
            assert!(sent < 64 << 20, "{sent} bytes of {path} {framing} were taken");
        }
    }
}
