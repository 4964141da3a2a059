//! What is known of an incomplete export: a small file beside the rows, and all that `--resume` relies on.

use clap::ValueEnum;
use northbound::{Direction, Plan, SubtaskStatus};
use serde::{Deserialize, Serialize};

use crate::rows::columns::Column;
use crate::rows::csv;
use crate::rows::totals::Totals;
use crate::screen::layout::counted;
use crate::session::versioned;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Comma-separated values for a spreadsheet; the exact format is jsonl
    Csv,
    /// The exact format: what the platform sent, one JSON object a line
    Jsonl,
}

impl Format {
    /// What is above the rows.
    pub(crate) fn heading(self) -> String {
        match self {
            Self::Csv => csv::line(Column::CSV.map(Column::name)),
            Self::Jsonl => String::new(),
        }
    }
}

/// Raised when a file of an older version can no longer be read, or would be read differently.
const VERSION: u32 = 2;
const ABOUT: &str =
    "An export by `northbound export` that is not complete. The same command with --resume continues it.";

/// The file beside the rows. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkpoint {
    about: String,
    version: u32,
    /// What is exported.
    pub(crate) export: ExportRequest,
    /// How far the read is.
    pub(crate) position: Position,
    /// What is in the file of rows.
    pub(crate) written: Written,
    /// Why nothing can be added to the rows, if so.
    pub(crate) fault: Option<String>,
}

/// What distinguishes an export from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportRequest {
    pub(crate) endpoint: String,
    pub(crate) application: String,
    pub(crate) task: String,
    pub(crate) statuses: Vec<SubtaskStatus>,
    pub(crate) format: Format,
    pub(crate) page_size: u32,
    /// What is asked for, as a sentence.
    pub(crate) plan: String,
}

/// How far the read with one filter is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    /// The status that is asked for; `None` if the task is read whole.
    pub(crate) status: Option<SubtaskStatus>,
    /// The page to ask for next; `None` if none has come yet.
    pub(crate) next_page: Option<u32>,
    /// The pages before it have been read; backward, it and those after it. A read that looks twice asks for a page again.
    pub(crate) read_to: Option<u32>,
    /// How many rows the pages have that these numbers count, unless they are as long as was asked for.
    #[serde(default)]
    pub(crate) page_size: Option<u32>,
    /// Rows with this filter.
    pub(crate) rows: u64,
    /// How many the platform counted at first, and how many of late.
    pub(crate) first_total: Option<u64>,
    pub(crate) total: Option<u64>,
    /// Rows that came after an interruption, on pages that had not been read before it, and that nothing distinguishes from others.
    pub(crate) nameless: u64,
}

/// What is in the file of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Written {
    /// Bytes that belong to whole pages; what follows them is cut off.
    pub(crate) bytes: u64,
    /// Of these bytes.
    pub(crate) checksum: u64,
    pub(crate) subtasks: Totals,
    /// Pages with rows.
    pub(crate) pages: u64,
}

impl Checkpoint {
    /// An export that has not begun.
    pub(crate) fn new(export: ExportRequest) -> Self {
        Self {
            about: ABOUT.to_owned(),
            version: VERSION,
            export,
            position: Position::default(),
            written: Written::default(),
            fault: None,
        }
    }

    /// Reads the file; an error says what is wrong with it.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let checkpoint: Self = versioned::parse(text, VERSION)?;
        let subtasks = &checkpoint.written.subtasks;
        if !subtasks.are_sound() || checkpoint.position.rows > subtasks.all() {
            return Err("is damaged: its counts contradict each other".to_owned());
        }
        Ok(checkpoint)
    }
}

impl ExportRequest {
    /// How the export that was begun differs from this one.
    pub(crate) fn difference(&self, now: &Self) -> Option<String> {
        let facts = |request: &Self| {
            let statuses: Vec<_> = request.statuses.iter().map(SubtaskStatus::as_str).collect();
            [
                ("endpoint", request.endpoint.clone()),
                ("application", request.application.clone()),
                ("task", request.task.clone()),
                ("filter", if statuses.is_empty() { "every status".to_owned() } else { statuses.join(",") }),
                ("format", format!("{:?}", request.format).to_lowercase()),
                ("page size", request.page_size.to_string()),
                ("plan", format!("`{}`", request.plan)),
            ]
        };
        let mut facts = facts(self).into_iter().zip(facts(now));
        let ((name, before), (_, now)) = facts.find(|(before, now)| before != now)?;
        Some(format!("its {name} is {before}, not {now}"))
    }
}

impl Position {
    /// The beginning of a read with this filter.
    pub(crate) fn begin(status: Option<SubtaskStatus>) -> Self {
        Self { status, ..Self::default() }
    }

    /// Whether the page has not been read: rows of it that are known have moved there.
    pub(crate) fn is_unread(&self, page: u32, direction: Direction) -> bool {
        self.read_to.is_none_or(|read| match direction {
            Direction::Backward => page < read,
            _ => page >= read,
        })
    }

    /// Counts in pages of this size from now on: the read makes them smaller where one is too long for a reply.
    pub(crate) fn count_in(&mut self, page_size: u32) {
        let parts = self.page_size.replace(page_size).map_or(1, |before| before / page_size);
        self.read_to = self.read_to.map(|read| read.saturating_mul(parts.max(1)));
    }

    /// Moves on behind a page.
    pub(crate) fn pass(
        &mut self,
        number: u32,
        resume_from: Option<u32>,
        total: Option<u64>,
        direction: Direction,
    ) {
        self.total = total.or(self.total);
        self.first_total = self.first_total.or(total);
        if direction == Direction::Backward {
            // Page 0 may be asked for once more.
            self.next_page = Some(resume_from.unwrap_or(number));
            self.read_to = Some(self.read_to.map_or(number, |read| read.min(number)));
        } else {
            // After the last page comes an empty one, which costs a call and shows the end.
            let next = resume_from.unwrap_or(number.saturating_add(1));
            self.next_page = Some(next);
            self.read_to = Some(self.read_to.map_or(next, |read| read.max(next)));
        }
    }

    /// What is wrong with a read that was interrupted and has come to its end.
    ///
    /// The SDK compares the rows of a read with the platform's counts. Of this read it has seen only the last part.
    pub(crate) fn fault(&self, plan: &Plan) -> Option<String> {
        let (total, first) = (self.total?, self.first_total?);
        let expected = match plan.direction() {
            // What came later need not be in the file.
            Direction::Forward => first,
            _ if plan.picks().is_empty() => total,
            _ => 0,
        };
        let moved = total.abs_diff(first);
        let Self { rows, nameless, .. } = self;
        if *rows < expected {
            return Some(format!("{} came where the platform counts {expected}", counted(*rows, "row")));
        }
        (*nameless > 0 && moved > 0).then(|| {
            format!("{} came or went, and it is not known which of {nameless} are new", counted(moved, "row"))
        })
    }
}

#[cfg(test)]
mod tests {
    use northbound::SubtaskStatus::{Fail, Pending, WaitResult};
    use northbound::{AppId, Client};

    use super::*;

    fn after(direction: Direction, pages: &[(u32, Option<u32>)]) -> (Option<u32>, Option<u32>) {
        let mut position = Position::default();
        for (number, resume_from) in pages {
            position.pass(*number, *resume_from, Some(9), direction);
        }
        (position.next_page, position.read_to)
    }

    #[test]
    fn a_position_is_behind_the_pages_that_came() {
        let forward = after(Direction::Forward, &[(0, Some(1)), (1, Some(2))]);
        assert_eq!(forward, (Some(2), Some(2)));
        assert_eq!(after(Direction::Whole, &[(0, Some(1)), (1, None)]), (Some(2), Some(2)), "the last page");
        assert_eq!(after(Direction::Backward, &[(5, Some(4)), (4, Some(3))]), (Some(3), Some(4)));
        assert_eq!(
            after(Direction::Backward, &[(1, Some(0)), (0, None)]),
            (Some(0), Some(0)),
            "page 0 again"
        );
    }

    #[test]
    fn a_second_look_goes_back_and_expects_known_rows() {
        let (next, read_to) =
            after(Direction::Forward, &[(0, Some(1)), (1, Some(2)), (2, Some(3)), (0, Some(1))]);
        assert_eq!((next, read_to), (Some(1), Some(3)));
        let position = Position { read_to, ..Position::default() };
        let unread = [1, 2, 3].map(|page| position.is_unread(page, Direction::Forward));
        assert_eq!(unread, [false, false, true]);
        let unread = [2, 3, 4].map(|page| position.is_unread(page, Direction::Backward));
        assert_eq!(unread, [true, false, false]);
        assert!(Position::default().is_unread(0, Direction::Forward));
        let mut smaller = Position { page_size: Some(250), ..position };
        for size in [250, 125, 25] {
            smaller.count_in(size);
        }
        assert_eq!((smaller.page_size, smaller.read_to), (Some(25), Some(30)), "the same place");
    }

    fn plan(statuses: &[SubtaskStatus]) -> Plan {
        let client = Client::builder("https://platform.example").token(AppId::new("a").unwrap(), "t");
        let query = client.build().unwrap().subtasks("t");
        if statuses.is_empty() { query.plan() } else { query.statuses(statuses.to_vec()).plan() }.unwrap()
    }

    #[test]
    fn rows_are_compared_with_the_counts() {
        let fault = |statuses: &[SubtaskStatus], rows, first, total, nameless| {
            let position = Position { rows, first_total: first, total, nameless, ..Position::default() };
            position.fault(&plan(statuses)).is_some()
        };
        let (ten, twelve) = (Some(10), Some(12));
        assert!(!fault(&[Fail], 10, ten, twelve, 0), "what came later need not be there");
        assert!(fault(&[Fail], 9, ten, twelve, 0), "what was there at first has to be");
        assert!(fault(&[Fail], 12, ten, twelve, 1), "which of them is new?");
        assert!(!fault(&[Fail], 10, ten, ten, 10), "nothing moved");
        assert!(!fault(&[Pending], 10, twelve, ten, 0), "what went need not be there");
        assert!(fault(&[Pending], 9, twelve, ten, 0), "what stayed has to be");
        assert!(fault(&[], 9, ten, ten, 0) && !fault(&[], 10, ten, ten, 0));
        assert!(!fault(&[WaitResult], 1, ten, ten, 0), "most rows are left out");
        assert!(!fault(&[Fail], 1, None, None, 9), "nobody counts");
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        let request = ExportRequest {
            endpoint: "https://platform.example".to_owned(),
            application: "a".to_owned(),
            task: "t".to_owned(),
            statuses: vec![Fail, "Stopped".into()],
            format: Format::Csv,
            page_size: 250,
            plan: plan(&[]).to_string(),
        };
        let mut checkpoint = Checkpoint::new(request.clone());
        checkpoint.written.subtasks.count(Some(&Fail));
        checkpoint.written.subtasks.count(None);
        checkpoint.position = Position::begin(Some(Pending));
        checkpoint.position.pass(7, Some(6), Some(100), Direction::Backward);
        checkpoint.position.rows = 2;
        let text = serde_json::to_vec(&checkpoint).unwrap();
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint));
        assert_eq!(request.difference(&request), None);
        let other = ExportRequest { plan: "another".to_owned(), ..request.clone() };
        assert!(request.difference(&other).unwrap().starts_with("its plan is `reads the whole task"));
        for text in ["", "{}", "[]", "{\"version\":1}", "{\"version\":3}"] {
            assert!(Checkpoint::parse(text.as_bytes()).is_err(), "{text}");
        }
        let text = String::from_utf8(text).unwrap();
        for (told, changed) in
            [("\"all\":2", "\"all\":1"), ("\"Fail\":1", "\"Fail\":3"), ("\"rows\":2", "\"rows\":3")]
        {
            let text = text.replace(told, changed);
            assert!(Checkpoint::parse(text.as_bytes()).unwrap_err().contains("contradict"), "{text}");
        }
    }
}
