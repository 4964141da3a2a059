//! What all calls of a gateway share.

use std::sync::Arc;

use axum::http::HeaderMap;
use northbound::{Client, Secret};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, watch};

use crate::http::ask::bearer;
use crate::http::metrics::Counts;
use crate::http::own::KEY_NEEDED;
use crate::http::refusal::Refusal;
use crate::reads::Reads;
use crate::tokens::Tokens;
use crate::wire::seats::Seats;

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
}

impl State {
    /// Whether this is the key; there has to be one.
    pub(crate) fn is_key(&self, given: &str) -> bool {
        self.key.as_ref().is_some_and(|key| key.expose().as_bytes().ct_eq(given.as_bytes()).into())
    }

    /// Whether somebody may use what is the gateway's own: everybody, or with a key those who have it or have logged in.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let has_key = |token| self.is_key(token) || self.tokens.knows(token);
        if self.key.is_none() || bearer(headers).is_some_and(has_key) {
            return Ok(());
        }
        Err(KEY_NEEDED.because("the request has neither the key nor a token"))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.reads.stop();
    }
}
