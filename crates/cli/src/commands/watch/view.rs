//! What a watch shows to whom: a picture to a terminal, lines to a log, JSON to a script.

use std::io::{self, Write as _};

use northbound::Summary;

use crate::arguments::global::Output;
use crate::screen::chart::{self, Counts, Sight};
use crate::screen::picture::Screen;
use crate::session::context::Context;
use crate::session::process::Outlet;

/// A watch as its reader wants to see it.
#[derive(Debug)]
pub(crate) struct View {
    kind: Kind,
    /// The counts that were shown last.
    shown: Option<Counts>,
}

#[derive(Debug)]
enum Kind {
    /// One picture, drawn anew in its place.
    Picture(Screen),
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
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let kind = match context.global.output {
            Output::Json => Kind::LastJson,
            Output::Jsonl => Kind::JsonLines,
            _ if context.global.quiet => Kind::LastPicture,
            // Traces on the same terminal would tear the picture.
            _ if context.stdout.is_terminal() && context.global.verbose == 0 => {
                Kind::Picture(Screen::default())
            }
            _ => Kind::Log,
        };
        Self { kind, shown: None }
    }

    /// Shows what is known now.
    pub(crate) fn show(
        &mut self,
        summary: &Summary,
        sight: &Sight,
        stdout: &mut Outlet<'_>,
    ) -> io::Result<()> {
        let changed = self.shown.as_ref() != Some(&sight.counts);
        match &mut self.kind {
            Kind::Picture(screen) => screen.draw(&frame(sight, stdout), stdout)?,
            Kind::Log if changed => writeln!(stdout, "{}", chart::log_line(sight))?,
            Kind::JsonLines if changed => writeln!(stdout, "{}", serde_json::to_string(summary)?)?,
            _ => return Ok(()),
        }
        self.shown = Some(sight.counts.clone());
        stdout.flush()
    }

    /// Shows what is known at the end, however the watch came to it.
    pub(crate) fn end(
        &mut self,
        summary: &Summary,
        sight: &Sight,
        stdout: &mut Outlet<'_>,
    ) -> io::Result<()> {
        match &self.kind {
            Kind::Picture(_) | Kind::Log => return self.show(summary, sight, stdout),
            Kind::JsonLines => {}
            Kind::LastJson => writeln!(stdout, "{}", serde_json::to_string_pretty(summary)?)?,
            Kind::LastPicture => {
                for line in frame(sight, stdout) {
                    writeln!(stdout, "{line}")?;
                }
            }
        }
        stdout.flush()
    }
}

fn frame(sight: &Sight, stdout: &Outlet<'_>) -> Vec<String> {
    chart::frame(sight, stdout.width().unwrap_or(chart::PLAIN_WIDTH), stdout.palette())
}
