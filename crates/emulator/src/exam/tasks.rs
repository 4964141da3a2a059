//! What an exam shows: the rows of its tasks, and how they move. A page call of a task moves it on, and time
//! does not: every client gets the same.

use serde_json::{Value, json};

use super::bodies::Question;
use crate::api::query::SubtaskQuery;
use crate::api::{
    CommandOutput, EmbeddedText, ErrorCode, Subtask, SubtaskFailure, SubtaskParam, SubtaskStatus,
};
use crate::draw;
use crate::tasks::ids;

/// Rows that move with each page call.
const FAILING: u32 = 20;
const SENDING: u32 = 60;

/// The rows of an exam.
#[derive(Debug)]
pub(crate) struct ExamTasks {
    exam: String,
    /// What the ids of each task's rows follow from, in the order of [`Question::ALL`].
    keys: [u64; Question::ALL.len()],
}

/// What is odd about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oddity {
    UnknownStatus,
    NoParam,
    ExtraMembers,
    ErrorAsObject,
    NumericDevice,
}

const ODDITIES: [Oddity; ExamTasks::ODD_ROWS.len()] = [
    Oddity::UnknownStatus,
    Oddity::NoParam,
    Oddity::ExtraMembers,
    Oddity::ErrorAsObject,
    Oddity::NumericDevice,
];

impl ExamTasks {
    /// The numbers of the odd rows in the task of [`Question::Odd`], in the order of [`ODDITIES`].
    pub(crate) const ODD_ROWS: [u32; 5] = [3, 6, 9, 12, 15];

    pub(crate) fn new(seed: u64, exam: &str) -> Self {
        let keys = Question::ALL.map(|question| draw::key(seed, &task_id(exam, question)));
        Self { exam: exam.to_owned(), keys }
    }

    pub(crate) fn task_id(&self, question: Question) -> String {
        task_id(&self.exam, question)
    }

    pub(crate) fn question(&self, task_id: &str) -> Option<Question> {
        Question::ALL.into_iter().find(|question| self.task_id(*question) == task_id)
    }

    /// The statuses that a question asks for; all of them for none.
    pub(crate) fn wanted(question: Question) -> &'static [SubtaskStatus] {
        match question {
            Question::Failed => &[SubtaskStatus::Fail, SubtaskStatus::Timeout],
            Question::Pending => &[SubtaskStatus::Pending],
            Question::Whole | Question::Odd | Question::Redirect => &[],
        }
    }

    pub(crate) const fn rows(question: Question) -> u32 {
        match question {
            Question::Whole => 1500,
            Question::Odd => 20,
            Question::Failed => 1200,
            Question::Pending => 900,
            Question::Redirect => 0,
        }
    }

    /// The status of a row after this number of page calls of its task; none if it is an undocumented one.
    pub(crate) fn status(question: Question, row: u32, calls: u32) -> Option<SubtaskStatus> {
        use SubtaskStatus::{Fail, Pending, Success, Timeout, WaitResult};
        let moved = |number: u32, each: u32, calls: u32| number < calls.saturating_mul(each);
        Some(match question {
            Question::Failed => match row % 4 {
                0 => Fail,
                1 => Timeout,
                2 if !moved(row / 4, FAILING, calls) => WaitResult,
                2 if (row / 4).is_multiple_of(2) => Fail,
                2 => Timeout,
                _ => Success,
            },
            Question::Pending if row.is_multiple_of(3) => Pending,
            // From the front, where it hurts a reader that goes forward most.
            Question::Pending => match row - row / 3 - 1 {
                number if moved(number, SENDING, calls.saturating_sub(1)) => Success,
                number if moved(number, SENDING, calls) => WaitResult,
                _ => Pending,
            },
            Question::Odd if oddity(row) == Some(Oddity::UnknownStatus) => return None,
            Question::Odd if oddity(row) == Some(Oddity::ErrorAsObject) => Fail,
            Question::Whole | Question::Odd | Question::Redirect => SubtaskStatus::ALL[row as usize % 5],
        })
    }

    /// The text of that status.
    pub(crate) fn status_text(question: Question, row: u32, calls: u32) -> &'static str {
        Self::status(question, row, calls).map_or("Stopped", SubtaskStatus::name)
    }

    /// The row with this command id.
    pub(crate) fn row(&self, question: Question, command: &str) -> Option<u32> {
        let row = ids::row_of_command(self.key(question), command);
        row.filter(|row| *row < Self::rows(question))
    }

    /// The row without a param.
    pub(crate) fn row_without_param(question: Question) -> Option<u32> {
        let rows = (question == Question::Odd).then_some(Self::ODD_ROWS)?;
        rows.into_iter().find(|row| oddity(*row) == Some(Oddity::NoParam))
    }

    /// A page of a task after this number of page calls, and what the journal says about it.
    pub(crate) fn page(&self, question: Question, query: &SubtaskQuery, calls: u32) -> (Value, String) {
        let found: Vec<u32> =
            (0..Self::rows(question)).filter(|row| self.matches(question, *row, query, calls)).collect();
        let before = usize::try_from(query.rows_before(query.page_no)).unwrap_or(usize::MAX);
        let size = query.page_size as usize;
        let rows: Vec<Value> =
            found.iter().skip(before).take(size).map(|row| self.subtask(question, *row, calls)).collect();
        let reason = format!("{} of {} subtasks, in an exam", rows.len(), found.len());
        let page = json!({
            "totalCount": found.len(), "pageNo": query.page_no, "pageSize": query.page_size, "taskDetails": rows,
        });
        (page, reason)
    }

    fn matches(&self, question: Question, row: u32, query: &SubtaskQuery, calls: u32) -> bool {
        let key = self.key(question);
        query.status.is_none_or(|status| Self::status(question, row, calls) == Some(status))
            && query.device_id.as_ref().is_none_or(|id| ids::row_of_device(key, &id.0) == Some(row))
            && query.command_id.as_ref().is_none_or(|id| ids::row_of_command(key, &id.0) == Some(row))
    }

    fn subtask(&self, question: Question, row: u32, calls: u32) -> Value {
        let key = self.key(question);
        let status = Self::status(question, row, calls);
        let request = ids::request(key, row);
        let (mut output, mut error) = (None, None);
        if status == Some(SubtaskStatus::Success) {
            output = Some(json!({ "requestId": request, "commandResult": { "resultCode": "SUCCESS" } }));
        } else if status == Some(SubtaskStatus::WaitResult) {
            output = Some(json!(CommandOutput { request_id: None, command_result: None }));
        }
        if matches!(status, Some(SubtaskStatus::Fail | SubtaskStatus::Timeout)) {
            let (code, text) = (ErrorCode("100428"), "The device is not online.");
            error = Some(json!(SubtaskFailure { error_code: Some(code), error_desc: Some(text) }));
        }
        let param = SubtaskParam::new(ids::device(key, row), ids::command(key, row));
        let [output, failure] = [&output, &error].map(|text| text.as_ref().map(EmbeddedText::of));
        let mut subtask = json!(Subtask::new(status.unwrap_or(SubtaskStatus::Fail), output, failure, param));
        match oddity(row).filter(|_| question == Question::Odd) {
            None => {}
            Some(Oddity::UnknownStatus) => {
                subtask["status"] = json!(Self::status_text(question, row, calls));
            }
            Some(Oddity::NoParam) => subtask["param"] = Value::Null,
            Some(Oddity::ExtraMembers) => {
                subtask["retries"] = json!(2);
                subtask["param"]["nodeId"] = json!("868744030000000");
            }
            Some(Oddity::ErrorAsObject) => subtask["error"] = json!(error),
            Some(Oddity::NumericDevice) => subtask["param"]["deviceId"] = json!(4711),
        }
        subtask
    }

    fn key(&self, question: Question) -> u64 {
        self.keys[question as usize]
    }
}

fn task_id(exam: &str, question: Question) -> String {
    format!("{exam}-{}", question.name())
}

fn oddity(row: u32) -> Option<Oddity> {
    ExamTasks::ODD_ROWS.into_iter().position(|odd| odd == row).map(|place| ODDITIES[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtasks_move_with_the_calls_and_only_onward() {
        let count = |question, status: SubtaskStatus, calls| {
            let rows = 0..ExamTasks::rows(question);
            rows.filter(|row| ExamTasks::status(question, *row, calls) == Some(status)).count()
        };
        let failed = |calls| {
            [SubtaskStatus::Fail, SubtaskStatus::Timeout].map(|status| count(Question::Failed, status, calls))
        };
        assert_eq!((failed(0), failed(1), failed(1000)), ([300, 300], [310, 310], [450, 450]));
        let pending = |calls| count(Question::Pending, SubtaskStatus::Pending, calls);
        assert_eq!((pending(0), pending(1), pending(3), pending(1000)), (900, 840, 720, 300));
        assert_eq!(count(Question::Pending, SubtaskStatus::Success, 3), 120);
    }

    /// The command id that a page shows for a row.
    fn command(tasks: &ExamTasks, question: Question, row: u32) -> Option<String> {
        tasks.subtask(question, row, 0)["param"]["commandId"].as_str().map(str::to_owned)
    }

    #[test]
    fn a_row_is_found_by_its_command() {
        let tasks = ExamTasks::new(1, "exam");
        for question in [Question::Whole, Question::Failed, Question::Pending] {
            for row in 0..ExamTasks::rows(question) {
                let command = command(&tasks, question, row).unwrap();
                assert_eq!(tasks.row(question, &command), Some(row));
            }
        }
        assert_eq!(command(&tasks, Question::Odd, 6), None);
        assert_eq!(ExamTasks::row_without_param(Question::Odd), Some(6));
    }
}
