//! One request and its reply: sends an operation with the generated client, and turns the outcome into our words.
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
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};

use crate::call::attempts;
use crate::call::envelope::{self, Envelope};
use crate::client::endpoint::Endpoint;
use crate::client::tls;
use crate::error::{Error, ErrorKind, Remedy};
use crate::redact::{Secrets, excerpt};

const NORTHBOUND_SIDE: &str = "check that the endpoint is the northbound side of the platform";
const WHERE: &str = "check address and port of the endpoint, the network, and the proxy if one is set";

/// An operation of the document with its parameters, ready to be sent any number of times.
pub(crate) trait Operation: Sync {
    /// What the generated client decodes a good reply to.
    type Body: Send;
    /// What a good reply brings.
    type Reply: Send;

    /// Whether a second call does no harm, should the platform have carried out the first one without our hearing of it.
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

    /// What a reply brings that decoded. It may still report an error, or lack what was asked for.
    fn accept(&self, body: Self::Body, exchange: &Exchange<'_>) -> Result<Self::Reply, Error>;
}

/// The way to the platform, and what no message about it may show.
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: reqwest::Client,
    pub(crate) service: Option<Arc<dyn HttpService>>,
    pub(crate) body_limit: usize,
    pub(crate) secrets: Secrets,
}

impl Connection {
    /// Starts an exchange. The call is as it goes out, with its headers.
    pub(crate) fn exchange<'a>(&'a self, what: &'a str, call: Call) -> Exchange<'a> {
        let call = call.body_limit(self.body_limit);
        let call = self.service.iter().cloned().fold(call, Call::service);
        Exchange { what, connection: self, call, reply_is_secret: false }
    }
}

/// One request and its reply: what is asked for, and what came back so far.
pub(crate) struct Exchange<'a> {
    what: &'a str,
    pub(crate) connection: &'a Connection,
    call: Call,
    /// Whether a good reply is itself a secret, as that of a login is.
    reply_is_secret: bool,
}

impl Exchange<'_> {
    /// Sends an operation once, and turns the outcome of the generated client into ours.
    pub(crate) async fn send<O: Operation>(mut self, operation: &O) -> Result<O::Reply, Error> {
        self.call = operation.prepare(self.call);
        self.reply_is_secret = !O::NEEDS_TOKEN;
        let Connection { endpoint, http, .. } = self.connection;
        let client =
            northbound_client::Client::new_with_client(endpoint.base(), http.clone(), self.call.clone());
        let outcome = match operation.send(&client).await {
            Ok(reply) => operation.accept(reply.into_inner(), &self),
            Err(error) => Err(self.error(error).await),
        };
        outcome.map_err(|error| error.asking(self.what))
    }

    /// An error for a reply that decoded, and says that the call failed all the same.
    pub(crate) fn reported(&self, envelope: Envelope) -> Error {
        self.platform(envelope, self.status())
    }

    /// An error for a reply that decoded, and lacks what it is asked for.
    pub(crate) fn lacking(&self, member: &str) -> Error {
        let found = format!("the reply of HTTP 200 has no {member:?} and reports no error{}", self.shown());
        let error = Error::new(ErrorKind::Undecodable, found, NORTHBOUND_SIDE).with_member(member.to_owned());
        error.with_status(self.status()).with_body(self.excerpt_of_reply())
    }

    /// An error for a login that brings a token which cannot be used.
    pub(crate) fn unusable_token(&self) -> Error {
        let found = "the token of the reply cannot be put into a header";
        Error::new(ErrorKind::Undecodable, found, NORTHBOUND_SIDE).with_status(self.status())
    }

    /// Whether the reply has a member at its top, even if it is null. Only for short replies, of which the whole body is kept.
    pub(crate) fn replied_with(&self, member: &str) -> bool {
        self.call.received().is_some_and(|received| envelope::has_member(&received.body, member))
    }

    async fn error(&self, error: Generated<ErrorResponse>) -> Error {
        match error {
            Generated::ErrorResponse(reply) => {
                let status = reply.status();
                match Envelope::of(&reply) {
                    Some(envelope) => self.platform(envelope, status),
                    None => self.without_code(status),
                }
            }
            Generated::InvalidResponsePayload(body, _) => self.not_as_documented(&body),
            Generated::UnexpectedResponse(response) => match response.bytes().await {
                Ok(body) => self.not_as_documented(&body),
                Err(error) => self.broken(error),
            },
            Generated::CommunicationError(error)
            | Generated::ResponseBodyError(error)
            | Generated::InvalidUpgrade(error) => self.broken(error),
            Generated::InvalidRequest(fault) | Generated::Custom(fault) => Error::refused(
                format!("the call cannot be put into a request ({fault})"),
                "check its parameters",
            ),
        }
    }

    /// The platform reports an error; its words may repeat what was sent.
    fn platform(&self, envelope: Envelope, status: StatusCode) -> Error {
        let description = envelope.description.map(|text| self.redacted(&text));
        let code = match envelope.code {
            known if known.info().is_some() => known,
            code => ErrorCode::from(self.redacted(code.as_str())),
        };
        Error::platform(code, description, status).with_retry_after(self.retry_after())
    }

    /// A whole body came, and it is neither the documented reply nor the documented error.
    fn not_as_documented(&self, body: &[u8]) -> Error {
        let status = self.status();
        match (Envelope::in_body(body), self.call.received().and_then(|received| received.misread)) {
            (_, Some(Misread::TooManyRows)) => Error::new(
                ErrorKind::TooLarge,
                "the page has more than ten times the rows asked for",
                "check that the endpoint is the platform: it has to keep to the page size",
            )
            .with_status(status),
            (Some(envelope), _) => self.platform(envelope, status),
            (None, Some(Misread::At { member, fault })) if status == StatusCode::OK => {
                self.undecodable(&self.redacted(&member), &fault)
            }
            _ => self.without_code(status),
        }
    }

    fn undecodable(&self, member: &str, fault: &str) -> Error {
        let place = if member == "." { String::new() } else { format!(" at {}", excerpt(member)) };
        let fault = if self.reply_is_secret {
            String::new()
        } else {
            format!(" ({})", excerpt(&self.redacted(fault)))
        };
        let found = format!("the reply of HTTP 200 cannot be decoded{place}{fault}{}", self.shown());
        let error = Error::new(
            ErrorKind::Undecodable,
            found,
            "check that the endpoint is the platform, and report it if it is",
        );
        error.with_member(member.to_owned()).with_status(StatusCode::OK).with_body(self.excerpt_of_reply())
    }

    /// An HTTP status that says what happened, with a body that does not.
    fn without_code(&self, status: StatusCode) -> Error {
        let error = if let Some(target) = self.redirect_target(status) {
            let found = format!("HTTP {} points to {target}, and is not followed", status.as_u16());
            Error::new(ErrorKind::Redirect, found, "use that address as the endpoint if you trust it")
        } else {
            let found =
                format!("HTTP {} without an error code of the platform{}", status.as_u16(), self.shown());
            Error::new(ErrorKind::Status, found, "check the endpoint, and the proxies on the way to it")
        };
        error.with_status(status).with_body(self.excerpt_of_reply()).with_retry_after(self.retry_after())
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
        let cause = root_cause(&error);
        let received = self.call.received();
        let broken = if let Some(refused) = causes(&error).find_map(|cause| cause.downcast_ref::<Error>()) {
            refused.clone()
        } else if let Some(distrust) = tls::distrust(causes(&error)) {
            distrust
        } else if is_length_limit(&error) {
            Error::new(ErrorKind::TooLarge, "the reply is longer than allowed", Remedy::RaiseBodyLimit)
        } else if error.is_timeout() {
            let found = format!(
                "no connection to {}, or no reply, in time ({cause})",
                self.connection.endpoint.base()
            );
            Error::new(ErrorKind::Timeout, found, WHERE)
        } else if received.is_some() {
            let found = format!("the connection broke before the whole reply had come ({cause})");
            Error::new(ErrorKind::Connection, found, "try again")
        } else {
            let found = format!(
                "no connection to {}, or no reply over it ({cause})",
                self.connection.endpoint.base()
            );
            Error::new(ErrorKind::Connection, found, WHERE)
        };
        let broken = match received {
            Some(received) => broken.with_status(received.status),
            None => broken,
        };
        broken.with_source(error)
    }

    fn status(&self) -> StatusCode {
        self.call.received().map_or(StatusCode::OK, |received| received.status)
    }

    /// What the body looks like, for a message.
    fn shown(&self) -> String {
        let Some(received) = self.call.received() else { return String::new() };
        let header = |name| {
            let value = received.headers.get(name)?.to_str().ok()?;
            Some(excerpt(&self.redacted(value)))
        };
        let mut shown = ", with ".to_owned();
        if let Some(encoding) = header(CONTENT_ENCODING) {
            shown += &format!("{encoding}-encoded ");
        }
        match (header(CONTENT_TYPE), self.excerpt_of_reply()) {
            _ if received.body.is_empty() => shown += "an empty body",
            (Some(content_type), excerpt) if excerpt.is_empty() => {
                shown += &format!("{} bytes of {content_type}", received.body.len());
            }
            (None, excerpt) if excerpt.is_empty() => shown += &format!("{} bytes", received.body.len()),
            (Some(content_type), excerpt) => shown += &format!("{content_type} `{excerpt}`"),
            (None, excerpt) => shown += &format!("`{excerpt}`"),
        }
        shown
    }

    /// The beginning of the body; nothing, where it may hold a token.
    fn excerpt_of_reply(&self) -> String {
        let Some(received) = self.call.received() else { return String::new() };
        let body = String::from_utf8_lossy(&received.body);
        if self.reply_is_secret && (received.status.is_success() || envelope::may_hold_token(&body)) {
            return String::new();
        }
        excerpt(&self.redacted(&body))
    }

    /// An undocumented status, without the secrets in it if there are any.
    pub(crate) fn redacted_status(&self, status: &SubtaskStatus) -> Option<SubtaskStatus> {
        match status {
            SubtaskStatus::Unknown(word) => {
                self.connection.secrets.redacted_word(word.as_str()).map(SubtaskStatus::from)
            }
            _ => None,
        }
    }

    /// The text without the secrets of this client, should a reply repeat them.
    fn redacted(&self, text: &str) -> String {
        self.connection.secrets.redacted(text)
    }
}

fn is_length_limit(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<LengthLimitError>())
}

fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The causes of an error, outermost first, those inside an I/O error included.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| inner(*cause))
}

/// An I/O error passes over the error that it wraps when asked for its source.
fn inner<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    }
}
