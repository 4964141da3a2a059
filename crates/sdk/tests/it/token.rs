//! The token over the wire: one login for many calls, another one when the platform refuses a token, and never a race.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use northbound::client_layer::Call;
use northbound::client_layer::types::{AccessToken, LoginRequest};
use northbound::{AppId, Client, Remedy, Secret, Token, TokenFuture, TokenSource, WaitReason, reqwest};
use northbound_emulator::Scenario;
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Emulated, Platform, json_reply};
use tokio::time::{Instant, sleep};

use crate::support::{Clients as _, credentials};

const PAGE: &str = r#"{"totalCount":0,"taskDetails":[]}"#;

fn login(token: usize) -> Response<Body> {
    json_reply(200, format!(r#"{{"accessToken":"t0ken{token}","expiresIn":3600}}"#))
}

fn refusal() -> Response<Body> {
    json_reply(403, r#"{"resultcode":"1010005","resultmsg":"t0ken0 is no token"}"#)
}

fn page() -> Response<Body> {
    json_reply(200, PAGE)
}

/// Logs in, and answers every other call with a page.
fn logs_in() -> Platform {
    Platform::in_process(|asked| if asked.is_login() { login(asked.number) } else { page() })
}

/// A client that gets its tokens from a source.
fn with_source(platform: &Platform, source: impl TokenSource) -> Client {
    let builder = platform.without_credentials().token_source(AppId::new("demo-app").unwrap(), source);
    builder.build().unwrap()
}

/// The emulator takes `Bearer` in exactly this form, and its login says `bearer`.
#[tokio::test]
async fn the_authorization_header_is_not_built_from_the_token_type() {
    let emulator = Emulated::start().await;
    let client = emulator.with_login().build().unwrap();
    let page = client.subtasks(Scenario::DEMO_TASK).page(0).await.unwrap();
    assert_eq!(page.total_count(), Some(1000));
}

#[tokio::test]
async fn a_refused_token_is_changed_and_the_call_repeated() {
    let platform = Platform::in_process(|asked| match asked.number {
        0 | 2 => login(asked.number),
        1 => refusal(),
        _ => page(),
    });
    let announced = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&announced);
    let builder = platform.with_login().before_login(move |client| {
        assert_eq!(client.app_id().as_str(), "demo-app");
        count.fetch_add(1, Ordering::Relaxed);
    });
    let client = builder.build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    assert_eq!((platform.calls(), platform.logins()), (5, 2));
    assert_eq!(announced.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_asked_for_when_a_login_needs_it() {
    let platform = Platform::in_process(|asked| match asked.number {
        0 | 3 => login(asked.number),
        2 => refusal(),
        _ => page(),
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let with_secret = |secret: Option<&'static str>| {
        let asked = Arc::clone(&asked);
        let ask = move || {
            asked.fetch_add(1, Ordering::Relaxed);
            async move { secret.map(Secret::from).ok_or_else(|| "the vault is closed".into()) }
        };
        platform.without_credentials().secret_source(AppId::new("demo-app").unwrap(), ask).build().unwrap()
    };
    let client = with_secret(Some("s3cret"));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    for _ in 0..2 {
        client.subtasks("demo").page(0).await.unwrap();
    }
    assert_eq!((platform.logins(), asked.load(Ordering::Relaxed)), (2, 2));
    assert!(!client.redacted("s3cret").contains("s3cret"));
    for (secret, kind, found) in [
        (None, "NoToken", "no secret came (the vault is closed)"),
        (Some("s3cret\nuser: me"), "Refused", "the secret holds U+000A, a line break, as character 7"),
    ] {
        let error = with_secret(secret).log_in().await.unwrap_err();
        assert_eq!((format!("{:?}", error.kind()).as_str(), error.found()), (kind, found));
    }
    let ask = std::future::pending::<Result<Secret, northbound::TokenError>>;
    let builder = platform.without_credentials().secret_source(AppId::new("demo-app").unwrap(), ask);
    assert!(builder.build().unwrap().log_in().await.unwrap_err().is_timeout());
    assert_eq!(platform.logins(), 2);
}

// token-refused-always
#[tokio::test(start_paused = true)]
async fn fresh_tokens_that_are_refused_as_well_name_the_usual_causes() {
    let platform =
        Platform::in_process(|asked| if asked.is_login() { login(asked.number) } else { refusal() });
    let client = platform.with_login().seed(3).build().unwrap();
    let call = || async { client.subtasks("demo").page(0).await.unwrap_err() };
    let looked = || async {
        sleep(Duration::from_micros(1)).await;
        while platform.logins() < 3 {
            let waiting = client.waiting().filter(|waiting| waiting.until > Some(Instant::now()));
            if let Some(waiting) = waiting {
                return waiting.reason;
            }
            sleep(Duration::from_millis(1)).await;
        }
        panic!("a call waits, and does not say what for");
    };
    let start = Instant::now();
    let (error, reason) = tokio::join!(call(), looked());
    assert!(error.is_invalid_token() && matches!(reason, WaitReason::TokenRefused), "{error:?} {reason:?}");
    assert!((1..=15).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((platform.calls(), platform.logins(), error.attempts()), (8, 4, 1));
    insta::assert_snapshot!(error);
    // Later calls do not cancel the tokens of others.
    let error = call().await;
    assert!(error.is_invalid_token() && client.waiting().is_none(), "{error:?}");
    assert_eq!((platform.calls(), error.attempts()), (8, 0));
    sleep(Duration::from_secs(320)).await;
    call().await;
    assert_eq!((platform.calls(), platform.logins()), (10, 5));
}

#[tokio::test]
async fn a_token_that_was_given_is_not_repeated_when_it_is_refused() {
    let platform = Platform::in_process(|_| refusal());
    let client = platform.client();
    for asked in 1..=2 {
        let error = client.subtasks("demo").page(0).await.unwrap_err();
        assert!(error.is_invalid_token() && *error.remedy() == Remedy::ReplaceToken, "{error}");
        assert_eq!(platform.calls(), asked);
    }
}

struct Fleet(Arc<AtomicUsize>);

impl TokenSource for Fleet {
    fn token(&self, rejected: Option<&Secret>) -> TokenFuture<'_> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        assert_eq!(
            rejected.is_some(),
            number > 0,
            "the second one is asked for because the first is refused"
        );
        Box::pin(async move { Ok(Token::new(format!("t0ken{number}"))) })
    }
}

#[tokio::test]
async fn tokens_from_elsewhere_are_asked_for_when_they_are_needed() {
    let platform = Platform::in_process(|asked| if asked.number == 0 { refusal() } else { page() });
    let asked = Arc::new(AtomicUsize::new(0));
    let client = with_source(&platform, Fleet(Arc::clone(&asked)));
    client.subtasks("demo").page(0).await.unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    assert_eq!((asked.load(Ordering::Relaxed), platform.calls(), platform.logins()), (2, 3, 0));
}

/// Hands out what a login brings, as a store that several processes share.
struct LogsIn(Client);

impl TokenSource for LogsIn {
    fn token(&self, _: Option<&Secret>) -> TokenFuture<'_> {
        Box::pin(async { Ok(self.0.log_in().await?) })
    }
}

#[tokio::test]
async fn a_source_of_tokens_can_log_in_by_itself() {
    let platform = logs_in();
    let login = platform.with_login().build().unwrap();
    let token = login.log_in().await.unwrap();
    assert_eq!((token.secret().expose(), token.life()), ("t0ken0", Some(Duration::from_secs(3600))));
    assert!(platform.client().log_in().await.unwrap_err().is_refused(), "it has no secret");
    assert_eq!(platform.calls(), 1);
}

#[tokio::test]
async fn a_login_that_fails_in_a_source_of_tokens_tells_what_failed() {
    let platform = Platform::in_process(|_| json_reply(401, r#"{"error_code":"100208"}"#));
    let client = with_source(&platform, LogsIn(platform.with_login().build().unwrap()));
    let error = client.subtasks("demo").page(0).await.unwrap_err();
    assert!(error.is_misconfigured() && error.to_string().starts_with("login of application"), "{error}");
}

/// Has a token once.
struct Dry(AtomicUsize);

impl TokenSource for Dry {
    fn token(&self, _: Option<&Secret>) -> TokenFuture<'_> {
        let has_one = self.0.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(
            async move { if has_one { Ok(Token::new("t0ken")) } else { Err("the store is empty".into()) } },
        )
    }
}

#[tokio::test]
async fn a_source_without_another_token_is_not_reported_as_refused_input() {
    let platform = Platform::in_process(|_| refusal());
    let client = with_source(&platform, Dry(AtomicUsize::new(0)));
    let error = client.subtasks("demo").page(0).await.unwrap_err();
    assert!(error.is_no_token() && !error.is_refused(), "{error}");
    assert!(error.to_string().contains("the store is empty"), "{error}");
    assert_eq!(platform.calls(), 1);
}

/// A platform that answers one login and one call, and then refuses the token after 8 s.
#[derive(Default)]
struct Once {
    logins: AtomicUsize,
    calls: AtomicUsize,
}

impl Once {
    async fn answer(&self, request: http::Request<reqwest::Body>) -> http::Result<Response<Body>> {
        let is_login = request.method() == "POST";
        let counter = if is_login { &self.logins } else { &self.calls };
        let is_first = counter.fetch_add(1, Ordering::Relaxed) == 0;
        let (status, body) = match (is_login, is_first) {
            (true, true) => (200, r#"{"accessToken":"t0ken","expiresIn":100}"#),
            (true, false) => std::future::pending().await,
            (false, true) => (200, PAGE),
            (false, false) => {
                sleep(Duration::from_secs(8)).await;
                (403, r#"{"error_code":"1010005","error_desc":"dead"}"#)
            }
        };
        Response::builder().status(status).body(body.into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_waits_for_the_login_of_another_one_until_its_own_deadline() {
    let deadline = Duration::from_secs(10);
    let platform = Arc::new(Once::default());
    let service = tower::service_fn(move |request| {
        let platform = Arc::clone(&platform);
        async move { platform.answer(request).await }
    });
    let client = Client::builder("https://platform.example").service(service);
    let client = client.credentials(credentials()).deadline(deadline);
    let client = client.build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    let begins_at = |second| {
        let client = client.clone();
        async move {
            sleep(Duration::from_secs(second)).await;
            let began = Instant::now();
            let error = client.subtasks("demo").page(0).await.unwrap_err();
            (began.elapsed(), error)
        }
    };
    // One is refused at 92 s, when the other has begun to renew the token, in vain.
    let ((refused, error), (renewing, late)) = tokio::join!(begins_at(84), begins_at(91));
    assert!(refused <= deadline && error.is_invalid_token(), "after {refused:?}: {error}");
    assert!(error.to_string().contains("the deadline comes before another attempt"), "{error}");
    assert!(renewing <= deadline && late.is_timeout(), "after {renewing:?}: {late}");
}

#[test]
fn no_type_of_the_client_layer_shows_a_secret() {
    let secret = Secret::from("s3cret");
    let login = LoginRequest { app_id: "demo-app".parse().unwrap(), secret: secret.clone() };
    let token = serde_json::json!({ "accessToken": "s3cret", "refreshToken": "s3cret" });
    let token: AccessToken = serde_json::from_value(token).unwrap();
    let call = Call::new().authorized_by("s3cret-app", &secret).unwrap();
    let shown = format!("{secret:?} {login:?} {token:?} {call:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_a_secret() {
    let platform = logs_in();
    let given =
        Client::builder(platform.url()).token(AppId::new("demo-app").unwrap(), "t0ken-that-was-given");
    let mut told = format!("{given:?} {:?}", Token::new("t0ken-from-elsewhere"));
    told += &format!("{:?}", given.build().unwrap());
    let builder = platform.with_login();
    told += &format!("{builder:?}");
    let client = builder.build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    let subtasks = client.subtasks("demo");
    told += &format!("{client:?} {subtasks:?} {:?} {:?}", subtasks.plan().unwrap(), client.quota());
    told += &format!("{:?} {:?} {:?}", client.summary("demo"), client.watch("demo"), client.failures("demo"));
    told += &format!("{:?} {:?}", subtasks.clone().pages(), subtasks.stream());
    assert!(told.contains("demo-app"), "{told}");
    for secret in ["t0ken", "demo-secret"] {
        assert!(!told.contains(secret), "{secret} shows in {told}");
    }
}

/// Each login cancels the token of the others. Their waits are drawn at random, so most of them find a gap.
#[tokio::test(start_paused = true)]
async fn most_of_ten_processes_without_a_common_token_get_their_answer() {
    let scenario = Scenario::default();
    let platform = northbound_emulator::router(scenario).unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for seed in 0..10 {
        let platform = platform.clone();
        let service = tower::service_fn(move |request: http::Request<reqwest::Body>| {
            let platform = platform.clone();
            async move {
                sleep(Duration::from_millis(20)).await;
                tower::ServiceExt::oneshot(platform, request).await
            }
        });
        let client = Client::builder("https://platform.example").service(service).seed(seed);
        let client = client.credentials(credentials()).build().unwrap();
        calls.spawn(async move { client.subtasks(Scenario::DEMO_TASK).page(0).await });
    }
    let answers = calls.join_all().await;
    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(failed.len() <= 3 && failed.iter().all(|error| error.is_invalid_token()), "{failed:?}");
}
