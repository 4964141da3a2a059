//! Where a gateway listens, and how it stops.

use std::time::Duration;

use northbound_emulator::{Control, Fault, FaultKind, Scenario};
use northbound_gateway::{Gateway, Listen, StartError};
use northbound_testkit::Emulated;

use crate::{LOOPBACK, TASKS, address, ask, caller, client, log_in, started};

fn gateway() -> northbound_gateway::Builder {
    Gateway::builder(client("http://127.0.0.1:1").build().unwrap())
}

#[tokio::test]
async fn beyond_this_machine_and_to_create_tasks_it_needs_a_key() {
    let everywhere = Listen::Tcp(([0, 0, 0, 0], 0).into());
    assert!(matches!(gateway().start(everywhere.clone()).await, Err(StartError::NoKey(_))));
    let creating = gateway().allow_create(true).start(Listen::Tcp(LOOPBACK.into())).await;
    assert!(matches!(creating, Err(StartError::NoKeyForCreating)));
    gateway().key("k3y").allow_create(true).start(everywhere).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let first = gateway().start(Listen::Tcp(LOOPBACK.into())).await.unwrap();
    let second = gateway().start(Listen::Tcp(address(&first))).await;
    assert!(second.unwrap_err().to_string().contains("it is in use"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_private_replaces_one_that_was_left_behind_and_goes_with_the_gateway() {
    use std::os::unix::fs::PermissionsExt as _;
    use tokio::net::UnixStream;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    let listen = || Listen::Unix(path.clone());
    // A gateway that was killed leaves its socket behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let running = gateway().start(listen()).await.unwrap();
    assert_eq!(running.url(), format!("unix:{}", path.display()));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // A client names any host there.
    let request = crate::request("GET /healthz", "", "").replace("localhost", "anything");
    assert_eq!(crate::send(UnixStream::connect(&path).await.unwrap(), &request).await.status, 200);
    assert!(matches!(gateway().start(listen()).await, Err(StartError::InUse(_))));
    running.stop().await;
    assert!(!path.exists() && folder.path().read_dir().unwrap().next().is_none());
    std::fs::write(&path, "a file of somebody").unwrap();
    assert!(matches!(gateway().start(listen()).await, Err(StartError::InUse(_))));
}

#[tokio::test]
async fn a_call_under_way_ends_before_the_gateway_does_and_no_other_begins() {
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    let emulator = Emulated::serving(&control).await;
    let (gateway, _log) = started(client(&emulator.url()), |gateway| gateway).await;
    let at = address(&gateway);
    let token = log_in(at, "app", "x").await.token();
    let headers = caller("app", &token);
    let path = format!("GET {TASKS}/demo");
    assert_eq!(ask(at, &path, &headers, "").await.status, 200);
    control.add_fault(Fault::new(FaultKind::Latency { milliseconds: 1000 })).unwrap();
    let asked = control.journal().entries.len();
    let call = tokio::spawn(async move { ask(at, &path, &headers, "").await });
    while control.journal().entries.len() == asked {
        tokio::task::yield_now().await;
    }
    let mut stop = tokio::spawn(gateway.stop());
    while tokio::net::TcpStream::connect(at).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(tokio::time::timeout(Duration::ZERO, &mut stop).await.is_err(), "the call is under way");
    control.advance(Duration::from_secs(1));
    assert_eq!(call.await.unwrap().status, 200);
    stop.await.unwrap();
}
