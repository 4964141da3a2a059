//! A service in the place of the HTTP client: it answers requests in this process, or stands between a client and the wire.

use std::error::Error;
use std::pin::Pin;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyDataStream, BodyExt as _, Limited};
use reqwest::{Request, Response};
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send>>;

/// A [`tower_service::Service`] of http requests, such as a router of axum. Implement that trait; every such service implements
/// this one.
pub trait HttpService: Send + Sync + 'static {
    #[doc(hidden)]
    fn send(&self, request: Request) -> Answer;
}

impl<S, B> HttpService for S
where
    S: Service<http::Request<reqwest::Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn send(&self, request: Request) -> Answer {
        let mut service = self.clone();
        Box::pin(async move {
            let answer = async {
                let request = request.try_into()?;
                std::future::poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
                service.call(request).await.map_err(Into::into)
            };
            match answer.await.map_err(<dyn Error + Send + Sync>::downcast::<reqwest::Error>) {
                Ok(reply) => {
                    Ok(reply.map(|body| reqwest::Body::wrap_stream(BodyDataStream::new(body))).into())
                }
                Err(Ok(fault)) => Err(*fault),
                Err(Err(fault)) => broken(fault).await,
            }
        })
    }
}

/// An error of reqwest with this cause. Only a body that breaks makes one from outside of reqwest, such as one over its limit.
async fn broken(fault: BoxError) -> reqwest::Result<Response> {
    let mut fault = Some(fault);
    let body = Limited::new(reqwest::Body::from("!"), 0).map_err(move |limit| fault.take().unwrap_or(limit));
    let reply = Response::from(http::Response::new(reqwest::Body::wrap(body)));
    reply.bytes().await.map(|body| http::Response::new(body).into())
}
