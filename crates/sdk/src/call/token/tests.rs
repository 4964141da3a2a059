use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

fn hour(secret: &str) -> Token {
    Token::new(secret).lives(Duration::from_secs(3600))
}

async fn get<F>(
    tokens: &TokenStore,
    log_in: impl FnOnce(Option<Secret>) -> F,
) -> Result<Secret, (Error, Stop)>
where
    F: Future<Output = Result<Token, Error>>,
{
    tokens.get(|_| {}, log_in).await
}

/// The platform refuses the token; what is left to chance takes as long as it may.
async fn reject(tokens: &TokenStore, secret: &Secret) {
    let error = Error::platform("1010005".into(), None, reqwest::StatusCode::FORBIDDEN);
    tokens.reject(secret, &error, 1.0).await;
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_five_minutes_before_its_end_or_a_tenth_of_its_life() {
    for (life, good) in [(3600, 3300), (600, 540), (10, 9)] {
        let tokens = TokenStore::default();
        let token = Token::new("a").lives(seconds(life));
        get(&tokens, |_| async { Ok(token) }).await.unwrap();
        tokio::time::advance(seconds(good) - Duration::from_millis(1)).await;
        assert_eq!(get(&tokens, |_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("a"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(get(&tokens, |_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("b"), "{life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_useful_life_is_used_until_it_is_refused() {
    for life in [0, 1, 9] {
        let tokens = TokenStore::default();
        let token = Token::new("a").lives(seconds(life));
        assert_eq!(token.life(), None);
        get(&tokens, |_| async { Ok(token) }).await.unwrap();
        tokio::time::advance(seconds(1000)).await;
        let secret = get(&tokens, |_| async { Ok(hour("b")) }).await.unwrap();
        assert_eq!(secret, Secret::from("a"), "{life} s");
        reject(&tokens, &secret).await;
        assert_eq!(get(&tokens, |_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("b"), "{life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_may_live_for_ever() {
    let tokens = TokenStore::default();
    get(&tokens, |_| async { Ok(Token::new("a").lives(Duration::MAX)) }).await.unwrap();
    tokio::time::advance(seconds(1_000_000)).await;
    assert_eq!(get(&tokens, |_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("a"));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_that_meet_an_ended_token_log_in_once() {
    let (tokens, logins) = (Arc::new(TokenStore::default()), Arc::new(AtomicU32::new(0)));
    get(&tokens, |_| async { Ok(hour("old")) }).await.unwrap();
    tokio::time::advance(seconds(3600)).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (tokens, logins) = (Arc::clone(&tokens), Arc::clone(&logins));
        calls.spawn(async move {
            let log_in = |_| async {
                logins.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(seconds(1)).await;
                Ok(hour("new"))
            };
            get(&tokens, log_in).await.unwrap()
        });
    }
    for token in calls.join_all().await {
        assert_eq!(token, Secret::from("new"));
    }
    assert_eq!(logins.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_that_waited_for_a_login_share_its_failure_and_the_next_one_tries_again() {
    let (tokens, logins) = (Arc::new(TokenStore::default()), Arc::new(AtomicU32::new(0)));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (tokens, logins) = (Arc::clone(&tokens), Arc::clone(&logins));
        calls.spawn(async move {
            let log_in = |_| async {
                logins.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(seconds(1)).await;
                Err(Error::refused("wrong secret", "check it"))
            };
            get(&tokens, log_in).await.is_err()
        });
    }
    assert!(calls.join_all().await.into_iter().all(|failed| failed));
    assert_eq!(logins.load(Ordering::Relaxed), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(get(&tokens, |_| async { Ok(hour("a")) }).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_times_out_fails_only_its_own_caller() {
    let tokens = TokenStore::default();
    let late = get(&tokens, |_| async {
        tokio::time::sleep(seconds(1)).await;
        Err(Error::refused("no reply", "wait longer").ended(1, Stop::Deadline))
    });
    let (late, patient) = tokio::join!(late, get(&tokens, |_| async { Ok(hour("a")) }));
    assert!(late.is_err());
    assert_eq!(patient.unwrap(), Secret::from("a"));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_login_leaves_nothing_stuck_and_its_old_token_is_not_trusted() {
    let tokens = TokenStore::default();
    get(&tokens, |_| async { Ok(Token::new("old").lives(seconds(100))) }).await.unwrap();
    tokio::time::advance(seconds(95)).await;
    let never = get(&tokens, |_| std::future::pending());
    assert!(tokio::time::timeout(seconds(1), never).await.is_err());
    assert_eq!(get(&tokens, |_| async { Ok(hour("new")) }).await.unwrap(), Secret::from("new"));
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_failed_is_dropped() {
    let tokens = TokenStore::default();
    get(&tokens, |_| async { Ok(hour("a")) }).await.unwrap();
    reject(&tokens, &Secret::from("a")).await;
    let rejected = |rejected: Option<Secret>| async move {
        assert_eq!(rejected, Some(Secret::from("a")));
        Ok(hour("b"))
    };
    get(&tokens, rejected).await.unwrap();
    reject(&tokens, &Secret::from("a")).await;
    assert_eq!(get(&tokens, |_| async { Ok(hour("c")) }).await.unwrap(), Secret::from("b"));
}

/// When the token is refused, in seconds, and when logins follow that with the longest waits.
#[tokio::test(start_paused = true)]
async fn after_four_refusals_in_a_row_there_is_one_login_in_five_minutes() {
    let rows: [(Vec<u64>, &[u64]); 4] = [
        ((0..300).collect(), &[0, 0, 6, 16]),
        ((0..1200).collect(), &[0, 0, 6, 16, 336, 676, 1056]),
        // A token that has lasted five minutes makes up for one refusal.
        (vec![300, 600, 900, 1200, 1500], &[0, 300, 600, 900, 1200, 1500]),
        (vec![0, 0, 0, 400, 711, 731], &[0, 0, 5, 15, 410, 721]),
    ];
    for (refused, expected) in rows {
        let tokens = TokenStore::default();
        let (start, mut logins, mut held) = (Instant::now(), Vec::new(), None);
        for second in std::iter::once(0).chain(refused) {
            tokio::time::sleep_until(start + seconds(second)).await;
            if let Some(secret) = held.take() {
                reject(&tokens, &secret).await;
            }
            let number = logins.len().to_string();
            let log_in = |_| {
                logins.push(start.elapsed().as_secs());
                async { Ok(Token::new(number)) }
            };
            match get(&tokens, log_in).await {
                Ok(secret) => held = Some(secret),
                Err((error, Stop::Token)) => {
                    assert!(
                        error.is_invalid_token() && error.retry_after() > Some(Duration::ZERO),
                        "{error:?}"
                    );
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(logins, expected);
    }
}
