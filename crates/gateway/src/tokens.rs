//! Local tokens, which a login at the gateway returns. They are independent of the platform's token, and a new one does not
//! cancel others.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::Instant;

use crate::reads::ReaderId;

/// How long a token works, as on the platform.
pub(crate) const LIFE: Duration = Duration::from_secs(3600);
/// How many tokens work at a time. A further login ends the oldest one.
const MOST: usize = 10_000;

/// The tokens that work.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<Table>);

#[derive(Default)]
struct Table {
    last: u64,
    tokens: HashMap<String, Holder>,
    /// In the order in which they end.
    order: VecDeque<(Instant, String)>,
}

/// Whose token it is.
#[derive(Clone)]
struct Holder {
    reader: ReaderId,
    app_id: String,
}

impl Tokens {
    /// A new token for this application id, or what the system says if it has no random numbers.
    pub(crate) fn issue(&self, app_id: String) -> Result<String, ring::error::Unspecified> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes)?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = Instant::now();
        let mut table = self.lock();
        table.drop_ended(now, MOST - 1);
        table.last += 1;
        let reader = ReaderId { token: table.last, app: number_of(&app_id) };
        table.tokens.insert(token.clone(), Holder { reader, app_id });
        table.order.push_back((now + LIFE, token.clone()));
        Ok(token)
    }

    /// Whose token this is, if it works for this application id.
    pub(crate) fn reader(&self, token: &str, app_id: &str) -> Option<ReaderId> {
        self.holder(token).filter(|holder| holder.app_id == app_id).map(|holder| holder.reader)
    }

    /// Whoever had a token of this application that does not work any more.
    pub(crate) fn former(app_id: &str) -> ReaderId {
        ReaderId { token: 0, app: number_of(app_id) }
    }

    /// Whether this token works, whoever has it.
    pub(crate) fn knows(&self, token: &str) -> bool {
        self.holder(token).is_some()
    }

    /// How many tokens work.
    pub(crate) fn count(&self) -> usize {
        let mut table = self.lock();
        table.drop_ended(Instant::now(), MOST);
        table.tokens.len()
    }

    fn holder(&self, token: &str) -> Option<Holder> {
        let mut table = self.lock();
        table.drop_ended(Instant::now(), MOST);
        table.tokens.get(token).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number_of(app_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    app_id.hash(&mut hasher);
    hasher.finish()
}

impl Table {
    /// Drops the tokens whose time is over, and the oldest ones beyond this number.
    fn drop_ended(&mut self, now: Instant, most: usize) {
        while let Some((end, _)) = self.order.front()
            && (*end <= now || self.order.len() > most)
            && let Some((_, token)) = self.order.pop_front()
        {
            self.tokens.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_login_has_a_token_of_its_own_for_an_hour() {
        let tokens = Tokens::default();
        let (first, second) = (tokens.issue("a".into()).unwrap(), tokens.issue("a".into()).unwrap());
        assert_ne!(first, second);
        assert_eq!(
            [&first, &second].map(|token| tokens.reader(token, "a").map(|reader| reader.token)),
            [Some(1), Some(2)]
        );
        assert_eq!(
            (tokens.reader(&first, "b"), tokens.knows(&first), tokens.knows("x")),
            (None, true, false)
        );
        tokio::time::advance(LIFE).await;
        assert_eq!((tokens.knows(&first), tokens.count()), (false, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_ten_thousand_the_oldest_token_ends() {
        let tokens = Tokens::default();
        let first = tokens.issue("a".into()).unwrap();
        let second = tokens.issue("a".into()).unwrap();
        for _ in 0..MOST - 1 {
            tokens.issue("a".into()).unwrap();
        }
        assert_eq!((tokens.knows(&first), tokens.knows(&second), tokens.count()), (false, true, MOST));
    }
}
