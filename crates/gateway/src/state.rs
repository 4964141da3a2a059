//! What all calls of a gateway share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use northbound::{Client, Secret};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, watch};

use crate::reads::Reads;
use crate::tokens::Tokens;
use crate::wire::seats::Seats;

/// Takes the line of each call. It has no secret.
pub(crate) type Log = Box<dyn Fn(String) + Send + Sync>;

/// Answers so far, by operation and status. No status: the caller had gone.
pub(crate) type Counts = Mutex<BTreeMap<(String, Option<u64>), u64>>;

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
}

impl Drop for State {
    fn drop(&mut self) {
        self.reads.stop();
    }
}
