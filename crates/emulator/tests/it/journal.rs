//! Request ids, and the journal that they lead to.

use std::collections::BTreeSet;
use std::time::Duration;

use northbound_emulator::{Control, Entry, Fault, FaultKind, Operation, Scenario};

use crate::support::held;

fn newest(control: &Control) -> Entry {
    control.journal().entries.pop().unwrap()
}

#[tokio::test]
async fn every_reply_has_a_request_id_that_leads_to_its_entry() {
    let (control, demo) = held(Scenario::default()).await;
    control.add_fault(Fault::new(FaultKind::BadGateway).next(1)).unwrap();
    let replies = [
        demo.get("taskId=demo").await,
        demo.get("taskId=demo").await,
        demo.get("taskId=nope").await,
        demo.bare("GET", "/nowhere").await,
    ];
    let entries = control.journal().entries;
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for (reply, entry) in replies.iter().zip(&entries[1..]) {
        assert_eq!(reply.headers["x-request-id"], *entry.request_id);
        assert_eq!(Some(reply.status.as_u16()), entry.status);
    }
}

#[tokio::test]
async fn the_same_calls_at_the_same_time_get_the_same_headers_and_bodies() {
    let replies = async |seed| {
        let half = Fault::new(FaultKind::BadGateway).on(Operation::ListSubtasks).per_mille(500);
        let mut scenario = Scenario::default().with_quota(5).with_fault(half);
        scenario.seed = seed;
        let (control, demo) = held(scenario).await;
        let mut replies = Vec::new();
        for query in ["taskId=live", "taskId=live&status=Fail", "taskId=", "taskId=nope", "taskId=demo"] {
            for _ in 0..4 {
                control.advance(Duration::from_millis(2_500));
                let reply = demo.get(query).await;
                replies.push((reply.status, reply.headers, reply.bytes));
            }
        }
        replies
    };
    let (one, same, other) = (replies(1).await, replies(1).await, replies(2).await);
    let statuses: BTreeSet<u16> = one.iter().map(|(status, ..)| status.as_u16()).collect();
    assert_eq!(statuses, [200, 400, 403, 404, 502].into());
    assert_eq!(one, same);
    let ids = |replies: &[(_, axum::http::HeaderMap, _)]| -> BTreeSet<String> {
        replies.iter().map(|(_, headers, _)| headers["x-request-id"].to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&one).union(&ids(&other)).count(), 2 * one.len(), "each call of each seed has its own id");
}

#[tokio::test]
async fn an_entry_tells_who_asked_what_and_why_it_was_answered_so() {
    let (control, demo) = held(Scenario::default()).await;
    let login = newest(&control);
    assert_eq!((login.method.as_str(), login.path.as_str()), ("POST", "/iocm/app/sec/v1.1.0/login"));
    assert_eq!((login.application.as_deref(), login.status), (Some("demo-app"), Some(200)));
    assert_eq!(login.reason, "a token; earlier ones of application 'demo-app' are cancelled");

    control.advance(Duration::from_millis(1_234));
    demo.page("taskId=demo&status=Fail&pageSize=5").await;
    let page = newest(&control);
    assert_eq!((page.at_ms, page.query.as_deref()), (1_234, Some("taskId=demo&status=Fail&pageSize=5")));
    assert_eq!((page.application.as_deref(), page.code, page.fault), (Some("demo-app"), None, None));
    assert!(page.reason.starts_with("5 of "), "{}", page.reason);

    demo.get("taskId=nope").await;
    let refused = newest(&control);
    assert_eq!((refused.status, refused.code.as_deref()), (Some(404), Some("105005")));
    assert_eq!(refused.reason, "application 'demo-app' has no task 'nope'");

    control.add_fault(Fault::new(FaultKind::EmptyError)).unwrap();
    demo.get("taskId=demo").await;
    let faulty = newest(&control);
    assert_eq!((faulty.status, faulty.fault.as_deref()), (Some(500), Some("empty-error")));
    assert_eq!(faulty.reason, "answered by a fault in place of the platform");
}

#[tokio::test]
async fn the_journal_has_a_bound() {
    let mut scenario = Scenario::default();
    scenario.journal_entries = 3;
    let (control, demo) = held(scenario).await;
    for _ in 0..9 {
        demo.page("taskId=demo").await;
    }
    let journal = control.journal();
    assert_eq!((journal.entries.len(), journal.dropped), (3, 7));
}

#[tokio::test]
async fn the_journal_holds_no_secret_and_no_token() {
    let (control, demo) = held(Scenario::default()).await;
    demo.page("taskId=demo").await;
    let wrong = demo.login("appId=demo-app&secret=wrong-one").await;
    let shown = serde_json::to_string(&control.journal()).unwrap() + &format!("{:?}", wrong.headers);
    for secret in ["demo-secret", "wrong-one", demo.authorization().trim_start_matches("Bearer ")] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
