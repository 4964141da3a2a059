//! Creating batch tasks: only where that is allowed, and passed on once.

use northbound_emulator::Scenario;
use northbound_testkit::{Platform, json_reply, reply};

use crate::{Gate, Reply, TASKS, address, ask, caller, client, log_in, started};

const JSON: &str = "content-type: application/json\r\n";
const TASK: &str = r#"{"taskName":"n","taskType":"DeviceCmd","timeout":60,"param":{"type":"Broadcast","command":{"serviceId":"s","method":"m","paras":{"a":1.50}},"more":[1e2]}}"#;

async fn create(gate: &Gate, token: &str, body: &str) -> Reply {
    ask(gate.at, &format!("POST {TASKS}"), &format!("{}{JSON}", caller("app", token)), body).await
}

fn allowing(gateway: northbound_gateway::Builder) -> northbound_gateway::Builder {
    gateway.key("k3y").allow_create(true)
}

#[tokio::test]
async fn a_gateway_only_reads_unless_it_is_told_otherwise() {
    let gate = Gate::start().await;
    let token = gate.log_in("app", "x").await.token();
    assert_eq!(create(&gate, &token, TASK).await.error(), (403, "gateway-create-off".to_owned()));
    assert!(gate.control.journal().entries.is_empty(), "nothing was passed on");
}

#[tokio::test]
async fn a_task_is_created_if_that_is_allowed_and_what_the_document_forbids_is_refused() {
    let gate = Gate::of(Scenario::default().with_quota(0), allowing).await;
    let token = gate.log_in("app", "k3y").await.token();
    for (from, to) in [
        (r#""timeout":60"#, r#""timeout":9"#),
        (r#""timeout":60"#, r#""timeout":2881"#),
        (r#""taskName":"n","#, ""),
        (r#""taskName":"n""#, r#""taskName":"""#),
        ("DeviceCmd", "Nothing"),
        (r#""more""#, r#""maxRetransmit":4,"more""#),
        ("}}", "}"),
    ] {
        let refused = create(&gate, &token, &TASK.replacen(from, to, 1)).await;
        assert_eq!(refused.error(), (400, "50400".to_owned()), "{to}: {refused:?}");
    }
    assert!(gate.control.journal().entries.is_empty(), "nothing was passed on");
    let created = create(&gate, &token, TASK).await;
    let id = created.json()["taskID"].as_str().unwrap().to_owned();
    let param = gate.get(&token, &format!("{TASKS}/{id}")).await.body;
    assert!(
        param.contains(r#""paras":{"a":1.50}"#) && param.contains(r#""more":[1e2]"#),
        "as it was posted: {param}"
    );
    // An error under 200 passes through, too.
    let again = create(&gate, &token, TASK).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert!(["105001", "105002"].contains(&again.error().1.as_str()), "{again:?}");
}

#[tokio::test]
async fn a_create_whose_outcome_is_unknown_is_passed_on_once_and_says_so() {
    let platform = Platform::start(|asked| match asked.is_login() {
        true => json_reply(200, r#"{"accessToken":"t0ken","expiresIn":3600}"#),
        false => reply(502, "text/html", "<html>"),
    })
    .await;
    // With the usual repetitions.
    let builder = client(&platform.url()).retry(northbound::Retry::new());
    let (gateway, _log) = started(builder, allowing).await;
    let token = log_in(address(&gateway), "app", "k3y").await.token();
    let headers = format!("{}{JSON}", caller("app", &token));
    let unknown = ask(address(&gateway), &format!("POST {TASKS}"), &headers, TASK).await;
    assert_eq!(unknown.error(), (502, "gateway-outcome-unknown".to_owned()));
    assert!(unknown.body.contains("do not repeat"), "{unknown:?}");
    assert_eq!(platform.creates(), 1);
}
