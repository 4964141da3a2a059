//! `northbound export`: which files it writes, replaces and leaves alone.

use serde_json::{Value, json};

use super::fleet::{Fleet, rows};

/// Marks every row, so that rows of another day can be distinguished.
fn next_day(fleet: &Fleet, day: &str) {
    fleet.task().rows.iter_mut().for_each(|row| row["output"] = json!(day));
}

/// The days of the rows of a file, and how many rows there are of each.
fn days(file: &str) -> Vec<(String, usize)> {
    let mut days: Vec<(String, usize)> = Vec::new();
    for line in file.lines() {
        let day = serde_json::from_str::<Value>(line).unwrap()["output"].as_str().unwrap().to_owned();
        match days.last_mut() {
            Some((last, rows)) if *last == day => *rows += 1,
            _ => days.push((day, 1)),
        }
    }
    days
}

#[tokio::test]
async fn a_nightly_export_replaces_the_file_of_the_day_before_when_it_is_complete() {
    let fleet = Fleet::of(rows(60)).await;
    let line = "export t --quota 0 --format jsonl --page-size 7 --out DIR/file";
    let day = |name: &str, rows| (name.to_owned(), rows);
    next_day(&fleet, "Monday");
    assert_eq!(fleet.run(&format!("{line} --replace"), usize::MAX).await.code, 0);
    #[cfg(unix)]
    std::fs::set_permissions(fleet.path("file"), std::os::unix::fs::PermissionsExt::from_mode(0o640))
        .unwrap();

    next_day(&fleet, "Tuesday");
    assert_eq!(fleet.run(&format!("{line} --resume"), usize::MAX).await.code, 0);
    assert_eq!(days(&fleet.read("file")), [day("Monday", 60)], "--resume leaves a complete file alone");
    assert_eq!(fleet.run(&format!("{line} --replace"), 3).await.code, 1);
    assert_eq!(days(&fleet.read("file")), [day("Monday", 60)], "some rows of Tuesday are missing");
    assert_eq!(days(&fleet.read("file.part")), [day("Tuesday", 21)]);

    next_day(&fleet, "Wednesday");
    assert_eq!(fleet.run(&format!("{line} --replace"), 4).await.code, 1);
    assert_eq!(days(&fleet.read("file.part")), [day("Wednesday", 28)], "--replace alone starts from scratch");
    assert_eq!(fleet.run(&format!("{line} --resume --replace"), usize::MAX).await.code, 0);
    assert_eq!(days(&fleet.read("file")), [day("Wednesday", 60)]);
    assert_eq!(fleet.names(), ["file"]);
    #[cfg(unix)]
    assert_eq!(fleet.mode("file"), 0o640);

    next_day(&fleet, "Thursday");
    assert_eq!(fleet.run(&format!("{line} --resume --replace"), usize::MAX).await.code, 0);
    assert_eq!(
        days(&fleet.read("file")),
        [day("Thursday", 60)],
        "with nothing to resume it starts from scratch"
    );
}

#[tokio::test]
async fn nothing_is_claimed_of_a_file_that_is_left_alone() {
    let fleet = Fleet::of(rows(60)).await;
    std::fs::write(fleet.path("file"), "whatever").unwrap();
    let seen = fleet.run("export unknown --format csv --out DIR/file --resume -o json", 0).await;
    let result: Value = serde_json::from_str(&seen.stdout).unwrap();
    let mut names: Vec<&str> = result.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!((seen.code, names), (0, vec!["at", "calls", "endpoint", "file"]));
    assert!(seen.stderr.contains("is left alone") && !seen.stderr.contains("complete"), "{}", seen.stderr);
}

#[tokio::test]
async fn replace_starts_from_scratch_whatever_an_export_has_left_and_spares_other_files() {
    let fleet = Fleet::of(rows(60)).await;
    let line = "export t --quota 0 --format csv --page-size 7 --out DIR/file";
    for damage in ["{", ""] {
        fleet.run(line, 3).await;
        std::fs::write(fleet.path("file.part.json"), damage).unwrap();
        assert_eq!(fleet.run(&format!("{line} --replace"), usize::MAX).await.code, 0);
        assert_eq!(fleet.names(), ["file"]);
    }
    for (notes, format) in [("notes", "csv"), ("device,command: notes", "csv"), ("n", "jsonl")] {
        for options in ["--resume", "--replace", "--resume --replace", ""] {
            let fleet = Fleet::of(rows(60)).await;
            std::fs::write(fleet.path("file.part"), notes).unwrap();
            let seen = fleet.run(&format!("export t --format {format} --out DIR/file {options}"), 3).await;
            assert!(seen.code != 0 && seen.stderr.contains("file.part"), "{seen:?}");
            assert_eq!(
                (fleet.names(), fleet.read("file.part")),
                (vec!["file.part".to_owned()], notes.to_owned())
            );
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_export_writes_through_no_link() {
    for name in ["file", "file.part", "file.part.json", "file.part.json.new"] {
        for options in ["", "--resume", "--replace", "--resume --replace"] {
            for target in ["thesis", "nothing"] {
                let fleet = Fleet::of(rows(60)).await;
                std::fs::write(fleet.path("thesis"), "mine").unwrap();
                std::os::unix::fs::symlink(fleet.path(target), fleet.path(name)).unwrap();
                let seen =
                    fleet.run(&format!("export t --quota 0 --format csv --out DIR/file {options}"), 99).await;
                assert_eq!(fleet.read("thesis"), "mine", "{name} {options}");
                assert!(!fleet.exists("nothing"));
                let stays = name == "file" && !options.contains("replace");
                if stays && target == "nothing" {
                    assert_eq!(seen.code, 2, "a link to nothing is no complete file: {seen:?}");
                }
                assert_eq!(fleet.path("file").is_symlink(), stays, "{name} {options} {seen:?}");
                assert_eq!(fleet.names().len(), 2, "{:?}", fleet.names());
            }
        }
    }
}

#[tokio::test]
async fn an_export_that_cannot_begin_leaves_nothing_behind() {
    let fleet = Fleet::of(rows(60)).await;
    for length in [242, 245, 246, 250, 251, 255, 256] {
        for options in ["", "--resume", "--replace"] {
            let name = "x".repeat(length);
            let seen = fleet.run(&format!("export t --format csv --out DIR/{name} {options}"), 9).await;
            assert_eq!(seen.code, 2, "{length} {seen:?}");
            assert_eq!(fleet.names(), [""; 0], "{length}");
        }
    }
    let seen = fleet.run("export t --format csv --out DIR/file", 0).await;
    assert_eq!((seen.code, fleet.names().len()), (1, 0), "the platform refuses the first call");
}
