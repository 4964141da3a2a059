//! Request ids, and the journal that they lead to.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use northbound_emulator::{Control, Entry, Fault, FaultKind, Operation, Scenario};

use crate::support::{Caller, Reply};

async fn demo(scenario: Scenario) -> (Control, Caller) {
    let control = Control::new(scenario.with_manual_clock()).unwrap();
    let caller = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    (control, caller)
}

fn newest(control: &Control) -> Entry {
    control.journal().entries.pop().unwrap()
}

fn request_id(reply: &Reply) -> &str {
    reply.headers["x-request-id"].to_str().unwrap()
}

#[tokio::test]
async fn every_reply_bears_a_request_id_that_leads_to_its_entry() {
    let (control, demo) = demo(Scenario::default()).await;
    let unknown = || Request::get("/nowhere").body(Body::empty()).unwrap();
    control.add_fault(Fault::new(FaultKind::BadGateway).next(1)).unwrap();
    let replies = [
        demo.get("taskId=demo").await,
        demo.get("taskId=demo").await,
        demo.get("taskId=nope").await,
        demo.send(unknown()).await,
    ];
    let entries = control.journal().entries;
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for (reply, entry) in replies.iter().zip(&entries[1..]) {
        assert_eq!(request_id(reply), entry.request_id);
        assert_eq!(Some(reply.status.as_u16()), entry.status);
    }
}

#[tokio::test]
async fn the_same_calls_get_the_same_request_ids() {
    let ids = async |seed| {
        let mut scenario = Scenario::default();
        scenario.seed = seed;
        let (_, demo) = demo(scenario).await;
        let replies = [demo.get("taskId=demo").await, demo.get("taskId=demo").await];
        replies.map(|reply| request_id(&reply).to_owned())
    };
    let [first, second] = ids(1).await;
    assert_ne!(first, second);
    assert_eq!(ids(1).await, [first.clone(), second]);
    assert_ne!(ids(2).await[0], first);
}

#[tokio::test]
async fn the_same_calls_at_the_same_time_get_the_same_headers_and_bodies() {
    let replies = async || {
        let half = Fault::new(FaultKind::BadGateway).on(Operation::ListSubtasks).per_mille(500);
        let (control, demo) = demo(Scenario::default().with_quota(5).with_fault(half)).await;
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
    let (one, other) = (replies().await, replies().await);
    let statuses: BTreeSet<u16> = one.iter().map(|(status, ..)| status.as_u16()).collect();
    assert_eq!(statuses, [200, 400, 403, 404, 502].into());
    assert_eq!(one, other);
}

#[tokio::test]
async fn an_entry_tells_who_asked_what_and_why_it_was_answered_so() {
    let (control, demo) = demo(Scenario::default()).await;
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
async fn a_request_that_matches_nothing_says_what_was_expected() {
    let (control, demo) = demo(Scenario::default()).await;
    demo.send(Request::delete("/iocm/app/sec/v1.1.0/login").body(Body::empty()).unwrap()).await;
    let entry = newest(&control);
    assert_eq!(entry.status, Some(405));
    assert_eq!(
        entry.reason,
        "no operation DELETE /iocm/app/sec/v1.1.0/login; expected GET /iocm/app/batchtask/v1.1.0/taskDetails or \
         POST /iocm/app/sec/v1.1.0/login"
    );
}

#[tokio::test]
async fn the_journal_has_a_bound() {
    let mut scenario = Scenario::default();
    scenario.journal_entries = 3;
    let (control, demo) = demo(scenario).await;
    for _ in 0..9 {
        demo.page("taskId=demo").await;
    }
    let journal = control.journal();
    assert_eq!((journal.entries.len(), journal.dropped), (3, 7));
}

#[tokio::test]
async fn the_journal_holds_no_secret_and_no_token() {
    let (control, demo) = demo(Scenario::default()).await;
    demo.page("taskId=demo").await;
    demo.login("appId=demo-app&secret=wrong-one").await;
    let journal = serde_json::to_string(&control.journal()).unwrap();
    let token = demo.authorization().trim_start_matches("Bearer ");
    for secret in ["demo-secret", "wrong-one", token] {
        assert!(!journal.contains(secret), "{secret}");
    }
}
