//! A faulty network between the clients and the emulator, and what an observer at the platform sees.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use northbound::reqwest;
use northbound_testkit::axum::Router;
use northbound_testkit::axum::body::{Body, Bytes, to_bytes};
use northbound_testkit::breach;
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;

use super::WINDOW;
use super::machine::Machine;

/// What has arrived at the platform, and what came of it.
#[derive(Default)]
pub(super) struct Log {
    arrivals: VecDeque<Instant>,
    pub(super) most_in_a_window: usize,
    pub(super) calls: u64,
    /// By process, as the replies that have reached it.
    pub(super) logins: HashMap<usize, u64>,
    pub(super) replies: HashMap<usize, u64>,
    pub(super) throttled: u64,
    pub(super) faults: u64,
    /// The platform's tokens, and when each began to live.
    pub(super) tokens: Vec<(String, Instant)>,
    /// What came of each create, by the number that it carries.
    pub(super) creates: HashMap<u64, Created>,
    logins_under_way: u32,
    /// The rules that were seen to be broken.
    pub(super) broken: Vec<String>,
}

/// A create at the platform, and what its caller was told.
#[derive(Default)]
pub(super) struct Created {
    /// The tasks that it has created.
    pub(super) tasks: Vec<String>,
    /// Whether a request of it has arrived whose reply did not say that it was refused.
    may_be_carried_out: bool,
    /// Nothing if the caller went before.
    pub(super) told: Option<Told>,
}

/// What the caller of a create is told.
pub(super) enum Told {
    Created(String),
    Unknown,
    Refused,
}

impl Log {
    fn arrived(&mut self, now: Instant) {
        self.calls += 1;
        self.arrivals.push_back(now);
        while self.arrivals.front().is_some_and(|first| now - *first >= WINDOW) {
            self.arrivals.pop_front();
        }
        self.most_in_a_window = self.most_in_a_window.max(self.arrivals.len());
    }
}

/// A network between clients and emulator.
pub(super) struct Network {
    pub(super) platform: Router,
    pub(super) random: Mutex<fastrand::Rng>,
    /// How many calls in a thousand meet a fault.
    pub(super) faults: u32,
    /// When the network is away.
    pub(super) outage: std::ops::Range<Instant>,
    /// Whether each reply is held against the document, which costs more time than all the rest.
    pub(super) looks: bool,
    pub(super) log: Mutex<Log>,
    /// What the processes share, if they do.
    pub(super) machine: Option<Arc<Machine>>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What becomes of one call.
struct Fate {
    there: Duration,
    back: Duration,
    fault: Option<u32>,
}

/// A login that a process waits for.
struct UnderWay<'n>(&'n Network);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.log().logins_under_way -= 1;
    }
}

impl Network {
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self) -> Fate {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latency = |longest| {
            let longest = if random.u8(..) < 10 { longest } else { 200 };
            Duration::from_millis(random.u64(1..=longest))
        };
        // Whoever gave a call up a moment after sending it holds its slot for 10 s longer.
        let (there, back) = (latency(9000), latency(4000));
        let mut fault = (random.u32(0..1000) < self.faults).then(|| random.u32(0..6));
        if self.outage.contains(&Instant::now()) {
            fault = Some([0, 6, 7][random.usize(0..3)]);
        }
        Fate { there, back, fault }
    }

    /// Among processes that share a token, one logs in at a time, and only if the token that they have does not do.
    fn logs_in(&self) -> UnderWay<'_> {
        let mut log = self.log();
        log.logins_under_way += 1;
        if let Some(machine) = &self.machine {
            let does = |kept: &str| {
                log.tokens.last().is_some_and(|(token, born)| {
                    token == kept && born.elapsed().as_secs() < u64::from(machine.lifetime)
                })
            };
            if machine.usable_token().is_some_and(|kept| does(kept.secret().expose())) {
                log.broken.push("a process logs in although there is a token".to_owned());
            }
            if log.logins_under_way > 1 {
                log.broken.push("two processes log in at the same time".to_owned());
            }
        }
        UnderWay(self)
    }

    /// The request arrives, and the platform answers.
    async fn arrive(&self, process: usize, request: http::Request<reqwest::Body>) -> http::Response<Bytes> {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let is_login = path.ends_with("/login");
        self.log().arrived(Instant::now());
        *self.log().logins.entry(process).or_default() += u64::from(is_login);
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
        let create = number_of_create(&body);
        if let Some(number) = create {
            let mut log = self.log();
            if log.creates.entry(number).or_default().may_be_carried_out {
                log.broken
                    .push(format!("create {number} is sent again, though it may have been carried out"));
            }
        }
        let request = http::Request::from_parts(parts, Body::from(body));
        let (parts, body) = self.platform.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        if self.looks {
            let breach = breach((&method, &path), parts.status.as_u16(), &parts.headers, &body);
            self.log().broken.extend(breach.map(|breach| breach.to_string()));
        }
        let text = String::from_utf8_lossy(&body);
        // An id may hold the digits of the code.
        self.log().throttled += u64::from(!parts.status.is_success() && text.contains("1010009"));
        if let Some(number) = create {
            let mut log = self.log();
            let created = log.creates.entry(number).or_default();
            created.tasks.extend(text.split("\"taskID\":\"").nth(1).map(|id| id[..24].to_owned()));
            created.may_be_carried_out = !text.contains("1010005");
        }
        if is_login && let Some(token) = text.split("\"accessToken\":\"").nth(1) {
            let token = token.split('"').next().unwrap().to_owned();
            self.log().tokens.push((token, Instant::now()));
        }
        http::Response::from_parts(parts, body)
    }

    /// Whether a fault of this call is that it is throttled: creates only, since reads keep to a quota that others share.
    fn throttles(&self, request: &http::Request<reqwest::Body>) -> bool {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        request.method() == "POST" && request.uri().path().ends_with("/tasks") && random.bool()
    }

    pub(super) async fn send(
        self: Arc<Self>,
        process: usize,
        request: http::Request<reqwest::Body>,
    ) -> Result<http::Response<reqwest::Body>, BoxError> {
        let Fate { there, back, fault } = self.fate();
        let _login = request.uri().path().ends_with("/login").then(|| self.logs_in());
        self.log().faults += u64::from(fault.is_some());
        let instead = |status: u16, body: &'static str| {
            http::Response::builder().status(status).body(body.into()).map_err(BoxError::from)
        };
        let is_throttled = fault.is_some_and(|fault| fault < 6) && self.throttles(&request);
        if is_throttled || matches!(fault, Some(6 | 7)) {
            sleep(there).await;
            return match fault {
                Some(6) => Err("no route to the host".into()),
                Some(7) => instead(504, ""),
                // Something before the platform throttles.
                _ => instead(403, r#"{"resultcode":"1010009","resultmsg":"app throttle exceed."}"#),
            };
        }
        // The request travels on, even if nobody waits for the reply any more.
        let network = Arc::clone(&self);
        let reply = tokio::spawn(async move {
            sleep(there).await;
            if fault == Some(0) {
                // It is lost on its way.
                std::future::pending::<()>().await;
            }
            let reply = network.arrive(process, request).await;
            sleep(back).await;
            reply
        });
        let reply = reply.await?;
        *self.log().replies.entry(process).or_default() += u64::from(fault != Some(1));
        match fault {
            None | Some(0) => Ok(reply.map(reqwest::Body::from)),
            // The reply is lost on its way, a gateway answers instead, or the connection breaks in the middle.
            Some(1) => std::future::pending().await,
            Some(2) => instead(502, "<html>Bad Gateway</html>"),
            Some(3) => instead(503, ""),
            Some(4) => instead(500, r#"{"error_code":"50252","error_desc":"Internal server error."}"#),
            Some(_) => Ok(reply.map(|body| {
                let half = body.slice(..body.len() / 2);
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                reqwest::Body::wrap_stream(futures_util::stream::iter([Ok(half), Err(broken)]))
            })),
        }
    }
}

/// The number that a create carries among the parameters of its command.
fn number_of_create(body: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(body);
    let number = text.split("\"paras\":{\"number\":").nth(1)?;
    Some(number.split('}').next().unwrap().parse().unwrap())
}
