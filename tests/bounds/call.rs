//! A call that is made of fields, and an emulator that knows what the call speaks of.

use std::collections::BTreeMap;
use std::fmt;

use northbound_emulator::{Application, Control, Scenario, Task};
use northbound_openapi::contract::Fact;
use northbound_openapi::document::reference;
use reqwest::{Client, Method, Url};
use serde_json::Value;

use crate::emulated::Emulated;

const APPLICATION: (&str, &str) = ("caller", "its secret");
const FORM: &str = "application/x-www-form-urlencoded";

/// A part of a request that has rules of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Query(String),
    Form(String),
    /// The body as a whole.
    Body,
    /// Nothing that a request could hold; such as that a proof is wanted.
    Call,
}

impl Field {
    pub(super) fn of(fact: &Fact) -> Self {
        let named = |name: &str| name.to_owned();
        match (fact.place.split_once(' '), fact.place.as_str(), fact.member.as_str()) {
            (_, "", "") => Self::Call,
            (_, "body", "") | (Some(("body", FORM)), _, "") => Self::Body,
            (Some(("query", name)), _, "") => Self::Query(named(name)),
            (Some(("body", FORM)), _, member) => Self::Form(named(member)),
            _ => panic!("no way yet to send {fact}"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => write!(f, "query {name}"),
            Self::Form(name) => write!(f, "form {name}"),
            Self::Body => f.write_str("body"),
            Self::Call => f.write_str("call"),
        }
    }
}

/// Method, path and fields.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    fields: BTreeMap<Field, String>,
}

impl Call {
    pub(super) fn new(operation: &str) -> Self {
        let (method, path) = operation.split_once(' ').unwrap();
        Self { method: method.parse().unwrap(), path: path.to_owned(), fields: BTreeMap::new() }
    }

    /// Gives a field a value, or leaves it out. Without its body, a call has no form.
    pub(super) fn set(&mut self, field: &Field, value: Option<String>) {
        match (field, value) {
            (Field::Body, Some(_)) => {}
            (Field::Body, None) => self.fields.retain(|field, _| !matches!(field, Field::Form(_))),
            (field, Some(value)) => drop(self.fields.insert(field.clone(), value)),
            (field, None) => drop(self.fields.remove(field)),
        }
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.text(&Field::Query(name.to_owned()))
    }

    fn form(&self, name: &str) -> Option<&str> {
        self.text(&Field::Form(name.to_owned()))
    }

    /// The value of a field, unless it is empty.
    fn text(&self, field: &Field) -> Option<&str> {
        self.fields.get(field).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// An emulator to which nothing in this call is unknown: what it refuses, it refuses for its form.
    fn world(&self) -> Scenario {
        let (caller, secret) = APPLICATION;
        let mut scenario = Scenario::empty().with_application(Application::new(caller, secret));
        if let (Some(app_id), Some(secret)) = (self.form("appId"), self.form("secret")) {
            let known = scenario.clone().with_application(Application::new(app_id, secret));
            // The emulator cannot know what is too long for a login either.
            scenario = if Control::new(known.clone()).is_ok() { known } else { scenario };
        }
        let owner = self.query("appId").filter(|owner| *owner != caller);
        if let Some(owner) = owner {
            scenario = scenario.with_application(Application::new(owner, secret).authorizing(caller));
        }
        match self.query("taskId") {
            Some(task) => scenario.with_task(Task::generated(task, owner.unwrap_or(caller), 300)),
            None => scenario,
        }
    }
}

/// What came back: status, and the body as JSON.
#[derive(Debug, PartialEq, Eq)]
struct Reply(u16, Value);

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.1["error_code"].as_str().unwrap_or("no error");
        write!(f, "it was answered with {} / {code}", self.0)
    }
}

/// A program that makes calls, each to an emulator of its own.
pub(super) struct Caller<'a> {
    document: &'a Value,
    http: Client,
}

impl<'a> Caller<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        // reqwest asks for a TLS provider even where no TLS is spoken; another test may have been first.
        let _another_was_first = rustls::crypto::ring::default_provider().install_default();
        Self { document, http: Client::builder().no_proxy().build().unwrap() }
    }

    /// The value that the document shows for a field.
    pub(super) fn example(&self, operation: &str, field: &Field) -> String {
        let operation = self.operation(operation);
        let example = match field {
            Field::Query(name) => {
                let parameters = operation["parameters"].as_array().unwrap().iter();
                let mut parameters = parameters.map(|parameter| self.resolved(parameter));
                &parameters.find(|parameter| parameter["name"] == name.as_str()).unwrap()["example"]
            }
            Field::Form(name) => &operation["requestBody"]["content"][FORM]["example"][name],
            Field::Body | Field::Call => return String::new(),
        };
        assert!(!example.is_null(), "{field} has no example");
        example.as_str().map_or_else(|| example.to_string(), str::to_owned)
    }

    fn operation(&self, operation: &str) -> &'a Value {
        let (method, path) = operation.split_once(' ').unwrap();
        &self.document["paths"][path][method.to_lowercase()]
    }

    fn resolved(&self, node: &'a Value) -> &'a Value {
        reference::resolve(self.document, node).unwrap()
    }

    pub(super) async fn is_taken(&self, call: &Call) -> Result<(), String> {
        let reply = self.make(call).await;
        if reply.0 == 200 { Ok(()) } else { Err(reply.to_string()) }
    }

    /// Refused with one of the codes that the document lists under 400 and that ask to change the request.
    pub(super) async fn is_refused(&self, call: &Call) -> Result<(), String> {
        let reply = self.make(call).await;
        let operation = self.operation(&format!("{} {}", call.method, call.path));
        let response = self.resolved(&operation["responses"]["400"]);
        let catalog = &self.document["components"]["x-error-catalog"];
        let mut codes = response["x-error-codes"].as_array().unwrap().iter();
        let is_documented = codes.any(|code| {
            *code == reply.1["error_code"] && catalog[code.as_str().unwrap()]["action"] == "fix-request"
        });
        if reply.0 == 400 && is_documented { Ok(()) } else { Err(reply.to_string()) }
    }

    pub(super) async fn is_as_without(&self, call: &Call, field: &Field) -> Result<(), String> {
        let mut without = call.clone();
        without.set(field, None);
        let (with, without) = (self.make(call).await, self.make(&without).await);
        if with.0 == 200 && with == without { Ok(()) } else { Err(format!("{with}, and that differs")) }
    }

    async fn make(&self, call: &Call) -> Reply {
        let emulated = Emulated::of(call.world()).await;
        let at = |path: &str| Url::parse(&emulated.url()).unwrap().join(path).unwrap();
        let fields = |is: fn(&Field) -> Option<&str>| {
            let mut url = at("/");
            let fields = call.fields.iter().filter_map(|(field, value)| Some((is(field)?, value)));
            url.query_pairs_mut().extend_pairs(fields);
            url.query().unwrap_or_default().to_owned()
        };
        let query = fields(|field| if let Field::Query(name) = field { Some(name) } else { None });
        let form = fields(|field| if let Field::Form(name) = field { Some(name) } else { None });
        let mut url = at(&call.path);
        url.set_query(Some(&query).filter(|query| !query.is_empty()).map(String::as_str));
        let mut request = self.http.request(call.method.clone(), url);
        if !form.is_empty() {
            request = request.header("content-type", FORM).body(form);
        }
        let wants_proof =
            self.operation(&format!("{} {}", call.method, call.path))["security"] != serde_json::json!([]);
        if wants_proof {
            let (caller, secret) = APPLICATION;
            let login = self.http.post(at("/iocm/app/sec/v1.1.0/login")).header("content-type", FORM);
            let token =
                reply(login.body(format!("appId={caller}&secret={}", secret.replace(' ', "+")))).await.1;
            let token = format!("Bearer {}", token["accessToken"].as_str().unwrap());
            request = request.header("app_key", caller).header("Authorization", token);
        }
        reply(request).await
    }
}

async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let reply = request.send().await.unwrap();
    Reply(reply.status().as_u16(), serde_json::from_str(&reply.text().await.unwrap()).unwrap())
}
