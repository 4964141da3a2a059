//! What draining a large task costs: the SDK against a hand-written loop, each in a process of its own, in turn, in one run.
//!
//! `cargo bench -p northbound --bench drain` runs it. Each figure is printed beside its goal, and the run fails if one is missed;
//! on a machine that is busy with other things the ratios of CPU time come out too high.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use northbound::{AppId, Client, Quota, SubtaskQuery, reqwest};
use serde::{Deserialize, Serialize};

const ROWS_A_PAGE: u32 = 250;

const BY_HAND: &str = "hand-written loop";
const CHECK_OFF: &str = "SDK, repeat check off";
const CHECK_ON: &str = "SDK, repeat check on";
const AHEAD: &str = "SDK, prefetch 8, 20 ms a reply";

/// The largest ratio of CPU time to the loop that ran just before, the most wall seconds, and the most MiB grown.
type Goals = [Option<f64>; 3];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(case) = arguments.iter().position(|argument| argument == "case") {
        return println!("{}", run(&arguments[case + 1], &arguments[case + 2]));
    }
    println!("medians of runs in turn; a goal stands in brackets behind what it bounds");
    println!(
        "CPU is that of the client's process, which has one thread; a ratio is to the loop that ran just before"
    );
    println!(
        "{:32} {:>9} {:>8} {:>16} {:>16} {:>16}",
        "case", "rows", "CPU s", "ratio", "wall s", "MiB grown"
    );
    // A short read ends before the machine is busy with it, so it takes more of them to tell.
    let met = [
        in_turn(
            4_000,
            0,
            5,
            &[
                (BY_HAND, [None; 3]),
                (CHECK_OFF, [Some(1.10), None, Some(8.0)]),
                (CHECK_ON, [Some(1.50), None, Some(32.0)]),
            ],
        ),
        in_turn(120, 0, 31, &[(BY_HAND, [None; 3]), (CHECK_ON, [Some(1.20), None, None])]),
        in_turn(400, 20, 5, &[(AHEAD, [None, Some(1.2), None])]),
    ];
    std::process::exit(i32::from(met.contains(&false)));
}

/// What a case reports.
#[derive(Clone, Copy, Deserialize, Serialize)]
struct Figures {
    rows: u64,
    cpu_seconds: f64,
    wall_seconds: f64,
    grown_mib: f64,
}

/// Runs all cases in turn, so that whatever else the machine does meets all of them; whether their goals are met.
fn in_turn(pages: u32, delay: u64, rounds: usize, cases: &[(&str, Goals)]) -> bool {
    let url = serve(pages, Duration::from_millis(delay));
    let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for ((case, _), runs) in cases.iter().zip(&mut runs) {
            let mut process = Command::new(std::env::current_exe().unwrap());
            let output = process.args(["case", case, &url]).output().unwrap();
            assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
            let figures: Figures = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(figures.rows, u64::from(pages * ROWS_A_PAGE), "{case}");
            runs.push(figures);
        }
    }
    let outcomes = cases.iter().zip(&runs).map(|(case, of_case)| report(case, of_case, &runs[0]));
    // All of them are printed, also behind one that misses its goal.
    outcomes.fold(true, |all, met| all & met)
}

/// Prints a case; whether its goals are met.
fn report((case, goals): &(&str, Goals), runs: &[Figures], first_case: &[Figures]) -> bool {
    let of = |figure: fn(&Figures) -> f64| median(runs.iter().map(figure));
    let ratio = median(runs.iter().zip(first_case).map(|(run, first)| run.cpu_seconds / first.cpu_seconds));
    let figures = [ratio, of(|run| run.wall_seconds), of(|run| run.grown_mib)];
    let shown = [0, 1, 2].map(|place| match goals[place] {
        None => format!("{:.2}", figures[place]),
        Some(goal) => {
            format!(
                "{:.2} ({} {goal:.2})",
                figures[place],
                if figures[place] <= goal { "<=" } else { "OVER" }
            )
        }
    });
    let [ratio, wall, grown] = &shown;
    println!(
        "{case:32} {:>9} {:>8.3} {ratio:>16} {wall:>16} {grown:>16}",
        runs[0].rows,
        of(|run| run.cpu_seconds)
    );
    !shown.iter().any(|figure| figure.contains("OVER"))
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
            BY_HAND => by_hand(url).await,
            CHECK_OFF => by_sdk(url, |query| query.check_repeats(false)).await,
            AHEAD => by_sdk(url, |query| query.prefetch(8)).await,
            _ => by_sdk(url, |query| query).await,
        }
    });
    let (cpu_seconds, wall_seconds) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let figures = Figures { rows, cpu_seconds, wall_seconds, grown_mib: peak_mib() - memory };
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

async fn by_sdk(url: &str, change: impl FnOnce(SubtaskQuery) -> SubtaskQuery) -> u64 {
    let builder = Client::builder(url).token(AppId::new("a").unwrap(), "t").quota(Quota::unlimited());
    let mut subtasks = change(builder.build().unwrap().subtasks("t")).stream();
    let mut rows = 0;
    while let Some(subtask) = subtasks.try_next().await.unwrap() {
        rows += u64::from(subtask.param().is_some());
    }
    rows
}

/// Starts to answer with pages, as long as this process lives.
fn serve(pages: u32, delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap(), pages, delay));
        }
    });
    url
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
    let row = |row: u32| {
        let id = number * ROWS_A_PAGE + row;
        let outcome = match row % 5 {
            0 => r#""status":"Fail","output":null,"error":"{\"error_code\":\"100428\",\"error_desc\":\"The device is not online.\"}""#.to_owned(),
            _ => format!(r#""status":"Success","output":"{{\"requestId\":\"b9c9d7142475{id:012}\",\"commandResult\":{{\"resultCode\":\"SUCCESS\"}}}}","error":null"#),
        };
        format!(
            r#"{{{outcome},"param":{{"deviceId":"4d8dbbe5-a63b-4e7b-80bc-{id:012}","commandId":"0a1805c844d0e8860132{id:012}"}}}}"#
        )
    };
    let (total, rows) = (pages * ROWS_A_PAGE, (0..ROWS_A_PAGE).map(row).collect::<Vec<_>>().join(","));
    format!(r#"{{"totalCount":{total},"pageNo":{number},"pageSize":{ROWS_A_PAGE},"taskDetails":[{rows}]}}"#)
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
