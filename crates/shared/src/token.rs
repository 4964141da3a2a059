//! The rules of a token that processes share: until when it is used. Decides only; the clock is the caller's, and so is the place
//! where the token is kept.

use std::time::Duration;

use northbound::reqwest::header::HeaderValue;
use northbound::{Secret, Token};
use serde::{Deserialize, Serialize};

/// A token, and its life in seconds since 1970.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptToken {
    token: String,
    from: u64,
    /// `None` if the platform did not say how long it lives.
    until: Option<u64>,
}

impl KeptToken {
    /// The token of a login that has just ended.
    pub fn new(token: &Token, now: u64) -> Self {
        let until = token.life().map(|life| now.saturating_add(life.as_secs()));
        Self { token: token.secret().expose().to_owned(), from: now, until }
    }

    /// Whether the token can be sent at all: a damaged one would fail for ever.
    pub(crate) fn is_sound(&self) -> bool {
        !self.token.is_empty() && HeaderValue::try_from(&self.token).is_ok()
    }

    /// The token, unless it ends soon or the platform has refused it.
    pub fn usable(self, now: u64, rejected: Option<&Secret>) -> Option<Token> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that came at this time, and what the platform said of its life.
    fn kept(now: u64, life: Option<u64>) -> KeptToken {
        let token = Token::new("t0ken");
        let token = life.map_or(token.clone(), |life| token.lives(Duration::from_secs(life)));
        KeptToken::new(&token, now)
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let life = |now| kept(1000, Some(3600)).usable(now, None).and_then(|token| token.life());
        assert_eq!(life(1000), Some(Duration::from_secs(3600)));
        assert_eq!(life(4299), Some(Duration::from_secs(301)));
        assert_eq!(life(4300), None);
        assert_eq!(life(9999), None);
        assert_eq!(life(10), Some(Duration::from_secs(3600)), "a clock that was set back");
        assert!(kept(1000, Some(10)).usable(1008, None).is_some());
        assert!(kept(1000, Some(10)).usable(1009, None).is_none());
        for unknown in [None, Some(0)] {
            let found = kept(1000, unknown).usable(u64::MAX, None);
            assert!(found.is_some_and(|token| token.life().is_none()), "until it is refused");
        }
    }

    #[test]
    fn a_token_that_the_platform_refused_is_not_used_again() {
        assert!(kept(0, None).usable(0, Some(&Secret::from("t0ken"))).is_none());
        assert!(kept(0, None).usable(0, Some(&Secret::from("another"))).is_some());
    }
}
