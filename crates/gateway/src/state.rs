//! What all calls of a gateway share.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use northbound::{Client, ErrorCode, Secret};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, watch};

use crate::http::document::Operation;
use crate::http::metrics::Counts;
use crate::http::own::KEY_NEEDED;
use crate::http::refusal::Refusal;
use crate::reads::{ReaderId, Reads};
use crate::tokens::Tokens;
use crate::wire::seats::Seats;

/// The header that has the application id.
const APP_KEY: &str = "app_key";

/// Takes the line of each call. It has no secret.
pub(crate) type Log = Box<dyn Fn(String) + Send + Sync>;

/// What all calls share.
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) reads: Reads,
    pub(crate) tokens: Tokens,
    pub(crate) key: Option<Secret>,
    pub(crate) allow_create: bool,
    /// Calls that create a task, at a time: each may have a long body.
    pub(crate) creates: Semaphore,
    pub(crate) counts: Counts,
    pub(crate) log: Log,
    pub(crate) seats: Arc<Seats>,
    pub(crate) stop: watch::Receiver<()>,
    pub(crate) operations: Vec<Operation>,
}

/// Who calls one of the platform's calls.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) reader: ReaderId,
    app_id: String,
}

impl Caller {
    /// The application that a call is for, if it is another one than the caller's own. The gateway's application takes the place
    /// of whatever the caller has logged in as.
    pub(crate) fn other(&self, app_id: Option<String>) -> Option<String> {
        app_id.filter(|app_id| *app_id != self.app_id)
    }
}

impl State {
    /// The operation of this id. All ids that the code knows are in the document, or the gateway would not have started.
    pub(crate) fn operation(&self, id: &'static str) -> Result<&Operation, Refusal> {
        let found = self.operations.iter().find(|operation| operation.id == id);
        found.ok_or_else(|| crate::http::own::UNKNOWN_PATH.because(format!("there is no operation {id}")))
    }

    /// Whether this is the key; there has to be one.
    pub(crate) fn is_key(&self, given: &str) -> bool {
        self.key.as_ref().is_some_and(|key| key.expose().as_bytes().ct_eq(given.as_bytes()).into())
    }

    /// Who makes one of the platform's calls, by its two headers.
    pub(crate) fn caller(&self, operation: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let refused = |reason: &str| Refusal::documented(operation, ErrorCode::InvalidToken, reason);
        let app_id =
            single(headers, APP_KEY).ok_or_else(|| refused("the header app_key has to be given once"))?;
        let token = bearer(headers)
            .ok_or_else(|| refused("the header authorization is not 'Bearer {accessToken}'"))?;
        let reader = self.tokens.reader(token, app_id).ok_or_else(|| {
            refused("the gateway has given this token to nobody who logged in with this app_key, or it has ended: log in again")
        })?;
        Ok(Caller { reader, app_id: app_id.to_owned() })
    }

    /// Whether somebody may use what is the gateway's own: everybody, or with a key those who have it or have logged in.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let has_key = |token| self.is_key(token) || self.tokens.knows(token);
        if self.key.is_none() || bearer(headers).is_some_and(has_key) {
            return Ok(());
        }
        Err(KEY_NEEDED.because("the request has neither the key nor a token"))
    }

    /// Waits until the gateway is told to stop.
    pub(crate) async fn stopped(&self) {
        // It is stopped as well when nobody is left to tell it.
        let _ = self.stop.clone().changed().await;
    }
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
