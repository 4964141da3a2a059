//! The page against the document.

use serde_json::{Value, json};

use super::compare::{differences, resolve};
use super::{Facts, the_document};

#[test]
fn every_row_of_the_page_is_in_the_document_and_nothing_else_is() {
    let found = differences(&Facts::read(), &the_document());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_page_has_its_rows() {
    let facts = Facts::read();
    let members = |structure: &str| facts.member.iter().filter(|row| row.structure == structure).count();
    assert_eq!((facts.header.len(), facts.query.len(), facts.error.len()), (2, 7, 8));
    assert_eq!((members("reply"), members("QueryTaskDetailDTOCloud2NA"), members("ObjectNode")), (4, 4, 2));
    assert_eq!(facts.member.len(), 10);
}

#[test]
fn every_row_says_something_in_whole_sentences() {
    let facts = Facts::read();
    let parameters = facts.header.iter().chain(&facts.query).map(|row| (row.name.clone(), &row.says));
    let members = facts.member.iter().map(|row| (row.name.clone(), &row.says));
    let errors = facts.error.iter().flat_map(|row| [(row.name(), &row.says), (row.name(), &row.remedy)]);
    for (row, text) in parameters.chain(members).chain(errors) {
        assert!(text.ends_with('.') && text.trim() == text && text.len() > 10, "{row}: {text:?}");
    }
}

/// A change of the document, and the row that must then be found.
type Mutation = (&'static str, Value, &'static str);

const OPERATION: &str = "/paths/~1iocm~1app~1batchtask~1v1.1.0~1taskDetails/get";

fn mutations() -> Vec<Mutation> {
    vec![
        ("/info/x-platform-edition", json!("2022-02-25"), "date: the edition"),
        ("@/summary", json!("Querying a Subtask"), "title: the text"),
        ("@/externalDocs/url", json!("https://platform.example"), "address: the URL"),
        ("@/externalDocs/description", json!("The page"), "date: externalDocs"),
        ("/servers/0/variables/scheme/enum", json!(["https"]), "transport: the protocols"),
        ("/x-quota/calls", json!(1000), "quota: calls"),
        ("/x-quota/errorCode", json!("1010005"), "quota: the code"),
        ("@/security", json!([{ "AppKey": [] }, { "BearerToken": [] }]), "headers: what is needed"),
        ("@/security", json!([{ "BearerToken": [] }]), "headers: what is needed"),
        ("/components/securitySchemes/AppKey/name", json!("app-key"), "app_key: name"),
        ("/components/securitySchemes/AppKey/in", json!("query"), "app_key: in"),
        ("/components/securitySchemes/BearerToken/scheme", json!("basic"), "Authorization: scheme"),
        ("@/parameters", json!([]), "query: the list of parameters"),
        ("/components/parameters/TaskId/name", json!("taskID"), "taskId: the name"),
        ("/components/parameters/TaskId/required", json!(false), "taskId: mandatory"),
        ("/components/parameters/AppId/required", json!(true), "appId: mandatory"),
        ("/components/parameters/DeviceId/in", json!("header"), "deviceId: the location"),
        ("/components/parameters/PageNo/schema/type", json!("number"), "pageNo: the type"),
        ("/components/parameters/PageNo/schema/format", json!("int64"), "pageNo: the format"),
        ("/components/parameters/PageNo/schema/minimum", json!(1), "pageNo: minimum"),
        ("/components/parameters/PageNo/schema/maximum", json!(99), "pageNo: maximum"),
        ("/components/parameters/PageSize/schema/maximum", json!(251), "pageSize: maximum"),
        ("/components/parameters/PageSize/schema/default", json!(1), "pageSize: default"),
        ("/components/schemas/SubtaskStatus/enum", json!(["Pending"]), "status: the list of values"),
        ("/components/schemas/CommandId/type", json!("integer"), "commandId: the type"),
        ("/components/schemas/CommandId/enum", json!(["a"]), "commandId: the list of values"),
        (
            "/components/schemas/SubtaskPage/properties/totalCount/format",
            json!("int32"),
            "totalCount: the format",
        ),
        ("/components/schemas/SubtaskPage/properties/more", json!({}), "reply: the list of members"),
        ("/components/schemas/SubtaskPage/properties", json!({}), "pageNo: nothing is at"),
        ("/components/schemas/SubtaskPage/required", json!(["pageNo"]), "reply: members are needed"),
        (
            "/components/schemas/Subtask/properties/more",
            json!({}),
            "QueryTaskDetailDTOCloud2NA: the list of members",
        ),
        (
            "/components/schemas/Subtask/description",
            json!("A subtask."),
            "taskDetails: the items are not said",
        ),
        ("/components/schemas/SubtaskParam/description", json!("Parameters."), "ObjectNode: the description"),
        ("/components/schemas/SubtaskFailure/properties", json!({}), "error: what the string holds"),
        ("/components/responses/Refused/x-error-codes", json!(["100203"]), "errors: the list of rows"),
        (
            "/components/responses/InvalidInput/x-error-codes",
            json!(["100022", "105005"]),
            "errors: the list of rows",
        ),
        ("/components/x-error-catalog/105005/text", json!("No such task."), "404/105005: the text"),
        ("/components/x-error-catalog/50252/source", json!("Another page."), "50252: a code has a source"),
        ("/components/x-error-catalog/100501", json!({ "text": "" }), "100501: a code has a source"),
        (
            "/components/responses/TaskNotFound/content/application~1json/examples",
            json!({}),
            "404/105005: no example",
        ),
        ("@/responses/429", json!({}), "429: this response is not on the page"),
        ("@/responses/200/x-error-codes", json!(["100203"]), "200: an error lists its codes, a success none"),
        (
            "@/x-codeSamples/0/source",
            json!("curl \"https://platform.example\""),
            "request example: the method",
        ),
        (
            "@/responses/200/content/application~1json/examples/page-example/value/totalCount",
            json!(2),
            "reply example: the body",
        ),
    ]
}

#[test]
fn a_document_that_departs_from_the_page_is_seen() {
    let facts = Facts::read();
    for (place, value, expected) in mutations() {
        let place = place.replace('@', OPERATION);
        let mut document = the_document();
        let (parent, _) = place.rsplit_once('/').unwrap();
        let name = northbound_openapi::document::pointer::last(&place);
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{place}: no such place"));
        assert_ne!(parent.get(&name), Some(&value), "{place}: this changes nothing");
        parent[&name] = value;
        let found = differences(&facts, &document);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{place}: {found:#?}");
    }
}

#[test]
fn a_row_that_changes_is_seen() {
    let document = the_document();
    let facts = Facts::read();
    type Change = fn(&mut Facts);
    let changes: [(Change, &str); 7] = [
        (|facts| drop(facts.query.pop()), "query: the list of parameters"),
        (|facts| drop(facts.member.pop()), "ObjectNode: the list of members"),
        (|facts| drop(facts.error.pop()), "errors: the list of rows"),
        (|facts| facts.url.template = facts.url.template.replace("v1.1.0", "v1.2.0"), "url: the path"),
        (|facts| facts.method.name = "POST".to_owned(), "method: the name"),
        (|facts| drop(facts.request_example.headers.pop()), "request example: the list of headers"),
        (|facts| facts.query[1].pointer = "/nowhere".to_owned(), "taskId: nothing is at /nowhere"),
    ];
    for (change, expected) in changes {
        let mut changed = facts.clone();
        change(&mut changed);
        let found = differences(&changed, &document);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn a_pointer_goes_on_behind_a_reference() {
    let document = json!({
        "a": { "$ref": "#/c/list" }, "c": { "list": [{ "$ref": "#/c/end" }], "end": { "x/y": 1 }, "lost": { "$ref": "#/no" } }
    });
    assert_eq!(resolve(&document, "/a/0/x~1y"), Some(&json!(1)));
    assert_eq!(resolve(&document, "/a/0"), Some(&json!({ "x/y": 1 })));
    for nowhere in ["/a/1", "/a/x", "/c/lost", "/b"] {
        assert_eq!(resolve(&document, nowhere), None, "{nowhere}");
    }
}
