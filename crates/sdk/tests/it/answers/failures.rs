//! Which devices failed, and why.

use northbound::{FailureGroups, FailureStream, SubtaskStatus, Who};
use northbound_emulator::Scenario;
use northbound_testkit::{Emulated, Platform, json_reply};
use serde_json::json;

use crate::support::{Clients as _, calls_of, fleet, unfiltered};

async fn devices(mut stream: FailureStream) -> Vec<String> {
    let mut devices = Vec::new();
    while let Some(failure) = stream.try_next().await.unwrap() {
        devices.push(failure.subtask().device_id().unwrap().to_owned());
    }
    devices
}

#[tokio::test]
async fn those_that_failed_come_first_and_then_those_that_timed_out() {
    let platform = fleet(vec![&[("Success", 50), ("Timeout", 2), ("Fail", 3)]]);
    let client = platform.client();
    assert_eq!(client.calls(), 0);
    let devices = devices(client.failures("demo").page_size(2).stream()).await;
    assert_eq!(devices, ["Fail-0", "Fail-1", "Fail-2", "Timeout-0", "Timeout-1"]);
    assert_eq!(calls_of(&platform)[..2], ["Fail 0/2", "Fail 1/2"]);
    let calls = platform.calls() as u64;
    assert_eq!((client.calls(), client.clone().calls()), (calls, calls));
}

#[tokio::test]
async fn the_failures_of_the_emulator_agree_with_its_summary() {
    let emulator = Emulated::start().await;
    let client = emulator.with_login().build().unwrap();
    let summary = client.summary(Scenario::DEMO_TASK).await.unwrap();
    let groups = client.failures(Scenario::DEMO_TASK).by_code().await.unwrap();
    assert_eq!(groups.count(), summary.failed());
    let timed_out: u64 = groups.groups().iter().map(|group| group.timed_out()).sum();
    assert_eq!(timed_out, summary.count(&SubtaskStatus::Timeout));
    let largest = groups.groups()[0];
    assert_eq!(largest.to_string(), "The device is not online. (100428)");
    assert_eq!(largest.info().map(|info| (info.who, info.action)), Some((Who::FieldTeam, None)));
}

#[tokio::test]
async fn a_platform_that_ignores_the_filter_delivers_no_success_and_nothing_twice() {
    let platform =
        Platform::in_process(|asked| unfiltered(&[("Success", 5), ("Fail", 2), ("Timeout", 1)], asked));
    let devices = devices(platform.client().failures("demo").stream()).await;
    assert_eq!(devices, ["Fail-0", "Fail-1", "Timeout-0"]);
}

#[tokio::test]
async fn codes_and_words_are_the_platforms_own() {
    let errors = [
        json!(r#"{"error_code":"100022","error_desc":"Eingabe falsch"}"#),
        json!({ "error_code": 987654, "error_desc": "Strange." }),
        json!("the line is dead"),
        json!(null),
    ];
    let platform = Platform::in_process(move |asked| {
        let fails = asked.status() == Some("Fail");
        let rows = errors.iter().filter(|_| fails).map(|error| json!({ "status": "Fail", "error": error }));
        let rows: Vec<_> = rows.collect();
        json_reply(200, json!({ "totalCount": rows.len(), "taskDetails": rows }))
    });
    let mut stream = platform.client().failures("demo").stream();
    let mut groups = FailureGroups::default();
    let mut shown = Vec::new();
    while let Some(failure) = stream.try_next().await.unwrap() {
        groups.add(&failure);
        shown.push((failure.to_string(), failure.info().map(|info| info.name)));
    }
    let shown: Vec<_> = shown.iter().map(|(text, name)| (text.as_str(), *name)).collect();
    assert_eq!(
        shown,
        [
            ("Eingabe falsch (100022)", Some("InvalidInput")),
            ("Strange. (987654)", None),
            ("the line is dead", None),
            ("Fail", None),
        ]
    );
    let groups = groups.groups();
    let codes: Vec<_> =
        groups.iter().map(|group| (group.code().map(|code| code.as_str()), group.count())).collect();
    assert_eq!(codes, [(None, 2), (Some("100022"), 1), (Some("987654"), 1)]);
}
