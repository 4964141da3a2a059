//! `cargo xtask bench emulator`: how many pages a second the emulator hands out, beside a mock server and a file server, and
//! what large tasks cost.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::call::Call;
use super::needs_linux;
use super::server::Server;
use super::tools::Tools;
use super::wrk::{self, Run};
use crate::document::operations::{Operation, operation};
use crate::document::reference;
use crate::{Outcome, emulator, load, print};

/// How often each server is measured, in turn; the median counts.
const ROUNDS: usize = 3;
/// Subtasks on a page: the default, and the most.
const ROWS: [usize; 2] = [25, 250];
/// The emulator is to answer so many times as often as Prism.
const GOAL: f64 = 8.0;

/// Runs the command in the project at `root`; each of the measurements takes so many seconds.
///
/// # Errors
/// When something is missing, or a server does not answer as it should.
pub fn run(root: &Path, seconds: u32) -> anyhow::Result<Outcome> {
    needs_linux()?;
    let tools = Tools::find(root)?;
    let program = emulator::build_with(root, &["--release"])?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let document = load::read(root)?.value().clone();

    print(&format!("wrk -t1 -c8, {seconds} s each after a warm-up, in turn; median of {ROUNDS} rounds"));
    print("every reply is a 200 and whole; the emulator checks everything and has no quota");
    print(&format!(
        "{:10} {:>5} {:>11} {:>9} {:>9} {:>8} {:>16}",
        "server", "rows", "requests/s", "x Prism", "x nginx", "p99 ms", "CPU µs a request"
    ));
    let mut fast = true;
    for rows in ROWS {
        let folder = folder.path().join(rows.to_string());
        fs::create_dir(&folder).context("cannot make a folder")?;
        let comparison = Comparison::start(&program, &tools, &folder, &document, rows)?;
        fast &= comparison.run(seconds, &folder)?;
    }
    print("");
    let large = large_tasks_cost_what_they_may(root)?;
    Ok(if fast && large { Outcome::Done } else { Outcome::Broken })
}

/// Three servers that hand out the same page.
struct Comparison {
    rows: usize,
    /// The emulator, Prism, nginx.
    entrants: [Entrant; 3],
}

struct Entrant {
    name: &'static str,
    server: Server,
    call: Call,
    /// Length of its reply, in bytes.
    length: u64,
}

#[derive(Clone, Copy)]
struct Figures {
    requests_a_second: f64,
    p99_ms: f64,
    cpu_us: f64,
}

impl Comparison {
    fn start(
        program: &Path,
        tools: &Tools,
        folder: &Path,
        document: &Value,
        rows: usize,
    ) -> anyhow::Result<Self> {
        let emulator = Server::emulator(program, folder)?;
        let (login, list) = (operation(document, "login")?, operation(document, "listSubtasks")?);
        let call = |server: &Server, target: &str, headers: &[(&'static str, String)]| Call {
            address: server.address,
            target: target.to_owned(),
            headers: headers.to_vec(),
        };
        let query = format!("{}?taskId=demo&pageSize={rows}", list.path);
        let reply = call(&emulator, login.path, &[]).post("appId=demo-app&secret=demo-secret")?;
        let token: Value = serde_json::from_slice(&reply.body).context("the emulator's answer to a login")?;
        let token = token["accessToken"].as_str().context("the emulator's answer to a login has no token")?;
        let headers = [("app_key", "demo-app".to_owned()), ("Authorization", format!("Bearer {token}"))];
        let refused = call(&emulator, &query, &headers[..1]).get()?.status;
        ensure!(refused == 403, "the emulator answers {refused} to a call without a token");
        let page: Value = serde_json::from_slice(&call(&emulator, &query, &headers).get()?.body)
            .context("the emulator's page")?;
        let subtasks = page["taskDetails"].as_array().context("the emulator's page has no subtasks")?;
        ensure!(subtasks.len() == rows, "the emulator's page has {} subtasks, not {rows}", subtasks.len());

        let example = with_example(document, &list, &page)?;
        fs::write(folder.join("openapi.json"), example.to_string()).context("cannot write the document")?;
        fs::write(folder.join("page.json"), page.to_string()).context("cannot write the page")?;
        let prism = Server::prism(&tools.prism, folder)?;
        let nginx = Server::nginx(&tools.nginx, folder)?;
        let calls = [
            call(&emulator, &query, &headers),
            call(&prism, &query, &headers),
            call(&nginx, "/page.json", &headers),
        ];
        let [of_emulator, of_prism, of_nginx] = calls;
        Ok(Self {
            rows,
            entrants: [
                Entrant::new("emulator", emulator, of_emulator, &page)?,
                Entrant::new("Prism", prism, of_prism, &page)?,
                Entrant::new("nginx", nginx, of_nginx, &page)?,
            ],
        })
    }

    /// Measures all, prints the figures, and tells whether the emulator reaches its goal.
    fn run(&self, seconds: u32, folder: &Path) -> anyhow::Result<bool> {
        let mut rounds = self.entrants.each_ref().map(|_| Vec::new());
        for round in 0..=ROUNDS {
            for (entrant, figures) in self.entrants.iter().zip(&mut rounds) {
                let measured = entrant.measure(seconds, folder).with_context(|| entrant.name)?;
                // The first one warms up.
                if round > 0 {
                    figures.push(measured);
                }
            }
        }
        let figures = rounds.map(|figures| median(&figures));
        let [emulator, prism, nginx] = figures.map(|figures| figures.requests_a_second);
        for (entrant, figures) in self.entrants.iter().zip(figures) {
            let Figures { requests_a_second, p99_ms, cpu_us } = figures;
            print(&format!(
                "{:10} {:>5} {:>11.0} {:>9.2} {:>9.2} {:>8.2} {:>16.1}",
                entrant.name,
                self.rows,
                requests_a_second,
                requests_a_second / prism,
                requests_a_second / nginx,
                p99_ms,
                cpu_us
            ));
        }
        let reached = emulator >= GOAL * prism;
        let verdict = if reached { "reached" } else { "MISSED" };
        print(&format!("goal: the emulator at {} rows at least {GOAL} x Prism: {verdict}", self.rows));
        Ok(reached)
    }
}

impl Entrant {
    /// Makes sure that it hands out `page`.
    fn new(name: &'static str, server: Server, call: Call, page: &Value) -> anyhow::Result<Self> {
        let reply = call.get()?;
        ensure!(reply.status == 200, "{name} answers {}", reply.status);
        let body: Value = serde_json::from_slice(&reply.body).with_context(|| format!("{name}'s page"))?;
        ensure!(body == *page, "{name} hands out another page: {body}");
        Ok(Self { name, server, call, length: reply.length })
    }

    fn measure(&self, seconds: u32, folder: &Path) -> anyhow::Result<Figures> {
        let before = self.server.cpu_seconds()?;
        let run: Run = wrk::run(&self.call, seconds, folder)?;
        let spent = self.server.cpu_seconds()? - before;
        run.check(self.length)?;
        let cpu_us = spent * 1e6 / run.requests as f64;
        Ok(Figures { requests_a_second: run.requests_a_second(), p99_ms: run.p99_ms, cpu_us })
    }
}

fn median(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| super::median(&rounds.iter().map(figure).collect::<Vec<_>>());
    Figures {
        requests_a_second: of(|figures| figures.requests_a_second),
        p99_ms: of(|figures| figures.p99_ms),
        cpu_us: of(|figures| figures.cpu_us),
    }
}

/// The document with `page` as the only example of an operation's answer. Prism would rather use the one of the schema.
fn with_example(document: &Value, operation: &Operation<'_>, page: &Value) -> anyhow::Result<Value> {
    let mut document = document.clone();
    let Operation { path, method, .. } = operation;
    let content = &mut document["paths"][*path][*method]["responses"]["200"]["content"]["application/json"];
    content["examples"] = json!({ "page": { "value": page } });
    let schema = content["schema"]["$ref"].as_str().and_then(reference::pointer);
    let schema = schema.context("the answer's schema is not a reference")?;
    if let Some(Value::Object(schema)) = document.pointer_mut(&schema) {
        schema.remove("example");
    }
    Ok(document)
}

/// Creates and reads tasks of a million subtasks, and prints what that costs; false if a goal is missed.
fn large_tasks_cost_what_they_may(root: &Path) -> anyhow::Result<bool> {
    let status = crate::cargo()
        .args(["run", "--release", "--quiet", "--package", "northbound-emulator", "--example", "scale"])
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    Ok(status.success())
}
