//! How far a batch task is, drawn for a terminal of some width. Decides only: state and width in, lines out.

use std::time::Duration;

use northbound::{Method, SubtaskStatus, Summary};

use crate::screen::layout::{self, counted, flowed, one_line};
use crate::screen::palette::{Palette, QUIET, STRONG, WARNING, of_status};

/// The width of a chart for a reader that is no terminal.
pub(crate) const PLAIN_WIDTH: usize = 80;
/// Longer bars do not show more.
pub(crate) const LONGEST_BAR: usize = 60;
const GAP: usize = 2;

/// How many have settled, as in `412 of 1000 settled (41.2 %)`.
fn progress(summary: &Summary) -> String {
    match (summary.settled(), summary.total()) {
        (_, 0) => "no subtasks".to_owned(),
        (settled, total) => format!("{settled} of {total} settled ({})", percent(settled, total)),
    }
}

/// How many failed, as in `62 failed or timed out (6.2 %)`.
fn failures(summary: &Summary) -> String {
    let failed = summary.failed();
    format!("{failed} failed or timed out ({})", percent(failed, summary.total()))
}

/// How many are in no status that the document lists, and in none that a read has named.
pub(crate) fn unnamed(summary: &Summary) -> u64 {
    let named = summary.by_status().filter(|(status, _)| !SubtaskStatus::KNOWN.contains(status));
    summary.other().saturating_sub(named.map(|(_, count)| count).sum())
}

/// The same in words, if there are any. A status that a read has named is counted by its name.
fn others(summary: &Summary) -> Option<String> {
    match (unnamed(summary), summary.unsplit()) {
        (0, 0) => None,
        (0, unsplit) => Some(format!("{unsplit} not settled")),
        (other, _) => Some(format!("{other} not found in a documented status")),
    }
}

/// A part of the whole in percent. Only the whole is 100 % and only nothing is 0 %, however large the numbers are.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0.0 %".to_owned();
    }
    let share = 100.0 * part as f64 / whole as f64;
    let shown = if part >= whole { 100.0 } else { share.clamp(0.1, 99.9) };
    format!("{shown:.1} %")
}

/// A duration as a person says it, in at most two units.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// How many things a second, with a digit behind the point where there are few.
pub(crate) fn per_second(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") }
}

/// What a summary shows: a heading, a bar for each status, and how the numbers were found.
pub(crate) fn summary(summary: &Summary, width: usize, palette: Palette) -> Vec<String> {
    let blank = [String::new()];
    let bars = bars(summary, width, palette);
    let mut lines = [&heading(summary, width, palette)[..], &blank, &bars, &blank].concat();
    let mut facts = vec![failures(summary)];
    facts.extend(others(summary));
    facts.push(how_found(summary.method(), &counted(summary.calls(), "call")));
    lines.extend(flowed(&facts, width));
    lines
}

fn how_found(method: Method, calls: &str) -> String {
    match method {
        Method::Read(doubt) => format!("read in {calls}, since {doubt}"),
        _ => format!("counted in {calls}"),
    }
}

fn heading(summary: &Summary, width: usize, palette: Palette) -> Vec<String> {
    let facts = [format!("Batch task {}", one_line(summary.task_id())), progress(summary)];
    flowed(&facts, width).iter().map(|line| palette.paint(STRONG, line)).collect()
}

/// A row for each status: its name, its count, its share, and a bar as long as the share.
fn bars(summary: &Summary, width: usize, palette: Palette) -> Vec<String> {
    let names: Vec<String> = summary.by_status().map(|(status, _)| one_line(status.as_str())).collect();
    let longest = names.iter().map(|name| layout::width(name)).max().unwrap_or(0);
    let digits = summary.total().to_string().len();
    // `100.0 %` has seven characters.
    let room = width.saturating_sub(longest + digits + 7 + 3 * GAP).min(LONGEST_BAR);
    let rows = summary.by_status().zip(names).map(|((status, count), name)| {
        let padding = " ".repeat(longest - layout::width(&name));
        let share = percent(count, summary.total());
        let bar = palette.paint(of_status(status), &bar(count, summary.total(), room, palette));
        format!("{name}{padding}  {count:>digits$}  {share:>7}  {bar}").trim_end().to_owned()
    });
    rows.collect()
}

/// A bar as long as the part: in eighths of a character if there are such, and never empty unless there is nothing.
pub(crate) fn bar(part: u64, whole: u64, room: usize, palette: Palette) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if part == 0 || whole == 0 || room == 0 {
        return String::new();
    }
    let share = (part as f64 / whole as f64).min(1.0);
    // The casts are safe: the share is at most 1, and a terminal is narrow.
    if palette.ascii {
        return "#".repeat(((share * room as f64).round() as usize).max(1));
    }
    let eighths = ((share * (room * 8) as f64).round() as usize).max(1);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// What can be seen of a watch at one moment.
#[derive(Debug)]
pub(crate) struct WatchSnapshot<'a> {
    pub(crate) summary: &'a Summary,
    /// Subtasks that settle in a second.
    pub(crate) rate: Option<f64>,
    pub(crate) left: Option<Duration>,
    pub(crate) elapsed: Duration,
    /// Calls since the watch began.
    pub(crate) calls: u64,
    /// Calls of the quota that are used up, and all of them, if there is a limit.
    pub(crate) quota: Option<(u32, u32)>,
    /// The share of failures that ends the watch, in percent.
    pub(crate) limit: Option<f64>,
    /// What the watch waits for, so that the numbers are old.
    pub(crate) waiting: Option<String>,
}

impl WatchSnapshot<'_> {
    fn pace(&self) -> Option<String> {
        if self.summary.is_settled() {
            return Some(format!("settled after {}", span(self.elapsed)));
        }
        if self.waiting.is_some() {
            // Nobody knows what settles meanwhile.
            return None;
        }
        let rate = per_second(self.rate.filter(|rate| *rate > 0.0)?);
        Some(match self.left.filter(|left| left.as_secs() > 0) {
            Some(left) => format!("{rate}, about {} left", span(left)),
            None => rate,
        })
    }
}

/// What a terminal shows of a watch, no line wider than `width`. Where there is no room for all lines, blank ones are left out first, then
/// bars, and what the watch waits for last.
pub(crate) fn frame(
    snapshot: &WatchSnapshot<'_>,
    width: usize,
    room: usize,
    palette: Palette,
) -> Vec<String> {
    let summary = snapshot.summary;
    let allowed = snapshot.limit.map(|limit| format!(", at most {limit} % allowed"));
    let mut facts = vec![failures(summary) + &allowed.unwrap_or_default()];
    facts.extend(others(summary));
    let mut below = flowed(&facts, width);
    let mut facts: Vec<String> = snapshot.pace().into_iter().collect();
    if facts.is_empty() && snapshot.waiting.is_none() {
        facts.push("waiting for something to settle".to_owned());
    }
    if !summary.is_settled() {
        facts.push(format!("{} so far", span(snapshot.elapsed)));
    }
    facts.push(counted(snapshot.calls, "call"));
    facts.extend(snapshot.quota.map(|(used, all)| format!("quota {used} of {all} used")));
    below.extend(flowed(&facts, width).iter().map(|line| palette.paint(QUIET, line)));
    let waiting = snapshot.waiting.as_deref().map(|line| waiting_lines(line, width, room));
    let waiting = waiting.unwrap_or_default().into_iter().map(|line| palette.paint(WARNING, &line));
    let (heading, mut bars) = (heading(summary, width, palette), bars(summary, width, palette));
    let left = room.saturating_sub(heading.len() + below.len() + waiting.len());
    let blank = if bars.len() + 2 <= left { vec![String::new()] } else { Vec::new() };
    bars.truncate(left);
    let mut lines = [heading, blank.clone(), bars, blank, below].concat();
    lines.truncate(room.saturating_sub(waiting.len()));
    lines.extend(waiting);
    lines
}

/// What a command waits for, in lines; where they have no room, the next try comes first.
pub(crate) fn waiting_lines(line: &str, width: usize, room: usize) -> Vec<String> {
    let lines = layout::wrapped(line, width);
    match line.rsplit_once("; ").filter(|_| lines.len() > room) {
        Some((what, next)) => layout::wrapped(&format!("{next}; {what}"), width),
        None => lines,
    }
}

/// What a log shows of a watch.
pub(crate) fn log_line(snapshot: &WatchSnapshot<'_>) -> String {
    let summary = snapshot.summary;
    let counts = summary.by_status().filter(|(_, count)| *count > 0);
    let mut facts = vec![progress(summary)];
    facts.extend(counts.map(|(status, count)| format!("{count} {}", one_line(status.as_str()))));
    facts.extend(others(summary));
    facts.extend(snapshot.pace());
    format!("{:>10}  {}", span(snapshot.elapsed), facts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    /// A summary of the documented statuses, of another one and of rows in no status; it took 6 calls.
    fn counts(numbers: [u64; 5], halted: u64, other: u64) -> Summary {
        let known = SubtaskStatus::KNOWN.iter().map(SubtaskStatus::as_str).zip(numbers);
        let halted = (halted > 0).then_some(("Halted", halted));
        let by_status: BTreeMap<_, _> = known.chain(halted).collect();
        let total = numbers.iter().sum::<u64>() + other;
        serde_json::from_value(
            json!({ "taskId": "demo", "total": total, "byStatus": by_status, "other": other, "calls": 6 }),
        )
        .unwrap()
    }

    fn snapshot(summary: &Summary) -> WatchSnapshot<'_> {
        WatchSnapshot {
            summary,
            rate: Some(14.23),
            left: Some(Duration::from_secs(42)),
            elapsed: Duration::from_secs(29),
            calls: 38,
            quota: Some((12, 100)),
            limit: Some(2.5),
            waiting: None,
        }
    }

    #[test]
    fn pictures_and_log_lines_show_the_state_of_a_task() {
        let [moving, settled] = [[120, 468, 350, 42, 20], [0, 0, 9, 1, 0]].map(|known| counts(known, 0, 0));
        let [unnamed, named] = [0, 1].map(|halted| counts([1, 0, 7, 0, 0], halted, 2));
        assert_eq!([&unnamed, &named].map(super::unnamed), [2, 1]);
        let empty = counts([0; 5], 0, 0);
        let open = |summary| WatchSnapshot { rate: None, left: None, ..snapshot(summary) };
        let waiting = Some("numbers of 52 s ago: token refused".to_owned());
        let waiting = WatchSnapshot { waiting, ..snapshot(&moving) };
        let drawn = [(snapshot(&moving), 80), (snapshot(&moving), 40), (open(&named), 100), (waiting, 80)];
        let all = usize::MAX;
        let drawn =
            drawn.map(|(snapshot, width)| frame(&snapshot, width, all, Palette::default()).join("\n"));
        let logged = [open(&unnamed), open(&named), snapshot(&settled), open(&empty)];
        let counted = [summary(&moving, 60, Palette::default()), summary(&unnamed, 200, Palette::default())];
        let shown = [&drawn[..], &logged.map(|line| log_line(&line)), &counted.map(|lines| lines.join("\n"))];
        insta::assert_snapshot!(shown.concat().join("\n\n"));
    }

    #[test]
    fn no_terminal_is_too_narrow_and_colours_take_no_room() {
        for width in 1..120 {
            let plain = frame(&snapshot(&counts([1, 2, 3, 4, 5], 0, 0)), width, 99, Palette::default());
            let coloured = frame(&snapshot(&counts([1, 2, 3, 4, 5], 0, 0)), width, 99, Palette::coloured());
            let widths = |lines: &[String]| lines.iter().map(|line| layout::width(line)).collect::<Vec<_>>();
            assert_eq!(widths(&plain), widths(&coloured));
            assert!(width < 29 || widths(&plain).iter().all(|line| *line <= width), "{width}: {plain:#?}");
        }
    }

    #[test]
    fn a_low_terminal_still_shows_what_the_watch_waits_for() {
        let counts = counts([120, 468, 350, 42, 20], 0, 0);
        let line = "numbers of 52 s ago: platform unreachable since 10:42:07 UTC (Connection refused); next try in 8 s";
        let waiting = WatchSnapshot { waiting: Some(line.to_owned()), ..snapshot(&counts) };
        for (room, width) in [(9, 80), (9, 40), (7, 40), (3, 40), (23, 80)] {
            let lines = frame(&waiting, width, room, Palette::default());
            let blank = lines.iter().any(String::is_empty);
            assert!(lines.len() <= room && blank == (room == 23), "{room} {width}: {lines:#?}");
            assert!(lines.join(" ").ends_with(line), "{room} {width}: {lines:#?}");
        }
        let lines = frame(&waiting, 40, 2, Palette::default());
        assert!(lines[0].starts_with("next try in 8 s; numbers of"), "{lines:#?}");
    }

    #[test]
    fn only_the_whole_is_a_hundred_percent() {
        let shares = [(0, 30_000), (1, 30_000), (15_000, 30_000), (29_999, 30_000), (30_000, 30_000), (0, 0)];
        let shown = shares.map(|(part, whole)| percent(part, whole));
        let ascii = Palette::chosen(crate::arguments::global::ColourChoice::Auto, true, &|_| None);
        assert_eq!([(1, 99), (9, 9)].map(|(part, whole)| bar(part, whole, 8, ascii)), ["#", "########"]);
        assert_eq!(shown, ["0.0 %", "0.1 %", "50.0 %", "99.9 %", "100.0 %", "0.0 %"]);
        assert_eq!(
            [(0, 9), (1, 1_000_000), (9, 9)].map(|(part, whole)| bar(part, whole, 8, Palette::default())),
            ["", "▏", "████████"]
        );
    }

    #[test]
    fn a_summary_says_why_it_had_to_read() {
        let doubt = northbound::Doubt::NoTotal;
        assert_eq!(how_found(Method::Read(doubt), "1 call"), "read in 1 call, since a page has no total");
    }

    #[test]
    fn spans_have_two_units() {
        let spans = [0, 59, 60, 200, 3600, 7500].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["0 s", "59 s", "1 min", "3 min 20 s", "1 h", "2 h 5 min"]);
    }
}
