//! What a report says, before it is a page.

use std::time::{Duration, SystemTime};

use northbound::{ErrorCode, FailureGroup, FailureQuery, Summary};
use serde_json::{Value, json};

use super::earlier::Earlier;
use super::list::List;
use super::zone::Zone;
use crate::codes::{Codes, Explained};
use crate::rows::join::Join;
use crate::screen::chart::{percent, unnamed};
use crate::screen::layout::{counted, grouped, one_line};

/// Everything but the rows, and how the report was made.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) summary: Summary,
    pub(super) list: List,
    pub(super) endpoint: String,
    /// Whether that is the emulator inside this command, and not a platform.
    pub(super) by_emulator: bool,
    pub(super) at: SystemTime,
    pub(super) took: Duration,
    pub(super) calls: u64,
    /// The user's own title.
    pub(super) title: Option<String>,
    /// Every time is shown in it.
    pub(super) zone: Zone,
    /// What is known of codes.
    pub(super) codes: Codes,
}

/// Why devices failed: those with one code.
#[derive(Debug)]
pub(super) struct Reason<'a> {
    pub(super) group: &'a FailureGroup,
    pub(super) explained: Option<Explained<'a>>,
}

impl Content {
    pub(super) fn task(&self) -> String {
        one_line(self.summary.task_id())
    }

    /// What stands at the top: the user's title, else the task's id.
    pub(super) fn heading(&self) -> String {
        self.title.as_deref().map_or_else(|| self.task(), one_line)
    }

    /// The largest first.
    pub(super) fn reasons(&self) -> Vec<Reason<'_>> {
        let explained = |group: &FailureGroup| self.codes.explain(group.code()?.as_str());
        let groups = self.list.groups.groups().into_iter();
        groups.map(|group| Reason { group, explained: explained(group) }).collect()
    }

    /// Failed devices by the value of the user's column that was asked for, the most first, with the name of the column.
    pub(super) fn by(&self) -> Option<(&str, Vec<(&str, u64)>)> {
        let join = self.list.join.as_ref()?;
        Some((join.columns().get(join.by()?)?, join.groups()))
    }

    /// What has changed since the older export, if one was named.
    pub(super) fn since(&self) -> Option<String> {
        let earlier = self.list.earlier.as_ref()?;
        let [new, still, recovered] = [earlier.new, earlier.still, earlier.recovered()].map(grouped);
        let name = &earlier.name;
        Some(format!(
            "Since {name}: {new} failed now and not then, {still} both times, {recovered} then and not now."
        ))
    }

    /// How the user's own columns and the rows fit together.
    pub(super) fn about_own_columns(&self) -> Vec<String> {
        self.list.join.as_ref().map(Join::notes).unwrap_or_default()
    }

    /// Subtasks that have not settled, as far as is known.
    pub(super) fn under_way(&self) -> u64 {
        self.summary.total().saturating_sub(self.summary.settled())
    }

    /// Where the list and the counts, which were asked for before it, do not say the same.
    pub(super) fn warnings(&self) -> Vec<String> {
        let (summary, listed) = (&self.summary, &self.list.totals);
        let why = if summary.is_settled() {
            "the task had settled, so the platform contradicts itself"
        } else {
            "subtasks moved between the two"
        };
        let mut warnings: Vec<String> = FailureQuery::STATUSES
            .iter()
            .map(|status| (status, listed.of(status), summary.count(status)))
            .filter(|(_, listed, before)| listed != before)
            .map(|(status, listed, before)| {
                let devices = counted(listed, "device");
                format!("{devices} listed as {status}, and {before} counted before: {why}")
            })
            .collect();
        if listed.without_status() > 0 {
            let without = listed.without_status();
            let rows = counted(without, "row");
            warnings.push(format!("{rows} listed as failures came without a status"));
        }
        warnings
    }

    /// How far the task is.
    pub(super) fn state(&self) -> String {
        let summary = &self.summary;
        match summary.total() {
            0 => "no subtasks".to_owned(),
            _ if summary.is_settled() => "settled".to_owned(),
            total => format!("{} settled so far", percent(summary.settled(), total)),
        }
    }

    /// What a reader has to know first.
    pub(super) fn notices(&self) -> Vec<String> {
        let (under_way, other) = (self.under_way(), unnamed(&self.summary));
        let all = grouped(self.summary.total());
        let open = (under_way > 0).then(|| {
            format!(
                "Not settled: {} of {all} subtasks may still succeed, fail or time out. This report shows how it stood when it was made.",
                grouped(under_way),
            )
        });
        let other = (other > 0)
            .then(|| format!("{} of {all} subtasks were not found in a documented status.", grouped(other)));
        let warnings = self.warnings().into_iter().map(|warning| format!("The numbers differ: {warning}."));
        let since = self.list.earlier.as_ref().and_then(Earlier::doubt);
        let mismatch = self.about_own_columns();
        let mismatch = mismatch.iter().filter_map(|note| note.strip_prefix("warning: ").map(str::to_owned));
        open.into_iter()
            .chain(other)
            .chain(warnings)
            .chain(self.repeats())
            .chain(since)
            .chain(mismatch)
            .collect()
    }

    /// What to say of devices that are listed more than once.
    pub(super) fn repeats(&self) -> Option<String> {
        let List { repeated, contradicting, .. } = self.list;
        let differ = match contradicting {
            0 => String::new(),
            rows => format!(
                "; {} another status or code than the first row",
                if rows == 1 { "1 of them has".to_owned() } else { format!("{rows} of them have") }
            ),
        };
        let rows = counted(repeated, "row");
        (repeated > 0).then(|| format!("{rows} of devices that are listed already: each device counts once here, with its first row{differ}. `northbound export` has every row."))
    }

    /// The result for a program: what is not in the summary.
    pub(super) fn json(&self, file: &str) -> Value {
        let reason = |Reason { group, explained }: &Reason<'_>| {
            json!({
                "code": group.code().map(ErrorCode::as_str),
                "devices": group.count(),
                "timedOut": group.timed_out(),
                "words": group.text(),
                "meaning": explained.map(|known| known.meaning),
                "nextStep": explained.map(|known| known.next_step),
                "who": explained.map(|known| known.who),
            })
        };
        let by = self.by().map(|(column, groups)| {
            let group = |(value, devices)| json!({ "value": value, "devices": devices });
            json!({ "column": column, "groups": groups.into_iter().map(group).collect::<Vec<_>>() })
        });
        let tally = self.list.join.as_ref().map(Join::tally);
        let earlier = self.list.earlier.as_ref();
        let mut result = json!({
            "calls": self.calls,
            "file": file,
            "listed": self.list.devices(),
            "repeated": self.list.repeated,
            "reasons": self.reasons().iter().map(reason).collect::<Vec<_>>(),
            "by": by,
            "onlyInFile": tally.map(|tally| tally.only_in_file),
            "onlyInTask": tally.map(|tally| tally.only_in_rows),
            "newSince": earlier.map(|earlier| earlier.new),
            "recovered": earlier.map(Earlier::recovered),
        });
        // What nobody asked for is left out.
        if let Some(members) = result.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        result
    }

    /// The result for the terminal.
    pub(super) fn in_one_line(&self) -> String {
        let reasons = match self.list.groups.groups().len() {
            0 => String::new(),
            reasons => format!(", for {}", counted(reasons as u64, "reason")),
        };
        let (failed, total) = (self.summary.failed(), counted(self.summary.total(), "subtask"));
        let new = self.list.earlier.as_ref();
        let new =
            new.map(|earlier| format!("; {} new since {}", counted(earlier.new, "device"), earlier.name));
        let calls = counted(self.calls, "call");
        format!("{failed} of {total} failed or timed out{reasons}{}; {calls}", new.unwrap_or_default())
    }
}
