//! The rules of tokens: one works at a time, and not for ever.

use std::collections::HashMap;
use std::time::Duration;

use axum::response::Response;

use crate::api::refusal::{Verdict, shown};
use crate::api::{AccessToken, Seconds, Secret, json_text};
use crate::draw::{self, Purpose};

/// The newest token of each application.
#[derive(Debug)]
pub(crate) struct Tokens {
    seed: u64,
    lifetime: Duration,
    newest: HashMap<String, Issued>,
}

#[derive(Debug)]
struct Issued {
    login: u64,
    expires_at: Duration,
}

/// The two texts that a login hands out, and how long they work.
pub(crate) struct TokenPair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    lifetime: Duration,
}

impl TokenPair {
    /// The answer to the login of this application.
    pub(crate) fn answer(self, app_id: &str) -> Response {
        let token = AccessToken {
            access_token: Some(Secret(self.access)),
            token_type: Some("bearer".to_owned()),
            expires_in: Some(Seconds(self.lifetime.as_secs())),
            refresh_token: Some(Secret(self.refresh)),
            scope: Some("default".to_owned()),
        };
        let reason = format!("a token; earlier ones of application {} are cancelled", shown(app_id));
        let verdict = Verdict { application: Some(app_id.to_owned()), reason, ..Verdict::default() };
        verdict.answer(json_text(&token).into_bytes())
    }
}

/// Why a token does not work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// The application has not logged in, or is none.
    NeverIssued,
    /// Another login of the application cancelled it, or it was never a token of this application.
    NotTheNewest,
    /// It is the newest one, but its time is over.
    Expired,
}

impl Tokens {
    pub(crate) fn new(seed: u64, lifetime: Duration) -> Self {
        Self { seed, lifetime, newest: HashMap::new() }
    }

    /// Issues a token, which cancels the earlier one of this application.
    pub(crate) fn issue(&mut self, app_id: &str, now: Duration) -> TokenPair {
        let login = self.newest.get(app_id).map_or(0, |issued| issued.login + 1);
        let expires_at = now.saturating_add(self.lifetime);
        self.newest.insert(app_id.to_owned(), Issued { login, expires_at });
        TokenPair {
            access: self.text(app_id, login, Purpose::AccessToken),
            refresh: self.text(app_id, login, Purpose::RefreshToken),
            lifetime: self.lifetime,
        }
    }

    /// Cancels the token of this application, if it has one, as a login does.
    pub(crate) fn cancel(&mut self, app_id: &str) {
        if let Some(issued) = self.newest.get_mut(app_id) {
            issued.login += 1;
        }
    }

    /// Whether `token` is the one that works for this application now.
    pub(crate) fn check(&self, app_id: &str, token: &str, now: Duration) -> Result<(), BadToken> {
        let issued = self.newest.get(app_id).ok_or(BadToken::NeverIssued)?;
        if self.text(app_id, issued.login, Purpose::AccessToken) != token {
            Err(BadToken::NotTheNewest)
        } else if now >= issued.expires_at {
            Err(BadToken::Expired)
        } else {
            Ok(())
        }
    }

    /// Follows from seed, application and number of the login: the same calls get the same tokens.
    fn text(&self, app_id: &str, login: u64, purpose: Purpose) -> String {
        draw::hex32(draw::key(self.seed, app_id), login, purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_works_until_its_lifetime_is_over() {
        let mut tokens = Tokens::new(1, HOUR);
        let token = tokens.issue("a", at(10)).access;
        assert_eq!(tokens.check("a", &token, at(10)), Ok(()));
        assert_eq!(tokens.check("a", &token, at(3609)), Ok(()));
        assert_eq!(tokens.check("a", &token, at(3610)), Err(BadToken::Expired));
    }

    #[test]
    fn a_login_cancels_the_earlier_token_of_its_application_only() {
        let mut tokens = Tokens::new(1, HOUR);
        let (first, other) = (tokens.issue("a", at(0)).access, tokens.issue("b", at(0)).access);
        let second = tokens.issue("a", at(1)).access;
        assert_eq!(tokens.check("a", &first, at(1)), Err(BadToken::NotTheNewest));
        assert_eq!(tokens.check("a", &second, at(1)), Ok(()));
        assert_eq!(tokens.check("b", &other, at(1)), Ok(()));
    }

    #[test]
    fn a_token_works_for_its_own_application_only() {
        let mut tokens = Tokens::new(1, HOUR);
        let token = tokens.issue("a", at(0)).access;
        tokens.issue("b", at(0));
        assert_eq!(tokens.check("b", &token, at(0)), Err(BadToken::NotTheNewest));
        assert_eq!(tokens.check("c", &token, at(0)), Err(BadToken::NeverIssued));
    }

    #[test]
    fn a_refresh_token_is_no_access_token() {
        let mut tokens = Tokens::new(1, HOUR);
        let refresh = tokens.issue("a", at(0)).refresh;
        assert_eq!(tokens.check("a", &refresh, at(0)), Err(BadToken::NotTheNewest));
    }
}
