//! A file of subtasks that `export` or `subtasks` has written, as csv or as JSON lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use northbound::Subtask;
use serde_json::json;

use crate::arguments::global::Output;
use crate::error::CliError;
use crate::rows::columns::Column;
use crate::rows::csv_file::{CsvFile, damage};
use crate::session::interrupt::may_hang;

/// What has subtasks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Task(&'a str),
    File(&'a str),
}

impl<'a> Source<'a> {
    /// What a word names: by its ending alone, so that it does not depend on what is in the folder.
    pub(crate) fn of(word: &'a str) -> Result<Self, CliError> {
        let path = Path::new(word);
        let (what, advice) = match Output::of_file(path) {
            Some(Output::Csv | Output::Jsonl) => return Ok(Self::File(word)),
            _ if path.extension().is_some_and(|end| end == "part") => (
                format!("{word} is an export that is not complete"),
                "finish it first: the same `northbound export` with --resume",
            ),
            Some(_) => (
                format!("{word} is no file of subtasks: those are csv or jsonl"),
                "write it with `northbound export TASK_ID --out FILE.jsonl`",
            ),
            None if word.contains(['/', '\\']) => (
                format!("{word} is neither the id of a task nor a file of subtasks"),
                "a file of subtasks ends in .csv, .jsonl or .ndjson",
            ),
            None => return Ok(Self::Task(word)),
        };
        Err(CliError::usage(what, advice))
    }

    pub(crate) fn task(self) -> Option<&'a str> {
        match self {
            Self::Task(task) => Some(task),
            Self::File(_) => None,
        }
    }
}

/// Hands over the subtasks of a file, one after the other.
pub(crate) fn read(path: &str, mut each: impl FnMut(&Subtask)) -> Result<(), CliError> {
    let cannot = |error: io::Error| {
        let advice =
            "check the path, and that the file is one of `northbound export` or `northbound subtasks`";
        CliError::file(format!("cannot read the subtasks of {path}: {error}"), advice)
    };
    let file = may_hang(|| File::open(path)).map_err(cannot)?;
    let lines = BufReader::with_capacity(256 * 1024, file);
    match Output::of_file(Path::new(path)) {
        Some(Output::Csv) => read_csv(lines, &mut each),
        _ => read_jsonl(lines, &mut each),
    }
    .map_err(cannot)
}

fn read_jsonl(lines: impl BufRead, each: &mut impl FnMut(&Subtask)) -> io::Result<()> {
    for (number, line) in (1..).zip(lines.lines()) {
        let line = line?;
        let text = line.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        let subtask =
            serde_json::from_str(text).map_err(|error| damage(number, &format!("no subtask: {error}")))?;
        each(&subtask);
    }
    Ok(())
}

fn read_csv(lines: impl BufRead, each: &mut impl FnMut(&Subtask)) -> io::Result<()> {
    let mut file = CsvFile::new(lines)?;
    let place = |column: Column| file.heading().iter().position(|name| *name == column.name());
    let needed =
        |column: Column| place(column).ok_or_else(|| damage(1, &format!("no column {}", column.name())));
    let (device, status) = (needed(Column::Device)?, needed(Column::Status)?);
    let [error, code, reason] = [Column::Error, Column::Code, Column::Reason].map(place);
    let reason = reason.or_else(|| place(Column::Outcome));
    while let Some((_, cells)) = file.next()? {
        let text =
            |place: Option<usize>| place.map(|place| cells[place].as_str()).filter(|text| !text.is_empty());
        let error = text(error).map(str::to_owned).or_else(|| {
            // Another choice of columns has code and words on their own.
            let cause = json!({ "error_code": text(code), "error_desc": text(reason) });
            text(code).or(text(reason)).map(|_| cause.to_string())
        });
        let row = json!({ "status": text(Some(status)), "error": error, "param": { "deviceId": text(Some(device)) } });
        each(&serde_json::from_value(row)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Codes;
    use crate::rows::csv;

    fn rows(text: &str, is_csv: bool) -> Result<Vec<String>, String> {
        let mut rows = Vec::new();
        let mut each = |subtask: &Subtask| {
            let status = subtask.status().map_or("-", |status| status.as_str());
            rows.push(format!("{} {status} {}", subtask.device_id().unwrap_or("?"), subtask.reason()));
        };
        let read = match is_csv {
            true => read_csv(text.as_bytes(), &mut each),
            false => read_jsonl(text.as_bytes(), &mut each),
        };
        read.map(|()| rows).map_err(|error| error.to_string())
    }

    #[test]
    fn both_formats_read_alike() {
        let json = r#"{"status":"Fail","error":"{\"error_code\":\"7\",\"error_desc\":\"no, \\\"x\\\"\"}","param":{"deviceId":"-a"}}"#;
        let subtask: Subtask = serde_json::from_str(json).unwrap();
        let expected = Ok(vec!["-a Fail no, \"x\" (7)".to_owned()]);
        assert_eq!(rows(&format!("{json}\n\n"), false), expected);
        for columns in [
            &Column::CSV[..],
            &[Column::Status, Column::Device, Column::Error],
            &[Column::Device, Column::Reason, Column::Status, Column::Code],
        ] {
            let cells = |column: &Column| column.of(&subtask, &Codes::default()).unwrap_or_default();
            let text =
                csv::line(columns.iter().map(|column| column.name())) + &csv::line(columns.iter().map(cells));
            assert_eq!(rows(&text, true), expected, "{text}");
            // As a spreadsheet writes it.
            let saved = format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"));
            assert_eq!(rows(&saved, true), expected, "{saved}");
        }
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, is_csv, fault) in [
            ("{}\n{\"status\":", false, "line 2 has no subtask: "),
            ("", true, "line 1 has no column device"),
            ("device,reason\na,b\n", true, "line 1 has no column status"),
            ("device,status\n\"a\nb\",Fail\nc\n", true, "line 4 has 1 cells, and the first line has 2"),
            ("device,status\na,\"Fail\n", true, "line 2 has a cell without an end"),
        ] {
            let error = rows(text, is_csv).unwrap_err();
            assert!(error.starts_with(fault), "{error}");
        }
    }

    #[test]
    fn a_word_is_a_file_by_its_ending() {
        let is_file =
            |word| Source::of(word).map(|source| source.task().is_none()).map_err(|error| error.exit_code());
        for (word, expected) in [
            ("5c8ba99030344005c02316ad", Ok(false)),
            ("failed.csv", Ok(true)),
            ("a/b.JSONL", Ok(true)),
            ("x.ndjson", Ok(true)),
            ("x.json", Err(2)),
            ("x.csv.part", Err(2)),
            ("a/b", Err(2)),
        ] {
            assert_eq!(is_file(word), expected, "{word}");
        }
    }
}
