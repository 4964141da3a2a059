//! `northbound compare`: what became of the devices of one task in the next one.

use std::fs;
use std::time::Duration;

use northbound_emulator::{Control, Scenario};
use northbound_testkit::{Emulated, Platform};
use serde_json::{Value, json};

use crate::platform::{ask_freely, page, paging};
use crate::{CREDENTIALS, Seen, ask, without};

fn row(device: &str, status: &str) -> Value {
    let error = match status {
        "Fail" => json!(r#"{"error_code":"100428","error_desc":"The device is not online"}"#),
        _ => Value::Null,
    };
    json!({ "status": status, "error": error, "param": { "deviceId": device, "commandId": "c" } })
}

/// A platform with these tasks.
async fn with_tasks(tasks: Vec<(&'static str, Vec<Value>)>) -> Platform {
    paging(move |asked| {
        let rows = tasks.iter().find(|(task, _)| asked.query["taskId"] == *task).map(|(_, rows)| rows);
        page(rows.unwrap(), asked.status(), asked.page())
    })
    .await
}

fn rows(devices: &[(&str, &str)]) -> Vec<Value> {
    devices.iter().map(|(device, status)| row(device, status)).collect()
}

/// Two tasks of which each class has a device.
fn pair() -> Vec<(&'static str, Vec<Value>)> {
    let mut after = rows(&[
        ("both", "Fail"),
        ("new", "Timeout"),
        ("well", "Success"),
        ("=recovered", "Success"),
        ("open", "WaitResult"),
        ("twice", "Success"),
        ("twice", "Fail"),
        ("more", "Success"),
        ("more-failed", "Fail"),
    ]);
    after.push(json!({ "status": "Fail", "param": {} }));
    let before = rows(&[
        ("both", "Timeout"),
        ("new", "Success"),
        ("well", "Success"),
        ("=recovered", "Fail"),
        ("open", "Fail"),
        ("twice", "Success"),
        ("gone", "Success"),
        ("gone-failed", "Fail"),
    ]);
    vec![("one", before), ("two", after)]
}

fn shown(line: &str, seen: &Seen) -> String {
    let Seen { code, stdout, stderr } = seen;
    let text = without(&format!("{stdout}{stderr}"), "\"at\": \"", "\"");
    format!("$ northbound {line}\n{}[exit code {code}]\n", without(&text, "\"endpoint\": \"", "\""))
}

#[tokio::test]
async fn each_device_has_a_class_with_what_both_tasks_say_of_it() {
    let platform = with_tasks(pair()).await;
    let mut session = Vec::new();
    for line in
        ["compare one two", "compare one two -o csv", "compare two one -o json", "compare one x.csv.part"]
    {
        session.push(shown(line, &ask_freely(&platform, line).await));
    }
    insta::assert_snapshot!(session.join("\n"));
}

#[tokio::test]
async fn a_file_says_the_same_as_the_task_that_it_was_written_from() {
    let platform = with_tasks(pair()).await;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let compare = async |line: &str| {
        let seen = ask_freely(&platform, &format!("compare {line} -o json -q")).await;
        assert_eq!(seen.code, 0, "{}", seen.stderr);
        let mut result: Value = serde_json::from_str(&seen.stdout).unwrap();
        for (side, member) in
            [("before", "taskId"), ("before", "file"), ("after", "taskId"), ("after", "file")]
        {
            result[side][member] = Value::Null;
        }
        let devices: Vec<_> = ["at", "endpoint", "calls"].map(|member| result[member].take()).to_vec();
        assert!(devices[2].is_u64());
        result
    };
    let expected = compare("one two").await;
    for (name, line) in [
        ("csv", "export"),
        ("jsonl", "export"),
        ("csv", "subtasks"),
        ("jsonl", "subtasks"),
        ("csv", "subtasks --columns status,device,code,reason"),
    ] {
        for task in ["one", "two"] {
            let line = line.replacen(' ', &format!(" {task} "), 1);
            let line = if line.contains(task) { line } else { format!("{line} {task}") };
            let _ = fs::remove_file(folder.path().join(format!("{task}.{name}")));
            assert_eq!(ask_freely(&platform, &format!("{line} --out {dir}/{task}.{name} -q")).await.code, 0);
        }
        for line in [
            format!("{dir}/one.{name} two"),
            format!("one {dir}/two.{name}"),
            format!("{dir}/one.{name} {dir}/two.{name}"),
        ] {
            assert_eq!(compare(&line).await, expected, "{line}");
        }
    }
    // Two files need no platform.
    let seen = ask("", &[], &format!("compare {dir}/one.csv {dir}/two.jsonl")).await;
    assert_eq!((seen.code, seen.stdout.contains("failed both times")), (0, true), "{seen:?}");
}

/// As after a `resend`: of 30,000 devices 600 failed, and the later task has these alone.
#[tokio::test]
async fn after_a_resend_only_the_failures_of_the_earlier_task_are_read() {
    let status = |number: usize, every: usize| if number.is_multiple_of(every) { "Fail" } else { "Success" };
    let before: Vec<_> = (0..30_000).map(|number| row(&format!("d{number}"), status(number, 50))).collect();
    let after: Vec<_> = (0..600).map(|number| row(&format!("d{}", 50 * number), status(number, 4))).collect();
    let mut other = after.clone();
    other.push(row("d1", "Fail"));
    let platform = with_tasks(vec![("one", before), ("two", after), ("three", other)]).await;
    let compare = async |line: &str| {
        let seen = ask_freely(&platform, &format!("compare {line} -o json")).await;
        assert_eq!(seen.code, 0, "{}", seen.stderr);
        let mut result: Value = serde_json::from_str(&seen.stdout).unwrap();
        let classes =
            ["newlyFailed", "recovered", "failedBothTimes", "onlyBefore", "onlyBeforeFailed", "calls"];
        (classes.map(|class| result[class].as_u64().unwrap()), result["devices"].take())
    };
    let (counts, devices) = compare("one two").await;
    // Three pages of each, where the failures are read by two statuses; two counts of failures, and the total.
    assert_eq!((counts, devices.as_array().unwrap().len()), ([0, 450, 150, 29_400, 0, 3 + 2 + 4 + 1], 600));
    // One device more, which had not failed: now all of the earlier task has to be known.
    let (counts, _) = compare("one three").await;
    assert_eq!(counts[..5], [1, 450, 150, 29_399, 0]);
    assert!((120..=150).contains(&counts[5]), "{counts:?}");
}

#[tokio::test]
async fn what_cannot_be_compared_is_said() {
    let platform = with_tasks(pair()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    let path = file.to_str().unwrap();
    for (text, told) in [
        ("device,reason\na,b\n", "line 1 has no column status"),
        ("device,status\na,\"Fail", "line 2 has a cell without an end"),
    ] {
        fs::write(&file, text).unwrap();
        let seen = ask_freely(&platform, &format!("compare {path} two")).await;
        assert!(seen.code == 1 && seen.stderr.contains(told) && seen.stdout.is_empty(), "{seen:?}");
    }
    fs::write(&file, "device,status\nboth,Fail\n").unwrap();
    let seen = ask_freely(&platform, &format!("compare {path} two")).await;
    assert!(seen.stderr.contains("has only rows that failed or timed out"), "{seen:?}");
    let seen = ask_freely(&platform, &format!("compare {}/none.jsonl two", folder.path().display())).await;
    assert!(seen.code == 1 && seen.stderr.contains("No such file"), "{seen:?}");
    let server = Emulated::start().await;
    let seen = ask(&server.url(), &CREDENTIALS, "compare demo nope").await;
    assert_eq!((seen.code, seen.stdout.as_str()), (1, ""));
    assert!(seen.stderr.contains("compare of task nope: the batch task does not exist"), "{seen:?}");
}

/// From a list of ids to who recovered: half of the emulator's devices behave alike each time.
#[tokio::test]
async fn compare_shows_who_recovered_after_a_resend() {
    let home = tempfile::tempdir().unwrap();
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    let server = Emulated::serving(&control).await;
    let environment = [&CREDENTIALS[..], &[("XDG_STATE_HOME", home.path().to_str().unwrap())]].concat();
    let run = async |line: &str| {
        let seen = ask(&server.url(), &environment, &format!("{line} --quota 0")).await;
        assert_eq!(seen.code, 0, "{line}: {}", seen.stderr);
        control.advance(Duration::from_secs(60));
        seen.stdout.trim().to_owned()
    };
    let ids: Vec<_> = (0..200).map(|number| format!("d{number}")).collect();
    let command = r#"--service WaterMeter --method READ --paras {"value":"12"} --yes"#;
    let first = run(&format!("send --name first --devices {} {command}", ids.join(","))).await;
    let again = run(&format!("resend {first} --name again {command}")).await;
    let result: Value =
        serde_json::from_str(&run(&format!("compare {first} {again} -o json")).await).unwrap();
    let count = |class: &str| result[class].as_u64().unwrap();
    let sent_again = result["after"]["rows"].as_u64().unwrap();
    assert_eq!(count("recovered") + count("failedBothTimes") + count("stillOpen"), sent_again);
    assert!(count("recovered") > 0 && count("failedBothTimes") > 0, "{result}");
    assert_eq!((count("newlyFailed"), count("onlyAfter")), (0, 0));
    assert_eq!(count("onlyBefore"), 200 - sent_again);
}
