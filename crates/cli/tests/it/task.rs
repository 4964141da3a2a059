//! `northbound task` and `northbound tasks`: what a task is, and which ones this machine has seen.

use std::path::Path;

use northbound_emulator::{Control, Fault, FaultKind, Operation, Scenario};
use northbound_testkit::{Emulated, json_reply};
use serde_json::{Value, json};

use crate::platform::{ask_freely, page, paging, rows_of};
use crate::{CREDENTIALS, Seen, TOKEN, ask, names, northbound, northbound_in, without};

/// Runs a command whose state is kept in this folder.
async fn ask_from(home: &Path, url: &str, line: &str) -> Seen {
    let home = home.to_str().unwrap();
    let environment = [&TOKEN[..], &[("XDG_STATE_HOME", home)]].concat();
    ask(url, &environment, &format!("{line} --quota 0")).await
}

/// The tasks that are known in this folder.
async fn known(home: &Path) -> Vec<Value> {
    let seen = ask_from(home, "", "tasks -o json").await;
    assert_eq!(seen.code, 0, "{seen:?}");
    let result: Value = serde_json::from_str(&seen.stdout).unwrap();
    result["tasks"].as_array().unwrap().clone()
}

/// A task of the emulator without its times and address.
fn shown(text: &str) -> String {
    ["\"at\": \"", "\"endpoint\": \"", "\"startTime\":\"", "created:  "]
        .iter()
        .fold(text.to_owned(), |text, mark| {
            without(&text, mark, if mark.ends_with('"') { "\"" } else { " by" })
        })
}

#[test]
fn a_task_is_shown_in_lines_for_a_person_and_whole_for_a_script() {
    let session =
        ["task demo", "task doc-example --tags", "task nope", "task demo -o json", "task demo -o csv"].map(
            |line| {
                let Seen { code, stdout, stderr } = northbound(&format!("--emulator {line}"));
                shown(&format!("$ northbound {line}\n{stdout}{stderr}[exit code {code}]\n"))
            },
        );
    insta::assert_snapshot!(session.join("\n"));
}

#[tokio::test]
async fn nothing_of_a_task_is_lost_in_json_and_nothing_of_it_commands_a_terminal() {
    let task = r#"{"taskId":"t","taskName":"a\u001b[2Jb","status":"Halted","totalCnt":3,"startTime":"soon","extra":[1.50],
        "param":{"iccid":89860000000000000001}}"#;
    let platform = northbound_testkit::Platform::start(move |_| json_reply(200, task)).await;
    let seen = ask_freely(&platform, "task t -o jsonl").await;
    let whole = format!("\"task\":{{{}", &seen.stdout.split_once("\"task\":{").unwrap().1);
    for part in ["\"iccid\":89860000000000000001", "\"extra\":[1.50]", "\"taskName\":\"a\\u001b[2Jb\""] {
        assert!(whole.contains(part), "{whole}");
    }
    let result: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(
        (&result["settled"], &result["total"], seen.stdout.lines().count()),
        (&Value::Null, &json!(3), 1)
    );
    let seen = ask_freely(&platform, "task t").await;
    let lines = "Batch task t: a [2Jb\nstatus:   Halted\nsubtasks: 3 in all\ncreated:  soon\nparam:    {\"iccid\":89860000000000000001}\n";
    assert_eq!((seen.code, seen.stdout.as_str(), seen.stderr.as_str()), (0, lines, ""));
}

#[tokio::test]
async fn each_command_that_counts_a_task_notes_it_and_tasks_lists_them() {
    let home = tempfile::tempdir().unwrap();
    let server = Emulated::start().await;
    let out = home.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let environment = [&CREDENTIALS[..], &[("XDG_STATE_HOME", home.path().to_str().unwrap())]].concat();
    for (line, failed) in [
        ("summary demo", json!(154)),
        ("report demo --out OUT/report.html", json!(154)),
        ("export demo --out OUT/all.csv", json!(154)),
        ("watch demo --fail-above 2%", json!(154)),
        ("task demo", json!(154)),
    ] {
        assert_eq!(ask_from(home.path(), "", "tasks --forget").await.code, 0);
        assert_eq!(known(home.path()).await, Vec::<Value>::new());
        let seen = ask(&server.url(), &environment, &line.replace("OUT", out.to_str().unwrap())).await;
        assert!(matches!(seen.code, 0 | 3), "{line}: {}", seen.stderr);
        let [task] = known(home.path()).await.try_into().unwrap();
        assert_eq!(
            [&task["taskId"], &task["total"], &task["failed"]],
            [&json!("demo"), &json!(1000), &failed],
            "{line}"
        );
        assert_eq!([&task["endpoint"], &task["application"]], [&json!(server.url()), &json!("demo-app")]);
    }
    // A part of a task says nothing of the whole, and what was counted before stays.
    let line = format!("export demo --status Fail --out {}/fail.csv", out.display());
    assert_eq!(ask(&server.url(), &environment, &line).await.code, 0);
    let [task] = known(home.path()).await.try_into().unwrap();
    assert_eq!([&task["total"], &task["name"]], [&json!(1000), &json!("demo")]);
    let text = std::fs::read_to_string(home.path().join("northbound/tasks.json")).unwrap();
    assert!(!text.contains("demo-secret"), "{text}");
    assert_eq!(names(&home.path().join("northbound")), ["tasks.json", "tasks.lock"]);
}

#[tokio::test]
async fn tasks_are_a_table_csv_or_json_and_can_be_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let platform =
        paging(|asked| page(&rows_of(&[("Success", 5), ("Fail", 3)]), asked.status(), asked.page())).await;
    let tasks =
        async |arguments: &str| ask_from(home.path(), &platform.url(), &format!("tasks {arguments}")).await;
    assert!(tasks("").await.stdout.starts_with("no tasks: the platform cannot list them"));
    for task in ["one", "two", "three"] {
        assert_eq!(ask_from(home.path(), &platform.url(), &format!("summary {task}")).await.code, 0);
    }
    let table = tasks("").await.stdout;
    let (heading, rows) = table.split_once('\n').unwrap();
    assert_eq!(
        heading.split_whitespace().collect::<Vec<_>>(),
        ["TASK", "NAME", "SETTLED", "FAILED", "SEEN", "ENDPOINT"]
    );
    let row = rows.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        row.starts_with("three - 8 of 8 3 ") && row.ends_with(&format!(" s ago {}", platform.url())),
        "{row}"
    );
    let csv = tasks("-o csv").await.stdout;
    let first = "task,name,total,settled,failed,first_seen,last_seen,endpoint,application\nthree,,8,8,3,2";
    assert!(csv.starts_with(first) && csv.lines().count() == 4, "{csv}");
    let seen = tasks("two nobody").await;
    assert!(seen.code == 2 && seen.stderr.contains("--forget"), "{seen:?}");
    let seen = tasks("--forget two nobody").await;
    assert_eq!(
        (seen.code, seen.stdout.as_str(), seen.stderr.as_str()),
        (0, "", "1 task forgotten, 2 tasks left\n")
    );
    let seen = tasks("--forget -o json").await;
    let result: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!([&result["forgotten"], &result["tasks"]], [&json!(2), &json!([])]);
}

/// The list is a help: no command fails because of it.
#[tokio::test]
async fn a_list_that_cannot_be_kept_is_one_warning_and_no_failure() {
    let platform = paging(|asked| page(&rows_of(&[("Success", 5)]), asked.status(), asked.page())).await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("northbound");
    std::fs::write(&file, "no folder").unwrap();
    for line in ["summary one", "summary one -v"] {
        assert_eq!(ask_from(home.path(), &platform.url(), line).await.code, 0, "{line}");
    }
    let seen = ask_from(home.path(), &platform.url(), "tasks").await;
    assert!(seen.code == 1 && seen.stderr.contains("the list of tasks cannot be used"), "{seen:?}");
    // Without a home there is no list, and nothing to say until it is asked for.
    let seen = ask("", &[], "tasks").await;
    assert!(seen.code == 2 && seen.stderr.contains("set XDG_STATE_HOME or HOME"), "{seen:?}");
}

#[test]
fn tasks_of_the_embedded_emulator_are_not_noted() {
    let home = tempfile::tempdir().unwrap();
    let environment = [("XDG_STATE_HOME", home.path().to_str().unwrap())];
    assert_eq!(northbound_in(&environment, None, "--emulator summary demo").code, 0);
    assert!(names(home.path()).is_empty());
}

/// The reply of the create is lost, so nobody knows the id of the task: somebody looks it up in the platform's portal.
#[tokio::test]
async fn a_task_whose_id_was_lost_is_adopted_if_it_can_be_the_one_that_was_sent() {
    let home = tempfile::tempdir().unwrap();
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    let server = Emulated::serving(&control).await;
    let environment = [&CREDENTIALS[..], &[("XDG_STATE_HOME", home.path().to_str().unwrap())]].concat();
    let run = async |line: &str| ask(&server.url(), &environment, &format!("{line} --quota 0")).await;
    let send =
        r#"send --name first --devices a,b --service WaterMeter --method READ --paras {"value":"12"} --yes"#;
    let lost = Fault::new(FaultKind::CreateReplyLost).on(Operation::CreateBatchTask).next(1);
    control.add_fault(lost).unwrap();
    assert_eq!(run(send).await.code, 5);
    let id = control.tasks().into_iter().find(|task| task.name == "first").unwrap().id;
    for (line, told) in [
        ("task demo --adopt first".to_owned(), "task demo is not taken for \"first\": its name is \"demo\""),
        (format!("task {id} --adopt other"), "there is no record of a send \"other\""),
    ] {
        let seen = run(&line).await;
        assert!(seen.code == 2 && seen.stderr.contains(told) && seen.stdout.is_empty(), "{seen:?}");
    }
    assert_eq!(run(send).await.code, 5, "nothing was adopted");
    for _ in 0..2 {
        let seen = run(&format!("task {id} --adopt first")).await;
        assert_eq!((seen.code, seen.stderr), (0, format!("\"first\" to 2 devices is task {id} now\n")));
    }
    let seen = run(send).await;
    assert!(seen.code == 0 && seen.stdout == format!("{id}\n"), "{seen:?}");
    let named = |task: &&Value| task["name"] == "first" && task["taskId"] == id;
    assert_eq!(known(home.path()).await.iter().filter(named).count(), 1);
}
