//! Token and quota in Redis or Valkey, for the processes of several machines.
//!
//! Each question is one script, which the server carries out as one step by its own clock. [`server`] asks, `quota.lua` and
//! `token.lua` decide.

mod quota;
mod server;
mod tokens;

use std::fmt;
use std::sync::Arc;

use northbound::{AppId, Client, QuotaStore, TokenSource};

use server::Server;

/// A Redis or Valkey in which processes share the quota and the token of their applications.
///
/// Whoever can read it has the token, so protect it as you protect the application's secret: with a password, and with TLS
/// (`rediss://`) beyond a network that you trust. Then the server's certificate must come from an authority of the system.
///
/// Clones share a connection. Nothing is sent before the first call. Neither errors nor `Debug` show the password.
///
/// ```
/// use northbound::{AppId, Client, Credentials, Quota};
/// use northbound_shared::RedisShare;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (endpoint, app_id) = ("https://platform.example:8743", AppId::new("meters")?);
/// let share = RedisShare::new("redis://:p4ssw0rd@redis.example:6379")?;
/// let quota = Quota::default().shared(share.quota(endpoint, &app_id));
///
/// let login = Client::builder(endpoint).credentials(Credentials::new("meters", "s3cret")?).quota(quota.clone()).build()?;
/// let client = Client::builder(endpoint).token_source(app_id, share.token(login)).quota(quota).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisShare(Arc<Server>);

impl RedisShare {
    /// A server at `redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE]`, or with TLS at `rediss://…`.
    ///
    /// # Errors
    /// When this is no such address.
    pub fn new(address: &str) -> Result<Self, InvalidAddress> {
        Server::new(address).map(|server| Self(Arc::new(server))).ok_or(InvalidAddress)
    }

    /// Keeps the slots of this application, for [`Quota::shared`](northbound::Quota::shared).
    ///
    /// Processes share a quota if they give the same text for the endpoint: the host name and the address of one platform are two
    /// quotas.
    pub fn quota(&self, endpoint: &str, app_id: &AppId) -> impl QuotaStore + use<> {
        quota::SharedQuota::new(Arc::clone(&self.0), &keys(endpoint, app_id))
    }

    /// Keeps the token of the application of this client, which logs in when there is none.
    ///
    /// One process logs in at a time. If it dies meanwhile, another one does so 3 seconds later.
    pub fn token(&self, login: Client) -> impl TokenSource + use<> {
        let keys = keys(login.endpoint(), login.app_id());
        tokens::SharedToken::new(Arc::clone(&self.0), &keys, login)
    }
}

impl fmt::Debug for RedisShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisShare").field(&self.0.name()).finish()
    }
}

/// What the keys of an application begin with. The braces keep them on one node of a cluster.
fn keys(endpoint: &str, app_id: &AppId) -> String {
    format!("northbound:{{{} {app_id}}}:", endpoint.trim_end_matches('/'))
}

/// The name of a process, or of something in it, that no other one has.
fn unique() -> String {
    format!("{:016x}", fastrand::u64(..))
}

/// A text that is not the address of a Redis. It is not shown, since it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidAddress;

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address such as redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT/DATABASE")
    }
}

impl std::error::Error for InvalidAddress {}

#[cfg(test)]
mod tests;
