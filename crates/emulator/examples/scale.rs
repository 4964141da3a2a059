//! Measures tasks of a million subtasks: how long one takes to create, what the process weighs, and what a page costs beside
//! page 0, wherever it lies. Run it with `cargo run --release -p northbound-emulator --example scale`.

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use northbound_emulator::{Control, Life, Scenario, Task};
use serde_json::Value;
use tower::ServiceExt;

const SUBTASKS: u32 = 1_000_000;
const ROWS: u32 = 250;
const ROUNDS: usize = 200;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let out = &mut io::stdout().lock();
    for life in [None, Some(Life::default())] {
        let control = Control::new(Scenario::default().with_manual_clock())?;
        let task = Task::generated("t", Scenario::DEMO_APP_ID, SUBTASKS);
        let start = Instant::now();
        control.create_task(life.into_iter().fold(task, Task::with_life))?;
        let name = if life.is_some() { "moving" } else { "frozen" };
        writeln!(out, "{name}: created in {:?}; goal: 2 s", start.elapsed())?;
        let form = format!("appId={}&secret={}", Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET);
        let request = Request::post("/iocm/app/sec/v1.1.0/login")
            .header("content-type", "application/x-www-form-urlencoded");
        let login: Value = send(&control.router(), request.body(Body::from(form))?).await?;
        let token = login["accessToken"].as_str().ok_or("the login has no token")?;
        // In a life of 55 s, most commands are under way after 12 s, and the first ones time out after 35 s.
        for age in [12, 40, 60] {
            control.advance(Duration::from_secs(age).saturating_sub(control.clock().now()));
            writeln!(out, "{name}, after {age} s")?;
            compare(&control, token, out).await?;
        }
    }
    // The most that the process has held in memory, where the system tells it in Linux's way.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    writeln!(out, "{}; goal: 200 MiB", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("?"))?;
    Ok(())
}

async fn send(router: &Router, request: Request<Body>) -> Outcome<Value> {
    let body = router.clone().oneshot(request).await?.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}

/// What each kind of page costs beside page 0: pages far behind, of each status, of one device. They are read in turn, so that
/// a busy machine spoils all alike, each a millisecond after the one before.
async fn compare(control: &Control, token: &str, out: &mut impl Write) -> Outcome<()> {
    let router = control.router();
    let request = |query: &str| {
        Request::get(format!("/iocm/app/batchtask/v1.1.0/taskDetails?taskId=t&{query}"))
            .header("app_key", Scenario::DEMO_APP_ID)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
    };
    let row = send(&router, request("pageSize=1&pageNo=500000")?).await?;
    let device = row["taskDetails"][0]["param"]["deviceId"].as_str().ok_or("no device id")?;
    // The query, and the most that it may cost beside page 0.
    let mut queries = vec![
        ("pageNo=0".to_owned(), 1.0),
        (format!("pageNo={}", SUBTASKS / ROWS - 1), 1.1),
        (format!("deviceId={device}"), 2.0),
    ];
    let counts = control.tasks().into_iter().filter(|task| task.id == "t").flat_map(|task| task.counts);
    for (status, count) in counts.filter(|(_, count)| *count >= 4 * ROWS) {
        // Not at its end: while the task is read, a status may lose rows.
        let pages = [0, count / ROWS / 3];
        queries.extend(pages.map(|page| (format!("status={status}&pageNo={page}"), 1.3)));
    }
    let mut times = vec![Vec::new(); queries.len()];
    for _ in 0..ROUNDS {
        for ((query, _), times) in queries.iter().zip(&mut times) {
            control.advance(Duration::from_millis(1));
            let request = request(&format!("pageSize={ROWS}&{query}"))?;
            let start = Instant::now();
            router.clone().oneshot(request).await?.into_body().collect().await?;
            times.push(start.elapsed());
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let medians: Vec<f64> = times.iter().map(|times| times[ROUNDS / 2].as_secs_f64() * 1e6).collect();
    for ((query, most), median) in queries.iter().zip(&medians) {
        writeln!(out, "  {query:45} {median:6.1} µs, {:.2} x page 0; goal: {most}", median / medians[0])?;
    }
    Ok(())
}
