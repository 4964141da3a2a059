//! The emulator passes every check, and the checks see every fault that is put into it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "emulator/faults.rs"]
mod faults;
#[path = "emulator/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use northbound_conformance::{Facts, Http, Line, Server, Subject, Verdict, examine};
use northbound_emulator::{Application, Control, Scenario};

use faults::Fault;
use server::InProcess;

/// Rows of the task that is asked for.
const SUBTASKS: u32 = 40;

const STRANGER: &str = "stranger-app";

fn scenario(quota: u32) -> Scenario {
    let stranger = Application::new(STRANGER, "its secret");
    Scenario::default()
        .with_demo_subtasks(SUBTASKS)
        .with_application(stranger)
        .with_quota(quota)
        .with_manual_clock()
}

/// What becomes of the checks on a server; the slow ones are made if `time` is to pass.
fn lines(server: &mut dyn Server, time: bool) -> anyhow::Result<Vec<Line>> {
    examine(server, &Facts::of_this_version()?, &subject(false, time), |_| ())
}

fn subject(act: bool, time: bool) -> Subject {
    Subject {
        app_id: Scenario::DEMO_APP_ID.to_owned(),
        secret: Scenario::DEMO_SECRET.to_owned(),
        task: Scenario::DEMO_TASK.to_owned(),
        stranger: Some(STRANGER.to_owned()),
        act,
        throttle: time,
        expiry: time,
    }
}

/// The same of an emulator with a fault.
fn lines_of(scenario: Scenario, fault: Option<Fault>, time: bool) -> Vec<Line> {
    let control = Control::new(scenario).unwrap();
    let router = control.router();
    let router = fault.map_or(router.clone(), |fault| faults::seed(router, fault));
    lines(&mut InProcess::new(control, router), time).unwrap()
}

fn names(lines: &[Line], is: fn(&Verdict) -> bool) -> BTreeSet<String> {
    lines.iter().filter(|line| is(&line.verdict)).map(|line| line.name.clone()).collect()
}

fn assert_clean(lines: &[Line]) {
    let failed: Vec<String> =
        lines.iter().filter(|line| matches!(line.verdict, Verdict::Fail(_))).map(Line::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_emulator_passes_every_check() {
    let lines = lines_of(scenario(100).with_demo_subtasks(1_000), None, true);
    assert_clean(&lines);
    let passed = names(&lines, |verdict| *verdict == Verdict::Pass);
    for row in [
        "listSubtasks has 400 with code 100022",
        "listSubtasks has 403 with code 100203",
        "listSubtasks has 403 with code 100217",
        "listSubtasks has 403 with code 1010005",
        "listSubtasks has 403 with code 1010009",
        "listSubtasks has 404 with code 105005",
        "login has 400 with code 102202",
        "login has 401 with code 100208",
    ] {
        assert!(passed.contains(row), "{row} was not seen");
    }
    let skipped = names(&lines, |verdict| matches!(verdict, Verdict::Skip(_)));
    assert!(skipped.iter().all(|name| name.contains(" with code ")), "{skipped:?}");
}

#[test]
fn the_emulator_passes_with_the_gateways_envelope_and_the_other_status() {
    let mut scenario = scenario(100).with_gateway_envelope();
    scenario.unknown_application_status = 500;
    assert_clean(&lines_of(scenario, None, true));
}

#[test]
fn every_fault_is_found_and_every_check_finds_one() {
    let (mut found, mut seeing) = (String::new(), BTreeMap::new());
    for fault in Fault::ALL {
        let lines = lines_of(scenario(fault.quota()), Some(*fault), fault.concerns_time());
        let failed = names(&lines, |verdict| matches!(verdict, Verdict::Fail(_)));
        assert!(!failed.is_empty(), "no check finds: {}", fault.name());
        let failed_lines: String = failed.iter().map(|name| format!("    {name}\n")).collect();
        found += &format!("{}\n{failed_lines}", fault.name());
        for Line { name, .. } in lines.iter().filter(|line| !line.name.contains(" with code ")) {
            *seeing.entry(name.clone()).or_insert(0) += u32::from(failed.contains(name));
        }
    }
    let never: Vec<_> = seeing.iter().filter(|(_, count)| **count == 0).map(|(name, _)| name).collect();
    assert!(never.is_empty(), "no fault makes these fail: {never:?}");
    insta::assert_snapshot!(found);
}

#[test]
fn a_failure_names_the_request_and_what_was_expected_and_no_secret() {
    let lines = lines_of(scenario(0), Some(Fault::PageSize251), true);
    let bounds = lines.iter().find(|line| line.name == "an integer keeps its bounds").unwrap().to_string();
    for said in [
        "GET /iocm/app/batchtask/v1.1.0/taskDetails?taskId=demo&pageSize=251, which got 200 {\"totalCount\":40,",
        "expected 400 with code 100022 (The input is invalid)",
    ] {
        assert!(bounds.contains(said), "{bounds}");
    }
    let lines = lines_of(scenario(0), Some(Fault::SecretsRepeated), true);
    let report: String = lines.iter().map(|line| line.to_string() + "\n").collect();
    assert!(report.contains("[secret]") && !report.contains(Scenario::DEMO_SECRET), "{report}");
}

/// A first mock: every login gets the same short token, and every query the same words.
struct Mock;

impl Server for Mock {
    fn answer(
        &mut self,
        request: axum::http::Request<String>,
    ) -> std::io::Result<axum::http::Response<Vec<u8>>> {
        let body = if request.method() == axum::http::Method::POST {
            r#"{"accessToken":"t"}"#
        } else {
            r#"{"tt":"t"}"#
        };
        Ok(axum::http::Response::new(body.as_bytes().to_vec()))
    }

    fn is_on_this_machine(&self) -> bool {
        true
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn wait(&mut self, _: Duration) {}
}

#[test]
fn a_token_as_short_as_a_letter_does_not_make_the_report_unreadable() {
    let report: String =
        lines(&mut Mock, false).unwrap().iter().map(|line| line.to_string() + "\n").collect();
    assert!(report.contains("/taskDetails?taskId=demo") && !report.contains("[secret]"), "{report}");
}

#[test]
fn nothing_can_be_said_of_a_server_that_lets_nobody_in() {
    let control = Control::new(Scenario::empty()).unwrap();
    let router = control.router();
    let error = lines(&mut InProcess::new(control, router), true).unwrap_err().to_string();
    assert_eq!(
        error,
        "POST /iocm/app/sec/v1.1.0/login gave no token: 401 {\"error_code\":\"100208\",\"error_desc\":\"AppId or secret \
         is not right.\"}; check the URL and the credentials"
    );
}

/// The emulator, as if it were on another machine, and the calls that it got.
struct Elsewhere(InProcess, BTreeSet<String>);

impl Server for Elsewhere {
    fn answer(
        &mut self,
        request: axum::http::Request<String>,
    ) -> std::io::Result<axum::http::Response<Vec<u8>>> {
        self.1.insert(format!("{} {}", request.method(), request.uri().path()));
        self.0.answer(request)
    }

    fn is_on_this_machine(&self) -> bool {
        false
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wait(&mut self, time: Duration) {
        self.0.wait(time);
    }
}

#[test]
fn what_acts_on_devices_goes_to_another_machine_only_if_somebody_says_so() {
    for act in [false, true] {
        let control = Control::new(scenario(0)).unwrap();
        let router = control.router();
        let mut server = Elsewhere(InProcess::new(control, router), BTreeSet::new());
        let lines = examine(&mut server, &Facts::of_this_version().unwrap(), &subject(act, false), |_| ());
        assert_clean(&lines.unwrap());
        let posts: Vec<_> = server.1.iter().filter(|call| call.starts_with("POST ")).collect();
        assert_eq!(posts.len(), 1 + usize::from(act), "{posts:?}");
        assert_eq!(posts.iter().any(|call| call.ends_with("/tasks")), act, "{posts:?}");
    }
}

#[test]
fn the_checks_go_over_the_wire_as_well() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let control = Control::new(scenario(0)).unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, control.router()).await.unwrap() });
    let mut server = Http::new(&url, None).unwrap();
    let before = server.now();
    let lines = lines(&mut server, false).unwrap();
    assert!(server.now() > before);
    assert_clean(&lines);
    let options = names(&lines, |verdict| matches!(verdict, Verdict::Skip(reason) if reason.contains("--")));
    assert_eq!(options.len(), 2, "{options:?}");
}
