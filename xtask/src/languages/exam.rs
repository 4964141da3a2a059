//! The exam that the emulator holds for any client: sat by each generated client.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::verdict::{Cell, Got, Verdict};
use crate::document::json::{list, text};
use crate::emulator::Emulator;

/// The window never moves while the exam lasts: the outcome does not depend on how quick the machine is.
const WINDOW_MS: u32 = 3_600_000;

/// An exam that has begun, at the emulator with this address.
pub(super) struct Sitting {
    url: String,
    offer: Value,
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
    pub(super) fn begin(emulator: &Emulator) -> anyhow::Result<Self> {
        let offer = emulator.post("/_emulator/exam", &json!({ "window_ms": WINDOW_MS }))?;
        Ok(Self { url: emulator.url().to_owned(), offer })
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
                json!({ "name": name, "url": self.url, "exam": true, "login": login, "list-all": query })
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
            let reply = |(name, _)| match got.get(&name) {
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
        Sitting { url: "http://127.0.0.1:1".to_owned(), offer }
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
