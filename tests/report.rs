//! The page that `northbound report` writes, without a browser: `cargo xtask browser` has one.

use std::fs;
use std::path::Path;

use northbound::SubtaskStatus;
use serde_json::{Value, json};

use crate::answers::fleet::{Asked, Fleet, page};
use crate::cli::{Seen, northbound, northbound_in};

/// A page apart: what stands in it without its script, and the rows.
struct Report {
    still: String,
    rows: Value,
}

impl Report {
    fn of(page: &str) -> Self {
        let (before, rest) = page.split_once("<script id=\"rows\" type=\"application/json\">").unwrap();
        let (rows, after) = rest.split_once("</script>").unwrap();
        let (before, style) = before.split_once("<style>").unwrap();
        let still = style.split_once("</style>").unwrap().1;
        assert!(after.ends_with("</script></body></html>"), "{after}");
        Self { still: format!("{before}{still}"), rows: serde_json::from_str(rows).unwrap() }
    }

    /// A row with its texts: device, command, status, code, words, error, output.
    fn row(&self, place: usize) -> Value {
        let cells = self.rows["rows"][place].as_array().unwrap().iter();
        let text = |cell: &Value| match cell.as_u64() {
            Some(text) => self.rows["texts"][usize::try_from(text).unwrap()].clone(),
            None => cell.clone(),
        };
        cells.map(text).collect()
    }

    fn listed(&self, status: &str) -> u64 {
        let rows = self.rows["rows"].as_array().unwrap().len();
        (0..rows).filter(|row| self.row(*row)[2] == status).count() as u64
    }

    /// What the chart counts, as `Pending 70`.
    fn chart(&self) -> Vec<String> {
        let chart =
            self.still.split_once("<table class=\"chart\">").unwrap().1.split_once("</table>").unwrap().0;
        let (_, body) = chart.split_once("<tbody>").unwrap();
        body.split("</tr>")
            .filter(|row| !row.is_empty())
            .filter_map(|row| {
                let words = in_words(row);
                let mut words = words.rsplit(' ').skip(2);
                let count = words.next()?.replace(',', "");
                let name: Vec<&str> = words.collect();
                Some(format!("{} {count}", name.into_iter().rev().collect::<Vec<_>>().join(" ")))
            })
            .collect()
    }

    /// Whether somebody who reads the page reads this.
    fn says(&self, text: &str) -> bool {
        in_words(&self.still).contains(text)
    }
}

/// HTML without its tags.
fn in_words(html: &str) -> String {
    let texts = html.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text.trim()));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Leaves out what stands between two marks, wherever they come.
pub(crate) fn without(text: &str, from: &str, to: &str) -> String {
    let mut pieces = text.split(from);
    let mut left = pieces.next().unwrap().to_owned();
    for piece in pieces {
        left += from;
        left += "…";
        left += &piece[piece.find(to).unwrap()..];
    }
    left
}

/// Asks a fleet with the command.
pub(crate) async fn asked(fleet: &Fleet, words: &[&str]) -> Seen {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let endpoint = fleet.url();
    let command = move || {
        let environment =
            [("NORTHBOUND_ENDPOINT", endpoint.as_str()), ("NORTHBOUND_TOKEN", "t0ken-of-the-test")];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        northbound_in(&environment, &[&["--app-id", "demo-app", "--quota", "0"], &words[..]].concat())
    };
    tokio::task::spawn_blocking(command).await.unwrap()
}

async fn report_of(fleet: &Fleet) -> (Report, Seen) {
    let seen = asked(fleet, &["report", "demo", "--out", "-"]).await;
    assert_eq!(seen.code, 0, "{}", seen.stderr);
    (Report::of(&seen.stdout), seen)
}

/// The counts of a summary as `Pending 70`, with those that are in no status.
fn counts(summary: &str) -> Vec<String> {
    let summary: Value = serde_json::from_str(summary).unwrap();
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

#[test]
fn the_page_of_the_demo_task() {
    let seen = northbound(&["--emulator", "report", "demo", "--out", "-"]);
    assert_eq!((seen.code, seen.stderr.as_str()), (0, ""));
    let report = Report::of(&seen.stdout);
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
    insta::assert_snapshot!(still);
    assert_eq!(
        report.row(0),
        json!([
            "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7",
            "0a1805c844d0e8860132aea30d141c1a",
            "Fail",
            "100431",
            "The serviceType is not exist.",
            "{\"error_code\":\"100431\",\"error_desc\":\"The serviceType is not exist.\"}",
            null
        ])
    );
}

#[test]
fn report_and_summary_agree_on_every_count() {
    for task in ["demo", "doc-example"] {
        let report = Report::of(&northbound(&["--emulator", "report", task, "--out", "-"]).stdout);
        let summary = northbound(&["--emulator", "summary", task, "-o", "json"]).stdout;
        assert_eq!(report.chart(), counts(&summary));
        let summary: Value = serde_json::from_str(&summary).unwrap();
        for status in ["Fail", "Timeout"] {
            assert_eq!(
                report.listed(status),
                summary["byStatus"][status].as_u64().unwrap(),
                "{status} of {task}"
            );
        }
    }
}

#[tokio::test]
async fn they_agree_on_a_task_with_statuses_that_nobody_documented_and_with_none() {
    // A platform that knows no filter sends everything: then the counts are read.
    for filters in [true, false] {
        let fleet = Fleet::answering(move |asked| {
            (200, odd(&Asked { status: asked.status.clone().filter(|_| filters), ..asked.clone() }))
        })
        .await;
        let (report, _) = report_of(&fleet).await;
        let summary = asked(&fleet, &["summary", "demo", "-o", "json"]).await;
        assert_eq!(report.chart(), counts(&summary.stdout));
        assert_eq!((report.listed("Fail"), report.listed("Timeout")), (3, 1), "filters: {filters}");
        assert_eq!(report.chart().contains(&"Halted 2".to_owned()), !filters, "{:?}", report.chart());
    }
}

/// A page of a task with a status that nobody documented; some rows have none.
fn odd(asked: &Asked) -> Value {
    let mut page = page(&[("Success", 5), ("Fail", 3), ("Timeout", 1), ("Halted", 2), ("none", 2)], asked);
    for row in page["taskDetails"].as_array_mut().unwrap() {
        if row["status"] == "none" {
            row.as_object_mut().unwrap().remove("status");
        }
    }
    page
}

#[tokio::test]
async fn a_task_that_moves_says_so_and_where_the_numbers_differ() {
    // The calls of the summary ask for one row each. Then another device fails.
    let fleet = Fleet::answering(|asked| {
        let before: &[(&str, u64)] = &[("WaitResult", 6), ("Success", 2), ("Fail", 2)];
        let after: &[(&str, u64)] = &[("WaitResult", 5), ("Success", 2), ("Fail", 3)];
        (200, page(if asked.page_size == 1 { before } else { after }, asked))
    })
    .await;
    let (report, seen) = report_of(&fleet).await;
    assert!(report.says("Not settled: 6 of 10 subtasks may still succeed"), "{}", in_words(&report.still));
    let differ = "3 devices are listed as Fail, and 2 were counted before: subtasks moved between the two";
    assert!(report.says(differ), "{}", in_words(&report.still));
    assert_eq!(seen.stderr, format!("{differ}\n"));
    assert_eq!(report.listed("Fail"), 3);
}

#[tokio::test]
async fn a_settled_task_that_contradicts_itself_is_not_passed_over() {
    let fleet = Fleet::answering(|asked| {
        let counted: &[(&str, u64)] = &[("Success", 2), ("Fail", 2)];
        let listed: &[(&str, u64)] = &[("Success", 2), ("Fail", 3)];
        (200, page(if asked.page_size == 1 { counted } else { listed }, asked))
    })
    .await;
    let (report, seen) = report_of(&fleet).await;
    assert!(report.says("the task had settled, so the platform contradicts itself"));
    assert!(!report.says("Not settled"));
    assert!(seen.stderr.contains("contradicts itself"), "{}", seen.stderr);
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
    let fleet = Fleet::answering(|asked| {
        let rows: Vec<Value> = NAMES
            .iter()
            .filter(|_| asked.status.as_deref().is_none_or(|status| status == "Fail"))
            .map(|name| {
                let error = json!({ "error_code": name, "error_desc": name }).to_string();
                json!({ "status": "Fail", "error": error, "output": name, "param": { "deviceId": name, "commandId": name } })
            })
            .collect();
        let total = rows.len();
        let page: Vec<Value> = rows.into_iter().take(asked.page_size as usize).collect();
        (200, json!({ "totalCount": total, "taskDetails": page }))
    })
    .await;
    let (report, seen) = report_of(&fleet).await;
    for (place, name) in NAMES.iter().enumerate() {
        let row = report.row(place);
        assert_eq!([&row[0], &row[1], &row[3], &row[4], &row[6]], [*name; 5]);
        assert_eq!(report.rows["codes"].as_array().unwrap().iter().filter(|code| *code == name).count(), 1);
    }
    for markup in ["<img", "<!--", "onload=alert(1)>", "onerror=alert(1)>", "<script>alert"] {
        assert!(!report.still.contains(markup), "{markup}");
    }
    let (_, rows) = seen.stdout.split_once("application/json\">").unwrap();
    let rows = rows.split_once("</script>").unwrap().0;
    assert!(!rows.contains(['<', '\u{2028}', '\u{2029}']), "{rows}");
    assert!(!report.still.contains(['\u{202e}', '\u{2028}', '\u{0}']), "they are shown by name");
    assert_eq!(seen.stdout.matches("<script").count(), 2);
    assert!(!seen.stdout.contains("t0ken-of-the-test"));
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_report_takes_the_place_of_the_one_before_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let path = file.to_str().unwrap();
    fs::write(&file, "device,command\n").unwrap();
    let refused = northbound(&["--emulator", "report", "demo", "--out", path]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("it is no report"), "{}", refused.stderr);
    fs::write(&file, "<!DOCTYPE html>the one before").unwrap();
    let failed = northbound(&["--emulator", "report", "nope", "--out", path]);
    assert_eq!((failed.code, failed.stdout.as_str()), (1, ""));
    assert_eq!(fs::read_to_string(&file).unwrap(), "<!DOCTYPE html>the one before");
    assert_eq!(files(folder.path()), ["report.html"]);

    let seen = northbound(&["--emulator", "report", "demo", "--out", path]);
    // The whole, each status, and a page of each that is a failure.
    let calls = 1 + SubtaskStatus::KNOWN.len() + 2;
    let told = format!("{path}: 154 of 1000 subtasks failed or timed out, for 4 reasons; {calls} calls\n");
    assert_eq!((seen.code, seen.stdout, seen.stderr.as_str()), (0, told, ""));
    assert_eq!(files(folder.path()), ["report.html"]);
    assert!(fs::read_to_string(&file).unwrap().starts_with("<!DOCTYPE html>"));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.html");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let before = fs::read(&file).unwrap();
        assert_eq!(northbound(&["--emulator", "report", "nope", "--out", link.to_str().unwrap()]).code, 1);
        assert!(link.is_symlink(), "the report failed");
        assert_eq!(northbound(&["--emulator", "report", "demo", "--out", link.to_str().unwrap()]).code, 0);
        assert!(!link.is_symlink() && fs::read(&file).unwrap() == before);
    }

    let seen = northbound(&["--emulator", "report", "doc-example", "--out", path, "-o", "json"]);
    let told: Value = serde_json::from_str(&seen.stdout).unwrap();
    let named =
        ["file", "taskId", "total", "settled", "failed", "listed", "calls"].map(|name| told[name].clone());
    assert_eq!(json!(named), json!([path, "doc-example", 2, 0, 0, 0, 6]));
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere/report.html");
    for (path, why) in [(folder.path(), "it is a folder"), (&nowhere, "cannot write the report to")] {
        let seen = northbound(&["--emulator", "-v", "report", "demo", "--out", path.to_str().unwrap()]);
        assert_eq!((seen.code, seen.stdout.as_str()), (2, ""));
        assert!(
            !seen.stderr.contains(".part")
                && seen.stderr.contains(why)
                && seen.stderr.contains("help:  name a new file"),
            "{}",
            seen.stderr
        );
    }
    assert_eq!(files(folder.path()), [""; 0]);
    let seen = northbound(&["--emulator", "report", "demo"]);
    assert!(seen.code == 2 && seen.stderr.contains("--out <FILE>"), "{}", seen.stderr);
}
