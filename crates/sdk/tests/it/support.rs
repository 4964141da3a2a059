//! Clients of the platforms that the testkit offers, and a platform whose subtasks a test counts out.

use std::time::Duration;

use northbound::{AppId, Client, ClientBuilder, Credentials, Error, Quota, Retry, Subtask, SubtaskStream};
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Asked, Emulated, Platform, Raw, json_reply};
use serde_json::{Value, json};

/// Credentials of the application that the emulator has as well.
pub(crate) fn credentials() -> Credentials {
    Credentials::new("demo-app", "demo-secret").unwrap()
}

/// Clients of a server. None of them waits for the quota.
pub(crate) trait Clients {
    /// One without token and secret.
    fn without_credentials(&self) -> ClientBuilder;

    /// One that has its token already, so that every request is the one under test.
    fn builder(&self) -> ClientBuilder {
        self.without_credentials().token(AppId::new("demo-app").unwrap(), "t0ken-of-the-test")
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// One that logs in by itself.
    fn with_login(&self) -> ClientBuilder {
        self.without_credentials().credentials(credentials())
    }
}

impl Clients for Platform {
    fn without_credentials(&self) -> ClientBuilder {
        let builder = Client::builder(self.url()).retry(Retry::off()).quota(Quota::unlimited());
        if self.url().starts_with("https:") { builder.service(self.router()) } else { builder }
    }
}

impl Clients for Emulated {
    fn without_credentials(&self) -> ClientBuilder {
        Client::builder(self.url()).quota(Quota::unlimited())
    }
}

impl Clients for Raw {
    /// Does not rest between two attempts.
    fn without_credentials(&self) -> ClientBuilder {
        Client::builder(self.url()).retry(without_rest()).quota(Quota::unlimited())
    }
}

/// A client of an address where nobody listens.
pub(crate) fn nobody() -> ClientBuilder {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    Client::builder(format!("http://{address}")).credentials(credentials())
}

/// As many attempts as ever, without a pause.
pub(crate) fn without_rest() -> Retry {
    let pause = Duration::from_millis(1);
    Retry::new().between(pause, pause)
}

/// All rows of a read, and the error with which it ends.
pub(crate) async fn read(mut stream: SubtaskStream) -> (Vec<Subtask>, Option<Error>) {
    let mut rows = Vec::new();
    loop {
        match stream.try_next().await {
            Ok(Some(row)) => rows.push(row),
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error)),
        }
    }
}

/// The number of subtasks in each status.
pub(crate) type Task = [(&'static str, usize)];

/// The rows that a call asks for, as a platform has to choose them.
#[derive(Clone)]
pub(crate) struct Window {
    pub(crate) status: Option<String>,
    pub(crate) page: usize,
    pub(crate) size: usize,
}

impl Window {
    pub(crate) fn of(asked: &Asked) -> Self {
        let (page, size) = asked.page();
        Self { status: asked.status().map(str::to_owned), page, size }
    }

    /// Of a platform that ignores the filter.
    pub(crate) fn without_filter(asked: &Asked) -> Self {
        Self { status: None, ..Self::of(asked) }
    }

    /// The page that a platform sends which has this task.
    pub(crate) fn page(&self, task: &Task) -> Value {
        let wanted =
            |(status, _): &&(&str, usize)| self.status.as_deref().is_none_or(|asked| asked == *status);
        let total: usize = task.iter().filter(wanted).map(|(_, count)| count).sum();
        let devices = task.iter().filter(wanted);
        let devices = devices.flat_map(|(status, count)| (0..*count).map(move |number| (status, number)));
        let rows: Vec<Value> = devices
            .skip(self.page * self.size)
            .take(self.size)
            .map(|(status, number)| json!({ "status": status, "param": { "deviceId": format!("{status}-{number}") } }))
            .collect();
        json!({ "totalCount": total, "pageNo": self.page, "pageSize": self.size, "taskDetails": rows })
    }
}

/// What a sound platform answers that has this task, and no call that asks for a task's own counters.
pub(crate) fn page(task: &Task, asked: &Asked) -> Response<Body> {
    answer(task, asked, Window::of)
}

/// What a platform answers that has this task, makes this of a call, and has no call that asks for a task's own counters.
pub(crate) fn answer(task: &Task, asked: &Asked, window: fn(&Asked) -> Window) -> Response<Body> {
    if asked.task().is_some() { json_reply(404, "") } else { json_reply(200, window(asked).page(task)) }
}

/// What a sound platform answers that has this task, its own counters included.
pub(crate) fn page_or_counters(task: &Task, asked: &Asked) -> Response<Body> {
    if asked.task().is_none() {
        return page(task, asked);
    }
    let count =
        |wanted: &str| task.iter().filter(|(status, _)| *status == wanted).map(|(_, count)| count).sum();
    let finals: [usize; 3] = ["Success", "Fail", "Timeout"].map(count);
    let total: usize = task.iter().map(|(_, count)| count).sum();
    let [success, fail, timeout] = finals;
    json_reply(
        200,
        json!({
            "taskId": asked.task(), "totalCnt": total, "successCnt": success, "failCnt": fail, "timeoutCnt": timeout,
            "expiredCnt": 0, "completeCnt": finals.iter().sum::<usize>(),
        }),
    )
}

/// What a platform answers that has this task and ignores the filter.
pub(crate) fn unfiltered(task: &Task, asked: &Asked) -> Response<Body> {
    answer(task, asked, Window::without_filter)
}

/// A sound platform with so many subtasks in each status before each call; the last moment stays.
pub(crate) fn fleet(moments: Vec<&'static Task>) -> Platform {
    Platform::in_process(move |asked| page(moments[asked.number.min(moments.len() - 1)], asked))
}

/// The calls for subtasks so far, as status and page: of a status that the document has gained since this was written, none.
pub(crate) fn calls_of(platform: &Platform) -> Vec<String> {
    let written = ["all", "Pending", "WaitResult", "Success", "Fail", "Timeout"];
    let calls = platform.asked().into_iter().filter(|asked| asked.task().is_none());
    let calls = calls.map(|asked| Window::of(&asked));
    let calls = calls.map(|window| (window.status.clone().unwrap_or_else(|| "all".to_owned()), window));
    calls
        .filter(|(status, _)| written.contains(&status.as_str()))
        .map(|(status, window)| match (window.page, window.size) {
            (0, 1) => status,
            (page, size) => format!("{status} {page}/{size}"),
        })
        .collect()
}
