//! The token in a file.
//!
//! On this platform a login cancels every earlier token of its application: the one that another terminal is using, or the
//! production server. So a token is kept until it ends or the platform refuses it, and processes that need a new one wait
//! for each other: one of them logs in, the others find its token. The lock is held over the login, and ends with the process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use northbound::{Client, Secret, Token, TokenError, TokenFuture, TokenSource, Waiting};
use serde::{Deserialize, Serialize};

use super::FileShare;
use crate::application::Application;
use crate::private::{is_private, replace};
use crate::token::KeptToken;

/// The token of one application on one platform, shared with other processes of this user. See [`FileShare::tokens`].
#[derive(Debug)]
pub struct FileTokens {
    share: FileShare,
    application: Application,
    /// Logs in when there is no token.
    login: Client,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    application: Application,
    #[serde(flatten)]
    token: KeptToken,
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
        if let Some(token) = self.read().and_then(|kept| kept.token.usable(now(), rejected)) {
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
    fn read(&self) -> Option<Kept> {
        let path = self.share.path(&self.application, "token", "json");
        let is_private = is_private(&fs::metadata(&path).ok()?);
        let kept = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let kept = kept.filter(|kept: &Kept| is_private && kept.token.is_sound());
        if kept.is_none() {
            let fault = if is_private { "cannot be read" } else { "was open to other users" };
            self.share.warn(format!("the token in {} is not used: it {fault}", path.display()));
        }
        kept.filter(|kept| kept.application == self.application)
    }

    /// Puts the token in place in one go, in a file that nobody else may read.
    fn write(&self, token: &Token) -> io::Result<()> {
        let kept = Kept { application: self.application.clone(), token: KeptToken::new(token, now()) };
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

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
