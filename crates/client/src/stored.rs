//! Reads pages and subtasks that were written to a file, as a reply is read. How a reply is read is in `reading`.

use crate::call::Misread;
use crate::members::Unreadable;
use crate::reading::{self, Reply as _};
use crate::types::{Subtask, SubtaskPage};

/// Reads a subtask that was written to a file, in the same way as a row of a reply. A row that cannot be read is
/// [unreadable](crate::Members::unreadable).
///
/// ```
/// let subtask = northbound_client::read_subtask(r#"{"status":"Fail"}"#);
/// assert_eq!(subtask.status, Some(northbound_client::SubtaskStatus::Fail));
/// ```
pub fn read_subtask(json: &str) -> Subtask {
    let mut subtask = reading::row(json.as_bytes(), |path| format!("row{path}"));
    restore(&mut subtask);
    subtask
}

/// Reads a page that was written to a file, in the same way as a reply.
///
/// # Errors
/// When it is not a page.
pub fn read_page(json: &str) -> Result<SubtaskPage, Misread> {
    let mut page = reading::read::<SubtaskPage>(json.as_bytes(), usize::MAX)?.value;
    page.task_details.iter_mut().flatten().for_each(restore);
    Ok(page)
}

/// A row that could not be read is written as an object whose only member, `unreadable`, holds its text.
fn restore(row: &mut Subtask) {
    let text = match row.extra.iter().as_slice() {
        [(name, value)] if name == "unreadable" => value.decode::<String>().ok(),
        _ => None,
    };
    if let Some(text) = text {
        let unreadable = Subtask::unreadable(Unreadable::new(text.as_bytes(), "row".to_owned()));
        if *row == (Subtask { extra: row.extra.clone(), ..unreadable.clone() }) {
            *row = unreadable;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_could_not_be_read_is_unreadable_again() {
        let unreadable = |json: &str| read_subtask(json).extra.unreadable().map(|row| row.text().to_owned());
        assert_eq!(unreadable(r#"{"status":5}"#).unwrap(), r#"{"status":5}"#);
        assert_eq!(unreadable(r#"{"unreadable":"{broken"}"#).unwrap(), "{broken");
        assert_eq!(unreadable(r#"{"status":null,"unreadable":"{broken"}"#).unwrap(), "{broken");
        for sound in
            [r#"{"status":"Fail","unreadable":"x"}"#, r#"{"unreadable":5}"#, r#"{"unreadable":"x","a":1}"#]
        {
            assert_eq!(unreadable(sound), None, "{sound}");
        }
        assert_eq!(read_subtask(r#"{"status":5}"#).extra.unreadable().unwrap().path(), "row.status");
    }

    #[test]
    fn a_page_is_read_row_by_row_if_it_must_be() {
        let page =
            read_page(r#"{"taskDetails":[{"status":5},{"unreadable":"x"},{"status":"Fail"}]}"#).unwrap();
        let rows = page.task_details.unwrap();
        assert_eq!(rows.iter().filter(|row| row.extra.unreadable().is_some()).count(), 2);
        assert!(read_page("[]").is_err());
    }
}
