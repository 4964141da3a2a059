//! The devices that failed, and how many are left out for which reason: none is left out silently.

use std::collections::HashSet;

use northbound::{Client, Subtask, SubtaskStatus, Summary};

use crate::error::CliError;
use crate::rows::columns::code;
use crate::screen::layout::{counted, one_line};
use crate::screen::progress::Progress;
use crate::sending::devices::Devices;
use crate::session::interrupt::Interrupt;

/// Which devices are asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) statuses: Vec<SubtaskStatus>,
    /// Any code if there is none.
    pub(super) codes: Vec<String>,
    /// Whether devices that timed out are among them.
    pub(super) timed_out: bool,
}

/// Devices that failed, and what else was there.
#[derive(Debug, Default)]
pub(super) struct Failed {
    pub(super) devices: Devices,
    rows: u64,
    /// Devices of a file that the task does not have among those that failed.
    not_any_more: u64,
    nameless: u64,
    other_codes: u64,
    other_statuses: u64,
    unreadable: u64,
    /// Of the task, by its counts.
    open: u64,
    timed_out: u64,
    unknown: u64,
}

impl Failed {
    /// Takes a row in, or counts why it is left out.
    pub(super) fn add(&mut self, subtask: &Subtask, wanted: &Wanted) {
        self.rows += 1;
        if subtask.unreadable().is_some() {
            self.unreadable += 1;
        } else if !subtask.status().is_some_and(|status| wanted.statuses.contains(status)) {
            self.other_statuses += 1;
        } else if !wanted.codes.is_empty()
            && !code(subtask).is_some_and(|code| wanted.codes.iter().any(|wanted| wanted == code.as_str()))
        {
            self.other_codes += 1;
        } else {
            match subtask.device_id().filter(|device| !device.is_empty()) {
                // An id that a list of ids could not hold is no id.
                Some(device) if northbound::invisible(device).is_none() => self.devices.add(device),
                _ => self.nameless += 1,
            }
        }
    }

    /// Those of a file that fail now as well.
    pub(super) fn that_fail_now(mut self, now: Self) -> Self {
        let failing: HashSet<&str> = now.devices.ids.iter().map(String::as_str).collect();
        self.not_any_more = self.devices.retain(|id| failing.contains(id));
        Self { open: now.open, timed_out: now.timed_out, unknown: now.unknown, ..self }
    }

    /// What is sent to, and what is not, a line each.
    pub(super) fn notes(&self, wanted: &Wanted) -> Vec<String> {
        let names: Vec<&str> = wanted.statuses.iter().map(SubtaskStatus::as_str).collect();
        let facts = [
            (self.devices.duplicates, "row", "with a device that came before: it is sent to once"),
            (self.nameless, "row", "without a device id"),
            (self.unreadable, "row", "that cannot be read"),
            (self.other_codes, "row", "with another code than --code"),
            (self.other_statuses, "row", "in another status"),
            (self.not_any_more, "device", "of FILE not in this status now"),
            (self.open, "subtask", "not finished yet"),
            (self.timed_out, "subtask", "in status Timeout: these devices may have acted"),
            (self.unknown, "subtask", "in no documented status"),
        ];
        let left = facts.iter().filter(|(count, ..)| *count > 0);
        let left = left.map(|(count, thing, what)| format!("{} {what}", counted(*count, thing)));
        let places = ["not sent to"].into_iter().chain(std::iter::repeat(""));
        let mut notes =
            vec![format!("looked at    {} for status {}", counted(self.rows, "row"), names.join(", "))];
        notes.extend(places.zip(left).map(|(place, fact)| format!("{place:<12} {fact}")));
        if wanted.timed_out {
            notes.push(
                "WARNING: devices that timed out may have acted already, and get the command again."
                    .to_owned(),
            );
        }
        notes
    }

    fn count(&mut self, summary: &Summary, wanted: &Wanted) {
        self.open = summary.count(&SubtaskStatus::Pending) + summary.count(&SubtaskStatus::WaitResult);
        self.timed_out = if wanted.timed_out { 0 } else { summary.count(&SubtaskStatus::Timeout) };
        self.unknown = summary.other();
    }
}

/// Reads which devices of a task fail now. The counts come first, as in a report.
pub(super) async fn read(
    client: &Client,
    task: &str,
    wanted: &Wanted,
    progress: &mut Progress<'_, '_>,
    interrupt: &Interrupt,
) -> Result<Failed, CliError> {
    let during = |failure: CliError| failure.during("resend", &one_line(task));
    let mut failed = Failed::default();
    let summary = progress.during(interrupt.or(client.summary(task).into_future())).await.map_err(during)?;
    failed.count(&summary, wanted);
    for status in &wanted.statuses {
        let mut rows = client.subtasks(task).status(status.clone()).stream();
        while let Some(subtask) = progress.during(interrupt.or(rows.try_next())).await.map_err(during)? {
            failed.add(&subtask, wanted);
            progress.rows(failed.rows, None);
        }
    }
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_that_is_left_out_is_counted() {
        let wanted = Wanted {
            statuses: vec![SubtaskStatus::Fail],
            codes: vec!["100428".to_owned()],
            timed_out: false,
        };
        let mut failed = Failed { open: 7, timed_out: 2, ..Failed::default() };
        for (device, status, code) in [
            (Some("a"), Some("Fail"), Some("100428")),
            (Some("b"), Some("Fail"), Some("100428")),
            (Some("a"), Some("Fail"), Some("100428")),
            (None, Some("Fail"), Some("100428")),
            (Some(""), Some("Fail"), Some("100428")),
            (Some("c\u{200b}"), Some("Fail"), Some("100428")),
            (Some("d"), Some("Fail"), Some("100022")),
            (Some("e"), Some("Fail"), None),
            (Some("f"), Some("Success"), None),
            (Some("g"), None, None),
        ] {
            let error = code.map(|code| json!({ "error_code": code }).to_string());
            let row = json!({ "status": status, "error": error, "param": { "deviceId": device } });
            failed.add(&serde_json::from_value(row).unwrap(), &wanted);
        }
        assert_eq!(failed.devices.ids, ["a", "b"]);
        let left = 1 + failed.nameless + failed.other_codes + failed.other_statuses;
        assert_eq!((failed.rows, left), (10, 8));
        let now = Failed { devices: Devices::read(&["b".to_owned()]).unwrap(), open: 3, ..Failed::default() };
        let failed = failed.that_fail_now(now);
        assert_eq!((failed.devices.ids.join(""), failed.not_any_more), ("b".to_owned(), 1));
        insta::assert_snapshot!(failed.notes(&wanted).join("\n"));
    }
}
