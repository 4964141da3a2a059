//! The other address, to which an exam redirects: it sees which headers a client sends there.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Json;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::wire::listener::Listener;

/// A server that ends when it is dropped.
#[derive(Debug)]
pub(super) struct Elsewhere {
    pub(super) address: SocketAddr,
    /// Dropping it is the signal.
    _stop: watch::Sender<()>,
}

/// Takes a port of its own.
pub(super) async fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Hands the headers of every request over, and answers with one row that belongs to no task.
pub(super) fn serve(
    (listener, address): (TcpListener, SocketAddr),
    received: impl Fn(&HeaderMap) + Clone + Send + Sync + 'static,
) -> Elsewhere {
    let router = Router::new().fallback(move |request: Request| {
        let received = received.clone();
        async move {
            received(request.headers());
            // A reader that goes on until a page is empty comes to an end.
            let query = request.uri().query().unwrap_or_default();
            let first =
                form_urlencoded::parse(query.as_bytes()).all(|(name, page)| name != "pageNo" || page == "0");
            let row = json!({ "status": "Success", "output": null, "error": null,
                "param": { "deviceId": "elsewhere", "commandId": "elsewhere" } });
            let rows: Vec<Value> = first.then_some(row).into_iter().collect();
            Json(json!({ "totalCount": 1, "pageNo": 0, "pageSize": 1, "taskDetails": rows }))
        }
    });
    let server = Listener {
        router,
        guard: None,
        #[cfg(feature = "tls")]
        tls: None,
    };
    let (stop, stopped) = watch::channel(());
    tokio::spawn(server.run(listener, stopped, oneshot::channel().0));
    Elsewhere { address, _stop: stop }
}
