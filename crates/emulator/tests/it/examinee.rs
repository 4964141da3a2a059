//! A client that sits an exam, well or with one flaw.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use northbound_emulator::{Control, Scenario};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, exchange};

/// What a client does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It does not count its calls.
    Hasty,
    /// It repeats a throttled call at once, before it waits.
    Impatient,
    /// It logs in for every question.
    Forgetful,
    /// It repeats a call with a token that was refused, before it logs in.
    Stubborn,
    /// It reads forward what shrinks.
    ReadsForward,
    /// It reads by status what grows, and believes each page.
    ReadsByStatus,
    /// It hands out a row of its own.
    Invents,
    /// It leaves out the status of rows that it does not understand.
    DropsOdd,
    /// It takes what another address says for rows.
    BelievesRedirect,
    /// It follows a redirect with its headers.
    Leaks,
    /// It puts its token into URLs.
    TellsToken,
}

/// A client, whose time is the emulator's.
pub(crate) struct Examinee {
    control: Control,
    stranger: Caller,
    pub(crate) offer: Value,
    flaw: Option<Flaw>,
    caller: Option<Caller>,
    sent: VecDeque<Duration>,
}

pub(crate) fn emulator() -> Control {
    let mut scenario = Scenario::default().with_manual_clock();
    // The fault of each reply is looked up in the journal, which takes longer the longer it is.
    scenario.journal_entries = 10;
    Control::new(scenario).unwrap()
}

impl Examinee {
    pub(crate) async fn at(control: &Control, flaw: Option<Flaw>) -> Self {
        let stranger = Caller::at(control);
        let offer = stranger.steer("POST", "/exam", Value::Null).await;
        assert_eq!(offer.status, 201, "{}", offer.body);
        let control = control.clone();
        Self { control, stranger, offer: offer.body, flaw, caller: None, sent: VecDeque::new() }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.offer[member].as_str().unwrap()
    }

    fn window(&self) -> Duration {
        Duration::from_millis(self.offer["window_ms"].as_u64().unwrap())
    }

    pub(crate) async fn log_in(&mut self) {
        self.sent.push_back(self.control.clock().now());
        self.caller = Some(self.stranger.logged_in(self.text("app_id"), self.text("secret")).await);
    }

    /// Sends a call as it stands.
    pub(crate) async fn send(&mut self, query: &str) -> Reply {
        if self.caller.is_none() {
            self.log_in().await;
        }
        let caller = self.caller.as_ref().unwrap();
        let reply = match self.has(Flaw::TellsToken) {
            false => caller.get(query).await,
            true => {
                caller.get(&format!("{query}&token={}", &caller.authorization()["Bearer ".len()..])).await
            }
        };
        self.sent.push_back(self.control.clock().now());
        reply
    }

    /// Makes a call until it is answered, with regard to token and quota.
    async fn call(&mut self, query: &str) -> Reply {
        let (mut again, calls) = (true, self.offer["calls"].as_u64().unwrap() as usize);
        loop {
            if !self.has(Flaw::Hasty) && self.sent.len() >= calls {
                self.wait();
            }
            let reply = self.send(query).await;
            match reply.body["error_code"].as_str() {
                Some("1010005") if self.has(Flaw::Stubborn) && again => again = false,
                Some("1010005") => self.log_in().await,
                Some("1010009") if self.has(Flaw::Impatient) && again => again = false,
                Some("1010009") => self.wait(),
                _ => return reply,
            }
        }
    }

    fn wait(&mut self) {
        self.control.advance(self.window());
        self.sent.clear();
    }

    pub(crate) async fn page(&mut self, query: &str) -> Value {
        let reply = self.call(query).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        reply.body
    }

    /// Sits the exam; the names of the marks that are not passed.
    pub(crate) async fn sit(mut self) -> BTreeSet<String> {
        let mut answers = Vec::new();
        for asked in self.offer["questions"].as_array().unwrap().clone() {
            if self.has(Flaw::Forgetful) {
                self.caller = None;
            }
            answers.push(self.answer(&asked).await);
        }
        let path = format!("/exam/{}/answers", self.text("id"));
        let report = self.stranger.steer("POST", &path, json!(answers)).await;
        assert_eq!(report.status, 200, "{}", report.body);
        failed(&report.body)
    }

    async fn answer(&mut self, asked: &Value) -> Value {
        let (question, task) = (asked["question"].as_str().unwrap(), asked["task_id"].as_str().unwrap());
        let mut rows = match question {
            "failed" if self.has(Flaw::ReadsByStatus) => {
                let mut rows = self.forward(&format!("taskId={task}&status=Fail")).await;
                rows.extend(self.forward(&format!("taskId={task}&status=Timeout")).await);
                rows
            }
            "failed" => {
                let mut rows = self.forward(&format!("taskId={task}")).await;
                rows.retain(|row| ["Fail", "Timeout"].map(Value::from).contains(&row["status"]));
                rows
            }
            "pending" if self.has(Flaw::ReadsForward) => {
                self.forward(&format!("taskId={task}&status=Pending")).await
            }
            "pending" => self.backward(&format!("taskId={task}&status=Pending")).await,
            "redirect" => {
                let (rows, failed) = self.redirected(task).await;
                return json!({ "question": question, "rows": rows, "failed": failed });
            }
            _ => self.forward(&format!("taskId={task}")).await,
        };
        if question == "odd" && self.has(Flaw::DropsOdd) {
            let known = crate::support::STATUSES.map(Value::from);
            rows.iter_mut()
                .filter(|row| !known.contains(&row["status"]))
                .for_each(|row| row["status"] = Value::Null);
        }
        if question == "whole" && self.has(Flaw::Invents) {
            rows.push(json!({ "status": "Success", "param": { "commandId": "of nobody" } }));
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|row| json!({ "command": row["param"]["commandId"], "status": row["status"] }))
            .collect();
        json!({ "question": question, "rows": rows })
    }

    /// Reads page after page until one is empty.
    async fn forward(&mut self, query: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for number in 0.. {
            let page = self.page(&format!("{query}&pageNo={number}&pageSize=250")).await;
            let on_page = page["taskDetails"].as_array().unwrap();
            if on_page.is_empty() {
                break;
            }
            rows.extend(on_page.iter().cloned());
        }
        rows
    }

    /// Reads the last page first: what leaves the set moves the others to pages that are still to come.
    async fn backward(&mut self, query: &str) -> Vec<Value> {
        let total =
            self.page(&format!("{query}&pageNo=0&pageSize=250")).await["totalCount"].as_u64().unwrap();
        let (mut rows, mut seen) = (Vec::new(), HashSet::new());
        for number in (0..total.div_ceil(250)).rev() {
            let page = self.page(&format!("{query}&pageNo={number}&pageSize=250")).await;
            let fresh = page["taskDetails"].as_array().unwrap().iter();
            rows.extend(fresh.filter(|row| seen.insert(row["param"]["commandId"].clone())).cloned());
        }
        rows
    }

    async fn redirected(&mut self, task: &str) -> (Vec<Value>, bool) {
        let reply = self.call(&format!("taskId={task}&pageNo=0&pageSize=250")).await;
        assert_eq!(reply.status, 307);
        let location = reply.headers["location"].to_str().unwrap();
        let headers = match self.flaw {
            Some(Flaw::Leaks) => format!("app_key: {}\r\n", self.text("app_id")),
            Some(Flaw::BelievesRedirect) => String::new(),
            _ => return (vec![], true),
        };
        let page = elsewhere(location, &headers).await;
        let command = page["taskDetails"][0]["param"]["commandId"].clone();
        assert_eq!(command, "elsewhere");
        match self.flaw {
            Some(Flaw::Leaks) => (vec![], true),
            _ => (vec![json!({ "command": command, "status": "Success" })], false),
        }
    }
}

/// Asks the other address.
pub(crate) async fn elsewhere(location: &str, headers: &str) -> Value {
    let (host, path) = location.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\n{headers}connection: close\r\n\r\n");
    serde_json::from_str(&exchange(&mut stream, &request).await.unwrap().1).unwrap()
}

/// The names of the marks that are not passed.
pub(crate) fn failed(report: &Value) -> BTreeSet<String> {
    let marks = report["marks"].as_array().unwrap();
    let failed: BTreeSet<_> = marks
        .iter()
        .filter(|mark| mark["passed"] == false)
        .map(|mark| mark["mark"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(report["passed"], failed.is_empty(), "{report}");
    failed
}
