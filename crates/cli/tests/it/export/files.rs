//! `northbound export`: which files it writes, replaces and leaves alone.

use serde_json::{Value, json};

use super::fleet::{ALL, Fleet, rows};

const OPTIONS: [&str; 4] = ["", "--resume", "--replace", "--resume --replace"];

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
    #[cfg(unix)]
    {
        fleet.write("file", "");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        std::fs::set_permissions(fleet.path("file"), mode).unwrap();
    }
    for (day, options, calls, file, part) in [
        ("Monday", "--replace", ALL, ("Monday", 60), None),
        // A complete file is left alone.
        ("Tuesday", "--resume", ALL, ("Monday", 60), None),
        ("Tuesday", "--replace", 3, ("Monday", 60), Some(("Tuesday", 21))),
        // `--replace` alone starts from scratch.
        ("Wednesday", "--replace", 4, ("Monday", 60), Some(("Wednesday", 28))),
        ("Wednesday", "--resume --replace", ALL, ("Wednesday", 60), None),
        // So it does with nothing to resume.
        ("Thursday", "--resume --replace", ALL, ("Thursday", 60), None),
    ] {
        fleet.task().rows.iter_mut().for_each(|row| row["output"] = json!(day));
        let line = format!("--format jsonl --page-size 7 --out DIR/file {options}");
        let seen = fleet.export(&line, calls).await;
        assert_eq!(seen.code, u8::from(part.is_some()), "{day} {options}: {seen:?}");
        let all_of = |(day, rows): (&str, usize)| vec![(day.to_owned(), rows)];
        assert_eq!(days(&fleet.read("file")), all_of(file), "{day} {options}");
        let rows = fleet.exists("file.part").then(|| days(&fleet.read("file.part")));
        assert_eq!(rows, part.map(all_of), "{day} {options}");
        assert!(part.is_some() || fleet.names() == ["file"], "{:?}", fleet.names());
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            assert_eq!(fleet.path("file").metadata().unwrap().mode() & 0o7777, 0o640, "{day} {options}");
        }
    }
}

#[tokio::test]
async fn nothing_is_claimed_of_a_file_that_is_left_alone() {
    let fleet = Fleet::of(rows(60)).await;
    fleet.write("file", "whatever");
    let seen = fleet.export("--format csv --out DIR/file --resume -o json", 0).await;
    let result: Value = serde_json::from_str(&seen.stdout).unwrap();
    let mut names: Vec<&str> = result.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!((seen.code, names), (0, vec!["at", "calls", "endpoint", "file"]));
    assert!(seen.stderr.contains("is left alone") && !seen.stderr.contains("complete"), "{}", seen.stderr);
}

#[tokio::test]
async fn replace_starts_from_scratch_whatever_an_export_has_left_and_spares_other_files() {
    let fleet = Fleet::of(rows(60)).await;
    let line = "--format csv --page-size 7 --out DIR/file";
    for damage in ["{", ""] {
        fleet.export(line, 3).await;
        fleet.write("file.part.json", damage);
        assert_eq!(fleet.export(&format!("{line} --replace"), ALL).await.code, 0);
        assert_eq!(fleet.names(), ["file"]);
    }
    for (notes, format) in [("notes", "csv"), ("device,command: notes", "csv"), ("n", "jsonl")] {
        let fleet = Fleet::of(rows(60)).await;
        fleet.write("file.part", notes);
        for options in OPTIONS {
            let seen = fleet.export(&format!("--format {format} --out DIR/file {options}"), 3).await;
            assert!(seen.code != 0 && seen.stderr.contains("file.part"), "{seen:?}");
            let left = (fleet.names(), fleet.read("file.part"));
            assert_eq!(left, (vec!["file.part".to_owned()], notes.to_owned()));
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_export_writes_through_no_link() {
    for name in ["file", "file.part", "file.part.json", "file.part.json.new"] {
        for (options, target) in
            OPTIONS.iter().flat_map(|options| [(options, "thesis"), (options, "nothing")])
        {
            let fleet = Fleet::of(rows(60)).await;
            fleet.write("thesis", "mine");
            std::os::unix::fs::symlink(fleet.path(target), fleet.path(name)).unwrap();
            let seen = fleet.export(&format!("--format csv --out DIR/file {options}"), ALL).await;
            assert!(fleet.read("thesis") == "mine" && !fleet.exists("nothing"), "{name} {options}");
            let stays = name == "file" && !options.contains("replace");
            if stays && target == "nothing" {
                assert_eq!(seen.code, 2, "a link to nothing is no complete file: {seen:?}");
            }
            assert_eq!(fleet.path("file").is_symlink(), stays, "{name} {options} {seen:?}");
            assert_eq!(fleet.names().len(), 2, "{:?}", fleet.names());
        }
    }
}

#[tokio::test]
async fn an_export_that_cannot_begin_leaves_nothing_behind() {
    let fleet = Fleet::of(rows(60)).await;
    for length in [242, 245, 246, 250, 251, 255, 256] {
        for options in &OPTIONS[..3] {
            let name = "x".repeat(length);
            let seen = fleet.export(&format!("--format csv --out DIR/{name} {options}"), 9).await;
            assert_eq!((seen.code, fleet.names()), (2, vec![]), "{length}");
        }
    }
    let seen = fleet.export("--format csv --out DIR/file", 0).await;
    assert_eq!((seen.code, fleet.names().len()), (1, 0), "the platform refuses the first call");
}
