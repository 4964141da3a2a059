//! One request and its reply: sends an operation with the generated client, and converts the outcome to the types of this
//! crate.
//!
//! Tokens, the quota and further attempts belong to [`run`](super::run); what an operation sends belongs to the operation.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http_body_util::LengthLimitError;
use northbound_client::types::ErrorResponse;
use northbound_client::{Call, ErrorCode, HttpService, Misread, SubtaskStatus};
use progenitor_client::{Error as Generated, ResponseValue};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};

use crate::call::attempts;
use crate::call::envelope::{self, Envelope};
use crate::client::endpoint::Endpoint;
use crate::client::tls;
use crate::error::{Error, ErrorKind, Remedy};
use crate::redact::{Secrets, excerpt};

const NORTHBOUND_SIDE: &str = "check that the endpoint is the northbound side of the platform";
const HEAD: &str = "check that the endpoint speaks HTTP, and that no proxy on the way sends a malformed header or more than 100 of them";
const WHERE: &str = "check address and port of the endpoint, the network, and the proxy if one is set";

/// An operation of the document with its parameters, ready to be sent any number of times.
pub(crate) trait Operation: Sync {
    /// What the generated client decodes a good reply to.
    type Body: Send;
    /// What a good reply brings.
    type Reply: Send;

    /// Whether the call may be repeated even if the platform may have carried it out.
    const MAY_REPEAT: bool;
    /// Whether the call needs a token.
    const NEEDS_TOKEN: bool = true;

    /// What is asked for, in an error.
    fn what(&self) -> String;

    /// What is asked for, in traces. The name of the span is one of the few that the crate's page lists.
    fn span(&self) -> tracing::Span;

    /// What the call needs beside its headers.
    fn prepare(&self, call: Call) -> Call {
        call
    }

    /// Sends it once.
    fn send(
        &self,
        client: &northbound_client::Client,
    ) -> impl Future<Output = Result<ResponseValue<Self::Body>, Generated<ErrorResponse>>> + Send;

    /// Decodes a good reply with another 2xx status than the documented one, if the page does not fix the status.
    fn read_success(&self, _body: &[u8]) -> Option<Self::Body> {
        None
    }

    /// What a reply brings that decoded. It may still report an error, or lack what was asked for.
    fn accept(&self, body: Self::Body, exchange: &Exchange<'_>) -> Result<Self::Reply, Error>;
}

/// The connection to the platform, and the secrets that no message may show.
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: reqwest::Client,
    pub(crate) service: Option<Arc<dyn HttpService>>,
    pub(crate) body_limit: usize,
    pub(crate) secrets: Secrets,
}

impl Connection {
    /// Sends an operation once, and turns the outcome of the generated client into ours. The call has its headers.
    pub(crate) async fn send<O: Operation>(&self, operation: &O, call: Call) -> Result<O::Reply, Error> {
        let call = operation.prepare(call.body_limit(self.body_limit));
        let call = self.service.iter().cloned().fold(call, Call::service);
        let (endpoint, http) = (self.endpoint.base(), self.http.clone());
        let client = northbound_client::Client::new_with_client(endpoint, http, call.clone());
        let exchange = Exchange { connection: self, call, reply_is_secret: !O::NEEDS_TOKEN };
        match operation.send(&client).await {
            Ok(reply) => operation.accept(reply.into_inner(), &exchange),
            Err(Generated::UnexpectedResponse(response)) => match response.bytes().await {
                Ok(body) => match operation.read_success(&body).filter(|_| exchange.status().is_success()) {
                    Some(body) => operation.accept(body, &exchange),
                    None => Err(exchange.not_as_documented(&body)),
                },
                Err(error) => Err(exchange.broken(error)),
            },
            Err(error) => Err(exchange.error(error)),
        }
    }
}

/// One request and its reply: what came back so far.
pub(crate) struct Exchange<'a> {
    pub(crate) connection: &'a Connection,
    call: Call,
    /// Whether a good reply is itself a secret, as that of a login is.
    reply_is_secret: bool,
}

impl Exchange<'_> {
    /// An error that the platform reports; its words may repeat what was sent.
    pub(crate) fn reported(&self, envelope: Envelope) -> Error {
        let description = envelope.description.map(|text| self.redacted(&text));
        let code = match envelope.code {
            known if known.info().is_some() => known,
            code => ErrorCode::from(self.redacted(code.as_str())),
        };
        Error::platform(code, description, self.status()).with_retry_after(self.retry_after())
    }

    /// An error for a reply that decoded, and lacks what it is asked for.
    pub(crate) fn lacking(&self, member: &str) -> Error {
        let status = self.status().as_u16();
        let found =
            format!("the reply of HTTP {status} has no {member:?} and reports no error{}", self.shown());
        let error = self.undocumented(ErrorKind::Undecodable, found, NORTHBOUND_SIDE);
        error.with(|details| details.member = Some(member.to_owned()))
    }

    /// An error for a login that brings a token which cannot be used.
    pub(crate) fn unusable_token(&self) -> Error {
        let found = "the token of the reply cannot be put into a header".to_owned();
        self.undocumented(ErrorKind::Undecodable, found, NORTHBOUND_SIDE)
    }

    /// Whether the reply has a member at its top, even if it is null. Only for short replies, of which the whole body is kept.
    pub(crate) fn replied_with(&self, member: &str) -> bool {
        self.call.received().is_some_and(|received| envelope::has_member(&received.body, member))
    }

    fn error(&self, error: Generated<ErrorResponse>) -> Error {
        match error {
            Generated::ErrorResponse(reply) => match Envelope::of(&reply) {
                Some(envelope) => self.reported(envelope),
                None => self.without_code(),
            },
            Generated::InvalidResponsePayload(body, _) => self.not_as_documented(&body),
            // The caller has read its body.
            Generated::UnexpectedResponse(_) => self.without_code(),
            Generated::CommunicationError(error)
            | Generated::ResponseBodyError(error)
            | Generated::InvalidUpgrade(error) => self.broken(error),
            Generated::InvalidRequest(fault) | Generated::Custom(fault) => Error::refused(
                format!("the call cannot be put into a request ({fault})"),
                "check its parameters",
            ),
        }
    }

    /// The whole body came, and is neither the documented reply nor a documented error.
    fn not_as_documented(&self, body: &[u8]) -> Error {
        let status = self.status();
        match (Envelope::in_body(body), self.call.received().and_then(|received| received.misread)) {
            (_, Some(Misread::BrokenOff)) => {
                broke("it has no length, and its JSON ends in the middle").with_status(status)
            }
            (_, Some(Misread::TooManyRows)) => Error::new(
                ErrorKind::TooLarge,
                "the page has more than ten times the rows asked for",
                "check that the endpoint is the platform: it has to keep to the page size",
            )
            .with_status(status),
            (Some(envelope), _) => self.reported(envelope),
            (None, Some(Misread::At { member, fault })) if status.is_success() => {
                self.undecodable(self.redacted(&member), &fault)
            }
            _ => self.without_code(),
        }
    }

    fn undecodable(&self, member: String, fault: &str) -> Error {
        let place = if member == "." { String::new() } else { format!(" at {}", excerpt(&member)) };
        let fault = if self.reply_is_secret {
            String::new()
        } else {
            format!(" ({})", excerpt(&self.redacted(fault)))
        };
        let status = self.status().as_u16();
        let found = format!("the reply of HTTP {status} cannot be decoded{place}{fault}{}", self.shown());
        let advice = match self.encoding() {
            Some(_) => {
                "check the proxies on the way: the client asks for no compression, and one of them compresses replies"
            }
            None => "check that the endpoint is the platform, and report it if it is",
        };
        let error = self.undocumented(ErrorKind::Undecodable, found, advice);
        error.with(|details| details.member = Some(member))
    }

    /// The error for a reply whose HTTP status says what happened, but whose body does not.
    fn without_code(&self) -> Error {
        let status = self.status();
        let http = format!("HTTP {}", status.as_u16());
        if let Some(target) = self.redirect_target(status) {
            let found = format!("{http} points to {target}, and is not followed");
            let advice = "use that address as the endpoint if you trust it";
            return self.undocumented(ErrorKind::Redirect, found, advice);
        }
        let found = format!("{http} without an error code of the platform{}", self.shown());
        let advice = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                "call less often: other programs of this application, or a proxy on the way, may use up the quota"
            }
            _ => "check the endpoint, and the proxies on the way to it",
        };
        let error = self.undocumented(ErrorKind::Status, found, advice);
        error.through(self.connection.endpoint.proxy.as_ref())
    }

    /// An error for a reply that is neither what the document describes nor an error that it describes.
    fn undocumented(&self, kind: ErrorKind, found: String, advice: &'static str) -> Error {
        let body = Some(self.excerpt_of_reply()).filter(|body| !body.is_empty());
        let error = Error::new(kind, found, advice).with_status(self.status());
        error.with(|details| details.body = body).with_retry_after(self.retry_after())
    }

    /// How long the reply asks to wait. The platform documents no such header; a proxy before it may send one.
    fn retry_after(&self) -> Option<Duration> {
        let received = self.call.received()?;
        let asked = received.headers.get(RETRY_AFTER)?.to_str().ok()?;
        attempts::pause_asked_for(asked, SystemTime::now())
    }

    fn redirect_target(&self, status: StatusCode) -> Option<String> {
        let target = self.call.received()?.headers.get(LOCATION)?.to_str().ok()?.to_owned();
        status.is_redirection().then(|| excerpt(&self.redacted(&target)))
    }

    /// No whole body came.
    fn broken(&self, error: reqwest::Error) -> Error {
        let error = error.without_url();
        let is_unsent = error.is_connect() || error.is_builder();
        let cause = causes(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
        let received = self.call.received();
        let place = self.connection.endpoint.base();
        let broken = if let Some(refused) = causes(&error).find_map(|cause| cause.downcast_ref::<Error>()) {
            refused.clone()
        } else if let Some(distrust) = tls::distrust(causes(&error)) {
            distrust
        } else if causes(&error).any(|cause| cause.is::<LengthLimitError>()) {
            Error::new(ErrorKind::TooLarge, "the reply is longer than allowed", Remedy::RaiseBodyLimit)
        } else if error.is_timeout() {
            let found = format!("no connection to {place}, or no reply, in time ({cause})");
            Error::new(ErrorKind::Timeout, found, WHERE)
        } else if received.is_some() {
            broke(&cause)
        } else if causes(&error).any(|cause| cause.downcast_ref().is_some_and(hyper::Error::is_parse)) {
            let found = format!("the head of the reply from {place} cannot be read ({cause})");
            Error::new(ErrorKind::Connection, found, HEAD)
        } else {
            let found = format!("no connection to {place}, or no reply over it ({cause})");
            Error::new(ErrorKind::Connection, found, WHERE)
        };
        let broken = broken.through(self.connection.endpoint.proxy.as_ref());
        let broken = if is_unsent { broken.unsent() } else { broken };
        broken.with_status(received.map(|received| received.status)).with_source(error)
    }

    fn status(&self) -> StatusCode {
        self.call.received().map_or(StatusCode::OK, |received| received.status)
    }

    /// What the body looks like, for a message.
    fn shown(&self) -> String {
        let Some(received) = self.call.received() else { return String::new() };
        let encoded = self.encoding().map(|encoding| format!(" encoded as {encoding}")).unwrap_or_default();
        // Of a long body only the beginning is kept.
        let length = self.header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let length = length.unwrap_or(received.body.len());
        let body = match (self.header(CONTENT_TYPE), self.excerpt_of_reply()) {
            _ if length == 0 => "an empty body".to_owned(),
            (Some(content_type), excerpt) if excerpt.is_empty() => {
                format!("{length} bytes of {content_type}")
            }
            (None, excerpt) if excerpt.is_empty() => format!("{length} bytes"),
            (Some(content_type), excerpt) => format!("{content_type} `{excerpt}`"),
            (None, excerpt) => format!("`{excerpt}`"),
        };
        format!(", with {body}{encoded}")
    }

    /// A header of the reply, for a message.
    fn header(&self, name: HeaderName) -> Option<String> {
        let received = self.call.received()?;
        Some(excerpt(&self.redacted(received.headers.get(name)?.to_str().ok()?)))
    }

    /// How the body is compressed, which the client never asks for, if it is: by its header, or by how gzip begins.
    fn encoding(&self) -> Option<String> {
        let named = self.header(CONTENT_ENCODING).filter(|encoding| encoding != "identity");
        let is_gzip = self.call.received().is_some_and(|received| received.body.starts_with(&[0x1f, 0x8b]));
        named.or_else(|| is_gzip.then(|| "gzip".to_owned()))
    }

    /// The beginning of the body; nothing, where it may hold a token, or is compressed.
    fn excerpt_of_reply(&self) -> String {
        let Some(received) = self.call.received() else { return String::new() };
        let body = String::from_utf8_lossy(&received.body);
        if self.encoding().is_some() {
            return String::new();
        }
        if self.reply_is_secret && (received.status.is_success() || envelope::may_hold_token(&body)) {
            return String::new();
        }
        excerpt(&self.redacted(&body))
    }

    /// An undocumented status, without the secrets in it if there are any.
    pub(crate) fn redacted_status(&self, status: &SubtaskStatus) -> Option<SubtaskStatus> {
        let SubtaskStatus::Unknown(word) = status else { return None };
        self.connection.secrets.redacted_word(word.as_str()).map(SubtaskStatus::from)
    }

    /// The text without the secrets of this client, should a reply repeat them.
    fn redacted(&self, text: &str) -> String {
        self.connection.secrets.redacted(text)
    }
}

/// An error for a reply of which only a part has come.
fn broke(cause: &str) -> Error {
    let found = format!("the connection broke before the whole reply had come ({cause})");
    Error::new(ErrorKind::Connection, found, "try again")
}

/// The causes of an error, outermost first, those inside an I/O error included.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    // An I/O error passes over the error that it wraps when asked for its source.
    std::iter::successors(error.source(), |&cause| {
        match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        }
    })
}
