//! The rows that an interrupted export has delivered, remembered by hash.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, Read as _};

use northbound::{Direction, SubtaskParam};
use northbound_shared::private::checksum;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::checkpoint::{Format, Written};
use crate::rows::csv;
use crate::screen::layout::counted;

/// Which rows were delivered: 9 to 18 bytes a row.
#[derive(Debug)]
pub(crate) struct Delivered {
    format: Format,
    direction: Direction,
    rows: HashSet<u64>,
    hasher: RandomState,
}

/// What is known of a row that came after an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    New,
    /// It was delivered before.
    Before,
    /// Nothing distinguishes it from other rows.
    Nameless,
}

impl Delivered {
    /// No row, at the beginning.
    pub(crate) fn none(format: Format, direction: Direction) -> Self {
        Self { format, direction, rows: HashSet::new(), hasher: RandomState::new() }
    }

    /// Reads the lines of a file. An error of the kind `InvalidData` says what is wrong with them.
    pub(crate) fn read(&mut self, file: impl io::Read, written: &Written) -> io::Result<()> {
        let (bytes, rows) = (written.bytes, written.subtasks.all());
        // A damaged checkpoint may name any number, but a row has at least one byte.
        self.rows.reserve(usize::try_from(rows.min(bytes)).unwrap_or(0));
        let mut lines = io::BufReader::with_capacity(256 * 1024, file).take(bytes);
        let mut line = Vec::new();
        let (mut found, mut sum) = (0, 0);
        if self.format == Format::Csv && bytes > 0 {
            self.next(&mut lines, &mut line)?;
            sum = checksum(sum, &line);
        }
        while self.next(&mut lines, &mut line)? {
            (found, sum) = (found + 1, checksum(sum, &line));
            let key = std::str::from_utf8(&line).ok().and_then(|text| self.key(text).ok());
            self.rows.extend(key.ok_or_else(|| damage(&format!("row {found} is no row")))?);
        }
        if found != rows {
            return Err(damage(&format!("it holds {}, not {rows}", counted(found, "row"))));
        }
        if sum == written.checksum { Ok(()) } else { Err(damage("its rows were changed")) }
    }

    /// The next line, whole; `false` at the end.
    fn next(&self, lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
        if self.format == Format::Csv {
            csv::read_line(lines, line)?;
        } else {
            line.clear();
            lines.read_until(b'\n', line)?;
        }
        let quotes = line.iter().filter(|byte| **byte == b'"').count();
        let is_whole = line.ends_with(b"\n") && (self.format == Format::Jsonl || quotes % 2 == 0);
        // A cell or a line has no end.
        if is_whole || line.is_empty() { Ok(is_whole) } else { Err(damage("its last line is not whole")) }
    }

    /// Whether a row, written as a line, was delivered.
    pub(crate) fn knows(&self, line: &str) -> serde_json::Result<Known> {
        Ok(match self.key(line)? {
            None => Known::Nameless,
            Some(key) if self.rows.contains(&key) => Known::Before,
            Some(_) => Known::New,
        })
    }

    /// What identifies a row. A row of a whole task is known by what does not change while its status does. A row that is read by a
    /// status is as it was as long as it has that status, so all of it has to be the same.
    fn key(&self, line: &str) -> serde_json::Result<Option<u64>> {
        let name = match self.format {
            Format::Jsonl => name_of_json(line)?,
            Format::Csv => name_of_csv(line),
        };
        Ok(name.map(|name| match self.direction {
            Direction::Whole => self.hasher.hash_one(name),
            _ => self.hasher.hash_one(line.trim_end()),
        }))
    }
}

fn damage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The parameters of a row, if they say anything: device, command, and whatever else a kind of task has.
fn name_of_json(line: &str) -> serde_json::Result<Option<String>> {
    #[derive(Deserialize)]
    struct WrittenRow {
        param: Option<SubtaskParam>,
    }
    let param = match serde_json::from_str::<WrittenRow>(line) {
        Ok(WrittenRow { param: Some(param) }) => param,
        Ok(WrittenRow { param: None }) => return Ok(None),
        // A row that could not be read is written as it came, whatever it is.
        Err(error) => return serde_json::from_str::<&RawValue>(line).map(|_| None).map_err(|_| error),
    };
    let mut names = param.device_id.is_some() || param.command_id.is_some();
    param.extra.each(|_, value| names |= !value.is_null());
    if names { serde_json::to_string(&param).map(Some) } else { Ok(None) }
}

/// Device and command, if there is either.
fn name_of_csv(line: &str) -> Option<String> {
    let mut cells = csv::written_cells(line.trim_end());
    let (device, command) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
    (!device.is_empty() || !command.is_empty()).then(|| format!("{device},{command}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(format: Format, direction: Direction, text: &str, rows: u64) -> io::Result<Delivered> {
        let mut delivered = Delivered::none(format, direction);
        let (bytes, checksum) = (text.len() as u64, checksum(0, text.as_bytes()));
        let mut written = Written { bytes, checksum, ..Written::default() };
        (0..rows).for_each(|_| written.subtasks.count(None));
        delivered.read(text.as_bytes(), &written).map(|()| delivered)
    }

    fn json(status: &str, param: &str) -> String {
        format!("{{\"status\":\"{status}\",\"param\":{param}}}\n")
    }

    #[test]
    fn a_row_of_a_whole_task_is_known_whatever_its_status() {
        let (param, other) = ("{\"deviceId\":\"d\",\"x\":1}", "{\"deviceId\":\"d\",\"x\":2}");
        for (direction, moved) in [(Direction::Whole, Known::Before), (Direction::Forward, Known::New)] {
            let known = delivered(Format::Jsonl, direction, &json("Fail", param), 1).unwrap();
            assert_eq!(known.knows(&json("Fail", param)).unwrap(), Known::Before);
            assert_eq!(known.knows(&json("Success", param)).unwrap(), moved, "{direction:?}");
            assert_eq!(known.knows(&json("Fail", other)).unwrap(), Known::New);
            let csv = "device,command,status\n\"a,\nb\",c,Fail\n";
            let known = delivered(Format::Csv, direction, csv, 1).unwrap();
            assert_eq!(known.knows("\"a,\nb\",c,Fail\n").unwrap(), Known::Before);
            assert_eq!(known.knows("\"a,\nb\",c,Success\n").unwrap(), moved, "{direction:?}");
            assert_eq!(known.knows("\"a,\nb\",,Fail\n").unwrap(), Known::New);
        }
    }

    #[test]
    fn a_row_without_a_name_is_never_known() {
        for unreadable in ["7\n", "null\n", "{\"unreadable\":\"NaN\"}\n", "{\"param\":7}\n"] {
            let known = delivered(Format::Jsonl, Direction::Whole, unreadable, 1).unwrap();
            assert_eq!(known.knows(unreadable).unwrap(), Known::Nameless);
        }
        let json_rows = ["null", "{}", "{\"deviceId\":null,\"x\":null}"].map(|param| json("Fail", param));
        let known = delivered(Format::Jsonl, Direction::Forward, &json_rows.concat(), 3).unwrap();
        assert!(json_rows.iter().all(|row| known.knows(row).unwrap() == Known::Nameless));
        let known = delivered(Format::Csv, Direction::Forward, "device,command\n,,Fail\n", 1).unwrap();
        assert_eq!(known.knows(",,Fail\n").unwrap(), Known::Nameless);
    }

    #[test]
    fn damage_to_a_part_file_is_named() {
        let damage = |format, text, rows| {
            delivered(format, Direction::Whole, text, rows).map(|_| ()).map_err(|damage| damage.to_string())
        };
        assert_eq!(damage(Format::Csv, "", 0), Ok(()));
        assert_eq!(damage(Format::Csv, "device,command\n", 0), Ok(()));
        assert_eq!(damage(Format::Csv, "device\na,b\n", 2), Err("it holds 1 row, not 2".to_owned()));
        assert_eq!(damage(Format::Csv, "device\n\"a,b\n", 1), Err("its last line is not whole".to_owned()));
        assert_eq!(damage(Format::Jsonl, "{}\n{}", 2), Err("its last line is not whole".to_owned()));
        assert_eq!(damage(Format::Jsonl, "{}\nx\n", 2), Err("row 2 is no row".to_owned()));
    }
}
