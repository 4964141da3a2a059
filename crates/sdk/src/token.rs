//! The token that every call but the login needs: asked for when it is needed, and kept.

use std::time::Duration;

use northbound_client::Secret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::{AppId, Credentials, Error};

/// Where tokens come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The client logs in by itself.
    Login(Credentials),
    /// The user brought a token.
    Ready(AppId, Secret),
}

impl Source {
    pub(crate) fn app_id(&self) -> &AppId {
        match self {
            Self::Login(credentials) => credentials.app_id(),
            Self::Ready(app_id, _) => app_id,
        }
    }
}

/// A token, and when it ends.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    secret: Secret,
    ends: Option<Instant>,
}

impl Token {
    /// A token that lives so long from now; for ever, if nobody says how long.
    pub(crate) fn new(secret: Secret, life: Option<Duration>, now: Instant) -> Self {
        Self { secret, ends: life.and_then(|life| now.checked_add(life)) }
    }

    fn lives(&self, now: Instant) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }
}

/// The token of an application, shared by all clones of a client.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Option<Token>>);

impl Kept {
    /// The token; `log_in` brings one if there is none. Whoever comes meanwhile waits for that login instead of making
    /// another, which would cancel the first one's token.
    pub(crate) async fn get<F>(&self, log_in: impl FnOnce() -> F) -> Result<Secret, Error>
    where
        F: Future<Output = Result<Token, Error>>,
    {
        let mut kept = self.0.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.lives(Instant::now())) {
            return Ok(token.secret.clone());
        }
        let token = log_in().await?;
        Ok(kept.insert(token).secret.clone())
    }

    /// Forgets a token that the platform rejected, unless another one has already taken its place.
    pub(crate) async fn forget(&self, rejected: &Secret) {
        let mut kept = self.0.lock().await;
        if kept.as_ref().is_some_and(|token| token.secret == *rejected) {
            *kept = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(secret: &str) -> Token {
        Token::new(Secret::from(secret), Some(Duration::from_secs(3600)), Instant::now())
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_and_kept() {
        let kept = Kept::default();
        let first = kept.get(|| async { Ok(token("a")) }).await.unwrap();
        let second = kept.get(|| async { panic!("a second login") }).await.unwrap();
        assert_eq!(first, second);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_has_ended_is_replaced() {
        let kept = Kept::default();
        kept.get(|| async { Ok(token("a")) }).await.unwrap();
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(kept.get(|| async { Ok(token("b")) }).await.unwrap(), Secret::from("b"));
    }

    #[tokio::test]
    async fn only_the_rejected_token_is_forgotten() {
        let kept = Kept::default();
        kept.get(|| async { Ok(token("a")) }).await.unwrap();
        kept.forget(&Secret::from("older")).await;
        assert_eq!(kept.get(|| async { Ok(token("b")) }).await.unwrap(), Secret::from("a"));
        kept.forget(&Secret::from("a")).await;
        assert_eq!(kept.get(|| async { Ok(token("b")) }).await.unwrap(), Secret::from("b"));
    }

    #[tokio::test]
    async fn a_failed_login_is_not_kept() {
        let kept = Kept::default();
        assert!(kept.get(|| async { Err(Error::refused("no", "wait")) }).await.is_err());
        assert!(kept.get(|| async { Ok(token("a")) }).await.is_ok());
    }
}
