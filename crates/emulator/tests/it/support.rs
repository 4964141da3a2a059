//! A client that calls the emulator's router without a socket. Every reply is held against the documents.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request, StatusCode};
use http_body_util::BodyExt;
use northbound_emulator::{Control, Scenario};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tower::ServiceExt;

use crate::promise;

pub(crate) const LOGIN: &str = "/iocm/app/sec/v1.1.0/login";
pub(crate) const TASK_DETAILS: &str = "/iocm/app/batchtask/v1.1.0/taskDetails";
pub(crate) const TASKS: &str = "/iocm/app/batchtask/v1.1.0/tasks";
pub(crate) const STATUSES: [&str; 5] = ["Pending", "WaitResult", "Success", "Fail", "Timeout"];

/// A program that talks to one emulator.
pub(crate) struct Caller {
    control: Control,
    router: Router,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

/// An emulator whose time the test moves, and a program that has logged in to its built-in application.
pub(crate) async fn held(scenario: Scenario) -> (Control, Caller) {
    let control = Control::new(scenario.with_manual_clock()).unwrap();
    let caller = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    (control, caller)
}

impl Caller {
    /// A program that has not logged in.
    pub(crate) fn stranger(scenario: Scenario) -> Self {
        Self::at(&Control::new(scenario).unwrap())
    }

    /// A program that has not logged in to an emulator which the test steers.
    pub(crate) fn at(control: &Control) -> Self {
        Self { control: control.clone(), router: control.router(), headers: Vec::new() }
    }

    /// A program that has logged in to the built-in application.
    pub(crate) async fn demo() -> Self {
        Self::of(Scenario::default()).await
    }

    /// A program that has logged in to the built-in application of this scenario.
    pub(crate) async fn of(scenario: Scenario) -> Self {
        Self::stranger(scenario).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await
    }

    /// Another program at the same emulator, which logs in.
    pub(crate) async fn logged_in(&self, app_id: &str, secret: &str) -> Self {
        let reply = self.login(&format!("appId={app_id}&secret={secret}")).await;
        let token = reply.body["accessToken"].as_str().unwrap().to_owned();
        self.with(&[("app_key", app_id), ("authorization", &format!("Bearer {token}"))])
    }

    /// Another program at the same emulator, with exactly these headers.
    pub(crate) fn with(&self, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { control: self.control.clone(), router: self.router.clone(), headers }
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> &str {
        &self.headers.iter().find(|(name, _)| *name == "authorization").unwrap().1
    }

    pub(crate) async fn login(&self, form: &str) -> Reply {
        let request = Request::post(LOGIN).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Calls `taskDetails` with this query.
    pub(crate) async fn get(&self, query: &str) -> Reply {
        let mut request = Request::get(format!("{TASK_DETAILS}?{query}"));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Creates a task from this body.
    pub(crate) async fn post(&self, body: impl Into<Body>) -> Reply {
        let mut request = Request::post(TASKS).header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Creates a task, which must be created, and returns its id.
    pub(crate) async fn create(&self, task: &Value) -> String {
        let reply = self.post(task.to_string()).await;
        assert_eq!(reply.status, 200);
        assert!(reply.body["taskID"].is_string(), "{}", reply.body);
        reply.body["taskID"].as_str().unwrap().to_owned()
    }

    /// Asks for one task; `id` may have a query behind it.
    pub(crate) async fn task(&self, id: &str) -> Reply {
        let mut request = Request::get(format!("{TASKS}/{id}"));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A page that must come.
    pub(crate) async fn page(&self, query: &str) -> Value {
        let reply = self.get(query).await;
        assert!(reply.is(200, "application/json"), "{query}: {}", reply.body);
        reply.body
    }

    /// Number of subtasks that a query finds.
    pub(crate) async fn total(&self, query: &str) -> u64 {
        self.page(&format!("{query}&pageSize=1")).await["totalCount"].as_u64().unwrap()
    }

    /// A call without a header and a body.
    pub(crate) async fn bare(&self, method: &str, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    /// A call of the control API; no body where it is null.
    pub(crate) async fn steer(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder().method(method).uri(format!("/_emulator{path}"));
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        let reply = Reply::new(parts.status, parts.headers, bytes);
        promise::keep(&method, &path, &reply, self.fault(&reply).as_deref());
        reply
    }

    /// The fault that applied to a call.
    fn fault(&self, reply: &Reply) -> Option<String> {
        let id = reply.headers["x-request-id"].to_str().unwrap();
        let entries = self.control.journal().entries.into_iter().rev();
        entries.filter(|entry| entry.request_id == id).find_map(|entry| entry.fault)
    }
}

impl Reply {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, bytes: Vec<u8>) -> Self {
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status, headers, bytes, body }
    }

    pub(crate) fn is(&self, status: u16, content_type: &str) -> bool {
        self.status == status && self.headers["content-type"] == content_type
    }

    /// Holds status and body against a row of an error table: the body has these two members and no other.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str, text: &str) {
        assert!(self.is(status, "application/json"), "{} {}", self.status, self.body);
        assert_eq!(self.body, json!({ "error_code": code, "error_desc": text }));
    }

    pub(crate) fn reason(&self) -> &str {
        self.headers["x-emulator-reason"].to_str().unwrap()
    }
}

/// Writes a request, and reads until the connection is closed: head and body.
pub(crate) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &str,
) -> std::io::Result<(String, String)> {
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    Ok((head.to_owned(), body.to_owned()))
}

/// As [`exchange`], with a reply that has to be as documented.
pub(crate) async fn exchange_checked(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &str,
) -> std::io::Result<(String, String)> {
    let (head, body) = exchange(stream, request).await?;
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
    });
    let reply = Reply::new(status, headers.collect(), body.as_bytes().to_vec());
    let mut asked = request.split([' ', '?']);
    promise::keep(asked.next().unwrap(), asked.next().unwrap(), &reply, None);
    Ok((head, body))
}

/// The body that creates a task of this name for these devices.
pub(crate) fn new_task(name: &str, devices: &[&str]) -> Value {
    json!({
        "taskName": name, "taskType": "DeviceCmd", "timeout": 60,
        "param": {
            "type": "DeviceList", "deviceList": devices,
            "command": { "serviceId": "WaterMeter", "method": "CLOSE", "paras": { "valve": 1.50 } },
        },
    })
}

/// The subtasks on a page.
pub(crate) fn rows(page: &Value) -> &[Value] {
    page["taskDetails"].as_array().unwrap()
}

/// The document of the platform's calls as the code has it; a test of the workspace keeps the file fresh.
pub(crate) fn openapi() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

/// The document of the control API.
pub(crate) fn control_openapi() -> Value {
    serde_json::from_str(include_str!("../../control.json")).unwrap()
}
