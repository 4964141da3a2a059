//! Measures tasks of a million subtasks: how long one takes to create, what the process weighs, and what a page costs
//! wherever it lies, each beside its goal. Run it with `cargo run --release -p northbound-emulator --example scale`.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut report = Report { out: io::stdout().lock(), missed: 0 };
    for (name, life) in [("frozen", None), ("moving", Some(Life::default()))] {
        let control = Control::new(Scenario::default().with_manual_clock())?;
        let task = Task::generated("t", Scenario::DEMO_APP_ID, SUBTASKS);
        let task = life.into_iter().fold(task, Task::with_life);
        let start = Instant::now();
        control.create_task(task)?;
        report.line(&format!("{name}, {SUBTASKS} subtasks, created"), ms(start.elapsed()), "ms", 2_000.0)?;
        let caller = Caller::log_in(control.clone()).await?;
        if life.is_none() {
            caller.compare(name, &mut report).await?;
            continue;
        }
        // In a life of 55 s, most commands are under way after 12 s, and the first ones time out after 35 s.
        for (age, name) in [(12, "moving, after 12 s"), (40, "moving, after 40 s"), (60, "settled")] {
            control.advance(Duration::from_secs(age).saturating_sub(control.clock().now()));
            caller.compare(name, &mut report).await?;
        }
    }
    if let Some(mebibytes) = peak_mebibytes() {
        report.line("memory of this process at its most", mebibytes, "MiB", 200.0)?;
    }
    Ok(if report.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lines of a figure and the most that it may be.
struct Report<W> {
    out: W,
    missed: usize,
}

impl<W: Write> Report<W> {
    fn line(&mut self, what: &str, figure: f64, unit: &str, goal: f64) -> io::Result<()> {
        let verdict = if figure <= goal { "" } else { " MISSED" };
        self.missed += usize::from(figure > goal);
        writeln!(self.out, "{what:80} {figure:>8.2} {unit:8} goal: {goal}{verdict}")
    }
}

struct Caller {
    control: Control,
    router: Router,
    authorization: String,
}

impl Caller {
    async fn log_in(control: Control) -> Result<Self, Box<dyn Error>> {
        let router = control.router();
        let form = format!("appId={}&secret={}", Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET);
        let request = Request::post("/iocm/app/sec/v1.1.0/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))?;
        let body = router.clone().oneshot(request).await?.into_body().collect().await?.to_bytes();
        let login: Value = serde_json::from_slice(&body)?;
        let token = login["accessToken"].as_str().ok_or("the login has no token")?;
        Ok(Self { control, router, authorization: format!("Bearer {token}") })
    }

    /// The text of a page, and the time that it took.
    async fn page(&self, query: &str) -> Result<(Duration, Vec<u8>), Box<dyn Error>> {
        let request = Request::get(format!("/iocm/app/batchtask/v1.1.0/taskDetails?taskId=t&{query}"))
            .header("app_key", Scenario::DEMO_APP_ID)
            .header("authorization", &self.authorization)
            .body(Body::empty())?;
        let start = Instant::now();
        let body = self.router.clone().oneshot(request).await?.into_body().collect().await?.to_bytes();
        Ok((start.elapsed(), body.to_vec()))
    }

    /// Number of subtasks on a page.
    async fn rows(&self, query: &str) -> Result<usize, Box<dyn Error>> {
        let page: Value = serde_json::from_slice(&self.page(query).await?.1)?;
        Ok(page["taskDetails"].as_array().ok_or_else(|| page.to_string())?.len())
    }

    /// What a page costs beside page 0, and the most that it may cost: pages far behind, of each status, of one device.
    async fn queries(&self) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
        let mut queries = vec![(format!("pageNo={}", SUBTASKS / ROWS - 1), 1.1)];
        let task = self.control.tasks().into_iter().find(|task| task.id == "t").ok_or("the task is gone")?;
        for (status, count) in task.counts.into_iter().filter(|(_, count)| *count >= 4 * ROWS) {
            queries.push((format!("status={status}"), 1.3));
            // Not at its end: while the task is read, a status may lose rows.
            queries.push((format!("status={status}&pageNo={}", count / ROWS / 3), 1.3));
        }
        let (_, page) = self.page("pageSize=1&pageNo=500000").await?;
        let page: Value = serde_json::from_slice(&page)?;
        let device = page["taskDetails"][0]["param"]["deviceId"].as_str().ok_or("no device id")?;
        queries.push((format!("deviceId={device}"), 2.0));
        Ok(queries.into_iter().map(|(query, most)| (format!("pageSize={ROWS}&{query}"), most)).collect())
    }

    /// Reports what each kind of page costs beside page 0. They are read in turn, so that a busy machine spoils all alike, each
    /// a millisecond after the one before.
    async fn compare(&self, name: &str, report: &mut Report<impl Write>) -> Result<(), Box<dyn Error>> {
        let queries = self.queries().await?;
        let first = format!("pageSize={ROWS}");
        let mut times: Vec<Vec<Duration>> = vec![Vec::new(); 1 + queries.len()];
        for _ in 0..ROUNDS {
            let queries = std::iter::once(&first).chain(queries.iter().map(|(query, _)| query));
            for (query, times) in queries.zip(&mut times) {
                self.control.advance(Duration::from_millis(1));
                times.push(self.page(query).await?.0);
            }
        }
        let mut medians = times.iter_mut().map(|times| median(times));
        let of_first = medians.next().unwrap_or_default();
        writeln!(report.out, "{name}, {first}: {:.1} µs", of_first.as_secs_f64() * 1e6)?;
        for ((query, most), median) in queries.iter().zip(medians) {
            let (rows, whole) = (self.rows(query).await?, if query.contains("deviceId") { 1 } else { ROWS });
            if rows != whole as usize {
                return Err(format!("{name}, {query}: {rows} rows").into());
            }
            let ratio = median.as_secs_f64() / of_first.as_secs_f64();
            report.line(&format!("{name}, {query}"), ratio, "x page 0", *most)?;
        }
        Ok(())
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The most that the process has held in memory, where the system tells it in Linux's way.
fn peak_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
