//! What draining a large task costs: the SDK against a hand-written loop, each in a process of its own, in turn, in one run.
//!
//! `cargo xtask bench sdk` runs it. Each figure is printed beside its goal, and the run fails if one is missed; on a machine
//! that is busy with other things the ratios of CPU time come out too high.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use northbound::{AppId, Client, Quota};
use serde::Deserialize;

const ROWS_A_PAGE: u32 = 250;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments.iter().skip(1).map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", pages, delay] => {
            serve(pages.parse().unwrap(), Duration::from_millis(delay.parse().unwrap()))
        }
        ["case", case, url] => println!("{}", run(case, url)),
        // cargo passes `--bench`, and whatever else the user asks for.
        _ if compare() => {}
        _ => std::process::exit(1),
    }
}

/// What a case reports on one line.
#[derive(Clone, Copy, Deserialize, serde::Serialize)]
struct Figures {
    rows: u64,
    cpu_seconds: f64,
    wall_seconds: f64,
    grown_mib: f64,
}

/// A case, and what it may cost at most.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    ratio: Option<f64>,
    wall_seconds: Option<f64>,
    grown_mib: Option<f64>,
}

const BY_HAND: Case = Case { name: "hand-written loop", ratio: None, wall_seconds: None, grown_mib: None };
const CHECK_OFF: Case = Case { name: "SDK, repeat check off", ..BY_HAND };
const CHECK_ON: Case = Case { name: "SDK, repeat check on", ..BY_HAND };
const AHEAD: Case = Case { name: "SDK, prefetch 8, 20 ms a reply", ..BY_HAND };

/// Whether every goal is met.
fn compare() -> bool {
    println!("medians of runs in turn; a goal stands in brackets behind what it bounds");
    println!(
        "CPU is that of the client's process, which has one thread; a ratio is to the loop that ran just before"
    );
    println!(
        "{:32} {:>9} {:>8} {:>16} {:>16} {:>16}",
        "case", "rows", "CPU s", "ratio", "wall s", "MiB grown"
    );
    let off = Case { ratio: Some(1.10), grown_mib: Some(8.0), ..CHECK_OFF };
    let on = Case { ratio: Some(1.50), grown_mib: Some(32.0), ..CHECK_ON };
    // A short read ends before the machine is busy with it, so it takes more of them to tell.
    let met = [
        in_turn(4_000, 0, 5, &[BY_HAND, off, on]),
        in_turn(120, 0, 31, &[BY_HAND, Case { ratio: Some(1.20), ..CHECK_ON }]),
        in_turn(400, 20, 5, &[Case { wall_seconds: Some(1.2), ..AHEAD }]),
    ];
    met.iter().all(|met| *met)
}

/// Runs all cases in turn, so that whatever else the machine does meets all of them; whether their goals are met.
fn in_turn(pages: u32, delay: u32, rounds: usize, cases: &[Case]) -> bool {
    let server = Server::start(pages, delay);
    let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (case, runs) in cases.iter().zip(&mut runs) {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["case", case.name, &server.url])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
            let figures: Figures = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(figures.rows, u64::from(pages * ROWS_A_PAGE), "{}", case.name);
            runs.push(figures);
        }
    }
    let outcomes = cases.iter().zip(&runs).map(|(case, of_case)| report(case, of_case, &runs[0]));
    // All of them are printed, also behind one that misses its goal.
    outcomes.fold(true, |all, met| all & met)
}

/// Prints a case; whether its goals are met.
fn report(case: &Case, runs: &[Figures], first_case: &[Figures]) -> bool {
    let of = |figure: fn(&Figures) -> f64| median(runs.iter().map(figure));
    let ratio = median(runs.iter().zip(first_case).map(|(run, first)| run.cpu_seconds / first.cpu_seconds));
    let (wall, grown) = (of(|run| run.wall_seconds), of(|run| run.grown_mib));
    println!(
        "{:32} {:>9} {:>8.3} {:>16} {:>16} {:>16}",
        case.name,
        runs[0].rows,
        of(|run| run.cpu_seconds),
        beside(ratio, case.ratio),
        beside(wall, case.wall_seconds),
        beside(grown, case.grown_mib),
    );
    [(ratio, case.ratio), (wall, case.wall_seconds), (grown, case.grown_mib)]
        .iter()
        .all(|(figure, goal)| goal.is_none_or(|goal| *figure <= goal))
}

fn beside(figure: f64, goal: Option<f64>) -> String {
    let goal = goal.map_or_else(String::new, |goal| {
        format!(" ({} {goal:.2})", if figure <= goal { "<=" } else { "OVER" })
    });
    format!("{figure:.2}{goal}")
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn run(case: &str, url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (memory, cpu, wall) = (peak_mib(), cpu_seconds(), Instant::now());
    let rows = runtime.block_on(async {
        match case {
            "hand-written loop" => by_hand(url).await,
            "SDK, repeat check off" => by_sdk(url, |query| query.check_repeats(false)).await,
            "SDK, repeat check on" => by_sdk(url, |query| query).await,
            "SDK, prefetch 8, 20 ms a reply" => by_sdk(url, |query| query.prefetch(8)).await,
            _ => unreachable!("the cases are those of compare()"),
        }
    });
    let figures = Figures {
        rows,
        cpu_seconds: cpu_seconds() - cpu,
        wall_seconds: wall.elapsed().as_secs_f64(),
        grown_mib: peak_mib() - memory,
    };
    serde_json::to_string(&figures).unwrap()
}

/// The loop that somebody would write who does not have the SDK, and wants to lose nothing.
async fn by_hand(url: &str) -> u64 {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        total_count: u64,
        task_details: Vec<Subtask>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "decoding is what is measured")]
    struct Subtask {
        status: Option<String>,
        output: Option<String>,
        error: Option<String>,
        param: Option<Param>,
        #[serde(flatten)]
        extra: serde_json::Map<String, serde_json::Value>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "decoding is what is measured")]
    #[serde(rename_all = "camelCase")]
    struct Param {
        device_id: Option<String>,
        command_id: Option<String>,
        #[serde(flatten)]
        extra: serde_json::Map<String, serde_json::Value>,
    }
    // As the SDK does: ring, and no certificate authorities where nothing speaks TLS.
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let mut rows = 0;
    for number in 0.. {
        let url = format!(
            "{url}/iocm/app/batchtask/v1.1.0/taskDetails?taskId=t&pageNo={number}&pageSize={ROWS_A_PAGE}"
        );
        let request = http.get(url).header("app_key", "a").header("authorization", "Bearer t");
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let page: Page = serde_json::from_slice(&body).unwrap();
        rows += page.task_details.iter().filter(|row| row.param.is_some()).count() as u64;
        if rows >= page.total_count {
            break;
        }
    }
    rows
}

async fn by_sdk(url: &str, change: impl FnOnce(northbound::SubtaskQuery) -> northbound::SubtaskQuery) -> u64 {
    let builder = Client::builder(url).token(AppId::new("a").unwrap(), "t").quota(Quota::unlimited());
    let mut subtasks = change(builder.build().unwrap().subtasks("t")).stream();
    let mut rows = 0;
    while let Some(subtask) = subtasks.try_next().await.unwrap() {
        rows += u64::from(subtask.param().is_some());
    }
    rows
}

/// A server process; it ends with its standard input, and so with this process.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(pages: u32, delay: u32) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve", &pages.to_string(), &delay.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn serve(pages: u32, delay: Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap(), pages, delay));
        }
    });
    let _ = std::io::stdin().read(&mut [0]);
}

/// Answers each request of a connection with its page.
fn answer(stream: TcpStream, pages: u32, delay: Duration) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let number =
            request.split("pageNo=").nth(1).and_then(|rest| rest.split(['&', ' ']).next()?.parse().ok());
        std::thread::sleep(delay);
        let body = page(number.unwrap(), pages);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if writer.write_all(&[head.as_bytes(), body.as_bytes()].concat()).is_err() {
            return;
        }
    }
}

fn page(number: u32, pages: u32) -> String {
    let mut body = format!(
        r#"{{"totalCount":{},"pageNo":{number},"pageSize":{ROWS_A_PAGE},"taskDetails":["#,
        pages * ROWS_A_PAGE
    );
    for row in 0..ROWS_A_PAGE {
        let (comma, id) = (if row == 0 { "" } else { "," }, number * ROWS_A_PAGE + row);
        body += &match row % 5 {
            0 => format!(
                r#"{comma}{{"status":"Fail","output":null,"error":"{{\"error_code\":\"100428\",\"error_desc\":\"The device is not online.\"}}","param":{{"deviceId":"4d8dbbe5-a63b-4e7b-80bc-{id:012}","commandId":"0a1805c844d0e8860132{id:012}"}}}}"#
            ),
            _ => format!(
                r#"{comma}{{"status":"Success","output":"{{\"requestId\":\"b9c9d7142475{id:012}\",\"commandResult\":{{\"resultCode\":\"SUCCESS\"}}}}","error":null,"param":{{"deviceId":"4d8dbbe5-a63b-4e7b-80bc-{id:012}","commandId":"0a1805c844d0e8860132{id:012}"}}}}"#
            ),
        };
    }
    body + "]}"
}

/// The CPU time of this process's only busy thread, as Linux counts it.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// The most memory that this process has had at once.
fn peak_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
