//! The page that `northbound report` writes, without a browser: `cargo xtask browser` has one.

use std::fs;

use northbound::SubtaskStatus;
use serde_json::{Value, json};

use crate::platform::{ask_freely, page, paging, rows_of};
use crate::{Seen, names, northbound, without};

/// A page in two parts: the text that shows without its script, and the rows.
struct Report {
    still: String,
    rows: Value,
}

impl Report {
    fn of(seen: &Seen) -> Self {
        assert_eq!(seen.code, 0, "{}", seen.stderr);
        let (before, rest) =
            seen.stdout.split_once("<script id=\"rows\" type=\"application/json\">").unwrap();
        let (rows, after) = rest.split_once("</script>").unwrap();
        let (before, style) = before.split_once("<style>").unwrap();
        let still = style.split_once("</style>").unwrap().1;
        assert!(after.ends_with("</script></body></html>"), "{after}");
        Self { still: format!("{before}{still}"), rows: serde_json::from_str(rows).unwrap() }
    }

    /// A row with its texts: device, command, status, code, reason, output, error; words, if they are not the reason; whether it is new.
    fn row(&self, place: usize) -> Value {
        let text = |cell: &Value| match cell.as_u64() {
            Some(text) => self.rows["texts"][usize::try_from(text).unwrap()].clone(),
            None => cell.clone(),
        };
        self.rows["rows"][place].as_array().unwrap().iter().map(text).collect()
    }

    fn listed(&self, status: &str) -> usize {
        let rows = self.rows["rows"].as_array().unwrap().len();
        (0..rows).filter(|row| self.row(*row)[2] == status).count()
    }

    /// What the chart counts, as `Pending 70`.
    fn chart(&self) -> Vec<String> {
        let (_, chart) = self.still.split_once("<table class=\"chart\">").unwrap();
        let (_, body) = chart.split_once("</table>").unwrap().0.split_once("<tbody>").unwrap();
        let row = |row: &str| {
            let words = in_words(row);
            let mut words = words.rsplitn(4, ' ').skip(2);
            let (count, name) = (words.next()?.replace(',', ""), words.next()?);
            Some(format!("{name} {count}"))
        };
        body.split("</tr>").filter_map(row).collect()
    }
}

/// HTML without its tags.
fn in_words(html: &str) -> String {
    let texts = html.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text.trim()));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The counts of a summary as `Pending 70`, with those that are in no status.
fn counts(summary: &Value) -> Vec<String> {
    let (mut counts, mut unnamed) = (Vec::new(), summary["other"].as_u64().unwrap());
    for (status, count) in summary["byStatus"].as_object().unwrap() {
        counts.push(format!("{status} {count}"));
        if !SubtaskStatus::KNOWN.contains(&status.as_str().into()) {
            unnamed -= count.as_u64().unwrap();
        }
    }
    counts.extend((unnamed > 0).then(|| format!("none of these {unnamed}")));
    counts
}

/// Compares a report with a summary of the same task.
fn agree(report: &Seen, summary: &Seen) -> Report {
    let (report, summary) = (Report::of(report), serde_json::from_str::<Value>(&summary.stdout).unwrap());
    assert_eq!(report.chart(), counts(&summary));
    for status in ["Fail", "Timeout"] {
        assert_eq!(summary["byStatus"][status], report.listed(status), "{status}");
    }
    report
}

#[test]
fn the_page_of_the_demo_task() {
    let seen = northbound("--emulator report demo --out -");
    assert_eq!(seen.stderr, "");
    let report = Report::of(&seen);
    // What is another one each time: where the emulator listens, when it was asked, which version this is.
    let mut still = report.still.replace(env!("CARGO_PKG_VERSION"), "[version]");
    for (from, to) in
        [("http://127.0.0.1:", "<"), ("<time", "</time>"), (", read in ", "<"), ("default-src", "\"")]
    {
        still = without(&still, from, to);
    }
    for block in ["title", "p", "div", "tr", "table", "h1", "h2", "header", "dd", "section", "head"] {
        still = still.replace(&format!("</{block}>"), &format!("</{block}>\n"));
    }
    insta::assert_snapshot!(format!("{still}\nThe first row: {}", report.row(0)));
}

#[tokio::test]
async fn report_and_summary_agree_on_every_count() {
    for task in ["demo", "doc-example"] {
        let ask = |line: String| tokio::task::spawn_blocking(move || northbound(&line));
        let report = ask(format!("--emulator report {task} --out -")).await.unwrap();
        agree(&report, &ask(format!("--emulator summary {task} -o json")).await.unwrap());
    }
    // One status is undocumented, and two rows have none. A platform that knows no filter sends everything: then the rows are counted.
    for filters in [true, false] {
        let platform = paging(move |asked| {
            let mut rows =
                rows_of(&[("Success", 5), ("Fail", 3), ("Timeout", 1), ("Halted", 2), ("none", 2)]);
            rows[11..].iter_mut().for_each(|row| row["status"] = Value::Null);
            page(&rows, asked.status().filter(|_| filters), asked.page())
        })
        .await;
        let summary = ask_freely(&platform, "summary demo -o json").await;
        let report = agree(&ask_freely(&platform, "report demo --out -").await, &summary);
        assert_eq!(report.chart().contains(&"Halted 2".to_owned()), !filters, "{:?}", report.chart());
    }
}

/// The calls of the summary ask for one row each. Then another device fails.
#[tokio::test]
async fn where_the_list_and_the_counts_differ_the_report_says_why() {
    for (under_way, why) in [
        (6, "subtasks moved between the two"),
        (0, "the task had settled, so the platform contradicts itself"),
    ] {
        let platform = paging(move |asked| {
            let failed = if asked.page().1 == 1 { 2 } else { 3 };
            page(
                &rows_of(&[("WaitResult", under_way), ("Success", 2), ("Fail", failed)]),
                asked.status(),
                asked.page(),
            )
        })
        .await;
        let seen = ask_freely(&platform, "report demo --out -").await;
        let (report, differ) =
            (Report::of(&seen), format!("3 devices listed as Fail, and 2 counted before: {why}"));
        let text = in_words(&report.still);
        assert!(text.contains(&differ) && seen.stderr == format!("{differ}\n"), "{text} {}", seen.stderr);
        let open = text.contains(&format!("Not settled: {under_way} of 10 subtasks may still succeed"));
        assert_eq!((open, report.listed("Fail")), (under_way > 0, 3), "{text}");
    }
}

/// Two devices have four rows, one of them with another status.
#[tokio::test]
async fn a_device_that_is_listed_twice_counts_once() {
    let platform = paging(|asked| {
        let rows = [rows_of(&[("Fail", 2)]), rows_of(&[("Fail", 1)]), rows_of(&[("Fail", 1)])].concat();
        let mut rows = rows;
        rows[3]["status"] = "Timeout".into();
        page(&rows, asked.status(), asked.page())
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.html");
    let seen = ask_freely(&platform, &format!("report demo -o json --out {}", out.display())).await;
    let result: Value = serde_json::from_str(&seen.stdout).unwrap();
    let reason = &result["reasons"][0];
    assert_eq!(
        json!([
            result["failed"],
            result["listed"],
            result["repeated"],
            reason["devices"],
            reason["timedOut"]
        ]),
        json!([4, 2, 2, 2, 0])
    );
    let said = "2 rows of devices that are listed already: each device counts once here, with its first row; 1 of them has another \
                status or code than the first row";
    let page = fs::read_to_string(out).unwrap();
    assert!(page.contains(said) && seen.stderr.contains(said), "{}", seen.stderr);
    let rows = page.lines().filter(|line| line.starts_with("[\"Fail-"));
    assert_eq!(rows.count(), 2);
}

#[test]
fn what_a_report_cannot_use_is_refused_before_anything_is_asked() {
    for (options, why) in [
        ("--time-zone Mars/Base", "no time zone has this name"),
        ("--since nowhere.csv", "cannot read the subtasks of nowhere.csv"),
        ("--since demo", "demo is no file of subtasks"),
        ("--join nowhere.csv", "cannot read nowhere.csv"),
        ("--by district", "--join"),
        ("--title=", "--title"),
    ] {
        let Seen { code, stdout, stderr } =
            northbound(&format!("--emulator -v report demo --out - {options}"));
        assert!(code != 0 && stdout.is_empty() && stderr.contains(why), "{options}: {code} {stderr}");
        assert!(!stderr.contains("/rest/"), "{options} is found too late: {stderr}");
    }
}

#[tokio::test]
async fn no_name_becomes_markup_and_each_comes_back_whole() {
    const NAMES: [&str; 7] = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!--<script>",
        "\"'><svg onload=alert(1)>",
        "a\u{2028}b\u{2029}c",
        "meter-\u{202e}71-tset",
        "line one\r\nline two\u{0}",
    ];
    let platform = paging(|asked| {
        let rows = NAMES.map(|name| {
            let error = json!({ "error_code": name, "error_desc": name }).to_string();
            json!({ "status": "Fail", "error": error, "output": name, "param": { "deviceId": name, "commandId": name } })
        });
        page(&rows, asked.status(), asked.page())
    })
    .await;
    let seen = ask_freely(&platform, "report demo --out -").await;
    let report = Report::of(&seen);
    for (place, name) in NAMES.iter().enumerate() {
        let row = report.row(place);
        assert_eq!([&row[0], &row[1], &row[3], &row[4], &row[5]], [*name; 5]);
        assert_eq!(report.rows["codes"].as_array().unwrap().iter().filter(|code| *code == name).count(), 1);
    }
    for markup in ["<img", "<!--", "onload=alert(1)>", "onerror=alert(1)>", "<script>alert"] {
        assert!(!report.still.contains(markup), "{markup}");
    }
    let (_, rows) = seen.stdout.split_once("application/json\">").unwrap();
    assert!(!rows.split_once("</script>").unwrap().0.contains(['<', '\u{2028}', '\u{2029}']), "{rows}");
    assert!(!report.still.contains(['\u{202e}', '\u{2028}', '\u{0}']), "they are shown by name");
    assert_eq!(
        (seen.stdout.matches("<script").count(), seen.stdout.contains("t0ken-of-the-test")),
        (2, false)
    );
}

#[test]
fn a_workbook_takes_the_place_of_a_workbook_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("failed.xlsx");
    let report = || northbound(&format!("--emulator report demo --out {}", file.display())).code;
    assert_eq!((report(), report()), (0, 0));
    fs::write(&file, b"PK\x03\x04 and word/document.xml").unwrap();
    assert_eq!(report(), 2);
}

#[test]
fn an_older_export_without_failures_is_doubted() {
    let file = tempfile::Builder::new().suffix(".jsonl").tempfile().unwrap();
    let line = format!("--emulator report demo --out - --since {}", file.path().display());
    let seen = northbound(&line);
    for shown in [&seen.stdout, &seen.stderr] {
        assert!(shown.contains("so every failure counts as new"), "{}", seen.stderr);
    }
}

#[test]
fn a_report_takes_the_place_of_the_one_before_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let path = file.to_str().unwrap();
    let report = |task: &str, path: &str| northbound(&format!("--emulator report {task} --out {path}"));
    for (there, task, code) in [("device,command\n", "demo", 2), ("<!DOCTYPE html>the one before", "nope", 1)]
    {
        fs::write(&file, there).unwrap();
        let seen = report(task, path);
        assert_eq!((seen.code, seen.stderr.contains("it is no report")), (code, code == 2), "{seen:?}");
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), names(folder.path()).len()), (there, 1));
    }
    let seen = report("demo", path);
    // The whole, each status, and a page of each that is a failure.
    let calls = 1 + SubtaskStatus::KNOWN.len() + 2;
    let told = format!("{path}: 154 of 1000 subtasks failed or timed out, for 4 reasons; {calls} calls\n");
    assert_eq!((seen.code, seen.stdout, seen.stderr.as_str()), (0, told, ""));
    assert_eq!(names(folder.path()), ["report.html"]);
    assert!(fs::read_to_string(&file).unwrap().starts_with("<!DOCTYPE html>"));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.html");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let before = fs::read(&file).unwrap();
        for (task, code) in [("nope", 1), ("demo", 0)] {
            assert_eq!(report(task, link.to_str().unwrap()).code, code);
            assert_eq!(link.is_symlink(), code == 1, "a report that failed replaces nothing");
        }
        assert!(fs::read(&file).unwrap() == before);
    }
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere/report.html");
    for (path, why) in [(folder.path(), "it is a folder"), (&nowhere, "cannot write the report to")] {
        let Seen { code, stdout, stderr } =
            northbound(&format!("--emulator -v report demo --out {}", path.display()));
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains(why) && stderr.contains("help:  name a new file"), "{stderr}");
        assert!(!stderr.contains(".part"), "{stderr}");
    }
    assert_eq!(names(folder.path()), [""; 0]);
}
