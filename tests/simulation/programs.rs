//! Programs in other languages, which ask a gateway.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use northbound::Client;
use northbound_testkit::axum::Router;
use northbound_testkit::axum::body::{Body, to_bytes};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::callers::{Done, patience};
use super::network::{Network, Told};
use super::{Known, Rule};

pub(super) const KEY: &str = "key-of-the-gateway";
const CALLS: &str = "/iocm/app/batchtask/v1.1.0";
const FINAL: [&str; 3] = ["Success", "Fail", "Timeout"];

/// A program, and its token of the gateway.
pub(super) struct Program {
    pub(super) network: Arc<Network>,
    pub(super) gateway: Router,
    /// The client of the gateway.
    pub(super) client: Client,
    pub(super) token: String,
    pub(super) id: u64,
    pub(super) tasks: [Known; 2],
    pub(super) rule: Rule,
}

/// What the gateway answers besides 200: the status, the code, and the whole body.
struct Refusal(u16, String, String);

impl Program {
    pub(super) async fn act(mut self, mut random: fastrand::Rng) -> Done {
        let mut done = Done::default();
        for number in 0..random.u64(1..6) {
            sleep(Duration::from_millis(random.u64(0..20_000))).await;
            let task = self.tasks[random.usize(0..2)];
            let patience = patience(&mut random);
            let outcome = match random.u32(0..7) {
                0 => self.create(100 * self.id + number).await,
                1 => timeout(patience, self.count(task)).await.unwrap_or(Ok(())),
                2 => timeout(patience, self.lines(task)).await.unwrap_or(Ok(())),
                _ => timeout(patience, self.pages(task, &mut random, &mut done)).await.unwrap_or(Ok(())),
            };
            if let Err(Refusal(status, code, body)) = outcome {
                // Begin again, try again; log in again, wait, create less.
                let passes = [409, 500, 502, 503, 504].contains(&status)
                    || ["1010005", "1010009", "105001", "105002"].contains(&code.as_str());
                assert!(passes, "{}: {status} {body}", task.id);
                done.told += &body;
            }
        }
        done
    }

    /// The body of the answer to a request. Where the gateway does not take the token, the program logs in and asks again.
    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<String, Refusal> {
        match self.request(method, path, body).await {
            Err(Refusal(_, code, _)) if code == "1010005" => {}
            answer => return answer,
        }
        let login = format!("appId=program&secret={KEY}");
        let login = self.request("POST", "/iocm/app/sec/v1.1.0/login", &login).await?;
        self.token = value(&login)["accessToken"].as_str().unwrap().to_owned();
        self.request(method, path, body).await
    }

    async fn request(&self, method: &str, path: &str, body: &str) -> Result<String, Refusal> {
        let is_form = path.ends_with("/login");
        let kind = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
        let request =
            request.header("app_key", "program").header("authorization", format!("Bearer {}", self.token));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.gateway.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.into()).unwrap();
        // Some errors have this status.
        if status == 200 && !body.starts_with("{\"error_code\"") {
            return Ok(body);
        }
        Err(Refusal(status, value(&body)["error_code"].as_str().unwrap_or_default().to_owned(), body))
    }

    /// Goes through the pages of a list as generated clients do: by the total of page 0, or until a page is not full. No row comes twice, and none of a whole task is lost.
    async fn pages(
        &mut self,
        task: Known,
        random: &mut fastrand::Rng,
        done: &mut Done,
    ) -> Result<(), Refusal> {
        let size = [1, 2, 7, 25, 250][random.usize(0..5)];
        let status = random.bool().then(|| FINAL[random.usize(0..3)]);
        let (mut rows, total) = self.page(task, status, 0, size).await?;
        let by_total = random.bool();
        for page in 1.. {
            let read = page * u64::from(size);
            if if by_total { read >= total } else { (rows.len() as u64) < read } {
                break;
            }
            rows.extend(self.page(task, status, page, size).await?.0);
        }
        self.judge(task, &rows, status.is_none());
        done.lists += 1;
        Ok(())
    }

    /// The rows of a page, and the total.
    async fn page(
        &mut self,
        task: Known,
        status: Option<&str>,
        page: u64,
        size: u32,
    ) -> Result<(Vec<String>, u64), Refusal> {
        if self.rule == Rule::NoReads {
            let query = self.client.subtasks(task.id).page_size(size);
            let query =
                status.into_iter().fold(query, |query, status| query.status(status.to_owned().into()));
            let page =
                query.page(page as u32).await.map_err(|_| Refusal(502, String::new(), String::new()))?;
            let total = page.total_count().unwrap();
            return Ok((page.subtasks().map(|row| row.command_id().unwrap().to_owned()).collect(), total));
        }
        let status = status.map_or_else(String::new, |status| format!("&status={status}"));
        let path = format!("{CALLS}/taskDetails?taskId={}&pageNo={page}&pageSize={size}{status}", task.id);
        let body = value(&self.ask("GET", &path, "").await?);
        let rows = body["taskDetails"].as_array().unwrap().iter().map(command);
        Ok((rows.collect(), body["totalCount"].as_u64().unwrap()))
    }

    /// Reads a task as lines.
    async fn lines(&mut self, task: Known) -> Result<(), Refusal> {
        let body = self.ask("GET", &format!("/v1/tasks/{}/subtasks", task.id), "").await?;
        let mut lines: Vec<Value> = body.lines().map(value).collect();
        let end = &lines.pop().unwrap()["end"];
        let rows: Vec<String> = lines.iter().map(command).collect();
        assert_eq!(end["rows"], rows.len(), "{end}");
        self.judge(task, &rows, end["complete"] == true);
        Ok(())
    }

    fn judge(&self, task: Known, rows: &[String], is_whole: bool) {
        let distinct = rows.iter().collect::<HashSet<_>>().len();
        assert_eq!(distinct, rows.len(), "rows of {} came twice", task.id);
        assert!(!is_whole || rows.len() as u32 == task.subtasks, "{} has {} rows", task.id, rows.len());
    }

    async fn count(&mut self, task: Known) -> Result<(), Refusal> {
        let counts = value(&self.ask("GET", &format!("/v1/tasks/{}/summary", task.id), "").await?);
        assert_eq!(counts["total"], task.subtasks, "{}: {counts}", task.id);
        Ok(())
    }

    async fn create(&mut self, number: u64) -> Result<(), Refusal> {
        let command = json!({ "serviceId": "WaterMeter", "method": "READ", "paras": { "number": number } });
        let param = json!({ "type": "DeviceList", "deviceList": ["device-1"], "command": command });
        let task = json!({ "taskName": "task", "taskType": "DeviceCmd", "timeout": 10, "param": param });
        let outcome = self.ask("POST", &format!("{CALLS}/tasks"), &task.to_string()).await;
        let told = match &outcome {
            Ok(body) => Told::Created(value(body)["taskID"].as_str().unwrap().to_owned()),
            Err(Refusal(_, code, _)) if code == "gateway-outcome-unknown" => Told::Unknown,
            Err(_) => Told::Refused,
        };
        self.network.log().creates.entry(number).or_default().told = Some(told);
        outcome.map(drop)
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

fn command(row: &Value) -> String {
    row["param"]["commandId"].as_str().unwrap_or_else(|| panic!("no command id: {row}")).to_owned()
}
