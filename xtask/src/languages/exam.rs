//! The exam that the emulator holds for any client: sat by each client, at the emulator itself and through the gateway.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::verdict::{Cell, Got, Verdict};
use crate::document::json::{list, text};
use crate::emulator::Emulator;

/// Calls of the quota of an exam.
const CALLS: u32 = 12;
/// For clients that know no quota: the window never moves while the exam lasts, and the outcome does not depend on how quick the
/// machine is.
const ENDLESS_MS: u32 = 3_600_000;
/// For clients that wait until the window has moved.
const WINDOW_MS: u32 = 2000;

/// An exam that has begun.
pub(super) struct Sitting {
    /// Where the client sends its calls.
    url: String,
    /// The quota to keep, if it is the client that keeps one.
    quota: Value,
    offer: Value,
    /// The gateway with the exam's application, if the client asks one.
    _gateway: Option<Emulator>,
}

/// What the emulator says of one mark.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Mark {
    pub(super) mark: String,
    pub(super) passed: bool,
    pub(super) seen: String,
}

impl Mark {
    pub(super) fn cell(&self) -> Cell {
        Cell(if self.passed { Verdict::Pass } else { Verdict::Fails }, self.seen.clone())
    }
}

impl Sitting {
    /// An exam of a client that asks the emulator.
    pub(super) fn begin(emulator: &Emulator, keeps_quota: bool) -> anyhow::Result<Self> {
        let quota = json!({ "calls": CALLS, "window_ms": if keeps_quota { WINDOW_MS } else { ENDLESS_MS } });
        let offer = emulator.post("/_emulator/exam", &quota)?;
        Ok(Self { url: emulator.url().to_owned(), quota, offer, _gateway: None })
    }

    /// An exam of a client that asks a gateway, which `program` serves with the exam's quota.
    pub(super) fn through_gateway(emulator: &Emulator, program: &Path) -> anyhow::Result<Self> {
        let begun = Self::begin(emulator, true)?;
        let gateway = Emulator::listening(
            Command::new(program)
                .args([CALLS.to_string(), WINDOW_MS.to_string()])
                .env("NORTHBOUND_ENDPOINT", emulator.url())
                .env("NORTHBOUND_APP_ID", text(&begun.offer["app_id"]))
                .env("NORTHBOUND_SECRET", text(&begun.offer["secret"])),
        );
        let gateway = gateway.context("cannot start the gateway")?;
        let quota = json!({ "calls": 0, "window_ms": 0 });
        Ok(Self { url: gateway.url().to_owned(), quota, _gateway: Some(gateway), ..begun })
    }

    /// What a runner does for it: for each question and status, the loop over all pages that the READMEs of the clients show.
    pub(super) fn plan(&self) -> Vec<Value> {
        let login = json!({ "appId": self.offer["app_id"], "secret": self.offer["secret"] });
        let calls = list(&self.offer["questions"]).flat_map(|asked| {
            runs(asked).into_iter().map(|(name, status)| {
                let mut query = json!({ "taskId": asked["task_id"], "pageSize": 250 });
                if !status.is_null() {
                    query["status"] = status;
                }
                json!({
                    "name": format!("{name} {}", self.url), "url": self.url, "exam": true, "quota": self.quota,
                    "login": login, "list-all": query,
                })
            })
        });
        calls.collect()
    }

    /// Hands in what the runner read.
    pub(super) fn hand_in(
        &self,
        emulator: &Emulator,
        got: &HashMap<String, Got>,
    ) -> anyhow::Result<Vec<Mark>> {
        #[derive(Deserialize)]
        struct Report {
            marks: Vec<Mark>,
        }
        let path = format!("/_emulator/exam/{}/answers", text(&self.offer["id"]));
        let report: Report = serde_json::from_value(emulator.post(&path, &json!(self.answers(got)))?)?;
        Ok(report.marks)
    }

    fn answers(&self, got: &HashMap<String, Got>) -> Vec<Value> {
        let answer = |asked| {
            let reply = |(name, _)| match got.get(&format!("{name} {}", self.url)) {
                Some(Got::Reply(reply)) => Some(reply),
                _ => None,
            };
            let replies: Vec<Option<&Value>> = runs(asked).into_iter().map(reply).collect();
            let rows = replies.iter().flatten().flat_map(|reply| list(&reply["taskDetails"]));
            let rows =
                rows.map(|row| json!({ "command": row["param"]["commandId"], "status": row["status"] }));
            let rows: Vec<Value> = rows.collect();
            json!({ "question": asked["question"], "rows": rows, "failed": replies.contains(&None) })
        };
        list(&self.offer["questions"]).map(answer).collect()
    }
}

/// The runs through the pages of a task that a question asks for, one for each of its statuses: their names and the status.
fn runs(asked: &Value) -> Vec<(String, Value)> {
    let mut statuses: Vec<Value> = list(&asked["statuses"]).cloned().collect();
    if statuses.is_empty() {
        statuses.push(Value::Null);
    }
    let name = |status: &Value| format!("exam {} {}", asked["question"], text(status));
    statuses.into_iter().map(|status| (name(&status), status)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sitting() -> Sitting {
        let asked = |question: &str, statuses: &[&str]| json!({ "question": question, "task_id": "t", "statuses": statuses });
        let questions = [asked("whole", &[]), asked("failed", &["Fail", "Timeout"])];
        let offer = json!({ "id": "e", "app_id": "e", "secret": "s", "questions": questions });
        Sitting { url: "http://127.0.0.1:1".to_owned(), quota: json!({}), offer, _gateway: None }
    }

    #[test]
    fn each_status_is_read_and_answered_for_its_question() {
        let (sitting, row) = (sitting(), json!({ "status": "Fail", "param": { "commandId": "c" } }));
        let names: Vec<_> = sitting.plan().into_iter().map(|call| text(&call["name"]).to_owned()).collect();
        assert_eq!(names.len(), 3);
        let reply = || Got::Reply(json!({ "taskDetails": [row] }));
        let got = [(names[1].clone(), reply()), (names[2].clone(), reply())].into();
        let read = json!({ "command": "c", "status": "Fail" });
        let wanted = json!([
            { "question": "whole", "rows": [], "failed": true },
            { "question": "failed", "rows": [read, read], "failed": false },
        ]);
        assert_eq!(json!(sitting.answers(&got)), wanted);
        let half = [(names[1].clone(), reply()), (names[2].clone(), Got::Failure("x".to_owned()))].into();
        assert_eq!(sitting.answers(&half)[1]["failed"], true);
    }
}
