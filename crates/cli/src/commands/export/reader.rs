//! Reads what is to be exported, page by page, and leaves out rows that were delivered before.

use std::io::Write as _;

use northbound::{Direction, Page, Plan, Subtask, SubtaskQuery, SubtaskStatus};

use super::checkpoint::{Checkpoint, ExportRequest, Format, Position};
use super::delivered::{Delivered, Known};
use super::part_file::PartFile;
use crate::codes::Codes;
use crate::error::{CliError, Kind};
use crate::rows::columns::Column;
use crate::rows::csv;
use crate::screen::outlet::Outlet;
use crate::screen::progress::Progress;
use crate::session::interrupt::Interrupt;

/// Where the pages go.
#[derive(Debug)]
pub(crate) enum Sink<'a, 'p> {
    Part(PartFile),
    Stdout(&'a mut Outlet<'p>, Checkpoint),
}

impl Sink<'_, '_> {
    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        match self {
            Self::Part(part) => &part.checkpoint,
            Self::Stdout(_, checkpoint) => checkpoint,
        }
    }

    /// Adds the lines of a page; `checkpoint` is what is known once they are there.
    pub(crate) fn append(&mut self, lines: &[u8], checkpoint: Checkpoint) -> Result<(), CliError> {
        match self {
            Self::Part(part) => part.append(lines, checkpoint)?,
            Self::Stdout(stdout, before) => {
                stdout.write_data(lines)?;
                stdout.flush()?;
                *before = checkpoint;
            }
        }
        Ok(())
    }

    /// The file that was written, unless it was stdout.
    pub(crate) fn into_part(self) -> Option<PartFile> {
        match self {
            Self::Part(part) => Some(part),
            Self::Stdout(..) => None,
        }
    }
}

/// What is read, and how.
#[derive(Debug)]
pub(crate) struct ExportReader {
    /// The SDK cannot resume a read of several statuses, so each gets a pass here. Without a filter there is one pass.
    passes: Vec<(Option<SubtaskStatus>, SubtaskQuery)>,
    plan: Plan,
    format: Format,
    /// Rows that an earlier run delivered.
    pub(crate) delivered: Delivered,
}

impl ExportReader {
    pub(crate) fn new(
        query: &SubtaskQuery,
        wanted: &[SubtaskStatus],
        format: Format,
    ) -> Result<Self, CliError> {
        let filtered = match wanted {
            [] => query.clone(),
            some => query.clone().statuses(some.iter().cloned()),
        };
        let plan = filtered.plan()?;
        let pass = |status: &SubtaskStatus| (Some(status.clone()), query.clone().status(status.clone()));
        let passes = match plan.filter() {
            [] => vec![(None, filtered)],
            statuses => statuses.iter().map(pass).collect(),
        };
        let delivered = Delivered::none(format, plan.direction());
        Ok(Self { passes, plan, format, delivered })
    }

    /// What distinguishes this export from another one.
    pub(crate) fn request(&self, task: String, endpoint: String, application: String) -> ExportRequest {
        let Self { plan, format, .. } = self;
        ExportRequest {
            endpoint,
            application,
            task,
            statuses: [plan.filter(), plan.picks()].concat(),
            format: *format,
            page_size: plan.page_size(),
            plan: plan.to_string(),
        }
    }

    /// Reads from the position of the checkpoint in `sink` to the end.
    pub(crate) async fn drain(
        &self,
        sink: &mut Sink<'_, '_>,
        progress: &mut Progress<'_, '_>,
        interrupt: &Interrupt,
    ) -> Result<(), CliError> {
        let checkpoint = sink.checkpoint().clone();
        let begun = checkpoint.position.clone();
        if checkpoint.written.bytes == 0 {
            sink.append(self.format.heading().as_bytes(), checkpoint)?;
        }
        // A subtask never leaves a final status, so a pass that has come to its end stays complete.
        let is_complete = |status: &Option<_>| begun.next_page.is_some() && *status != begun.status;
        let complete = self.passes.iter().take_while(|(status, _)| is_complete(status)).count();
        for (number, (status, query)) in self.passes.iter().enumerate().skip(complete) {
            let known = &sink.checkpoint().position;
            let mut start =
                if known.status == *status { known.clone() } else { Position::begin(status.clone()) };
            let page_size = *start.page_size.get_or_insert(self.plan.page_size());
            let mut query = query.clone().page_size(page_size);
            if let Some(page) = start.next_page {
                query = query.from_page(page);
            }
            let mut pass = FilterPass { reader: self, position: start.clone(), start };
            let mut pages = query.pages();
            while let Some(page) = progress.during(interrupt.or(pages.try_next())).await? {
                let mut checkpoint = sink.checkpoint().clone();
                let lines = pass.take(page, &mut checkpoint)?;
                sink.append(&lines, checkpoint)?;
                let is_last = number + 1 == self.passes.len();
                let total = pass.total_of(sink.checkpoint()).filter(|_| is_last);
                progress.rows(sink.checkpoint().written.subtasks.all(), total);
            }
            // The SDK has checked a read that was not interrupted.
            if pass.start.next_page.is_some()
                && let Some(fault) = pass.position.fault(&self.plan)
            {
                return Err(incomplete(fault));
            }
        }
        Ok(())
    }

    /// Adds a row to others: a separate line would need the memory of a long row twice.
    fn add_line(&self, subtask: &Subtask, lines: &mut Vec<u8>) -> Result<(), CliError> {
        match self.format {
            Format::Jsonl => {
                serde_json::to_writer(&mut *lines, subtask).map_err(std::io::Error::from)?;
                lines.push(b'\n');
            }
            Format::Csv => {
                let codes = Codes::default();
                let cells = Column::CSV.iter().map(|column| column.of(subtask, &codes).unwrap_or_default());
                csv::add_line(cells, lines);
            }
        }
        Ok(())
    }
}

/// Why the file cannot be completed.
fn incomplete(fault: String) -> CliError {
    let advice = "subtasks may be missing, so the file is not taken for complete";
    CliError::own(Kind::Incomplete, fault, advice)
}

/// The part of a read that has one filter.
struct FilterPass<'a> {
    reader: &'a ExportReader,
    start: Position,
    position: Position,
}

impl FilterPass<'_> {
    /// The lines that a page adds, and in `checkpoint` what is known once they are there.
    fn take(&mut self, page: Page, checkpoint: &mut Checkpoint) -> Result<Vec<u8>, CliError> {
        let direction = self.reader.plan.direction();
        for position in [&mut self.start, &mut self.position] {
            page.asked_size().into_iter().for_each(|rows| position.count_in(rows));
        }
        let (number, repeats, mut lines) = (page.number(), page.repeats(), Vec::new());
        self.position.pass(number, page.resume_from(), page.total_count(), direction);
        for subtask in page.into_subtasks() {
            let start = lines.len();
            self.reader.add_line(&subtask, &mut lines)?;
            let line = std::str::from_utf8(&lines[start..]).unwrap_or_default();
            if self.is_known(line, number)? {
                lines.truncate(start);
                continue;
            }
            self.position.rows += 1;
            checkpoint.written.subtasks.add(&subtask);
        }
        if direction == Direction::Whole && repeats > 0 {
            // The SDK says at the end of the read whether rows are missing. After an interruption it could not.
            checkpoint.fault = Some(sorted_again(number));
        }
        checkpoint.position = self.position.clone();
        checkpoint.written.pages += 1;
        Ok(lines)
    }

    /// Whether a row of this page was delivered by an earlier run.
    fn is_known(&mut self, line: &str, page: u32) -> Result<bool, CliError> {
        if self.start.next_page.is_none() {
            return Ok(false);
        }
        let direction = self.reader.plan.direction();
        let is_unread = self.start.is_unread(page, direction);
        let known = self.reader.delivered.knows(line).map_err(std::io::Error::from)?;
        match known {
            Known::Before if direction == Direction::Whole => return Err(incomplete(sorted_again(page))),
            Known::Nameless => self.position.nameless += u64::from(is_unread),
            Known::Before | Known::New => {}
        }
        Ok(known == Known::Before)
    }

    /// How many rows there will be with this part, as far as the platform counts them.
    fn total_of(&self, checkpoint: &Checkpoint) -> Option<u64> {
        let others = checkpoint.written.subtasks.all() - self.position.rows;
        self.position.total.filter(|_| self.reader.plan.picks().is_empty()).map(|total| others + total)
    }
}

/// The rows of a whole task stay where they are, unless the platform sorts them again.
fn sorted_again(page: u32) -> String {
    format!("page {page} shows subtasks of an earlier page: the platform has changed the order of the task")
}
