//! Which devices failed, and why.

use northbound::{FailureGroups, SubtaskStatus};
use northbound_emulator::Scenario;
use serde_json::json;

use crate::emulated::Emulated;

use super::emulated;
use super::fleet::{Asked, Fleet, page};

#[tokio::test]
async fn those_that_failed_come_first_and_then_those_that_timed_out() {
    let fleet = Fleet::of(vec![&[("Success", 50), ("Timeout", 2), ("Fail", 3)]]).await;
    let client = fleet.client();
    assert_eq!(client.calls(), 0);
    let mut stream = client.failures("demo").page_size(2).stream();
    let mut devices = Vec::new();
    while let Some(failure) = stream.try_next().await.unwrap() {
        devices.push(failure.into_subtask().device_id().unwrap().to_owned());
    }
    assert_eq!(devices, ["Fail-0", "Fail-1", "Fail-2", "Timeout-0", "Timeout-1"]);
    assert_eq!(fleet.asked()[..2], ["Fail 0/2", "Fail 1/2"]);
    let clone = client.clone();
    assert_eq!((client.calls(), clone.calls()), (fleet.calls() as u64, fleet.calls() as u64));
}

#[tokio::test]
async fn the_failures_of_the_emulator_agree_with_its_summary() {
    let emulator = Emulated::start().await;
    let client = emulated(&emulator);
    let summary = client.summary(Scenario::DEMO_TASK).await.unwrap();
    let groups = client.failures(Scenario::DEMO_TASK).by_code().await.unwrap();
    assert_eq!(groups.count(), summary.failed());
    let timed_out: u64 = groups.groups().iter().map(|group| group.timed_out()).sum();
    assert_eq!(timed_out, summary.count(&SubtaskStatus::Timeout));
    let counts: Vec<_> = groups.groups().iter().map(|group| group.count()).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next), "{counts:?}");
    let largest = groups.groups()[0];
    assert_eq!(largest.to_string(), "The device is not online. (100428)");
    assert_eq!(largest.info(), None, "the catalogue does not know it, and nothing is invented");
}

#[tokio::test]
async fn a_platform_that_ignores_the_filter_delivers_no_success_and_nothing_twice() {
    const TASK: &[(&str, u64)] = &[("Success", 5), ("Fail", 2), ("Timeout", 1)];
    let fleet = Fleet::answering(|asked| (200, page(TASK, &Asked { status: None, ..asked.clone() }))).await;
    let mut stream = fleet.client().failures("demo").stream();
    let mut devices = Vec::new();
    while let Some(failure) = stream.try_next().await.unwrap() {
        devices.push(failure.subtask().device_id().unwrap().to_owned());
    }
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
    let fleet = Fleet::answering(move |asked| {
        let fails = asked.status.as_deref() == Some("Fail");
        let rows: Vec<_> = errors
            .iter()
            .filter(|_| fails)
            .map(|error| json!({ "status": "Fail", "error": error }))
            .collect();
        (200, json!({ "totalCount": rows.len(), "taskDetails": rows }))
    })
    .await;
    let mut stream = fleet.client().failures("demo").stream();
    let mut groups = FailureGroups::default();
    let mut shown = Vec::new();
    while let Some(failure) = stream.try_next().await.unwrap() {
        groups.add(&failure);
        let known = failure.info().map(|info| info.name);
        shown.push((failure.to_string(), failure.text().map(str::to_owned), known));
    }
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        shown,
        [
            ("Eingabe falsch (100022)".to_owned(), text("Eingabe falsch"), Some("InvalidInput")),
            ("Strange. (987654)".to_owned(), text("Strange."), None),
            ("the line is dead".to_owned(), text("the line is dead"), None),
            ("Fail".to_owned(), None, None),
        ]
    );
    let codes: Vec<_> = groups
        .groups()
        .iter()
        .map(|group| (group.code().map(|code| code.as_str().to_owned()), group.count()))
        .collect();
    assert_eq!(codes, [(None, 2), (text("100022"), 1), (text("987654"), 1)]);
}

#[tokio::test]
async fn after_an_error_nothing_more_is_asked() {
    let failed = json!({ "error_code": "100203", "error_desc": "The application is not existed." });
    let fleet = Fleet::answering(move |_| (403, failed.clone())).await;
    let mut stream = fleet.client().failures("demo").stream();
    assert!(stream.try_next().await.unwrap_err().is_misconfigured());
    assert_eq!(stream.try_next().await.unwrap(), None);
    assert_eq!(fleet.calls(), 1);
}
