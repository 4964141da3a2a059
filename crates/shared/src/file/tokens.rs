//! The token in a file.
//!
//! On this platform a login cancels every earlier token of its application: the one that another terminal is using, or the
//! production server. So a token is kept until it ends or the platform refuses it, and processes that need a new one wait
//! for each other: one of them logs in, the others find its token. The lock is held over the login, and ends with the process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use northbound::reqwest::header::HeaderValue;
use northbound::{Client, Secret, Token, TokenError, TokenFuture, TokenSource, Waiting};
use serde::{Deserialize, Serialize};

use super::FileShare;
use crate::application::Application;
use crate::private::{is_private, replace};

/// The token of one application on one platform, shared with other processes of this user. See [`FileShare::tokens`].
#[derive(Debug)]
pub struct FileTokens {
    share: FileShare,
    application: Application,
    /// Logs in when there is no token.
    login: Client,
}

/// What the file holds.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptToken {
    #[serde(flatten)]
    application: Application,
    token: String,
    /// In seconds since 1970.
    from: u64,
    /// `None` if the platform did not say how long it lives.
    until: Option<u64>,
}

impl FileTokens {
    pub(super) fn new(share: FileShare, login: Client) -> Self {
        Self { share, application: Application::of(&login), login }
    }

    async fn find_or_log_in(&self, rejected: Option<&Secret>) -> Result<Token, TokenError> {
        // Waits until no other process logs in.
        let lock = match self.share.lock(&self.application, "token", Duration::MAX).await {
            Ok(lock) => lock,
            Err(error) => {
                self.share.warn_of(&error);
                return Ok(self.login.log_in().await?);
            }
        };
        if let Some(token) = self.read().and_then(|kept| kept.usable(now(), rejected)) {
            tracing::debug!("the token of an earlier login is used");
            return Ok(token);
        }
        let token = self.login.log_in().await?;
        if let Err(error) = self.write(&token) {
            self.share.warn_of(&error);
        }
        drop(lock);
        Ok(token)
    }

    /// What is kept; nothing if it is damaged, is another application's, or could have been read or written by other users.
    fn read(&self) -> Option<KeptToken> {
        let path = self.share.path(&self.application, "token", "json");
        let is_private = is_private(&fs::metadata(&path).ok()?);
        let kept = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let kept = kept.filter(|kept: &KeptToken| is_private && kept.is_sound());
        if kept.is_none() {
            let fault = if is_private { "cannot be read" } else { "was open to other users" };
            self.share.warn(format!("the token in {} is not used: it {fault}", path.display()));
        }
        kept.filter(|kept| kept.application == self.application)
    }

    /// Puts the token in place in one go, in a file that nobody else may read.
    fn write(&self, token: &Token) -> io::Result<()> {
        let from = now();
        let kept = KeptToken {
            application: self.application.clone(),
            token: token.secret().expose().to_owned(),
            from,
            until: end(token, from),
        };
        replace(&self.share.path(&self.application, "token", "json"), &serde_json::to_vec(&kept)?)
    }
}

impl TokenSource for FileTokens {
    fn token(&self, rejected: Option<&Secret>) -> TokenFuture<'_> {
        let rejected = rejected.cloned();
        Box::pin(async move { self.find_or_log_in(rejected.as_ref()).await })
    }

    /// What a login waits for.
    fn waiting(&self) -> Option<Waiting> {
        self.login.waiting()
    }
}

impl KeptToken {
    /// Whether the token can be sent at all: a damaged one would fail for ever.
    fn is_sound(&self) -> bool {
        !self.token.is_empty() && HeaderValue::try_from(&self.token).is_ok()
    }

    /// The token, unless it ends soon or the platform has refused it.
    fn usable(self, now: u64, rejected: Option<&Secret>) -> Option<Token> {
        if rejected.is_some_and(|rejected| rejected.expose() == self.token) {
            return None;
        }
        let Some(until) = self.until else {
            return Some(Token::new(self.token));
        };
        let life = Duration::from_secs(until.saturating_sub(self.from));
        // A clock that was set back makes no token live longer.
        let left = Duration::from_secs(until.saturating_sub(now)).min(life);
        (left > Token::renewal_margin(life)).then(|| Token::new(self.token).lives(left))
    }
}

/// When the token ends, in seconds since 1970. A platform that says "after 0 seconds" does not know.
fn end(token: &Token, from: u64) -> Option<u64> {
    let life = token.life().filter(|life| !life.is_zero())?;
    Some(from.saturating_add(life.as_secs()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn kept(from: u64, until: Option<u64>) -> KeptToken {
        let login = Client::builder("https://h").token(northbound::AppId::new("a").unwrap(), "t0ken");
        let application = Application::of(&login.build().unwrap());
        KeptToken { application, token: "t0ken".to_owned(), from, until }
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let life = |now| kept(1000, Some(4600)).usable(now, None).and_then(|token| token.life());
        assert_eq!(life(1000), Some(Duration::from_secs(3600)));
        assert_eq!(life(4299), Some(Duration::from_secs(301)));
        assert_eq!(life(4300), None);
        assert_eq!(life(9999), None);
        assert_eq!(life(10), Some(Duration::from_secs(3600)), "a clock that was set back");
        assert!(kept(1000, Some(1010)).usable(1008, None).is_some());
        assert!(kept(1000, Some(1010)).usable(1009, None).is_none());
        assert!(kept(1000, None).usable(u64::MAX, None).is_some_and(|token| token.life().is_none()));
    }

    #[test]
    fn a_token_that_lives_for_0_seconds_is_used_until_it_is_refused() {
        let token = |seconds| Token::new("t0ken").lives(Duration::from_secs(seconds));
        assert_eq!([end(&token(0), 1000), end(&token(60), 1000)], [None, Some(1060)]);
    }

    #[test]
    fn a_token_that_the_platform_refused_is_not_used_again() {
        assert!(kept(0, None).usable(0, Some(&Secret::from("t0ken"))).is_none());
        assert!(kept(0, None).usable(0, Some(&Secret::from("another"))).is_some());
    }
}

#[cfg(test)]
mod simulation;
