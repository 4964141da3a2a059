//! `northbound export`: what is in the file, and what an interruption and a moving task do to it.

mod files;
mod fleet;

use std::collections::HashSet;

use serde_json::{Value, json};

use fleet::{Fleet, row, rows};

/// The devices of a file, in its order.
fn devices(lines: &str) -> Vec<String> {
    let of = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(row) => row["param"]["deviceId"].as_str().unwrap().to_owned(),
        Err(_) => line.split(',').next().unwrap().to_owned(),
    };
    lines.lines().map(of).filter(|device| device != "device").collect()
}

fn numbers(devices: &[String]) -> Vec<usize> {
    devices.iter().map(|device| device[1..].parse().unwrap()).collect()
}

const FILTERS: [&str; 6] = [
    "",
    "--status Fail",
    "--status Pending",
    "--status Fail,Timeout,Success",
    "--status WaitResult",
    "--status Fail,WaitResult",
];

#[tokio::test]
async fn an_export_that_was_interrupted_is_the_same_file_as_one_in_one_go() {
    let fleet = Fleet::of(rows(60)).await;
    for format in ["jsonl", "csv"] {
        for filter in FILTERS {
            let options = |name: &str| format!("--format {format} --page-size 7 {filter} --out DIR/{name}");
            assert_eq!(fleet.in_bouts(&options("whole"), usize::MAX).await, 0);
            let whole = fleet.read("whole");
            for calls in [2, 3, 5] {
                let bouts = fleet.in_bouts(&options("parts"), calls).await;
                assert!(bouts > 0 || whole.lines().count() < 22, "{filter} by {calls}");
                assert_eq!(fleet.read("parts"), whole, "{format} {filter} by {calls}");
                std::fs::remove_file(fleet.path("parts")).unwrap();
            }
            std::fs::remove_file(fleet.path("whole")).unwrap();
            assert_eq!(fleet.names(), [""; 0], "nothing is left behind");
        }
    }
}

#[tokio::test]
async fn jsonl_is_what_the_platform_sent_and_csv_what_subtasks_prints() {
    let fleet = Fleet::of(rows(60)).await;
    let all = usize::MAX;
    for (format, output) in [("jsonl", "jsonl"), ("csv", "csv")] {
        let printed = fleet.run(&format!("subtasks t --quota 0 -o {output}"), all).await.stdout;
        let seen = fleet.run(&format!("export t --quota 0 --format {format} --out -"), all).await;
        assert_eq!((seen.code, &seen.stdout), (0, &printed));
        assert_eq!(seen.stderr, "60 subtasks: 9 Pending, 8 WaitResult, 18 Success, 17 Fail, 8 Timeout\n");
        fleet.run(&format!("export t --quota 0 --format {format} --out DIR/{format}"), all).await;
        assert_eq!(fleet.read(format), printed);
    }
    for line in fleet.read("jsonl").lines() {
        let subtask: northbound::Subtask = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&subtask).unwrap(), line);
    }
    let sent: Vec<Value> = fleet.task().rows.clone();
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let read: Vec<Value> = fleet.read("jsonl").lines().map(read).collect();
    assert_eq!(read.len(), sent.len());
    for (mut read, sent) in read.into_iter().zip(sent) {
        // What the document lists and the platform did not send is null.
        read.as_object_mut().unwrap().retain(|name, value| !value.is_null() || sent.get(name).is_some());
        assert_eq!(read, sent);
    }
}

/// Interrupts an export half way, lets something happen, and completes it.
async fn meanwhile(fleet: &Fleet, options: &str, happens: impl FnOnce(&mut fleet::Task)) -> Vec<usize> {
    let line = format!("export t --quota 0 --page-size 7 {options} --out DIR/file");
    let seen = fleet.run(&line, 3).await;
    assert!(seen.code == 1 && seen.stderr.contains("--resume goes on after the "), "{seen:?}");
    assert!(!fleet.exists("file"), "what is not complete does not bear the name");
    happens(&mut fleet.task());
    let seen = fleet.run(&format!("{line} --resume"), usize::MAX).await;
    assert_eq!(seen.code, 0, "{seen:?}");
    numbers(&devices(&fleet.read("file")))
}

fn distinct(rows: &[usize]) -> HashSet<usize> {
    let distinct: HashSet<usize> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), rows.len(), "none twice: {rows:?}");
    distinct
}

#[tokio::test]
async fn rows_that_settle_between_interruption_and_resume_lose_and_repeat_none() {
    for format in ["jsonl", "csv"] {
        // Rows come in everywhere, at the front only, at the end only, and more of them than were delivered.
        for come in [(0..200).step_by(2).collect::<Vec<_>>(), (0..12).collect(), (180..200).collect()] {
            let fleet = Fleet::of((0..200).map(|number| row(number, "Pending")).collect()).await;
            let settled: Vec<usize> = (0..200).filter(|number| number % 5 == 1).collect();
            fleet.task().set(settled.clone(), "Fail");
            let options = format!("--format {format} --status Fail");
            let found = meanwhile(&fleet, &options, |task| task.set(come.clone(), "Fail")).await;
            let found = distinct(&found);
            assert!(settled.iter().all(|row| found.contains(row)), "{format} {come:?}");
            assert!(found.iter().all(|row| settled.contains(row) || come.contains(row)));
        }
    }
}

#[tokio::test]
async fn rows_that_go_between_interruption_and_resume_lose_and_repeat_none() {
    for format in ["jsonl", "csv"] {
        for go in
            [(0..60).step_by(2).collect::<Vec<_>>(), (0..30).collect(), (30..60).collect(), (2..60).collect()]
        {
            let fleet = Fleet::of((0..60).map(|number| row(number, "Pending")).collect()).await;
            let options = format!("--format {format} --status Pending");
            let found = meanwhile(&fleet, &options, |task| task.set(go.clone(), "WaitResult")).await;
            let found = distinct(&found);
            assert!(
                (0..60).filter(|row| !go.contains(row)).all(|row| found.contains(&row)),
                "{format} {go:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_whole_task_whose_rows_move_meanwhile_is_there_once() {
    for format in ["jsonl", "csv"] {
        let fleet = Fleet::of(rows(60)).await;
        let found = meanwhile(&fleet, &format!("--format {format}"), |task| task.set(0..60, "Success")).await;
        assert_eq!(found, (0..60).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn rows_of_several_filters_are_asked_for_one_after_another() {
    let fleet = Fleet::of(rows(60)).await;
    let found =
        meanwhile(&fleet, "--format csv --status Timeout,Fail", |task| task.set([2, 5, 9], "Fail")).await;
    let found = distinct(&found);
    let settled = |number: &usize| [1, 4, 6].contains(&(number % 7));
    assert!((0..60).filter(settled).all(|row| found.contains(&row)), "{found:?}");
}

#[tokio::test]
async fn a_platform_that_sorts_anew_completes_no_file() {
    for (filter, says) in [
        ("", "the platform has changed the order of the task"),
        ("--status Success", " rows came where the platform counts "),
        ("--status Pending", " rows came where the platform counts "),
    ] {
        for format in ["jsonl", "csv"] {
            let fleet = Fleet::of(rows(200)).await;
            let line = format!("export t --quota 0 --page-size 7 {filter} --format {format} --out DIR/file");
            fleet.run(&line, 3).await;
            fleet.task().rows.rotate_right(101);
            let seen = fleet.run(&format!("{line} --resume"), usize::MAX).await;
            assert_eq!(seen.code, 1, "{seen:?}");
            assert!(seen.stderr.contains(says), "{filter}: {seen:?}");
            assert!(
                seen.stderr.contains("remove DIR/file.part and DIR/file.part.json to start from scratch")
            );
            let again = fleet.run(&format!("{line} --resume"), usize::MAX).await;
            assert!(again.code == 1 && again.stderr.contains("cannot be completed: "), "{again:?}");
            assert!(!fleet.exists("file"));
        }
    }
}

#[tokio::test]
async fn a_task_that_was_sorted_anew_before_the_interruption_is_not_gone_on_with() {
    for filter in ["", "--status WaitResult"] {
        let fleet = Fleet::of(rows(200)).await;
        fleet.task().sorts_before = Some(4);
        let line = format!("export t --quota 0 --page-size 7 --format csv {filter} --out DIR/file");
        let seen = fleet.run(&line, 8).await;
        assert!(seen.stderr.contains(" shows subtasks of an earlier page"), "{seen:?}");
        let again = fleet.run(&format!("{line} --resume"), usize::MAX).await;
        assert!(again.code == 1 && again.stderr.contains("cannot be completed: page "), "{again:?}");
    }
}

#[tokio::test]
async fn a_second_interruption_forgets_nothing_of_the_first() {
    let fleet = Fleet::of((0..100).map(|number| row(number, "Success")).collect()).await;
    let line = "export t --quota 0 --page-size 7 --format csv --status Success --out DIR/file";
    fleet.run(line, 3).await;
    // The rows of page 1 stand on page 3 as well.
    let copies = fleet.task().rows[7..14].to_vec();
    fleet.task().rows.splice(21..28, copies);
    fleet.run(&format!("{line} --resume"), 2).await;
    fleet.task().rows.extend((100..107).map(|number| row(number, "Fail")));
    let seen = fleet.run(&format!("{line} --resume"), usize::MAX).await;
    assert!(seen.code == 1 && seen.stderr.contains("93 rows came where the platform counts 100"), "{seen:?}");
}

#[tokio::test]
async fn a_read_that_is_incomplete_completes_no_file() {
    let fleet = Fleet::of(rows(60)).await;
    fleet.task().miscounted = 1;
    let seen = fleet.run("export t --quota 0 --format csv --out DIR/file", usize::MAX).await;
    assert!(seen.code == 1 && seen.stderr.contains("the platform counts 61"), "{seen:?}");
    assert_eq!(fleet.read("file.part").lines().count(), 61, "every row that came is there");
    fleet.task().miscounted = 0;
    let again = fleet.run("export t --quota 0 --format csv --out DIR/file --resume", usize::MAX).await;
    assert!(again.code == 1 && again.stderr.contains("cannot be completed: "), "{again:?}");
    assert!(!again.stderr.contains("()"), "no method of the SDK is named: {again:?}");
    assert_eq!(fleet.names(), ["file.part", "file.part.json"]);
}

#[tokio::test]
async fn rows_that_nothing_tells_apart_are_all_there_or_the_export_fails() {
    let nameless = |status: &str| json!({ "status": status, "output": "{}", "param": {} });
    let alike = |status: &str| json!({ "status": status, "param": { "deviceId": "*", "commandId": "*" } });
    for (status, filter) in [("Fail", "--status Fail"), ("Pending", "--status Pending"), ("Fail", "")] {
        for format in ["jsonl", "csv"] {
            let fleet = Fleet::of(vec![nameless(status); 50]).await;
            let options = format!("--format {format} --page-size 7 {filter} --out DIR/file");
            assert!(fleet.in_bouts(&options, 3).await > 0);
            assert_eq!(fleet.read("file").lines().count(), 50 + usize::from(format == "csv"));

            // The SDK cannot tell these from repeats either, and says so.
            let fleet = Fleet::of(vec![alike(status); 50]).await;
            let mut seen = fleet.run(&format!("export t --quota 0 {options}"), 2).await;
            assert_eq!(seen.code, 1, "{seen:?}");
            seen = fleet.run(&format!("export t --quota 0 {options} --resume"), usize::MAX).await;
            assert!(seen.code == 1 && !fleet.exists("file"), "{filter} {seen:?}");
        }
    }
    // Rows come in, and nothing tells which of those that follow are new.
    let fleet = Fleet::of(vec![nameless("Fail"); 50]).await;
    let line = "export t --quota 0 --format csv --page-size 7 --status Fail --out DIR/file";
    fleet.run(line, 3).await;
    fleet.task().rows.extend(vec![nameless("Fail"); 5]);
    let seen = fleet.run(&format!("{line} --resume"), usize::MAX).await;
    assert!(
        seen.code == 1 && seen.stderr.contains("5 rows came or went, and nothing tells which"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn cells_with_line_breaks_and_formulas_are_gone_on_with() {
    let mut odd = rows(60);
    for (number, device) in
        ["=1+1", "two\nlines", "a \"quote\"", "a,b", "水表", "\r\n"].into_iter().enumerate()
    {
        odd[number * 3]["param"]["deviceId"] = json!(device);
        odd[number * 3]["error"] = json!("\"\n\",\n");
    }
    for format in ["csv", "jsonl"] {
        let fleet = Fleet::of(odd.clone()).await;
        let options = |name| format!("--format {format} --page-size 7 --out DIR/{name}");
        fleet.in_bouts(&options("whole"), usize::MAX).await;
        assert!(fleet.in_bouts(&options("parts"), 2).await > 2);
        assert_eq!(fleet.read("parts"), fleet.read("whole"));
    }
}

#[tokio::test]
async fn csv_holds_no_formula_and_shows_no_control_character_on_a_terminal() {
    let mut odd = row(0, "Success");
    odd["output"] = json!("a;=1\n\u{1b}[2J\u{9b}2J");
    let fleet = Fleet::of(vec![odd]).await;
    for command in ["subtasks t --quota 0 -o csv --columns output", "export t --quota 0 --format csv --out -"]
    {
        let exact = fleet.run(command, usize::MAX).await.stdout;
        assert!(exact.contains("\"a;'=1\n\u{1b}[2J\u{9b}2J\""), "{exact}");
        let shown = fleet.run_on_terminal(command).await.stdout;
        assert!(shown.contains("\"a;'=1\n\\u001b[2J\\u009b2J\""), "{shown}");
    }
}

#[tokio::test]
async fn a_broken_last_line_is_cut_off() {
    let fleet = Fleet::of(rows(60)).await;
    let line = "export t --quota 0 --format jsonl --page-size 7 --out DIR/file";
    fleet.run(line, 3).await;
    let kept = fleet.read("file.part");
    assert_eq!(kept.lines().count(), 21);
    // Longer than all that is still to come.
    let broken = format!("{kept}{{\"status\":\"Fa{}", "x".repeat(100_000));
    std::fs::write(fleet.path("file.part"), broken).unwrap();
    let seen = fleet.run(&format!("{line} --resume"), 2).await;
    assert!(seen.stderr.contains("no more"), "{seen:?}");
    assert!(fleet.read("file.part").starts_with(&kept));
    assert_eq!(fleet.in_bouts("--format jsonl --page-size 7 --out DIR/file", usize::MAX).await, 0);
    assert_eq!(numbers(&devices(&fleet.read("file"))), (0..60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_person_sees_what_happened_and_what_to_do() {
    let fleet = Fleet::of(rows(60)).await;
    let mut session = String::new();
    let begin = "export t --quota 0 --format csv --page-size 7 --out DIR/file";
    for (line, answers) in [
        (begin.to_owned(), 0),
        (begin.to_owned(), 3),
        (begin.to_owned(), 3),
        (begin.replace("export t", "export another") + " --resume", 3),
        (begin.replace("csv", "jsonl") + " --resume", 3),
        (begin.replace("size 7", "size 8") + " --resume", 3),
        (begin.to_owned() + " --status Fail --resume", 3),
        (begin.to_owned() + " --app-id other --resume", 3),
        (begin.to_owned() + " --resume -o json", 1),
        (begin.to_owned() + " --resume", usize::MAX),
        (begin.to_owned() + " --resume", 0),
        (begin.to_owned(), 0),
        (begin.to_owned() + " --replace", 3),
        (begin.to_owned() + " --resume", 0),
        (begin.to_owned() + " --resume --replace", usize::MAX),
        (begin.replace("file", "no/file"), 0),
        (begin.replace("DIR/file", "DIR"), 0),
        (begin.replace("DIR/file", "-") + " --resume", 0),
        (begin.replace("DIR/file", "-") + " --replace", 0),
        (begin.replace("DIR/file", "-"), 2),
    ] {
        let seen = fleet.run(&line, answers).await;
        if fleet.exists("file") {
            fleet.written_before("file", 23);
        }
        let printed = if seen.stdout.is_empty() { String::new() } else { "[rows]\n".to_owned() };
        session += &format!("$ northbound {line}\n{printed}{}[exit code {}]\n\n", seen.stderr, seen.code);
    }
    insta::assert_snapshot!(session);
}

#[tokio::test]
async fn what_stands_beside_the_rows_can_be_read_by_a_person_and_holds_no_secret() {
    let fleet = Fleet::of(rows(60)).await;
    fleet.run("export t --quota 0 --format csv --page-size 7 --status fail,timeout --out DIR/file", 2).await;
    let record = fleet.read("file.part.json");
    assert!(!record.contains("t0ken"));
    let address = serde_json::from_str::<Value>(&record).unwrap()["export"]["endpoint"].clone();
    insta::assert_snapshot!(record.replace(address.as_str().unwrap(), "[address]"));
}

#[tokio::test]
async fn files_that_are_not_as_they_were_left_are_refused() {
    let line = "export t --quota 0 --format csv --page-size 7 --out DIR/file";
    let mut session = String::new();
    type Harm = fn(&Fleet);
    let harms: [(&str, Harm); 8] = [
        ("the record is gone", |fleet| std::fs::remove_file(fleet.path("file.part.json")).unwrap()),
        ("the record is broken", |fleet| std::fs::write(fleet.path("file.part.json"), "{").unwrap()),
        ("the record is of another version", |fleet| {
            let record = fleet.read("file.part.json").replace("\"version\": 2", "\"version\": 7");
            std::fs::write(fleet.path("file.part.json"), record).unwrap();
        }),
        ("the rows are short", |fleet| std::fs::write(fleet.path("file.part"), "device").unwrap()),
        ("a line is gone", |fleet| {
            let rows = fleet.read("file.part").replacen('\n', " ", 1);
            std::fs::write(fleet.path("file.part"), rows).unwrap();
        }),
        ("a row is another one", |fleet| {
            let rows = fleet.read("file.part").replacen("d3,", "d7,", 1);
            std::fs::write(fleet.path("file.part"), rows).unwrap();
        }),
        ("the rows are another file, and the record is gone", |fleet| {
            std::fs::write(fleet.path("file.part"), "notes").unwrap();
            std::fs::remove_file(fleet.path("file.part.json")).unwrap();
        }),
        ("the end is no line", |fleet| {
            let rows = fleet.read("file.part");
            std::fs::write(fleet.path("file.part"), rows.trim_end().to_owned() + "x").unwrap();
        }),
    ];
    for (what, harm) in harms {
        let fleet = Fleet::of(rows(60)).await;
        fleet.run(line, 3).await;
        harm(&fleet);
        let harmed = fleet.read("file.part");
        let seen = fleet.run(&format!("{line} --resume"), usize::MAX).await;
        assert!(!fleet.exists("file") && fleet.read("file.part") == harmed, "{what}");
        session += &format!("{what}:\n{}[exit code {}]\n\n", seen.stderr, seen.code);
    }
    insta::assert_snapshot!(session);
}

/// Holds an export of everything, and one of each status, against the summary.
async fn agree(fleet: &Fleet, task: &str) {
    let all = usize::MAX;
    let summary = fleet.run(&format!("summary {task} --quota 0 -o json"), all).await.stdout;
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let everything = fleet.run(&format!("export {task} --quota 0 --format jsonl --out -"), all).await.stdout;
    let rows: Vec<Value> = everything.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(summary["total"], json!(rows.len()));
    let mut counted = 0;
    for (status, count) in summary["byStatus"].as_object().unwrap() {
        let found = rows.iter().filter(|row| row["status"] == status.as_str()).count();
        assert_eq!(*count, json!(found), "{status}");
        if northbound::SubtaskStatus::KNOWN.iter().any(|known| known.as_str() == status) {
            counted += found;
            let line = format!("export {task} --quota 0 --format csv --status {status} --out -");
            assert_eq!(fleet.run(&line, all).await.stdout.lines().count(), found + 1, "{status}");
        }
    }
    // The rest is in no status that can be asked for.
    assert_eq!(summary["other"], json!(rows.len() - counted));
}

#[tokio::test]
async fn an_export_agrees_with_the_summary_on_every_count() {
    let mut odd = rows(60);
    odd[3]["status"] = json!("Stopped");
    odd[5].as_object_mut().unwrap().remove("status");
    odd[9]["status"] = Value::Null;
    for task in [rows(60), odd, Vec::new()] {
        agree(&Fleet::of(task).await, "t").await;
    }
    for task in ["demo", "doc-example"] {
        agree(&Fleet::of(Vec::new()).await, &format!("{task} --emulator")).await;
    }
}
