//! A request for an operation of the document, or for the same rows in another form.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use northbound::ErrorCode;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use crate::http::calls::Note;
use crate::http::document::{Given, Operation};
use crate::http::own::{BODY_LATE, BODY_TOO_LONG, KEY_NEEDED};
use crate::http::refusal::Refusal;
use crate::reads::ReaderId;
use crate::state::State;
use crate::tokens::Tokens;

/// The header that has the application id.
const APP_KEY: &str = "app_key";
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

/// What a call is answered with.
pub(crate) type Answer = Result<Response, Refusal>;

/// A request, and what its call works with.
pub(crate) struct Ask {
    pub(crate) state: Arc<State>,
    pub(crate) note: Note,
    pub(crate) operation: Arc<Operation>,
    pub(crate) headers: HeaderMap,
    uri: Uri,
    body: Body,
}

/// Who makes one of the platform's calls.
pub(crate) struct Caller {
    pub(crate) reader: ReaderId,
    app_id: String,
}

impl FromRequest<Arc<State>> for Ask {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &Arc<State>) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let note: Note = parts.extensions.remove().unwrap_or_default();
        let operation: Arc<Operation> = parts.extensions.remove().unwrap_or_default();
        note.set("call", operation.id.as_str());
        Ok(Self { state: Arc::clone(state), note, operation, headers: parts.headers, uri: parts.uri, body })
    }
}

impl Ask {
    /// The parameters of the operation, checked as the document says.
    pub(crate) fn given(&self) -> Result<Given, Refusal> {
        let place = self.operation.path.split('/').position(|part| part.starts_with('{'));
        let in_path = place.map(|place| self.uri.path().split('/').nth(place).unwrap_or_default());
        // No task has an id that is not UTF-8, so what becomes of such an id does not matter.
        let in_path = in_path.map(|id| percent_decode_str(id).decode_utf8_lossy().into_owned());
        let given = self.operation.read(self.uri.query().unwrap_or_default().as_bytes(), in_path)?;
        self.note.set("task", given.get("taskId"));
        Ok(given)
    }

    /// The same for a call that accepts only these parameters in its query. A misspelt filter is refused, because ignoring it
    /// would return all rows.
    pub(crate) fn given_only(&self, names: &[&str]) -> Result<Given, Refusal> {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        match form_urlencoded::parse(query).find(|(name, _)| !names.contains(&&**name)) {
            Some((name, _)) => Err(self.refused(format!("there is no parameter {name}"))),
            None => self.given(),
        }
    }

    /// Who calls, by the two headers of a call.
    pub(crate) fn caller(&self) -> Result<Caller, Refusal> {
        let refused = |reason: &str| Refusal::documented(&self.operation.id, ErrorCode::InvalidToken, reason);
        let app_id = single(&self.headers, APP_KEY);
        let app_id = app_id.ok_or_else(|| refused("the header app_key has to be given once"))?;
        let token = bearer(&self.headers);
        let token = token.ok_or_else(|| refused("the header authorization is not 'Bearer {accessToken}'"))?;
        let reader = self.state.tokens.reader(token, app_id);
        let reader =
            reader.ok_or_else(|| refused("no login with this app_key got this token, or it has ended"))?;
        Ok(Caller { reader, app_id: app_id.to_owned() })
    }

    /// Who calls, if the token is no longer valid.
    pub(crate) fn former_caller(&self) -> Option<Caller> {
        let app_id = single(&self.headers, APP_KEY)?;
        Some(Caller { reader: Tokens::former(app_id), app_id: app_id.to_owned() })
    }

    /// A request whose parameters are not as the document says.
    pub(crate) fn refused(&self, reason: impl Into<String>) -> Refusal {
        Refusal::bad_parameter(&self.operation.id, reason)
    }

    /// The body, if it is of this type, no longer than this, and comes in time.
    pub(crate) async fn body(&mut self, media_type: &str, most: usize) -> Result<Bytes, Refusal> {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        let given = header(CONTENT_TYPE).and_then(|value| value.split(';').next());
        if !given.is_some_and(|given| given.trim().eq_ignore_ascii_case(media_type)) {
            return Err(self.refused(format!("the content type is not {media_type}")));
        }
        let too_long = || BODY_TOO_LONG.because(format!("the body is longer than {most} bytes"));
        let declared = header(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > most) {
            return Err(too_long());
        }
        let body = Limited::new(std::mem::take(&mut self.body), most).collect();
        match timeout(BODY_TIME, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
            _ => Err(BODY_LATE.because("the body did not come whole")),
        }
    }
}

impl Caller {
    /// The application that a call is for, if it is another one than the caller's own: the gateway's application takes the place
    /// of whatever the caller has logged in as.
    pub(crate) fn other(&self, app_id: Option<String>) -> Option<String> {
        app_id.filter(|app_id| *app_id != self.app_id)
    }
}

/// Whether somebody may use what is the gateway's own: everybody, or with a key those who have it or have logged in.
pub(crate) fn admit(state: &State, headers: &HeaderMap) -> Result<(), Refusal> {
    let has_key = |token| state.is_key(token) || state.tokens.knows(token);
    if state.key.is_none() || bearer(headers).is_some_and(has_key) {
        return Ok(());
    }
    Err(KEY_NEEDED.because("the request has neither the key nor a token"))
}

/// The token of a request. The document writes it as `Bearer {accessToken}`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let token = single(headers, AUTHORIZATION.as_str())?.strip_prefix("Bearer ")?;
    Some(token).filter(|token| !token.is_empty() && !token.contains(' '))
}

/// The value of a header that is given exactly once.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    std::str::from_utf8(value.as_bytes()).ok()
}
