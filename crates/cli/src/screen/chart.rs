//! How far a batch task is, drawn for a terminal of some width. Decides only: state and width in, lines out.

use std::time::Duration;

use northbound::{Method, SubtaskStatus, Summary};

use crate::screen::layout::{counted, flowed, one_line};
use crate::screen::palette::Palette;

/// The width of a chart for a reader that is no terminal.
pub(crate) const PLAIN_WIDTH: usize = 80;
/// Longer bars do not show more.
pub(crate) const LONGEST_BAR: usize = 60;
const GAP: usize = 2;

/// How many subtasks a task has, and how many are in each status.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts {
    pub(crate) task: String,
    pub(crate) total: u64,
    pub(crate) by_status: Vec<(SubtaskStatus, u64)>,
    /// In no status that the document lists.
    pub(crate) other: u64,
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) is_settled: bool,
}

impl From<&Summary> for Counts {
    fn from(summary: &Summary) -> Self {
        Self {
            task: one_line(summary.task_id()),
            total: summary.total(),
            by_status: summary.by_status().map(|(status, count)| (status.clone(), count)).collect(),
            other: summary.other(),
            settled: summary.settled(),
            failed: summary.failed(),
            is_settled: summary.is_settled(),
        }
    }
}

impl Counts {
    pub(crate) fn of(&self, status: &SubtaskStatus) -> u64 {
        self.by_status.iter().find(|(counted, _)| counted == status).map_or(0, |(_, count)| *count)
    }

    /// How many subtasks have settled, as in `412 of 1000 settled (41.2 %)`.
    pub(crate) fn progress(&self) -> String {
        let Self { total, settled, .. } = self;
        match total {
            0 => "no subtasks".to_owned(),
            _ => format!("{settled} of {total} settled ({})", percent(*settled, *total)),
        }
    }

    /// How many failed, as in `62 failed or timed out (6.2 %)`.
    pub(crate) fn failures(&self) -> String {
        format!("{} failed or timed out ({})", self.failed, percent(self.failed, self.total))
    }

    /// How many are in no status that the document lists, and in none that a read has named.
    pub(crate) fn unnamed(&self) -> u64 {
        let named = self.by_status.iter().filter(|(status, _)| !SubtaskStatus::KNOWN.contains(status));
        self.other.saturating_sub(named.map(|(_, count)| count).sum())
    }

    /// How many are in no status that the document lists, if any.
    fn others(&self) -> Option<String> {
        (self.other > 0).then(|| format!("{} not found in a documented status", self.other))
    }

    /// The counts that are not 0.
    fn nonzero(&self) -> impl Iterator<Item = String> {
        let counted = self.by_status.iter().filter(|(_, count)| *count > 0);
        let counted = counted.map(|(status, count)| format!("{count} {}", one_line(status.as_str())));
        counted.chain(self.others())
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

/// What a summary shows: a heading, a bar a status, and how the numbers were found.
pub(crate) fn summary(
    counts: &Counts,
    calls: u64,
    method: Method,
    width: usize,
    palette: Palette,
) -> Vec<String> {
    let mut lines = heading(counts, width, palette);
    lines.extend(bars(counts, width, palette));
    lines.push(String::new());
    let calls = counted(calls, "call");
    let mut facts = vec![counts.failures()];
    facts.extend(counts.others());
    facts.push(match method {
        Method::Read(doubt) => format!("read in {calls}, since {doubt}"),
        _ => format!("counted in {calls}"),
    });
    lines.extend(flowed(&facts, width));
    lines
}

fn heading(counts: &Counts, width: usize, palette: Palette) -> Vec<String> {
    let facts = [format!("Batch task {}", counts.task), counts.progress()];
    let mut lines: Vec<String> = flowed(&facts, width).iter().map(|line| palette.strong(line)).collect();
    lines.push(String::new());
    lines
}

/// A row a status: its name, its count, its share, and a bar as long as the share.
fn bars(counts: &Counts, width: usize, palette: Palette) -> Vec<String> {
    let names: Vec<String> = counts.by_status.iter().map(|(status, _)| one_line(status.as_str())).collect();
    let longest = names.iter().map(|name| crate::screen::layout::width(name)).max().unwrap_or(0);
    let digits = counts.total.to_string().len();
    // `100.0 %` has seven characters.
    let room = width.saturating_sub(longest + digits + 7 + 3 * GAP).min(LONGEST_BAR);
    let rows = counts.by_status.iter().zip(names).map(|((status, count), name)| {
        let padding = " ".repeat(longest - crate::screen::layout::width(&name));
        let share = percent(*count, counts.total);
        let bar = palette.status(status, &bar(*count, counts.total, room));
        format!("{name}{padding}  {count:>digits$}  {share:>7}  {bar}").trim_end().to_owned()
    });
    rows.collect()
}

/// A bar as long as the part: in eighths of a character, and never empty unless there is nothing.
pub(crate) fn bar(part: u64, whole: u64, room: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if part == 0 || whole == 0 || room == 0 {
        return String::new();
    }
    let share = (part as f64 / whole as f64).min(1.0);
    // The cast is safe: the share is at most 1, and a terminal is narrow.
    let eighths = ((share * (room * 8) as f64).round() as usize).max(1);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// What can be seen of a watch at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WatchSnapshot {
    pub(crate) counts: Counts,
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
}

impl WatchSnapshot {
    fn pace(&self) -> Option<String> {
        if self.counts.is_settled {
            return Some(format!("settled after {}", span(self.elapsed)));
        }
        let rate = self.rate.filter(|rate| *rate > 0.0)?;
        let rate = per_second(rate);
        Some(match self.left {
            Some(left) => format!("{rate}, about {} left", span(left)),
            None => rate,
        })
    }

    fn failures(&self) -> String {
        match self.limit {
            Some(limit) => format!("{}, at most {limit} % allowed", self.counts.failures()),
            None => self.counts.failures(),
        }
    }
}

/// What a terminal shows of a watch, no line wider than `width`.
pub(crate) fn frame(snapshot: &WatchSnapshot, width: usize, palette: Palette) -> Vec<String> {
    let mut lines = heading(&snapshot.counts, width, palette);
    lines.extend(bars(&snapshot.counts, width, palette));
    lines.push(String::new());
    let failures = [snapshot.failures()].into_iter().chain(snapshot.counts.others());
    lines.extend(flowed(&failures.collect::<Vec<_>>(), width));
    let mut facts: Vec<String> = Vec::new();
    match snapshot.pace() {
        Some(pace) => facts.push(pace),
        None => facts.push("waiting for something to settle".to_owned()),
    }
    if !snapshot.counts.is_settled {
        facts.push(format!("{} so far", span(snapshot.elapsed)));
    }
    facts.push(format!("{} calls", snapshot.calls));
    facts.extend(snapshot.quota.map(|(used, all)| format!("quota {used} of {all} used")));
    lines.extend(flowed(&facts, width).iter().map(|line| palette.quiet(line)));
    lines
}

/// What a log shows of a watch.
pub(crate) fn log_line(snapshot: &WatchSnapshot) -> String {
    let mut facts = vec![snapshot.counts.progress()];
    facts.extend(snapshot.counts.nonzero());
    facts.extend(snapshot.pace());
    format!("{:>10}  {}", span(snapshot.elapsed), facts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::layout;

    fn counts(numbers: [u64; 5], other: u64) -> Counts {
        let [pending, waiting, success, fail, timeout] = numbers;
        let statuses = SubtaskStatus::KNOWN.iter().cloned();
        Counts {
            task: "demo".to_owned(),
            total: numbers.iter().sum::<u64>() + other,
            by_status: statuses.zip([pending, waiting, success, fail, timeout]).collect(),
            other,
            settled: success + fail + timeout,
            failed: fail + timeout,
            is_settled: pending + waiting + other == 0,
        }
    }

    fn snapshot(numbers: [u64; 5]) -> WatchSnapshot {
        WatchSnapshot {
            counts: counts(numbers, 0),
            rate: Some(14.23),
            left: Some(Duration::from_secs(42)),
            elapsed: Duration::from_secs(29),
            calls: 38,
            quota: Some((12, 100)),
            limit: Some(2.5),
        }
    }

    #[test]
    fn a_picture_shows_the_state_of_a_task() {
        let shown = frame(&snapshot([120, 468, 350, 42, 20]), 80, Palette::default()).join("\n");
        assert_eq!(
            shown,
            "\
Batch task demo, 412 of 1000 settled (41.2 %)

Pending      120   12.0 %  ██████▍
WaitResult   468   46.8 %  ████████████████████████▊
Success      350   35.0 %  ██████████████████▌
Fail          42    4.2 %  ██▎
Timeout       20    2.0 %  █

62 failed or timed out (6.2 %), at most 2.5 % allowed
14/s, about 42 s left, 29 s so far, 38 calls, quota 12 of 100 used"
        );
    }

    #[test]
    fn forty_columns_hold_every_fact() {
        let shown = frame(&snapshot([120, 468, 350, 42, 20]), 40, Palette::default());
        assert!(shown.iter().all(|line| layout::width(line) <= 40), "{shown:#?}");
        assert_eq!(
            shown.join("\n"),
            "\
Batch task demo
412 of 1000 settled (41.2 %)

Pending      120   12.0 %  █▌
WaitResult   468   46.8 %  ██████▏
Success      350   35.0 %  ████▌
Fail          42    4.2 %  ▌
Timeout       20    2.0 %  ▎

62 failed or timed out (6.2 %), at most
2.5 % allowed
14/s, about 42 s left, 29 s so far
38 calls, quota 12 of 100 used"
        );
    }

    #[test]
    fn no_terminal_is_too_narrow_and_colours_take_no_room() {
        for width in 1..120 {
            let plain = frame(&snapshot([1, 2, 3, 4, 5]), width, Palette::default());
            let coloured = frame(&snapshot([1, 2, 3, 4, 5]), width, Palette::coloured());
            assert_eq!(plain.len(), coloured.len());
            for (plain, coloured) in plain.iter().zip(&coloured) {
                assert_eq!(layout::width(plain), layout::width(coloured));
            }
            let widest = plain.iter().map(|line| layout::width(line)).max();
            assert!(width < 29 || widest <= Some(width), "{width}: {plain:#?}");
        }
    }

    #[test]
    fn a_log_line_holds_what_counts() {
        let mut open =
            WatchSnapshot { counts: counts([1, 0, 7, 0, 0], 2), rate: None, left: None, ..snapshot([0; 5]) };
        assert_eq!(
            log_line(&open),
            "      29 s  7 of 10 settled (70.0 %), 1 Pending, 7 Success, 2 not found in a documented status"
        );
        assert_eq!(open.counts.unnamed(), 2);
        open.counts.by_status.push(("Halted".into(), 1));
        assert_eq!(
            log_line(&open),
            "      29 s  7 of 10 settled (70.0 %), 1 Pending, 7 Success, 1 Halted, 2 not found in a documented status"
        );
        assert_eq!(open.counts.unnamed(), 1);
        assert!(
            frame(&open, 100, Palette::default())
                .join("\n")
                .contains("allowed, 2 not found in a documented status\n")
        );
        assert_eq!(
            log_line(&snapshot([0, 0, 9, 1, 0])),
            "      29 s  10 of 10 settled (100.0 %), 9 Success, 1 Fail, settled after 29 s"
        );
        let mut empty = WatchSnapshot { rate: None, ..snapshot([0; 5]) };
        empty.counts.is_settled = false;
        assert_eq!(log_line(&empty), "      29 s  no subtasks");
    }

    #[test]
    fn only_the_whole_is_a_hundred_percent() {
        let shares = [(0, 30_000), (1, 30_000), (15_000, 30_000), (29_999, 30_000), (30_000, 30_000), (0, 0)];
        assert_eq!(
            shares.map(|(part, whole)| percent(part, whole)),
            ["0.0 %", "0.1 %", "50.0 %", "99.9 %", "100.0 %", "0.0 %"]
        );
        assert_eq!([bar(0, 9, 8), bar(1, 1_000_000, 8), bar(9, 9, 8)], ["", "▏", "████████"]);
    }

    #[test]
    fn a_summary_says_how_its_numbers_were_found() {
        let shown = summary(&counts([60, 90, 702, 101, 47], 0), 6, Method::Counted, 60, Palette::default());
        assert_eq!(shown.last().unwrap(), "148 failed or timed out (14.8 %), counted in 6 calls");
        let doubt = northbound::Doubt::NoTotal;
        let shown = summary(&counts([0, 0, 1, 0, 0], 1), 1, Method::Read(doubt), 200, Palette::default());
        assert_eq!(
            shown.last().unwrap(),
            "0 failed or timed out (0.0 %), 1 not found in a documented status, read in 1 call, since a page has no total"
        );
    }

    #[test]
    fn spans_have_two_units() {
        let spans = [0, 59, 60, 200, 3600, 7500].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["0 s", "59 s", "1 min", "3 min 20 s", "1 h", "2 h 5 min"]);
    }
}
