//! Reads what is to be exported, page by page, and tells rows that were delivered from new ones.

use northbound::{Client, Direction, Page, Plan, Subtask, SubtaskQuery, SubtaskStatus};

use super::delivered::{Delivered, Known};
use super::record::{Arrived, Position, Record, Request};
use super::sink::Sink;
use crate::arguments::{ExportOptions, Format, status_of};
use crate::columns::Column;
use crate::csv;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::progress::Progress;

/// What is read, and how.
#[derive(Debug)]
pub(crate) struct Reading {
    task: String,
    query: SubtaskQuery,
    wanted: Vec<SubtaskStatus>,
    plan: Plan,
    format: Format,
}

impl Reading {
    pub(crate) fn new(client: &Client, options: &ExportOptions) -> Result<Self, Failure> {
        let query = client.subtasks(&options.task_id).page_size(options.page_size);
        let wanted: Vec<SubtaskStatus> = options.status.iter().map(|status| status_of(status)).collect();
        let plan = filtered(&query, &wanted).plan()?;
        Ok(Self { task: options.task_id.clone(), query, wanted, plan, format: options.format })
    }

    /// What tells this export from another one.
    pub(crate) fn request(&self, endpoint: String, application: String) -> Request {
        let Self { plan, .. } = self;
        Request {
            endpoint,
            application,
            task: self.task.clone(),
            statuses: [plan.filter(), plan.picks()].concat(),
            format: self.format,
            page_size: plan.page_size(),
            plan: plan.to_string(),
        }
    }

    /// The statuses that are asked for; none stands for all.
    pub(crate) fn wanted(&self) -> &[SubtaskStatus] {
        &self.wanted
    }

    /// Nobody yet, of those that an earlier run delivered.
    pub(crate) fn delivered(&self) -> Delivered {
        Delivered::nobody(self.format, self.plan.direction())
    }

    /// Reads from where the record in `sink` stands to the end.
    pub(crate) async fn drain(
        &self,
        delivered: &Delivered,
        sink: &mut Sink<'_, '_>,
        progress: &mut Progress<'_, '_>,
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        let mut parts = self.parts();
        let start = sink.record().position.clone();
        if start.next_page.is_some() {
            // A final status is never left, so a part that has come to its end stays complete.
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
            let stood = &sink.record().position;
            let start = if stood.status == status { stood.clone() } else { Position::begin(status) };
            let mut part = Part::new(self, delivered, start);
            let mut pages = part.query().pages();
            while let Some(page) = progress.during(interrupt.or(pages.try_next())).await? {
                let mut record = sink.record().clone();
                let lines = part.take(page, &mut record)?;
                if let Some(fault) = part.fault.take() {
                    return Err(spoiled(sink, fault)?);
                }
                sink.append(&lines, record)?;
                let total = if number == last { part.total_of(sink.record()) } else { None };
                progress.rows(sink.record().written.subtasks.all(), total);
            }
            if let Some(fault) = part.fault_at_end() {
                return Err(spoiled(sink, fault)?);
            }
        }
        Ok(())
    }

    /// The SDK cannot resume a read of several statuses, so they are read one after another here. One part is the whole task.
    fn parts(&self) -> Vec<Option<SubtaskStatus>> {
        match self.plan.filter() {
            [] => vec![None],
            statuses => statuses.iter().cloned().map(Some).collect(),
        }
    }

    /// Writes a row behind others: a line of its own would need the memory of a long row twice.
    fn add_line(&self, subtask: &Subtask, lines: &mut Vec<u8>) -> Result<(), Failure> {
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

/// Notes that no `--resume` can mend the file, and says why.
fn spoiled(sink: &mut Sink<'_, '_>, fault: String) -> Result<Failure, Failure> {
    sink.spoil(fault.clone())?;
    Ok(Failure::other(fault, "subtasks may be missing, so the file is not taken for complete"))
}

/// The part of a read that has one filter.
struct Part<'a> {
    reading: &'a Reading,
    /// Rows that an earlier run delivered.
    delivered: &'a Delivered,
    start: Position,
    position: Position,
    /// Why the rows cannot be completed, once that shows.
    fault: Option<String>,
}

impl<'a> Part<'a> {
    fn new(reading: &'a Reading, delivered: &'a Delivered, start: Position) -> Self {
        let position = start.clone();
        Self { reading, delivered, start, position, fault: None }
    }

    fn query(&self) -> SubtaskQuery {
        let Reading { query, wanted, .. } = self.reading;
        let query = match &self.start.status {
            Some(status) => filtered(query, std::slice::from_ref(status)),
            None => filtered(query, wanted),
        };
        match self.start.next_page {
            Some(page) => query.from_page(page),
            None => query,
        }
    }

    /// The lines that a page adds, and in `record` what is known once they are there.
    fn take(&mut self, page: Page, record: &mut Record) -> Result<Vec<u8>, Failure> {
        let direction = self.reading.plan.direction();
        let (arrived, repeats) = (Arrived::from(&page), page.repeats());
        let (mut lines, mut rows) = (Vec::new(), 0);
        for subtask in page.into_subtasks() {
            let start = lines.len();
            self.reading.add_line(&subtask, &mut lines)?;
            let line = std::str::from_utf8(&lines[start..]).unwrap_or_default();
            if self.is_known(line, arrived.number)? {
                lines.truncate(start);
                continue;
            }
            rows += 1;
            record.written.subtasks.add(&subtask);
        }
        if direction == Direction::Whole && repeats > 0 {
            // The read goes on and says at its end whether rows are missing. One that is resumed could not say that.
            record.fault = Some(sorted_anew(arrived.number));
        }
        self.position.pass(arrived, rows, direction);
        record.position = self.position.clone();
        record.written.pages += 1;
        Ok(lines)
    }

    /// Whether a row of this page was delivered by an earlier run.
    fn is_known(&mut self, line: &str, page: u32) -> Result<bool, Failure> {
        if self.start.next_page.is_none() {
            return Ok(false);
        }
        let direction = self.reading.plan.direction();
        let is_unread = self.start.is_unread(page, direction);
        let known = self.delivered.knows(line).map_err(std::io::Error::from)?;
        match known {
            Known::Before if direction == Direction::Whole => self.fault = Some(sorted_anew(page)),
            Known::Nameless => self.position.nameless += u64::from(is_unread),
            Known::Before | Known::New => {}
        }
        Ok(known == Known::Before)
    }

    fn fault_at_end(&self) -> Option<String> {
        // A read that was not interrupted has been checked by the SDK.
        self.start.next_page?;
        self.position.fault(&self.reading.plan)
    }

    /// How many rows there will be with this part, as far as the platform counts them.
    fn total_of(&self, record: &Record) -> Option<u64> {
        let others = record.written.subtasks.all() - self.position.rows;
        self.position.total.filter(|_| self.reading.plan.picks().is_empty()).map(|total| others + total)
    }
}

/// The rows of a whole task stay where they are, unless the platform sorts them anew.
fn sorted_anew(page: u32) -> String {
    format!("page {page} shows subtasks of an earlier page: the platform has sorted the task anew")
}
