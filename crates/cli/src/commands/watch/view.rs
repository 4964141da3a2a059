//! What a watch shows to whom: a picture to a terminal, lines to a log, JSON to a script.

use std::io::{self, Write as _};

use northbound::Summary;
use serde_json::Value;

use crate::arguments::global::Output;
use crate::results;
use crate::screen::chart::{self, WatchSnapshot};
use crate::screen::outlet::Outlet;
use crate::screen::picture::Picture;
use crate::session::context::Context;

/// Shows a watch in the way that suits its reader.
#[derive(Debug)]
pub(crate) struct View {
    kind: ViewKind,
    endpoint: String,
    /// What was shown last.
    shown: Option<Summary>,
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
            _ if context.stdout.is_terminal() && context.global.verbose == 0 => {
                ViewKind::Picture(Picture::default())
            }
            _ => ViewKind::Log,
        };
        Self { kind, endpoint: endpoint.to_owned(), shown: None }
    }

    /// Shows what is known now.
    pub(crate) fn show(&mut self, snapshot: &WatchSnapshot<'_>, stdout: &mut Outlet<'_>) -> io::Result<()> {
        let changed = !self.shown.as_ref().is_some_and(|shown| counts_alike(shown, snapshot.summary));
        match &mut self.kind {
            ViewKind::Picture(picture) => picture.draw(&frame(snapshot, stdout), stdout)?,
            ViewKind::Log if changed => writeln!(stdout, "{}", chart::log_line(snapshot))?,
            ViewKind::JsonLines if changed => writeln!(stdout, "{}", self.json(snapshot))?,
            _ => return Ok(()),
        }
        self.shown = Some(snapshot.summary.clone());
        stdout.flush()
    }

    /// Shows what is known at the end, however the watch came to it.
    pub(crate) fn end(&mut self, snapshot: &WatchSnapshot<'_>, stdout: &mut Outlet<'_>) -> io::Result<()> {
        match &self.kind {
            ViewKind::Picture(_) | ViewKind::Log => return self.show(snapshot, stdout),
            ViewKind::JsonLines => {}
            ViewKind::LastJson => writeln!(stdout, "{:#}", self.json(snapshot))?,
            ViewKind::LastPicture => stdout.write_lines(&frame(snapshot, stdout))?,
        }
        stdout.flush()
    }

    fn json(&self, snapshot: &WatchSnapshot<'_>) -> Value {
        results::summary(&self.endpoint, snapshot.summary, Value::Null)
    }
}

/// Whether two summaries count the same. The calls that each took may differ.
fn counts_alike(one: &Summary, other: &Summary) -> bool {
    one.total() == other.total() && one.by_status().eq(other.by_status())
}

fn frame(snapshot: &WatchSnapshot<'_>, stdout: &Outlet<'_>) -> Vec<String> {
    chart::frame(snapshot, stdout.width().unwrap_or(chart::PLAIN_WIDTH), stdout.palette())
}
