//! The page against the running emulator, over HTTP: its examples and its error rows.
//!
//! That the emulator keeps to the rules for parameters is tried by `northbound-conformance`, from the document; and the document is
//! compared with the page.

use northbound_emulator::{Application, Scenario};
use serde_json::{Value, json};

use northbound_testkit::Emulated;

use northbound_openapi::document::reference;

use super::compare::{error_name, resolve};
use super::{Facts, query_names, text, the_document};

const LOGIN: &str = "/iocm/app/sec/v1.1.0/login";

/// A program that has logged in to an emulator of its own.
pub(super) struct Caller {
    emulator: Emulated,
    http: reqwest::Client,
    pub(super) first_login: Value,
}

pub(super) struct Reply {
    status: u16,
    content_type: String,
    pub(super) body: Value,
}

impl Caller {
    pub(super) async fn new(scenario: Scenario) -> Self {
        let emulator = Emulated::of(scenario).await;
        // reqwest asks for a TLS provider even where no TLS is spoken; another test may have been first.
        let _another_was_first = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = format!("appId={}&secret={}", Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET);
        let request = http.post(format!("{}{LOGIN}", emulator.url())).body(form);
        let login = Reply::of(request.header("content-type", "application/x-www-form-urlencoded")).await;
        Self { emulator, http, first_login: login.body }
    }

    /// Calls with both headers.
    pub(super) async fn get(&self, facts: &Facts, query: &str) -> Reply {
        let bearer = self.bearer();
        self.get_with(facts, query, &[("app_key", Scenario::DEMO_APP_ID), ("Authorization", &bearer)]).await
    }

    async fn get_with(&self, facts: &Facts, query: &str, headers: &[(&str, &str)]) -> Reply {
        let path = northbound_openapi::document::pointer::last(text(&facts["url"]["pointer"]));
        let path = path.replace("{taskId}", Scenario::DEMO_TASK);
        let url = format!("{}{path}?{query}", self.emulator.url());
        let request = self.http.request(text(&facts["method"]["name"]).parse().unwrap(), url);
        Reply::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", text(&self.first_login["accessToken"]))
    }
}

impl Reply {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let reply = request.send().await.unwrap();
        let status = reply.status().as_u16();
        let content_type = reply.headers()["content-type"].to_str().unwrap().to_owned();
        let body = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
        Self { status, content_type, body }
    }
}

#[tokio::test]
async fn a_reply_has_the_members_of_its_page() {
    let demo = Caller::new(Scenario::default()).await;
    for facts in Facts::all().iter().filter(|facts| !facts.rows("member").is_empty()) {
        let reply = demo.get(facts, "taskId=demo&pageSize=250&select=tag").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        has_members(facts, "reply", &reply.body);
    }
}

#[tokio::test]
async fn a_device_that_failed_has_a_code_of_the_catalogue_with_its_words() {
    let (facts, document) = (Facts::whole(), the_document());
    let demo = Caller::new(Scenario::default()).await;
    for status in ["Fail", "Timeout"] {
        let page = demo.get(&facts, &format!("taskId=demo&status={status}&pageSize=250")).await;
        for row in page.body["taskDetails"].as_array().unwrap() {
            let error: Value = serde_json::from_str(text(&row["error"])).unwrap();
            let entry = &document["components"]["x-error-catalog"][text(&error["error_code"])];
            assert_eq!((&entry["of"], &entry["text"]), (&"subtask".into(), &error["error_desc"]), "{row}");
        }
    }
}

/// Holds an object against the members that its page lists for this structure, and the objects in it against theirs.
fn has_members(facts: &Facts, structure: &str, value: &Value) {
    let rows: Vec<&Value> = facts.rows("member").iter().filter(|row| row["structure"] == structure).collect();
    if rows.is_empty() {
        return;
    }
    let mut members: Vec<&str> = rows.iter().map(|row| text(&row["name"])).collect();
    let mut sent: Vec<&String> = value.as_object().unwrap().keys().collect();
    members.sort_unstable();
    sent.sort_unstable();
    assert_eq!(sent, members, "{}, {structure}: {value}", facts.name);
    for row in rows {
        let (kind, inside) = (text(&row["type"]), &value[text(&row["name"])]);
        match kind.strip_prefix("List<").and_then(|list| list.strip_suffix('>')) {
            Some(items) => {
                inside.as_array().unwrap().iter().for_each(|item| has_members(facts, items, item));
            }
            None => has_members(facts, kind, inside),
        }
    }
}

#[tokio::test]
async fn the_request_example_is_accepted() {
    let facts = Facts::whole();
    let demo = Caller::new(Scenario::default()).await;
    let (example, bearer) = (&facts["request_example"], demo.bearer());
    let value = |name: &str| match name {
        "appId" | "app_key" => Scenario::DEMO_APP_ID,
        "taskId" => Scenario::DEMO_TASK,
        "status" => "WaitResult",
        "pageNo" => "0",
        "pageSize" => "25",
        "Authorization" => &bearer,
        "Content-Type" => "application/json",
        other => panic!("the example has {other}"),
    };
    let query: Vec<_> =
        query_names(text(&example["url"])).iter().map(|name| format!("{name}={}", value(name))).collect();
    let headers = example["headers"].as_array().unwrap().iter();
    let headers: Vec<_> = headers.map(|header| text(header).split_once(": ").unwrap().0).collect();
    let headers: Vec<_> = headers.into_iter().map(|name| (name, value(name))).collect();
    let reply = demo.get_with(&facts, &query.join("&"), &headers).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// Tools that import the document send all examples at once.
#[tokio::test]
async fn the_examples_of_the_parameters_find_a_row_alone_and_together() {
    let facts = Facts::whole();
    let demo = Caller::new(Scenario::default()).await;
    let document = super::the_document();
    let operation = resolve(&document, text(&facts["method"]["pointer"])).unwrap();
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let parameters = parameters.filter_map(|one| reference::resolve(&document, one));
    let example = |parameter: &Value| {
        let value = &parameter["example"];
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={value}", text(&parameter["name"]))
    };
    let (task, others): (Vec<String>, Vec<String>) =
        parameters.map(example).partition(|example| example.starts_with("taskId="));
    for some in others.chunks(1).chain([&others[..], &[]]) {
        let query = [&task, some].concat().join("&");
        let reply = demo.get(&facts, &query).await;
        let rows = reply.body["taskDetails"].as_array().map_or(0, Vec::len);
        assert!(rows > 0, "{query}: {}", reply.body);
    }
}

#[tokio::test]
async fn the_task_of_the_example_replies_with_the_example() {
    let facts = Facts::whole();
    let demo = Caller::new(Scenario::default()).await;
    let reply = demo.get(&facts, &format!("taskId={}", Scenario::EXAMPLE_TASK)).await;
    let example = &facts["reply_example"];
    assert_eq!(
        (json!(reply.status), json!(reply.content_type)),
        (example["status"].clone(), example["content_type"].clone())
    );
    assert_eq!(reply.body, facts.reply_example());
}

/// Rows that the emulator never sends by itself.
const UNSEEN: [(u16, &str); 3] = [(403, "1010009"), (500, "100203"), (500, "50252")];

#[tokio::test]
async fn an_error_row_that_can_be_provoked_has_status_code_and_text_of_the_page() {
    let facts = Facts::whole();
    let stranger = Scenario::default().with_application(Application::new("another", "its secret"));
    let demo = Caller::new(stranger).await;
    let wrong_token = [("app_key", Scenario::DEMO_APP_ID), ("Authorization", "Bearer x")];
    let provoked = [
        (400, "100022", demo.get(&facts, "pageNo=0").await),
        (403, "100203", demo.get(&facts, "taskId=demo&appId=nobody").await),
        (403, "100217", demo.get(&facts, "taskId=demo&appId=another").await),
        (404, "105005", demo.get(&facts, "taskId=unknown").await),
        (403, "1010005", demo.get_with(&facts, "taskId=demo", &wrong_token).await),
    ];
    for (status, code, reply) in &provoked {
        let row = facts.error(*status, code);
        let expected = json!({ "error_code": code, "error_desc": row["text"] });
        assert_eq!((reply.status, &reply.body), (*status, &expected), "{}", error_name(row));
    }
    UNSEEN.iter().for_each(|(status, code)| drop(facts.error(*status, code).clone()));
    let known = provoked.len() + UNSEEN.len();
    assert_eq!(facts.rows("error").len(), known, "an error row is neither provoked nor known as unseen");
}
