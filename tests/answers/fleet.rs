//! A platform with a task whose subtasks a test counts out, and that remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Json, Router};
use northbound::{AppId, Client, SubtaskStatus};
use serde_json::{Value, json};
use tokio::time::Instant;

/// What a call asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The number of calls before.
    pub(crate) number: usize,
    pub(crate) at: Instant,
    pub(crate) status: Option<String>,
    pub(crate) page_no: u64,
    pub(crate) page_size: u64,
}

type Answer = dyn Fn(&Asked) -> (u16, Value) + Send + Sync;
type Shared = (Arc<Mutex<Vec<Asked>>>, Arc<Answer>);

/// A server on loopback.
pub(crate) struct Fleet {
    address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Fleet {
    /// Answers with an HTTP status and a body.
    pub(crate) async fn answering(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let state: Shared = (Arc::clone(&asked), Arc::new(answer));
        let router = Router::new().fallback(answered).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, server }
    }

    /// Answers as the document says, with so many subtasks in each status before each call (the last stays).
    pub(crate) async fn of(moments: Vec<&'static [(&'static str, u64)]>) -> Self {
        Self::answering(move |asked| (200, page(moments[asked.number.min(moments.len() - 1)], asked))).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn client(&self) -> Client {
        let builder = Client::builder(self.url()).quota(northbound::Quota::unlimited());
        builder.token(AppId::new("demo-app").unwrap(), "t0ken-of-the-test").build().unwrap()
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The calls so far, as status and page: of a status that the document has gained since this was written, none.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let written = ["all", "Pending", "WaitResult", "Success", "Fail", "Timeout"];
        let calls = asked.iter().map(|asked| (asked.status.as_deref().unwrap_or("all"), asked));
        calls
            .filter(|(status, _)| written.contains(status))
            .map(|(status, asked)| match (asked.page_no, asked.page_size) {
                (0, 1) => status.to_owned(),
                (number, size) => format!("{status} {number}/{size}"),
            })
            .collect()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The page that a sound platform sends.
pub(crate) fn page(task: &[(&str, u64)], asked: &Asked) -> Value {
    let wanted = |status: &&(&str, u64)| asked.status.as_deref().is_none_or(|asked| asked == status.0);
    let total: u64 = task.iter().filter(wanted).map(|(_, count)| count).sum();
    let devices = task
        .iter()
        .filter(wanted)
        .flat_map(|(status, count)| (0..*count).map(move |number| (status, number)));
    let skipped = (asked.page_no * asked.page_size) as usize;
    let rows: Vec<Value> = devices
        .skip(skipped)
        .take(asked.page_size as usize)
        .map(|(status, number)| json!({ "status": status, "param": { "deviceId": format!("{status}-{number}") } }))
        .collect();
    json!({ "totalCount": total, "pageNo": asked.page_no, "pageSize": asked.page_size, "taskDetails": rows })
}

/// How many calls a summary takes: 6, until the document lists another status.
pub(crate) fn calls_of_a_summary() -> u64 {
    SubtaskStatus::KNOWN.len() as u64 + 1
}

/// A platform without a socket, so that a test can hold the clock.
pub(crate) struct Unplugged {
    platform: Router,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Unplugged {
    /// Answers with an HTTP status and a body.
    pub(crate) fn answering(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let state: Shared = (Arc::clone(&asked), Arc::new(answer));
        Self { platform: Router::new().fallback(answered).with_state(state), asked }
    }

    pub(crate) fn service(&self) -> Router {
        self.platform.clone()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answered(
    State((calls, answer)): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let number = |name: &str| query[name].parse().unwrap();
    let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = Asked {
        number: calls.len(),
        at: Instant::now(),
        status: query.get("status").cloned(),
        page_no: number("pageNo"),
        page_size: number("pageSize"),
    };
    let (status, body) = answer(&asked);
    calls.push(asked);
    (StatusCode::from_u16(status).unwrap(), Json(body))
}
