//! The page against the running emulator, over HTTP, as far as the emulator shows what the page says.

use northbound_emulator::{Application, Scenario};
use serde_json::{Value, json};

use northbound_testkit::Emulated;

use super::{ErrorRow, Facts, Member, Need, Parameter};

const LOGIN: &str = "/iocm/app/sec/v1.1.0/login";

/// A program that has logged in to an emulator of its own.
pub(super) struct Caller {
    emulator: Emulated,
    http: reqwest::Client,
    pub(super) first_login: Value,
}

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: String,
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
        self.get_with(facts, query, &[("app_key", Scenario::DEMO_APP_ID), ("Authorization", &self.bearer())])
            .await
    }

    async fn get_with(&self, facts: &Facts, query: &str, headers: &[(&str, &str)]) -> Reply {
        let path = northbound_openapi::document::pointer::last(&facts.url.pointer);
        let url = format!("{}{path}?{query}", self.emulator.url());
        let method = facts.method.name.parse().unwrap();
        let request = self.http.request(method, url);
        Reply::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.first_login["accessToken"].as_str().unwrap())
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

    fn is_row(&self, row: &ErrorRow, asked: &str) {
        let expected = json!({ "error_code": row.code, "error_desc": row.text });
        assert_eq!((self.status, &self.body), (row.status, &expected), "{}: {asked}", row.name());
    }

    fn succeeds(&self, asked: &str) -> &Value {
        assert_eq!(self.status, 200, "{asked}: {}", self.body);
        &self.body
    }
}

/// The query with all mandatory parameters, and one more.
fn with(name: &str, value: impl std::fmt::Display) -> String {
    format!("taskId={}&{name}={value}", Scenario::DEMO_TASK)
}

#[tokio::test]
async fn a_missing_header_is_refused() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let bearer = demo.bearer();
    let values = [("app_key", Scenario::DEMO_APP_ID), ("Authorization", bearer.as_str())];
    for row in &facts.header {
        let others: Vec<_> = values.into_iter().filter(|(name, _)| *name != row.name).collect();
        assert_eq!(others.len(), 1, "{} is no header that this test knows", row.name);
        demo.get_with(&facts, "taskId=demo", &others).await.is_row(facts.error(403, "1010005"), &row.name);
    }
    demo.get_with(&facts, "taskId=demo", &values).await.succeeds("both headers");
}

#[tokio::test]
async fn a_mandatory_parameter_is_needed_and_an_optional_one_is_not() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    for row in facts.query.iter().filter(|row| row.need == Need::Mandatory) {
        demo.get(&facts, "pageNo=0").await.is_row(facts.error(400, "100022"), &row.name);
    }
    let mandatory: Vec<_> = facts.query.iter().filter(|row| row.need == Need::Mandatory).collect();
    assert_eq!(mandatory.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["taskId"]);
    demo.get(&facts, "taskId=demo").await.succeeds("taskId alone");
}

#[tokio::test]
async fn a_bound_holds_at_its_value_and_on_both_sides() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    for Parameter { name, minimum, maximum, .. } in &facts.query {
        let bounds = [(*minimum, -1), (*maximum, 1)];
        for (bound, outwards) in bounds.into_iter().filter_map(|(bound, outwards)| Some((bound?, outwards))) {
            for allowed in [bound, bound - outwards] {
                demo.get(&facts, &with(name, allowed)).await.succeeds(&format!("{name}={allowed}"));
            }
            let beyond = with(name, bound + outwards);
            demo.get(&facts, &beyond).await.is_row(facts.error(400, "100022"), &beyond);
        }
    }
}

#[tokio::test]
async fn an_integer_is_nothing_else() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    for row in facts.query.iter().filter(|row| row.r#type == "Integer") {
        for value in ["one", "1.5", "", "0x1"] {
            let query = with(&row.name, value);
            demo.get(&facts, &query).await.is_row(facts.error(400, "100022"), &query);
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_left_out_has_its_default() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let plain = demo.get(&facts, "taskId=demo").await.succeeds("no page asked for").clone();
    let mut defaults = 0;
    for row in &facts.query {
        let Some(default) = row.default else { continue };
        defaults += 1;
        assert_eq!(plain[&row.name], default, "{}", row.name);
        assert_eq!(
            &plain,
            demo.get(&facts, &with(&row.name, default)).await.succeeds(&row.name),
            "{}",
            row.name
        );
    }
    assert_eq!(defaults, 2);
    assert_eq!(plain["taskDetails"].as_array().unwrap().len(), 25);
}

#[tokio::test]
async fn each_status_of_the_page_selects_its_rows_and_any_other_is_refused() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let row = facts.query.iter().find(|row| row.values.is_some()).unwrap();
    let values = row.values.as_ref().unwrap();
    assert_eq!(row.name, "status");
    let mut selected = 0;
    for value in values {
        let reply = demo.get(&facts, &with(&row.name, value)).await;
        let page = reply.succeeds(value);
        let rows = page["taskDetails"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["status"] == value.as_str()), "{value}: {rows:?}");
        selected += page["totalCount"].as_u64().unwrap();
        for other in [value.to_lowercase(), format!("{value}ed")] {
            let query = with(&row.name, other);
            demo.get(&facts, &query).await.is_row(facts.error(400, "100022"), &query);
        }
    }
    assert_eq!(selected, 1000, "every subtask has one of the statuses");
}

#[tokio::test]
async fn a_reply_has_the_members_of_the_page_in_their_types() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let reply = demo.get(&facts, "taskId=demo&pageSize=250").await;
    let page = reply.succeeds("250 rows");
    has_members(&facts, "reply", page);
    for row in page["taskDetails"].as_array().unwrap() {
        has_members(&facts, "QueryTaskDetailDTOCloud2NA", row);
        has_members(&facts, "ObjectNode", &row["param"]);
    }
}

#[track_caller]
fn has_members(facts: &Facts, structure: &str, value: &Value) {
    let rows: Vec<&Member> = facts.member.iter().filter(|row| row.structure == structure).collect();
    assert_eq!(value.as_object().unwrap().len(), rows.len(), "{structure}: {value}");
    for row in rows {
        let member = value.get(&row.name).unwrap_or_else(|| panic!("{}: missing in {value}", row.name));
        let fits = match row.r#type.as_str() {
            "Long" => member.is_u64(),
            "String" => member.is_string() || member.is_null(),
            "ObjectNode" => member.is_object(),
            _ => member.is_array(),
        };
        assert!(fits, "{}: {member} is no {}", row.name, row.r#type);
        if let (Some(values), Some(text)) = (&row.values, member.as_str()) {
            assert!(values.iter().any(|value| value == text), "{}: {text}", row.name);
        }
        if let (Some(names), Some(text)) = (&row.holds, member.as_str()) {
            let inside: Value = serde_json::from_str(text).unwrap();
            assert!(names.iter().all(|name| inside.get(name).is_some()), "{}: {text}", row.name);
        }
    }
}

#[tokio::test]
async fn the_request_example_is_accepted() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let (example, bearer) = (&facts.request_example, demo.bearer());
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
        super::query_names(&example.url).iter().map(|name| format!("{name}={}", value(name))).collect();
    let headers = example.headers.iter().map(|header| header.split_once(": ").unwrap().0);
    let headers: Vec<_> = headers.map(|name| (name, value(name))).collect();
    demo.get_with(&facts, &query.join("&"), &headers).await.succeeds("the request example");
}

/// Tools that import the document send all examples at once.
#[tokio::test]
async fn the_examples_of_the_parameters_find_a_row_alone_and_together() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let document = super::the_document();
    let parameters = document["components"]["parameters"].as_object().unwrap().values();
    let example = |parameter: &Value| {
        let value =
            parameter["example"].as_str().map_or_else(|| parameter["example"].to_string(), str::to_owned);
        format!("{}={value}", parameter["name"].as_str().unwrap())
    };
    let (task, others): (Vec<String>, Vec<String>) =
        parameters.map(example).partition(|example| example.starts_with("taskId="));
    assert_eq!(1 + others.len(), facts.query.len());
    for some in others.chunks(1).chain([&others[..], &[]]) {
        let query = [&task, some].concat().join("&");
        let reply = demo.get(&facts, &query).await;
        assert_ne!(reply.succeeds(&query)["taskDetails"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn the_task_of_the_example_replies_with_the_example() {
    let facts = Facts::read();
    let demo = Caller::new(Scenario::default()).await;
    let reply = demo.get(&facts, &format!("taskId={}", Scenario::EXAMPLE_TASK)).await;
    let example = &facts.reply_example;
    assert_eq!((reply.status, &reply.content_type), (example.status, &example.content_type));
    assert_eq!(reply.body, example.json());
}

/// Rows that the emulator never sends by itself.
const UNSEEN: [(u16, &str); 3] = [(403, "1010009"), (500, "100203"), (500, "50252")];

#[tokio::test]
async fn an_error_row_that_can_be_provoked_has_status_code_and_text_of_the_page() {
    let facts = Facts::read();
    let stranger = Scenario::default().with_application(Application::new("another", "its secret"));
    let demo = Caller::new(stranger).await;
    let provoked = [
        (400, "100022", demo.get(&facts, "pageNo=0").await),
        (403, "100203", demo.get(&facts, &with("appId", "nobody")).await),
        (403, "100217", demo.get(&facts, &with("appId", "another")).await),
        (404, "105005", demo.get(&facts, "taskId=unknown").await),
        (
            403,
            "1010005",
            demo.get_with(&facts, "taskId=demo", &[("app_key", "demo-app"), ("Authorization", "Bearer x")])
                .await,
        ),
    ];
    for (status, code, reply) in &provoked {
        reply.is_row(facts.error(*status, code), "provoked");
    }
    UNSEEN.iter().for_each(|(status, code)| drop(facts.error(*status, code).clone()));
    assert_eq!(
        facts.error.len(),
        provoked.len() + UNSEEN.len(),
        "an error row is neither provoked nor known as unseen"
    );
}
