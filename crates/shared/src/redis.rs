//! Token and quota in Redis or Valkey, for the processes of several machines.
//!
//! Each question is one script, which the server carries out as one step by its own clock. [`server`] asks, `quota.lua` and
//! `token.lua` decide.

mod quota;
mod server;
mod tokens;

use std::fmt;
use std::sync::Arc;

use northbound::Client;

pub use quota::RedisQuota;
use server::Server;
pub use tokens::RedisTokens;

/// A Redis or Valkey in which processes share the quota and the token of their applications.
///
/// **Whoever can read it has the token.** Protect it like the application's secret: with a password, and with TLS (`rediss://`)
/// in a network that you do not trust. With TLS, the server's certificate must come from an authority of the system.
///
/// Clones share a connection. Nothing is sent before the first call. Neither errors nor `Debug` show the password.
///
/// ```
/// use northbound::{AppId, Client, Credentials};
/// use northbound_shared::RedisShare;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let share = RedisShare::new("redis://:p4ssw0rd@redis.example:6379")?;
/// let platform = || Client::builder("https://platform.example:8743");
/// let login = platform().credentials(Credentials::new("meters", "s3cret")?).build()?;
/// let quota = login.quota().clone().shared(share.quota(&login));
/// let client = platform().token_source(AppId::new("meters")?, share.tokens(login)).quota(quota).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisShare(Arc<Server>);

impl RedisShare {
    /// Shares through the server at `redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE]`, or with TLS at `rediss://…`.
    ///
    /// # Errors
    /// When the text is not such an address.
    pub fn new(address: &str) -> Result<Self, InvalidAddress> {
        Server::new(address).map(|server| Self(Arc::new(server))).ok_or(InvalidAddress)
    }

    /// The token of the application of `login`. This client logs in when there is no token.
    ///
    /// One process logs in at a time. If it dies meanwhile, another one does so 3 seconds later.
    pub fn tokens(&self, login: Client) -> RedisTokens {
        let keys = keys(&login);
        RedisTokens::new(Arc::clone(&self.0), &keys, login)
    }

    /// The quota of the application of this client, for [`Quota::shared`](northbound::Quota::shared).
    pub fn quota(&self, client: &Client) -> RedisQuota {
        RedisQuota::new(Arc::clone(&self.0), &keys(client))
    }
}

impl fmt::Debug for RedisShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisShare").field(&self.0.name()).finish()
    }
}

/// What the keys of an application begin with. The braces keep them on one node of a cluster.
fn keys(client: &Client) -> String {
    format!("northbound:{{{} {}}}:", client.endpoint(), client.app_id())
}

/// The error for a text that is not the address of a Redis. It does not show the text, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidAddress;

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address such as redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT/DATABASE")
    }
}

impl std::error::Error for InvalidAddress {}

#[cfg(test)]
#[cfg(feature = "needs-redis")]
mod tests;
