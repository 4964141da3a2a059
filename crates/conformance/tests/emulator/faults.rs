//! Faults that are put between the checks and the emulator, one at a time.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Router, http};
use northbound_emulator::Scenario;
use serde_json::{Value, json};

/// Names each fault for the report, with what it is.
macro_rules! faults {
    ($($fault:ident: $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Fault { $($fault,)* }

        impl Fault {
            pub(super) const ALL: &'static [Self] = &[$(Self::$fault,)*];

            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }
        }
    };
}

faults! {
    // What other tools for testing a contract were tried on.
    UnknownStatusTaken: "a status that is not listed is taken",
    MissingTaskIdTaken: "a missing taskId is taken",
    EmptyTaskIdTaken: "an empty taskId is taken",
    NoAuthentication: "nobody is asked for a token",
    ParamMissing: "rows have no param",
    StatusStopped: "the first row of each page has a status that is not listed",
    TotalIsText: "totalCount is a text",
    Undocumented: "422 comes in place of 400",
    ErrorIsHtml: "an error is labelled as HTML",
    NoErrorCode: "an error has no code",
    LargePageFails: "a large pageNo is a 500",
    PageSize251: "pageSize 251 is taken",
    StatusIgnored: "the filter for the status is ignored",
    OneRowTooMany: "a page has one row too many",
    // What lets each other check fail.
    NoLifetime: "a login does not tell how long the token lives",
    LongLifetime: "a token lives longer than a login tells",
    WrongSecretIs403: "wrong credentials are a 403",
    MissingIsWrong: "a login without a member is taken for one with wrong credentials",
    JsonIs415: "a login as JSON is a 415",
    PageNoOfText: "a pageNo that is no number is taken for 0",
    PageSizeOne: "the default of pageSize is 1",
    UnknownRefused: "a parameter that is not documented is refused",
    ContentTypeRefused: "a GET with a content type is refused",
    UnknownTaskIs400: "an unknown task is a 400",
    AppIdIgnored: "appId is ignored",
    OwnAppIdRefused: "the caller's own id in appId is refused",
    OtherWords: "an error has other words",
    OrderChanges: "rows stand in another order every time",
    PagesFromOne: "pages count from 1",
    TotalOfThePage: "totalCount counts the rows of the page",
    UnfilteredTotal: "totalCount counts the rows that no filter matches as well",
    DeviceIgnored: "the filter for the device is ignored",
    CommandIgnored: "the filter for the command is ignored",
    SecretsRepeated: "an error repeats what the caller sent",
    QuotaOf101: "the quota is one call larger",
    QuotaOf99: "the quota is one call smaller",
    RefusedCount: "calls that were throttled count as well",
}

impl Fault {
    /// The quota of the emulator behind the fault.
    pub(super) fn quota(self) -> u32 {
        match self {
            Self::QuotaOf99 => 99,
            Self::QuotaOf101 => 101,
            _ => 100,
        }
    }

    /// Whether only the checks that take their time can see it.
    pub(super) fn concerns_time(self) -> bool {
        matches!(self, Self::LongLifetime | Self::QuotaOf101 | Self::QuotaOf99 | Self::RefusedCount)
    }
}

/// What a fault remembers between two requests.
#[derive(Default)]
struct Memory {
    token: String,
    calls: u64,
    /// Calls that were throttled since the last one that was not.
    throttled: usize,
}

type Seeded = (Fault, Arc<Mutex<Memory>>);

/// The same server, with a fault.
pub(super) fn seed(router: Router, fault: Fault) -> Router {
    let state: Seeded = (fault, Arc::default());
    router.layer(from_fn_with_state(state, through))
}

async fn through(State((fault, memory)): State<Seeded>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let is_login = parts.uri.path().ends_with("/login");
    let mut query = query(&parts);
    let mut calls = 0;
    if !is_login {
        let mut memory = memory.lock().unwrap();
        memory.calls += 1;
        calls = memory.calls;
        ask(fault, &memory.token, &mut query, &mut parts);
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&query).finish();
        parts.uri = format!("{}?{text}", parts.uri.path()).parse().unwrap();
    }
    let asked = Asked { query, is_login, calls, body: String::from_utf8_lossy(&body).into_owned() };
    let as_json = parts.headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json");

    let again = parts.clone();
    let response = next.clone().run(Request::from_parts(parts, Body::from(body))).await;

    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    if let Some(token) = body.get("accessToken").and_then(Value::as_str) {
        token.clone_into(&mut memory.lock().unwrap().token);
    }
    if fault == Fault::RefusedCount && !is_login {
        let throttled = std::mem::take(&mut memory.lock().unwrap().throttled);
        if body["error_code"] == "1010009" {
            memory.lock().unwrap().throttled = throttled + 1;
        } else {
            for _ in 0..throttled {
                next.clone().run(Request::from_parts(again.clone(), Body::empty())).await;
            }
        }
    }
    spoil(fault, &asked, as_json, &mut head, &mut body);
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body.to_string()))
}

struct Asked {
    query: Vec<(String, String)>,
    is_login: bool,
    calls: u64,
    body: String,
}

impl Asked {
    fn get(&self, name: &str) -> Option<&str> {
        get(&self.query, name)
    }
}

fn query(parts: &http::request::Parts) -> Vec<(String, String)> {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

fn get<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn set(query: &mut Vec<(String, String)>, name: &str, value: &str) {
    query.retain(|(known, _)| known != name);
    query.push((name.to_owned(), value.to_owned()));
}

const STATUSES: [&str; 5] = ["Pending", "WaitResult", "Success", "Fail", "Timeout"];

/// What the fault makes of a request before the emulator sees it.
fn ask(fault: Fault, token: &str, query: &mut Vec<(String, String)>, parts: &mut http::request::Parts) {
    let number = |name: &str| get(query, name).and_then(|text| text.parse::<i64>().ok());
    match fault {
        Fault::UnknownStatusTaken => {
            query.retain(|(name, value)| name != "status" || STATUSES.contains(&value.as_str()));
        }
        Fault::MissingTaskIdTaken if get(query, "taskId").is_none() => {
            set(query, "taskId", Scenario::DEMO_TASK)
        }
        Fault::EmptyTaskIdTaken if get(query, "taskId") == Some("") => {
            set(query, "taskId", Scenario::DEMO_TASK)
        }
        Fault::NoAuthentication => {
            parts.headers.insert("app_key", HeaderValue::from_static(Scenario::DEMO_APP_ID));
            parts.headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        Fault::PageSize251 if number("pageSize") == Some(251) => set(query, "pageSize", "250"),
        Fault::StatusIgnored => {
            query.retain(|(name, value)| name != "status" || !STATUSES.contains(&value.as_str()));
        }
        Fault::PageNoOfText if get(query, "pageNo").is_some() && number("pageNo").is_none() => {
            set(query, "pageNo", "0");
        }
        Fault::PageSizeOne if get(query, "pageSize").is_none() => set(query, "pageSize", "1"),
        Fault::AppIdIgnored => query.retain(|(name, _)| name != "appId"),
        Fault::PagesFromOne => {
            if let Some(number) = number("pageNo").filter(|number| *number > 0) {
                set(query, "pageNo", &(number - 1).to_string());
            }
        }
        Fault::DeviceIgnored => query.retain(|(name, _)| name != "deviceId"),
        Fault::CommandIgnored => query.retain(|(name, _)| name != "commandId"),
        Fault::UnknownRefused if get(query, "index").is_some() => set(query, "pageSize", "0"),
        Fault::ContentTypeRefused if parts.headers.contains_key(CONTENT_TYPE) => set(query, "pageSize", "0"),
        _ => {}
    }
}

/// What the fault makes of the emulator's reply.
fn spoil(fault: Fault, asked: &Asked, as_json: bool, head: &mut http::response::Parts, body: &mut Value) {
    let status = head.status;
    let mut error = |status: StatusCode, code: &str, text: &str| {
        head.status = status;
        *body = json!({ "error_code": code, "error_desc": text });
    };
    match fault {
        Fault::LargePageFails
            if asked.get("pageNo").is_some_and(|number| number.len() > 6) && status == 200 =>
        {
            return error(StatusCode::INTERNAL_SERVER_ERROR, "50252", "Internal server error.");
        }
        Fault::WrongSecretIs403 if status == 401 => head.status = StatusCode::FORBIDDEN,
        Fault::MissingIsWrong if asked.is_login && status == 400 => {
            return error(StatusCode::UNAUTHORIZED, "100208", "AppId or secret is not right.");
        }
        Fault::JsonIs415 if asked.is_login && as_json => head.status = StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Fault::UnknownTaskIs400 if status == 404 => {
            return error(StatusCode::BAD_REQUEST, "100022", "The input is invalid");
        }
        Fault::OwnAppIdRefused if asked.get("appId") == Some(Scenario::DEMO_APP_ID) => {
            return error(StatusCode::FORBIDDEN, "100217", "The application hasn't been authorized");
        }
        Fault::Undocumented if status == 400 => head.status = StatusCode::UNPROCESSABLE_ENTITY,
        Fault::ErrorIsHtml if status != 200 => {
            head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        }
        Fault::NoErrorCode => drop(body.as_object_mut().and_then(|body| body.shift_remove("error_code"))),
        Fault::OtherWords if status != 200 => body["error_desc"] = json!("Something went wrong."),
        Fault::SecretsRepeated if status == 401 => {
            head.status = StatusCode::IM_A_TEAPOT;
            body["error_desc"] = json!(asked.body);
        }
        Fault::NoLifetime if asked.is_login && status == 200 => body["expiresIn"] = Value::Null,
        Fault::LongLifetime if asked.is_login && status == 200 => body["expiresIn"] = json!(60),
        _ => {}
    }
    if let Some(rows) = body.get_mut("taskDetails").and_then(Value::as_array_mut) {
        rows_of(fault, asked, rows);
        totals_of(fault, asked, body);
    }
}

fn rows_of(fault: Fault, asked: &Asked, rows: &mut Vec<Value>) {
    match fault {
        Fault::ParamMissing => {
            rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().shift_remove("param")));
        }
        Fault::StatusStopped => {
            if let Some(row) = rows.first_mut() {
                row["status"] = json!("Stopped");
            }
        }
        Fault::OneRowTooMany => {
            if let Some(row) = rows.last().cloned() {
                rows.push(row);
            }
        }
        Fault::OrderChanges if asked.calls.is_multiple_of(2) => rows.reverse(),
        _ => {}
    }
}

fn totals_of(fault: Fault, asked: &Asked, body: &mut Value) {
    let rows = body["taskDetails"].as_array().map_or(0, Vec::len);
    match fault {
        Fault::TotalIsText => body["totalCount"] = json!(body["totalCount"].to_string()),
        Fault::TotalOfThePage => body["totalCount"] = json!(rows),
        Fault::UnfilteredTotal if asked.get("status").or(asked.get("deviceId")).is_some() => {
            body["totalCount"] = json!(super::SUBTASKS);
        }
        _ => {}
    }
}
