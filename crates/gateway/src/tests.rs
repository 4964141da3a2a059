//! A gateway without sockets, on a clock that the tests move: an hour of many callers, and a stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use northbound::{Client, Credentials, Quota};
use northbound_emulator::{Control, Life, Scenario, Task};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tower::ServiceExt as _;

use crate::http::document::{CREATE_BATCH_TASK, GET_BATCH_TASK, LIST_SUBTASKS, LOGIN, Operation};
use crate::http::routes;
use crate::state::State;
use crate::wire::server::GRACE;
use crate::{Builder, Gateway};

/// A gateway whose clock and platform are in the test's hands.
#[derive(Clone)]
struct Gate {
    state: Arc<State>,
    router: Router,
    stop: Arc<watch::Sender<()>>,
}

impl Gate {
    fn of(control: &Control, quota: Quota, adjust: impl FnOnce(Builder) -> Builder) -> Self {
        let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
        let client = Client::builder("https://platform.example").credentials(credentials).quota(quota);
        let client = client.service(control.router()).deadline(Duration::from_secs(900)).build().unwrap();
        let (stop, stopped) = watch::channel(());
        let state = Arc::new(adjust(Gateway::builder(client)).state(stopped));
        Self { router: routes::router(Arc::clone(&state), None), state, stop: Arc::new(stop) }
    }

    fn operation(&self, id: &'static str) -> &Operation {
        self.state.operation(id).unwrap_or_else(|_| panic!("{id}"))
    }

    /// Status and body of the answer to an operation.
    async fn ask(&self, id: &'static str, token: &str, query: &str, body: &str) -> (u16, Value) {
        let Operation { method, path, .. } = self.operation(id);
        let kind = if id == LOGIN { "application/x-www-form-urlencoded" } else { "application/json" };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{query}", path.replace("{taskId}", "")))
            .header("app_key", "app")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", kind);
        let answer =
            self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn log_in(&self) -> String {
        let (_, answer) = self.ask(LOGIN, "", "", "appId=app&secret=x").await;
        answer["accessToken"].as_str().unwrap().to_owned()
    }
}

const SUBTASKS: u32 = 60;

/// Reads a task as a generated client does, in pages of 25 rows, again and again. Every second one logs in before each read, as a
/// program that `cron` starts; the others when their token has ended.
async fn read_for_ever(gate: Gate, number: u32) {
    let mut token = String::new();
    loop {
        if number % 2 == 0 {
            token = gate.log_in().await;
        }
        let (mut rows, mut page) = (0, 0);
        while rows < SUBTASKS as usize {
            let query = format!("?taskId=t{}&pageNo={page}&pageSize=25", number % 5);
            let (status, answer) = gate.ask(LIST_SUBTASKS, &token, &query, "").await;
            if status == 403 && answer["error_code"] == "1010005" {
                token = gate.log_in().await;
                continue;
            }
            assert_eq!(status, 200, "{answer}");
            rows += answer["taskDetails"].as_array().unwrap().len();
            page += 1;
        }
        assert_eq!(rows, SUBTASKS as usize);
        sleep(Duration::from_secs(100 + u64::from(number))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_fifty_callers_holds_tokens_and_reads_within_bounds() {
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    for number in 0..5 {
        let task = Task::generated(format!("t{number}"), Scenario::DEMO_APP_ID, SUBTASKS);
        control.create_task(task.with_life(Life::new(600, 60, 600))).unwrap();
    }
    let gate = Gate::of(&control, Quota::new(40, Duration::from_secs(60)).unwrap(), |gateway| gateway);
    let clock = control.clone();
    tokio::spawn(async move {
        loop {
            sleep(Duration::from_secs(1)).await;
            clock.advance(Duration::from_secs(1));
        }
    });
    let mut callers: Vec<_> =
        (0..50).map(|number| tokio::spawn(read_for_ever(gate.clone(), number))).collect();
    let (began, mut most) = (Instant::now(), (0, 0));
    for minute in 1..=60 {
        sleep_until(began + Duration::from_secs(60 * minute)).await;
        let held = (gate.state.tokens.count(), gate.state.reads.bytes());
        if minute <= 15 {
            most.1 = most.1.max(held.1);
        }
        most.0 = most.0.max(held.0);
        assert!(held.1 <= most.1 + most.1 / 10, "minute {minute}: {} bytes after at most {}", held.1, most.1);
        assert!(callers.iter().all(|caller| !caller.is_finished()));
    }
    assert!(most.1 > 0 && (50..1_100).contains(&most.0), "{most:?}");
    let counters = gate.state.client.counters();
    assert!(counters.quota_waits() > 0, "the quota is smaller than what they ask for");
    assert_eq!(counters.throttles(), 0);
    assert!(counters.logins() <= 2, "{} logins for two lives of a token", counters.logins());
    callers.drain(..).for_each(|caller| caller.abort());
}

const TASK: &str = r#"{"taskName":"n","taskType":"DeviceCmd","timeout":60,"param":{"type":"Broadcast","command":{"serviceId":"s","method":"m","paras":{}}}}"#;

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_waiting_and_nobody_takes_a_create_for_undone() {
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    // The login takes the only call of the quota.
    let quota = Quota::new(1, Duration::from_secs(200)).unwrap();
    let gate = Gate::of(&control, quota, |gateway| gateway.key("x").allow_create(true));
    let token = gate.log_in().await;
    let stop = async {
        sleep(Duration::from_secs(30)).await;
        gate.stop.send_replace(());
        Instant::now()
    };
    let (stopped, task, page, create) = tokio::join!(
        stop,
        gate.ask(GET_BATCH_TASK, &token, "demo", ""),
        gate.ask(LIST_SUBTASKS, &token, "?taskId=demo", ""),
        gate.ask(CREATE_BATCH_TASK, &token, "", TASK),
    );
    assert_eq!(stopped.elapsed(), GRACE);
    for (answer, status, code) in [
        (task, 503, "gateway-stopping"),
        (page, 503, "gateway-stopping"),
        (create, 502, "gateway-outcome-unknown"),
    ] {
        assert_eq!((answer.0, answer.1["error_code"].as_str()), (status, Some(code)), "{}", answer.1);
    }
}
