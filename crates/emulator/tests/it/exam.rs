//! Exams: what each mark sees, and what it lets pass.

use std::time::Duration;

use serde_json::{Value, json};

use crate::examinee::{Examinee, Flaw, elsewhere, emulator, failed};
use crate::support::{Caller, rows};

const MARKS: [&str; 11] = [
    "doubled", "headers", "invented", "logins", "lost", "odd", "quota", "redirect", "throttle", "token",
    "urls",
];

#[tokio::test]
async fn a_client_that_does_everything_right_passes_whole() {
    let failed = Examinee::at(&emulator(), None).await.sit().await;
    assert!(failed.is_empty(), "{failed:?}");
}

#[tokio::test]
async fn each_flaw_fails_its_own_mark_and_no_other() {
    let flaws = [
        (Flaw::Hasty, "quota"),
        (Flaw::Impatient, "throttle"),
        (Flaw::Forgetful, "logins"),
        (Flaw::Stubborn, "token"),
        (Flaw::ReadsForward, "lost"),
        (Flaw::ReadsByStatus, "doubled"),
        (Flaw::Invents, "invented"),
        (Flaw::DropsOdd, "odd"),
        (Flaw::BelievesRedirect, "redirect"),
        (Flaw::Leaks, "headers"),
        (Flaw::TellsToken, "urls"),
    ];
    assert_eq!(
        flaws.map(|(_, mark)| mark).iter().collect::<std::collections::BTreeSet<_>>().len(),
        MARKS.len()
    );
    for (flaw, mark) in flaws {
        let failed = Examinee::at(&emulator(), Some(flaw)).await.sit().await;
        assert_eq!(failed, [mark.to_owned()].into(), "{flaw:?}");
    }
}

#[tokio::test]
async fn a_client_that_does_nothing_passes_no_mark() {
    let control = emulator();
    let examinee = Examinee::at(&control, None).await;
    let (caller, path) = (Caller::at(&control), format!("/exam/{}", examinee.text("id")));
    let report = caller.steer("GET", &path, Value::Null).await;
    assert_eq!((report.status.as_u16(), failed(&report.body)), (200, MARKS.map(str::to_owned).into()));
    // Nor does one that only says that it read nothing.
    let questions = ["whole", "odd", "failed", "pending", "redirect"];
    let answers = questions.map(|question| json!({ "question": question, "rows": [], "failed": true }));
    let report = caller.steer("POST", &format!("{path}/answers"), json!(answers)).await;
    assert_eq!(failed(&report.body), MARKS.map(str::to_owned).into());
}

#[tokio::test]
async fn calls_that_were_under_way_when_the_token_died_are_no_fault() {
    let control = emulator();
    let mut examinee = Examinee::at(&control, None).await;
    let task = format!("{}-whole", examinee.text("id"));
    let page = |number: u32| format!("taskId={task}&pageNo={number}&pageSize=250");
    examinee.page(&page(0)).await;
    for number in 1..=4 {
        assert_eq!(examinee.send(&page(number)).await.body["error_code"], "1010005");
    }
    examinee.log_in().await;
    assert_eq!(examinee.send(&page(1)).await.status, 200);
    for number in 2..=5 {
        assert_eq!(examinee.send(&page(number)).await.body["error_code"], "1010009");
    }
    control.advance(Duration::from_secs(2));
    assert_eq!(examinee.send(&page(2)).await.status, 200);
    let path = format!("/exam/{}", examinee.text("id"));
    let report = Caller::at(&control).steer("GET", &path, Value::Null).await;
    let failed = failed(&report.body);
    assert!(!failed.contains("token") && !failed.contains("throttle"), "{}", report.body);
}

#[tokio::test]
async fn exams_are_held_beside_each_other_and_beside_everything_else() {
    let control = emulator();
    let demo = Caller::at(&control).logged_in("demo-app", "demo-secret").await;
    let (first, second) =
        (Examinee::at(&control, None).await, Examinee::at(&control, Some(Flaw::Hasty)).await);
    assert_ne!((first.text("id"), first.text("secret")), (second.text("id"), second.text("secret")));
    let task = format!("taskId={}-whole", first.text("id"));
    demo.get(&task).await.expect_error(404, "105005", "The batchTask is not existed.");
    let other = demo.logged_in(second.text("app_id"), second.text("secret")).await;
    other.get(&task).await.expect_error(404, "105005", "The batchTask is not existed.");
    let wrong = demo.login(&format!("appId={}&secret=wrong", first.text("app_id"))).await;
    assert_eq!(wrong.body["error_code"], "100208");

    let first = first.sit().await;
    assert!(first.is_empty(), "{first:?}");
    assert_eq!(rows(&demo.page("taskId=demo&pageSize=250").await).len(), 250);
    let id = second.text("id").to_owned();
    control.reset();
    let gone = demo.steer("GET", &format!("/exam/{id}"), Value::Null).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn the_other_address_sees_whichever_header_holds_a_secret() {
    let control = emulator();
    let mut examinee = Examinee::at(&control, None).await;
    let path = format!("/exam/{}", examinee.text("id"));
    let reply = examinee.send(&format!("taskId={}-redirect", examinee.text("id"))).await;
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    let headers = format!("cookie: s={}\r\nreferer: {location}\r\n", examinee.text("secret"));
    elsewhere(&location, &headers).await;
    let later = elsewhere(&format!("{location}&pageNo=1"), "").await;
    assert_eq!(later["taskDetails"], json!([]), "a reader that goes on comes to an end");
    let report = Caller::at(&control).steer("GET", &path, Value::Null).await.body;
    let headers = report["marks"].as_array().unwrap().iter().find(|mark| mark["mark"] == "headers").unwrap();
    let seen = "1 calls reached another address with cookie";
    assert_eq!((&headers["wrong"], headers["seen"].as_str().unwrap()), (&json!(1), seen));
}

#[tokio::test]
async fn what_cannot_be_an_exam_or_an_answer_is_refused() {
    let control = emulator();
    let caller = Caller::at(&control);
    let offer = caller.steer("POST", "/exam", json!({ "calls": 3, "window_ms": 70 })).await;
    assert_eq!(
        (offer.status.as_u16(), &offer.body["calls"], &offer.body["window_ms"]),
        (201, &json!(3), &json!(70))
    );
    let answers = format!("/exam/{}/answers", offer.body["id"].as_str().unwrap());
    for (path, body, status, error) in [
        ("/exam", json!({ "calls": 0 }), 400, "calls of 0: 1 to 1000 are allowed"),
        ("/exam", json!({ "window_ms": 3_600_001 }), 400, "window_ms of 3600001: 1 to 3600000 are allowed"),
        ("/exam", json!({ "window": 1 }), 400, "expected `calls` or `window_ms`"),
        ("/exam/nope/answers", json!([]), 404, "there is no exam 'nope'"),
        (&*answers, json!([{ "question": "why" }]), 400, "expected one of `whole`, `odd`"),
        (
            &*answers,
            json!([{ "question": "odd", "rows": [{ "id": 1 }] }]),
            400,
            "expected `command` or `status`",
        ),
    ] {
        let reply = caller.steer("POST", path, body).await;
        let text = reply.body["error"].as_str().unwrap();
        assert!(reply.status == status && text.contains(error), "{path}: {text}");
    }
}

#[tokio::test]
async fn an_exam_that_received_too_many_calls_is_over() {
    let control = emulator();
    let mut examinee = Examinee::at(&control, None).await;
    let query = format!("taskId={}-redirect", examinee.text("id"));
    for _ in 1..10_000 {
        assert_eq!(examinee.send(&query).await.status, 307);
    }
    let over = examinee.send(&query).await;
    assert_eq!(
        (over.status.as_u16(), over.reason()),
        (500, "the exam is over: it received 10000 calls; begin another one")
    );
}

#[tokio::test]
async fn an_exam_neither_creates_tasks_nor_answers_for_one() {
    let control = emulator();
    let examinee = Examinee::at(&control, None).await;
    let id = examinee.text("id").to_owned();
    let caller = Caller::at(&control).with(&[("app_key", &id), ("authorization", "Bearer x")]);
    caller.post("").await.expect_error(401, "100028", "The user has no right");
    let query = caller.task("demo").await;
    query.expect_error(404, "105005", "The batchTask is not existed.");
    assert_eq!(query.reason(), "an exam has only the login and the query for subtasks");
}
