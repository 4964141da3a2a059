//! The page: what it shows without its script, and where the rows go.

mod reasons;
mod spool;
mod stripe;
mod text;

use std::io::{self, Seek as _, Write};

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use northbound::{Method, SubtaskStatus};
use ring::digest::{SHA256, digest};

use self::reasons::{groups, reasons};
pub(super) use self::spool::Spool;
use self::stripe::stripe;
use self::text::VisibleText;
use super::content::Content;
use crate::screen::chart::{percent, span, unnamed};
use crate::screen::layout::grouped;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// What the script fills.
const TABLE: &str = include_str!("page/table.html");
/// Where the rows go. No text of the platform can hold it: what it has of `<` is escaped.
const ROWS: &str = "<rows>";
/// Writes the page, with these rows in it.
pub(super) fn write(content: &Content, spool: Spool, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = spool.finish(&content.list)?;
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
    let name = content.title.as_ref().map_or_else(|| format!("Batch task {task}"), |_| content.heading());
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
                title { (name) ": " (grouped(failed)) " of " (grouped(total)) " failed or timed out" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kind { "Batch task" @if content.title.is_some() { " " (VisibleText(&task)) } }
                    h1 { (VisibleText(&content.heading())) }
                    p.when { (content.state()) " · " (time(content)) }
                }
                main {
                    @for notice in content.notices() { p.notice role="note" { (notice) } }
                    (totals(content))
                    (chart(content))
                    @if let Some(since) = content.since() { p.since { (since) } }
                    (reasons(content))
                    (groups(content))
                    (devices(content))
                    (origin(content))
                }
                script #rows type="application/json" { (PreEscaped(ROWS)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
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
    let Content { summary, endpoint, by_emulator, took, calls, .. } = content;
    html! {
        section.made {
            h2 { "How this was made" }
            dl {
                dt { "Platform" }
                dd { (VisibleText(endpoint)) @if *by_emulator { " (the emulator inside the command: no real devices)" } }
                dt { "Batch task" }
                dd { (VisibleText(&content.task())) }
                dt { "Time" }
                dd { (time(content)) @if let Some(zone) = content.zone.name() { " (" (zone) ")" } ", read in " (if took.as_secs() == 0 { "under 1 s".to_owned() } else { span(*took) }) }
                dt { "Calls" }
                dd {
                    (grouped(*calls))
                    @match summary.method() {
                        Method::Read(doubt) => { ": all subtasks read, since " (doubt.to_string()) ", then the failures" }
                        _ => { ": the statuses counted, then the failures read" }
                    }
                }
                @for (place, about) in content.about_own_columns().iter().enumerate() {
                    @if place == 0 { dt { "Own columns" } }
                    dd { (VisibleText(about)) }
                }
                dt { "Made by" }
                dd { "northbound " (env!("CARGO_PKG_VERSION")) ", command " code { "report" } }
            }
            p.aside { "One file that asks nothing of any other host. It holds device ids and the platform’s answers, and no secret." }
        }
    }
}

fn time(content: &Content) -> Markup {
    html! { time datetime=(humantime::format_rfc3339_seconds(content.at)) { (content.zone.show(content.at)) } }
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
    use crate::codes::Codes;
    use crate::commands::report::list::List;
    use crate::commands::report::zone::Zone;

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
            assert!(list.add(&failure).is_some());
        }
        Content {
            summary: serde_json::from_value(summary).unwrap(),
            list,
            endpoint: "https://platform.example".to_owned(),
            by_emulator: false,
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
            took: Duration::from_secs(61),
            calls: 1234,
            title: None,
            zone: Zone::default(),
            codes: Codes::default(),
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
            "<bdi class=\"whole\">https://platform.example</bdi></dd>",
            "<time datetime=\"2026-09-21T14:13:20Z\">2026-09-21 14:13:20 UTC</time>, read in 1 min 1 s",
            "<dd>1,234: the statuses counted, then the failures read</dd>",
        ] {
            assert!(page.contains(fact), "{fact}");
        }
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
