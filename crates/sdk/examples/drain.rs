//! Measures by how much a process grows while it drains a task of 1,000,000 subtasks, with the repeat check on and off.
//!
//! `cargo run --release -p northbound --example drain` (Linux: it reads `/proc/self/status`). The platform and each read run in
//! processes of their own, started from this program. It fails if a bound is exceeded.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a measurement, run by hand")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use northbound::{AppId, Client};

const ROWS: usize = 1_000_000;
const BOUNDS: [(&str, usize); 2] = [("on", 32 * 1024), ("off", 8 * 1024)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["platform"] => platform(),
        ["read", check, url] => {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(read(check, url));
        }
        _ => measure(),
    }
}

fn start(arguments: &[&str]) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap()
}

fn line_of(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn measure() {
    let mut platform = start(&["platform"]);
    let url = line_of(&mut platform);
    let mut exceeded = false;
    for (check, bound) in BOUNDS {
        let mut reader = start(&["read", check, &url]);
        let line = line_of(&mut reader);
        assert!(reader.wait().unwrap().success());
        let (kib, seconds) = line.split_once(' ').unwrap();
        let kib: usize = kib.parse().unwrap();
        println!(
            "check {check}: {ROWS} rows in {seconds} s, grown by {:.1} of {} MiB",
            kib as f64 / 1024.0,
            bound / 1024
        );
        exceeded |= kib > bound;
    }
    platform.kill().unwrap();
    platform.wait().unwrap();
    assert!(!exceeded, "a bound is exceeded");
}

async fn read(check: &str, url: &str) {
    let builder = Client::builder(url).token(AppId::new("demo-app").unwrap(), "t0ken");
    let client = builder.build().unwrap();
    let before = memory("VmRSS:");
    let started = Instant::now();
    let mut stream = client.subtasks("demo").check_repeats(check == "on").stream();
    let mut rows = 0;
    while stream.try_next().await.unwrap().is_some() {
        rows += 1;
    }
    assert_eq!(rows, ROWS);
    println!("{} {:.1}", memory("VmHWM:") - before, started.elapsed().as_secs_f64());
}

/// KiB of this process.
fn memory(what: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Answers every call with a page of the task.
fn platform() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    for connection in listener.incoming() {
        std::thread::spawn(move || serve(connection.unwrap()));
    }
}

fn serve(mut connection: TcpStream) {
    connection.set_nodelay(true).unwrap();
    let mut requests = BufReader::new(connection.try_clone().unwrap());
    let mut line = String::new();
    let mut page = 0;
    while requests.read_line(&mut line).is_ok_and(|read| read > 0) {
        if let Some(number) = line.split("pageNo=").nth(1) {
            page = number.split(['&', ' ']).next().unwrap().parse().unwrap();
        }
        if line == "\r\n" {
            let body = body(page);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            if connection.write_all((head + &body).as_bytes()).is_err() {
                return;
            }
        }
        line.clear();
    }
}

fn body(page: usize) -> String {
    let mut body = format!(r#"{{"totalCount":{ROWS},"pageNo":{page},"pageSize":250,"taskDetails":["#);
    for row in (page * 250..page * 250 + 250).take_while(|row| *row < ROWS) {
        let comma = if row % 250 == 0 { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"status":"Success","output":"{{\"requestId\":\"{row:032x}\",\"commandResult\":null}}","error":null,"param":{{"deviceId":"d4a1c6de-6f7b-4c0d-9a1e-{row:012x}","commandId":"{row:032x}"}}}}"#
        )
        .unwrap();
    }
    body + "]}"
}
