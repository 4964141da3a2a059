//! Reads which devices failed out of a file that `export` wrote.

use std::fs;
use std::path::Path;

use northbound::Subtask;

use super::failed::{Failed, Row, Wanted};
use crate::arguments::global::Output;
use crate::error::CliError;
use crate::session::interrupt::may_hang;

/// Reads the rows of a file, csv or jsonl by its name.
pub(super) fn read(path: &Path, wanted: &Wanted, failed: &mut Failed) -> Result<(), CliError> {
    let fault = |fault: String| {
        let what = format!("cannot read the devices in {}: {fault}", path.display());
        CliError::usage(what, "name a complete file that `northbound export` wrote, ending in .jsonl or .csv")
    };
    let text = may_hang(|| fs::read_to_string(path)).map_err(|error| fault(error.to_string()))?;
    match Output::of_file(path) {
        Some(Output::Jsonl) => from_jsonl(&text, wanted, failed),
        Some(Output::Csv) => from_csv(&text, wanted, failed),
        _ => Err("its name does not say its format".to_owned()),
    }
    .map_err(fault)
}

fn from_jsonl(text: &str, wanted: &Wanted, failed: &mut Failed) -> Result<(), String> {
    for (number, line) in (1..).zip(text.lines()) {
        let subtask: Subtask =
            serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))?;
        failed.add_subtask(&subtask, wanted);
    }
    Ok(())
}

fn from_csv(text: &str, wanted: &Wanted, failed: &mut Failed) -> Result<(), String> {
    let mut rows = cells(text)?.into_iter();
    let heading = rows.next().ok_or("it is empty")?;
    let place = |name: &str| {
        let at = heading.iter().position(|cell| cell == name);
        at.ok_or_else(|| format!("it has no column `{name}`"))
    };
    let (device, status, code) = (place("device")?, place("status")?, place("code")?);
    for (number, row) in (2..).zip(rows) {
        let cell = |place: usize| row.get(place).map(String::as_str);
        if row.len() != heading.len() {
            return Err(format!(
                "row {number} has {} cells, and the heading has {}",
                row.len(),
                heading.len()
            ));
        }
        // csv is not exact: see `rows/csv.rs`.
        if cell(device).is_some_and(|id| id.starts_with('\'')) {
            return Err(format!("row {number}: csv has changed the device id; export jsonl, which is exact"));
        }
        failed.add(Row { device: cell(device), status: cell(status), code: cell(code) }, wanted);
    }
    Ok(())
}

/// The rows of csv, with their cells.
fn cells(text: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            letter => cell.push(letter),
        }
    }
    match quoted || !cell.is_empty() || !row.is_empty() {
        true => Err("it ends within a row".to_owned()),
        false => Ok(rows),
    }
}

#[cfg(test)]
mod tests {
    use northbound::SubtaskStatus;

    use super::*;
    use crate::rows::csv;

    #[test]
    fn what_was_exported_as_csv_is_read_back() {
        let row = ["d-1", "c\"1\"", "Fail", "100428", "two\nlines, here", ";", ""];
        let text =
            csv::line(["device", "command", "status", "code", "reason", "output", "error"]) + &csv::line(row);
        assert_eq!(cells(&text).unwrap()[1], row);
        let wanted = Wanted { statuses: vec![SubtaskStatus::Fail], codes: vec![], timed_out: false };
        let read = |text: &str| {
            let mut failed = Failed::default();
            from_csv(text, &wanted, &mut failed).map(|()| failed.devices.ids.join(" "))
        };
        assert_eq!(read(&text), Ok("d-1".to_owned()));
        for (text, fault) in [
            ("", "it is empty"),
            ("device,status\n", "it has no column `code`"),
            ("device,status,code\na,Fail", "it ends within a row"),
            ("device,status,code\na,Fail\n", "row 2 has 2 cells, and the heading has 3"),
            (
                "device,status,code\n'-a,Fail,\n",
                "row 2: csv has changed the device id; export jsonl, which is exact",
            ),
        ] {
            assert_eq!(read(text), Err(fault.to_owned()));
        }
    }

    #[test]
    fn what_was_exported_as_jsonl_is_read_back() {
        let wanted = Wanted { statuses: vec![SubtaskStatus::Fail], codes: vec![], timed_out: false };
        let mut failed = Failed::default();
        let row = r#"{"status":"Fail","param":{"deviceId":"d-1"}}"#;
        let other = r#"{"status":"Success","param":{"deviceId":"d-2"}}"#;
        from_jsonl(&format!("{row}\n{other}\n"), &wanted, &mut failed).unwrap();
        assert_eq!(failed.devices.ids, ["d-1"]);
        assert!(from_jsonl("{\"status\":", &wanted, &mut failed).unwrap_err().starts_with("line 1: "));
    }
}
