//! The exam that the emulator holds for any client: sat by each generated client, and its table in `spec/README.md`.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::verdict::Got;
use crate::emulator::Emulator;
use crate::ledger::is_sentence;

/// Where the marks stand that are not passed, relative to the project.
pub(super) const EXPECTED: &str = "spec/clients/exam.toml";

/// The marks, each with what it says of a client that passes.
const MARKS: [(&str, &str); 11] = [
    ("quota", "no call over the quota"),
    ("throttle", "throttled, it waits, then goes on"),
    ("logins", "logs in once, and once more for a dead token"),
    ("token", "no call with a token known to be dead"),
    ("lost", "no row lost"),
    ("doubled", "no row twice"),
    ("invented", "no row that was not shown"),
    ("odd", "odd rows handed out as they came"),
    ("redirect", "no rows taken from another address"),
    ("headers", "no secret sent to another address"),
    ("urls", "no secret in a URL"),
];

/// The window never moves while the exam lasts: the outcome does not depend on how quick the machine is.
const WINDOW_MS: u32 = 3_600_000;

/// A mark that some clients do not pass.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failed {
    mark: String,
    clients: Vec<Client>,
    /// What they do, and what a program has to do about it.
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    failed: Vec<Failed>,
}

/// Reads the marks that are not passed.
///
/// # Errors
/// When one is no mark, stands twice for a client or is not explained.
pub(super) fn read(text: &str) -> anyhow::Result<Vec<Failed>> {
    let Expected { failed } = toml::from_str(text).context(EXPECTED)?;
    for (index, Failed { mark, clients, why }) in failed.iter().enumerate() {
        ensure!(MARKS.iter().any(|(name, _)| name == mark), "{EXPECTED}: there is no mark {mark:?}");
        for client in clients {
            let same = |one: &&Failed| one.mark == *mark && one.clients.contains(client);
            let earlier = failed[..index].iter().any(|one| same(&one));
            ensure!(!earlier, "{EXPECTED}: {client:?} stands twice in {mark:?}");
        }
        ensure!(is_sentence(why), "{EXPECTED}: why is not a sentence on one line: {why:?}");
    }
    Ok(failed)
}

/// An exam that has begun, at the emulator with this address.
pub(super) struct Sitting {
    url: String,
    offer: Value,
}

/// What the emulator says of one mark.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Mark {
    mark: String,
    passed: bool,
    seen: String,
}

/// The marks of each client.
pub(super) type Marks = HashMap<Client, Vec<Mark>>;

impl Sitting {
    pub(super) fn begin(emulator: &Emulator) -> anyhow::Result<Self> {
        let offer = emulator.post("/_emulator/exam", &json!({ "window_ms": WINDOW_MS }))?;
        Ok(Self { url: emulator.url().to_owned(), offer })
    }

    /// What a runner does for it: for each question and status, the loop over all pages that `spec/README.md` shows.
    pub(super) fn plan(&self) -> Vec<Value> {
        let login = json!({ "appId": self.offer["app_id"], "secret": self.offer["secret"] });
        let calls = self.readings().map(|Reading { name, task, status, .. }| {
            let mut query = json!({ "taskId": task, "pageSize": 250 });
            if let Some(status) = status {
                query["status"] = status;
            }
            json!({ "name": name, "url": self.url, "exam": true, "login": login, "list-all": query })
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
        let named = report.marks.iter().map(|mark| mark.mark.as_str());
        ensure!(named.eq(MARKS.map(|(name, _)| name)), "the emulator gives other marks: {:?}", report.marks);
        Ok(report.marks)
    }

    fn answers(&self, got: &HashMap<String, Got>) -> Vec<Value> {
        let mut answers: Vec<Value> = Vec::new();
        for Reading { name, question, .. } in self.readings() {
            let (rows, failed) = match got.get(&name) {
                Some(Got::Reply(reply)) => (rows(reply), false),
                _ => (Vec::new(), true),
            };
            match answers.iter_mut().find(|answer| answer["question"] == question) {
                Some(answer) => {
                    answer["rows"].as_array_mut().into_iter().for_each(|known| known.extend(rows.clone()));
                    answer["failed"] = json!(failed || answer["failed"] == true);
                }
                None => answers.push(json!({ "question": question, "rows": rows, "failed": failed })),
            }
        }
        answers
    }

    fn readings(&self) -> impl Iterator<Item = Reading> + '_ {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        list(&self.offer["questions"]).into_iter().flat_map(move |asked| {
            let statuses: Vec<_> = list(&asked["statuses"]).into_iter().map(Some).collect();
            let statuses = if statuses.is_empty() { vec![None] } else { statuses };
            statuses.into_iter().map(move |status| Reading {
                name: format!("exam {} {}", asked["question"], status.as_ref().map_or("", text)),
                question: asked["question"].clone(),
                task: asked["task_id"].clone(),
                status,
            })
        })
    }
}

/// One run through the pages of a task.
struct Reading {
    name: String,
    question: Value,
    task: Value,
    status: Option<Value>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn rows(reply: &Value) -> Vec<Value> {
    let rows = reply["taskDetails"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().map(|row| json!({ "command": row["param"]["commandId"], "status": row["status"] })).collect()
}

/// The table for a terminal, and a line for each mark that came out other than expected.
pub(super) fn show(clients: &[Client], failed: &[Failed], marks: &Marks) -> (String, Vec<String>) {
    let mut table = format!("{:9}", "exam");
    clients.iter().for_each(|client| table += &format!("  {:24}", client.title()));
    let mut surprises = Vec::new();
    for (name, _) in MARKS {
        table = format!("{}\n{name:9}", table.trim_end());
        for client in clients {
            let mark = marks.get(client).into_iter().flatten().find(|mark| mark.mark == name);
            let passed = mark.is_some_and(|mark| mark.passed);
            table += &format!("  {:24}", if passed { "pass" } else { "fails" });
            if passed == expected(failed, name, *client).is_some() {
                let seen = mark.map_or("there is no mark", |mark| &mark.seen);
                let came = if passed { "passed" } else { "not passed" };
                surprises.push(format!("{}, {name}: {came}: {seen}", client.title()));
            }
        }
    }
    (table.trim_end().to_owned(), surprises)
}

/// The table in Markdown, with the explanation of each mark that is not passed below it.
pub(super) fn render(failed: &[Failed]) -> String {
    let mut table = String::from("| mark |");
    Client::ALL.iter().for_each(|client| table += &format!(" {} |", client.title()));
    table += &format!("\n|---|{}\n", "---|".repeat(Client::ALL.len()));
    for (name, words) in MARKS {
        table += &format!("| `{name}`: {words} |");
        for client in Client::ALL {
            match expected(failed, name, client) {
                None => table += " pass |",
                Some(number) => table += &format!(" **fails** ({}) |", number + 1),
            }
        }
        table.push('\n');
    }
    table.push('\n');
    for (number, Failed { why, .. }) in failed.iter().enumerate() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(table, "{}. {why}", number + 1);
    }
    table
}

/// The number of the explanation why this client does not pass.
fn expected(failed: &[Failed], name: &str, client: Client) -> Option<usize> {
    failed.iter().position(|failed| failed.mark == name && failed.clients.contains(&client))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: &str = r#"
        [[failed]]
        mark = "quota"
        clients = ["go", "java"]
        why = "It does."
    "#;

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

    #[test]
    fn a_mark_that_differs_is_a_surprise_both_ways() {
        let failed = read(FAILED).unwrap();
        let surprises = |wrong: &str| {
            let mark = |(name, _): &(&str, &str)| Mark {
                mark: (*name).to_owned(),
                passed: *name != wrong,
                seen: "seen".to_owned(),
            };
            show(&[Client::Go], &failed, &[(Client::Go, MARKS.iter().map(mark).collect())].into()).1
        };
        assert!(surprises("quota").is_empty());
        assert_eq!(surprises("odd"), ["Go, quota: passed: seen", "Go, odd: not passed: seen"]);
        assert_eq!(show(&[Client::Python], &failed, &Marks::new()).1.len(), MARKS.len());
    }

    #[test]
    fn every_mark_that_is_not_passed_is_explained_below_the_table() {
        let table = render(&read(FAILED).unwrap());
        let lines: Vec<_> = table.lines().collect();
        let row = "| `quota`: no call over the quota | pass | pass | pass | **fails** (1) | **fails** (1) |";
        assert_eq!((lines[2], *lines.last().unwrap()), (row, "1. It does."));
    }

    #[test]
    fn a_mark_that_is_none_stands_twice_or_without_reason_is_refused() {
        for (from, to, expected) in [
            ("quota", "speed", "there is no mark \"speed\""),
            ("It does.", "It does", "not a sentence"),
            ("\"go\"", "\"cobol\"", "unknown variant `cobol`"),
        ] {
            let error = format!("{:#}", read(&FAILED.replace(from, to)).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
        assert!(read(&FAILED.repeat(2)).unwrap_err().to_string().contains("stands twice"));
    }
}
