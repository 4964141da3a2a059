//! What a page through the gateway costs beside a page of the SDK, in one run, and how much memory callers need that wait for the quota.
//!
//! `cargo xtask bench gateway` runs it. Each figure is printed beside its goal, and the run fails if one is missed; on a machine that is
//! busy with other things the times come out too high. Needs Linux, whose `/proc` has the figures of a process.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use northbound::{AppId, Client, Quota};
use northbound_gateway::{Gateway, Listen};

const ROWS_A_PAGE: u32 = 250;
const PAGES: u32 = 1000;
const ROUNDS: usize = 7;
const CALLERS: usize = 1000;

const MOST_CPU: f64 = 1.5;
const MOST_MS_MORE: f64 = 1.0;
const MOST_MIB: f64 = 100.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(case) = arguments.iter().position(|argument| argument == "case") {
        return match &arguments[case + 1..] {
            [name, url] if name == "sdk" => by_sdk(url, false),
            [name, url] if name == "sdk-reads" => by_sdk(url, true),
            [_, url, calls] => serve_gateway(url, calls.parse().unwrap()),
            _ => std::process::exit(2),
        };
    }
    let platform = platform();
    let (mut sdk, mut reads, mut gateway) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        sdk.push(Process::start(&["sdk", &platform]).figures());
        reads.push(Process::start(&["sdk-reads", &platform]).figures());
        gateway.push(through_gateway(&platform));
    }
    let cpu = |of: &[[f64; 2]]| median(of.iter().zip(&gateway).map(|(sdk, gateway)| gateway[0] / sdk[0]));
    let more = median(sdk.iter().zip(&gateway).map(|(sdk, gateway)| gateway[1] - sdk[1]));
    let of = |figures: &[[f64; 2]], which: usize| median(figures.iter().map(|one| one[which]));
    println!(
        "a page of {ROWS_A_PAGE} rows, medians of {ROUNDS} runs of {PAGES} pages each, in turn; a goal is in brackets"
    );
    println!("{:24} {:>12} {:>12}", "", "CPU ms", "median ms");
    let all =
        [("SDK, page by page", &sdk), ("SDK, reading the task", &reads), ("through the gateway", &gateway)];
    for (name, figures) in all {
        println!("{name:24} {:12.3} {:12.3}", of(figures, 0), of(figures, 1));
    }
    let mib = waiting(&platform);
    let met = [
        goal("CPU of the gateway to that of a page of the SDK", cpu(&sdk), MOST_CPU, "times"),
        goal("CPU of the gateway to that of a read of the SDK", cpu(&reads), MOST_CPU, "times"),
        goal("a page takes more time by", more, MOST_MS_MORE, "ms"),
        goal(&format!("{CALLERS} callers that wait for the quota"), mib, MOST_MIB, "MiB"),
    ];
    std::process::exit(i32::from(met.contains(&false)));
}

fn goal(name: &str, figure: f64, most: f64, unit: &str) -> bool {
    let met = figure <= most;
    println!("{name}: {figure:.2} {unit} ({} {most})", if met { "<=" } else { "OVER" });
    met
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Reads page after page with the SDK, each by its number or as one read of the task, which also looks for rows that come twice;
/// prints CPU and median time of one, in ms.
fn by_sdk(url: &str, reads: bool) {
    let times = runtime().block_on(async {
        let builder = Client::builder(url).token(AppId::new("a").unwrap(), "t").quota(Quota::unlimited());
        let (client, mut times) = (builder.build().unwrap(), Vec::new());
        let query = || client.subtasks("t").page_size(ROWS_A_PAGE);
        let mut pages = query().pages();
        for number in 0..PAGES {
            let began = Instant::now();
            let page = if reads {
                pages.try_next().await.unwrap().unwrap()
            } else {
                query().page(number).await.unwrap()
            };
            times.push(began.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(page.subtasks().len(), ROWS_A_PAGE as usize);
        }
        times
    });
    println!("{} {}", cpu_ms() / f64::from(PAGES), median(times.into_iter()));
}

/// Serves the gateway with this quota, in which no window ends, until a line comes; then prints CPU in ms and the most memory in MiB.
fn serve_gateway(url: &str, calls: u32) {
    runtime().block_on(async {
        let quota = if calls == 0 {
            Quota::unlimited()
        } else {
            Quota::new(calls, Duration::from_secs(3600)).unwrap()
        };
        let builder = Client::builder(url).token(AppId::new("a").unwrap(), "t").quota(quota);
        let client = builder.deadline(Duration::from_secs(10_000_000)).build().unwrap();
        let gateway = Gateway::builder(client).start(Listen::Tcp(([127, 0, 0, 1], 0).into())).await.unwrap();
        println!("{}", gateway.url());
        tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()))
            .await
            .unwrap()
            .unwrap();
    });
    println!("{} {}", cpu_ms(), peak_mib());
}

/// The same pages through a gateway, whose CPU counts.
fn through_gateway(platform: &str) -> [f64; 2] {
    let gateway = Process::start(&["gateway", platform, "0"]);
    let mut caller = Caller::log_in(&gateway.url);
    let times = (0..PAGES).map(|number| {
        let began = Instant::now();
        caller.ask("t", number);
        let body = caller.answer();
        assert!(body.contains("\"taskDetails\""), "{body}");
        began.elapsed().as_secs_f64() * 1000.0
    });
    let time = median(times);
    let [cpu, _] = gateway.figures();
    [cpu / f64::from(PAGES), time]
}

/// By how many MiB a gateway grows when 1,000 callers wait for the quota, each for a task of its own.
fn waiting(platform: &str) -> f64 {
    let grown = [0, CALLERS].map(|callers| {
        let gateway = Process::start(&["gateway", platform, "1"]);
        let mut first = Caller::log_in(&gateway.url);
        first.ask("first", 0);
        let callers: Vec<Caller> = (0..callers)
            .map(|number| {
                let mut caller = first.again();
                caller.ask(&format!("task-{number}"), 0);
                caller
            })
            .collect();
        // Until the gateway has read what they ask.
        std::thread::sleep(Duration::from_secs(5));
        for caller in callers.iter().step_by(100) {
            let stream = caller.0.get_ref();
            stream.set_nonblocking(true).unwrap();
            assert!(stream.peek(&mut [0; 1]).is_err(), "a caller does not wait");
        }
        let [_, mib] = gateway.figures();
        drop(callers);
        mib
    });
    grown[1] - grown[0]
}

/// A connection to the gateway, its address, and a token.
struct Caller(BufReader<TcpStream>, String, String);

impl Caller {
    fn log_in(url: &str) -> Self {
        let mut caller = Self::connected(url, "");
        let form = "appId=a&secret=s";
        let head = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 16";
        caller.send(&format!(
            "POST /iocm/app/sec/v1.1.0/login HTTP/1.1\r\nhost: localhost\r\n{head}\r\n\r\n{form}"
        ));
        let body = caller.answer();
        body.split('"').skip_while(|part| *part != "accessToken").nth(2).unwrap().clone_into(&mut caller.2);
        caller
    }

    fn connected(url: &str, token: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream), url.to_owned(), token.to_owned())
    }

    fn again(&self) -> Self {
        Self::connected(&self.1, &self.2)
    }

    fn send(&mut self, request: &str) {
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    fn ask(&mut self, task: &str, number: u32) {
        let query = format!("taskId={task}&pageNo={number}&pageSize={ROWS_A_PAGE}");
        let head = format!("host: localhost\r\napp_key: a\r\nauthorization: Bearer {}", self.2);
        self.send(&format!("GET /iocm/app/batchtask/v1.1.0/taskDetails?{query} HTTP/1.1\r\n{head}\r\n\r\n"));
    }

    fn answer(&mut self) -> String {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            match line.trim_end().to_ascii_lowercase().strip_prefix("content-length: ") {
                Some(text) => length = text.parse().unwrap(),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }
}

/// A case in a process of its own. A gateway says first where it listens.
struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Process {
    fn start(case: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child =
            command.arg("case").args(case).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut process = Self { child, stdin, stdout: BufReader::new(stdout), url: String::new() };
        if case[0] == "gateway" {
            process.url = process.line();
        }
        process
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn figures(mut self) -> [f64; 2] {
        // The SDK's process does not read, and may have ended.
        let _ = self.stdin.write_all(b"\n");
        let line = self.line();
        assert!(self.child.wait().unwrap().success(), "{line}");
        let figures: Vec<f64> = line.split(' ').map(|figure| figure.parse().unwrap()).collect();
        [figures[0], figures[1]]
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Starts to answer with pages, as long as this process lives.
fn platform() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap()));
        }
    });
    url
}

/// Answers each request of a connection with its page.
fn answer(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let number = request.split("pageNo=").nth(1).and_then(|rest| rest.split(['&', ' ']).next());
        let body = page(number.unwrap().parse().unwrap());
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if writer.write_all(&[head.as_bytes(), body.as_bytes()].concat()).is_err() {
            return;
        }
    }
}

fn page(number: u32) -> String {
    let row = |row: u32| {
        let id = number * ROWS_A_PAGE + row;
        format!(
            r#"{{"status":"Success","output":"{{\"requestId\":\"b9c9d7142475{id:012}\",\"commandResult\":{{\"resultCode\":\"SUCCESS\"}}}}","error":null,"param":{{"deviceId":"4d8dbbe5-a63b-4e7b-80bc-{id:012}","commandId":"0a1805c844d0e8860132{id:012}"}}}}"#
        )
    };
    let (total, rows) = (PAGES * ROWS_A_PAGE, (0..ROWS_A_PAGE).map(row).collect::<Vec<_>>().join(","));
    format!(r#"{{"totalCount":{total},"pageNo":{number},"pageSize":{ROWS_A_PAGE},"taskDetails":[{rows}]}}"#)
}

/// The CPU time of all threads of this process. A clock tick is 10 ms.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold blanks.
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() * 10.0).sum()
}

/// The most memory that this process has had at once.
fn peak_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
