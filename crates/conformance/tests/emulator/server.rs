//! An emulator that is asked without a socket, and whose clock a check moves instead of waiting.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use northbound_conformance::Server;
use northbound_emulator::Control;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

pub(super) struct InProcess {
    control: Control,
    router: Router,
    runtime: Runtime,
}

impl InProcess {
    pub(super) fn new(control: Control, router: Router) -> Self {
        Self { control, router, runtime: Builder::new_current_thread().build().unwrap() }
    }
}

impl Server for InProcess {
    fn answer(&mut self, request: Request<String>) -> std::io::Result<Response<Vec<u8>>> {
        self.runtime.block_on(async {
            let reply = self.router.clone().oneshot(request.map(Body::from)).await.unwrap();
            let (head, body) = reply.into_parts();
            Ok(Response::from_parts(head, to_bytes(body, usize::MAX).await.unwrap().to_vec()))
        })
    }

    fn is_on_this_machine(&self) -> bool {
        true
    }

    fn now(&self) -> Duration {
        self.control.clock().now()
    }

    fn wait(&mut self, time: Duration) {
        self.control.advance(time);
    }
}
