//! What draining a large task costs: the SDK against a hand-written loop, each in a process of its own, in turn, in one run.
//!
//! `cargo xtask bench sdk` runs it. The figures are ratios of CPU time; the memory is what the process grew by.

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
/// How often each case runs; the median counts.
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments.iter().skip(1).map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", pages, delay] => {
            serve(pages.parse().unwrap(), Duration::from_millis(delay.parse().unwrap()))
        }
        ["case", case, url] => println!("{}", run(case, url)),
        // cargo passes `--bench`, and whatever else the user asks for.
        _ => compare(),
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

fn compare() {
    println!("median of {RUNS} runs in turn; CPU of the client's process, which has one thread");
    println!("{:34} {:>9} {:>9} {:>9} {:>8} {:>9}", "case", "rows", "CPU s", "wall s", "ratio", "MiB grown");
    for (pages, cases) in [
        (4_000, &["hand-written loop", "SDK, repeat check off", "SDK, repeat check on"][..]),
        (120, &["hand-written loop", "SDK, repeat check on"][..]),
    ] {
        let figures = in_turn(pages, 0, cases);
        for (case, figures_of_case) in cases.iter().zip(&figures) {
            let ratio = figures_of_case.cpu_seconds / figures[0].cpu_seconds;
            print(case, figures_of_case, &format!("{ratio:.2}"));
        }
    }
    let figures = in_turn(400, 20, &["SDK, prefetch 8"]);
    print("SDK, prefetch 8, 20 ms a reply", &figures[0], "-");
}

fn print(case: &str, figures: &Figures, ratio: &str) {
    let Figures { rows, cpu_seconds, wall_seconds, grown_mib } = figures;
    println!("{case:34} {rows:>9} {cpu_seconds:>9.3} {wall_seconds:>9.3} {ratio:>8} {grown_mib:>9.1}");
}

/// Runs all cases in turn, so that whatever else the machine does meets all of them.
fn in_turn(pages: u32, delay: u32, cases: &[&str]) -> Vec<Figures> {
    let server = Server::start(pages, delay);
    let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); cases.len()];
    for _ in 0..RUNS {
        for (case, runs) in cases.iter().zip(&mut runs) {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["case", case, &server.url])
                .output()
                .unwrap();
            assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
            let figures: Figures = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(figures.rows, u64::from(pages * ROWS_A_PAGE), "{case}");
            runs.push(figures);
        }
    }
    runs.into_iter().map(|runs| median(&runs)).collect()
}

fn median(runs: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut sorted: Vec<f64> = runs.iter().map(figure).collect();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    Figures {
        rows: runs[0].rows,
        cpu_seconds: of(|figures| figures.cpu_seconds),
        wall_seconds: of(|figures| figures.wall_seconds),
        grown_mib: of(|figures| figures.grown_mib),
    }
}

fn run(case: &str, url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (memory, cpu, wall) = (peak_mib(), cpu_seconds(), Instant::now());
    let rows = runtime.block_on(async {
        match case {
            "hand-written loop" => by_hand(url).await,
            "SDK, repeat check off" => by_sdk(url, |query| query.check_repeats(false)).await,
            "SDK, repeat check on" => by_sdk(url, |query| query).await,
            "SDK, prefetch 8" => by_sdk(url, |query| query.prefetch(8)).await,
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
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let tls = config.with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let http = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap();
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

async fn by_sdk(url: &str, change: impl FnOnce(northbound::Subtasks) -> northbound::Subtasks) -> u64 {
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
