//! Why devices failed, and where: a table of reasons, and one of the values of the user's column.

use indexmap::IndexMap;
use maud::{Markup, html};

use super::stripe::stripe;
use super::text::VisibleText;
use crate::codes::{Explained, Group};
use crate::commands::report::content::{Content, Reason};
use crate::screen::chart::percent;
use crate::screen::layout::grouped;

/// How many lines a table has at most, the largest first. The list of devices has the rest.
const SHOWN: usize = 50;
const COLUMNS: [&str; 5] =
    ["Devices", "Share of failures", "Code", "Who acts", "The platform’s words, and what to do"];

pub(super) fn reasons(content: &Content) -> Markup {
    let (all, reasons) = (content.list.devices(), content.reasons());
    let (shown, rest) = reasons.split_at(reasons.len().min(SHOWN));
    html! {
        section {
            h2 { "Why devices failed" }
            @if reasons.is_empty() {
                p { "No subtask failed or timed out." }
            } @else {
                table.shares.reasons {
                    thead { tr { @for heading in COLUMNS { th scope="col" { (heading) } } } }
                    tbody { @for each in shown { (line(each, all)) } }
                }
                (sources(shown))
                @if !rest.is_empty() {
                    p.aside {
                        "And " (grouped(rest.len() as u64)) " more codes, of "
                        (grouped(rest.iter().map(|reason| reason.group.count()).sum())) " devices: sort the table by code to see them."
                    }
                }
            }
        }
    }
}

fn line(reason: &Reason<'_>, all: u64) -> Markup {
    let Reason { group, explained } = reason;
    let (texts, timed_out) = (group.texts(), group.timed_out());
    // Codes have six or seven digits. One that is longer has less room than words do.
    let has_long_code = group.code().is_some_and(|code| code.as_str().len() > 12);
    html! {
        tr {
            (share(group.count(), all))
            td.code.long[has_long_code] { @match group.code() { Some(code) => { (VisibleText(code.as_str())) } None => { span.none { "none" } } } }
            td.who { @match explained { Some(known) => { (VisibleText(known.who)) } None => { span.none { "not known" } } } }
            td {
                @match texts.first() {
                    Some((text, _)) => { p { (VisibleText(text)) } }
                    None => { p.none { "no words" } }
                }
                @if timed_out > 0 { p.aside { (grouped(timed_out)) " of them timed out" } }
                @if texts.len() > 1 { (other_texts(&texts[1..])) }
                @if let Some(known) = explained { (explanation(known)) }
            }
        }
    }
}

/// Where codes are known from that the platform's page on the call does not list.
fn sources(shown: &[Reason<'_>]) -> Markup {
    let mut codes: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for known in shown.iter().filter_map(|reason| reason.explained) {
        if let Some(source) = known.source {
            codes.entry(source).or_default().push(known.code);
        }
    }
    html! {
        @for (source, codes) in codes { p.aside { (VisibleText(&codes.join(", "))) ": " (VisibleText(source)) } }
    }
}

/// The cells of a number of devices and its share. The script makes the number a button that shows these devices.
fn share(count: u64, all: u64) -> Markup {
    html! {
        td.number {
            button.show type="button" hidden { (grouped(count)) }
            span.plain { (grouped(count)) }
        }
        td.bar { span.percent { (percent(count, all)) } (stripe(count, all)) }
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

/// What is known of a code, separate from what the platform said.
fn explanation(known: &Explained<'_>) -> Markup {
    html! {
        p.aside { @if known.group != Group::Own { "Our catalogue: " } (VisibleText(known.meaning)) }
        p.next { (VisibleText(known.next_step)) }
    }
}

/// How many devices failed in each district, or whatever the user's column is.
pub(super) fn groups(content: &Content) -> Markup {
    let Some((column, groups)) = content.by() else { return html! {} };
    let all = content.list.devices();
    let (shown, rest) = groups.split_at(groups.len().min(SHOWN));
    html! {
        section {
            h2 { "By " (VisibleText(column)) }
            table.shares.groups {
                thead { tr { th scope="col" { "Devices" } th scope="col" { "Share of failures" } th scope="col" { (VisibleText(column)) } } }
                tbody { @for (value, count) in shown { tr { (share(*count, all)) td { (VisibleText(value)) } } } }
            }
            @if !rest.is_empty() {
                p.aside {
                    "And " (grouped(rest.len() as u64)) " more, of " (grouped(rest.iter().map(|(_, count)| count).sum()))
                    " devices: sort the table by " (VisibleText(column)) " to see them."
                }
            }
        }
    }
}
