//! The page: what it shows without its script, and where the rows go.

use std::fs::File;
use std::io::{self, Seek as _, Write};
use std::time::SystemTime;

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use northbound::{ErrorInfo, FailureGroup, Method, SubtaskStatus};
use ring::digest::{SHA256, digest};

use super::content::Content;
use super::text::VisibleText;
use crate::screen::chart::{percent, span, unnamed};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Where the rows go. No text of the platform can hold it: what it has of `<` is escaped.
const ROWS: &str = "<rows>";
/// How many reasons are shown, the largest first. The table has the rest.
const REASONS: usize = 50;
const REASON_COLUMNS: [&str; 4] = ["Devices", "Share of failures", "Code", "The platform’s words"];
/// What the script fills.
const TABLE: &str = include_str!("table.html");

/// Writes the page, with these rows in it.
pub(super) fn write(content: &Content, mut rows: File, out: &mut dyn Write) -> io::Result<()> {
    let page = page(content).into_string();
    let (before, after) =
        page.split_once(ROWS).ok_or_else(|| io::Error::other("the page has no place for rows"))?;
    out.write_all(before.as_bytes())?;
    rows.rewind()?;
    io::copy(&mut rows, out)?;
    out.write_all(after.as_bytes())
}

fn page(content: &Content) -> Markup {
    let (task, failed, total) = (content.task(), content.summary.failed(), content.summary.total());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(STYLE, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "northbound " (env!("CARGO_PKG_VERSION")) };
                title { "Batch task " (task) ": " (grouped(failed)) " of " (grouped(total)) " failed or timed out" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kind { "Batch task" }
                    h1 { (VisibleText(&task)) }
                    p.when { (state(content)) " · " (time(content.at)) }
                }
                main {
                    @for notice in notices(content) { p.notice role="note" { (notice) } }
                    (totals(content))
                    (chart(content))
                    (reasons(content))
                    (devices(content))
                    (origin(content))
                }
                script #rows type="application/json" { (PreEscaped(ROWS)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn state(content: &Content) -> String {
    let summary = &content.summary;
    match summary.total() {
        0 => "no subtasks".to_owned(),
        _ if summary.is_settled() => "settled".to_owned(),
        total => format!("{} settled so far", percent(summary.settled(), total)),
    }
}

/// What a reader has to know first.
fn notices(content: &Content) -> Vec<String> {
    let (under_way, other) = (content.under_way(), unnamed(&content.summary));
    let all = grouped(content.summary.total());
    let open = (under_way > 0).then(|| {
        format!(
            "Not settled: {} of {all} subtasks may still succeed, fail or time out. This page shows how it stood when it was made.",
            grouped(under_way),
        )
    });
    let other = (other > 0)
        .then(|| format!("{} of {all} subtasks were not found in a documented status.", grouped(other)));
    let warnings = content.warnings().into_iter().map(|warning| format!("The numbers differ: {warning}."));
    open.into_iter().chain(other).chain(warnings).collect()
}

fn totals(content: &Content) -> Markup {
    let (summary, under_way) = (&content.summary, content.under_way());
    let (all, failed) = (summary.total(), summary.failed());
    let succeeded = summary.count(&SubtaskStatus::Success);
    html! {
        section.totals aria-label="Totals" {
            (total("all", all, "subtasks", None))
            (total("success", succeeded, "succeeded", Some(percent(succeeded, all))))
            (total("fail", failed, "failed or timed out", Some(percent(failed, all))))
            (total("pending", under_way, "not settled", Some(percent(under_way, all))))
        }
    }
}

fn total(class: &str, count: u64, what: &str, share: Option<String>) -> Markup {
    html! {
        div.total.(class) {
            span.number { (grouped(count)) }
            span.what { (what) }
            @if let Some(share) = share { span.share { (share) } }
        }
    }
}

/// A bar a status, as long as its share of all subtasks.
fn chart(content: &Content) -> Markup {
    let (summary, unnamed) = (&content.summary, unnamed(&content.summary));
    html! {
        section {
            h2 { "By status" }
            table.chart {
                thead.unseen { tr { th scope="col" { "Status" } th scope="col" { "Subtasks" } th scope="col" { "Share" } th {} } }
                tbody {
                    @for (status, count) in summary.by_status() {
                        (bar(class(status), status.as_str(), count, summary.total()))
                    }
                    @if unnamed > 0 { (bar("other", "none of these", unnamed, summary.total())) }
                }
            }
        }
    }
}

fn bar(class: &str, name: &str, count: u64, total: u64) -> Markup {
    html! {
        tr.(class) {
            th scope="row" { (VisibleText(name)) }
            td.number { (grouped(count)) }
            td.number { (percent(count, total)) }
            td.bar { (stripe(count, total)) }
        }
    }
}

/// A drawing, since the policy forbids styles of single elements. What is there at all can be seen.
fn stripe(part: u64, whole: u64) -> Markup {
    let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    html! {
        svg aria-hidden="true" focusable="false" width="100%" height="10" {
            rect.track width="100%" height="10" rx="2" {}
            @if part > 0 { rect.fill width={ (format!("{:.2}", share.clamp(0.3, 100.0))) "%" } height="10" rx="2" {} }
        }
    }
}

fn class(status: &SubtaskStatus) -> &'static str {
    match status {
        SubtaskStatus::Pending => "pending",
        SubtaskStatus::WaitResult => "waiting",
        SubtaskStatus::Success => "success",
        SubtaskStatus::Fail => "fail",
        SubtaskStatus::Timeout => "timeout",
        _ => "other",
    }
}

fn reasons(content: &Content) -> Markup {
    let all = content.list.totals.all();
    let groups = content.list.groups.groups();
    let (shown, rest) = groups.split_at(groups.len().min(REASONS));
    html! {
        section {
            h2 { "Why devices failed" }
            @if groups.is_empty() {
                p { "No subtask failed or timed out." }
            } @else {
                table.reasons {
                    thead { tr { @for heading in REASON_COLUMNS { th scope="col" { (heading) } } } }
                    tbody { @for each in shown { (reason(each, all)) } }
                }
                @if !rest.is_empty() {
                    p.aside {
                        "And " (grouped(rest.len() as u64)) " more codes, of "
                        (grouped(rest.iter().map(|group| group.count()).sum())) " devices: sort the table by code to see them."
                    }
                }
            }
        }
    }
}

fn reason(group: &FailureGroup, all: u64) -> Markup {
    let (texts, count, timed_out) = (group.texts(), group.count(), group.timed_out());
    html! {
        tr {
            td.number {
                button.show type="button" hidden { (grouped(count)) }
                span.plain { (grouped(count)) }
            }
            td.bar { span.percent { (percent(count, all)) } (stripe(count, all)) }
            td.code { @match group.code() { Some(code) => { (VisibleText(code.as_str())) } None => { span.none { "none" } } } }
            td {
                @match texts.first() {
                    Some((text, _)) => { p { (VisibleText(text)) } }
                    None => { p.none { "no words" } }
                }
                @if timed_out > 0 { p.aside { (grouped(timed_out)) " of them timed out" } }
                @if texts.len() > 1 { (other_texts(&texts[1..])) }
                @if let Some(info) = group.info() { (meaning(info)) }
            }
        }
    }
}

fn other_texts(texts: &[(&str, u64)]) -> Markup {
    html! {
        details {
            summary { "other words for it" }
            ul { @for (text, count) in texts { li { (VisibleText(text)) " (" (grouped(*count)) ")" } } }
        }
    }
}

/// What the catalogue of our document says about a code, separate from what the platform said.
fn meaning(info: &ErrorInfo) -> Markup {
    html! { p.aside { "Our catalogue: " (info.meaning) " " b { (info.remedy) } } }
}

fn devices(content: &Content) -> Markup {
    html! {
        section #devices {
            h2 { "Failed devices" }
            @if content.list.totals.all() == 0 {
                p { "None." }
            } @else {
                (PreEscaped(TABLE.lines().collect::<String>()))
            }
        }
    }
}

fn origin(content: &Content) -> Markup {
    let Content { summary, endpoint, by_emulator, at, took, calls, .. } = content;
    html! {
        section.made {
            h2 { "How this was made" }
            dl {
                dt { "Platform" }
                dd { (VisibleText(endpoint)) @if *by_emulator { " (the emulator inside the command: no real devices)" } }
                dt { "Batch task" }
                dd { (VisibleText(&content.task())) }
                dt { "Time" }
                dd { (time(*at)) ", read in " (if took.as_secs() == 0 { "under 1 s".to_owned() } else { span(*took) }) }
                dt { "Calls" }
                dd {
                    (grouped(*calls))
                    @match summary.method() {
                        Method::Read(doubt) => { ": all subtasks read, since " (doubt.to_string()) ", then the failures" }
                        _ => { ": the statuses counted, then the failures read" }
                    }
                }
                dt { "Made by" }
                dd { "northbound " (env!("CARGO_PKG_VERSION")) ", command " code { "report" } }
            }
            p.aside { "One file that asks nothing of any other host. It holds device ids and the platform’s answers, and no secret." }
        }
    }
}

fn time(at: SystemTime) -> Markup {
    let machine = humantime::format_rfc3339_seconds(at).to_string();
    let person = machine.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(machine) { (person) } }
}

/// A number with a comma at the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Lets a browser run the page's own script under its own style, and nothing else: <https://www.w3.org/TR/CSP3/>.
fn policy(style: &str, script: &str) -> String {
    let hash =
        |text: &str| base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let (style, script) = (hash(style), hash(script));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};

    use northbound::Failure;
    use serde_json::json;

    use super::*;
    use crate::commands::report::list::List;

    /// A settled task in which each device failed for another reason.
    fn content(reasons: u64) -> Content {
        let mut by_status: BTreeMap<_, _> = SubtaskStatus::KNOWN.iter().map(|status| (status, 0)).collect();
        by_status.insert(&SubtaskStatus::Fail, reasons);
        let summary =
            json!({ "taskId": "t", "total": reasons, "byStatus": by_status, "other": 0, "calls": 6 });
        let mut list = List::default();
        for code in 0..reasons {
            let error = json!({ "error_code": code.to_string(), "error_desc": format!("<b>{code}</b>") });
            let row = json!({ "status": "Fail", "error": error.to_string() }).to_string();
            let failure = Failure::of(serde_json::from_str(&row).unwrap());
            list.totals.add(failure.subtask());
            list.groups.add(&failure);
        }
        Content {
            summary: serde_json::from_value(summary).unwrap(),
            list,
            endpoint: "https://platform.example".to_owned(),
            by_emulator: false,
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
            took: Duration::from_secs(61),
            calls: 1234,
        }
    }

    #[test]
    fn many_reasons_do_not_make_a_page_long() {
        let shown = |reasons: u64| page(&content(reasons)).into_string();
        let page = shown(60);
        assert_eq!(page.matches("<button class=\"show\"").count(), 50);
        assert!(page.contains("And 10 more codes, of 10 devices"), "{page}");
        assert!(!shown(50).contains("more codes"));
        assert!(page.contains("&lt;b&gt;0&lt;/b&gt;") && !page.contains("<b>0"));
    }

    #[test]
    fn a_settled_task_without_failures_has_no_table_and_no_notice() {
        let page = page(&content(0)).into_string();
        assert!(page.contains("No subtask failed or timed out.") && !page.contains("<table id=\"list\""));
        assert!(!page.contains("class=\"notice\"") && page.contains("no subtasks · "), "{page}");
    }

    #[test]
    fn it_says_how_it_was_made() {
        let page = page(&content(1)).into_string();
        for fact in [
            "<bdi>https://platform.example</bdi></dd>",
            "<time datetime=\"2026-09-21T14:13:20Z\">2026-09-21 14:13:20 UTC</time>, read in 1 min 1 s",
            "<dd>1,234: the statuses counted, then the failures read</dd>",
        ] {
            assert!(page.contains(fact), "{fact}");
        }
    }

    #[test]
    fn thousands_are_separated() {
        let numbers = [0, 999, 1000, 100_000, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "100,000", "1,234,567"]);
    }

    #[test]
    fn the_policy_allows_only_what_has_the_hash() {
        // printf alert | openssl dgst -sha256 -binary | base64; the same of nothing.
        assert_eq!(
            policy("", "alert"),
            "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
             script-src 'sha256-35BQWN1npAn++BSA6B5HNlcrDttNf7mHxpXNB+Jg7IE='; base-uri 'none'; form-action 'none'"
        );
    }
}
