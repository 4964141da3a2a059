//! A token in Redis, and who logs in for it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use northbound::{Client, Secret, Token, TokenError, TokenFuture, TokenSource, Waiting};
use redis::Script;
use tokio::time::sleep;

use super::server::{Server, unique};
use crate::slots::millis;

/// A login belongs to the process that began it for this long. The process renews it until the login has ended.
const LEASE: Duration = Duration::from_secs(3);
/// How often those ask that wait for the login of another process.
const POLL: Duration = Duration::from_millis(100);

/// The token of an application in Redis: see [`RedisShare::tokens`](crate::RedisShare::tokens).
pub struct RedisTokens {
    server: Arc<Server>,
    script: Script,
    keys: [String; 2],
    process: String,
    /// Logs in when there is no token.
    login: Client,
}

impl RedisTokens {
    pub(super) fn new(server: Arc<Server>, keys: &str, login: Client) -> Self {
        let script = Script::new(include_str!("token.lua"));
        let keys = [format!("{keys}token"), format!("{keys}login")];
        Self { server, script, keys, process: unique(), login }
    }

    async fn step(&self, step: &str, details: &[&str]) -> Result<Vec<String>, TokenError> {
        let mut script = self.script.key(&self.keys);
        script.arg(step).arg(&self.process).arg(millis(LEASE));
        self.server.run(script.arg(details)).await
    }

    async fn find_or_log_in(&self, rejected: &str) -> Result<Token, TokenError> {
        loop {
            let reply = self.step("ask", &[rejected]).await?;
            let reply: Vec<_> = reply.iter().map(String::as_str).collect();
            match reply[..] {
                ["token", token, life] => {
                    tracing::debug!("the token of an earlier login is used");
                    return Ok(Token::new(token).lives(Duration::from_millis(life.parse()?)));
                }
                ["login"] => return self.log_in().await,
                _ => sleep(POLL).await,
            }
        }
    }

    /// Logs in, and gives the token to all. A process that cannot do so uses it alone.
    async fn log_in(&self) -> Result<Token, TokenError> {
        let renewals = async {
            loop {
                sleep(LEASE / 3).await;
                // If it fails, the next one may succeed in time.
                drop(self.step("renew", &[]).await);
            }
        };
        let outcome = match select(pin!(self.login.log_in()), pin!(renewals)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((never, _)) => never,
        };
        let kept = match &outcome {
            Ok(token) => {
                let life = token.life().unwrap_or_default();
                let [life, margin] = [life, Token::renewal_margin(life)].map(|time| millis(time).to_string());
                self.step("keep", &[token.secret().expose(), &life, &margin]).await
            }
            Err(_) => self.step("give-up", &[]).await,
        };
        if let Err(error) = kept {
            tracing::warn!("the token of this login is not shared: {error}");
        }
        Ok(outcome?)
    }
}

impl TokenSource for RedisTokens {
    fn token(&self, rejected: Option<&Secret>) -> TokenFuture<'_> {
        let rejected = rejected.map_or_else(String::new, |rejected| rejected.expose().to_owned());
        Box::pin(async move { self.find_or_log_in(&rejected).await })
    }

    /// What a login waits for.
    fn waiting(&self) -> Option<Waiting> {
        self.login.waiting()
    }
}
