//! Measures tasks of a million subtasks: how long one takes to create, what the process weighs, and what a page costs
//! wherever it lies. Run it with `cargo run --release -p northbound-emulator --example scale`.

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
const ROUNDS: usize = 200;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for (name, life) in [("frozen", None), ("moving", Some(Life::default()))] {
        let control = Control::new(Scenario::default().with_manual_clock())?;
        let task = Task::generated("t", Scenario::DEMO_APP_ID, SUBTASKS);
        let task = match life {
            None => task,
            Some(life) => task.with_life(life),
        };
        let start = Instant::now();
        control.create_task(task)?;
        writeln!(out, "{name}: {SUBTASKS} subtasks in {} ms", start.elapsed().as_millis())?;
        let caller = Caller::log_in(control.router()).await?;
        // 12 s into a life of 55 s, rows are in all five statuses; each round moves on by a millisecond.
        control.advance(Duration::from_secs(12));
        caller.compare(&control, name, &mut out).await?;
        if life.is_some() {
            control.advance(Duration::from_secs(60));
            caller.compare(&control, "settled", &mut out).await?;
        }
        if let Some(mebibytes) = resident_mebibytes() {
            writeln!(out, "{name}: the process holds {mebibytes} MiB")?;
        }
    }
    Ok(())
}

struct Caller {
    router: Router,
    authorization: String,
}

impl Caller {
    async fn log_in(router: Router) -> Result<Self, Box<dyn Error>> {
        let form = format!("appId={}&secret={}", Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET);
        let request = Request::post("/iocm/app/sec/v1.1.0/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))?;
        let body = router.clone().oneshot(request).await?.into_body().collect().await?.to_bytes();
        let login: Value = serde_json::from_slice(&body)?;
        let token = login["accessToken"].as_str().ok_or("the login has no token")?;
        Ok(Self { router, authorization: format!("Bearer {token}") })
    }

    /// The text of a page, and the time that it took.
    async fn page(&self, query: &str) -> Result<(Duration, String), Box<dyn Error>> {
        let request = Request::get(format!("/iocm/app/batchtask/v1.1.0/taskDetails?taskId=t&{query}"))
            .header("app_key", Scenario::DEMO_APP_ID)
            .header("authorization", &self.authorization)
            .body(Body::empty())?;
        let start = Instant::now();
        let body = self.router.clone().oneshot(request).await?.into_body().collect().await?.to_bytes();
        Ok((start.elapsed(), String::from_utf8(body.to_vec())?))
    }

    /// Prints what each kind of page costs beside page 0; rounds are interleaved, so that a busy machine spoils all alike.
    async fn compare(
        &self,
        control: &Control,
        name: &str,
        out: &mut impl Write,
    ) -> Result<(), Box<dyn Error>> {
        let (_, page) = self.page("pageSize=1&pageNo=500000").await?;
        let page: Value = serde_json::from_str(&page)?;
        let device = page["taskDetails"][0]["param"]["deviceId"].as_str().unwrap_or_default().to_owned();
        let queries = [
            "pageSize=250".to_owned(),
            "pageSize=250&pageNo=3999".to_owned(),
            "pageSize=250&status=Success".to_owned(),
            "pageSize=250&status=Success&pageNo=600".to_owned(),
            "pageSize=250&status=Fail&pageNo=100".to_owned(),
            "pageSize=250&status=Timeout&pageNo=10".to_owned(),
            format!("pageSize=250&deviceId={device}"),
        ];
        let mut times: Vec<Vec<Duration>> = queries.iter().map(|_| Vec::new()).collect();
        let mut sizes = vec![(0, 0); queries.len()];
        for _ in 0..ROUNDS {
            for ((query, times), size) in queries.iter().zip(&mut times).zip(&mut sizes) {
                control.advance(Duration::from_millis(1));
                let (time, page) = self.page(query).await?;
                times.push(time);
                *size = (page.split("\"status\":").count() - 1, page.len() / 1024);
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        for ((query, median), (rows, kibibytes)) in queries.iter().zip(&medians).zip(sizes) {
            let ratio = median / medians[0];
            writeln!(
                out,
                "{name}: {median:>7.1} µs, {ratio:.2} x page 0, {rows:>3} rows, {kibibytes:>2} KiB: {query}"
            )?;
        }
        Ok(())
    }
}

/// In microseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// What the process holds in memory, where the system tells it in Linux's way.
fn resident_mebibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}
