use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::error::Stop;

fn hour(secret: &str) -> Token {
    Token::new(secret).lives(Duration::from_secs(3600))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_five_minutes_before_its_end_or_a_tenth_of_its_life() {
    for (life, good) in [(3600, 3300), (600, 540), (10, 9)] {
        let tokens = TokenStore::default();
        let token = Token::new("a").lives(seconds(life));
        tokens.get(|_| async { Ok(token) }).await.unwrap();
        tokio::time::advance(seconds(good) - Duration::from_millis(1)).await;
        assert_eq!(tokens.get(|_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("a"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(tokens.get(|_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("b"), "{life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_useful_life_is_used_until_it_is_refused() {
    for life in [0, 1, 9] {
        let tokens = TokenStore::default();
        let token = Token::new("a").lives(seconds(life));
        assert_eq!(token.life(), None);
        tokens.get(|_| async { Ok(token) }).await.unwrap();
        tokio::time::advance(seconds(1000)).await;
        let secret = tokens.get(|_| async { Ok(hour("b")) }).await.unwrap();
        assert_eq!(secret, Secret::from("a"), "{life} s");
        tokens.reject(&secret).await;
        assert_eq!(tokens.get(|_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("b"), "{life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_may_live_for_ever() {
    let tokens = TokenStore::default();
    tokens.get(|_| async { Ok(Token::new("a").lives(Duration::MAX)) }).await.unwrap();
    tokio::time::advance(seconds(1_000_000)).await;
    assert_eq!(tokens.get(|_| async { Ok(hour("b")) }).await.unwrap(), Secret::from("a"));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_that_meet_an_ended_token_log_in_once() {
    let (tokens, logins) = (Arc::new(TokenStore::default()), Arc::new(AtomicU32::new(0)));
    tokens.get(|_| async { Ok(hour("old")) }).await.unwrap();
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
            tokens.get(log_in).await.unwrap()
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
            tokens.get(log_in).await.is_err()
        });
    }
    assert!(calls.join_all().await.into_iter().all(|failed| failed));
    assert_eq!(logins.load(Ordering::Relaxed), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(tokens.get(|_| async { Ok(hour("a")) }).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_ran_out_of_its_caller_s_time_fails_nobody_else() {
    let tokens = TokenStore::default();
    let late = tokens.get(|_| async {
        tokio::time::sleep(seconds(1)).await;
        Err(Error::refused("no reply", "wait longer").ended(1, Stop::Deadline))
    });
    let (late, patient) = tokio::join!(late, tokens.get(|_| async { Ok(hour("a")) }));
    assert!(late.is_err());
    assert_eq!(patient.unwrap(), Secret::from("a"));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_login_leaves_nothing_stuck_and_its_old_token_is_not_trusted() {
    let tokens = TokenStore::default();
    tokens.get(|_| async { Ok(Token::new("old").lives(seconds(100))) }).await.unwrap();
    tokio::time::advance(seconds(95)).await;
    let never = tokens.get(|_| std::future::pending());
    assert!(tokio::time::timeout(seconds(1), never).await.is_err());
    assert_eq!(tokens.get(|_| async { Ok(hour("new")) }).await.unwrap(), Secret::from("new"));
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_failed_is_dropped() {
    let tokens = TokenStore::default();
    tokens.get(|_| async { Ok(hour("a")) }).await.unwrap();
    assert!(!tokens.reject(&Secret::from("a")).await, "nobody has replaced it yet");
    assert!(
        tokens.reject(&Secret::from("a")).await,
        "its rejection is known: whoever comes now waits for the new one"
    );
    let rejected = |rejected: Option<Secret>| async move {
        assert_eq!(rejected, Some(Secret::from("a")));
        Ok(hour("b"))
    };
    tokens.get(rejected).await.unwrap();
    assert!(tokens.reject(&Secret::from("a")).await, "another one is in its place");
    assert_eq!(tokens.get(|_| async { Ok(hour("c")) }).await.unwrap(), Secret::from("b"));
}

#[tokio::test(start_paused = true)]
async fn logins_are_spaced_until_a_call_succeeds() {
    let tokens = TokenStore::default();
    let start = Instant::now();
    let mut logins = Vec::new();
    for number in 0..6 {
        let secret = tokens.get(|_| async { Ok(hour(&number.to_string())) }).await.unwrap();
        logins.push(start.elapsed().as_secs());
        assert!(!tokens.reject(&secret).await);
    }
    assert_eq!(logins, [0, 0, 5, 15, 35, 75]);
    let secret = tokens.get(|_| async { Ok(hour("good")) }).await.unwrap();
    tokens.prove(&secret).await;
    let at = start.elapsed();
    assert!(!tokens.reject(&secret).await);
    tokens.get(|_| async { Ok(hour("next")) }).await.unwrap();
    assert_eq!(start.elapsed(), at, "after a success the first login is immediate again");
}

#[tokio::test(start_paused = true)]
async fn the_spacing_does_not_grow_for_ever() {
    let mut state = TokenState { rejections: u32::MAX, ..TokenState::default() };
    let now = Instant::now();
    state.logged_in(hour("a"), now);
    assert_eq!(state.next_login(now), now + LONGEST_SPACING);
}
