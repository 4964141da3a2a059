//! What a watch shows to whom: a picture to a terminal, lines to a log, JSON to a script.

use std::io::{self, Write as _};

use northbound::Summary;
use serde_json::Value;

use crate::arguments::global::Output;
use crate::results;
use crate::screen::chart::{self, Counts, WatchSnapshot};
use crate::screen::outlet::Outlet;
use crate::screen::picture::Picture;
use crate::session::context::Context;

/// Shows a watch in the way that suits its reader.
#[derive(Debug)]
pub(crate) struct View {
    kind: ViewKind,
    endpoint: String,
    /// The counts that were shown last.
    shown: Option<Counts>,
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
    pub(crate) fn show(
        &mut self,
        summary: &Summary,
        snapshot: &WatchSnapshot,
        stdout: &mut Outlet<'_>,
    ) -> io::Result<()> {
        let changed = self.shown.as_ref() != Some(&snapshot.counts);
        match &mut self.kind {
            ViewKind::Picture(picture) => picture.draw(&frame(snapshot, stdout), stdout)?,
            ViewKind::Log if changed => writeln!(stdout, "{}", chart::log_line(snapshot))?,
            ViewKind::JsonLines if changed => {
                writeln!(stdout, "{}", results::summary(&self.endpoint, summary, Value::Null))?
            }
            _ => return Ok(()),
        }
        self.shown = Some(snapshot.counts.clone());
        stdout.flush()
    }

    /// Shows what is known at the end, however the watch came to it.
    pub(crate) fn end(
        &mut self,
        summary: &Summary,
        snapshot: &WatchSnapshot,
        stdout: &mut Outlet<'_>,
    ) -> io::Result<()> {
        match &self.kind {
            ViewKind::Picture(_) | ViewKind::Log => return self.show(summary, snapshot, stdout),
            ViewKind::JsonLines => {}
            ViewKind::LastJson => {
                writeln!(stdout, "{:#}", results::summary(&self.endpoint, summary, Value::Null))?
            }
            ViewKind::LastPicture => {
                for line in frame(snapshot, stdout) {
                    writeln!(stdout, "{line}")?;
                }
            }
        }
        stdout.flush()
    }
}

fn frame(snapshot: &WatchSnapshot, stdout: &Outlet<'_>) -> Vec<String> {
    chart::frame(snapshot, stdout.width().unwrap_or(chart::PLAIN_WIDTH), stdout.palette())
}
