//! An emulator that is asked without a socket, and whose clock a check moves instead of waiting.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use northbound_conformance::{Reply, Request, Server};
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
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply> {
        let mut builder = axum::http::Request::builder().method(request.method.as_str()).uri(&request.target);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(request.body.clone().map_or_else(Body::empty, Body::from)).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let content_type =
                response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
            Ok(Reply { status, content_type, body })
        })
    }

    fn now(&self) -> Duration {
        self.control.clock().now()
    }

    fn wait(&mut self, time: Duration) {
        self.control.advance(time);
    }
}
