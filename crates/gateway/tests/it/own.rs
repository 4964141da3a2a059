//! The gateway's own calls: lines, counts, health, metrics, documents; and its log.

use northbound_emulator::Scenario;
use northbound_gateway::Docs;
use northbound_testkit::{Platform, json_reply};
use serde_json::Value;

use crate::{DETAILS, Gate, TASKS, address, ask, client, started};

fn last_line(body: &str) -> Value {
    assert!(body.ends_with("}\n"), "{body:?}");
    serde_json::from_str(body.lines().last().unwrap()).unwrap()
}

#[tokio::test]
async fn the_last_line_says_that_every_row_has_come() {
    let mut gate = Gate::start().await;
    for (filter, rows) in [("", 1000), ("?status=Fail", 115), ("?deviceId=nobody", 0)] {
        let reply = ask(gate.at, &format!("GET /v1/tasks/demo/subtasks{filter}"), "", "").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/jsonl")));
        assert_eq!(reply.body.lines().count(), rows + 1, "{filter}");
        assert_eq!(last_line(&reply.body), serde_json::json!({ "end": { "complete": true, "rows": rows } }));
        assert_eq!(gate.line().await["rows"].as_u64(), Some(rows as u64));
    }
    for (path, expected) in [
        ("/v1/tasks/nope/subtasks", (404, "105005")),
        ("/v1/tasks/demo/subtasks?status=Nope", (400, "100022")),
        ("/v1/tasks/demo/subtasks?status=Fail&status=Fail", (400, "100022")),
        ("/v1/tasks/nope/summary", (404, "105005")),
    ] {
        let reply = ask(gate.at, &format!("GET {path}"), "", "").await;
        assert_eq!(reply.error(), (expected.0, expected.1.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn the_last_line_says_why_rows_are_missing() {
    let platform = Platform::start(|asked| {
        if asked.is_login() {
            return json_reply(200, r#"{"accessToken":"t0ken","expiresIn":3600}"#);
        }
        match asked.page() {
            (0, _) => {
                let row = |number| format!(r#"{{"status":"Fail","param":{{"deviceId":"d{number}"}}}}"#);
                let rows: Vec<_> = (0..250).map(row).collect();
                json_reply(
                    200,
                    format!(
                        r#"{{"totalCount":500,"pageNo":0,"pageSize":250,"taskDetails":[{}]}}"#,
                        rows.join(",")
                    ),
                )
            }
            _ => json_reply(500, r#"{"error_code":"50252","error_desc":"Internal server error."}"#),
        }
    })
    .await;
    let (gateway, _log) = started(client(&platform.url()), |gateway| gateway).await;
    let reply = ask(address(&gateway), "GET /v1/tasks/t/subtasks", "", "").await;
    let end = &last_line(&reply.body)["end"];
    assert_eq!(
        (reply.status, end["complete"].as_bool(), end["rows"].as_u64()),
        (200, Some(false), Some(250)),
        "{end}"
    );
    assert_eq!(end["error_code"].as_str(), Some("50252"));
}

#[tokio::test]
async fn counts_health_metrics_and_documents_come_without_a_login() {
    let gate = Gate::of(Scenario::default().with_quota(0), |gateway| {
        gateway.docs(Docs { swagger_ui: |name| (name == "swagger-ui.css").then(|| b"css".to_vec()) })
    })
    .await;
    let get = async |path: &str| ask(gate.at, &format!("GET {path}"), "", "").await;
    let counts = get("/v1/tasks/demo/summary").await.json();
    assert_eq!((counts["total"].as_u64(), counts["byStatus"]["Fail"].as_u64()), (Some(1000), Some(115)));
    assert_eq!(get("/healthz").await.body, r#"{"status":"ok"}"#);
    let metrics = get("/metrics").await;
    for line in [
        r#"northbound_gateway_answers_total{call="countSubtasks",status="200"} 1"#,
        "northbound_platform_calls_total 6",
        "northbound_platform_logins_total 1",
        "northbound_platform_throttles_total 0",
    ] {
        assert!(metrics.body.lines().any(|known| known == line), "{line}\n{}", metrics.body);
    }
    assert!(metrics.body.ends_with("# EOF\n") && metrics.head.contains("application/openmetrics-text"));
    let own = get("/openapi.json").await.json();
    for path in own["paths"].as_object().unwrap().keys() {
        let status = get(&path.replace("{taskId}", "demo")).await.status;
        assert_eq!(status, 200, "{path}");
    }
    assert_eq!(get("/platform.json").await.body, northbound::DOCUMENT_AS_JSON);
    assert!(get("/docs/").await.body.contains("swagger-ui-bundle.js"));
    assert_eq!((get("/docs").await.status, get("/docs/swagger-ui.css").await.body.as_str()), (308, "css"));
    for path in ["/docs/nope", "/docs/swagger-ui-bundle.js", "/nope", "/iocm/app"] {
        assert_eq!(get(path).await.error(), (404, "gateway-unknown-path".to_owned()), "{path}");
    }
    let deleted = ask(gate.at, "DELETE /healthz", "", "").await;
    assert_eq!(deleted.error(), (405, "gateway-unknown-method".to_owned()));
}

#[tokio::test]
async fn with_a_key_only_callers_that_have_it_are_served() {
    let gate = Gate::of(Scenario::default().with_quota(0), |gateway| gateway.key("k3y-of-the-test")).await;
    assert_eq!(gate.log_in("app", "k3y").await.error(), (401, "100208".to_owned()));
    let token = gate.log_in("app", "k3y-of-the-test").await.token();
    for path in ["/v1/tasks/demo/summary", "/v1/tasks/demo/subtasks", "/metrics"] {
        let with = async |headers: &str| ask(gate.at, &format!("GET {path}"), headers, "").await;
        for refused in ["", "authorization: Bearer k3y\r\n", "authorization: k3y-of-the-test\r\n"] {
            assert_eq!(
                with(refused).await.error(),
                (401, "gateway-key-needed".to_owned()),
                "{path} {refused}"
            );
        }
        for admitted in ["k3y-of-the-test", &token] {
            assert_eq!(with(&format!("authorization: Bearer {admitted}\r\n")).await.status, 200, "{path}");
        }
    }
    assert_eq!(ask(gate.at, "GET /healthz", "", "").await.status, 200);
}

#[tokio::test]
async fn no_line_of_the_log_has_a_secret() {
    let mut gate =
        Gate::of(Scenario::default().with_quota(0), |gateway| gateway.key("k3y-of-the-test")).await;
    gate.log_in("app", "s3cret-of-a-caller").await;
    let token = gate.log_in("app", "k3y-of-the-test").await.token();
    let mut calls = 2;
    for path in [
        format!("{DETAILS}?taskId=demo&secret=s3cret-of-a-caller"),
        format!("{TASKS}/demo?token={token}"),
        format!("/v1/tasks/demo/summary?key=k3y-of-the-test"),
        format!("/nope/{token}"),
        "/metrics".to_owned(),
    ] {
        gate.get(&token, &path).await;
        ask(gate.at, &format!("GET {path}"), "authorization: Bearer k3y-of-the-test\r\n", "").await;
        calls += 2;
    }
    for _ in 0..calls {
        let line = gate.log.recv().await.unwrap();
        for secret in ["s3cret-of-a-caller", "k3y-of-the-test", &token, Scenario::DEMO_SECRET] {
            assert!(!line.contains(secret), "{line}");
        }
        let line: Value = serde_json::from_str(&line).unwrap();
        assert!(line["ms"].is_number() && line["at"].is_number() && line["status"].is_number(), "{line}");
    }
}
