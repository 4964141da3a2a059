//! `northbound export`: what is in the file, and what an interruption and a moving task do to it.

mod files;
mod fleet;

use std::collections::HashSet;

use serde_json::{Value, json};

use self::fleet::{ALL, Fleet, Task, row, rows};

/// The numbers of the devices of a file, in its order.
fn numbers(lines: &str) -> Vec<usize> {
    let device = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(row) => row["param"]["deviceId"].as_str().unwrap().to_owned(),
        Err(_) => line.split(',').next().unwrap().to_owned(),
    };
    lines
        .lines()
        .map(device)
        .filter(|device| device != "device")
        .map(|device| device[1..].parse().unwrap())
        .collect()
}

#[tokio::test]
async fn an_export_that_was_interrupted_is_the_same_file_as_one_in_one_go() {
    let mut odd = rows(60);
    let devices = ["=1+1", "two\nlines", "a \"quote\"", "a,b", "水表", "\r\n"];
    for (number, device) in devices.into_iter().enumerate() {
        odd[number * 3]["param"]["deviceId"] = json!(device);
        odd[number * 3]["error"] = json!("\"\n\",\n");
    }
    let fleet = Fleet::of(odd).await;
    for format in ["jsonl", "csv"] {
        for filter in ["", "Fail", "Pending", "Fail,Timeout,Success", "WaitResult", "Fail,WaitResult"] {
            let filter = if filter.is_empty() { String::new() } else { format!("--status {filter}") };
            let options = |name: &str| format!("--format {format} --page-size 7 {filter} --out DIR/{name}");
            assert_eq!(fleet.in_bouts(&options("whole"), ALL).await, 0);
            let whole = fleet.read("whole");
            for calls in [2, 3, 5] {
                let bouts = fleet.in_bouts(&options("parts"), calls).await;
                assert!(bouts > 0 || !filter.is_empty(), "{filter} by {calls}");
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
    for format in ["jsonl", "csv"] {
        let printed = fleet.run(&format!("subtasks t --quota 0 -o {format}"), ALL).await.stdout;
        let seen = fleet.export(&format!("--format {format} --out -"), ALL).await;
        assert_eq!((seen.code, &seen.stdout), (0, &printed));
        assert_eq!(seen.stderr, "60 subtasks: 9 Pending, 8 WaitResult, 18 Success, 17 Fail, 8 Timeout\n");
        fleet.export(&format!("--format {format} --out DIR/{format}"), ALL).await;
        assert_eq!(fleet.read(format), printed);
    }
    let (lines, sent) = (fleet.read("jsonl"), fleet.task().rows.clone());
    assert_eq!(lines.lines().count(), sent.len());
    for (line, sent) in lines.lines().zip(sent) {
        let subtask: northbound::Subtask = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&subtask).unwrap(), line);
        let mut read: Value = serde_json::from_str(line).unwrap();
        // What the document lists and the platform did not send is null.
        read.as_object_mut().unwrap().retain(|name, value| !value.is_null() || sent.get(name).is_some());
        assert_eq!(read, sent);
    }
}

/// Interrupts an export half way, lets something happen, and completes it. No row may come twice.
async fn meanwhile(fleet: &Fleet, options: &str, happens: impl FnOnce(&mut Task)) -> HashSet<usize> {
    let line = format!("--page-size 7 {options} --out DIR/file");
    let seen = fleet.export(&line, 3).await;
    assert!(seen.code == 1 && seen.stderr.contains("--resume continues after the "), "{seen:?}");
    assert!(!fleet.exists("file"), "what is not complete has another name");
    happens(&mut fleet.task());
    let seen = fleet.export(&format!("{line} --resume"), ALL).await;
    assert_eq!(seen.code, 0, "{seen:?}");
    let rows = numbers(&fleet.read("file"));
    let distinct: HashSet<usize> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), rows.len(), "none twice: {rows:?}");
    distinct
}

/// Rows come in or go everywhere, at the front only, at the end only, and more of them than were delivered.
#[tokio::test]
async fn rows_that_move_between_interruption_and_resume_lose_and_repeat_none() {
    let even = |rows: usize| (0..rows).step_by(2).collect::<Vec<_>>();
    for format in ["jsonl", "csv"] {
        for come in [even(200), (0..12).collect(), (180..200).collect()] {
            let fleet = Fleet::of((0..200).map(|number| row(number, "Pending")).collect()).await;
            let settled: HashSet<usize> = (0..200).filter(|number| number % 5 == 1).collect();
            fleet.task().set(settled.clone(), "Fail");
            let options = format!("--format {format} --status Fail");
            let found = meanwhile(&fleet, &options, |task| task.set(come.clone(), "Fail")).await;
            let possible = settled.union(&come.iter().copied().collect()).copied().collect();
            assert!(found.is_superset(&settled) && found.is_subset(&possible), "{format} {come:?}");
        }
        for go in [even(60), (0..30).collect(), (30..60).collect(), (2..60).collect()] {
            let fleet = Fleet::of((0..60).map(|number| row(number, "Pending")).collect()).await;
            let options = format!("--format {format} --status Pending");
            let found = meanwhile(&fleet, &options, |task| task.set(go.clone(), "WaitResult")).await;
            assert!((0..60).all(|row| go.contains(&row) || found.contains(&row)), "{format} {go:?}");
        }
        // Of a task that is read whole no row comes or goes.
        let fleet = Fleet::of(rows(60)).await;
        let found = meanwhile(&fleet, &format!("--format {format}"), |task| task.set(0..60, "Success")).await;
        assert_eq!(found, (0..60).collect());
        // Of several statuses one is read after another.
        let fleet = Fleet::of(rows(60)).await;
        let options = format!("--format {format} --status Timeout,Fail");
        let found = meanwhile(&fleet, &options, |task| task.set([2, 5, 9], "Fail")).await;
        let settled = |number: &usize| [1, 4, 6].contains(&(number % 7));
        assert!((0..60).filter(settled).all(|row| found.contains(&row)), "{found:?}");
    }
}

/// Begins an export, lets something happen, and resumes it: the file is not completed, now or later. Returns why.
async fn spoilt(rows: Vec<Value>, options: &str, calls: usize, happens: impl FnOnce(&mut Task)) -> String {
    let fleet = Fleet::of(rows).await;
    let line = format!("{options} --page-size 7 --out DIR/file");
    let begun = fleet.export(&line, calls).await;
    assert_eq!(begun.code, 1, "{begun:?}");
    happens(&mut fleet.task());
    let seen = fleet.export(&format!("{line} --resume"), ALL).await;
    assert!(seen.code == 1 && !seen.stderr.contains("()"), "no method of the SDK is named: {seen:?}");
    assert!(seen.stderr.contains("use --replace without --resume to start from scratch"), "{seen:?}");
    let again = fleet.export(&format!("{line} --resume"), ALL).await;
    assert!(again.code == 1 && again.stderr.contains("cannot be completed: "), "{again:?}");
    assert_eq!(fleet.names(), ["file.part", "file.part.json"]);
    begun.stderr + &seen.stderr
}

#[tokio::test]
async fn a_platform_that_contradicts_itself_completes_no_file() {
    for format in ["--format jsonl", "--format csv"] {
        for (filter, why) in [
            ("", "the platform has changed the order of the task"),
            (" --status Success", " rows came where the platform counts "),
            (" --status Pending", " rows came where the platform counts "),
        ] {
            let options = format!("{format}{filter}");
            let told = spoilt(rows(200), &options, 3, |task| task.rows.rotate_right(101)).await;
            assert!(told.contains(why), "{options}: {told}");
        }
    }
    // The order changed before the interruption.
    for filter in ["", " --status WaitResult"] {
        let fleet = Fleet::of(rows(200)).await;
        fleet.task().sorts_before = Some(4);
        let line = format!("--page-size 7 --format csv{filter} --out DIR/file");
        let seen = fleet.export(&line, 8).await;
        assert!(seen.stderr.contains(" shows subtasks of an earlier page"), "{seen:?}");
        let again = fleet.export(&format!("{line} --resume"), ALL).await;
        assert!(again.code == 1 && again.stderr.contains("cannot be completed: page "), "{again:?}");
    }
}

#[tokio::test]
async fn a_second_interruption_forgets_nothing_of_the_first() {
    let fleet = Fleet::of((0..100).map(|number| row(number, "Success")).collect()).await;
    let line = "--page-size 7 --format csv --status Success --out DIR/file";
    fleet.export(line, 3).await;
    // Page 3 has the rows of page 1 again.
    let copies = fleet.task().rows[7..14].to_vec();
    fleet.task().rows.splice(21..28, copies);
    fleet.export(&format!("{line} --resume"), 2).await;
    fleet.task().rows.extend((100..107).map(|number| row(number, "Fail")));
    let seen = fleet.export(&format!("{line} --resume"), ALL).await;
    assert!(seen.code == 1 && seen.stderr.contains("93 rows came where the platform counts 100"), "{seen:?}");
}

#[tokio::test]
async fn a_read_that_is_incomplete_completes_no_file() {
    let fleet = Fleet::of(rows(60)).await;
    fleet.task().miscounted = 1;
    let seen = fleet.export("--format csv --out DIR/file", ALL).await;
    assert!(seen.code == 1 && seen.stderr.contains("the platform counts 61"), "{seen:?}");
    assert_eq!(fleet.read("file.part").lines().count(), 61, "every row that came is there");
    fleet.task().miscounted = 0;
    let again = fleet.export("--format csv --out DIR/file --resume", ALL).await;
    assert!(again.code == 1 && again.stderr.contains("cannot be completed: "), "{again:?}");
    assert!(!again.stderr.contains("()"), "no method of the SDK is named: {again:?}");
    assert_eq!(fleet.names(), ["file.part", "file.part.json"]);
}

#[tokio::test]
async fn rows_that_nothing_distinguishes_are_all_there_or_the_export_fails() {
    let nameless = |status: &str| json!({ "status": status, "output": "{}", "param": {} });
    let alike = |status: &str| json!({ "status": status, "param": { "deviceId": "*", "commandId": "*" } });
    for (status, filter) in [("Fail", "--status Fail"), ("Pending", "--status Pending"), ("Fail", "")] {
        for format in ["jsonl", "csv"] {
            let fleet = Fleet::of(vec![nameless(status); 50]).await;
            let options = format!("--format {format} --page-size 7 {filter} --out DIR/file");
            assert!(fleet.in_bouts(&options, 3).await > 0);
            assert_eq!(fleet.read("file").lines().count(), 50 + usize::from(format == "csv"));

            // The SDK cannot distinguish these from repeats either, and says so.
            let fleet = Fleet::of(vec![alike(status); 50]).await;
            assert_eq!(fleet.export(&options, 2).await.code, 1);
            let seen = fleet.export(&format!("{options} --resume"), ALL).await;
            assert!(seen.code == 1 && !fleet.exists("file"), "{filter} {seen:?}");
        }
    }
    // Rows come in, and nothing tells which of those that follow are new.
    let options = "--format csv --status Fail";
    let told =
        spoilt(vec![nameless("Fail"); 50], options, 3, |task| task.rows.extend(vec![nameless("Fail"); 5]))
            .await;
    assert!(told.contains("5 rows came or went, and it is not known which"), "{told}");
}

#[tokio::test]
async fn csv_holds_no_formula_and_shows_no_control_character_on_a_terminal() {
    let mut odd = row(0, "Success");
    odd["output"] = json!("a;=1\n\u{1b}[2J\u{9b}2J");
    let fleet = Fleet::of(vec![odd]).await;
    for command in ["subtasks t --quota 0 -o csv --columns output", "export t --quota 0 --format csv --out -"]
    {
        let exact = fleet.run(command, ALL).await.stdout;
        assert!(exact.contains("\"a;'=1\n\u{1b}[2J\u{9b}2J\""), "{exact}");
        let shown = fleet.run_on(Some(80), command, ALL).await.stdout;
        assert!(shown.contains("\"a;'=1\n\\u001b[2J\\u009b2J\""), "{shown}");
    }
}

#[tokio::test]
async fn a_broken_last_line_is_cut_off() {
    let fleet = Fleet::of(rows(60)).await;
    let line = "--format jsonl --page-size 7 --out DIR/file";
    fleet.export(line, 3).await;
    let kept = fleet.read("file.part");
    assert_eq!(kept.lines().count(), 21);
    // Longer than all that is still to come.
    fleet.write("file.part", &format!("{kept}{{\"status\":\"Fa{}", "x".repeat(100_000)));
    let seen = fleet.export(&format!("{line} --resume"), 2).await;
    assert!(seen.stderr.contains("no more") && fleet.read("file.part").starts_with(&kept), "{seen:?}");
    assert_eq!(fleet.in_bouts(line, ALL).await, 0);
    assert_eq!(numbers(&fleet.read("file")), (0..60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_person_sees_what_happened_and_what_to_do() {
    let fleet = Fleet::of(rows(60)).await;
    let mut session = String::new();
    let begin = "export t --quota 0 --format csv --page-size 7 --out DIR/file";
    let file_of_yesterday = || {
        let file = std::fs::File::options().write(true).open(fleet.path("file")).ok()?;
        let written = std::time::SystemTime::now() - std::time::Duration::from_secs(23 * 3600);
        file.set_modified(written).ok()
    };
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
        (begin.to_owned() + " --resume", ALL),
        (begin.to_owned() + " --resume", 0),
        (begin.to_owned(), 0),
        (begin.to_owned() + " --replace", 3),
        (begin.to_owned() + " --resume", 0),
        (begin.to_owned() + " --resume --replace", ALL),
        (begin.replace("file", "no/file"), 0),
        (begin.replace("DIR/file", "DIR"), 0),
        (begin.replace("DIR/file", "-") + " --resume", 0),
        (begin.replace("DIR/file", "-") + " --replace", 0),
        (begin.replace("DIR/file", "-"), 2),
    ] {
        let seen = fleet.run(&line, answers).await;
        file_of_yesterday();
        let printed = if seen.stdout.is_empty() { "" } else { "[rows]\n" };
        session += &format!("$ northbound {line}\n{printed}{}[exit code {}]\n\n", seen.stderr, seen.code);
    }
    insta::assert_snapshot!(session);
}

#[tokio::test]
async fn what_stands_beside_the_rows_can_be_read_by_a_person_and_holds_no_secret() {
    let fleet = Fleet::of(rows(60)).await;
    fleet.export("--format csv --page-size 7 --status fail,timeout --out DIR/file", 2).await;
    let record = fleet.read("file.part.json");
    assert!(!record.contains("t0ken"));
    let address = serde_json::from_str::<Value>(&record).unwrap()["export"]["endpoint"].clone();
    insta::assert_snapshot!(record.replace(address.as_str().unwrap(), "[address]"));
}

#[tokio::test]
async fn files_that_are_not_as_they_were_left_are_refused() {
    type Harm = fn(&Fleet);
    let harms: [(&str, Harm); 8] = [
        ("the record is gone", |fleet| std::fs::remove_file(fleet.path("file.part.json")).unwrap()),
        ("the record is broken", |fleet| fleet.write("file.part.json", "{")),
        ("the record is of another version", |fleet| {
            let record = fleet.read("file.part.json").replace("\"version\": 2", "\"version\": 7");
            fleet.write("file.part.json", &record);
        }),
        ("the rows are short", |fleet| fleet.write("file.part", "device")),
        ("a line is gone", |fleet| fleet.write("file.part", &fleet.read("file.part").replacen('\n', " ", 1))),
        ("a row is another one", |fleet| {
            fleet.write("file.part", &fleet.read("file.part").replacen("d3,", "d7,", 1));
        }),
        ("the rows are another file, and the record is gone", |fleet| {
            fleet.write("file.part", "notes");
            std::fs::remove_file(fleet.path("file.part.json")).unwrap();
        }),
        ("the end is no line", |fleet| {
            fleet.write("file.part", &(fleet.read("file.part").trim_end().to_owned() + "x"));
        }),
    ];
    let (line, mut session) = ("--format csv --page-size 7 --out DIR/file", String::new());
    for (what, harm) in harms {
        let fleet = Fleet::of(rows(60)).await;
        fleet.export(line, 3).await;
        harm(&fleet);
        let harmed = fleet.read("file.part");
        let seen = fleet.export(&format!("{line} --resume"), ALL).await;
        assert!(!fleet.exists("file") && fleet.read("file.part") == harmed, "{what}");
        session += &format!("{what}:\n{}[exit code {}]\n\n", seen.stderr, seen.code);
    }
    insta::assert_snapshot!(session);
}

/// An export of everything, and one of each status, have as many rows as the summary counts.
#[tokio::test]
async fn an_export_agrees_with_the_summary_on_every_count() {
    let mut odd = rows(60);
    odd[3]["status"] = json!("Stopped");
    odd[5].as_object_mut().unwrap().remove("status");
    odd[9]["status"] = Value::Null;
    for (task, line) in [
        (rows(60), "t"),
        (odd, "t"),
        (vec![], "t"),
        (vec![], "demo --emulator"),
        (vec![], "doc-example --emulator"),
    ] {
        let fleet = Fleet::of(task).await;
        let run = async |line: String| fleet.run(&line, ALL).await.stdout;
        let summary: Value =
            serde_json::from_str(&run(format!("summary {line} --quota 0 -o json")).await).unwrap();
        let everything = run(format!("export {line} --quota 0 --format jsonl --out -")).await;
        let rows: Vec<Value> = everything.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(summary["total"], rows.len());
        let mut counted = 0;
        for (status, count) in summary["byStatus"].as_object().unwrap() {
            let found = rows.iter().filter(|row| row["status"] == status.as_str()).count();
            assert_eq!(*count, found, "{status}");
            if northbound::SubtaskStatus::KNOWN.contains(&status.as_str().into()) {
                counted += found;
                let line = format!("export {line} --quota 0 --format csv --status {status} --out -");
                assert_eq!(run(line).await.lines().count(), found + 1, "{status}");
            }
        }
        // The rest is in no status that can be asked for.
        assert_eq!(summary["other"], rows.len() - counted);
    }
}
