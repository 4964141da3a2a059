//! What a watch shows to whom: a picture to a terminal, lines to a log, JSON to a script.

use std::io::{self, Write as _};

use northbound::Summary;
use serde_json::{Value, json};

use crate::arguments::global::Output;
use crate::results;
use crate::screen::chart::{self, WatchSnapshot};
use crate::screen::outlet::Outlet;
use crate::screen::picture::{self, Picture};
use crate::session::context::Context;

/// Shows a watch in the way that suits its reader.
#[derive(Debug)]
pub(crate) struct View {
    kind: ViewKind,
    endpoint: String,
    /// What was shown last, and the calls that the watch had made by then.
    shown: Option<(Summary, u64)>,
}

#[derive(Debug)]
enum ViewKind {
    /// One picture, redrawn in its place.
    Picture(Picture),
    /// A line whenever the counts have changed.
    Log,
    /// The picture at the end, once.
    LastPicture,
    /// A JSON object whenever the counts have changed.
    JsonLines,
    /// The JSON object of the end, once.
    LastJson,
}

impl View {
    pub(crate) fn new(context: &Context<'_>, endpoint: &str) -> Self {
        let kind = match context.global.output() {
            Output::Json => ViewKind::LastJson,
            Output::Jsonl => ViewKind::JsonLines,
            _ if context.global.quiet => ViewKind::LastPicture,
            // Traces on the same terminal would tear the picture.
            _ if context.stdout.is_redrawn() && context.global.verbose == 0 => {
                ViewKind::Picture(Picture::default())
            }
            _ => ViewKind::Log,
        };
        Self { kind, endpoint: endpoint.to_owned(), shown: None }
    }

    /// Whether the terminal has a picture of the watch, which says what it waits for.
    pub(crate) fn is_picture(&self) -> bool {
        matches!(self.kind, ViewKind::Picture(_))
    }

    /// Whether it shows how many subtasks are pending and how many wait for their result. A line of a log does without these, which
    /// makes a poll cheaper.
    pub(crate) fn splits_open(&self) -> bool {
        !matches!(self.kind, ViewKind::Log)
    }

    /// Shows what the watch waits for before the first count.
    pub(crate) fn show_waiting(&mut self, waiting: Option<&str>, stdout: &mut Outlet<'_>) -> io::Result<()> {
        let ViewKind::Picture(picture) = &mut self.kind else { return Ok(()) };
        let width = stdout.width().unwrap_or(chart::PLAIN_WIDTH);
        let lines = waiting.map(|line| chart::waiting_lines(line, width, picture::room(stdout)));
        picture.draw(&lines.unwrap_or_default(), stdout)
    }

    /// Shows what is known now.
    pub(crate) fn show(&mut self, snapshot: &WatchSnapshot<'_>, stdout: &mut Outlet<'_>) -> io::Result<()> {
        let changed = !self.shown.as_ref().is_some_and(|(shown, _)| counts_alike(shown, snapshot.summary));
        match &mut self.kind {
            ViewKind::Picture(picture) => {
                picture.draw(&frame(snapshot, picture::room(stdout), stdout), stdout)?
            }
            ViewKind::Log if changed => writeln!(stdout, "{}", chart::log_line(snapshot))?,
            ViewKind::JsonLines if changed => writeln!(stdout, "{}", self.json(snapshot))?,
            _ => return Ok(()),
        }
        self.shown = Some((snapshot.summary.clone(), snapshot.calls));
        stdout.flush()
    }

    /// Shows what is known at the end, however the watch came to it.
    pub(crate) fn end(&mut self, snapshot: &WatchSnapshot<'_>, stdout: &mut Outlet<'_>) -> io::Result<()> {
        match &mut self.kind {
            ViewKind::Picture(picture) => picture.replace(&frame(snapshot, usize::MAX, stdout), stdout)?,
            ViewKind::Log => return self.show(snapshot, stdout),
            ViewKind::JsonLines => {}
            ViewKind::LastJson => {
                let json = self.json(snapshot);
                writeln!(stdout, "{json:#}")?;
            }
            ViewKind::LastPicture => stdout.write_lines(&frame(snapshot, usize::MAX, stdout))?,
        }
        stdout.flush()
    }

    fn json(&self, snapshot: &WatchSnapshot<'_>) -> Value {
        let calls = snapshot.calls - self.shown.as_ref().map_or(0, |(_, calls)| *calls);
        results::summary(&self.endpoint, snapshot.summary, json!({ "calls": calls }))
    }
}

/// Whether two summaries count the same. The calls that each took may differ.
fn counts_alike(one: &Summary, other: &Summary) -> bool {
    one.total() == other.total() && one.by_status().eq(other.by_status())
}

fn frame(snapshot: &WatchSnapshot<'_>, room: usize, stdout: &Outlet<'_>) -> Vec<String> {
    chart::frame(snapshot, stdout.width().unwrap_or(chart::PLAIN_WIDTH), room, stdout.palette)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn calls_are_those_since_the_object_before() {
        let summary =
            json!({ "taskId": "t", "total": 1, "byStatus": { "Pending": 1 }, "other": 0, "calls": 5 });
        let summary: Summary = serde_json::from_value(summary).unwrap();
        let more = json!({ "taskId": "t", "total": 2, "byStatus": { "Pending": 2 }, "other": 0, "calls": 5 });
        let more: Summary = serde_json::from_value(more).unwrap();
        let printed = |kind| {
            let mut view = View { kind, endpoint: "http://127.0.0.1".to_owned(), shown: None };
            let mut written = Vec::new();
            let mut stdout = Outlet::plain(&mut written);
            let snapshot = |summary, calls| WatchSnapshot {
                summary,
                rate: None,
                left: None,
                elapsed: Duration::ZERO,
                calls,
                quota: None,
                limit: None,
                waiting: None,
            };
            // The second count is like the first.
            for (summary, calls) in [(&summary, 6), (&summary, 11), (&more, 16)] {
                view.show(&snapshot(summary, calls), &mut stdout).unwrap();
            }
            view.end(&snapshot(&more, 16), &mut stdout).unwrap();
            drop(stdout);
            let objects = serde_json::Deserializer::from_slice(&written).into_iter::<Value>();
            objects.map(|object| object.unwrap()["calls"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(printed(ViewKind::LastJson), [16]);
        assert_eq!(printed(ViewKind::JsonLines), [6, 10]);
    }
}
