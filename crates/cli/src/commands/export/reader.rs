//! Reads what is to be exported, page by page, and leaves out rows that were delivered before.

use northbound::{Direction, Page, Plan, Subtask, SubtaskQuery, SubtaskStatus};

use super::checkpoint::{Checkpoint, ExportRequest, Format, PageFacts, Position};
use super::delivered::{Delivered, Known};
use super::sink::Sink;
use crate::error::{CliError, Kind};
use crate::rows::columns::Column;
use crate::rows::csv;
use crate::screen::progress::Progress;
use crate::session::interrupt::Interrupt;

/// What is read, and how.
#[derive(Debug)]
pub(crate) struct ExportReader {
    task: String,
    query: SubtaskQuery,
    wanted: Vec<SubtaskStatus>,
    plan: Plan,
    format: Format,
}

impl ExportReader {
    pub(crate) fn new(
        task: &str,
        query: SubtaskQuery,
        wanted: Vec<SubtaskStatus>,
        format: Format,
    ) -> Result<Self, CliError> {
        let plan = filtered(&query, &wanted).plan()?;
        Ok(Self { task: task.to_owned(), query, wanted, plan, format })
    }

    /// What distinguishes this export from another one.
    pub(crate) fn request(&self, endpoint: String, application: String) -> ExportRequest {
        let Self { plan, .. } = self;
        ExportRequest {
            endpoint,
            application,
            task: self.task.clone(),
            statuses: [plan.filter(), plan.picks()].concat(),
            format: self.format,
            page_size: plan.page_size(),
            plan: plan.to_string(),
        }
    }

    /// The statuses that are asked for; none means all.
    pub(crate) fn wanted(&self) -> &[SubtaskStatus] {
        &self.wanted
    }

    /// No row yet, of those that an earlier run delivered.
    pub(crate) fn delivered(&self) -> Delivered {
        Delivered::none(self.format, self.plan.direction())
    }

    /// Reads from the position of the checkpoint in `sink` to the end.
    pub(crate) async fn drain(
        &self,
        delivered: &Delivered,
        sink: &mut Sink<'_, '_>,
        progress: &mut Progress<'_, '_>,
        interrupt: &Interrupt,
    ) -> Result<(), CliError> {
        let mut parts = self.parts();
        let start = sink.checkpoint().position.clone();
        if start.next_page.is_some() {
            // A subtask never leaves a final status, so a pass that has come to its end stays complete.
            parts.retain({
                let mut reached = false;
                move |part| {
                    reached |= *part == start.status;
                    reached
                }
            });
        }
        let last = parts.len().saturating_sub(1);
        for (number, status) in parts.into_iter().enumerate() {
            let known = &sink.checkpoint().position;
            let start = if known.status == status { known.clone() } else { Position::begin(status) };
            let mut part = FilterPass::new(self, delivered, start);
            let mut pages = part.query().pages();
            while let Some(page) = progress.during(interrupt.or(pages.try_next())).await? {
                let mut checkpoint = sink.checkpoint().clone();
                let lines = part.take(page, &mut checkpoint)?;
                if let Some(fault) = part.fault.take() {
                    return Err(spoiled(sink, fault)?);
                }
                sink.append(&lines, checkpoint)?;
                let total = if number == last { part.total_of(sink.checkpoint()) } else { None };
                progress.rows(sink.checkpoint().written.subtasks.all(), total);
            }
            if let Some(fault) = part.fault_at_end() {
                return Err(spoiled(sink, fault)?);
            }
        }
        Ok(())
    }

    /// The SDK cannot resume a read of several statuses, so each gets a pass here. Without a filter there is one pass.
    fn parts(&self) -> Vec<Option<SubtaskStatus>> {
        match self.plan.filter() {
            [] => vec![None],
            statuses => statuses.iter().cloned().map(Some).collect(),
        }
    }

    /// Adds a row to others: a separate line would need the memory of a long row twice.
    fn add_line(&self, subtask: &Subtask, lines: &mut Vec<u8>) -> Result<(), CliError> {
        match self.format {
            Format::Jsonl => {
                serde_json::to_writer(&mut *lines, subtask).map_err(std::io::Error::from)?;
                lines.push(b'\n');
            }
            Format::Csv => {
                let cells = Column::CSV.iter().map(|column| column.of(subtask).unwrap_or_default());
                csv::add_line(cells, lines);
            }
        }
        Ok(())
    }
}

fn filtered(query: &SubtaskQuery, statuses: &[SubtaskStatus]) -> SubtaskQuery {
    match statuses {
        [] => query.clone(),
        some => query.clone().statuses(some.iter().cloned()),
    }
}

/// Notes why `--resume` cannot complete the file.
fn spoiled(sink: &mut Sink<'_, '_>, fault: String) -> Result<CliError, CliError> {
    sink.spoil(fault.clone())?;
    let advice = "subtasks may be missing, so the file is not taken for complete";
    Ok(CliError::own(Kind::Incomplete, fault, advice))
}

/// The part of a read that has one filter.
struct FilterPass<'a> {
    reader: &'a ExportReader,
    /// Rows that an earlier run delivered.
    delivered: &'a Delivered,
    start: Position,
    position: Position,
    /// Why the rows cannot be completed, once that shows.
    fault: Option<String>,
}

impl<'a> FilterPass<'a> {
    fn new(reader: &'a ExportReader, delivered: &'a Delivered, start: Position) -> Self {
        let position = start.clone();
        Self { reader, delivered, start, position, fault: None }
    }

    fn query(&self) -> SubtaskQuery {
        let ExportReader { query, wanted, .. } = self.reader;
        let query = match &self.start.status {
            Some(status) => filtered(query, std::slice::from_ref(status)),
            None => filtered(query, wanted),
        };
        match self.start.next_page {
            Some(page) => query.from_page(page),
            None => query,
        }
    }

    /// The lines that a page adds, and in `checkpoint` what is known once they are there.
    fn take(&mut self, page: Page, checkpoint: &mut Checkpoint) -> Result<Vec<u8>, CliError> {
        let direction = self.reader.plan.direction();
        let (arrived, repeats) = (PageFacts::from(&page), page.repeats());
        let (mut lines, mut rows) = (Vec::new(), 0);
        for subtask in page.into_subtasks() {
            let start = lines.len();
            self.reader.add_line(&subtask, &mut lines)?;
            let line = std::str::from_utf8(&lines[start..]).unwrap_or_default();
            if self.is_known(line, arrived.number)? {
                lines.truncate(start);
                continue;
            }
            rows += 1;
            checkpoint.written.subtasks.add(&subtask);
        }
        if direction == Direction::Whole && repeats > 0 {
            // The SDK says at the end of the read whether rows are missing. After an interruption it could not.
            checkpoint.fault = Some(sorted_again(arrived.number));
        }
        self.position.pass(arrived, rows, direction);
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
        let known = self.delivered.knows(line).map_err(std::io::Error::from)?;
        match known {
            Known::Before if direction == Direction::Whole => self.fault = Some(sorted_again(page)),
            Known::Nameless => self.position.nameless += u64::from(is_unread),
            Known::Before | Known::New => {}
        }
        Ok(known == Known::Before)
    }

    fn fault_at_end(&self) -> Option<String> {
        // A read that was not interrupted has been checked by the SDK.
        self.start.next_page?;
        self.position.fault(&self.reader.plan)
    }

    /// How many rows there will be with this part, as far as the platform counts them.
    fn total_of(&self, checkpoint: &Checkpoint) -> Option<u64> {
        let others = checkpoint.written.subtasks.all() - self.position.rows;
        self.position.total.filter(|_| self.reader.plan.picks().is_empty()).map(|total| others + total)
    }
}

/// The rows of a whole task stay where they are, unless the platform sorts them again.
fn sorted_again(page: u32) -> String {
    format!("page {page} shows subtasks of an earlier page: the platform has sorted the task anew")
}
