//! What `subtasks --join` costs with a file of 100,000 lines: beside the same read without it, and beside reading the file with the crate
//! `csv` alone. `cargo run --release -p northbound-cli --example join` prints it, and fails if it is over its goal.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use northbound_cli::{Outlet, Process};
use northbound_emulator::{Emulator, Scenario};

const ROWS: u32 = 100_000;
const ROUNDS: usize = 5;
const MOST_SECONDS: f64 = 1.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let scenario = Scenario::default().with_demo_subtasks(ROWS).with_quota(0);
    let emulator = runtime.block_on(Emulator::builder().scenario(scenario).start()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let meters = folder.path().join("meters.csv");
    let usual = format!("subtasks demo -q -o csv --quota 0 --endpoint {} --columns device", emulator.url());
    let (_, devices) = read(&usual, folder.path());
    let mut text = "deviceId,serial number,street,district\n".to_owned();
    for (number, device) in devices.lines().skip(1).enumerate() {
        writeln!(
            text,
            "{device},SN-{number:06},\"Main Street {number}, 2nd floor\",district {}",
            number % 18
        )
        .unwrap();
    }
    std::fs::write(&meters, text).unwrap();
    let joined = format!("{usual} --join {} --by district", meters.display());
    let (mut alone, mut cost) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let lines = csv::Reader::from_path(&meters).unwrap().into_records().map(Result::unwrap).count();
        assert_eq!(lines, ROWS as usize);
        alone.push(start.elapsed().as_secs_f64());
        let (without, _) = read(&usual, folder.path());
        cost.push(read(&joined, folder.path()).0 - without);
    }
    let (alone, cost) = (median(alone), median(cost));
    println!("{ROWS} lines, medians of {ROUNDS} runs in turn");
    println!("the crate csv alone        {alone:7.3} s");
    println!(
        "reading and joining them   {cost:7.3} s (goal: {MOST_SECONDS} s), {:.1} times as long",
        cost / alone
    );
    std::process::exit(i32::from(cost > MOST_SECONDS));
}

/// Runs the command: how many seconds it took, and what it printed.
fn read(line: &str, state: &Path) -> (f64, String) {
    let environment = |name: &str| match name {
        "NORTHBOUND_APP_ID" => Some(Scenario::DEMO_APP_ID.to_owned()),
        "NORTHBOUND_SECRET" => Some(Scenario::DEMO_SECRET.to_owned()),
        "XDG_CACHE_HOME" | "XDG_STATE_HOME" => Some(state.display().to_string()),
        _ => None,
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let process = Process::new(&environment, Outlet::plain(&mut stdout), Outlet::plain(&mut stderr));
    let start = Instant::now();
    let words = ["northbound"].into_iter().chain(line.split(' '));
    let code = northbound_cli::run(words.map(Into::into), process);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&stderr));
    (seconds, String::from_utf8(stdout).unwrap())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
